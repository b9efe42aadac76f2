//! Spectral losses: differences of the two-dimensional Fourier transforms of each channel.
//!
//! The transform is not normalised, so it grows with the root of the number of samples. It is a product with
//! a matrix of cosines and sines: it supports any size, is the same on every device, and needs no gradient
//! code. The difference is transformed, not both images; mirrored columns are skipped.

use std::f64::consts::TAU;

use burn::tensor::{Device, Tensor, TensorData};

use super::Loss;

/// Keeps the slope of the root finite where the difference is 0; negligible elsewhere.
const LEAST_SQUARE: f64 = 1e-24;

/// Mean modulus of the complex difference, in one element.
///
/// Source: GGDBN, `loss/`; BDINN, §3.4.
pub fn modulus(out: Tensor<4>, gt: Tensor<4>) -> Tensor<1> {
    let spectrum = Spectrum::from_x(out - gt);
    let modulus = (spectrum.re.square() + spectrum.im.square()).add_scalar(LEAST_SQUARE).sqrt();
    (modulus * spectrum.counts).sum().div_scalar(spectrum.samples)
}

/// Mean absolute difference of real and imaginary parts, as separate channels, in one element.
///
/// Source: indi-debanding, `utils/training.py`.
pub fn parts(out: Tensor<4>, gt: Tensor<4>) -> Tensor<1> {
    let spectrum = Spectrum::from_x(out - gt);
    let sum = (spectrum.re.abs() + spectrum.im.abs()) * spectrum.counts;
    sum.sum().div_scalar(2.0 * spectrum.samples)
}

struct Spectrum {
    /// `[images × channels × columns, H]`, columns up to half the width.
    re: Tensor<3>,
    im: Tensor<3>,
    /// Multiplicity of each column in the whole spectrum: `[1, columns, 1]`.
    counts: Tensor<3>,
    /// Of all images.
    samples: f64,
}

impl Spectrum {
    fn from_x(x: Tensor<4>) -> Self {
        let [n, c, h, w] = x.dims();
        let device = x.device();
        let half = w / 2 + 1;
        let (across, down) = (Turns::new(w, half, &device), Turns::new(h, h, &device));
        let rows = x.reshape([n * c * h, w]);
        let columns = |y: Tensor<2>| y.reshape([n * c, h, half]).swap_dims(1, 2).reshape([n * c * half, h]);
        let a = columns(rows.clone().matmul(across.cos));
        let b = columns(rows.matmul(across.sin)).neg();
        let re = a.clone().matmul(down.cos.clone()) + b.clone().matmul(down.sin.clone());
        let im = b.matmul(down.cos) - a.matmul(down.sin);
        let count = |v: usize| if v == 0 || 2 * v == w { 1.0 } else { 2.0 };
        let counts = TensorData::new((0..half).map(count).collect::<Vec<f32>>(), [1, half, 1]);
        let shape = [n * c, half, h];
        Self {
            re: re.reshape(shape),
            im: im.reshape(shape),
            counts: Tensor::from_data(counts, &device),
            samples: (n * c * h * w) as f64,
        }
    }
}

/// Cosines and sines of 2π · sample · frequency / length: `[length, frequencies]`.
struct Turns {
    cos: Tensor<2>,
    sin: Tensor<2>,
}

impl Turns {
    fn new(length: usize, frequencies: usize, device: &Device) -> Self {
        let angle = |i: usize| {
            let (sample, frequency) = (i / frequencies, i % frequencies);
            TAU * ((sample * frequency) % length) as f64 / length as f64
        };
        let table = |f: fn(f64) -> f64| {
            let values: Vec<f32> = (0..length * frequencies).map(|i| f(angle(i)) as f32).collect();
            Tensor::from_data(TensorData::new(values, [length, frequencies]), device)
        };
        Self { cos: table(f64::cos), sin: table(f64::sin) }
    }
}

/// On the modulus.
pub const ENTRY: Loss = Loss {
    name: "fft-l1",
    title: "modulus of the difference of spectra",
    of: |at| Ok(modulus(at.out.clone(), at.gt.clone())),
    ..Loss::PLAIN
};

/// On the parts.
pub(crate) const ENTRY_PARTS: Loss = Loss {
    name: "fft-l1-parts",
    title: "absolute difference of real and imaginary parts of spectra",
    of: |at| Ok(parts(at.out.clone(), at.gt.clone())),
    ..Loss::PLAIN
};
