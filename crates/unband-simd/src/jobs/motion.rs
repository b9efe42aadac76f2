//! Kernels of motion compensation: comparing blocks of two frames, moving blocks by fractions of a sample,
//! and adding moved frames to a weighted mean.
// Bodies must be inlined into each level's function, and must not branch, to be vectorised for it.
#![allow(clippy::inline_always, clippy::needless_range_loop)]

mod camera;
mod moved;

use crate::Bound;
use std::sync::LazyLock;

pub use self::camera::{CameraRow, CameraSums, camera_row};
pub use self::moved::moved_block;

use crate::fused::mul_add_by as mul_add;
use crate::{dispatch, dispatch_fused};

/// Side of a block, in samples.
pub const SIDE: usize = 8;
/// Taps of the interpolation filter.
pub const TAPS: usize = 8;
/// Rows and columns of samples that a moved block reads.
pub const PATCH: usize = SIDE + TAPS - 1;
/// Columns that are read at once: those of a [`PATCH`] and one more, whose value has no influence.
pub const PATCH_COLUMNS: usize = 16;

/// A block and its gradients, each without its mean: its comparison ignores offsets.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    values: [[f32; SIDE]; SIDE],
    across: [[f32; SIDE]; SIDE],
    down: [[f32; SIDE]; SIDE],
    /// Sums of the gradients' products: across², across·down, down².
    pub tensor: [f32; 3],
}

/// Differences of a block of another frame to a [`Template`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Residual {
    /// Sum of gradient across × difference.
    pub across: f32,
    /// Sum of gradient down × difference.
    pub down: f32,
    /// Sum of squared differences, without their mean.
    pub squares: f32,
}

/// A linear change of brightness: `moved ≈ own + gain · own + offset`, in units of the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Brightness {
    /// Relative change.
    pub gain: f32,
    /// Absolute change.
    pub offset: f32,
}

/// A row of blocks, to find their most probable motion.
#[derive(Clone, Copy, Debug)]
pub struct RegularisedRow<'a> {
    /// Of each block: its precision across², across·down and down², and this times its own motion.
    pub known: [&'a [f32]; 5],
    /// Motion across of the row above, of this one and of that below, with one block before and one after.
    pub across: [&'a [f32]; 3],
    /// The same, down.
    pub down: [&'a [f32]; 3],
    /// Precision with which a block's motion predicts that of its neighbours to the sides; as long as a row
    /// with its border.
    pub sides: &'a [f32],
    /// That of the row above.
    pub above: f32,
    /// That of the row below.
    pub below: f32,
    /// 1 / the squared difference at which a neighbour has half its precision.
    pub object: f32,
    /// Precision of the camera, and its motion across and down: that of the first block, and per block.
    pub camera: (f32, [(f32, f32); 2]),
    /// 1 / the squared difference at which the camera has a quarter of its precision.
    pub apart: f32,
}

dispatch! {
    /// The most probable motion of a row's blocks, given the one found before: across and down.
    pub fn regularise_row(level, across: &mut [f32], down: &mut [f32],
        row: &RegularisedRow<'_>) = regularise_body;

    /// `out` gets the means of 2×2 samples of two rows, times `scale`. The rows have at least twice its
    /// length.
    pub fn halved_words(level, out: &mut [f32], a: &[u16], b: &[u16], scale: f32) = halved_words_body;

    /// The block at row 1, column 1 of `from`, which has ten rows of at least ten samples.
    pub fn template(level, from: &[f32], stride: usize) -> Template = template_body;

    /// Adds to `sum` the differences of a moved row to the frame's own one, weighted, and to `weight` the
    /// weights: the share of each sample, reduced by its difference, and 0 from a difference of `1 / scale`
    /// on. Equal lengths.
    pub fn add_moved(
        level,
        sum: &mut [f32],
        weight: &mut [f32],
        shares: &[f32],
        own: &[u16],
        moved: &[i16],
        change: Brightness,
        scale: f32,
    ) = add_body;
}

dispatch_fused! {
    /// As [`moved_block`], for a motion of whole samples: `other` has as many rows as `own`.
    pub fn differing_block(
        level,
        out: (&mut [i16], usize),
        other: (&[u16], usize),
        own: (&[u16], usize),
    ) -> [f32; 4] = differing_body;

    /// Compares a block with the one at row `fraction.1`, column `fraction.0` of `other`, by linear
    /// interpolation. `other` has nine rows of at least nine samples.
    pub fn residual(level, block: &Template, other: &[f32], stride: usize, fraction: (f32, f32)) -> Residual
        = residual_body;
}

/// Weights of the samples around a position, from three before it to four after. `fraction`: 0 to 1.
///
/// The middle eight weights of polynomial interpolation of the eleventh degree (Lagrange), with a sum of 1
/// and exact on lines: up to half the highest frequency the error is below 0.6 %, without a window's sine.
/// Between the fractions of a table they are interpolated, which keeps both properties.
pub fn taps(fraction: f32) -> [f32; TAPS] {
    const STEPS: usize = 128;
    static TABLE: LazyLock<Vec<[f32; TAPS]>> =
        LazyLock::new(|| (0..=STEPS).map(|i| exact_taps(i as f32 / STEPS as f32)).collect());
    let place = fraction.clamp(0.0, 1.0) * STEPS as f32;
    let i = (place as usize).min(STEPS - 1);
    let (low, high, part) = (&TABLE[i], &TABLE[i + 1], place - i as f32);
    std::array::from_fn(|k| low[k] + part * (high[k] - low[k]))
}

fn exact_taps(fraction: f32) -> [f32; TAPS] {
    const ALL: usize = 12;
    let apart: [f32; ALL] = std::array::from_fn(|i| fraction + (ALL / 2 - 1) as f32 - i as f32);
    // Binomial coefficients of the eleventh row with alternating signs.
    let scale = [-55.0, 165.0, -330.0, 462.0, -462.0, 330.0, -165.0, 55.0];
    let others = |i: usize| (0..ALL).filter(|&j| j != i).map(|j| apart[j]).product::<f32>();
    let mut taps: [f32; TAPS] = std::array::from_fn(|i| scale[i] * others(i + 2));
    let sum: f32 = taps.iter().sum();
    for tap in &mut taps {
        *tap /= sum;
    }
    // On a line the mean position must be the fraction.
    let off: f32 = taps.iter().zip(&apart[2..]).map(|(tap, apart)| -tap * apart).sum();
    taps[TAPS / 2 - 1] += off;
    taps[TAPS / 2] -= off;
    taps
}

#[inline(always)]
fn halved_words_body(out: &mut [f32], a: &[u16], b: &[u16], scale: f32) {
    let n = out.len();
    let (a, b) = (&a[..2 * n], &b[..2 * n]);
    for i in 0..n {
        let sum =
            u32::from(a[2 * i]) + u32::from(a[2 * i + 1]) + u32::from(b[2 * i]) + u32::from(b[2 * i + 1]);
        out[i] = sum.cast_signed() as f32 * (0.25 * scale);
    }
}

/// The sum of all lanes, in a fixed order.
#[inline(always)]
fn sum(lanes: &[f32; SIDE]) -> f32 {
    let [a, b, c, d, e, f, g, h] = *lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Removes the mean of a block.
#[inline(always)]
fn centre(block: &mut [[f32; SIDE]; SIDE]) {
    let mut lanes = [0.0f32; SIDE];
    for row in block.iter() {
        for i in 0..SIDE {
            lanes[i] += row[i];
        }
    }
    let mean = sum(&lanes) * (1.0 / (SIDE * SIDE) as f32);
    for row in block {
        for i in 0..SIDE {
            row[i] -= mean;
        }
    }
}

#[inline(always)]
fn template_body(from: &[f32], stride: usize) -> Template {
    let zero = [[0.0f32; SIDE]; SIDE];
    let mut block = Template { values: zero, across: zero, down: zero, tensor: [0.0; 3] };
    for y in 0..SIDE {
        let above = &from[y * stride..][..SIDE + 2];
        let row = &from[(y + 1) * stride..][..SIDE + 2];
        let below = &from[(y + 2) * stride..][..SIDE + 2];
        for i in 0..SIDE {
            block.values[y][i] = row[i + 1];
            block.across[y][i] = 0.5 * (row[i + 2] - row[i]);
            block.down[y][i] = 0.5 * (below[i + 1] - above[i + 1]);
        }
    }
    centre(&mut block.values);
    centre(&mut block.across);
    centre(&mut block.down);
    let mut lanes = [[0.0f32; SIDE]; 3];
    for y in 0..SIDE {
        for i in 0..SIDE {
            let (a, d) = (block.across[y][i], block.down[y][i]);
            lanes[0][i] += a * a;
            lanes[1][i] += a * d;
            lanes[2][i] += d * d;
        }
    }
    block.tensor = [sum(&lanes[0]), sum(&lanes[1]), sum(&lanes[2])];
    block
}

#[inline(always)]
fn residual_body<const FUSED: bool>(
    block: &Template,
    other: &[f32],
    stride: usize,
    (fx, fy): (f32, f32),
) -> Residual {
    let zero = [0.0f32; SIDE];
    let (mut all, mut squares, mut across, mut down) = (zero, zero, zero, zero);
    for y in 0..SIDE {
        let above = &other[y * stride..][..=SIDE];
        let below = &other[(y + 1) * stride..][..=SIDE];
        let (values, gx, gy) = (&block.values[y], &block.across[y], &block.down[y]);
        for i in 0..SIDE {
            let top = mul_add::<FUSED>(fx, above[i + 1] - above[i], above[i]);
            let bottom = mul_add::<FUSED>(fx, below[i + 1] - below[i], below[i]);
            let apart = mul_add::<FUSED>(fy, bottom - top, top - values[i]);
            all[i] += apart;
            squares[i] = mul_add::<FUSED>(apart, apart, squares[i]);
            across[i] = mul_add::<FUSED>(gx[i], apart, across[i]);
            down[i] = mul_add::<FUSED>(gy[i], apart, down[i]);
        }
    }
    let all = sum(&all);
    let squares = (sum(&squares) - all * all * (1.0 / (SIDE * SIDE) as f32)).at_least(0.0);
    Residual { across: sum(&across), down: sum(&down), squares }
}

#[inline(always)]
fn differing_body<const FUSED: bool>(
    (out, out_stride): (&mut [i16], usize),
    (other, other_stride): (&[u16], usize),
    (own, own_stride): (&[u16], usize),
) -> [f32; 4] {
    let zero = [0.0f32; SIDE];
    let (mut all, mut squares, mut own_all, mut together) = (zero, zero, zero, zero);
    for y in 0..SIDE {
        let (other, own) = (&other[y * other_stride..][..SIDE], &own[y * own_stride..][..SIDE]);
        let (mut words, mut apart, mut here) = ([0i16; SIDE], zero, zero);
        for i in 0..SIDE {
            let difference = (i32::from(other[i]) - i32::from(own[i])).clamp(-32767, 32767);
            words[i] = difference as i16;
            apart[i] = difference as f32;
            here[i] = f32::from(own[i]);
        }
        for i in 0..SIDE {
            all[i] += apart[i];
            squares[i] = mul_add::<FUSED>(apart[i], apart[i], squares[i]);
            own_all[i] += here[i];
            together[i] = mul_add::<FUSED>(apart[i], here[i], together[i]);
        }
        out[y * out_stride..][..SIDE].copy_from_slice(&words);
    }
    [sum(&all), sum(&squares), sum(&own_all), sum(&together)]
}

#[inline(always)]
fn regularise_body(to_across: &mut [f32], to_down: &mut [f32], row: &RegularisedRow<'_>) {
    /// Precision of the motion found before.
    const BEFORE: f32 = 1e-3;
    let n = to_across.len();
    let to_down = &mut to_down[..n];
    let [xx, xy, yy, known_x, known_y] = row.known.map(|known| &known[..n]);
    let [left, middle, right] = [0, 1, 2].map(|i| i..i + n);
    let near = [
        (&row.across[1][left.clone()], &row.down[1][left.clone()], &row.sides[left]),
        (&row.across[1][right.clone()], &row.down[1][right.clone()], &row.sides[right]),
    ];
    let over = (&row.across[0][middle.clone()], &row.down[0][middle.clone()], row.above);
    let under = (&row.across[2][middle.clone()], &row.down[2][middle.clone()], row.below);
    let (here_x, here_y) = (&row.across[1][middle.clone()], &row.down[1][middle]);
    let (weight, [across, down]) = row.camera;
    for i in 0..n {
        let (hx, hy) = (here_x[i], here_y[i]);
        let (mut a, mut c) = (xx[i] + BEFORE, yy[i] + BEFORE);
        let (mut x, mut y) = (known_x[i] + BEFORE * hx, known_y[i] + BEFORE * hy);
        let others = [
            (near[0].0[i], near[0].1[i], near[0].2[i]),
            (near[1].0[i], near[1].1[i], near[1].2[i]),
            (over.0[i], over.1[i], over.2),
            (under.0[i], under.1[i], under.2),
        ];
        for (ox, oy, precision) in others {
            let (dx, dy) = (ox - hx, oy - hy);
            let precision = precision / (1.0 + (dx * dx + dy * dy) * row.object);
            a += precision;
            c += precision;
            x += precision * ox;
            y += precision * oy;
        }
        let place = i.cast_signed() as f32;
        let (ox, oy) = (across.0 + place * across.1, down.0 + place * down.1);
        let (dx, dy) = (ox - hx, oy - hy);
        let apart = 1.0 + (dx * dx + dy * dy) * row.apart;
        let precision = weight / (apart * apart);
        a += precision;
        c += precision;
        x += precision * ox;
        y += precision * oy;
        let determinant = a * c - xy[i] * xy[i];
        to_across[i] = (c * x - xy[i] * y) / determinant;
        to_down[i] = (a * y - xy[i] * x) / determinant;
    }
}

#[inline(always)]
fn add_body(
    sum: &mut [f32],
    weight: &mut [f32],
    shares: &[f32],
    own: &[u16],
    moved: &[i16],
    change: Brightness,
    scale: f32,
) {
    let n = sum.len();
    let (weight, shares, own, moved) = (&mut weight[..n], &shares[..n], &own[..n], &moved[..n]);
    let Brightness { gain, offset } = change;
    for i in 0..n {
        let apart = f32::from(moved[i]) - (gain * f32::from(own[i]) + offset);
        let far = apart * scale;
        let share = shares[i] * (1.0 - far * far).at_least(0.0);
        sum[i] += share * apart;
        weight[i] += share;
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // exact for whole samples
mod tests;
