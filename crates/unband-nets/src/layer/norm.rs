//! Normalisation layers, dropout and stochastic depth.

use crate::param::ParamId;

/// (x − mean) / √(variance + eps) · weight + bias per channel. Uses running statistics, or those of the image
/// (biased variance) if the executor is set to do so.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    /// `weight`, `bias`, `running_mean`, `running_var`.
    pub params: [ParamId; 4],
    /// Added to the variance.
    pub eps: f64,
    /// Channels.
    pub channels: usize,
    /// Whether training uses batch renormalisation (Ioffe 2017); otherwise the same.
    pub renorm: bool,
}

/// Over the channels at each position: (x − mean) / √(variance + eps) · weight + bias.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNorm {
    /// `weight`, `bias`.
    pub params: [ParamId; 2],
    /// Added to the variance.
    pub eps: f64,
    /// Channels.
    pub channels: usize,
}

/// Each position divided by the root of its sum of squares, plus `eps` (LPIPS).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitChannels {
    /// Added to the root.
    pub eps: f64,
}
