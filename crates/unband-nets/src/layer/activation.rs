//! Activation functions.

use crate::net::Net;
use crate::param::ParamId;
use crate::shape::Shape;
use crate::{Op, Value};

/// A function of each sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// x, or slope · x below 0.
    LeakyRelu(f64),
    /// x, or a learned slope times x below 0: one slope for all channels, or one per channel.
    PRelu {
        /// `[1]` or `[channels]`.
        weight: ParamId,
        /// Slopes.
        slopes: usize,
    },
    /// Hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// x · sigmoid(x).
    Silu,
    /// x · Φ(x), with the error function.
    Gelu,
    /// Sine.
    Sin,
    /// eˣ.
    Exp,
}

impl Activation {
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Relu => "relu".into(),
            Self::LeakyRelu(slope) => format!("leaky relu {slope}"),
            Self::PRelu { .. } => "prelu".into(),
            Self::Tanh => "tanh".into(),
            Self::Sigmoid => "sigmoid".into(),
            Self::Silu => "silu".into(),
            Self::Gelu => "gelu".into(),
            Self::Sin => "sin".into(),
            Self::Exp => "exp".into(),
        }
    }

    pub(crate) fn shape(&self, x: Shape) -> Result<Shape, String> {
        match self {
            Self::PRelu { slopes, .. } if *slopes != 1 && *slopes != x.channels => {
                Err(format!("{slopes} slopes for {} channels", x.channels))
            }
            _ => Ok(x),
        }
    }
}

impl Net {
    /// A function of each sample.
    pub fn activation(&mut self, x: Value, activation: Activation) -> Value {
        let channels = self.channels(x);
        self.push(Op::Activation(activation), &[x], channels)
    }

    /// Leaky rectifier.
    pub fn lrelu(&mut self, x: Value, slope: f64) -> Value {
        self.activation(x, Activation::LeakyRelu(slope))
    }

    /// Rectifier.
    pub fn relu(&mut self, x: Value) -> Value {
        self.activation(x, Activation::Relu)
    }

    /// Rectifier with learned slopes `NAME.weight`: one, or one per channel.
    pub fn prelu(&mut self, name: impl AsRef<str>, x: Value, slopes: usize) -> Value {
        let weight = self.scope(name, |net| net.trainable("weight", &[slopes]));
        self.activation(x, Activation::PRelu { weight, slopes })
    }
}
