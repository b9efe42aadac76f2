//! Gradient directions, and the areas where they are steady.

use super::{Around, Code};
use crate::{Level, dispatch};

/// Half-size of the gradient operator, across and down.
pub const ANGLE_REACH: usize = 20;

/// Gradient directions of a row, as a fraction of half a turn, from a Sobel operator widened to
/// [`ANGLE_REACH`]; 1 where there is hardly any gradient across. `rows` are the rows at that distance above,
/// here and below, clipped to the plane as the columns are. `shift` scales samples up to 16 bits.
///
/// # Panics
/// When rows differ in length.
pub fn angle_row<T: Code>(level: Level, out: &mut [f32], rows: [&[T]; 3], shift: u32) {
    T::angles(level, out, rows, shift);
}

dispatch! {
    /// 8-bit samples.
    pub(super) fn row_u8(level, out: &mut [f32], rows: [&[u8]; 3], shift: u32) = row::<u8>;
    /// 16-bit samples.
    pub(super) fn row_u16(level, out: &mut [f32], rows: [&[u16]; 3], shift: u32) = row::<u16>;
}

#[inline(always)]
fn row<T: Code>(out: &mut [f32], rows: [&[T]; 3], shift: u32) {
    let n = out.len();
    let rows = rows.map(|row| &row[..n]);
    let shift = shift & 15;
    let one = |left, here, right| angle(left, here, right, shift);
    let at = |x: usize| rows.map(|row| Into::<u32>::into(row[x]) as i32);
    let edge = |x: usize| one(at(x.saturating_sub(ANGLE_REACH)), at(x), at((x + ANGLE_REACH).min(n - 1)));
    if n <= 2 * ANGLE_REACH {
        out.iter_mut().enumerate().for_each(|(x, out)| *out = edge(x));
        return;
    }
    for x in (0..ANGLE_REACH).chain(n - ANGLE_REACH..n) {
        out[x] = edge(x);
    }
    let middle = n - 2 * ANGLE_REACH;
    let parts = |by: usize| rows.map(|row| &row[by..by + middle]);
    let ([a, b, c], [d, _, f], [g, h, i]) = (parts(0), parts(ANGLE_REACH), parts(2 * ANGLE_REACH));
    let out = &mut out[ANGLE_REACH..][..middle];
    for x in 0..middle {
        let at = |row: &[T]| Into::<u32>::into(row[x]) as i32;
        let (left, right) = ([at(a), at(b), at(c)], [at(g), at(h), at(i)]);
        out[x] = one(left, [at(d), 0, at(f)], right);
    }
}

/// The direction at a sample from the three columns around it.
#[inline(always)]
fn angle(left: [i32; 3], here: [i32; 3], right: [i32; 3], shift: u32) -> f32 {
    let gx = (right[0] + 2 * right[1] + right[2]) - (left[0] + 2 * left[1] + left[2]);
    let gy = (left[0] + 2 * here[0] + right[0]) - (left[2] + 2 * here[2] + right[2]);
    let (gx, gy) = ((gx << shift) as f32, (gy << shift) as f32);
    let angle = arctangent(gy / gx) / std::f32::consts::PI + 0.5;
    // A hundredth of three codes.
    let least = 0.01f32 * ((1u32 << shift) as f32 * 3.0);
    if gx.abs() < least { 1.0 } else { angle }
}

/// Marks with 255 the samples of a row whose direction differs by at most `most` from that of the samples at
/// `(0, ±down)` and `(±across, 0)`; others get 0.
///
/// # Panics
/// When slices differ in length, or a direction looked up does not exist.
pub fn even_row(even: &mut [u8], around: &Around<'_, f32>, across: &[i8], down: &[i8], most: f32) {
    assert!(across.len() == even.len() && down.len() == even.len(), "as many distances as samples");
    for (i, (even, (&across, &down))) in even.iter_mut().zip(across.iter().zip(down)).enumerate() {
        let place = around.start + i;
        let own = around.samples[place];
        let apart = |by: isize| {
            let pair = [place as isize + by, place as isize - by];
            pair.map(|at| (around.samples[at as usize] - own).abs())
        };
        let ([a, b], [c, d]) =
            (apart(isize::from(down) * around.stride as isize), apart(isize::from(across)));
        *even = if a.max(b).max(c).max(d) <= most { 255 } else { 0 };
    }
}

/// `atanf`, with the rounding of the C libraries derived from fdlibm (glibc up to 2.40, musl, the BSDs).
///
/// Source of the constants and of the order of operations: fdlibm, `s_atanf.c`; its notice is in `NOTICE.txt`
/// of this crate.
#[inline(always)]
pub(super) fn arctangent(value: f32) -> f32 {
    let x = value.abs();
    // The nearest of 0, ½, 1, 1½ and infinity as base point.
    let (low, half, one, three_halves) = (x < 0.4375, x < 0.6875, x < 1.1875, x < 2.4375);
    // All are computed, to avoid branches.
    let pick = |values: [f32; 5]| {
        let value = if three_halves { values[3] } else { values[4] };
        let value = if one { values[2] } else { value };
        let value = if half { values[1] } else { value };
        if low { values[0] } else { value }
    };
    let top = pick([x, 2.0 * x - 1.0, x - 1.0, x - 1.5, -1.0]);
    let bottom = pick([1.0, 2.0 + x, x + 1.0, 1.0 + 1.5 * x, x]);
    let r = top / bottom;
    let z = r * r;
    let w = z * z;
    let odd = z * (P[0] + w * (P[2] + w * (P[4] + w * (P[6] + w * (P[8] + w * P[10])))));
    let even = w * (P[1] + w * (P[3] + w * (P[5] + w * (P[7] + w * P[9]))));
    let rest = r * (odd + even);
    let bits = f32::from_bits;
    let high = pick([0.0, bits(0x3eed_6338), bits(0x3f49_0fda), bits(0x3f7b_985e), bits(0x3fc9_0fda)]);
    let tail = pick([0.0, bits(0x31ac_3769), bits(0x3322_2168), bits(0x3314_0fb4), bits(0x33a2_2168)]);
    let angle = if low { r - rest } else { high - ((rest - tail) - r) };
    angle.copysign(value)
}

/// Coefficients of the arctangent series.
const P: [f32; 11] = [
    f32::from_bits(0x3eaa_aaab),
    f32::from_bits(0xbe4c_cccd),
    f32::from_bits(0x3e12_4925),
    f32::from_bits(0xbde3_8e38),
    f32::from_bits(0x3dba_2e6e),
    f32::from_bits(0xbd9d_8795),
    f32::from_bits(0x3d88_6b35),
    f32::from_bits(0xbd6e_f16b),
    f32::from_bits(0x3d4b_da59),
    f32::from_bits(0xbd15_a221),
    f32::from_bits(0x3c85_69d7),
];
