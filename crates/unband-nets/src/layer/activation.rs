//! Activation functions.

use crate::param::ParamId;
use crate::shape::Shape;

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
