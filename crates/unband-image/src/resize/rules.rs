//! Sample positions and kernel weights of each resampling method.

use super::axis::{Axis, Beyond};

/// Position of output `o` in input samples, where both rows cover the same length.
fn position(o: usize, scale: f64) -> (isize, f64) {
    let at = (o as f64 + 0.5) * scale - 0.5;
    (at.floor() as isize, at - at.floor())
}

fn scale(from: usize, to: usize) -> f64 {
    from as f64 / to as f64
}

/// Source: `OpenCV` `imgproc/src/resize.cpp`, `INTER_LINEAR`.
pub(super) fn bilinear(from: usize, to: usize) -> Axis {
    Axis::new(from, to, Beyond::Repeat, |o, taps| {
        let (i, f) = position(o, scale(from, to));
        taps.extend([(i, 1.0 - f), (i + 1, f)]);
    })
}

/// The cubic convolution kernel at a distance from its centre (Keys 1981); `a` is its slope at distance 1.
fn cubic(x: f64, a: f64) -> f64 {
    let x = x.abs();
    if x <= 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        ((x - 5.0) * x + 8.0) * x * a - 4.0 * a
    } else {
        0.0
    }
}

/// Source: `OpenCV` `imgproc/src/resize.cpp`, `INTER_CUBIC`.
pub(super) fn bicubic(from: usize, to: usize) -> Axis {
    Axis::new(from, to, Beyond::Repeat, |o, taps| {
        let (i, f) = position(o, scale(from, to));
        taps.extend((-1..=2).map(|k| (i + k, cubic(k as f64 - f, -0.75))));
    })
}

/// Mean over the area of an output; a sample covered by less than a thousandth at the ends is dropped.
///
/// Source: `OpenCV` `imgproc/src/resize.cpp`, `computeResizeAreaTab`.
pub(super) fn area(from: usize, to: usize) -> Axis {
    let scale = scale(from, to);
    Axis::new(from, to, Beyond::Repeat, |o, taps| {
        let start = o as f64 * scale;
        let end = start + scale;
        let length = scale.min(from as f64 - start);
        let first = start.ceil();
        let last = end.floor().min(from as f64 - 1.0);
        let first = first.min(last);
        if first - start > 1e-3 {
            taps.push((first as isize - 1, (first - start) / length));
        }
        taps.extend((first as isize..last as isize).map(|i| (i, 1.0 / length)));
        if end - last > 1e-3 {
            taps.push((last as isize, (end - last).min(1.0).min(length) / length));
        }
    })
}

/// Linear, with each transition between two samples confined to the output that covers both.
///
/// Source: `OpenCV` `imgproc/src/resize.cpp`, `INTER_AREA` when upscaling.
pub(super) fn area_upscaled(from: usize, to: usize) -> Axis {
    let scale = scale(from, to);
    Axis::new(from, to, Beyond::Repeat, |o, taps| {
        let i = (o as f64 * scale).floor();
        let f = (o as f64 + 1.0) - (i + 1.0) / scale;
        let f = if f <= 0.0 { 0.0 } else { f - f.floor() };
        taps.extend([(i as isize, 1.0 - f), (i as isize + 1, f)]);
    })
}

/// Cubic with a = −0.5, widened to the output spacing when downscaling; mirrored border.
///
/// Source: MATLAB `imresize`, bicubic with antialiasing, as `imresize_np` of cszn/KAIR repeats it.
pub(super) fn bicubic_antialiased(from: usize, to: usize, scale: f64) -> Axis {
    bicubic_sited(from, to, scale, 1)
}

/// As [`bicubic_antialiased`], for a row of chroma whose samples are at every `every`-th sample of luma; 1
/// also where they are in the middle of several.
pub(super) fn bicubic_sited(from: usize, to: usize, scale: f64, every: usize) -> Axis {
    let every = every as f64;
    let squeeze = scale.min(1.0);
    let width = 4.0 / squeeze;
    let count = width.ceil() as isize + 2;
    Axis::new(from, to, Beyond::Symmetric, |o, taps| {
        // One-based positions.
        let at = (o as f64 + 1.0) / scale + 1.0 - 1.0 / scale + 0.5 * (1.0 / scale - 1.0) / every;
        let left = (at - width / 2.0).floor() as isize;
        taps.extend((left..left + count).map(|i| (i - 1, squeeze * cubic((at - i as f64) * squeeze, -0.5))));
        normalise(taps);
    })
}

/// `sinc(x) sinc(x/3)`, widened to the output spacing when downscaling. Samples beyond the border are
/// excluded.
///
/// Source: Pillow `libImaging/Resample.c`, `LANCZOS`.
pub(super) fn lanczos(from: usize, to: usize) -> Axis {
    let scale = scale(from, to);
    let stretch = scale.max(1.0);
    let sinc = |x: f64| {
        let x = x * std::f64::consts::PI;
        if x == 0.0 { 1.0 } else { x.sin() / x }
    };
    let kernel = |x: f64| if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 };
    Axis::new(from, to, Beyond::Repeat, |o, taps| {
        let centre = (o as f64 + 0.5) * scale;
        let reach = 3.0 * stretch;
        let first = ((centre - reach + 0.5).max(0.0)) as isize;
        let end = ((centre + reach + 0.5) as isize).min(from.cast_signed());
        taps.extend((first..end).map(|i| (i, kernel((i as f64 + 0.5 - centre) / stretch))));
        normalise(taps);
    })
}

/// Weights that sum to 1.
fn normalise(taps: &mut [(isize, f64)]) {
    let sum: f64 = taps.iter().map(|(_, weight)| weight).sum();
    for (_, weight) in taps {
        *weight /= sum;
    }
}
