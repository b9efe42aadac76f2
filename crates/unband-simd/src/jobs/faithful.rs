//! Clamping of samples to the quantisation intervals of their source codes.
// Bodies must be inlined into each level's function, and must not branch, to be vectorised for it.
#![allow(clippy::inline_always, clippy::needless_bitwise_bool)]

use crate::dispatch;

dispatch! {
    /// Clamps `values` to `half` around `source`, then to `low..=high` as far as `source` is in that range.
    /// NaN becomes the source value.
    pub fn keep_within(level, values: &mut [f32], source: &[f32], half: f32, low: f32, high: f32) = within_body;

    /// As [`keep_within`], with a half-width for each sample.
    pub fn keep_within_each(level, values: &mut [f32], source: &[f32], halves: &[f32], low: f32, high: f32)
        = within_each_body;

    /// As [`keep_within`], but around the level `offset + k * step` nearest to `source`; a source outside of
    /// that interval widens it.
    pub fn keep_near_levels(
        level, values: &mut [f32], source: &[f32], step: f32, offset: f32, half: f32, low: f32, high: f32,
    ) = levels_body;

    /// Clamps luma and colour differences of `[R, G, B]` rows to `halves` around the source's, and R, G, B to
    /// `low..=high`. `weights` are the luma coefficients of red and blue. Where the second limit would
    /// violate the first, the whole correction of the pixel is scaled down.
    pub fn keep_within_yuv(
        level, values: [&mut [f32]; 3], source: [&[f32]; 3], weights: (f32, f32), halves: [f32; 3], low: f32, high: f32,
    ) = yuv_body;
}

/// The `k` for which `offset + k * step` is the level nearest to `source`; half-way the higher one. Every
/// caller must use this function: another rounding would choose the other level half-way.
#[inline(always)]
pub fn nearest_level(source: f32, step: f32, offset: f32) -> f32 {
    ((source - offset) * (1.0 / step) + 0.5).floor()
}

/// `value` clamped to `low..=high`, or `or` if it is NaN. Does not panic when limits are NaN.
#[inline(always)]
fn limit(value: f32, low: f32, high: f32, or: f32) -> f32 {
    let value = if value.is_nan() { or } else { value };
    value.max(low).min(high)
}

#[inline(always)]
fn within_body(values: &mut [f32], source: &[f32], half: f32, low: f32, high: f32) {
    let n = values.len();
    let source = &source[..n];
    for i in 0..n {
        let s = source[i];
        values[i] = limit(values[i], (s - half).max(low.min(s)), (s + half).min(high.max(s)), s);
    }
}

#[inline(always)]
fn within_each_body(values: &mut [f32], source: &[f32], halves: &[f32], low: f32, high: f32) {
    let n = values.len();
    let (source, halves) = (&source[..n], &halves[..n]);
    for i in 0..n {
        let (s, half) = (source[i], halves[i]);
        values[i] = limit(values[i], (s - half).max(low.min(s)), (s + half).min(high.max(s)), s);
    }
}

#[inline(always)]
fn levels_body(values: &mut [f32], source: &[f32], step: f32, offset: f32, half: f32, low: f32, high: f32) {
    let n = values.len();
    let source = &source[..n];
    for i in 0..n {
        let s = source[i];
        let centre = nearest_level(s, step, offset) * step + offset;
        values[i] = limit(values[i], (centre - half).max(low).min(s), (centre + half).min(high).max(s), s);
    }
}

#[inline(always)]
fn yuv_body(
    values: [&mut [f32]; 3],
    source: [&[f32]; 3],
    weights: (f32, f32),
    halves: [f32; 3],
    low: f32,
    high: f32,
) {
    let [vr, vg, vb] = values;
    let n = vr.len();
    let (vg, vb) = (&mut vg[..n], &mut vb[..n]);
    let [sr, sg, sb] = source.map(|row| &row[..n]);
    let (kr, kb) = weights;
    let kg = 1.0 - kr - kb;
    let (u_scale, v_scale) = (2.0 * (1.0 - kb), 2.0 * (1.0 - kr));
    let [hy, hu, hv] = halves;
    // Everything is computed on differences to the source, where both conditions hold with a margin.
    for i in 0..n {
        let finite = (vr[i] + vg[i] + vb[i]).is_finite();
        let (r, g, b) = (vr[i] - sr[i], vg[i] - sg[i], vb[i] - sb[i]);
        let y = kr * r + kg * g + kb * b;
        let u = ((b - y) / u_scale).max(-hu).min(hu);
        let v = ((r - y) / v_scale).max(-hv).min(hv);
        let y = y.max(-hy).min(hy);
        let (r, b) = (y + v_scale * v, y + u_scale * u);
        let g = (y - kr * r - kb * b) / kg;
        let r = (sr[i] + r).max(low.min(sr[i])).min(high.max(sr[i])) - sr[i];
        let g = (sg[i] + g).max(low.min(sg[i])).min(high.max(sg[i])) - sg[i];
        let b = (sb[i] + b).max(low.min(sb[i])).min(high.max(sb[i])) - sb[i];
        let y = kr * r + kg * g + kb * b;
        let u = (b - y) / u_scale;
        let v = (r - y) / v_scale;
        let share = (hy / y.abs()).min(hu / u.abs()).min(hv / v.abs()).min(1.0);
        let share = if finite & (share > 0.0) { share } else { 0.0 };
        vr[i] = if share > 0.0 { sr[i] + share * r } else { sr[i] };
        vg[i] = if share > 0.0 { sg[i] + share * g } else { sg[i] };
        vb[i] = if share > 0.0 { sb[i] + share * b } else { sb[i] };
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // tests check exact results
mod tests {
    use super::*;
    use crate::Level;

    fn rows(n: usize) -> ([Vec<f32>; 3], [Vec<f32>; 3]) {
        let source =
            [7, 11, 13].map(|k| (0..n).map(|i| ((i * k * 5) % 256) as f32 / 255.0).collect::<Vec<_>>());
        let mut values = source.clone();
        for (c, row) in values.iter_mut().enumerate() {
            for (i, v) in row.iter_mut().enumerate() {
                *v += ((i * (c + 3)) % 23) as f32 * 0.004 - 0.044;
                if i % 41 == 5 {
                    *v = [f32::NAN, f32::INFINITY, -7.0][c];
                }
            }
        }
        (source, values)
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        for n in [0, 1, 5, 64, 301] {
            let (source, values) = rows(n);
            let halves: Vec<f32> = (0..n).map(|i| (i % 5) as f32 * 0.001).collect();
            let run = |level| {
                let mut a = values.clone();
                keep_within(level, &mut a[0], &source[0], 0.002, 0.0, 1.0);
                keep_within_each(level, &mut a[1], &source[1], &halves, 0.0, 1.0);
                keep_near_levels(level, &mut a[2], &source[2], 1.0 / 63.0, 0.0, 0.4995 / 63.0, 0.0, 1.0);
                let mut b = values.clone();
                let [r, g, bl] = &mut b;
                let source = source.each_ref().map(Vec::as_slice);
                keep_within_yuv(level, [r, g, bl], source, (0.299, 0.114), [0.009, 0.004, 0.02], 0.0, 1.0);
                (a, b)
            };
            let scalar = run(Level::Scalar);
            for level in Level::all() {
                assert_eq!(run(level), scalar, "{level:?}, {n} samples");
            }
        }
    }

    #[test]
    fn all_conditions_hold_at_once() {
        let (source, mut values) = rows(5000);
        let halves = [0.009, 0.004, 0.02];
        let [r, g, b] = &mut values;
        keep_within_yuv(
            Level::best(),
            [r, g, b],
            source.each_ref().map(Vec::as_slice),
            (0.299, 0.114),
            halves,
            0.0,
            1.0,
        );
        let mut moved = 0;
        for i in 0..5000 {
            let d = [0, 1, 2].map(|c| {
                assert!((0.0..=1.0).contains(&values[c][i]));
                f64::from(values[c][i]) - f64::from(source[c][i])
            });
            let y = 0.299 * d[0] + 0.587 * d[1] + 0.114 * d[2];
            let yuv = [y, (d[2] - y) / 1.772, (d[0] - y) / 1.402];
            for p in 0..3 {
                assert!(yuv[p].abs() <= f64::from(halves[p]) + 3e-7, "sample {i}, plane {p}: {yuv:?}");
            }
            moved += usize::from(d != [0.0; 3]);
        }
        assert!(moved > 4000, "only {moved} moved");
    }

    #[test]
    fn what_is_inside_stays_as_it_is() {
        let source = [0.25, 0.5, 1.0];
        let mut values = [0.2505, 0.4995, 0.9993];
        keep_within(Level::best(), &mut values, &source, 0.001, 0.0, 1.0);
        assert_eq!(values, [0.2505, 0.4995, 0.9993]);
        let mut values = [0.26, f32::NAN, 1.1];
        keep_within(Level::best(), &mut values, &source, 0.001, 0.0, 1.0);
        assert_eq!(values, [0.251, 0.5, 1.0]);
    }
}
