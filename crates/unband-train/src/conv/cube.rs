//! Convolutions on graphics cards: Burn's, except for the gradient of the weights.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Cube, Slice, TensorMetadata};
use burn::tensor::Shape;
use burn::tensor::ops::ConvOptions;

use super::{ConvKernels, Gradients, Wanted};

impl ConvKernels for Cube {
    fn gradients(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        made: FloatTensor<Self>,
        options: ConvOptions<2>,
        wanted: Wanted,
    ) -> Gradients<Self> {
        let others = Wanted { weight: false, ..wanted };
        let of_weight = || of_weight::<Self>(&x, weight.shape().dims(), &made, &options);
        let of_weight = wanted.weight.then(of_weight);
        Gradients {
            weight: of_weight,
            ..super::gradients_of_burn::<Self>(&x, &weight, &bias, &made, &options, others)
        }
    }
}

/// The gradient of the weights `[O, I / groups, rows, columns]`, as one matrix product per tap.
///
/// Burn computes it as a convolution whose kernel is the whole image. There, one thread loops over all
/// samples, which is slow. Software Vulkan aborts such a loop after 65,535 iterations, with a wrong sum.
fn of_weight<B: Backend>(
    x: &FloatTensor<B>,
    [outputs, inputs, rows, columns]: [usize; 4],
    made: &FloatTensor<B>,
    options: &ConvOptions<2>,
) -> FloatTensor<B> {
    let [n, channels, height, width] = x.shape().dims();
    let [_, _, down, across] = made.shape().dims();
    let (groups, area) = (options.groups, down * across);
    let [(above, below), (left, right)] = options.padding;
    let around = Shape::new([n, channels, height + above + below, width + left + right]);
    let zeros = B::float_zeros(around, &x.device(), x.dtype().into());
    let inside =
        [whole(n), whole(channels), Slice::from(above..above + height), Slice::from(left..left + width)];
    let x = B::float_slice_assign(zeros, &inside, x.clone());
    let made = B::float_reshape(made.clone(), Shape::new([n * groups, outputs / groups, area]));
    // The samples of a side that a tap reads.
    let seen = |tap: usize, axis: usize, count: usize| {
        let (stride, first) = (options.stride[axis], tap * options.dilation[axis]);
        let end = first + (count - 1) * stride + 1;
        Slice::new(first.cast_signed(), Some(end.cast_signed()), stride.cast_signed())
    };
    let tap = |i: usize| {
        let slices = [whole(n), whole(channels), seen(i / columns, 0, down), seen(i % columns, 1, across)];
        let part = B::float_slice(x.clone(), &slices);
        let part = B::float_reshape(part, Shape::new([n * groups, inputs, area]));
        let product = B::float_matmul(made.clone(), B::float_swap_dims(part, 1, 2));
        let all = B::float_sum_dim(B::float_reshape(product, Shape::new([n, outputs * inputs])), 0);
        B::float_reshape(all, Shape::new([outputs, inputs, 1]))
    };
    let taps = B::float_cat((0..rows * columns).map(tap).collect(), 2);
    B::float_reshape(taps, Shape::new([outputs, inputs, rows, columns]))
}

fn whole(len: usize) -> Slice {
    Slice::from(0..len)
}
