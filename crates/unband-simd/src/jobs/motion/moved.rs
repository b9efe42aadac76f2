//! A block moved by fractions of a sample, and its differences to another block.

use super::{PATCH, PATCH_COLUMNS, SIDE, TAPS, sum};
use crate::Level;
use crate::image::quantize::whole_within;
use crate::infer::conv::fused;
use crate::lanes::{Eight, Lanes};

/// The arguments of [`moved_block`].
struct Move<'a> {
    out: (&'a mut [i16], usize),
    patch: (&'a [u16], usize),
    own: (&'a [u16], usize),
    across: &'a [f32; TAPS],
    down: &'a [f32; TAPS],
}

/// `out` gets the difference between a moved block and a frame's own one, clamped to `i16`. `patch` has
/// [`PATCH`] rows of at least [`PATCH_COLUMNS`] samples, `own` and `out` have [`SIDE`] rows of at least
/// [`SIDE`]; each with the distance between its rows. Returns the sums of the differences, of their
/// squares, of the own samples, and of the products of both. All levels give equal bits.
///
/// # Panics
/// When a slice is shorter than that.
pub fn moved_block(
    level: Level,
    out: (&mut [i16], usize),
    patch: (&[u16], usize),
    own: (&[u16], usize),
    across: &[f32; TAPS],
    down: &[f32; TAPS],
) -> [f32; 4] {
    let block = Move { out, patch, own, across, down };
    #[cfg(target_arch = "x86_64")]
    if fused(level) {
        // SAFETY: `fused` says that the processor has AVX2 and FMA.
        return unsafe { x86::fused(block) };
    }
    #[cfg(target_arch = "aarch64")]
    if fused(level) {
        // SAFETY: every processor has NEON.
        return unsafe { moved::<crate::lanes::Pair>(block) };
    }
    let _ = fused(level);
    // SAFETY: needs no instructions.
    unsafe { moved::<Eight>(block) }
}

/// With vectors of 8 floats. With AVX-512's 16, half of which the filter across has no use for, it takes
/// longer.
///
/// # Safety
/// The processor must have the instructions.
#[inline(always)]
unsafe fn moved<V: Lanes>(block: Move<'_>) -> [f32; 4] {
    let Move { out: (out, out_stride), patch: (patch, patch_stride), own: (own, own_stride), across, down } =
        block;
    let mut samples = [[0.0; PATCH_COLUMNS]; PATCH];
    for (y, samples) in samples.iter_mut().enumerate() {
        let row = &patch[y * patch_stride..][..PATCH_COLUMNS];
        for i in 0..PATCH_COLUMNS {
            samples[i] = f32::from(row[i]);
        }
    }
    // SAFETY: arrays are as long as the vectors; the caller has the instructions.
    unsafe {
        // All rows first: vectors across them would wait for those just stored.
        let rows = filter_down::<V>(&samples, down);
        let (zero, taps) = (V::splat(0.0), across.map(|tap| V::splat(tap)));
        let (mut all, mut squares, mut own_all, mut together) = (zero, zero, zero, zero);
        for (y, row) in rows.iter().enumerate() {
            let moved = taps.iter().enumerate();
            let moved = moved.fold(zero, |sum, (k, &tap)| V::load(row.as_ptr().add(k)).mul_add(tap, sum));
            let (mut here, mut apart, mut words) = ([0.0f32; SIDE], [0.0f32; SIDE], [0i16; SIDE]);
            let row = &own[y * own_stride..][..SIDE];
            here.iter_mut().zip(row).for_each(|(to, &from)| *to = f32::from(from));
            let mine = V::load(here.as_ptr());
            moved.sub(mine).store(apart.as_mut_ptr());
            for (word, apart) in words.iter_mut().zip(&mut apart) {
                *apart = apart.clamp(-32767.0, 32767.0);
                // Rounded by truncation of a positive number: vectorised, unlike `round`.
                *word = (whole_within(*apart + 32768.5, 1.0, 65535.5) - 32768) as i16;
            }
            let apart = V::load(apart.as_ptr());
            all = all.add(apart);
            squares = apart.mul_add(apart, squares);
            own_all = own_all.add(mine);
            together = apart.mul_add(mine, together);
            out[y * out_stride..][..SIDE].copy_from_slice(&words);
        }
        [all, squares, own_all, together].map(|lanes| {
            let mut floats = [0.0f32; SIDE];
            lanes.store(floats.as_mut_ptr());
            sum(&floats)
        })
    }
}

/// Filters rows down: each is the sum of those of the patch from its own on.
///
/// # Safety
/// As of [`moved`].
#[inline(always)]
unsafe fn filter_down<V: Lanes>(
    samples: &[[f32; PATCH_COLUMNS]; PATCH],
    down: &[f32; TAPS],
) -> [[f32; PATCH_COLUMNS]; SIDE] {
    let mut rows = [[0.0f32; PATCH_COLUMNS]; SIDE];
    // SAFETY: the caller has the instructions; the vectors of a row end with it.
    unsafe {
        let taps = down.map(|tap| V::splat(tap));
        for (y, row) in rows.iter_mut().enumerate() {
            for column in (0..PATCH_COLUMNS).step_by(V::LEN) {
                let sum = taps.iter().zip(&samples[y..]).fold(V::splat(0.0), |sum, (&tap, samples)| {
                    V::load(samples.as_ptr().add(column)).mul_add(tap, sum)
                });
                sum.store(row.as_mut_ptr().add(column));
            }
        }
    }
    rows
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::__m256;

    use super::Move;

    /// # Safety
    /// The processor must have the instructions.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn fused(block: Move<'_>) -> [f32; 4] {
        // SAFETY: this function has the instructions.
        unsafe { super::moved::<__m256>(block) }
    }
}
