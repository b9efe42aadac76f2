//! Graph executor on Burn tensors, one operation after the other.

mod activation;
mod arrange;
mod attention;
mod conv;
pub(crate) mod deform;
mod norm;

use std::collections::HashMap;

use burn::tensor::{Distribution, Tensor};
use unband_nets::layer::arithmetic::{Affine, Combine};
use unband_nets::layer::pool::Reduce;
use unband_nets::{Graph, Node, Op, ParamId, Shape};

use crate::TrainError;

/// Inference or training mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Running statistics, no dropout.
    Fixed,
    /// Batch statistics and dropout; contains the number of batches trained so far.
    Learning(u64),
}

/// Results of a run.
pub(crate) struct Done {
    /// Outputs in the graph's order.
    pub outputs: Vec<Tensor<4>>,
    /// Running statistics after the run.
    pub running: HashMap<ParamId, Tensor<1>>,
}

/// A run in progress.
struct Execution<'a> {
    params: &'a [Tensor<1>],
    mode: Mode,
    running: HashMap<ParamId, Tensor<1>>,
}

/// Runs a graph. `params` are the parameters as read by operations, each in one row.
pub(crate) fn run(
    graph: &Graph,
    params: &[Tensor<1>],
    inputs: &[Tensor<4>],
    mode: Mode,
) -> Result<Done, TrainError> {
    let (height, width) = check(graph, inputs)?;
    let shapes = graph.shapes(height, width)?;
    let last = graph.last_uses();
    let mut run = Execution { params, mode, running: HashMap::new() };
    let mut values: Vec<Option<Tensor<4>>> = vec![None; graph.nodes.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        let given: Vec<Tensor<4>> = node.inputs.iter().filter_map(|v| values[v.index()].clone()).collect();
        for v in &node.inputs {
            if last[v.index()] == i {
                values[v.index()] = None;
            }
        }
        values[i] = Some(match node.op {
            Op::Input(index) => inputs[index.0].clone(),
            _ => run.apply(node, given, shapes[i])?,
        });
    }
    let outputs = graph.outputs.iter().filter_map(|(_, v)| values[v.index()].clone()).collect();
    Ok(Done { outputs, running: run.running })
}

impl Execution<'_> {
    /// Every operation has an arm: a new operation does not compile without one.
    fn apply(&mut self, node: &Node, x: Vec<Tensor<4>>, shape: Shape) -> Result<Tensor<4>, TrainError> {
        let mut x = x.into_iter();
        let (Some(first), second) = (x.next(), x.next()) else {
            return Err(unsupported(node));
        };
        // The number of inputs is right: shapes were checked before.
        let both = || second.clone().ok_or_else(|| unsupported(node));
        Ok(match &node.op {
            Op::Input(_) => return Err(unsupported(node)),
            Op::Conv(conv) => self.conv(conv, first),
            Op::ConvTranspose(conv) => self.conv_transpose(conv, first),
            Op::BandedDeformConv(conv) => self.banded_deform_conv(conv, first),
            Op::DeformConv(conv) => self.deform_conv(conv, first),
            Op::Activation(kind) => self.activation(kind, first),
            Op::BatchNorm(norm) => self.batch_norm(norm, first, node)?,
            Op::LayerNorm(norm) => self.layer_norm(norm, first),
            Op::GroupNorm(norm) => self.group_norm(norm, first),
            Op::UnitChannels(norm) => norm::unit_channels(*norm, first),
            Op::WindowAdd(add) => self.window_add(add, first),
            Op::WindowAttention(attention) => self.window_attention(attention, first, both()?),
            Op::Combine(Combine::Add) => first + both()?,
            Op::Combine(Combine::Sub) => first - both()?,
            Op::Combine(Combine::Mul) => first * both()?,
            Op::Combine(Combine::AddScaled(factor)) => first + both()?.mul_scalar(*factor),
            Op::Affine(affine) => self.affine(affine, first),
            Op::Concat(_) => Tensor::cat([first].into_iter().chain(second).chain(x).collect(), 1),
            Op::Slice(slice) => first.narrow(1, slice.start, slice.len),
            Op::PixelUnshuffle(by) => arrange::unshuffle(first, by.factor),
            Op::PixelShuffle(by) => arrange::shuffle(first, by.factor),
            Op::UpsampleNearest(by) => arrange::nearest(first, by.factor),
            Op::BilinearLike(_) => arrange::bilinear(first, shape),
            Op::Crop(_) => first.narrow(2, 0, shape.height).narrow(3, 0, shape.width),
            Op::MaxPool(pool) => arrange::max_pool(*pool, first, shape),
            Op::Reduce(Reduce::Mean) => first.mean_dim(2).mean_dim(3),
            Op::Reduce(Reduce::Max) => first.max_dim(2).max_dim(3),
            Op::Flatten(_) => {
                let images = first.dims()[0];
                first.reshape([images, shape.channels, 1, 1])
            }
            Op::Dropout(dropout) => {
                let dims = first.dims();
                self.dropout(dropout.share, first, dims)
            }
            Op::DropPath(path) => {
                let images = first.dims()[0];
                self.dropout(path.share, first, [images, 1, 1, 1])
            }
        })
    }

    fn param(&self, id: ParamId) -> Tensor<1> {
        self.params[id.index()].clone()
    }

    /// One number per channel, for all images and positions.
    fn channels(&self, id: ParamId) -> Tensor<4> {
        self.param(id).reshape([1, -1, 1, 1])
    }

    fn affine(&self, affine: &Affine, x: Tensor<4>) -> Tensor<4> {
        let mut y = x.mul_scalar(affine.scale).add_scalar(affine.offset);
        if let Some(scales) = affine.scales {
            y = y * self.channels(scales);
        }
        match affine.offsets {
            Some(offsets) => y + self.channels(offsets),
            None => y,
        }
    }

    /// `dims`: shape of the random numbers; along an axis of size one, the number applies to all samples.
    fn dropout(&self, share: f32, x: Tensor<4>, dims: [usize; 4]) -> Tensor<4> {
        if self.mode == Mode::Fixed || share <= 0.0 {
            return x;
        }
        let kept = 1.0 - f64::from(share);
        let mask = Tensor::<4>::random(dims, Distribution::Bernoulli(kept), &x.device()).detach();
        x * mask.div_scalar(kept)
    }
}

fn unsupported(node: &Node) -> TrainError {
    TrainError::Unsupported { at: node.scope.clone(), what: node.op.label() }
}

/// Size of the images, after the inputs were checked against the graph.
fn check(graph: &Graph, inputs: &[Tensor<4>]) -> Result<(usize, usize), TrainError> {
    let dims: Vec<[usize; 4]> = inputs.iter().map(Tensor::dims).collect();
    let given = || graph.inputs.iter().zip(&dims);
    let size = given().find(|(input, _)| !input.point).map_or((1, 1), |(_, &[_, _, h, w])| (h, w));
    let fits = |(input, &[n, c, h, w]): (&unband_nets::Input, &[usize; 4])| {
        let wanted = if input.point { (1, 1) } else { size };
        n == dims[0][0] && c == input.channels && (h, w) == wanted
    };
    if dims.len() == graph.inputs.len() && given().all(fits) {
        return Ok(size);
    }
    let name = |input: &unband_nets::Input| format!("{} of {} channels", input.name, input.channels);
    Err(TrainError::Inputs {
        net: graph.name.clone(),
        wanted: graph.inputs.iter().map(name).collect::<Vec<_>>().join(", "),
        got: dims.iter().map(|d| format!("{d:?}")).collect::<Vec<_>>().join(", "),
    })
}
