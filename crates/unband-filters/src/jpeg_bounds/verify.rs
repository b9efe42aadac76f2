//! Check of an image against the coefficient intervals of a JPEG file.

use unband_image::Image;
use unband_simd::{Level, io::jpeg_dct};

use super::component::Component;
use super::{Components, coefficients, weights};

/// Counts of [`inside`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inside {
    /// Checked coefficients: those of blocks entirely in the image without a sample at black or white, where
    /// values were clipped.
    pub counted: u64,
    /// Coefficients outside their interval by more than the allowed error in every sample explains.
    pub outside: u64,
    /// Minimum error of all samples of a block that explains the worst coefficient, in codes of the file; 0
    /// when none is outside.
    pub worst: f64,
}

/// Checks the coefficients of `written` against the intervals stored in the JPEG file of `original`, within
/// an error of `room` codes of the file per sample.
///
/// Half-size chroma is the mean of its pixels, as in encoders. Where `original` itself is outside, because a
/// decoder interpolates chroma, its own value bounds the interval.
///
/// `cut`: samples at black and white may stand for values beyond. `None` for images without [`coefficients`],
/// and when `written` has another size or other planes.
pub fn inside(original: &Image, written: &Image, room: f64, cut: bool) -> Option<Inside> {
    let stored = coefficients(original)?;
    let components = Components::new(original, &stored)?;
    let same = original.planes.len() == written.planes.len()
        && original
            .planes
            .iter()
            .zip(&written.planes)
            .all(|(a, b)| (a.width, a.height) == (b.width, b.height));
    if !same {
        return None;
    }
    let lengths = lengths();
    let mut found = Inside { counted: 0, outside: 0, worst: 0.0 };
    for (c, component) in components.all.iter().enumerate() {
        let weights = weights(stored.ycc, c);
        let (middle, max) = (components.middle(c), components.max);
        for row in 0..component.down() {
            for column in 0..component.across() {
                let at = (column, row);
                let measure = |image: &Image, cut| block(component, image, weights, max, middle, at, cut);
                let Some(after) = measure(written, cut) else { continue };
                let Some(before) = measure(original, false) else { continue };
                let bounds = component.interval(at);
                for i in 0..64 {
                    let (low, high) = bounds(i);
                    let (own, source) = (f64::from(after[i]), f64::from(before[i]));
                    let excess = (low.min(source) - own).max(own - high.max(source));
                    let off = excess / (lengths[i / 8] * lengths[i % 8]);
                    found.counted += 1;
                    found.worst = found.worst.max(off);
                    // NaN is outside.
                    found.outside +=
                        u64::from(!matches!(off.partial_cmp(&room), Some(std::cmp::Ordering::Less)));
                }
            }
        }
    }
    Some(found)
}

/// The coefficients of a block of a component, computed from an image as in an encoder; `None` where the
/// block extends beyond the image or may contain clipped samples.
fn block(
    component: &Component,
    image: &Image,
    weights: [f32; 3],
    max: f32,
    middle: f32,
    (column, row): (usize, usize),
    cut: bool,
) -> Option<[f32; 64]> {
    let (lead, (sx, sy), (width, height)) = (component.lead(), component.scale(), component.pixels());
    let (x0, y0) = ((8 * column).checked_sub(lead.0)? * sx, (8 * row).checked_sub(lead.1)? * sy);
    if x0 + 8 * sx > width || y0 + 8 * sy > height {
        return None;
    }
    let mut sums = [0.0f32; 64];
    for (plane, weight) in image.planes.iter().zip(weights) {
        for y in 0..8 * sy {
            let line = &plane.row(y0 + y)[x0..x0 + 8 * sx];
            if cut && line.iter().any(|&v| v <= 0.0 || v >= 1.0) {
                return None;
            }
            for (x, part) in line.chunks_exact(sx).enumerate() {
                sums[y / sy * 8 + x] += part.iter().sum::<f32>() * weight;
            }
        }
    }
    let factor = max / (sx * sy) as f32;
    for v in &mut sums {
        *v = *v * factor - middle;
    }
    jpeg_dct::forward(Level::best(), &mut sums);
    Some(sums)
}

/// Maximum change of a coefficient along one axis when every sample changes by at most 1.
fn lengths() -> [f64; 8] {
    std::array::from_fn(|u| {
        let scale = if u == 0 { 0.125f64.sqrt() } else { 0.5 };
        (0..8)
            .map(|x| (scale * ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0).cos()).abs())
            .sum()
    })
}
