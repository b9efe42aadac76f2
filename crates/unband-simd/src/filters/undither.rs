//! Row kernels of the `undither` filter: symmetric filters, and smoothing inside intervals.

// Bodies must be inlined into their copy for each instruction set. Indices over slices of one length
// vectorise best. `clamp` would panic for NaN bounds, which `max` and `min` let pass.
#![allow(clippy::inline_always, clippy::needless_range_loop, clippy::manual_clamp)]

use crate::Bound;
use crate::dispatch;

dispatch! {
    /// A symmetric filter along a row: `weights[0]` for the sample, `weights[k]` for those `k` away.
    ///
    /// `padded` has `weights.len() - 1` more samples than `out` at each end.
    pub fn filter_across(level, out: &mut [f32], padded: &[f32], weights: &[f32]) = filter_across_body;

    /// `out += weight * (a + b)`.
    pub fn add_pair(level, out: &mut [f32], a: &[f32], b: &[f32], weight: f32) = add_pair_body;

    /// `out = weight * a`.
    pub fn weigh(level, out: &mut [f32], a: &[f32], weight: f32) = weigh_body;

    /// One step of smoothing inside intervals: `out` is the mean over 3×3 samples, weighted 1, 2, 1 along
    /// both axes, within `half` of `centre`. The three rows have one sample more at each end.
    pub fn smooth_within(level, out: &mut [f32], above: &[f32], here: &[f32], below: &[f32], centre: &[f32],
        half: f32)
        = smooth_within_body;

    /// `out = (a - b)²`.
    pub fn square_difference(level, out: &mut [f32], a: &[f32], b: &[f32]) = square_difference_body;

    /// `out = a²`, in place.
    pub fn square(level, values: &mut [f32]) = square_body;

    /// Moves values to `target` by the share `room / (room + excess)`, where the excess is `energy - noise`,
    /// at least 0.
    pub fn blend(level, values: &mut [f32], target: &[f32], energy: &[f32], noise: f32, room: f32)
        = blend_body;

    /// As [`blend`], with both limits as multiples of each sample's variance.
    pub fn blend_each(level, values: &mut [f32], target: &[f32], energy: &[f32], variance: &[f32], noise: f32,
        room: f32)
        = blend_each_body;

    /// Keeps values within `half` of `centre`.
    pub fn hold(level, values: &mut [f32], centre: &[f32], half: f32) = hold_body;
}

#[inline(always)]
fn filter_across_body(out: &mut [f32], padded: &[f32], weights: &[f32]) {
    let Some((&first, rest)) = weights.split_first() else { return };
    let (n, reach) = (out.len(), rest.len());
    let middle = &padded[reach..reach + n];
    for i in 0..n {
        out[i] = first * middle[i];
    }
    for k in 0..reach {
        let (left, right) = (&padded[reach - k - 1..][..n], &padded[reach + k + 1..][..n]);
        let weight = rest[k];
        for i in 0..n {
            out[i] += weight * (left[i] + right[i]);
        }
    }
}

#[inline(always)]
fn add_pair_body(out: &mut [f32], a: &[f32], b: &[f32], weight: f32) {
    let n = out.len();
    let (a, b) = (&a[..n], &b[..n]);
    for i in 0..n {
        out[i] += weight * (a[i] + b[i]);
    }
}

#[inline(always)]
fn weigh_body(out: &mut [f32], a: &[f32], weight: f32) {
    let n = out.len();
    let a = &a[..n];
    for i in 0..n {
        out[i] = weight * a[i];
    }
}

#[inline(always)]
fn smooth_within_body(
    out: &mut [f32],
    above: &[f32],
    here: &[f32],
    below: &[f32],
    centre: &[f32],
    half: f32,
) {
    let n = out.len();
    let (a, b, c, centre) = (&above[..n + 2], &here[..n + 2], &below[..n + 2], &centre[..n]);
    for i in 0..n {
        let column = |x: usize| (a[x] + c[x]) + 2.0 * b[x];
        let mean = ((column(i) + column(i + 2)) + 2.0 * column(i + 1)) * (1.0 / 16.0);
        out[i] = mean.at_least(centre[i] - half).at_most(centre[i] + half);
    }
}

#[inline(always)]
fn square_difference_body(out: &mut [f32], a: &[f32], b: &[f32]) {
    let n = out.len();
    let (a, b) = (&a[..n], &b[..n]);
    for i in 0..n {
        out[i] = (a[i] - b[i]) * (a[i] - b[i]);
    }
}

#[inline(always)]
fn square_body(values: &mut [f32]) {
    for value in values {
        *value *= *value;
    }
}

#[inline(always)]
fn blend_body(values: &mut [f32], target: &[f32], energy: &[f32], noise: f32, room: f32) {
    let n = values.len();
    let (target, energy) = (&target[..n], &energy[..n]);
    for i in 0..n {
        let share = room / (room + (energy[i] - noise).at_least(0.0));
        values[i] += share * (target[i] - values[i]);
    }
}

#[inline(always)]
fn blend_each_body(
    values: &mut [f32],
    target: &[f32],
    energy: &[f32],
    variance: &[f32],
    noise: f32,
    room: f32,
) {
    let n = values.len();
    let (target, energy, variance) = (&target[..n], &energy[..n], &variance[..n]);
    for i in 0..n {
        let room = room * variance[i] + 1e-6;
        let share = room / (room + (energy[i] - noise * variance[i]).at_least(0.0));
        values[i] += share * (target[i] - values[i]);
    }
}

#[inline(always)]
fn hold_body(values: &mut [f32], centre: &[f32], half: f32) {
    let n = values.len();
    let centre = &centre[..n];
    for i in 0..n {
        values[i] = values[i].at_least(centre[i] - half).at_most(centre[i] + half);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    fn noise(n: usize, seed: u32) -> Vec<f32> {
        (0..n as u32)
            .map(|i| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 9) as f32 / 2e5 - 20.0)
            .collect()
    }

    /// Results of all kernels on rows of `n` samples.
    fn all(level: Level, n: usize) -> Vec<f32> {
        let (a, b, c) = (noise(n + 8, 1), noise(n + 8, 2), noise(n + 8, 3));
        let mut rows = vec![vec![0.0; n]; 8];
        filter_across(level, &mut rows[0], &a, &[0.5, 0.2, 0.04, 0.01]);
        weigh(level, &mut rows[1], &a, 0.3);
        add_pair(level, &mut rows[1], &b, &c, 0.2);
        smooth_within(level, &mut rows[2], &a, &b, &c, &b[1..], 1.5);
        square_difference(level, &mut rows[3], &a, &c);
        rows[4].copy_from_slice(&a[..n]);
        square(level, &mut rows[4]);
        rows[5].copy_from_slice(&a[..n]);
        blend(level, &mut rows[5], &b, &c, 0.1, 0.4);
        rows[6].copy_from_slice(&a[..n]);
        hold(level, &mut rows[6], &b, 2.0);
        let variance: Vec<f32> = c.iter().map(|v| v * v).collect();
        rows[7].copy_from_slice(&a[..n]);
        blend_each(level, &mut rows[7], &b, &c, &variance, 0.1, 0.4);
        rows.concat()
    }

    #[test]
    fn all_levels_give_the_same_bits() {
        for n in [0, 1, 7, 16, 33, 100] {
            let expected: Vec<u32> = all(Level::Scalar, n).into_iter().map(f32::to_bits).collect();
            for level in Level::all() {
                let found: Vec<u32> = all(level, n).into_iter().map(f32::to_bits).collect();
                assert_eq!(found, expected, "{level:?} {n}");
            }
        }
    }

    #[test]
    fn filters_keep_a_constant_and_intervals_hold() {
        let level = Level::best();
        let mut out = [0.0; 5];
        filter_across(level, &mut out, &[3.0; 9], &[0.5, 0.2, 0.05]);
        assert!(out.iter().all(|v| (v - 3.0).abs() < 1e-6), "{out:?}");
        let ramp: Vec<f32> = (0..7).map(|i| i as f32).collect();
        let centre = [1.0, 2.0, 5.0, 4.0, 5.0];
        smooth_within(level, &mut out, &ramp, &ramp, &ramp, &centre, 0.5);
        assert_eq!(out.map(f32::to_bits), [1.0f32, 2.0, 4.5, 4.0, 5.0].map(f32::to_bits));
    }

    #[test]
    fn values_follow_the_target_where_nothing_contradicts_it() {
        let mut values = [0.0, 0.0];
        blend(Level::best(), &mut values, &[1.0, 1.0], &[0.05, 0.5], 0.1, 0.4);
        assert_eq!(values.map(f32::to_bits), [1.0f32, 0.5].map(f32::to_bits));
    }
}
