//! Kernels of motion compensation: comparing blocks of two frames, moving blocks by fractions of a sample,
//! and adding moved frames to a weighted mean.
// Bodies must be inlined into each level's function, and must not branch, to be vectorised for it.
#![allow(clippy::inline_always, clippy::needless_range_loop)]

use crate::dispatch;

/// Side of a block, in samples.
pub const SIDE: usize = 8;
/// Taps of the interpolation filter.
pub const TAPS: usize = 6;
/// Rows and columns of samples that a moved block reads.
pub const PATCH: usize = SIDE + TAPS - 1;
/// Distance between the rows of such samples.
pub const PATCH_STRIDE: usize = 16;

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

    /// `out` gets the difference between a moved block and a frame's own one, clamped to `i16`. Returns the
    /// sums of the differences and of their squares.
    pub fn moved_block(
        level,
        out: &mut [[i16; SIDE]; SIDE],
        patch: &[[u16; PATCH_STRIDE]; PATCH],
        own: &[[u16; SIDE]; SIDE],
        across: &[f32; TAPS],
        down: &[f32; TAPS],
    ) -> [f32; 2] = moved_body;

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

/// Weights of the samples around a position, from two before it to three after: polynomial interpolation of
/// the fifth degree (Lagrange). `fraction`: 0 to 1.
pub fn taps(fraction: f32) -> [f32; TAPS] {
    let t = fraction;
    let [a, b, c, d, e] = [t + 2.0, t + 1.0, t - 1.0, t - 2.0, t - 3.0];
    [
        b * t * c * d * e / -120.0,
        a * t * c * d * e / 24.0,
        a * b * c * d * e / -12.0,
        a * b * t * d * e / 12.0,
        a * b * t * c * e / -24.0,
        a * b * t * c * d / 120.0,
    ]
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
    out: &mut [[i16; SIDE]; SIDE],
    patch: &[[u16; PATCH_STRIDE]; PATCH],
    own: &[[u16; SIDE]; SIDE],
    across: &[f32; TAPS],
    down: &[f32; TAPS],
) -> [f32; 2] {
    let mut rows = [[0.0f32; SIDE]; PATCH];
    for y in 0..PATCH {
        for k in 0..TAPS {
            for i in 0..SIDE {
                rows[y][i] += across[k] * f32::from(patch[y][i + k]);
            }
        }
    }
    let (mut all, mut squares) = ([0.0f32; SIDE], [0.0f32; SIDE]);
    for y in 0..SIDE {
        let mut moved = [0.0f32; SIDE];
        for k in 0..TAPS {
            for i in 0..SIDE {
                moved[i] += down[k] * rows[y + k][i];
            }
        }
        for i in 0..SIDE {
            let apart = (moved[i] - f32::from(own[y][i])).clamp(-32767.0, 32767.0);
            all[i] += apart;
            squares[i] += apart * apart;
            // Rounded by truncation of a positive number: vectorised, unlike `round`.
            out[y][i] = ((apart + 32768.5) as i32 - 32768) as i16;
        }
    }
    [sum(&all), sum(&squares)]
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
mod tests {
    use super::*;
    use crate::Level;
    use crate::test_numbers::{random, scaled};

    fn words(n: usize, seed: u32) -> Vec<u16> {
        random(n, seed).iter().map(|v| (32767.0 * (1.0 + v)) as u16).collect()
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        let plane = scaled(40 * 12, 3, 90.0);
        let other = random(40 * 12, 5);
        let w = words(2048, 7);
        let patch: [[u16; PATCH_STRIDE]; PATCH] =
            std::array::from_fn(|y| std::array::from_fn(|x| w[y * 31 + x]));
        let near: [[u16; SIDE]; SIDE] =
            std::array::from_fn(|y| std::array::from_fn(|x| patch[y + 2][x + 2] / 2 + w[900 + x] / 3));
        let moved: Vec<i16> = w.iter().map(|v| (i32::from(v % 900) - 450) as i16).collect();
        let shares: Vec<f32> = random(2048, 9).iter().map(|v| v.abs()).collect();
        let run = |level| {
            let mut half = vec![0.0; 300];
            halved_words(level, &mut half, &w[..600], &w[600..1200], 0.01);
            let block = template(level, &plane[3..], 40);
            let found = residual(level, &block, &other[5..], 40, (0.3, 0.8));
            let mut out = [[0; SIDE]; SIDE];
            let sums = moved_block(level, &mut out, &patch, &near, &taps(0.4), &taps(0.9));
            let (mut sum, mut weight) = (shares.clone(), vec![1.0; 2048]);
            let change = Brightness { gain: 0.003, offset: -20.0 };
            add_moved(level, &mut sum, &mut weight, &shares, &w, &moved, change, 0.004);
            (half, block, found, (out, sums), sum, weight)
        };
        let scalar = run(Level::Scalar);
        for level in Level::all() {
            assert_eq!(run(level), scalar, "{level:?}");
        }
    }

    #[test]
    fn taps_pass_through_samples_and_polynomials() {
        assert_eq!(taps(0.0), [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        for t in [0.0, 0.25, 0.5, 0.9] {
            let curve = |x: f32| 1.0 + x - 0.5 * x * x + 0.1 * x * x * x;
            let found: f32 = taps(t).iter().zip(-2i8..).map(|(tap, x)| tap * curve(f32::from(x))).sum();
            assert!((found - curve(t)).abs() < 1e-5, "{found} at {t}");
        }
    }

    #[test]
    fn a_shifted_block_has_no_residual_there_and_a_gradient_elsewhere() {
        let value = |x: f32, y: f32| 20.0 + 3.0 * x + 0.5 * y * y;
        let plane: Vec<f32> = (0..160).map(|i| value((i % 16) as f32, (i / 16) as f32)).collect();
        // Shifted by a third of a sample, and brighter.
        let other: Vec<f32> = (0..160).map(|i| 7.0 + value((i % 16) as f32, (i / 16) as f32)).collect();
        let block = template(Level::best(), &plane, 16);
        let same = residual(Level::best(), &block, &other[17..], 16, (0.0, 0.0));
        assert!(same.squares < 1e-3, "{same:?}");
        let off = residual(Level::best(), &block, &other[17..], 16, (0.0, 0.5));
        assert!(off.squares > 1.0 && off.down > 1.0 && off.across.abs() < 1e-2, "{off:?}");
    }

    #[test]
    fn a_moved_block_is_the_other_frame_at_that_place() {
        let value = |x: f32, y: f32| 9000.0 + 300.0 * x - 200.0 * y;
        let at = |x: usize, y: usize, dx: f32, dy: f32| value(x as f32 + dx, y as f32 + dy);
        let patch = std::array::from_fn(|y| std::array::from_fn(|x| at(x, y, -2.0, -2.0) as u16));
        let own = std::array::from_fn(|y| std::array::from_fn(|x| (at(x, y, 0.25, 0.5) + 5.0) as u16));
        let mut out = [[0; SIDE]; SIDE];
        let [sum, squares] = moved_block(Level::best(), &mut out, &patch, &own, &taps(0.25), &taps(0.5));
        assert!(out.iter().flatten().all(|&apart| apart == -5), "{out:?}");
        assert!((sum + 5.0 * 64.0).abs() < 1.0 && (squares - 25.0 * 64.0).abs() < 10.0, "{sum} {squares}");
    }
}
