//! Convolution of planes.

use unband_image::resize::{Axis, Beyond};
use unband_image::{Image, Plane, words};
use unband_simd::Level;
use unband_simd::image::resize::weighted_sums;

use super::kernel::Kernel;

/// Taps below this share of the largest tap are skipped: their sum is below single precision.
const FAINT: f64 = 1e-10;

words! {
    /// Samples beyond the border.
    pub enum Border {
        /// Mirrored at the border sample.
        Mirror = "mirror",
        /// Periodic: the opposite end of the image.
        Wrap = "wrap",
        /// The border sample, repeated.
        Repeat = "repeat",
    }
}

impl From<Border> for Beyond {
    fn from(border: Border) -> Self {
        match border {
            Border::Mirror => Self::Mirror,
            Border::Wrap => Self::Wrap,
            Border::Repeat => Self::Repeat,
        }
    }
}

/// Convolves a plane with a kernel of odd size, which is flipped as usual in convolution. The size stays the
/// same.
pub fn convolve(plane: &Plane, kernel: &Kernel, border: Border) -> Plane {
    let (width, height, reach) = (plane.width, plane.height, kernel.size / 2);
    let step = width + 2 * reach;
    let beyond = Beyond::from(border);
    let place = |i: usize, len: usize| beyond.index(i.cast_signed() - reach.cast_signed(), len);
    let columns: Vec<usize> = (0..reach).chain(width + reach..step).map(|x| place(x, width)).collect();
    let mut padded = Vec::with_capacity(step * (height + 2 * reach));
    for y in 0..height + 2 * reach {
        let row = plane.row(place(y, height));
        padded.extend(columns[..reach].iter().map(|x| row[*x]));
        padded.extend_from_slice(row);
        padded.extend(columns[reach..].iter().map(|x| row[*x]));
    }
    let most = kernel.weights.iter().copied().fold(0.0, |a, w| w.abs().max(a));
    let taps: Vec<(usize, f32)> = (kernel.weights.iter().rev().enumerate())
        .filter(|(_, weight)| weight.abs() > FAINT * most)
        .map(|(i, weight)| (i / kernel.size * step + i % kernel.size, *weight as f32))
        .collect();
    let mut out = Plane::filled(width, height, 0.0);
    for y in 0..height {
        weighted_sums(Level::best(), out.row_mut(y), &padded[y * step..], &taps);
    }
    out
}

/// Convolves all planes of an image with one row of taps in both directions, keeping every `stride`-th
/// result.
pub(super) fn separable(image: &mut Image, row: &[f64], border: Border, stride: usize) {
    let (width, height) = (image.width(), image.height());
    let axis = |size: usize| Axis::convolution(size, row, border.into(), stride);
    let (across, down) = (axis(width), axis(height));
    for plane in &mut image.planes {
        *plane = plane.mapped(&across, &down);
    }
}

/// The size rounded up to an odd number, as kernels need.
pub(super) fn odd(size: u32) -> usize {
    size as usize | 1
}
