//! Activation functions.

use serde::{Deserialize, Serialize};

use super::{OpRole, Operation};
use crate::onnx::{Attribute, Builder};
use crate::param::ParamId;
use crate::shape::Shape;
use crate::state::init::InitRole;
use crate::{Net, Op, Value};

/// A function of each sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// x · tanh(ln(1 + eˣ)).
    Mish,
    /// x · Φ(x), with the error function.
    Gelu,
    /// Sine.
    Sin,
    /// eˣ.
    Exp,
}

impl Operation for Activation {
    fn label(&self) -> String {
        match self {
            Self::LeakyRelu(slope) => format!("leaky relu {slope}"),
            Self::PRelu { .. } => "prelu".into(),
            other => format!("{other:?}").to_lowercase(),
        }
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        match self {
            Self::PRelu { slopes, .. } if *slopes != 1 && *slopes != x.channels => {
                Err(format!("{slopes} slopes for {} channels", x.channels))
            }
            _ => Ok(x),
        }
    }

    fn params(&self) -> Vec<ParamId> {
        if let Self::PRelu { weight, .. } = self { vec![*weight] } else { Vec::new() }
    }

    fn init(&self) -> Vec<(ParamId, InitRole)> {
        self.params().into_iter().map(|weight| (weight, InitRole::Slope)).collect()
    }

    fn role(&self) -> OpRole {
        OpRole::Finish
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        match self {
            Self::Relu => b.op("Relu", &[x[0]]),
            Self::LeakyRelu(slope) => b.with("LeakyRelu", &[x[0]], vec![Attribute::float("alpha", *slope)]),
            Self::PRelu { weight, .. } => {
                let slopes = b.per_channel(*weight);
                b.op("PRelu", &[x[0], &slopes])
            }
            Self::Tanh => b.op("Tanh", &[x[0]]),
            Self::Sigmoid => b.op("Sigmoid", &[x[0]]),
            Self::Silu => {
                let share = b.op("Sigmoid", &[x[0]]);
                b.op("Mul", &[x[0], &share])
            }
            Self::Mish => {
                let y = b.op("Softplus", &[x[0]]);
                let y = b.op("Tanh", &[&y]);
                b.op("Mul", &[x[0], &y])
            }
            Self::Gelu => {
                // In the order that runtimes recognise as one operation.
                let y = b.op_scalar("Div", x[0], std::f32::consts::SQRT_2);
                let y = b.op("Erf", &[&y]);
                let y = b.op_scalar("Add", &y, 1.0);
                let y = b.op("Mul", &[x[0], &y]);
                b.op_scalar("Mul", &y, 0.5)
            }
            Self::Sin => b.op("Sin", &[x[0]]),
            Self::Exp => b.op("Exp", &[x[0]]),
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
