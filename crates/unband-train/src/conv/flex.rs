//! Convolutions on the CPU with unband's kernels.

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, TensorData};
use rayon::prelude::*;
use unband_simd::Level;

use super::pass::{Pass, weight_gradient};
use super::sheet::{Frame, Sheet};
use super::walk::Axis;
use super::{ConvKernels, Gradients, Wanted};

impl ConvKernels for Flex {
    fn forward(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, options: ConvOptions<2>) -> FlexTensor {
        let Some(conv) = Conv::from_tensors(&x, &weight, &options) else {
            return super::forward_of_burn::<Self>(x, weight, bias, options);
        };
        let (x, weight, bias) = (x.to_contiguous(), weight.to_contiguous(), bias.to_contiguous());
        let (Some(x), Some(weight), Some(bias)) = (x.as_slice(), weight.as_slice(), bias.as_slice()) else {
            unreachable!("a contiguous tensor of 32-bit floats is a slice")
        };
        tensor(conv.made, conv.forward(x, weight, bias))
    }

    fn gradients(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        made: FlexTensor,
        options: ConvOptions<2>,
        wanted: Wanted,
    ) -> Gradients<Self> {
        let Some(conv) = Conv::from_tensors(&x, &weight, &options) else {
            return super::gradients_of_burn::<Self>(&x, &weight, &bias, &made, &options, wanted);
        };
        let (x, weight, made) = (x.to_contiguous(), weight.to_contiguous(), made.to_contiguous());
        let (Some(x), Some(weight), Some(made)) = (x.as_slice(), weight.as_slice(), made.as_slice()) else {
            unreachable!("a contiguous tensor of 32-bit floats is a slice")
        };
        conv.gradients(x, weight, made, wanted)
    }
}

/// Whether unband's kernels support a convolution: 32-bit floats, no groups, equal padding at both ends,
/// nothing empty.
struct Conv {
    level: Level,
    axes: [Axis; 2],
    /// `[N, C, H, W]` of input and output.
    given: [usize; 4],
    made: [usize; 4],
}

impl Conv {
    fn from_tensors(x: &FlexTensor, weight: &FlexTensor, options: &ConvOptions<2>) -> Option<Self> {
        let floats = x.dtype() == DType::F32 && weight.dtype() == DType::F32;
        floats.then(|| Self::new(x.shape().dims(), weight.shape().dims(), options))?
    }

    fn new(given: [usize; 4], kernel: [usize; 4], options: &ConvOptions<2>) -> Option<Self> {
        let even = options.padding.iter().all(|(before, after)| before == after);
        if !even || options.groups != 1 || kernel.contains(&0) {
            return None;
        }
        let axes = [0, 1].map(|i| Axis {
            input: given[2 + i],
            kernel: kernel[2 + i],
            stride: options.stride[i],
            padding: options.padding[i].0,
            dilation: options.dilation[i],
        });
        let made = [given[0], kernel[0], axes[0].output(), axes[1].output()];
        let full = !given.contains(&0) && !made.contains(&0);
        full.then_some(Self { level: Level::best(), axes, given, made })
    }

    fn there(&self) -> Pass {
        Pass { down: self.axes[0].forward(), across: self.axes[1].forward() }
    }

    fn back(&self) -> Pass {
        Pass { down: self.axes[0].backward(), across: self.axes[1].backward() }
    }

    /// Number of taps of a kernel.
    fn taps(&self) -> usize {
        self.axes[0].kernel * self.axes[1].kernel
    }

    fn forward(&self, x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let (pass, taps, inputs) = (self.there(), self.taps(), self.given[1]);
        let sheet = Sheet::gather(self.level, x, self.given, pass.frame(pass.pitch()));
        let weight = |o: usize, t: usize, i: usize| weight[(o * inputs + i) * taps + t];
        pass.run(self.level, &sheet, self.made[1], weight, bias).scatter(self.level)
    }

    fn gradients(&self, x: &[f32], weight: &[f32], made: &[f32], wanted: Wanted) -> Gradients<Flex> {
        let (there, back) = (self.there(), self.back());
        let stride = self.axes[1].stride;
        let pitch = back.pitch().max(there.pitch() / stride);
        let sheet = Sheet::gather(self.level, made, self.made, back.frame(pitch));
        let (inputs, outputs, taps) = (self.given[1], self.made[1], self.taps());
        let x_gradient = || {
            let turned = |i: usize, t: usize, o: usize| weight[(o * inputs + i) * taps + t];
            back.run(self.level, &sheet, inputs, turned, &vec![0.0; inputs]).scatter(self.level)
        };
        let weight_gradient = || {
            let frame = Frame { pitch: pitch * stride, ..there.frame(pitch) };
            let x = Sheet::gather(self.level, x, self.given, frame);
            weight_gradient(self.level, self.axes, &x, &sheet)
        };
        let kernel = [outputs, inputs, self.axes[0].kernel, self.axes[1].kernel];
        Gradients {
            x: wanted.x.then(|| tensor(self.given, x_gradient())),
            weight: wanted.weight.then(|| tensor(kernel, weight_gradient())),
            bias: wanted.bias.then(|| tensor([outputs], self.bias_gradient(made))),
        }
    }

    /// Sums over each channel's planes.
    fn bias_gradient(&self, made: &[f32]) -> Vec<f32> {
        let [_, channels, height, width] = self.made;
        let plane = height * width;
        let sum = |channel: usize| -> f32 {
            made.chunks_exact(channels * plane).map(|image| total(&image[channel * plane..][..plane])).sum()
        };
        (0..channels).into_par_iter().map(sum).collect()
    }
}

pub(super) fn tensor(shape: impl Into<Vec<usize>>, values: Vec<f32>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.into()))
}

/// The sum, in independent parts that a CPU adds in parallel.
fn total(values: &[f32]) -> f32 {
    let parts = values.chunks_exact(16);
    let rest: f32 = parts.remainder().iter().sum();
    let mut sums = [0.0f32; 16];
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(s, v)| *s += v);
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use rayon::ThreadPoolBuilder;
    use unband_nets::StateDict;
    use unband_nets::checkpoint;

    use super::*;

    const ALL: Wanted = Wanted { x: true, weight: true, bias: true };

    /// A convolution with PyTorch's results: see `tools/make_conv_gradients.py`.
    struct Case {
        state: StateDict,
        number: usize,
    }

    impl Case {
        fn all() -> Vec<Self> {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden/conv_gradients.safetensors");
            let state = checkpoint::open(path).unwrap().state;
            let count = state.iter().filter(|(name, _)| name.ends_with(".options")).count();
            (0..count).map(|number| Self { state: state.clone(), number }).collect()
        }

        fn values(&self, name: &str) -> Vec<f32> {
            self.state.get(&format!("{}.{name}", self.number)).unwrap().to_f32()
        }

        fn dims(&self, name: &str) -> [usize; 4] {
            self.state.shape(&format!("{}.{name}", self.number)).unwrap().try_into().unwrap()
        }

        fn conv(&self, level: Level) -> Conv {
            let pairs: Vec<[usize; 2]> =
                self.values("options").chunks(2).map(|pair| [pair[0] as usize, pair[1] as usize]).collect();
            let options = ConvOptions::new(pairs[0], pairs[1], pairs[2], 1);
            let conv = Conv::new(self.dims("x"), self.dims("weight"), &options).unwrap();
            assert_eq!(conv.made, self.dims("made"));
            Conv { level, ..conv }
        }

        /// The output, and the gradients of x, weight and bias.
        fn results(&self, level: Level) -> [Vec<f32>; 4] {
            let conv = self.conv(level);
            let (x, weight) = (self.values("x"), self.values("weight"));
            let made = conv.forward(&x, &weight, &self.values("bias"));
            let found = conv.gradients(&x, &weight, &self.values("made_gradient"), ALL);
            let values = |tensor: Option<FlexTensor>| tensor.unwrap().as_slice::<f32>().unwrap().to_vec();
            [made, values(found.x), values(found.weight), values(found.bias)]
        }
    }

    #[test]
    fn every_level_gives_the_results_and_gradients_of_pytorch() {
        let cases = Case::all();
        assert!(cases.len() > 6);
        for case in &cases {
            for level in Level::all() {
                let names = ["made", "x_gradient", "weight_gradient", "bias_gradient"];
                for (name, got) in names.iter().zip(case.results(level)) {
                    let want = case.values(name);
                    assert_eq!(got.len(), want.len());
                    let scale = want.iter().fold(0.0f32, |m, v| m.max(v.abs()));
                    let off = got.iter().zip(&want).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
                    assert!(
                        off <= 3e-6 * scale,
                        "case {}, {level:?}, {name}: off by {}",
                        case.number,
                        off / scale
                    );
                }
            }
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        for case in &Case::all() {
            let [one, three] = [1, 3].map(|threads| {
                let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| case.results(Level::best()))
            });
            assert!(one == three, "case {}", case.number);
        }
    }

    #[test]
    fn only_wanted_gradients_are_made() {
        let case = &Case::all()[0];
        let wanted = Wanted { x: false, weight: true, bias: false };
        let conv = case.conv(Level::best());
        let found = conv.gradients(&case.values("x"), &case.values("weight"), &case.values("made"), wanted);
        assert!(found.x.is_none() && found.weight.is_some() && found.bias.is_none());
    }
}
