//! Row kernels of the `smooth` filter. All values are in units of the quantisation step: neighbouring levels
//! of the plane's grid are 1 apart, and a sample's quantisation interval extends 0.5 to each side.
//!
//! Rows that are marked *padded* have one extra element at each end, so that neighbours need no bounds test;
//! the link weights there are 0.

// Bodies must be inlined into their copy for each instruction set. Indices over slices of one length
// vectorise best. `clamp` would panic for NaN bounds, which `max` and `min` let pass.
#![allow(
    clippy::inline_always,
    clippy::needless_range_loop,
    clippy::manual_clamp,
    clippy::too_many_arguments
)]

use crate::Bound;
use crate::dispatch;

/// Distance from the middle of an interval from which a coarser surface is forgotten.
pub const FORGET_TO: f32 = 0.65;
/// Part of that distance over which it fades.
pub const FORGET_WIDTH: f32 = 0.15;
/// Difference between neighbours from which they are not linked.
pub const LINK_TO: f32 = 1.6;
/// Part of that difference over which the link fades.
pub const LINK_WIDTH: f32 = 0.5;

dispatch! {
    /// Mean of each 2×2 block of two rows; an odd last column has double weight. `out` has `ceil(n/2)`
    /// values.
    pub fn halve_row(level, out: &mut [f32], top: &[f32], bottom: &[f32]) = halve_body;

    /// Bilinear ×2 along a row, block centres aligned, of the blend `0.75 near + 0.25 far` of two coarse
    /// rows. Both are padded: fine samples `2i` and `2i + 1` belong to coarse sample `i`, stored at `i + 1`.
    pub fn double_row(level, out: &mut [f32], near: &[f32], far: &[f32]) = double_body;

    /// Start values of a level's sweeps: the coarser surface where it is inside the interval, fading out
    /// beyond it, and the middle of the interval from a distance of 0.65 on.
    pub fn start_row(level, u: &mut [f32], v: &[f32]) = start_body;

    /// As [`start_row`], falling back to `m` instead of the middle of the interval.
    pub fn start_row_towards(level, u: &mut [f32], v: &[f32], m: &[f32]) = start_towards_body;

    /// Links to the right neighbours, `w[i]` between sample `i` and `i + 1`: 1 up to a difference of 1.1
    /// steps, 0 from 1.6 on. `v` has one more value than `w`.
    pub fn links_row(level, w: &mut [f32], v: &[f32]) = links_body;

    /// Links between two rows.
    pub fn links_between(level, w: &mut [f32], a: &[f32], b: &[f32]) = links_between_body;

    /// `1 / (1 + sum of the four links)`; `wx` is padded at its start: `wx[i]` is the link left of sample
    /// `i`.
    pub fn inverse_norm(level, out: &mut [f32], wx: &[f32], above: &[f32], below: &[f32]) = inverse_norm_body;

    /// One Jacobi sweep over a row: the weighted mean of a sample and its neighbours, pulled towards the
    /// middle of the interval by the factor `keep`, and clamped to the interval. `u`, `above`, `below` are
    /// padded; `wx[i]` is the link left of sample `i`.
    pub fn sweep_row(
        level, out: &mut [f32], v: &[f32], u: &[f32], above: &[f32], below: &[f32],
        wx: &[f32], w_above: &[f32], w_below: &[f32], inverse: &[f32], keep: f32,
    ) = sweep_body;

    /// As [`sweep_row`], pulled towards `m` instead of the middle.
    pub fn sweep_row_towards(
        level, out: &mut [f32], v: &[f32], m: &[f32], u: &[f32], above: &[f32], below: &[f32],
        wx: &[f32], w_above: &[f32], w_below: &[f32], inverse: &[f32], keep: f32,
    ) = sweep_towards_body;

    /// Weighted sum of three rows.
    pub fn mix_row(level, out: &mut [f32], a: &[f32], b: &[f32], c: &[f32], weights: [f32; 3]) = mix_body;

    /// Adds a weighted sum of three rows.
    pub fn add_mix_row(level, out: &mut [f32], a: &[f32], b: &[f32], c: &[f32],
        weights: [f32; 3]) = add_mix_body;

    /// Level changes of a row, in 1/64 steps: half the sum of the differences to all four neighbours, each
    /// clipped at 2 steps. `sides` are the row shifted by one sample to either side, `rows` those above and
    /// below, `per_cell` the number of steps in a unit of `v`.
    pub fn changes_row(level, out: &mut [u16], v: &[f32], sides: [&[f32]; 2], rows: [&[f32]; 2],
        per_cell: f32)
        = changes_body;

    /// Adds a row to the running sums of a box's columns.
    pub fn add_columns(level, sums: &mut [u16], enters: &[u16]) = add_columns_body;

    /// Subtracts a row from the running sums of a box's columns.
    pub fn drop_columns(level, sums: &mut [u16], leaves: &[u16]) = drop_columns_body;

    /// `out[x] = scale[x] * factor * (columns[x] + … + columns[x + count - 1])`; `columns` has
    /// `out.len() + count - 1` values. `spare` is scratch memory of any size.
    pub fn box_row(level, out: &mut [f32], columns: &[u16], count: usize, scale: &[f32], factor: f32,
        spare: &mut [Vec<u32>; 3]) = box_body;

    /// `out[i] = raster[64 round(a[i]) + round(b[i])]`, both indices clamped to 0..=63.
    pub fn look_up_row(level, out: &mut [f32], a: &[f32], b: &[f32], raster: &[f32; 4096]) = look_up_body;

    /// `out = (a - zero) * factor`.
    pub fn scale_row(level, out: &mut [f32], a: &[f32], zero: f32, factor: f32) = scale_body;

    /// The correction of a row: `(u - v) * factor` clamped to half a step, times `width`.
    pub fn compose_row(level, out: &mut [f32], u: &[f32], v: &[f32], factor: &[f32],
        width: f32) = compose_body;

    /// As [`compose_row`] from a preferred value `m`: `(m - v) + min(factor, 1) * (u - m)`.
    pub fn compose_row_towards(
        level, out: &mut [f32], u: &[f32], v: &[f32], m: &[f32], factor: &[f32], width: f32,
    ) = compose_towards_body;

    /// `out = max(|a| - floor, 0)`.
    pub fn strength_row(level, out: &mut [f32], a: &[f32], floor: f32) = strength_body;

    /// Sums of five neighbours along a row: `a[i] + … + a[i + 4]`; `a` has four more values than `out`.
    pub fn five_along(level, out: &mut [f32], a: &[f32]) = five_along_body;

    /// Sum of five rows times `scale`.
    pub fn five_down(level, out: &mut [f32], rows: [&[f32]; 5], scale: f32) = five_down_body;

    /// `m = v ± raster[64 · place + width]`, away from 0 or towards it according to the raster. `place` is
    /// the distance of `v` from 0, up to half a step; `width` falls with
    /// `least / (least + by_other · m + own)`. On input `m` holds the other plane's strength.
    pub fn prefer_row(level, m: &mut [f32], v: &[f32], own: &[f32], least: f32, by_other: f32,
        raster: &[f32; 4096])
        = prefer_body;

    /// Sum of two rows.
    pub fn sum_row(level, out: &mut [f32], a: &[f32], b: &[f32]) = sum_body;

    /// `out = factor * (ka * a + kb * b)`.
    pub fn weigh_row(level, out: &mut [f32], factor: &[f32], a: &[f32], ka: f32, b: &[f32],
        kb: f32) = weigh_body;

    /// Adds two corrections, with their sum clamped to `±half`, times `unit`.
    pub fn add_held_row(level, out: &mut [f32], a: &[f32], b: &[f32], half: f32, unit: f32) = add_held_body;

    /// Fades a correction out in busy luma: full up to 0.5 level changes per sample, none from 1 on.
    pub fn fade_row(level, out: &mut [f32], busy: &[f32]) = fade_body;

    /// Adds a row times `unit`.
    pub fn add_scaled_row(level, out: &mut [f32], a: &[f32], unit: f32) = add_scaled_body;

    /// Difference of two rows.
    pub fn subtract_row(level, out: &mut [f32], a: &[f32], b: &[f32]) = subtract_body;

    /// Difference between the neighbours' mean and each sample. The mean includes the sample and the eight
    /// around it, each with full weight up to a difference of 1.5 steps and none from 2 on. Rows are padded;
    /// `per_cell` is the number of steps in a unit.
    pub fn pull_row(level, out: &mut [f32], above: &[f32], here: &[f32], below: &[f32], per_cell: f32)
        = pull_body;
}

#[inline(always)]
fn halve_body(out: &mut [f32], top: &[f32], bottom: &[f32]) {
    let n = top.len().min(bottom.len());
    let whole = n / 2;
    let (t, b) = (&top[..2 * whole], &bottom[..2 * whole]);
    for ((o, t), b) in out[..whole].iter_mut().zip(t.chunks_exact(2)).zip(b.chunks_exact(2)) {
        *o = ((t[0] + t[1]) + (b[0] + b[1])) * 0.25;
    }
    if n % 2 == 1 {
        out[whole] = (top[n - 1] + bottom[n - 1]) * 0.5;
    }
}

#[inline(always)]
fn double_body(out: &mut [f32], near: &[f32], far: &[f32]) {
    let n = out.len() / 2;
    let (a, b) = (&near[..n + 2], &far[..n + 2]);
    for (i, o) in out.chunks_exact_mut(2).enumerate() {
        let left = a[i] * 0.75 + b[i] * 0.25;
        let here = a[i + 1] * 0.75 + b[i + 1] * 0.25;
        let right = a[i + 2] * 0.75 + b[i + 2] * 0.25;
        o[0] = here * 0.75 + left * 0.25;
        o[1] = here * 0.75 + right * 0.25;
    }
    if out.len() % 2 == 1 {
        let left = near[n] * 0.75 + far[n] * 0.25;
        let here = near[n + 1] * 0.75 + far[n + 1] * 0.25;
        out[2 * n] = here * 0.75 + left * 0.25;
    }
}

#[inline(always)]
fn start_body(u: &mut [f32], v: &[f32]) {
    for (u, &v) in u.iter_mut().zip(v) {
        let d = *u - v;
        let fade = ((FORGET_TO - d.abs()) * (1.0 / FORGET_WIDTH)).at_least(0.0).at_most(1.0);
        *u = v + d.at_least(-0.5).at_most(0.5) * fade;
    }
}

#[inline(always)]
fn start_towards_body(u: &mut [f32], v: &[f32], m: &[f32]) {
    for ((u, &v), &m) in u.iter_mut().zip(v).zip(m) {
        let d = *u - v;
        let fade = ((FORGET_TO - d.abs()) * (1.0 / FORGET_WIDTH)).at_least(0.0).at_most(1.0);
        *u = m + (v + d.at_least(-0.5).at_most(0.5) * fade - m) * fade;
    }
}

#[inline(always)]
fn link(a: f32, b: f32) -> f32 {
    (LINK_TO / LINK_WIDTH - (a - b).abs() * (1.0 / LINK_WIDTH)).at_least(0.0).at_most(1.0)
}

#[inline(always)]
fn links_body(w: &mut [f32], v: &[f32]) {
    let n = w.len();
    let (a, b) = (&v[..n], &v[1..=n]);
    for i in 0..n {
        w[i] = link(a[i], b[i]);
    }
}

#[inline(always)]
fn links_between_body(w: &mut [f32], a: &[f32], b: &[f32]) {
    for ((w, &a), &b) in w.iter_mut().zip(a).zip(b) {
        *w = link(a, b);
    }
}

#[inline(always)]
fn inverse_norm_body(out: &mut [f32], wx: &[f32], above: &[f32], below: &[f32]) {
    let n = out.len();
    let (left, right, above, below) = (&wx[..n], &wx[1..=n], &above[..n], &below[..n]);
    for i in 0..n {
        out[i] = 1.0 / (1.0 + right[i] + left[i] + below[i] + above[i]);
    }
}

#[inline(always)]
fn sweep_body(
    out: &mut [f32],
    v: &[f32],
    u: &[f32],
    above: &[f32],
    below: &[f32],
    wx: &[f32],
    w_above: &[f32],
    w_below: &[f32],
    inverse: &[f32],
    keep: f32,
) {
    let n = out.len();
    let (v, inverse, w_above, w_below) = (&v[..n], &inverse[..n], &w_above[..n], &w_below[..n]);
    let (left, here, right) = (&u[..n], &u[1..=n], &u[2..n + 2]);
    let (above, below, wl, wr) = (&above[1..=n], &below[1..=n], &wx[..n], &wx[1..=n]);
    for i in 0..n {
        let sum =
            here[i] + wr[i] * right[i] + wl[i] * left[i] + w_below[i] * below[i] + w_above[i] * above[i];
        let d = (sum * inverse[i] - v[i]) * keep;
        out[i] = v[i] + d.at_least(-0.5).at_most(0.5);
    }
}

#[inline(always)]
fn sweep_towards_body(
    out: &mut [f32],
    v: &[f32],
    m: &[f32],
    u: &[f32],
    above: &[f32],
    below: &[f32],
    wx: &[f32],
    w_above: &[f32],
    w_below: &[f32],
    inverse: &[f32],
    keep: f32,
) {
    let n = out.len();
    let (v, m, inverse, w_above, w_below) = (&v[..n], &m[..n], &inverse[..n], &w_above[..n], &w_below[..n]);
    let (left, here, right) = (&u[..n], &u[1..=n], &u[2..n + 2]);
    let (above, below, wl, wr) = (&above[1..=n], &below[1..=n], &wx[..n], &wx[1..=n]);
    for i in 0..n {
        let sum =
            here[i] + wr[i] * right[i] + wl[i] * left[i] + w_below[i] * below[i] + w_above[i] * above[i];
        let d = (sum * inverse[i] - v[i]) * keep + (m[i] - v[i]) * (1.0 - keep);
        out[i] = v[i] + d.at_least(-0.5).at_most(0.5);
    }
}

#[inline(always)]
fn mix_body(out: &mut [f32], a: &[f32], b: &[f32], c: &[f32], weights: [f32; 3]) {
    let n = out.len();
    let (a, b, c) = (&a[..n], &b[..n], &c[..n]);
    for i in 0..n {
        out[i] = a[i] * weights[0] + b[i] * weights[1] + c[i] * weights[2];
    }
}

#[inline(always)]
fn add_mix_body(out: &mut [f32], a: &[f32], b: &[f32], c: &[f32], weights: [f32; 3]) {
    let n = out.len();
    let (a, b, c) = (&a[..n], &b[..n], &c[..n]);
    for i in 0..n {
        out[i] += a[i] * weights[0] + b[i] * weights[1] + c[i] * weights[2];
    }
}

/// Rounds a value of 0..=65535 without a conversion instruction.
#[inline(always)]
fn small_code(value: f32) -> u32 {
    // 2^23: from here on the fraction is gone and the lowest bits are the integer.
    (value + 8_388_608.0).to_bits() & 0xffff
}

#[inline(always)]
fn changes_body(
    out: &mut [u16],
    v: &[f32],
    [left, right]: [&[f32]; 2],
    [above, below]: [&[f32]; 2],
    per_cell: f32,
) {
    let n = out.len();
    let (v, left, right, above, below) = (&v[..n], &left[..n], &right[..n], &above[..n], &below[..n]);
    let unit = 32.0 * per_cell;
    for i in 0..n {
        let change = |other: f32| ((other - v[i]).abs() * unit).at_most(64.0);
        let x = change(left[i]) + change(right[i]);
        let y = change(above[i]) + change(below[i]);
        out[i] = (small_code(x) + small_code(y)) as u16;
    }
}

#[inline(always)]
fn add_columns_body(sums: &mut [u16], enters: &[u16]) {
    for (s, &e) in sums.iter_mut().zip(enters) {
        *s = s.wrapping_add(e);
    }
}

#[inline(always)]
fn drop_columns_body(sums: &mut [u16], leaves: &[u16]) {
    for (s, &l) in sums.iter_mut().zip(leaves) {
        *s = s.wrapping_sub(l);
    }
}

#[inline(always)]
fn box_body(
    out: &mut [f32],
    columns: &[u16],
    count: usize,
    scale: &[f32],
    factor: f32,
    spare: &mut [Vec<u32>; 3],
) {
    // Sums of 1, 2, 4, … columns by doubling; those in the binary representation of `count` are added up.
    let n = out.len();
    let total = n + count - 1;
    let [run, next, sum] = spare;
    for buffer in [&mut *run, &mut *next] {
        buffer.resize(total, 0);
    }
    sum.clear();
    sum.resize(n, 0);
    for (r, &c) in run.iter_mut().zip(&columns[..total]) {
        *r = u32::from(c);
    }
    let (mut width, mut offset) = (1, 0);
    loop {
        if count & width != 0 {
            for (s, &r) in sum.iter_mut().zip(&run[offset..offset + n]) {
                *s += r;
            }
            offset += width;
        }
        if offset == count {
            break;
        }
        let valid = total + 1 - 2 * width;
        let (a, b) = (&run[..valid], &run[width..width + valid]);
        for ((n, &a), &b) in next[..valid].iter_mut().zip(a).zip(b) {
            *n = a + b;
        }
        std::mem::swap(run, next);
        width *= 2;
    }
    for ((o, &s), &k) in out.iter_mut().zip(sum.iter()).zip(scale) {
        *o = s.cast_signed() as f32 * (k * factor);
    }
}

#[inline(always)]
fn look_up_body(out: &mut [f32], a: &[f32], b: &[f32], raster: &[f32; 4096]) {
    for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
        let index =
            small_code(a.at_least(0.0).at_most(63.0)) * 64 + small_code(b.at_least(0.0).at_most(63.0));
        *o = raster[index as usize & 4095];
    }
}

#[inline(always)]
fn subtract_body(out: &mut [f32], a: &[f32], b: &[f32]) {
    for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *o = a - b;
    }
}

#[inline(always)]
fn pull_body(out: &mut [f32], above: &[f32], here: &[f32], below: &[f32], per_cell: f32) {
    let n = out.len();
    let (above, here, below) = (&above[..n + 2], &here[..n + 2], &below[..n + 2]);
    let slope = -2.0 * per_cell;
    for i in 0..n {
        let c = here[i + 1];
        let mut sum = 0.0;
        let mut weight = 1.0;
        for near in
            [above[i], above[i + 1], above[i + 2], here[i], here[i + 2], below[i], below[i + 1], below[i + 2]]
        {
            let d = near - c;
            let w = (4.0 + slope * d.abs()).at_least(0.0).at_most(1.0);
            sum += w * d;
            weight += w;
        }
        out[i] = sum / weight;
    }
}

#[inline(always)]
fn scale_body(out: &mut [f32], a: &[f32], zero: f32, factor: f32) {
    for (o, &a) in out.iter_mut().zip(a) {
        *o = (a - zero) * factor;
    }
}

#[inline(always)]
fn compose_body(out: &mut [f32], u: &[f32], v: &[f32], factor: &[f32], width: f32) {
    let n = out.len();
    let (u, v, factor) = (&u[..n], &v[..n], &factor[..n]);
    for i in 0..n {
        out[i] = ((u[i] - v[i]) * factor[i]).at_least(-0.5).at_most(0.5) * width;
    }
}

#[inline(always)]
fn compose_towards_body(out: &mut [f32], u: &[f32], v: &[f32], m: &[f32], factor: &[f32], width: f32) {
    let n = out.len();
    let (u, v, m, factor) = (&u[..n], &v[..n], &m[..n], &factor[..n]);
    for i in 0..n {
        out[i] = ((m[i] - v[i]) + factor[i].at_most(1.0) * (u[i] - m[i])).at_least(-0.5).at_most(0.5) * width;
    }
}

#[inline(always)]
fn strength_body(out: &mut [f32], a: &[f32], floor: f32) {
    for (o, &a) in out.iter_mut().zip(a) {
        *o = (a.abs() - floor).at_least(0.0);
    }
}

#[inline(always)]
fn five_along_body(out: &mut [f32], a: &[f32]) {
    let n = out.len();
    let a = &a[..n + 4];
    for i in 0..n {
        out[i] = a[i] + a[i + 1] + a[i + 2] + a[i + 3] + a[i + 4];
    }
}

#[inline(always)]
fn five_down_body(out: &mut [f32], rows: [&[f32]; 5], scale: f32) {
    let n = out.len();
    let [a, b, c, d, e] = rows.map(|row| &row[..n]);
    for i in 0..n {
        out[i] = (a[i] + b[i] + c[i] + d[i] + e[i]) * scale;
    }
}

#[inline(always)]
fn prefer_body(m: &mut [f32], v: &[f32], own: &[f32], least: f32, by_other: f32, raster: &[f32; 4096]) {
    let n = m.len();
    let (v, own) = (&v[..n], &own[..n]);
    for i in 0..n {
        let place = (v[i].abs() * 2.0).at_most(1.0) * 63.0;
        let width = least / (least + by_other * m[i] + own[i]) * 63.0;
        let index = small_code(place.at_least(0.0)) * 64 + small_code(width.at_least(0.0).at_most(63.0));
        let offset = raster[index as usize & 4095];
        m[i] = v[i] + if v[i] < 0.0 { -offset } else { offset };
    }
}

#[inline(always)]
fn sum_body(out: &mut [f32], a: &[f32], b: &[f32]) {
    for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *o = a + b;
    }
}

#[inline(always)]
fn weigh_body(out: &mut [f32], factor: &[f32], a: &[f32], ka: f32, b: &[f32], kb: f32) {
    let n = out.len();
    let (factor, a, b) = (&factor[..n], &a[..n], &b[..n]);
    for i in 0..n {
        out[i] = factor[i] * (ka * a[i] + kb * b[i]);
    }
}

#[inline(always)]
fn add_held_body(out: &mut [f32], a: &[f32], b: &[f32], half: f32, unit: f32) {
    let n = out.len();
    let (a, b) = (&a[..n], &b[..n]);
    for i in 0..n {
        out[i] += (a[i] + b[i]).at_least(-half).at_most(half) * unit;
    }
}

#[inline(always)]
fn add_scaled_body(out: &mut [f32], a: &[f32], unit: f32) {
    for (o, &a) in out.iter_mut().zip(a) {
        *o += a * unit;
    }
}

#[inline(always)]
fn fade_body(out: &mut [f32], busy: &[f32]) {
    for (o, &b) in out.iter_mut().zip(busy) {
        *o *= (2.0 - 2.0 * b).at_least(0.0).at_most(1.0);
    }
}

#[cfg(test)]
mod tests;
