//! Kernels of `f3kdb` with AVX-512 VBMI: all samples of a block with the same distance are looked up at once.

#[allow(clippy::wildcard_imports)] // a long list of one-time names otherwise
use std::arch::x86_64::*;
use std::ops::Range;

use super::{Around, Code, Job, Places};
use crate::Level;

/// Samples in a register.
const fn lanes<T>() -> usize {
    64 / size_of::<T>()
}

/// The part of `range` that meets the conditions of the loops below: the instructions, a reach across that
/// two registers span, readable margins. `rows` is the reach down in samples.
pub(super) fn blocks<T: Code>(
    level: Level,
    job: &Job<'_, '_, T>,
    range: Range<usize>,
    rows: usize,
    across: usize,
) -> Range<usize> {
    let none = range.end..range.end;
    let (lanes, half) = (lanes::<T>(), lanes::<T>() / 2);
    if level.supported() < Level::Avx512
        || !is_x86_feature_detected!("avx512vbmi")
        || !is_x86_feature_detected!("avx512bw")
        || across > half
        // Two registers for each of four places: single lookups of 16-bit samples are faster.
        || size_of::<T>() == 2 && matches!(job.places, Places::Square { .. })
    {
        return none;
    }
    // A block of samples from `x` on reads two registers, from half a register before `x` on.
    let around = job.around;
    let first = (rows + half).saturating_sub(around.start).max(range.start);
    // Whole cache lines are read when the position half a register before a block starts one.
    let place = around.samples.as_ptr().wrapping_add((around.start + first).wrapping_sub(half));
    let first = first + place.align_offset(64).min(lanes);
    let room = (around.samples.len() + half + 1).saturating_sub(rows + around.start + 2 * lanes);
    let last = room.min(range.end);
    if first < last { first..last } else { none }
}

macro_rules! blocks {
    (
        $(#[$meta:meta])* $name:ident, $ty:ty, $mask:ty, $lanes:literal, $splat:ident, $add:ident, $sub:ident,
        $equal:ident, $select:ident, $lookup:ident, $load:ident, $store:ident, $distances:expr
    ) => {
        $(#[$meta])*
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
        pub(crate) unsafe fn $name(refs: [&mut [$ty]; 4], around: &Around<'_, $ty>, places: &Places<'_>,
            down: usize) {
            const LANES: usize = $lanes;
            let [plus, minus, plus2, minus2] = refs;
            let (count, stride) = (plus.len(), around.stride);
            // Lane i of a block is at position i + LANES / 2 of the samples in two registers.
            let lanes: [$ty; LANES] = std::array::from_fn(|i| (i + LANES / 2) as $ty);
            // SAFETY: 64 bytes.
            let lanes = unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
            // SAFETY: a block starts inside the row, and `blocks` keeps two registers from half a register
            // before it on readable, in this row and all within reach.
            let two = |place: *const $ty| unsafe {
                (_mm512_loadu_si512(place.cast()), _mm512_loadu_si512(place.add(LANES).cast()))
            };
            for x in (0..count).step_by(LANES) {
                let inside = if count - x < LANES { (1 << (count - x)) - 1 } else { <$mask>::MAX };
                // SAFETY: masked to the length of the slices.
                let distances = |part: &[i8]| unsafe { $distances(inside, part.as_ptr().add(x)) };
                // SAFETY: masked to the length of the slices.
                let put = |row: &mut [$ty], values| unsafe {
                    $store(row.as_mut_ptr().add(x).cast(), inside, values);
                };
                // SAFETY: as for `two`.
                let middle = unsafe { around.samples.as_ptr().add(around.start + x - LANES / 2) };
                let around = |across| {
                    let (left, right) = two(middle);
                    (
                        $lookup(left, $add(lanes, across), right),
                        $lookup(left, $sub(lanes, across), right),
                    )
                };
                // SAFETY: as for `two`.
                let own = unsafe { _mm512_loadu_si512(middle.add(LANES / 2).cast()) };
                let above_and_below = |rows| {
                    let (mut a, mut b) = (own, own);
                    for distance in 1..=down {
                        let here = $equal(rows, $splat(distance as _));
                        // SAFETY: as for `two`.
                        unsafe {
                            a = $load(a, here, middle.add(LANES / 2 + distance * stride).cast());
                            b = $load(b, here, middle.add(LANES / 2).sub(distance * stride).cast());
                        }
                    }
                    (a, b)
                };
                match places {
                    Places::Column { down } => {
                        let (a, b) = above_and_below(distances(down));
                        put(plus, a);
                        put(minus, b);
                    }
                    Places::Row { across } => {
                        let (a, b) = around(distances(across));
                        put(plus, a);
                        put(minus, b);
                    }
                    Places::Cross { across, down } => {
                        let (a, b) = above_and_below(distances(down));
                        put(plus, a);
                        put(minus, b);
                        let (a, b) = around(distances(across));
                        put(plus2, a);
                        put(minus2, b);
                    }
                    Places::Square { across, down: rows } => {
                        let across = across.map(distances);
                        let rows = rows.map(distances);
                        // Each of these holds the lookup indices until the iteration of the lane's own
                        // distance; from then on the sample found there.
                        let (mut a, mut b) = ($add(lanes, across[0]), $sub(lanes, across[0]));
                        let (mut c, mut d) = ($add(lanes, across[1]), $sub(lanes, across[1]));
                        for distance in 0..=down {
                            let by = $splat(distance as _);
                            let (first, second) = ($equal(rows[1], by), $equal(rows[0], by));
                            // SAFETY: as for `two`.
                            let (below, above) = unsafe {
                                (two(middle.add(distance * stride)), two(middle.sub(distance * stride)))
                            };
                            a = $select(below.0, a, first, below.1);
                            b = $select(above.0, b, first, above.1);
                            c = $select(above.0, c, second, above.1);
                            d = $select(below.0, d, second, below.1);
                        }
                        put(plus, a);
                        put(minus, b);
                        put(plus2, c);
                        put(minus2, d);
                    }
                }
            }
        }
    };
}

/// Distances of a block as 16-bit lanes.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
unsafe fn wide(inside: u32, distances: *const i8) -> __m512i {
    // SAFETY: the caller's mask.
    _mm512_cvtepi8_epi16(unsafe { _mm256_maskz_loadu_epi8(inside, distances) })
}

blocks! {
    /// 8-bit samples.
    ///
    /// # Safety
    /// Only for parts returned by [`blocks`]; `down` is the reach down.
    blocks_u8, u8, u64, 64, _mm512_set1_epi8, _mm512_add_epi8, _mm512_sub_epi8, _mm512_cmpeq_epi8_mask,
    _mm512_mask2_permutex2var_epi8, _mm512_permutex2var_epi8, _mm512_mask_loadu_epi8, _mm512_mask_storeu_epi8,
    _mm512_maskz_loadu_epi8
}
blocks! {
    /// 16-bit samples.
    ///
    /// # Safety
    /// Only for parts returned by [`blocks`]; `down` is the reach down.
    blocks_u16, u16, u32, 32, _mm512_set1_epi16, _mm512_add_epi16, _mm512_sub_epi16, _mm512_cmpeq_epi16_mask,
    _mm512_mask2_permutex2var_epi16, _mm512_permutex2var_epi16, _mm512_mask_loadu_epi16,
    _mm512_mask_storeu_epi16,
    wide
}
