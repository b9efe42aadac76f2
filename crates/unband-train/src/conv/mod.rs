//! Differentiable convolutions: unband's kernels on the CPU, Burn's elsewhere.

#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod cube;
mod flex;
mod pass;
pub(crate) mod sample;
mod sheet;
mod walk;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients as Tape;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;

/// Cross-correlation with zero padding: `x` is `[N, I, H, W]`, `weight` `[O, I / groups, rows, columns]`,
/// `bias` `[O]`.
///
/// # Panics
/// As Burn's `conv2d`: when the shapes do not fit.
pub(crate) fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions<2>,
) -> Tensor<4> {
    let bias = bias.unwrap_or_else(|| Tensor::zeros([weight.dims()[0]], &x.device()));
    let made =
        <Dispatch as ConvOps>::conv(x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch(), options);
    Tensor::from_dispatch(made)
}

/// The operation for a backend that Burn selects at run time.
#[backend_extension(Flex, Cube: cfg(any(feature = "wgpu", feature = "cuda")), Autodiff)]
pub(crate) trait ConvOps: Backend {
    /// As [`conv2d`].
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self>;
}

/// The requested gradients.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    x: bool,
    weight: bool,
    bias: bool,
}

/// The computed gradients.
pub struct Gradients<B: Backend> {
    x: Option<FloatTensor<B>>,
    weight: Option<FloatTensor<B>>,
    bias: Option<FloatTensor<B>>,
}

/// A convolution and its gradients, on a backend without autodiff.
pub(crate) trait ConvKernels: Backend {
    /// As [`conv2d`].
    fn forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        forward_of_burn::<Self>(x, weight, bias, options)
    }

    /// The gradients, from the gradient of the output.
    fn gradients(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        made: FloatTensor<Self>,
        options: ConvOptions<2>,
        wanted: Wanted,
    ) -> Gradients<Self> {
        gradients_of_burn::<Self>(&x, &weight, &bias, &made, &options, wanted)
    }
}

fn forward_of_burn<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    options: ConvOptions<2>,
) -> FloatTensor<B> {
    B::conv2d(x, weight, Some(bias), options)
}

fn gradients_of_burn<B: Backend>(
    x: &FloatTensor<B>,
    weight: &FloatTensor<B>,
    bias: &FloatTensor<B>,
    made: &FloatTensor<B>,
    options: &ConvOptions<2>,
    wanted: Wanted,
) -> Gradients<B> {
    let of_x = || B::conv2d_x_backward(x.clone(), weight.clone(), made.clone(), options.clone());
    let of_weight = || B::conv2d_weight_backward(x.clone(), weight.clone(), made.clone(), options.clone());
    let of_bias = || B::conv2d_bias_backward(x.clone(), bias.clone(), made.clone());
    Gradients {
        x: wanted.x.then(of_x),
        weight: wanted.weight.then(of_weight),
        bias: wanted.bias.then(of_bias),
    }
}

impl ConvOps for Flex {
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::forward(x, weight, bias, options)
    }
}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
impl ConvOps for burn::backend::Cube {
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::forward(x, weight, bias, options)
    }
}

impl<B: ConvKernels, C: CheckpointStrategy> ConvOps for Autodiff<B, C> {
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        match ConvBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = ([&x, &weight, &bias].map(|tensor| prep.checkpoint(tensor)), options.clone());
                prep.finish(
                    state,
                    B::forward(x.into_primitive(), weight.into_primitive(), bias.into_primitive(), options),
                )
            }
            OpsKind::UnTracked(prep) => prep.finish(B::forward(
                x.into_primitive(),
                weight.into_primitive(),
                bias.into_primitive(),
                options,
            )),
        }
    }
}

#[derive(Debug)]
struct ConvBackward;

impl<B: ConvKernels> Backward<B, 3> for ConvBackward {
    type State = ([NodeId; 3], ConvOptions<2>);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Tape, checkpointer: &mut Checkpointer) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let made = grads.consume::<B>(&ops.node);
        let (nodes, options) = ops.state;
        let [x, weight, bias] = nodes.map(|node| checkpointer.retrieve_node_output::<FloatTensor<B>>(node));
        let wanted = Wanted { x: x_node.is_some(), weight: weight_node.is_some(), bias: bias_node.is_some() };
        let found = B::gradients(x, weight, bias, made, options, wanted);
        let pairs = [(x_node, found.x), (weight_node, found.weight), (bias_node, found.bias)];
        for (node, gradient) in pairs {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}
