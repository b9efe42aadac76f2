//! Differentiable sampling at moved taps, on the CPU. With a 1×1 convolution after it, that is a deformable
//! convolution.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients as Tape;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use rayon::prelude::*;

use super::flex::tensor;

/// Samples `x`, `[N, I, H, W]`, bilinearly where `offsets`, `[N, 2 · taps, H, W]`, move the taps of an odd
/// `kernel` (rows and columns): `[N, I · taps, H, W]`. Offsets are pairs of rows and columns; outside, `x` is
/// zero.
pub(crate) fn sample(x: Tensor<4>, offsets: Tensor<4>, kernel: [usize; 2]) -> Tensor<4> {
    let made = <Dispatch as SampleOps>::sample(x.into_dispatch(), offsets.into_dispatch(), kernel);
    Tensor::from_dispatch(made)
}

/// The operation for a backend that Burn selects at run time.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait SampleOps: Backend {
    /// As [`sample`].
    fn sample(x: FloatTensor<Self>, offsets: FloatTensor<Self>, kernel: [usize; 2]) -> FloatTensor<Self>;
}

/// Sampling and its gradients, on a backend without autodiff.
pub(crate) trait SampleKernels: SampleOps {
    /// The gradients of `x` and `offsets`, from the gradient of the output.
    fn gradients(
        x: FloatTensor<Self>,
        offsets: FloatTensor<Self>,
        made: FloatTensor<Self>,
        kernel: [usize; 2],
    ) -> [FloatTensor<Self>; 2];
}

impl SampleOps for Flex {
    fn sample(x: FlexTensor, offsets: FlexTensor, kernel: [usize; 2]) -> FlexTensor {
        let plan = Plan::new(&x, kernel);
        let [n, channels, height, width] = plan.given;
        let made = plan.forward(&values(&x), &values(&offsets));
        tensor([n, channels * plan.taps(), height, width], made)
    }
}

impl SampleKernels for Flex {
    fn gradients(
        x: FlexTensor,
        offsets: FlexTensor,
        made: FlexTensor,
        kernel: [usize; 2],
    ) -> [FlexTensor; 2] {
        let plan = Plan::new(&x, kernel);
        let [n, _, height, width] = plan.given;
        let [of_x, of_offsets] = plan.gradients(&values(&x), &values(&offsets), &values(&made));
        [tensor(plan.given, of_x), tensor([n, 2 * plan.taps(), height, width], of_offsets)]
    }
}

impl<B: SampleKernels, C: CheckpointStrategy> SampleOps for Autodiff<B, C> {
    fn sample(x: FloatTensor<Self>, offsets: FloatTensor<Self>, kernel: [usize; 2]) -> FloatTensor<Self> {
        match SampleBackward.prepare::<C>([x.node(), offsets.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = ([&x, &offsets].map(|tensor| prep.checkpoint(tensor)), kernel);
                prep.finish(state, B::sample(x.into_primitive(), offsets.into_primitive(), kernel))
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::sample(x.into_primitive(), offsets.into_primitive(), kernel))
            }
        }
    }
}

#[derive(Debug)]
struct SampleBackward;

impl<B: SampleKernels> Backward<B, 2> for SampleBackward {
    type State = ([NodeId; 2], [usize; 2]);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Tape, checkpointer: &mut Checkpointer) {
        let made = grads.consume::<B>(&ops.node);
        let (nodes, kernel) = ops.state;
        let [x, offsets] = nodes.map(|node| checkpointer.retrieve_node_output::<FloatTensor<B>>(node));
        let found = B::gradients(x, offsets, made, kernel);
        for (node, gradient) in ops.parents.into_iter().zip(found) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

/// The values in order, as 32-bit floats.
fn values(tensor: &FlexTensor) -> Vec<f32> {
    tensor.to_contiguous().as_slice::<f32>().map(<[f32]>::to_vec).unwrap_or_default()
}

struct Plan {
    /// `[N, I, H, W]`.
    given: [usize; 4],
    kernel: [usize; 2],
}

/// The four samples around a position, row by row.
struct Corners {
    /// Places in the plane; any, outside of it.
    at: [usize; 4],
    /// 1 inside the plane, 0 outside.
    inside: [f32; 4],
    /// Distance from the first corner in rows and columns, 0 to 1.
    down: f32,
    across: f32,
}

impl Corners {
    fn weights(&self) -> [f32; 4] {
        let (up, left) = (1.0 - self.down, 1.0 - self.across);
        let weights = [up * left, up * self.across, self.down * left, self.down * self.across];
        std::array::from_fn(|k| self.inside[k] * weights[k])
    }
}

impl Plan {
    fn new(x: &FlexTensor, kernel: [usize; 2]) -> Self {
        Self { given: x.shape().dims(), kernel }
    }

    fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    fn plane(&self) -> usize {
        self.given[2] * self.given[3]
    }

    /// Sampled position of a tap at a place; `None` outside the image. `offsets` are those of one image.
    fn corners(&self, offsets: &[f32], tap: usize, place: usize) -> Option<Corners> {
        let [_, _, height, width] = self.given;
        let [rows, columns] = self.kernel;
        let offset = |axis: usize| offsets[(2 * tap + axis) * self.plane() + place];
        let row = (place / width + tap / columns) as f32 - (rows / 2) as f32 + offset(0);
        let column = (place % width + tap % columns) as f32 - (columns / 2) as f32 + offset(1);
        let near = row > -1.0 && row < height as f32 && column > -1.0 && column < width as f32;
        near.then(|| {
            let (top, left) = (row.floor(), column.floor());
            let place = |k: usize| {
                let (y, x) = (top + (k / 2) as f32, left + (k % 2) as f32);
                let inside = (0.0..height as f32).contains(&y) && (0.0..width as f32).contains(&x);
                inside.then(|| y as usize * width + x as usize)
            };
            let places: [Option<usize>; 4] = std::array::from_fn(place);
            Corners {
                at: places.map(Option::unwrap_or_default),
                inside: places.map(|place| f32::from(u8::from(place.is_some()))),
                down: row - top,
                across: column - left,
            }
        })
    }

    fn forward(&self, x: &[f32], offsets: &[f32]) -> Vec<f32> {
        let (taps, plane, channels) = (self.taps(), self.plane(), self.given[1]);
        let mut made = vec![0.0; self.given[0] * channels * taps * plane];
        let images = x.par_chunks_exact(channels * plane).zip(offsets.par_chunks_exact(2 * taps * plane));
        made.par_chunks_exact_mut(channels * taps * plane).zip(images).for_each(|(made, (x, offsets))| {
            for (tap, place) in (0..taps).flat_map(|tap| (0..plane).map(move |place| (tap, place))) {
                let Some(corners) = self.corners(offsets, tap, place) else { continue };
                let weights = corners.weights();
                for (i, x) in x.chunks_exact(plane).enumerate() {
                    made[(i * taps + tap) * plane + place] =
                        (0..4).map(|k| weights[k] * x[corners.at[k]]).sum();
                }
            }
        });
        made
    }

    /// Gradients of `x` and `offsets`.
    fn gradients(&self, x: &[f32], offsets: &[f32], made: &[f32]) -> [Vec<f32>; 2] {
        let (taps, plane, channels) = (self.taps(), self.plane(), self.given[1]);
        let (mut of_x, mut of_offsets) = (vec![0.0; x.len()], vec![0.0; offsets.len()]);
        let given = x.par_chunks_exact(channels * plane).zip(offsets.par_chunks_exact(2 * taps * plane));
        let given = given.zip(made.par_chunks_exact(channels * taps * plane));
        let found = of_x.par_chunks_exact_mut(channels * plane);
        let found = found.zip(of_offsets.par_chunks_exact_mut(2 * taps * plane));
        found.zip(given).for_each(|((of_x, of_offsets), ((x, offsets), made))| {
            for (tap, place) in (0..taps).flat_map(|tap| (0..plane).map(move |place| (tap, place))) {
                let Some(corners) = self.corners(offsets, tap, place) else { continue };
                let weights = corners.weights();
                // Sums over channels, of the gradient times the sample.
                let mut sums = [0.0; 4];
                for (i, (x, of_x)) in x.chunks_exact(plane).zip(of_x.chunks_exact_mut(plane)).enumerate() {
                    let gradient = made[(i * taps + tap) * plane + place];
                    for k in 0..4 {
                        let at = corners.at[k];
                        of_x[at] += weights[k] * gradient;
                        sums[k] += corners.inside[k] * x[at] * gradient;
                    }
                }
                let (down, across) = (corners.down, corners.across);
                let slopes = [
                    (1.0 - across) * (sums[2] - sums[0]) + across * (sums[3] - sums[1]),
                    (1.0 - down) * (sums[1] - sums[0]) + down * (sums[3] - sums[2]),
                ];
                for (axis, slope) in slopes.into_iter().enumerate() {
                    of_offsets[(2 * tap + axis) * plane + place] = slope;
                }
            }
        });
        [of_x, of_offsets]
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::module::deform_conv2d;
    use burn::tensor::ops::{ConvOptions, DeformConvOptions};
    use burn::tensor::{Device, TensorData};
    use unband_nets::state::fill;

    use super::*;
    use crate::conv::conv2d;

    /// Values between −`size` and `size`, to be differentiated.
    fn drawn(seed: usize, dims: [usize; 4], size: f64) -> Tensor<4> {
        let value = |i| (size * (2.0 * fill::mixed(seed, i) - 1.0)) as f32;
        let values: Vec<f32> = (0..dims.iter().product()).map(value).collect();
        Tensor::<4>::from_data(TensorData::new(values, dims), &Device::flex().autodiff()).require_grad()
    }

    #[test]
    fn samples_and_gradients_are_those_of_burns_deformable_convolution_anywhere() {
        for (size, groups) in [(0.7, 1), (20.0, 2)] {
            let given = [
                drawn(1, [2, 4, 6, 7], 1.0),
                drawn(2, [2, 30, 6, 7], size),
                drawn(3, [6, 4 / groups, 3, 5], 1.0),
            ];
            let results = |made: &dyn Fn([Tensor<4>; 3]) -> Tensor<4>| -> Vec<Vec<f32>> {
                let made = made(given.clone());
                let tape = (made.clone() * drawn(4, made.dims(), 1.0)).sum().backward();
                let gradients = given.iter().map(|tensor| tensor.grad(&tape).unwrap());
                gradients.chain([made.inner()]).map(|t| t.try_to_vec_as::<f32>().unwrap()).collect()
            };
            let ours = results(&|[x, offsets, weight]| {
                let weight = weight.reshape([6, 60 / groups, 1, 1]);
                conv2d(
                    sample(x, offsets, [3, 5]),
                    weight,
                    None,
                    ConvOptions::new([1; 2], [0; 2], [1; 2], groups),
                )
            });
            let burns = results(&|[x, offsets, weight]| {
                let options = DeformConvOptions::new([1; 2], [1, 2], [1; 2], groups, 1);
                deform_conv2d(x, offsets, weight, None, None, options)
            });
            for (ours, burns) in ours.iter().zip(&burns) {
                let largest = burns.iter().fold(0.0f32, |m, v| m.max(v.abs()));
                assert!(largest > 0.1 && ours.len() == burns.len());
                let off = ours.iter().zip(burns).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
                assert!(off <= 1e-5 * largest, "{size}: {off} of {largest}");
            }
        }
    }
}
