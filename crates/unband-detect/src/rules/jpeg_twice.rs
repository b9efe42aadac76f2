//! A coarse JPEG that was saved again as a fine one: its DC values are still on the first quantiser's steps.

use std::f64::consts::TAU;

use super::Rule;
use crate::evidence::Evidence;
use unband_image::JpegPlane;
use unband_image::color::Subsampling;
use unband_image::findings::Findings;
use unband_image::origin::Codec;

pub(super) const RULE: Rule =
    Rule { name: "jpeg-twice", when: "DC values of a JPEG are on a coarser quantiser's steps", applies };

/// Steps of the first quantiser that are tried.
const STEPS: std::ops::RangeInclusive<u16> = 4..=99;
/// How much coarser than the file's own step it must be.
const COARSER: f64 = 1.5;
/// Least real part of the phasor of the DC values.
const LEAST: f64 = 0.6;
/// Multiples of the step that must occur.
const OCCUPIED: usize = 8;

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let Codec::Jpeg(jpeg) = &evidence.image.origin.codec else { return None };
    let stored = jpeg.coefficients.as_ref()?;
    let luma = first_step(stored.planes.first()?)?;
    let own = |i: usize| stored.planes.get(i).map(|plane| f32::from(plane.steps[0]));
    let chroma = |i: usize| stored.planes.get(i).and_then(first_step).map(f32::from).or(own(i));
    let half = jpeg.subsampling.is_none_or(|s| s != Subsampling::NONE);
    Some(evidence.jpeg_planes([Some(f32::from(luma)), chroma(1), chroma(2)], half))
}

/// The coarser step on whose multiples the DC values are.
fn first_step(plane: &JpegPlane) -> Option<u16> {
    let own = f64::from(plane.steps[0]);
    let range = 4096i32;
    let mut counts = vec![0u32; 2 * range as usize];
    for block in plane.coefficients.chunks_exact(64) {
        let at = i32::from(block[0]) + range;
        if let Some(count) = usize::try_from(at).ok().and_then(|at| counts.get_mut(at)) {
            *count += 1;
        }
    }
    // Roots: a large flat area has little more weight than a small one.
    let values: Vec<(f64, f64)> = (0..counts.len())
        .filter(|&at| counts[at] > 0)
        .map(|at| ((at as f64 - f64::from(range)) * own, f64::from(counts[at]).sqrt()))
        .collect();
    let total: f64 = values.iter().map(|value| value.1).sum();
    let strength = |step: u16| {
        let turns = |value: f64| (value / f64::from(step) * TAU).cos();
        let occupied = occupied(&values, f64::from(step));
        let real = values.iter().map(|&(value, weight)| weight * turns(value)).sum::<f64>() / total;
        if occupied >= OCCUPIED { real } else { 0.0 }
    };
    let steps = STEPS.filter(|&step| f64::from(step) > COARSER * own);
    let all: Vec<(u16, f64)> = steps.map(|step| (step, strength(step))).collect();
    let best = all.iter().map(|one| one.1).fold(LEAST, f64::max);
    // Divisors of the step are as strong.
    all.iter().rev().find(|one| one.1 >= LEAST && one.1 > 0.9 * best).map(|one| one.0)
}

/// Number of different multiples of a step near which there are values.
fn occupied(values: &[(f64, f64)], step: f64) -> usize {
    let mut multiples: Vec<i64> = values.iter().map(|value| (value.0 / step).round() as i64).collect();
    multiples.dedup();
    multiples.len()
}
