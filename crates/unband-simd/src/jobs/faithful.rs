//! Clamping of samples to the quantisation intervals of their source codes.
// Bodies must be inlined into each level's function, and must not branch, to be vectorised for it.
#![allow(clippy::inline_always, clippy::needless_bitwise_bool)]

use crate::Bound;
use crate::dispatch;

dispatch! {
    /// Clamps `values` to `half` around `source`, then to `low..=high` as far as `source` is in that range.
    /// NaN becomes the source value.
    pub fn keep_within(level, values: &mut [f32], source: &[f32], half: f32, low: f32,
        high: f32) = within_body;

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
        level, values: [&mut [f32]; 3], source: [&[f32]; 3], weights: (f32, f32), halves: [f32; 3], low: f32,
        high: f32,
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
    value.at_least(low).at_most(high)
}

#[inline(always)]
fn within_body(values: &mut [f32], source: &[f32], half: f32, low: f32, high: f32) {
    let n = values.len();
    let source = &source[..n];
    for i in 0..n {
        let s = source[i];
        values[i] =
            limit(values[i], (s - half).at_least(s.at_most(low)), (s + half).at_most(s.at_least(high)), s);
    }
}

#[inline(always)]
fn within_each_body(values: &mut [f32], source: &[f32], halves: &[f32], low: f32, high: f32) {
    let n = values.len();
    let (source, halves) = (&source[..n], &halves[..n]);
    for i in 0..n {
        let (s, half) = (source[i], halves[i]);
        values[i] =
            limit(values[i], (s - half).at_least(s.at_most(low)), (s + half).at_most(s.at_least(high)), s);
    }
}

#[inline(always)]
fn levels_body(values: &mut [f32], source: &[f32], step: f32, offset: f32, half: f32, low: f32, high: f32) {
    let n = values.len();
    let source = &source[..n];
    for i in 0..n {
        let s = source[i];
        let centre = nearest_level(s, step, offset) * step + offset;
        values[i] = limit(
            values[i],
            (centre - half).at_least(low).at_most(s),
            (centre + half).at_most(high).at_least(s),
            s,
        );
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
        let u = ((b - y) / u_scale).at_least(-hu).at_most(hu);
        let v = ((r - y) / v_scale).at_least(-hv).at_most(hv);
        let y = y.at_least(-hy).at_most(hy);
        let (r, b) = (y + v_scale * v, y + u_scale * u);
        let g = (y - kr * r - kb * b) / kg;
        let r = (sr[i] + r).at_least(low.at_most(sr[i])).at_most(high.at_least(sr[i])) - sr[i];
        let g = (sg[i] + g).at_least(low.at_most(sg[i])).at_most(high.at_least(sg[i])) - sg[i];
        let b = (sb[i] + b).at_least(low.at_most(sb[i])).at_most(high.at_least(sb[i])) - sb[i];
        let y = kr * r + kg * g + kb * b;
        let u = (b - y) / u_scale;
        let v = (r - y) / v_scale;
        let share = (hy / y.abs()).at_most(hu / u.abs()).at_most(hv / v.abs()).at_most(1.0);
        let share = if finite & (share > 0.0) { share } else { 0.0 };
        vr[i] = if share > 0.0 { sr[i] + share * r } else { sr[i] };
        vg[i] = if share > 0.0 { sg[i] + share * g } else { sg[i] };
        vb[i] = if share > 0.0 { sb[i] + share * b } else { sb[i] };
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // tests check exact results
mod tests;
