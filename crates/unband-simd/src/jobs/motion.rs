//! Kernels of motion compensation: comparing blocks of two frames, moving blocks by fractions of a sample,
//! and adding moved frames to a weighted mean.
// Bodies must be inlined into each level's function, and must not branch, to be vectorised for it.
#![allow(clippy::inline_always, clippy::needless_range_loop)]

use std::sync::LazyLock;

use crate::dispatch;
use crate::image::quantize::whole_within;

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

dispatch! {
    /// `out` gets the means of 2×2 samples of two rows, times `scale`. The rows have at least twice its
    /// length.
    pub fn halved_words(level, out: &mut [f32], a: &[u16], b: &[u16], scale: f32) = halved_words_body;

    /// The block at row 1, column 1 of `from`, which has ten rows of at least ten samples.
    pub fn template(level, from: &[f32], stride: usize) -> Template = template_body;

    /// Compares a block with the one at row `fraction.1`, column `fraction.0` of `other`, by linear
    /// interpolation. `other` has nine rows of at least nine samples.
    pub fn residual(level, block: &Template, other: &[f32], stride: usize, fraction: (f32, f32)) -> Residual
        = residual_body;

    /// `out` gets the difference between a moved block and a frame's own one, clamped to `i16`. `patch` has
    /// [`PATCH`] rows of at least [`PATCH_COLUMNS`] samples, `own` and `out` have [`SIDE`] rows of at least
    /// [`SIDE`]; each with the distance between its rows. Returns the sums of the differences, of their
    /// squares, and of the own samples.
    pub fn moved_block(
        level,
        out: (&mut [i16], usize),
        patch: (&[u16], usize),
        own: (&[u16], usize),
        across: &[f32; TAPS],
        down: &[f32; TAPS],
    ) -> [f32; 3] = moved_body;

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
fn residual_body(block: &Template, other: &[f32], stride: usize, (fx, fy): (f32, f32)) -> Residual {
    let zero = [0.0f32; SIDE];
    let (mut all, mut squares, mut across, mut down) = (zero, zero, zero, zero);
    for y in 0..SIDE {
        let above = &other[y * stride..][..=SIDE];
        let below = &other[(y + 1) * stride..][..=SIDE];
        let (values, gx, gy) = (&block.values[y], &block.across[y], &block.down[y]);
        for i in 0..SIDE {
            let top = above[i] + fx * (above[i + 1] - above[i]);
            let bottom = below[i] + fx * (below[i + 1] - below[i]);
            let apart = top + fy * (bottom - top) - values[i];
            all[i] += apart;
            squares[i] += apart * apart;
            across[i] += gx[i] * apart;
            down[i] += gy[i] * apart;
        }
    }
    let all = sum(&all);
    let squares = (sum(&squares) - all * all * (1.0 / (SIDE * SIDE) as f32)).max(0.0);
    Residual { across: sum(&across), down: sum(&down), squares }
}

#[inline(always)]
fn moved_body(
    (out, out_stride): (&mut [i16], usize),
    (patch, patch_stride): (&[u16], usize),
    (own, own_stride): (&[u16], usize),
    across: &[f32; TAPS],
    down: &[f32; TAPS],
) -> [f32; 3] {
    let mut samples = [[0.0f32; PATCH_COLUMNS]; PATCH];
    for y in 0..PATCH {
        let row = &patch[y * patch_stride..][..PATCH_COLUMNS];
        for i in 0..PATCH_COLUMNS {
            samples[y][i] = f32::from(row[i]);
        }
    }
    let zero = [0.0f32; SIDE];
    let (mut all, mut squares, mut own_all) = (zero, zero, zero);
    for y in 0..SIDE {
        let mut row = [0.0f32; PATCH_COLUMNS];
        for k in 0..TAPS {
            for i in 0..PATCH_COLUMNS {
                row[i] += down[k] * samples[y + k][i];
            }
        }
        let mut moved = zero;
        for k in 0..TAPS {
            for i in 0..SIDE {
                moved[i] += across[k] * row[i + k];
            }
        }
        // Arrays in short loops: references into the planes would be taken sample by sample.
        let (mut here, mut apart, mut words) = (zero, zero, [0i16; SIDE]);
        let row = &own[y * own_stride..][..SIDE];
        for i in 0..SIDE {
            here[i] = f32::from(row[i]);
        }
        for i in 0..SIDE {
            apart[i] = (moved[i] - here[i]).clamp(-32767.0, 32767.0);
            // Rounded by truncation of a positive number: vectorised, unlike `round`.
            words[i] = (whole_within(apart[i] + 32768.5, 1.0, 65535.5) - 32768) as i16;
        }
        for i in 0..SIDE {
            all[i] += apart[i];
            squares[i] += apart[i] * apart[i];
            own_all[i] += here[i];
        }
        out[y * out_stride..][..SIDE].copy_from_slice(&words);
    }
    [sum(&all), sum(&squares), sum(&own_all)]
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
        let share = shares[i] * (1.0 - far * far).max(0.0);
        sum[i] += share * apart;
        weight[i] += share;
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // exact for whole samples
mod tests;
