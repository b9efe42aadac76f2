//! Row kernels of ffmpeg's `gradfun`: sliding box sums, their means, and the blend.
//!
//! The box consists of blocks of 2×2 samples. Its sums slide down one pair of rows at a time (`slide_*`) and
//! along the row (`means_*`); the cost of both is independent of the radius.

// Bodies must be inlined into each level's function to be compiled for it; bit patterns change sign on
// purpose.
#![allow(clippy::inline_always, clippy::cast_possible_wrap)]

mod means;

use crate::{Level, dispatch};

pub use means::Scratch;
use means::{means_u8_body, means_u16_body};

dispatch! {
    /// Moves column sums of 8-bit blocks down: adds the blocks of the row pair `enter`, subtracts those of
    /// the pair `leave`. Column `c` holds samples `2c` and `2c + 1`; slices shorter than `2 * sums.len()` end
    /// the loop early. Sums wrap.
    pub(crate) fn slide_u8(level, sums: &mut [u16], enter: [&[u8]; 2],
        leave: Option<[&[u8]; 2]>) = slide_u8_body;

    /// As [`slide_u8`], for 16-bit samples.
    pub(crate) fn slide_u16(level, sums: &mut [u32], enter: [&[u16]; 2],
        leave: Option<[&[u16]; 2]>) = slide_u16_body;

    /// Box means times 128 of 8-bit samples, one per sample of the row, from column sums over `radius` row
    /// pairs. The mean of a sample is over `radius` columns (of 2 samples) around it, shifted to stay inside
    /// the row; the reciprocal of the area is truncated to 21 bits, as in ffmpeg. The content of `scratch` is
    /// ignored. Nothing is written unless `sums.len() >= radius`, `radius` is even, at least 2 and at most
    /// 32, and `means.len()` is twice `sums.len()` or one more.
    pub(crate) fn means_u8(level, means: &mut [u16], sums: &[u16], radius: usize,
        scratch: &mut Scratch) = means_u8_body;

    /// As [`means_u8`], for any depth up to 16 bits; the mean is truncated to whole 128ths, the reciprocal is
    /// exact.
    pub(crate) fn means_u16(level, means: &mut [u32], sums: &[u32], radius: usize,
        scratch: &mut Scratch) = means_u16_body;

    /// One row of `gradfun` at 8 bits: pulls each sample towards its mean (times 128), less with increasing
    /// distance, and adds the row of the dither matrix (0..=127). `threshold` is 32768 / strength, at least
    /// 512.
    pub(crate) fn blend_u8(level, out: &mut [u8], row: &[u8], means: &[u16], threshold: u16,
        dither: &[u8; 8]) = blend_u8_body;

    /// As [`blend_u8`] at `bits` per sample, 1 to 16. `threshold` is 32768 / strength, strength in 8-bit
    /// codes.
    pub(crate) fn blend_u16(level, out: &mut [u16], row: &[u16], means: &[u32], threshold: u16,
        dither: &[u8; 8], bits: u8) = blend_u16_body;
}

/// Sample types with row kernels: `u8` (8-bit samples only) and `u16` (any depth up to 16 bits).
pub trait Code: sealed::Sealed + Copy + Default + PartialEq + Send + Sync + 'static {
    /// Column sums.
    type Sum: Copy + Default;
    /// Box means times 128.
    type Mean: Copy + Default;
    /// Moves column sums of blocks down: adds the row pair `enter`, subtracts the pair `leave`. Column `c`
    /// holds samples `2c` and `2c + 1`.
    fn slide(level: Level, sums: &mut [Self::Sum], enter: [&[Self]; 2], leave: Option<[&[Self]; 2]>);
    /// Box means times 128, one per sample of the row, from column sums over `radius` row pairs. `radius` is
    /// even, 2 to 32; `means` is twice as long as `sums`, or one more.
    fn means(
        level: Level,
        means: &mut [Self::Mean],
        sums: &[Self::Sum],
        radius: usize,
        scratch: &mut Scratch,
    );
    /// Replacement for the means of a plane one row too low for a box. At 8 bits ffmpeg then blends with the
    /// column sums, shifted; at other depths these are the means.
    fn means_of_low_plane(
        level: Level,
        means: &mut [Self::Mean],
        sums: &[Self::Sum],
        radius: usize,
        scratch: &mut Scratch,
    );
    /// One row of `gradfun`: pulls each sample towards its mean, less with increasing distance, and adds
    /// dither.
    fn blend(
        level: Level,
        out: &mut [Self],
        row: &[Self],
        means: &[Self::Mean],
        threshold: u16,
        dither: &[u8; 8],
        bits: u8,
    );
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for u16 {}
}

impl Code for u8 {
    type Sum = u16;
    type Mean = u16;
    fn slide(level: Level, sums: &mut [u16], enter: [&[u8]; 2], leave: Option<[&[u8]; 2]>) {
        slide_u8(level, sums, enter, leave);
    }
    fn means(level: Level, means: &mut [u16], sums: &[u16], radius: usize, scratch: &mut Scratch) {
        means_u8(level, means, sums, radius, scratch);
    }
    fn means_of_low_plane(_: Level, means: &mut [u16], sums: &[u16], radius: usize, _scratch: &mut Scratch) {
        for (x, mean) in means.iter_mut().enumerate() {
            let column = (x / 2).checked_sub(radius / 2);
            *mean = column.and_then(|c| sums.get(c)).copied().unwrap_or(0);
        }
    }
    fn blend(
        level: Level,
        out: &mut [u8],
        row: &[u8],
        means: &[u16],
        threshold: u16,
        dither: &[u8; 8],
        _bits: u8,
    ) {
        blend_u8(level, out, row, means, threshold, dither);
    }
}

impl Code for u16 {
    type Sum = u32;
    type Mean = u32;
    fn slide(level: Level, sums: &mut [u32], enter: [&[u16]; 2], leave: Option<[&[u16]; 2]>) {
        slide_u16(level, sums, enter, leave);
    }
    fn means(level: Level, means: &mut [u32], sums: &[u32], radius: usize, scratch: &mut Scratch) {
        means_u16(level, means, sums, radius, scratch);
    }
    fn means_of_low_plane(
        level: Level,
        means: &mut [u32],
        sums: &[u32],
        radius: usize,
        scratch: &mut Scratch,
    ) {
        means_u16(level, means, sums, radius, scratch);
    }
    fn blend(
        level: Level,
        out: &mut [u16],
        row: &[u16],
        means: &[u32],
        threshold: u16,
        dither: &[u8; 8],
        bits: u8,
    ) {
        blend_u16(level, out, row, means, threshold, dither, bits);
    }
}

/// Sum of the two bytes of each pair, over two rows.
#[inline(always)]
fn block_u8(top: [u8; 2], bottom: [u8; 2]) -> u16 {
    let (top, bottom) = (u16::from_le_bytes(top), u16::from_le_bytes(bottom));
    (top & 255) + (top >> 8) + (bottom & 255) + (bottom >> 8)
}

#[inline(always)]
fn slide_u8_body(sums: &mut [u16], enter: [&[u8]; 2], leave: Option<[&[u8]; 2]>) {
    let pairs = |rows: [&'_ [u8]; 2]| (rows[0].as_chunks::<2>().0.len()).min(rows[1].len() / 2);
    let count = sums.len().min(pairs(enter));
    let (top, bottom) = (&enter[0].as_chunks::<2>().0[..count], &enter[1].as_chunks::<2>().0[..count]);
    if let Some(leave) = leave {
        let count = count.min(pairs(leave));
        let (old_top, old_bottom) =
            (&leave[0].as_chunks::<2>().0[..count], &leave[1].as_chunks::<2>().0[..count]);
        let (sums, top, bottom) = (&mut sums[..count], &top[..count], &bottom[..count]);
        for c in 0..count {
            let change = block_u8(top[c], bottom[c]).wrapping_sub(block_u8(old_top[c], old_bottom[c]));
            sums[c] = sums[c].wrapping_add(change);
        }
    } else {
        let sums = &mut sums[..count];
        for c in 0..count {
            sums[c] = sums[c].wrapping_add(block_u8(top[c], bottom[c]));
        }
    }
}

#[inline(always)]
fn block_u16(top: [u16; 2], bottom: [u16; 2]) -> u32 {
    u32::from(top[0]) + u32::from(top[1]) + u32::from(bottom[0]) + u32::from(bottom[1])
}

#[inline(always)]
fn slide_u16_body(sums: &mut [u32], enter: [&[u16]; 2], leave: Option<[&[u16]; 2]>) {
    let [top, bottom] = enter.map(|row| row.as_chunks::<2>().0);
    if let Some(leave) = leave {
        let [old_top, old_bottom] = leave.map(|row| row.as_chunks::<2>().0);
        let old = old_top.iter().zip(old_bottom);
        for ((sum, (&t, &b)), (&ot, &ob)) in sums.iter_mut().zip(top.iter().zip(bottom)).zip(old) {
            *sum = sum.wrapping_add(block_u16(t, b)).wrapping_sub(block_u16(ot, ob));
        }
    } else {
        for (sum, (&t, &b)) in sums.iter_mut().zip(top.iter().zip(bottom)) {
            *sum = sum.wrapping_add(block_u16(t, b));
        }
    }
}

#[inline(always)]
fn blend_one_u8(own: u8, mean: u16, threshold: u16, dither: u16) -> u8 {
    let own = u16::from(own) << 7;
    let apart = mean.wrapping_sub(own) as i16;
    let fade = ((u32::from(apart.unsigned_abs()) * u32::from(threshold)) >> 16) as u16;
    let weight = 127u16.saturating_sub(fade);
    // Doubling both keeps 16-bit lanes exact: where the weight is not 0, `apart` is below 127 * 65536 / 512.
    let doubled = weight.wrapping_mul(weight).wrapping_mul(2) as i16;
    let pull = ((i32::from(doubled) * i32::from(apart.wrapping_shl(1))) >> 16) as i16;
    let sum = (own as i16).wrapping_add(pull).wrapping_add(dither as i16);
    (sum >> 7).clamp(0, 255) as u8
}

#[inline(always)]
fn blend_u8_body(out: &mut [u8], row: &[u8], means: &[u16], threshold: u16, dither: &[u8; 8]) {
    let mut wide = [[0u16; 8]; 8];
    for wide in &mut wide {
        for i in 0..8 {
            wide[i] = u16::from(dither[i]);
        }
    }
    let dither = wide.as_flattened();
    let count = out.len().min(row.len()).min(means.len());
    let (out, out_rest) = out[..count].as_chunks_mut::<64>();
    let (row, row_rest) = row[..count].as_chunks::<64>();
    let (means, means_rest) = means[..count].as_chunks::<64>();
    let thresholds = [threshold; 64];
    for ((out, row), means) in out.iter_mut().zip(row).zip(means) {
        // A loop-invariant value would be widened ahead of the loop. The compiler then no longer sees that
        // the product's upper half is one instruction on 16-bit lanes: half the speed.
        let thresholds = std::hint::black_box(&thresholds);
        for i in 0..64 {
            out[i] = blend_one_u8(row[i], means[i], thresholds[i], dither[i]);
        }
    }
    for (((out, &own), &mean), &dither) in out_rest.iter_mut().zip(row_rest).zip(means_rest).zip(dither) {
        *out = blend_one_u8(own, mean, threshold, dither);
    }
}

#[inline(always)]
fn blend_u16_body(out: &mut [u16], row: &[u16], means: &[u32], threshold: u16, dither: &[u8; 8], bits: u8) {
    let bits = u32::from(bits).min(16);
    let (shift, highest) = (8 + bits, (1i32 << bits) - 1);
    let threshold = u32::from(threshold.max(1));
    // From this difference on the weight is 0; products up to there fit 32 bits.
    let far = (127u32 << shift).div_ceil(threshold);
    let one = |own: u16, mean: u32, dither: u8| {
        let own = i32::from(own) << 7;
        let apart = mean as i32 - own;
        let fade = (apart.unsigned_abs().min(far) * threshold) >> shift;
        let weight = 127 - fade.min(127) as i32;
        // (weight² * apart) >> 14 in two parts of 32 bits.
        let (high, low) = (apart >> 12, apart & 4095);
        let square = weight * weight;
        let pull = (square * high + ((square * low) >> 12)) >> 2;
        ((own + pull + i32::from(dither)) >> 7).clamp(0, highest) as u16
    };
    let (out, out_rest) = out.as_chunks_mut::<8>();
    let (row, row_rest) = row.as_chunks::<8>();
    let (means, means_rest) = means.as_chunks::<8>();
    for ((out, row), means) in out.iter_mut().zip(row).zip(means) {
        for i in 0..8 {
            out[i] = one(row[i], means[i], dither[i]);
        }
    }
    for (((out, &own), &mean), &dither) in out_rest.iter_mut().zip(row_rest).zip(means_rest).zip(dither) {
        *out = one(own, mean, dither);
    }
}

#[cfg(test)]
mod tests;
