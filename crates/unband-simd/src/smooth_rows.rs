//! Row kernels of the `smooth` filter. All values are in cell units: neighbouring levels of the plane's grid
//! lie 1 apart, a sample's cell reaches 0.5 to each side.
//!
//! Rows that are marked *padded* have one extra element at each end, so that a neighbour can be read without
//! a test; the link weights there are 0.

use crate::dispatch;

dispatch! {
    /// Mean of each 2×2 block of two rows; an odd last column counts twice. `out` has `ceil(n/2)` values.
    pub fn halve_row(level, out: &mut [f32], top: &[f32], bottom: &[f32]) = halve_body;

    /// Bilinear ×2 along a row, block centres aligned, of the blend `0.75 near + 0.25 far` of two coarse
    /// rows. Both are padded: fine samples `2i` and `2i + 1` belong to coarse sample `i`, held at `i + 1`.
    pub fn double_row(level, out: &mut [f32], near: &[f32], far: &[f32]) = double_body;

    /// Where the sweeps of a level start: the coarser surface where it lies inside the cell, less and less of
    /// it outside, nothing beyond 0.65.
    pub fn start_row(level, u: &mut [f32], v: &[f32]) = start_body;

    /// As [`start_row`], falling back to `m` instead of the middle of the cell.
    pub fn start_row_towards(level, u: &mut [f32], v: &[f32], m: &[f32]) = start_towards_body;

    /// Links to the right neighbours, `w[i]` between sample `i` and `i + 1`: 1 up to 1.1 cells apart, 0 from
    /// 1.6 on. `v` has one value more than `w`.
    pub fn links_row(level, w: &mut [f32], v: &[f32]) = links_body;

    /// Links between two rows.
    pub fn links_between(level, w: &mut [f32], a: &[f32], b: &[f32]) = links_between_body;

    /// `1 / (1 + sum of the four links)`; `wx` is padded at its start: `wx[i]` left of sample `i`.
    pub fn inverse_norm(level, out: &mut [f32], wx: &[f32], above: &[f32], below: &[f32]) = inverse_norm_body;

    /// One Jacobi sweep over a row: the weighted mean of a sample and its neighbours, drawn to the cell's
    /// middle by `lambda`, kept inside the cell. `u`, `above`, `below` are padded; `wx[i]` is the link left
    /// of sample `i`.
    pub fn sweep_row(
        level, out: &mut [f32], v: &[f32], u: &[f32], above: &[f32], below: &[f32],
        wx: &[f32], w_above: &[f32], w_below: &[f32], inverse: &[f32], keep: f32,
    ) = sweep_body;

    /// As [`sweep_row`], drawn towards `m` instead of the middle.
    pub fn sweep_row_towards(
        level, out: &mut [f32], v: &[f32], m: &[f32], u: &[f32], above: &[f32], below: &[f32],
        wx: &[f32], w_above: &[f32], w_below: &[f32], inverse: &[f32], keep: f32,
    ) = sweep_towards_body;

    /// Weighted sum of three rows.
    pub fn mix_row(level, out: &mut [f32], a: &[f32], b: &[f32], c: &[f32], weights: [f32; 3]) = mix_body;

    /// Adds a weighted sum of three rows.
    pub fn add_mix_row(level, out: &mut [f32], a: &[f32], b: &[f32], c: &[f32], weights: [f32; 3]) = add_mix_body;

    /// Level changes of a row, in 1/64 cells: forward differences across and down, each clipped at 2 cells,
    /// added. `right` is the row shifted by one sample, `below` the next row.
    pub fn changes_row(level, out: &mut [u16], v: &[f32], right: &[f32], below: &[f32]) = changes_body;

    /// Adds a row and takes another away: the running sum of a box's columns.
    pub fn slide_columns(level, sums: &mut [u32], enters: &[u16], leaves: &[u16]) = slide_body;

    /// Adds a row to the running sum of a box's columns.
    pub fn add_columns(level, sums: &mut [u32], enters: &[u16]) = add_columns_body;

    /// Takes a row from the running sum of a box's columns.
    pub fn drop_columns(level, sums: &mut [u32], leaves: &[u16]) = drop_columns_body;
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
        let fade = ((0.65 - d.abs()) * (1.0 / 0.15)).max(0.0).min(1.0);
        *u = v + d.max(-0.5).min(0.5) * fade;
    }
}

#[inline(always)]
fn start_towards_body(u: &mut [f32], v: &[f32], m: &[f32]) {
    for ((u, &v), &m) in u.iter_mut().zip(v).zip(m) {
        let d = *u - v;
        let fade = ((0.65 - d.abs()) * (1.0 / 0.15)).max(0.0).min(1.0);
        *u = m + (v + d.max(-0.5).min(0.5) * fade - m) * fade;
    }
}

#[inline(always)]
fn link(a: f32, b: f32) -> f32 {
    (3.2 - 2.0 * (a - b).abs()).max(0.0).min(1.0)
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
        let sum = here[i] + wr[i] * right[i] + wl[i] * left[i] + w_below[i] * below[i] + w_above[i] * above[i];
        let d = (sum * inverse[i] - v[i]) * keep;
        out[i] = v[i] + d.max(-0.5).min(0.5);
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
        let sum = here[i] + wr[i] * right[i] + wl[i] * left[i] + w_below[i] * below[i] + w_above[i] * above[i];
        let d = (sum * inverse[i] - v[i]) * keep + (m[i] - v[i]) * (1.0 - keep);
        out[i] = v[i] + d.max(-0.5).min(0.5);
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

#[inline(always)]
fn changes_body(out: &mut [u16], v: &[f32], right: &[f32], below: &[f32]) {
    let n = out.len();
    let (v, right, below) = (&v[..n], &right[..n], &below[..n]);
    for i in 0..n {
        // Clipped before the conversion: at most 128 + 128, so a 32-bit integer holds it.
        let x = ((right[i] - v[i]).abs() * 64.0).min(128.0);
        let y = ((below[i] - v[i]).abs() * 64.0).min(128.0);
        out[i] = (x + 0.5) as i32 as u16 + (y + 0.5) as i32 as u16;
    }
}

#[inline(always)]
fn slide_body(sums: &mut [u32], enters: &[u16], leaves: &[u16]) {
    for ((s, &e), &l) in sums.iter_mut().zip(enters).zip(leaves) {
        *s = s.wrapping_add(u32::from(e)).wrapping_sub(u32::from(l));
    }
}

#[inline(always)]
fn add_columns_body(sums: &mut [u32], enters: &[u16]) {
    for (s, &e) in sums.iter_mut().zip(enters) {
        *s = s.wrapping_add(u32::from(e));
    }
}

#[inline(always)]
fn drop_columns_body(sums: &mut [u32], leaves: &[u16]) {
    for (s, &l) in sums.iter_mut().zip(leaves) {
        *s = s.wrapping_sub(u32::from(l));
    }
}
