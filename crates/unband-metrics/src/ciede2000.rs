//! CIEDE2000 colour difference.

use std::f64::consts::{PI, TAU};
use std::ops::Range;

use unband_image::{Context, Image};

use crate::field::Field;
use crate::linear_light::linear_planes;
use crate::{Better, ComparedWith, Fault, Metric, MetricError, Score, both};

/// Pixels per work item.
const PART: usize = 1 << 16;

/// CIEDE2000 per pixel with all weights 1; 1 is just noticeable side by side. The value is the mean over all
/// pixels; details are the 95th percentile (interpolated) and the maximum. Samples are interpreted as sRGB,
/// under daylight D65 and the 2° observer.
///
/// Samples outside black and white are not clamped. Slow: some hundred nanoseconds per differing pixel.
/// Source: Sharma, Wu, Dalal, "The CIEDE2000 Color-Difference Formula", 2005; sRGB to L*a*b* as in
/// scikit-image.
///
/// # Errors
/// When the images differ in size or colour model, are not RGB or grey, or hold samples that are not finite.
fn score(image: &Image, reference: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    let (image, reference) = both(ENTRY.name, "a reference", image, reference)?;
    let [a, b] = [image, reference].map(linear_planes);
    let count = image.width() * image.height();
    let parts = ctx.map(count.div_ceil(PART), |part| {
        if ctx.check().is_err() {
            return Err(MetricError::from(Fault::Cancelled));
        }
        Ok(differences([&a, &b], part * PART..count.min((part + 1) * PART)))
    });
    let mut found = Vec::with_capacity(count);
    for part in parts {
        found.extend(part?);
    }
    Ok(summary(&mut found))
}

fn differences(images: [&Vec<Field>; 2], pixels: Range<usize>) -> Vec<f64> {
    // Neighbours are often equal in banded and restored images.
    let (mut last, mut difference) = (None, 0.0);
    let one = |i| {
        let here = images.map(|planes| pixel(planes, i));
        let bits = here.map(|pixel| pixel.map(f64::to_bits));
        if last != Some(bits) {
            difference = if bits[0] == bits[1] { 0.0 } else { delta_e(lab(here[0]), lab(here[1])) };
            last = Some(bits);
        }
        difference
    };
    pixels.map(one).collect()
}

/// A grey image is treated as three equal channels.
fn pixel(planes: &[Field], i: usize) -> [f64; 3] {
    std::array::from_fn(|c| planes[c.min(planes.len() - 1)].data[i])
}

fn summary(found: &mut [f64]) -> Score {
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    let place = 0.95 * (found.len() - 1) as f64;
    let (_, &mut below, above) = found.select_nth_unstable_by(place as usize, f64::total_cmp);
    let next = above.iter().copied().reduce(f64::min).unwrap_or(below);
    let max = above.iter().copied().fold(below, f64::max);
    Score { value: mean, details: vec![("p95", below + place.fract() * (next - below)), ("max", max)] }
}

/// Linear sRGB to L*a*b*, with the rounded constants of scikit-image.
fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
    let f = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let x = f((0.412_453 * r + 0.357_580 * g + 0.180_423 * b) / 0.950_47);
    let y = f(0.212_671 * r + 0.715_160 * g + 0.072_169 * b);
    let z = f((0.019_334 * r + 0.119_193 * g + 0.950_227 * b) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// The formula, with the names of Sharma's equations.
fn delta_e([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
    let pow7 = |v: f64| {
        let cube = v * v * v;
        cube * cube * v
    };
    let rolled_off = |c: f64| (pow7(c) / (pow7(c) + pow7(25.0))).sqrt();
    let g = 0.5 * (1.0 - rolled_off(a1.hypot(b1).midpoint(a2.hypot(b2))));
    let (a1, a2) = (a1 * (1.0 + g), a2 * (1.0 + g));
    let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
    let grey = c1 * c2 == 0.0;
    let (h1, h2) = (hue(a1, b1), hue(a2, b2));
    let turn = match h2 - h1 {
        _ if grey => 0.0,
        d if d > PI => d - TAU,
        d if d < -PI => d + TAU,
        d => d,
    };
    let (dl, dc, dh) = (l2 - l1, c2 - c1, 2.0 * (c1 * c2).sqrt() * (turn / 2.0).sin());
    let (l, c) = (l1.midpoint(l2), c1.midpoint(c2));
    let h = match h1 + h2 {
        sum if grey => sum,
        sum if (h1 - h2).abs() <= PI => sum / 2.0,
        sum if sum < TAU => sum.midpoint(TAU),
        sum => (sum - TAU) / 2.0,
    };
    let t = 1.0 - 0.17 * (h - PI / 6.0).cos() + 0.24 * (2.0 * h).cos() + 0.32 * (3.0 * h + PI / 30.0).cos()
        - 0.20 * (4.0 * h - 63.0 * PI / 180.0).cos();
    let bend = (PI / 3.0) * (-((h.to_degrees() - 275.0) / 25.0).powi(2)).exp();
    let middle = (l - 50.0) * (l - 50.0);
    let sl = 1.0 + 0.015 * middle / (20.0 + middle).sqrt();
    let sc = 1.0 + 0.045 * c;
    let sh = 1.0 + 0.015 * c * t;
    let rt = -2.0 * rolled_off(c) * bend.sin();
    let (l, c, h) = (dl / sl, dc / sc, dh / sh);
    // Rounding may make the rotation term slightly too large.
    (l * l + c * c + h * h + rt * c * h).max(0.0).sqrt()
}

/// Angle in 0..2π.
fn hue(a: f64, b: f64) -> f64 {
    let h = b.atan2(a);
    if h < 0.0 { h + TAU } else { h }
}

/// Registry entry.
pub(crate) const ENTRY: Metric = Metric {
    name: "ciede2000",
    title: "Colour difference CIEDE2000, mean over pixels",
    purpose: "Perceived colour change: 1 is just noticeable side by side.",
    better: Better::Lower,
    compared_with: ComparedWith::Reference,
    range: "0 and more, 0 for equal images",
    unit: "ΔE00",
    source: "Sharma, Wu, Dalal 2005; scikit-image `color/delta_e.py`, deltaE_ciede2000",
    score,
    ..Metric::PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_gives_the_differences_of_its_paper() {
        // Pairs 1, 4, 7, 9, 14, 16, 17, 20, 25, 33 and 34 of its table 1.
        let pairs = [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([50.0, -1.3802, -84.2814], [50.0, 0.0, -82.7485], 1.0000),
            ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
            ([50.0, 2.4900, -0.0010], [50.0, -2.4900, 0.0009], 7.1792),
            ([50.0, -0.0010, 2.4900], [50.0, 0.0011, -2.4900], 4.7461),
            ([50.0, 2.5, 0.0], [50.0, 0.0, -2.5], 4.3065),
            ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
            ([50.0, 2.5, 0.0], [58.0, 24.0, 15.0], 19.4535),
            ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
            ([6.7747, -0.2908, -2.4247], [5.8714, -0.0985, -2.2286], 0.6377),
            ([2.0776, 0.0795, -1.1350], [0.9033, -0.0636, -0.5514], 0.9082),
        ];
        for (a, b, want) in pairs {
            for got in [delta_e(a, b), delta_e(b, a)] {
                assert!((got - want).abs() <= 5e-5, "{a:?} {b:?}: {got}, {want}");
            }
        }
    }

    #[test]
    fn white_and_black_lie_at_the_ends_of_the_lightness_axis() {
        let [l, a, b] = lab([1.0; 3]);
        assert!((l - 100.0).abs() < 1e-3 && a.abs() < 0.01 && b.abs() < 0.02, "{l} {a} {b}");
        assert!(lab([0.0; 3])[0].abs() < 1e-12);
    }

    #[test]
    fn the_percentile_lies_between_the_two_ranks_around_it() {
        let mut found: Vec<f64> = (0..11).rev().map(f64::from).collect();
        assert_eq!(summary(&mut found), Score { value: 5.0, details: vec![("p95", 9.5), ("max", 10.0)] });
        assert_eq!(summary(&mut [3.0]), Score { value: 3.0, details: vec![("p95", 3.0), ("max", 3.0)] });
    }
}
