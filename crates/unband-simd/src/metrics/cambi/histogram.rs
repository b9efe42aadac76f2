//! Sliding-window histograms of the banding metric CAMBI, and contrasts from them.
//!
//! A *histogram* has a row of columns for each key, with [`Shape::reach`] empty rows before the first and
//! after the last. Column `x` of row `k` is the number of times that key `k` occurs in the window around
//! column `x - radius` of the keys.

use super::NONE;

/// Columns that are processed at a time: rows that are written in such pieces need this much padding.
pub const PIECE: usize = 16;

/// Groups of differences with equal weight: weight, first and last difference of values.
///
/// Source: Netflix/vmaf `libvmaf/src/feature/cambi.c`, contrast weights.
pub const WEIGHTS: [(f32, usize, usize); 9] = [
    (1.0, 1, 1),
    (2.0, 2, 2),
    (3.0, 3, 3),
    (4.0, 4, 5),
    (5.0, 6, 7),
    (6.0, 8, 11),
    (7.0, 12, 15),
    (8.0, 16, 22),
    (9.0, 23, 32),
];

/// Number of entries of [`WEIGHTS`] with differences up to `reach`.
pub const fn groups(reach: usize) -> usize {
    let mut count = 0;
    while count < WEIGHTS.len() && WEIGHTS[count].1 <= reach {
        count += 1;
    }
    count
}

/// Dimensions of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Radius of the window: it has `2·radius + 1` columns.
    pub radius: usize,
    /// Largest difference of values that is evaluated: 1, 2, 4, 8, 16 or 32.
    pub reach: usize,
    /// Number of keys; they start at 0.
    pub keys: usize,
    /// Columns per row of the histogram.
    pub stride: usize,
}

impl Shape {
    /// Dimensions for rows of `width` keys.
    pub fn new(radius: usize, reach: usize, keys: usize, width: usize) -> Self {
        Self { radius, reach, keys, stride: (width + 2 * radius + 2 * PIECE).next_multiple_of(PIECE) }
    }

    /// Number of entries of a histogram.
    pub fn len(&self) -> usize {
        (self.keys + 2 * self.reach) * self.stride
    }

    /// Has it no columns?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Start of a key's row.
    #[inline(always)]
    fn row(&self, key: u16) -> usize {
        (key as usize + self.reach) * self.stride
    }
}

/// A part of a row of keys with its bits, see [`bits_row`].
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a> {
    row: &'a [u16],
    present: &'a [u64],
    fresh: &'a [u64],
    /// Bit of the first word at which the part starts.
    shift: u32,
}

impl<'a> Keys<'a> {
    /// Columns `start..start + width` of a row. Its bits need one more word than its keys.
    pub fn new(keys: &'a [u16], present: &'a [u64], fresh: &'a [u64], start: usize, width: usize) -> Self {
        let word = start / 64;
        let (present, fresh) = (&present[word..], &fresh[word..]);
        Self { row: &keys[start..start + width], present, fresh, shift: (start % 64) as u32 }
    }

    /// Keys in the part.
    pub fn width(&self) -> usize {
        self.row.len()
    }

    /// Word `i` of some bits, counted from the start of the part.
    #[inline(always)]
    fn word(&self, bits: &[u64], i: usize) -> u64 {
        let both = u128::from(bits[i + 1]) << 64 | u128::from(bits[i]);
        (both >> self.shift) as u64
    }
}

/// Runs of equal keys in a row: starts and (exclusive) ends.
#[derive(Clone, Debug, Default)]
pub struct Stretches {
    starts: Vec<u16>,
    ends: Vec<u16>,
}

impl Stretches {
    /// Buffers for a row of `width` samples, at most 65535.
    pub fn new(width: usize) -> Self {
        Self { starts: vec![0; width + 64], ends: vec![0; width + 64] }
    }
}

crate::dispatch! {
    /// Bit maps of a row of keys, 64 to a word: where there is a key, and where it differs from the one
    /// before. The row is as long as the words have bits.
    pub fn bits_row(level, present: &mut [u64], fresh: &mut [u64], keys: &[u16]) = bits_body;

    /// Slides the window of a histogram down by a row: the keys of one row enter, those of another leave.
    /// Both rows must fill whole words.
    pub fn slide_histogram(
        level,
        histogram: &mut [u16],
        shape: Shape,
        enters: Keys<'_>,
        leaves: Keys<'_>,
        found: &mut Stretches,
    ) = slide_histogram_body;

    /// For each key its number of occurrences in its window (`counts[0]`), and for each weight the number of
    /// occurrences of the more frequent of the two values with that difference. The first key is `from`
    /// columns after the first key of the histogram. `first` holds for each key the smallest difference
    /// included (more than `reach` for none). Results are unspecified where there is no key. Each row of
    /// `counts` has [`PIECE`] columns of padding.
    pub fn peaks_row(
        level,
        counts: &mut [Vec<u16>],
        histogram: &[u16],
        shape: Shape,
        keys: Keys<'_>,
        from: usize,
        first: &[u8],
        found: &mut Stretches,
    ) = peaks_body;

    /// Contrasts: the maximum of `w·p·q / (p + q)` over all weights, `p` and `q` from [`peaks_row`]; 0 where
    /// the key is not in `keys.0..=keys.1`. Returns their sum and their maximum.
    pub fn contrast_row(level, out: &mut [f32], counts: &[Vec<u16>], row: &[u16], keys: (u16, u16)) -> (f64,
        f32)
        = contrast_body;
}

/// Where two groups of 64 keys differ, as bits, lowest first.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(clippy::cast_ptr_alignment)] // the loads need none
fn differing(a: &[u16; 64], b: &[u16; 64]) -> u64 {
    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi16, _mm_loadu_si128, _mm_movemask_epi8, _mm_packs_epi16};
    let equal = |i: usize| {
        // SAFETY: eight keys from 8·i on are in both arrays, `i` is below 8; SSE2 is part of x86-64.
        unsafe {
            let load = |from: &[u16; 64]| _mm_loadu_si128(from.as_ptr().add(8 * i).cast::<__m128i>());
            _mm_cmpeq_epi16(load(a), load(b))
        }
    };
    let mut word = 0;
    for i in 0..4 {
        // SAFETY: SSE2 is part of x86-64.
        let bits = unsafe { _mm_movemask_epi8(_mm_packs_epi16(equal(2 * i), equal(2 * i + 1))) };
        word |= u64::from(bits as u16) << (16 * i);
    }
    !word
}

/// Where two groups of 64 keys differ, as bits, lowest first.
#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn differing(a: &[u16; 64], b: &[u16; 64]) -> u64 {
    use std::arch::aarch64::{
        uint8x16_t, vandq_u8, vceqq_u16, vcombine_u8, vld1q_u8, vld1q_u16, vmovn_u16, vpaddq_u8, vst1q_u8,
    };
    const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    let mut bytes = [0; 16];
    // SAFETY: every processor has NEON; eight keys from 8·i on are in both arrays, `i` is below 8.
    unsafe {
        let equal = |i: usize| {
            vmovn_u16(vceqq_u16(vld1q_u16(a.as_ptr().add(8 * i)), vld1q_u16(b.as_ptr().add(8 * i))))
        };
        // The bit of each equal key; pairwise sums put the bits of eight keys into one byte.
        let bits: [uint8x16_t; 4] = std::array::from_fn(|i| {
            vandq_u8(vcombine_u8(equal(2 * i), equal(2 * i + 1)), vld1q_u8(BITS.as_ptr()))
        });
        let fours = vpaddq_u8(vpaddq_u8(bits[0], bits[1]), vpaddq_u8(bits[2], bits[3]));
        vst1q_u8(bytes.as_mut_ptr(), vpaddq_u8(fours, fours));
    }
    !u128::from_le_bytes(bytes) as u64
}

/// Where two groups of 64 keys differ, as bits, lowest first.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline(always)]
fn differing(a: &[u16; 64], b: &[u16; 64]) -> u64 {
    a.iter().zip(b).enumerate().fold(0, |word, (i, (a, b))| word | u64::from(a != b) << i)
}

#[inline(always)]
fn bits_body(present: &mut [u64], fresh: &mut [u64], keys: &[u16]) {
    let mut before = [NONE; 64];
    for ((present, fresh), keys) in present.iter_mut().zip(fresh).zip(keys.as_chunks::<64>().0) {
        *present = differing(keys, &[NONE; 64]);
        if *present == 0 {
            *fresh = 0;
        } else {
            before[0] = before[63];
            before[1..].copy_from_slice(&keys[..63]);
            *fresh = differing(keys, &before);
        }
        before[63] = keys[63];
    }
}

/// Finds starts and ends of runs, word by word.
struct Finder<'a> {
    found: &'a mut Stretches,
    starts: usize,
    ends: usize,
    /// Was the last sample of the previous word in a run?
    open: u64,
}

impl<'a> Finder<'a> {
    #[inline(always)]
    fn new(found: &'a mut Stretches) -> Self {
        Self { found, starts: 0, ends: 0, open: 0 }
    }

    /// `inside`: samples that belong to a run; `fresh`: those that begin a new one.
    #[inline(always)]
    fn word(&mut self, at: usize, inside: u64, fresh: u64) {
        let before = inside << 1 | self.open;
        let mut starts = inside & (fresh | !before);
        let mut ends = before & (fresh | !inside);
        self.open = inside >> 63;
        while starts != 0 {
            self.found.starts[self.starts] = (at + starts.trailing_zeros() as usize) as u16;
            self.starts += 1;
            starts &= starts - 1;
        }
        while ends != 0 {
            self.found.ends[self.ends] = (at + ends.trailing_zeros() as usize) as u16;
            self.ends += 1;
            ends &= ends - 1;
        }
    }

    /// The runs of a row of `width` samples.
    #[inline(always)]
    fn done(self, width: usize) -> (&'a [u16], &'a [u16]) {
        if self.ends < self.starts {
            self.found.ends[self.ends] = width as u16;
        }
        (&self.found.starts[..self.starts], &self.found.ends[..self.starts])
    }
}

#[inline(always)]
fn slide_histogram_body(
    histogram: &mut [u16],
    shape: Shape,
    enters: Keys<'_>,
    leaves: Keys<'_>,
    found: &mut Stretches,
) {
    // Where the same key enters and leaves, nothing changes.
    turn::<true>(histogram, shape, enters, leaves, found);
    turn::<false>(histogram, shape, leaves, enters, found);
}

/// Adds or subtracts the keys of a row where they differ from those of another.
#[inline(always)]
fn turn<const ADD: bool>(
    histogram: &mut [u16],
    shape: Shape,
    row: Keys<'_>,
    other: Keys<'_>,
    found: &mut Stretches,
) {
    let mut finder = Finder::new(found);
    for (i, (keys, others)) in row.row.as_chunks().0.iter().zip(other.row.as_chunks().0).enumerate() {
        let present = row.word(row.present, i);
        if present | finder.open != 0 {
            let inside = if present == 0 { 0 } else { present & differing(keys, others) };
            finder.word(64 * i, inside, row.word(row.fresh, i));
        }
    }
    let (row, width) = (row.row, row.row.len());
    let (starts, ends) = finder.done(width);
    for (&start, &end) in starts.iter().zip(ends) {
        let (start, length) = (start as usize, (end - start) as usize);
        let span = length + 2 * shape.radius;
        let at = shape.row(row[start]) + start;
        let columns = &mut histogram[at..][..span.next_multiple_of(PIECE)];
        // The number of a run's keys within a window at column `x` rises, stays, and falls.
        let (span, cap) = (span as u16, length.min(2 * shape.radius + 1) as u16);
        let mut first = 0u16;
        for piece in columns.as_chunks_mut::<PIECE>().0 {
            for (i, count) in piece.iter_mut().enumerate() {
                let x = first + i as u16;
                let share = (x + 1).min(span.saturating_sub(x)).min(cap);
                *count = if ADD { count.wrapping_add(share) } else { count.wrapping_sub(share) };
            }
            first += PIECE as u16;
        }
    }
}

#[inline(always)]
fn peaks_body(
    counts: &mut [Vec<u16>],
    histogram: &[u16],
    shape: Shape,
    keys: Keys<'_>,
    from: usize,
    first: &[u8],
    found: &mut Stretches,
) {
    match shape.reach {
        1 => peaks::<1>(counts, histogram, shape, keys, from, first, found),
        2 => peaks::<2>(counts, histogram, shape, keys, from, first, found),
        4 => peaks::<4>(counts, histogram, shape, keys, from, first, found),
        8 => peaks::<8>(counts, histogram, shape, keys, from, first, found),
        16 => peaks::<16>(counts, histogram, shape, keys, from, first, found),
        _ => peaks::<32>(counts, histogram, shape, keys, from, first, found),
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn peaks<const REACH: usize>(
    counts: &mut [Vec<u16>],
    histogram: &[u16],
    shape: Shape,
    keys: Keys<'_>,
    from: usize,
    first: &[u8],
    found: &mut Stretches,
) {
    let width = keys.width();
    let mut finder = Finder::new(found);
    for (i, at) in (0..width).step_by(64).enumerate() {
        let cut = if width - at < 64 { (1 << (width - at)) - 1 } else { u64::MAX };
        let inside = keys.word(keys.present, i) & cut;
        if inside | finder.open != 0 {
            finder.word(at, inside, keys.word(keys.fresh, i));
        }
    }
    let keys = keys.row;
    let (starts, ends) = finder.done(width);
    let load = |at: usize| -> [u16; PIECE] { histogram[at..][..PIECE].try_into().unwrap_or_default() };
    for (&start, &end) in starts.iter().zip(ends) {
        let (start, end) = (start as usize, end as usize);
        let key = keys[start];
        let least = first[key as usize] as usize;
        if least > REACH {
            continue;
        }
        let row = shape.row(key) + from + shape.radius;
        for x in (start..end).step_by(PIECE) {
            let at = row + x;
            counts[0][x..][..PIECE].copy_from_slice(&load(at));
            for (group, &(_, low, high)) in WEIGHTS[..const { groups(REACH) }].iter().enumerate() {
                let mut most = [0; PIECE];
                for difference in low.max(least)..=high.min(REACH) {
                    let away = difference * shape.stride;
                    let (more, less) = (load(at + away), load(at - away));
                    for ((most, more), less) in most.iter_mut().zip(more).zip(less) {
                        *most = (*most).max(more).max(less);
                    }
                }
                counts[1 + group][x..][..PIECE].copy_from_slice(&most);
            }
        }
    }
}

#[inline(always)]
fn contrast_body(out: &mut [f32], counts: &[Vec<u16>], row: &[u16], keys: (u16, u16)) -> (f64, f32) {
    match counts.len() - 1 {
        1 => contrast::<1>(out, counts, row, keys),
        2 => contrast::<2>(out, counts, row, keys),
        4 => contrast::<4>(out, counts, row, keys),
        6 => contrast::<6>(out, counts, row, keys),
        8 => contrast::<8>(out, counts, row, keys),
        _ => contrast::<9>(out, counts, row, keys),
    }
}

#[inline(always)]
fn contrast<const GROUPS: usize>(
    out: &mut [f32],
    counts: &[Vec<u16>],
    row: &[u16],
    keys: (u16, u16),
) -> (f64, f32) {
    let (mut sums, mut greatest) = ([0.0f64; PIECE], [0.0f32; PIECE]);
    for (piece, (out, row)) in out.chunks_mut(PIECE).zip(row.chunks(PIECE)).enumerate() {
        let mut inside = [0u16; PIECE];
        for (inside, key) in inside.iter_mut().zip(row) {
            *inside = u16::from(key.wrapping_sub(keys.0) <= keys.1 - keys.0).wrapping_neg();
        }
        if inside.iter().fold(0, |any, inside| any | inside) == 0 {
            out.fill(0.0);
            continue;
        }
        let load =
            |k: usize| -> [u16; PIECE] { counts[k][piece * PIECE..][..PIECE].try_into().unwrap_or_default() };
        let own = load(0).map(f32::from);
        let mut best = [0.0f32; PIECE];
        for (group, &(weight, ..)) in WEIGHTS[..GROUPS].iter().enumerate() {
            let other = load(1 + group).map(f32::from);
            for ((best, own), other) in best.iter_mut().zip(own).zip(other) {
                let value = weight * own * other / (own + other).max(1.0);
                *best = if value > *best { value } else { *best };
            }
        }
        for (i, best) in best.iter_mut().enumerate() {
            *best = if inside[i] == 0 { 0.0 } else { *best };
            sums[i] += f64::from(*best);
            greatest[i] = if *best > greatest[i] { *best } else { greatest[i] };
        }
        let n = out.len();
        out.copy_from_slice(&best[..n]);
    }
    (sums.iter().sum(), greatest.iter().fold(0.0, |a, b| a.max(*b)))
}
