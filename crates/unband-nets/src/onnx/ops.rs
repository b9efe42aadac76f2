//! Translation of each operation to ONNX.

use super::build::Builder;
use super::proto::Attribute;
use super::{deform, window};
use crate::layer::activation::Activation;
use crate::layer::arithmetic::Affine;
use crate::layer::conv::{Conv, ConvTranspose};
use crate::layer::norm::{BatchNorm, LayerNorm};
use crate::layer::pool::Reduce;
use crate::{Node, Op};

/// Adds the ONNX operations of a node; `x` are the names of its inputs, the return value is the name of its
/// result.
pub fn node(b: &mut Builder<'_>, node: &Node, x: &[&str]) -> String {
    match &node.op {
        Op::Input(number) => b.graph.inputs[*number].name.clone(),
        Op::Conv(conv) => convolution(b, conv, x[0]),
        Op::ConvTranspose(conv) => transposed(b, conv, x[0]),
        Op::BandedDeformConv(conv) => deform::banded(b, conv, x[0]),
        Op::DeformConv(conv) => deform::free(b, conv, x[0]),
        Op::Activation(kind) => activation(b, kind, x[0]),
        Op::BatchNorm(norm) => batch_norm(b, norm, x[0]),
        Op::LayerNorm(norm) => layer_norm(b, norm, x[0]),
        Op::UnitChannels(unit) => {
            let settings = vec![Attribute::ints("axes", &[1]), Attribute::int("keepdims", 1)];
            let length = b.with("ReduceL2", x, settings);
            let length = b.op_scalar("Add", &length, unit.eps as f32);
            b.op("Div", &[x[0], &length])
        }
        Op::WindowAdd(add) => window::add(b, add, x[0]),
        Op::WindowAttention(attention) => window::attention(b, attention, x[0], x[1]),
        Op::Add => b.op("Add", x),
        Op::Sub => b.op("Sub", x),
        Op::Mul => b.op("Mul", x),
        Op::AddScaled(scaled) => {
            let more = b.op_scalar("Mul", x[1], scaled.factor as f32);
            b.op("Add", &[x[0], &more])
        }
        Op::Affine(by) => affine(b, by, x[0]),
        Op::Concat => b.concat(x, 1),
        Op::Slice(slice) => b.slice(x[0], 1, (slice.start as i64, (slice.start + slice.len) as i64)),
        Op::PixelUnshuffle(f) => unshuffled(b, *f, node.channels, x[0]),
        Op::PixelShuffle(f) => {
            let settings = vec![Attribute::int("blocksize", *f), Attribute::word("mode", "CRD")];
            b.with("DepthToSpace", x, settings)
        }
        Op::UpsampleNearest(f) => {
            let scales = b.floats(&format!("scales/{f}"), &[4], &[1.0, 1.0, *f as f32, *f as f32]);
            let words = [("mode", "nearest"), ("nearest_mode", "floor")];
            resized(b, &[x[0], "", &scales], &words, "asymmetric")
        }
        Op::BilinearLike => {
            let channels = b.dimensions(x[0], 0, 2);
            let size = b.dimensions(x[1], 2, 4);
            let size = b.concat(&[&channels, &size], 0);
            resized(b, &[x[0], "", "", &size], &[("mode", "linear")], "half_pixel")
        }
        Op::Crop(_) => {
            let size = b.dimensions(x[1], 2, 4);
            let [from, axes] = [[0, 0], [2, 3]].map(|numbers| b.ints(&numbers));
            b.op("Slice", &[x[0], &from, &size, &axes])
        }
        Op::MaxPool(pool) => {
            let settings = vec![
                Attribute::ints("kernel_shape", &[pool.kernel; 2]),
                Attribute::ints("strides", &[pool.stride; 2]),
                Attribute::int("ceil_mode", usize::from(pool.ceil)),
            ];
            b.with("MaxPool", x, settings)
        }
        Op::Reduce(Reduce::Mean) => b.op("GlobalAveragePool", x),
        Op::Reduce(Reduce::Max) => b.op("GlobalMaxPool", x),
        Op::Flatten => b.reshape(x[0], &[0, -1, 1, 1]),
        // Has an effect only in training.
        Op::Dropout(_) | Op::DropPath(_) => x[0].to_owned(),
    }
}

/// A convolution or linear layer.
pub fn convolution(b: &mut Builder<'_>, conv: &Conv, x: &str) -> String {
    let (rows, columns) = conv.kernel;
    let weight = b.param_as(conv.weight, &[conv.output, conv.input / conv.groups, rows, columns]);
    let bias = conv.bias.map(|bias| b.param(bias));
    let mut inputs = vec![x, &weight];
    inputs.extend(bias.as_deref());
    let (down, across) = conv.padding;
    let settings = vec![
        Attribute::ints("kernel_shape", &[rows, columns]),
        Attribute::ints("strides", &[conv.stride; 2]),
        Attribute::ints("pads", &[down, across, down, across]),
        Attribute::ints("dilations", &[conv.dilation; 2]),
        Attribute::int("group", conv.groups),
    ];
    b.with("Conv", &inputs, settings)
}

fn transposed(b: &mut Builder<'_>, conv: &ConvTranspose, x: &str) -> String {
    let weight = b.param(conv.weight);
    let bias = conv.bias.map(|bias| b.param(bias));
    let mut inputs = vec![x, &weight];
    inputs.extend(bias.as_deref());
    let settings = vec![
        Attribute::ints("kernel_shape", &[conv.kernel; 2]),
        Attribute::ints("strides", &[conv.stride; 2]),
        Attribute::ints("pads", &[conv.padding; 4]),
    ];
    b.with("ConvTranspose", &inputs, settings)
}

fn activation(b: &mut Builder<'_>, kind: &Activation, x: &str) -> String {
    match kind {
        Activation::Relu => b.op("Relu", &[x]),
        Activation::LeakyRelu(slope) => b.with("LeakyRelu", &[x], vec![Attribute::float("alpha", *slope)]),
        Activation::PRelu { weight, .. } => {
            let slopes = b.per_channel(*weight);
            b.op("PRelu", &[x, &slopes])
        }
        Activation::Tanh => b.op("Tanh", &[x]),
        Activation::Sigmoid => b.op("Sigmoid", &[x]),
        Activation::Silu => {
            let share = b.op("Sigmoid", &[x]);
            b.op("Mul", &[x, &share])
        }
        Activation::Gelu => {
            // In the order that runtimes recognise as one operation.
            let y = b.op_scalar("Div", x, std::f32::consts::SQRT_2);
            let y = b.op("Erf", &[&y]);
            let y = b.op_scalar("Add", &y, 1.0);
            let y = b.op("Mul", &[x, &y]);
            b.op_scalar("Mul", &y, 0.5)
        }
        Activation::Sin => b.op("Sin", &[x]),
        Activation::Exp => b.op("Exp", &[x]),
    }
}

fn batch_norm(b: &mut Builder<'_>, norm: &BatchNorm, x: &str) -> String {
    let params = norm.params.map(|id| b.param(id));
    let mut inputs = vec![x];
    inputs.extend(params.iter().map(String::as_str));
    b.with("BatchNormalization", &inputs, vec![Attribute::float("epsilon", norm.eps)])
}

/// Normalises over the last dimension, as the format requires.
fn layer_norm(b: &mut Builder<'_>, norm: &LayerNorm, x: &str) -> String {
    let x = b.transpose(x, &[0, 2, 3, 1]);
    let [weight, bias] = norm.params.map(|id| b.param(id));
    let settings = vec![Attribute::float("epsilon", norm.eps)];
    let y = b.with("LayerNormalization", &[&x, &weight, &bias], settings);
    b.transpose(&y, &[0, 3, 1, 2])
}

fn affine(b: &mut Builder<'_>, affine: &Affine, x: &str) -> String {
    // Runtimes drop a product with 1 and a sum with 0.
    let y = b.op_scalar("Mul", x, affine.scale as f32);
    let mut y = b.op_scalar("Add", &y, affine.offset as f32);
    for (kind, vector) in [("Mul", affine.scales), ("Add", affine.offsets)] {
        if let Some(vector) = vector {
            let vector = b.per_channel(vector);
            y = b.op(kind, &[&y, &vector]);
        }
    }
    y
}

/// `SpaceToDepth` orders channels within positions. Pixel-unshuffle here, as in PyTorch, orders positions
/// within channels, so each channel is processed alone. (Reordering its result by `Gather` is folded wrongly
/// into the next operation by `OpenVINO` 2026.4.)
fn unshuffled(b: &mut Builder<'_>, f: usize, channels: usize, x: &str) -> String {
    let single_channel = b.reshape(x, &[-1, 1, 0, 0]);
    let places = b.with("SpaceToDepth", &[&single_channel], vec![Attribute::int("blocksize", f)]);
    b.reshape(&places, &[-1, channels as i64, 0, 0])
}

fn resized(b: &mut Builder<'_>, inputs: &[&str], words: &[(&str, &str)], coordinates: &str) -> String {
    let mut settings = vec![Attribute::word("coordinate_transformation_mode", coordinates)];
    settings.extend(words.iter().map(|(name, word)| Attribute::word(name, word)));
    b.with("Resize", inputs, settings)
}
