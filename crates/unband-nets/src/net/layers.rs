//! Builders of all operations but convolutions.

use crate::layer::activation::Activation;
use crate::layer::arithmetic::{AddScaled, Affine};
use crate::layer::arrange::{Crop, Slice};
use crate::layer::attention::{WindowAdd, WindowAttention};
use crate::layer::norm::{BatchNorm, LayerNorm, UnitChannels};
use crate::layer::pool::{MaxPool, Reduce};
use crate::{Net, Op, Value};

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

    /// Sum.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        self.two(Op::Add, a, b)
    }

    /// a − b.
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        self.two(Op::Sub, a, b)
    }

    /// Product.
    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        self.two(Op::Mul, a, b)
    }

    /// factor · x + base.
    pub fn add_scaled(&mut self, x: Value, factor: f64, base: Value) -> Value {
        self.two(Op::AddScaled(AddScaled { factor }), base, x)
    }

    /// scale · x + offset.
    pub fn affine(&mut self, x: Value, scale: f64, offset: f64) -> Value {
        let channels = self.channels(x);
        let affine = Affine { scale, offset, scales: None, offsets: None, channels: None };
        self.push(Op::Affine(affine), &[x], channels)
    }

    /// (x − mean) / deviation per channel, with constants.
    pub fn normalise(&mut self, x: Value, mean: &[f32], deviation: &[f32]) -> Value {
        let channels = self.channels(x);
        if mean.len() != channels || deviation.len() != channels {
            self.fault(format!("{} means and {} deviations for {channels}", mean.len(), deviation.len()));
        }
        let scale: Vec<f32> = deviation.iter().map(|d| 1.0 / d).collect();
        let offset: Vec<f32> = mean.iter().zip(deviation).map(|(m, d)| -m / d).collect();
        let scales = Some(self.constant("scale", &[scale.len()], scale));
        let offsets = Some(self.constant("offset", &[offset.len()], offset));
        let affine = Affine { scale: 1.0, offset: 0.0, scales, offsets, channels: Some(channels) };
        self.push(Op::Affine(affine), &[x], channels)
    }

    fn two(&mut self, op: Op, a: Value, b: Value) -> Value {
        let (ca, cb) = (self.channels(a), self.channels(b));
        if ca != cb {
            self.fault(format!("{}: {ca} and {cb} channels", op.word()));
        }
        self.push(op, &[a, b], ca)
    }

    /// Concatenation of channels.
    pub fn concat(&mut self, values: &[Value]) -> Value {
        let channels = values.iter().map(|&v| self.channels(v)).sum();
        self.push(Op::Concat, values, channels)
    }

    /// A slice of the channels.
    pub fn slice(&mut self, x: Value, start: usize, len: usize) -> Value {
        if start + len > self.channels(x) {
            self.fault(format!("channels {start}..{} of {}", start + len, self.channels(x)));
        }
        self.push(Op::Slice(Slice { start, len }), &[x], len)
    }

    /// The two halves of the channels.
    pub fn halves(&mut self, x: Value) -> (Value, Value) {
        let half = self.channels(x) / 2;
        let rest = self.channels(x) - half;
        (self.slice(x, 0, half), self.slice(x, half, rest))
    }

    /// out[c·f² + dy·f + dx, y, x] = in[c, y·f + dy, x·f + dx].
    pub fn pixel_unshuffle(&mut self, x: Value, f: usize) -> Value {
        let channels = self.channels(x) * f * f;
        self.push(Op::PixelUnshuffle(f), &[x], channels)
    }

    /// The inverse of [`Net::pixel_unshuffle`].
    pub fn pixel_shuffle(&mut self, x: Value, f: usize) -> Value {
        let channels = self.channels(x);
        if f == 0 || !channels.is_multiple_of(f * f) {
            self.fault(format!("{channels} channels do not divide by {}", f * f));
        }
        self.push(Op::PixelShuffle(f), &[x], channels / (f * f).max(1))
    }

    /// The upper left part of `x`, as large as `like`.
    pub fn crop_like(&mut self, x: Value, like: Value) -> Value {
        let channels = self.channels(x);
        self.push(Op::Crop(Crop), &[x, like], channels)
    }

    /// Flattens everything into channels, row by row within a channel. `size` is the required side of the
    /// input.
    pub fn flatten(&mut self, x: Value, (height, width): (usize, usize)) -> Value {
        let channels = self.channels(x) * height * width;
        self.push(Op::Flatten, &[x], channels)
    }

    /// Adds the table `NAME` to the tokens of every window.
    pub fn window_add(&mut self, name: &str, x: Value, window: usize, shift: usize) -> Value {
        let channels = self.channels(x);
        let table = self.trainable(name, &[window * window, channels]);
        self.push(Op::WindowAdd(WindowAdd { table, window, shift, channels }), &[x], channels)
    }

    /// Window attention with the bias table `NAME`.
    pub fn window_attention(
        &mut self,
        name: &str,
        (q, kv): (Value, Value),
        heads: usize,
        (window, shift): (usize, usize),
    ) -> Value {
        let channels = self.channels(q);
        if heads == 0 || !channels.is_multiple_of(heads) || self.channels(kv) != 2 * channels {
            self.fault(format!(
                "attention of {channels} and {} channels in {heads} heads",
                self.channels(kv)
            ));
        }
        let side = 2 * window - 1;
        let table = self.trainable(name, &[side * side, heads]);
        let attention = WindowAttention { table, heads, window, shift, channels };
        self.push(Op::WindowAttention(attention), &[q, kv], channels)
    }

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

    /// Largest of each window.
    pub fn max_pool(&mut self, x: Value, pool: MaxPool) -> Value {
        let channels = self.channels(x);
        self.push(Op::MaxPool(pool), &[x], channels)
    }

    /// Mean or largest of each channel. `[C, H, W] → [C, 1, 1]`.
    pub fn reduce(&mut self, x: Value, reduce: Reduce) -> Value {
        let channels = self.channels(x);
        self.push(Op::Reduce(reduce), &[x], channels)
    }

    /// Each sample repeated `f` times down and across.
    pub fn upsample_nearest(&mut self, x: Value, f: usize) -> Value {
        let channels = self.channels(x);
        self.push(Op::UpsampleNearest(f), &[x], channels)
    }

    /// Resizes to the size of `like`: bilinear with half-pixel centres and clamped borders, as PyTorch's
    /// `interpolate` with `align_corners=False`.
    pub fn bilinear_like(&mut self, x: Value, like: Value) -> Value {
        let channels = self.channels(x);
        self.push(Op::BilinearLike, &[x, like], channels)
    }
}
