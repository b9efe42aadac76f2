//! Normalisation layers, dropout and stochastic depth.

use crate::net::Net;
use crate::param::ParamId;
use crate::{Op, Value};

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

impl Net {
    /// Batch normalisation with PyTorch's five tensors.
    pub fn batch_norm(&mut self, name: impl AsRef<str>, x: Value, eps: f64) -> Value {
        self.batch(name, x, eps, false)
    }

    /// Batch renormalisation: [`Net::batch_norm`] except in training.
    pub fn batch_renorm(&mut self, name: impl AsRef<str>, x: Value, eps: f64) -> Value {
        self.batch(name, x, eps, true)
    }

    fn batch(&mut self, name: impl AsRef<str>, x: Value, eps: f64, renorm: bool) -> Value {
        self.scope(name, |net| {
            let channels = net.channels(x);
            let weight = net.trainable("weight", &[channels]);
            let bias = net.trainable("bias", &[channels]);
            let mean = net.buffer("running_mean", &[channels]);
            let variance = net.buffer("running_var", &[channels]);
            net.integer("num_batches_tracked", &[]);
            let norm = BatchNorm { params: [weight, bias, mean, variance], eps, channels, renorm };
            net.push(Op::BatchNorm(norm), &[x], channels)
        })
    }

    /// Normalisation over channels with `NAME.weight`, `NAME.bias`.
    pub fn layer_norm(&mut self, name: impl AsRef<str>, x: Value, eps: f64) -> Value {
        self.scope(name, |net| {
            let channels = net.channels(x);
            let params = [net.trainable("weight", &[channels]), net.trainable("bias", &[channels])];
            net.push(Op::LayerNorm(LayerNorm { params, eps, channels }), &[x], channels)
        })
    }

    /// Normalises channels to unit length.
    pub fn unit_channels(&mut self, x: Value, eps: f64) -> Value {
        let channels = self.channels(x);
        self.push(Op::UnitChannels(UnitChannels { eps }), &[x], channels)
    }

    /// Dropout: in training, zeroes a share of the samples and scales up the others.
    pub fn dropout(&mut self, x: Value, share: f32) -> Value {
        let channels = self.channels(x);
        self.push(Op::Dropout(share), &[x], channels)
    }

    /// Stochastic depth: in training, zeroes all samples of a share of the images and scales up the other
    /// images. Does nothing for a share of 0.
    ///
    /// Source: Huang et al., "Deep networks with stochastic depth", ECCV 2016.
    pub fn drop_path(&mut self, x: Value, share: f32) -> Value {
        let channels = self.channels(x);
        if share > 0.0 { self.push(Op::DropPath(share), &[x], channels) } else { x }
    }
}
