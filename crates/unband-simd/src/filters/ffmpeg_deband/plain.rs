//! Generic kernel of `deband` for any reach and margins: four scattered loads for each sample of a block,
//! then the rest of the work on the whole block.

use super::{Around, Closeness, Code, Offsets, TableRow, judge};
use crate::dispatch;

/// Samples per block.
const BLOCK: usize = 64;

dispatch! {
    /// 8-bit samples; the conditions of `check` must hold.
    pub(super) fn row_u8(level, out: &mut [u8], pass: Option<&mut [u8]>, around: &Around<'_, u8>,
        offsets: &Offsets, at: (usize, usize), close: Closeness<u8>) = row::<u8>;
    /// 16-bit samples; the conditions of `check` must hold.
    pub(super) fn row_u16(level, out: &mut [u16], pass: Option<&mut [u8]>, around: &Around<'_, u16>,
        offsets: &Offsets, at: (usize, usize), close: Closeness<u16>) = row::<u16>;
}

/// The four samples of sample `i`: two, and the two opposite of them. Offsets are relative to the block's
/// first sample.
///
/// # Safety
/// All four must be readable.
#[inline(always)]
unsafe fn four<T: Copy>(first: *const T, i: usize, falling: i32, rising: i32) -> [T; 4] {
    let (twice, falling, rising) = (2 * i as isize, falling as isize, rising as isize);
    // SAFETY: guaranteed by the caller.
    unsafe {
        [
            *first.offset(falling),
            *first.offset(twice - rising),
            *first.offset(twice - falling),
            *first.offset(rising),
        ]
    }
}

/// The means of a block; a separate function, so that its operands stay in registers.
///
/// # Safety
/// All samples read by [`four`] must be readable.
#[inline(never)]
unsafe fn fill_means<T: Code>(
    means: &mut [T],
    first: *const T,
    falling: &[i32; BLOCK],
    rising: &[i32; BLOCK],
) {
    for (i, (mean, (&falling, &rising))) in means.iter_mut().zip(falling.iter().zip(rising)).enumerate() {
        // SAFETY: guaranteed by the caller.
        *mean = T::quarter(unsafe { four(first, i, falling, rising) });
    }
}

#[inline(always)]
fn row<T: Code>(
    out: &mut [T],
    mut pass: Option<&mut [u8]>,
    around: &Around<'_, T>,
    offsets: &Offsets,
    at: (usize, usize),
    close: Closeness<T>,
) {
    let table = offsets.row(at, out.len());
    let stride = around.stride as i32;
    let (mut means, mut kept) = ([T::default(); BLOCK], [0; BLOCK]);
    let (mut falling, mut rising) = ([0i32; BLOCK], [0i32; BLOCK]);
    for (b, out) in out.chunks_mut(BLOCK).enumerate() {
        let (from, count) = (b * BLOCK, out.len().min(BLOCK));
        let own = &around.samples[around.start + from..][..count];
        let mut place = |i: usize, dx: u8, dy: u8| {
            let (dx, dy) = (i32::from(dx), i32::from(dy) * stride);
            // Relative to the block's first sample.
            (falling[i], rising[i]) = (i as i32 + dy + dx, i as i32 + dy - dx);
        };
        match table {
            TableRow::Halves(both) => {
                let both = &both[from..][..count];
                (0..count).for_each(|i| place(i, both[i] & 15, both[i] >> 4));
            }
            TableRow::Bytes(across, down) => {
                let (across, down) = (&across[from..][..count], &down[from..][..count]);
                (0..count).for_each(|i| place(i, across[i], down[i]));
            }
        }
        // SAFETY: the row starts inside `samples`.
        let first = unsafe { around.samples.as_ptr().add(around.start + from) };
        if close.each {
            for i in 0..count {
                // SAFETY: `check` found the row to be at least `reach_down * stride + reach_across` away from
                // the ends of `samples`, and no entry of the table exceeds its reach.
                let refs = unsafe { four(first, i, falling[i], rising[i]) };
                let (mean, ok) = judge(own[i], refs, close);
                (means[i], kept[i]) = (mean, u8::from(ok).wrapping_sub(1));
            }
        } else {
            // SAFETY: as above, for all `count` positions.
            unsafe { fill_means(&mut means[..count], first, &falling, &rising) };
            for ((kept, &mean), &own) in kept.iter_mut().zip(&means).zip(own) {
                *kept = u8::from(mean.absdiff(own) < close.below).wrapping_sub(1);
            }
        }
        if let Some(pass) = pass.as_deref_mut() {
            for (pass, &kept) in pass[from..].iter_mut().zip(&kept).take(out.len()) {
                *pass &= !kept;
            }
            out.copy_from_slice(&means[..out.len()]);
        } else {
            for (((out, &own), &mean), &kept) in out.iter_mut().zip(own).zip(&means).zip(&kept) {
                *out = T::select(mean, own, kept);
            }
        }
    }
}
