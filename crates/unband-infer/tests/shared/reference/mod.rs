//! Reference implementation of every operation, sample by sample, in 32 or 64 bits.
//!
//! Slow, but correct by inspection; the fast kernels are compared with it.

mod activation;
mod arithmetic;
mod arrange;
mod attention;
mod banded_deform_conv;
mod conv;
mod deform_conv;
mod norm;
mod pool;
mod resample;

use num_traits::Float;
use unband_image::Context;
use unband_infer::{Map, Mode, RunError};
use unband_nets::state::Weights;
use unband_nets::{Graph, Node, Op, ParamId, Shape};

/// 32 or 64 bits.
pub(crate) trait Real: Float + Send + Sync + 'static {
    /// Error function.
    #[must_use]
    fn erf(self) -> Self;
    /// From 32 bits.
    fn of(x: f32) -> Self;
    /// From 64 bits.
    fn of64(x: f64) -> Self;
}

impl Real for f32 {
    fn erf(self) -> Self {
        libm::erff(self)
    }
    fn of(x: f32) -> Self {
        x
    }
    fn of64(x: f64) -> Self {
        x as f32
    }
}

impl Real for f64 {
    fn erf(self) -> Self {
        libm::erf(self)
    }
    fn of(x: f32) -> Self {
        f64::from(x)
    }
    fn of64(x: f64) -> Self {
        x
    }
}

/// Runs a graph: takes inputs in its order, returns its outputs in its order.
///
/// # Errors
/// Sizes that do not fit, and cancellation.
pub(crate) fn run<T: Real>(
    graph: &Graph,
    weights: &Weights,
    inputs: &[Map<T>],
    mode: Mode,
    ctx: &Context<'_>,
) -> Result<Vec<Map<T>>, RunError> {
    let image = graph.inputs.iter().zip(inputs).find(|(input, _)| !input.point);
    let (height, width) = image.map_or((1, 1), |(_, map)| (map.shape.height, map.shape.width));
    let shapes = graph.shapes(height, width)?;
    let last = graph.last_uses();
    let mut values: Vec<Option<Map<T>>> = vec![None; graph.nodes.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        ctx.check()?;
        let given: Vec<&Map<T>> = node.inputs.iter().filter_map(|v| values[v.index()].as_ref()).collect();
        let made = if let Op::Input(index) = node.op {
            inputs[index.0].clone()
        } else {
            apply(node, &given, shapes[i], weights, (mode, i), ctx)
        };
        debug_assert_eq!(made.shape, shapes[i], "{} {}", node.scope, node.op.label());
        values[i] = Some(made);
        for v in &node.inputs {
            if last[v.index()] == i {
                values[v.index()] = None;
            }
        }
    }
    Ok(graph.outputs.iter().filter_map(|(_, v)| values[v.index()].clone()).collect())
}

fn apply<T: Real>(
    node: &Node,
    x: &[&Map<T>],
    shape: Shape,
    weights: &Weights,
    (mode, place): (Mode, usize),
    ctx: &Context<'_>,
) -> Map<T> {
    match &node.op {
        // Handled by the caller.
        Op::Input(_) => Map::zeros(shape),
        Op::Conv(conv) => conv::conv(conv, x[0], shape, weights, ctx),
        Op::ConvTranspose(conv) => conv::transposed(conv, x[0], shape, weights, ctx),
        Op::BandedDeformConv(conv) => banded_deform_conv::banded(conv, x[0], shape, weights, ctx),
        Op::DeformConv(conv) => deform_conv::deform(conv, x[0], shape, weights, ctx),
        Op::Activation(kind) => activation::activation(kind, x[0], weights, ctx),
        Op::BatchNorm(norm) => norm::batch_norm(norm, x[0], weights, mode.image_statistics, ctx),
        Op::LayerNorm(norm) => norm::layer_norm(norm, x[0], weights),
        Op::GroupNorm(norm) => norm::group_norm(norm, x[0], weights),
        Op::UnitChannels(norm) => norm::unit_channels(*norm, x[0]),
        Op::Dropout(dropout) => norm::dropout(dropout.share, x[0], mode.dropout.map(|seed| (seed, place))),
        Op::DropPath(_) => x[0].clone(),
        Op::WindowAdd(add) => attention::window_add(add, x[0], weights),
        Op::WindowAttention(a) => attention::window_attention(a, x[0], x[1], weights, ctx),
        Op::Combine(combine) => arithmetic::combine(*combine, x[0], x[1]),
        Op::Affine(affine) => arithmetic::affine(affine, x[0], weights),
        Op::Concat(_) => arrange::concat(x, shape),
        Op::Slice(slice) => arrange::slice(*slice, x[0], shape),
        Op::PixelUnshuffle(by) => arrange::unshuffle(x[0], by.factor, shape),
        Op::PixelShuffle(by) => arrange::shuffle(x[0], by.factor, shape),
        Op::UpsampleNearest(by) => resample::nearest(x[0], by.factor, shape),
        Op::BilinearLike(_) => resample::bilinear(x[0], shape),
        Op::Crop(_) => arrange::crop(x[0], shape),
        Op::MaxPool(pool) => pool::max_pool(*pool, x[0], shape),
        Op::Reduce(kind) => pool::reduce(*kind, x[0], shape),
        Op::Flatten(_) => Map { shape, data: x[0].data.clone() },
    }
}

/// The elements of a parameter, at full precision.
fn numbers<T: Real>(weights: &Weights, id: ParamId) -> Vec<T> {
    let values = weights.get(id).iter().map(|&x| T::of(x));
    match weights.rest(id) {
        Some(rest) => values.zip(rest).map(|(x, &rest)| x + T::of(rest)).collect(),
        None => values.collect(),
    }
}

/// Computes a map channel by channel, several in parallel.
fn by_channel<T: Real>(shape: Shape, ctx: &Context<'_>, make: impl Fn(usize, &mut [T]) + Sync) -> Map<T> {
    let mut map = Map::zeros(shape);
    let area = (shape.height * shape.width).max(1);
    ctx.map_parts(map.data.chunks_mut(area).collect(), |channel, plane: &mut [T]| make(channel, plane));
    map
}
