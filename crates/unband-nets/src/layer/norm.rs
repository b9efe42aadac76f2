//! Normalisation layers.

use serde::{Deserialize, Serialize};

use super::{OpRole, Operation};
use crate::onnx::{Attribute, Builder};
use crate::param::ParamId;
use crate::shape::Shape;
use crate::state::init::InitRole;
use crate::{Net, Op, Value};

/// (x − mean) / √(variance + eps) · weight + bias per channel. Uses running statistics, or those of the image
/// (biased variance) if the executor is set to do so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

impl Operation for BatchNorm {
    fn label(&self) -> String {
        "batch norm".into()
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        x.check_channels(self.channels)
    }

    fn params(&self) -> Vec<ParamId> {
        self.params.to_vec()
    }

    fn init(&self) -> Vec<(ParamId, InitRole)> {
        let constants = [0.0, 0.0, 1.0].map(InitRole::Fixed);
        self.params.into_iter().zip([InitRole::Scale].into_iter().chain(constants)).collect()
    }

    fn role(&self) -> OpRole {
        OpRole::Finish
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let params = self.params.map(|id| b.param(id));
        let inputs: Vec<&str> = x.iter().copied().chain(params.iter().map(String::as_str)).collect();
        b.with("BatchNormalization", &inputs, vec![Attribute::float("epsilon", self.eps)])
    }
}

/// Over the channels at each position: (x − mean) / √(variance + eps) · weight + bias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerNorm {
    /// `weight`, `bias`.
    pub params: [ParamId; 2],
    /// Added to the variance.
    pub eps: f64,
    /// Channels.
    pub channels: usize,
}

impl Operation for LayerNorm {
    fn label(&self) -> String {
        "layer norm".into()
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        x.check_channels(self.channels)
    }

    fn params(&self) -> Vec<ParamId> {
        self.params.to_vec()
    }

    fn init(&self) -> Vec<(ParamId, InitRole)> {
        self.params.into_iter().zip([InitRole::Scale, InitRole::Fixed(0.0)]).collect()
    }

    /// Normalises over the last dimension, as the format requires.
    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let x = b.transpose(x[0], &[0, 2, 3, 1]);
        let [weight, bias] = self.params.map(|id| b.param(id));
        let settings = vec![Attribute::float("epsilon", self.eps)];
        let y = b.with("LayerNormalization", &[&x, &weight, &bias], settings);
        b.transpose(&y, &[0, 3, 1, 2])
    }
}

/// Over groups of neighbouring channels and all positions: (x − mean) / √(variance + eps) · weight + bias,
/// with the biased variance and one weight per channel. In an image that is divided into windows, the
/// statistics are those of each window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupNorm {
    /// `weight`, `bias`.
    pub params: [ParamId; 2],
    /// Added to the variance.
    pub eps: f64,
    /// Channels.
    pub channels: usize,
    /// Groups, a divisor of the channels.
    pub groups: usize,
}

impl Operation for GroupNorm {
    fn label(&self) -> String {
        format!("group norm {}", self.groups)
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        x.check_channels(self.channels)
    }

    fn params(&self) -> Vec<ParamId> {
        self.params.to_vec()
    }

    fn init(&self) -> Vec<(ParamId, InitRole)> {
        self.params.into_iter().zip([InitRole::Scale, InitRole::Fixed(0.0)]).collect()
    }

    fn role(&self) -> OpRole {
        OpRole::Finish
    }

    /// A group as one channel of one row: the format has no groups at this version.
    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let (groups, size) = (self.groups, b.op("Shape", &[x[0]]));
        let joined = b.reshape(x[0], &[0, groups as i64, -1]);
        let scale = b.floats(&format!("ones_{groups}"), &[groups], &vec![1.0; groups]);
        let offset = b.floats(&format!("zeros_{groups}"), &[groups], &vec![0.0; groups]);
        let settings = vec![Attribute::float("epsilon", self.eps)];
        let y = b.with("InstanceNormalization", &[&joined, &scale, &offset], settings);
        let y = b.op("Reshape", &[&y, &size]);
        let [weight, bias] = self.params.map(|id| b.per_channel(id));
        let y = b.op("Mul", &[&y, &weight]);
        b.op("Add", &[&y, &bias])
    }
}

/// Each position divided by the root of its sum of squares, plus `eps` (LPIPS).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitChannels {
    /// Added to the root.
    pub eps: f64,
}

impl Operation for UnitChannels {
    fn label(&self) -> String {
        "unit channels".into()
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let settings = vec![Attribute::ints("axes", &[1]), Attribute::int("keepdims", 1)];
        let length = b.with("ReduceL2", x, settings);
        let length = b.op_scalar("Add", &length, self.eps as f32);
        b.op("Div", &[x[0], &length])
    }
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

    /// Normalisation over groups of channels and all positions, with `NAME.weight`, `NAME.bias`.
    pub fn group_norm(&mut self, name: impl AsRef<str>, x: Value, groups: usize, eps: f64) -> Value {
        self.scope(name, |net| {
            let channels = net.channels(x);
            if groups == 0 || !channels.is_multiple_of(groups) {
                net.fault(format!("{channels} channels in {groups} groups"));
            }
            let params = [net.trainable("weight", &[channels]), net.trainable("bias", &[channels])];
            net.push(Op::GroupNorm(GroupNorm { params, eps, channels, groups }), &[x], channels)
        })
    }

    /// Normalises channels to unit length.
    pub fn unit_channels(&mut self, x: Value, eps: f64) -> Value {
        let channels = self.channels(x);
        self.push(Op::UnitChannels(UnitChannels { eps }), &[x], channels)
    }
}
