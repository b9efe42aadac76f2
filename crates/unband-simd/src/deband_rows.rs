//! The row loop of ffmpeg's `deband`: the mean of four samples placed symmetrically around each sample.
//!
//! Which four differs from sample to sample, so the plain way is four scattered loads each. On processors
//! with AVX-512 VBMI the rows are turned around: for each distance up and down, all the samples of a block that use
//! that distance are looked up at once in the two rows held in registers, which costs about one
//! instruction per sample for all four.

/// For each sample of a picture, how far away the four samples lie that it is compared with: at
/// `(x ± across, y ± down)`, all four sign pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offsets {
    width: usize,
    distances: Distances,
    reach_across: usize,
    reach_down: usize,
}

/// The table is read as often as the picture, so its size matters.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Distances {
    /// Up to 15: across in the lower half of a byte, down in the upper.
    Halves(Vec<u8>),
    /// Up to 255: across, down.
    Bytes(Vec<u8>, Vec<u8>),
}

impl Offsets {
    /// Distances row by row, `width` to a row; a last incomplete row is dropped, as is whatever one table has
    /// more than the other.
    pub fn new(width: usize, mut across: Vec<u8>, mut down: Vec<u8>) -> Self {
        let rows = across.len().min(down.len()).checked_div(width).unwrap_or(0);
        across.truncate(rows * width);
        down.truncate(rows * width);
        let most = |table: &[u8]| usize::from(table.iter().copied().max().unwrap_or(0));
        let (reach_across, reach_down) = (most(&across), most(&down));
        let distances = if reach_across.max(reach_down) <= 15 {
            across.iter_mut().zip(&down).for_each(|(across, &down)| *across |= down << 4);
            Distances::Halves(across)
        } else {
            Distances::Bytes(across, down)
        };
        Self { width, distances, reach_across, reach_down }
    }

    /// Samples to a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        let (Distances::Halves(table) | Distances::Bytes(table, _)) = &self.distances;
        table.len().checked_div(self.width).unwrap_or(0)
    }

    /// The largest distances, across and down.
    pub fn reach(&self) -> (usize, usize) {
        (self.reach_across, self.reach_down)
    }

    /// `count` entries from a place on.
    fn row(&self, (x, y): (usize, usize), count: usize) -> Row<'_> {
        assert!(x + count <= self.width, "the table has {} columns", self.width);
        let from = y * self.width + x;
        match &self.distances {
            Distances::Halves(table) => Row::Halves(&table[from..from + count]),
            Distances::Bytes(across, down) => {
                Row::Bytes(&across[from..from + count], &down[from..from + count])
            }
        }
    }
}

/// Part of a row of a table.
#[derive(Clone, Copy)]
enum Row<'a> {
    Halves(&'a [u8]),
    Bytes(&'a [u8], &'a [u8]),
}

/// Samples around one row. Sample 0 of the row is `samples[start]`, the one below it
/// `samples[start + stride]`. The fast way reads [`MARGIN_BEFORE`] samples before and [`MARGIN_AFTER`] after each
/// row (of the row and of all rows within reach); without them the result is the same, only slower.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a, T> {
    /// Rows one after another.
    pub samples: &'a [T],
    /// Samples from one row to the next.
    pub stride: usize,
    /// Where the row starts.
    pub start: usize,
}

/// Samples that should be readable before each row; their values do not matter beyond the reach.
pub const MARGIN_BEFORE: usize = 64;
/// Samples that should be readable after each row; their values do not matter beyond the reach.
pub const MARGIN_AFTER: usize = 192;

/// When a sample is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closeness<T> {
    /// Differences below this are close.
    pub below: T,
    /// Must each of the four be close to the sample? Else only their mean.
    pub each: bool,
}

/// Sample types the row loops exist for: `u8` and `u16`.
pub trait Code: sealed::Kernels {}
impl Code for u8 {}
impl Code for u16 {}

mod sealed {
    use super::{Around, Closeness, Level, Offsets};

    pub trait Kernels: Copy + Default + Ord + Into<u32> + Send + Sync + std::fmt::Debug + 'static {
        fn absdiff(self, other: Self) -> Self;
        /// `other` where `mask` is 255, `self` where it is 0.
        fn select(self, other: Self, mask: u8) -> Self;
        /// A quarter of the sum, rounded down.
        fn quarter(refs: [Self; 4]) -> Self;
        /// One row, by the fastest way that the level and the margins allow.
        fn row(
            level: Level,
            out: &mut [Self],
            pass: Option<&mut [u8]>,
            around: &Around<'_, Self>,
            offsets: &Offsets,
            at: (usize, usize),
            close: Closeness<Self>,
        );
    }
}

use crate::Level;

/// One row of ffmpeg's `deband`: the mean (rounded down) of the four samples around each sample where they
/// are close to it, the sample itself elsewhere. `at` is the row's place in the table of offsets.
///
/// # Panics
/// When the table does not hold `out.len()` samples from `at` on, or `around` does not hold all samples
/// within the table's reach, or its rows are more than 8 million samples apart.
pub fn deband_row<T: Code>(
    level: Level,
    out: &mut [T],
    around: &Around<'_, T>,
    offsets: &Offsets,
    at: (usize, usize),
    close: Closeness<T>,
) {
    check(out.len(), around, offsets, at);
    T::row(level, out, None, around, offsets, at, close);
}

/// As [`deband_row`], for planes that are replaced together: writes the mean everywhere, and clears `pass`
/// where this plane would have kept the sample.
///
/// # Panics
/// As [`deband_row`]; and when `pass` and `out` differ in length.
pub fn deband_row_coupled<T: Code>(
    level: Level,
    out: &mut [T],
    pass: &mut [u8],
    around: &Around<'_, T>,
    offsets: &Offsets,
    at: (usize, usize),
    close: Closeness<T>,
) {
    check(out.len(), around, offsets, at);
    assert_eq!(out.len(), pass.len());
    T::row(level, out, Some(pass), around, offsets, at, close);
}

/// All that the loops below rely on when they read without asking.
fn check<T>(count: usize, around: &Around<'_, T>, offsets: &Offsets, at: (usize, usize)) {
    let _ = offsets.row(at, count);
    let (rx, ry) = offsets.reach();
    let far = ry.saturating_mul(around.stride).saturating_add(rx);
    assert!(far < i32::MAX as usize, "rows {} samples apart are too far apart", around.stride);
    assert!(
        around.start >= far && around.start + count + far <= around.samples.len(),
        "samples within {rx} across and {ry} down are needed"
    );
}

/// The mean (rounded down) of the four samples around one, and whether it is to replace it.
#[inline(always)]
pub fn judge<T: Code>(own: T, refs: [T; 4], close: Closeness<T>) -> (T, bool) {
    let mean = T::quarter(refs);
    let ok = if close.each {
        refs.iter().fold(true, |all, &r| all & (r.absdiff(own) < close.below))
    } else {
        mean.absdiff(own) < close.below
    };
    (mean, ok)
}

/// Any reach and margins: four scattered loads for each sample of a block, then the rest of the work on the
/// block as a whole.
mod plain {
    use super::{Around, Closeness, Code, Offsets, Row, judge};
    use crate::dispatch;

    /// Samples worked on at a time.
    const BLOCK: usize = 64;

    dispatch! {
        /// 8-bit samples; what `check` asks must hold.
        pub fn row_u8(level, out: &mut [u8], pass: Option<&mut [u8]>, around: &Around<'_, u8>, offsets: &Offsets, at: (usize, usize), close: Closeness<u8>) = row::<u8>;
        /// 16-bit samples; what `check` asks must hold.
        pub fn row_u16(level, out: &mut [u16], pass: Option<&mut [u8]>, around: &Around<'_, u16>, offsets: &Offsets, at: (usize, usize), close: Closeness<u16>) = row::<u16>;
    }

    /// Sample `i`'s four, from places counted from the block's first sample: two, and the two opposite of them.
    ///
    /// # Safety
    /// All four must be readable.
    #[inline(always)]
    unsafe fn four<T: Copy>(first: *const T, i: usize, falling: i32, rising: i32) -> [T; 4] {
        let (twice, falling, rising) = (2 * i as isize, falling as isize, rising as isize);
        // SAFETY: the caller's.
        unsafe {
            [
                *first.offset(falling),
                *first.offset(twice - rising),
                *first.offset(twice - falling),
                *first.offset(rising),
            ]
        }
    }

    /// The means of a block; a function of its own, so that all it needs stays in registers.
    ///
    /// # Safety
    /// What [`four`] reads for each of them must be readable.
    #[inline(never)]
    unsafe fn fill_means<T: Code>(
        means: &mut [T],
        first: *const T,
        falling: &[i32; BLOCK],
        rising: &[i32; BLOCK],
    ) {
        for (i, (mean, (&falling, &rising))) in means.iter_mut().zip(falling.iter().zip(rising)).enumerate() {
            // SAFETY: the caller's.
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
                // Counted from the block's first sample.
                (falling[i], rising[i]) = (i as i32 + dy + dx, i as i32 + dy - dx);
            };
            match table {
                Row::Halves(both) => {
                    let both = &both[from..][..count];
                    (0..count).for_each(|i| place(i, both[i] & 15, both[i] >> 4));
                }
                Row::Bytes(across, down) => {
                    let (across, down) = (&across[from..][..count], &down[from..][..count]);
                    (0..count).for_each(|i| place(i, across[i], down[i]));
                }
            }
            // SAFETY: the row starts inside `samples`.
            let first = unsafe { around.samples.as_ptr().add(around.start + from) };
            if close.each {
                for i in 0..count {
                    // SAFETY: `check` found the row to be at least `reach_down * stride + reach_across` away from the
                    // ends of `samples`, and no entry of the table exceeds its reach.
                    let refs = unsafe { four(first, i, falling[i], rising[i]) };
                    let (mean, ok) = judge(own[i], refs, close);
                    (means[i], kept[i]) = (mean, u8::from(ok).wrapping_sub(1));
                }
            } else {
                // SAFETY: as above, for all `count` places.
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
}

impl sealed::Kernels for u8 {
    #[inline(always)]
    fn absdiff(self, other: Self) -> Self {
        self.abs_diff(other)
    }

    #[inline(always)]
    fn select(self, other: Self, mask: u8) -> Self {
        (other & mask) | (self & !mask)
    }

    #[inline(always)]
    fn quarter(refs: [Self; 4]) -> Self {
        (refs.iter().map(|&r| u16::from(r)).sum::<u16>() >> 2) as u8
    }

    fn row(
        level: Level,
        out: &mut [Self],
        pass: Option<&mut [u8]>,
        around: &Around<'_, Self>,
        offsets: &Offsets,
        at: (usize, usize),
        close: Closeness<Self>,
    ) {
        #[cfg(target_arch = "x86_64")]
        if x86::usable(level, out.len(), around, offsets, 32) {
            // SAFETY: `usable` found the instructions, and the margins that the loop reads.
            unsafe { x86::row_u8(out, pass, around, offsets, at, close) };
            return;
        }
        plain::row_u8(level, out, pass, around, offsets, at, close);
    }
}

impl sealed::Kernels for u16 {
    #[inline(always)]
    fn absdiff(self, other: Self) -> Self {
        self.abs_diff(other)
    }

    #[inline(always)]
    fn select(self, other: Self, mask: u8) -> Self {
        let mask = i16::from(mask as i8) as u16;
        (other & mask) | (self & !mask)
    }

    #[inline(always)]
    fn quarter(refs: [Self; 4]) -> Self {
        (refs.iter().map(|&r| u32::from(r)).sum::<u32>() >> 2) as u16
    }

    fn row(
        level: Level,
        out: &mut [Self],
        pass: Option<&mut [u8]>,
        around: &Around<'_, Self>,
        offsets: &Offsets,
        at: (usize, usize),
        close: Closeness<Self>,
    ) {
        #[cfg(target_arch = "x86_64")]
        if x86::usable(level, out.len(), around, offsets, 16) {
            // SAFETY: `usable` found the instructions, and the margins that the loop reads.
            unsafe { x86::row_u16(out, pass, around, offsets, at, close) };
            return;
        }
        plain::row_u16(level, out, pass, around, offsets, at, close);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Around, Closeness, Level, MARGIN_AFTER, MARGIN_BEFORE, Offsets, Row};

    /// Can the loops below run: the instructions, a reach that two registers span, and readable margins?
    pub fn usable<T>(
        level: Level,
        count: usize,
        around: &Around<'_, T>,
        offsets: &Offsets,
        span: usize,
    ) -> bool {
        let (rx, ry) = offsets.reach();
        let far = ry * around.stride;
        level.supported() >= Level::Avx512
            && is_x86_feature_detected!("avx512vbmi")
            && rx <= span
            && around.start >= far + MARGIN_BEFORE
            && around.start + count + far + MARGIN_AFTER <= around.samples.len()
    }

    /// The lanes `count - x0` of 64 that are still inside the row.
    fn tail(count: usize, lanes: u32) -> u64 {
        if count >= lanes as usize { u64::MAX >> (64 - lanes) } else { (1 << count) - 1 }
    }

    /// # Safety
    /// [`usable`] with a span of 32, and what `check` asks.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    pub unsafe fn row_u8(
        out: &mut [u8],
        mut pass: Option<&mut [u8]>,
        around: &Around<'_, u8>,
        offsets: &Offsets,
        at: (usize, usize),
        close: Closeness<u8>,
    ) {
        let count = out.len();
        let table = offsets.row(at, count);
        let (_, ry) = offsets.reach();
        let stride = around.stride;
        // Lane i of a block stands at place i + 32 of the 128 samples in two registers.
        let lanes: [u8; 64] = std::array::from_fn(|i| i as u8 + 32);
        // SAFETY: 64 bytes.
        let lanes = unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
        let ones = _mm512_set1_epi8(1);
        let lower_half = _mm512_set1_epi8(15);
        let below = _mm512_set1_epi8(close.below as i8);
        let mut x = 0;
        while x < count {
            let inside = tail(count - x, 64);
            // SAFETY: masked to the row's length, which the slices have.
            let part =
                |slice: &[u8]| unsafe { _mm512_maskz_loadu_epi8(inside, slice.as_ptr().add(x).cast()) };
            let (dx, dy) = match table {
                Row::Halves(both) => {
                    let both = part(both);
                    let upper = _mm512_srli_epi16::<4>(both);
                    (_mm512_and_si512(both, lower_half), _mm512_and_si512(upper, lower_half))
                }
                Row::Bytes(across, down) => (part(across), part(down)),
            };
            let (right, left) = (_mm512_add_epi8(lanes, dx), _mm512_sub_epi8(lanes, dx));
            // Each of these holds the places to look at, until the turn of the lane's own distance; from then
            // on the sample found there.
            let (mut a, mut b, mut c, mut d) = (right, right, left, left);
            // SAFETY: `usable` keeps 64 samples before and 192 after each row within reach; a block starts inside the
            // row, so its 128 samples from 32 before end less than 96 after the row.
            let middle = unsafe { around.samples.as_ptr().add(around.start + x - 32) };
            for distance in 0..=ry {
                let here = _mm512_cmpeq_epi8_mask(dy, _mm512_set1_epi8(distance as i8));
                // SAFETY: as above.
                let (low0, low1, up0, up1) = unsafe {
                    let (low, up) = (middle.add(distance * stride), middle.sub(distance * stride));
                    (
                        _mm512_loadu_si512(low.cast()),
                        _mm512_loadu_si512(low.add(64).cast()),
                        _mm512_loadu_si512(up.cast()),
                        _mm512_loadu_si512(up.add(64).cast()),
                    )
                };
                a = _mm512_mask2_permutex2var_epi8(low0, a, here, low1);
                b = _mm512_mask2_permutex2var_epi8(up0, b, here, up1);
                c = _mm512_mask2_permutex2var_epi8(up0, c, here, up1);
                d = _mm512_mask2_permutex2var_epi8(low0, d, here, low1);
            }
            let sum = |one, other| _mm512_maddubs_epi16(one, other);
            let low = _mm512_add_epi16(
                sum(_mm512_unpacklo_epi8(a, b), ones),
                sum(_mm512_unpacklo_epi8(c, d), ones),
            );
            let high = _mm512_add_epi16(
                sum(_mm512_unpackhi_epi8(a, b), ones),
                sum(_mm512_unpackhi_epi8(c, d), ones),
            );
            let mean = _mm512_packus_epi16(_mm512_srli_epi16::<2>(low), _mm512_srli_epi16::<2>(high));
            // SAFETY: as above.
            let own = unsafe { _mm512_loadu_si512(middle.add(32).cast()) };
            let apart = |v| _mm512_or_si512(_mm512_subs_epu8(v, own), _mm512_subs_epu8(own, v));
            let most = if close.each {
                _mm512_max_epu8(_mm512_max_epu8(apart(a), apart(b)), _mm512_max_epu8(apart(c), apart(d)))
            } else {
                apart(mean)
            };
            let ok = _mm512_cmplt_epu8_mask(most, below);
            // SAFETY: masked to the length of `out` and of `pass`.
            unsafe {
                if let Some(pass) = pass.as_deref_mut() {
                    let place = pass.as_mut_ptr().add(x).cast();
                    let before = _mm512_maskz_loadu_epi8(inside, place);
                    _mm512_mask_storeu_epi8(place, inside, _mm512_maskz_mov_epi8(ok, before));
                    _mm512_mask_storeu_epi8(out.as_mut_ptr().add(x).cast(), inside, mean);
                } else {
                    let result = _mm512_mask_mov_epi8(own, ok, mean);
                    _mm512_mask_storeu_epi8(out.as_mut_ptr().add(x).cast(), inside, result);
                }
            }
            x += 64;
        }
    }

    /// # Safety
    /// [`usable`] with a span of 16, and what `check` asks.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    pub unsafe fn row_u16(
        out: &mut [u16],
        mut pass: Option<&mut [u8]>,
        around: &Around<'_, u16>,
        offsets: &Offsets,
        at: (usize, usize),
        close: Closeness<u16>,
    ) {
        let count = out.len();
        let table = offsets.row(at, count);
        let (_, ry) = offsets.reach();
        let stride = around.stride;
        // Lane i of a block stands at place i + 16 of the 64 samples in two registers.
        let lanes: [u16; 32] = std::array::from_fn(|i| i as u16 + 16);
        // SAFETY: 64 bytes.
        let lanes = unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
        let below = _mm512_set1_epi16(close.below as i16);
        let three = _mm512_set1_epi16(3);
        let lower_half = _mm512_set1_epi16(15);
        let mut x = 0;
        while x < count {
            let inside = tail(count - x, 32) as u32;
            // SAFETY: masked to the row's length, which the slices have.
            let part = |slice: &[u8]| unsafe {
                _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(inside, slice.as_ptr().add(x).cast()))
            };
            let (dx, dy) = match table {
                Row::Halves(both) => {
                    let both = part(both);
                    (_mm512_and_si512(both, lower_half), _mm512_srli_epi16::<4>(both))
                }
                Row::Bytes(across, down) => (part(across), part(down)),
            };
            let (right, left) = (_mm512_add_epi16(lanes, dx), _mm512_sub_epi16(lanes, dx));
            let (mut a, mut b, mut c, mut d) = (right, right, left, left);
            // SAFETY: `usable` keeps 64 samples before and 192 after each row within reach; a block starts inside the
            // row, so its 64 samples from 16 before end less than 48 after the row.
            let middle = unsafe { around.samples.as_ptr().add(around.start + x - 16) };
            for distance in 0..=ry {
                let here = _mm512_cmpeq_epi16_mask(dy, _mm512_set1_epi16(distance as i16));
                // SAFETY: as above.
                let (low0, low1, up0, up1) = unsafe {
                    let (low, up) = (middle.add(distance * stride), middle.sub(distance * stride));
                    (
                        _mm512_loadu_si512(low.cast()),
                        _mm512_loadu_si512(low.add(32).cast()),
                        _mm512_loadu_si512(up.cast()),
                        _mm512_loadu_si512(up.add(32).cast()),
                    )
                };
                a = _mm512_mask2_permutex2var_epi16(low0, a, here, low1);
                b = _mm512_mask2_permutex2var_epi16(up0, b, here, up1);
                c = _mm512_mask2_permutex2var_epi16(up0, c, here, up1);
                d = _mm512_mask2_permutex2var_epi16(low0, d, here, low1);
            }
            // Four 16-bit samples need 18 bits: their quarters, and the sum of what the quarters dropped.
            let add = |one, other| _mm512_add_epi16(one, other);
            let whole = add(
                add(_mm512_srli_epi16::<2>(a), _mm512_srli_epi16::<2>(b)),
                add(_mm512_srli_epi16::<2>(c), _mm512_srli_epi16::<2>(d)),
            );
            let rest = |v| _mm512_and_si512(v, three);
            let rests = add(add(rest(a), rest(b)), add(rest(c), rest(d)));
            let mean = add(whole, _mm512_srli_epi16::<2>(rests));
            // SAFETY: as above.
            let own = unsafe { _mm512_loadu_si512(middle.add(16).cast()) };
            let apart = |v| _mm512_or_si512(_mm512_subs_epu16(v, own), _mm512_subs_epu16(own, v));
            let most = if close.each {
                _mm512_max_epu16(_mm512_max_epu16(apart(a), apart(b)), _mm512_max_epu16(apart(c), apart(d)))
            } else {
                apart(mean)
            };
            let ok = _mm512_cmplt_epu16_mask(most, below);
            // SAFETY: masked to the length of `out` and of `pass`.
            unsafe {
                if let Some(pass) = pass.as_deref_mut() {
                    let place = pass.as_mut_ptr().add(x).cast();
                    let before = _mm256_maskz_loadu_epi8(inside, place);
                    _mm256_mask_storeu_epi8(place, inside, _mm256_maskz_mov_epi8(ok, before));
                    _mm512_mask_storeu_epi16(out.as_mut_ptr().add(x).cast(), inside, mean);
                } else {
                    let result = _mm512_mask_mov_epi16(own, ok, mean);
                    _mm512_mask_storeu_epi16(out.as_mut_ptr().add(x).cast(), inside, result);
                }
            }
            x += 32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the loop means, by coordinates and with every read checked: result, mean, was it close.
    fn model<T: Code>(
        around: &Around<'_, T>,
        offsets: &Offsets,
        at: (usize, usize),
        count: usize,
        close: Closeness<T>,
    ) -> Vec<(u32, u32, bool)> {
        let below: u32 = close.below.into();
        (0..count)
            .map(|i| {
                let (dx, dy) = match offsets.row((at.0 + i, at.1), 1) {
                    Row::Halves(both) => (both[0] & 15, both[0] >> 4),
                    Row::Bytes(across, down) => (across[0], down[0]),
                };
                let (dx, dy) = (dx as isize, dy as isize);
                let pick = |sx: isize, sy: isize| -> u32 {
                    let place = (around.start + i) as isize + sy * dy * around.stride as isize + sx * dx;
                    around.samples[place as usize].into()
                };
                let refs = [pick(1, 1), pick(1, -1), pick(-1, -1), pick(-1, 1)];
                let own: u32 = around.samples[around.start + i].into();
                let mean = refs.iter().sum::<u32>() / 4;
                let ok = if close.each {
                    refs.iter().all(|r| r.abs_diff(own) < below)
                } else {
                    mean.abs_diff(own) < below
                };
                (if ok { mean } else { own }, mean, ok)
            })
            .collect()
    }

    fn noise(seed: u32) -> impl FnMut() -> u32 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        }
    }

    fn all_levels_agree<T: Code>(value: fn(u32) -> T, below: &[T]) {
        let mut next = noise(7);
        // Reach, margins around the rows (0: only what the reach needs), row lengths.
        for (rx, ry) in [(0, 0), (1, 3), (15, 13), (16, 2), (17, 1), (32, 5), (33, 4), (200, 1)] {
            for margin in [0, 200] {
                for count in [0usize, 1, 7, 31, 32, 33, 64, 65, 150] {
                    let width = count + 3;
                    let table = |reach: u32, next: &mut dyn FnMut() -> u32| -> Vec<u8> {
                        (0..width * 2).map(|_| (next() % (reach + 1)) as u8).collect()
                    };
                    let (across, down) = (table(rx, &mut next), table(ry, &mut next));
                    let offsets = Offsets::new(width, across, down);
                    let (rx, ry) = offsets.reach();
                    let stride = count + 2 * rx + margin + 1;
                    let samples: Vec<T> =
                        (0..stride * (2 * ry + 1) + 2 * margin + 2 * rx).map(|_| value(next())).collect();
                    let around = Around { samples: &samples, stride, start: ry * stride + rx + margin };
                    for &below in below {
                        for each in [false, true] {
                            let close = Closeness { below, each };
                            let want = model(&around, &offsets, (2, 1), count, close);
                            for level in Level::all() {
                                let mut out = vec![T::default(); count];
                                deband_row(level, &mut out, &around, &offsets, (2, 1), close);
                                let got = out.iter().map(|&v| v.into());
                                assert!(
                                    got.eq(want.iter().map(|w| w.0)),
                                    "{level:?} {rx} {ry} {margin} {count}"
                                );
                                let mut pass: Vec<u8> =
                                    (0..count).map(|i| if i % 3 == 0 { 0 } else { 255 }).collect();
                                deband_row_coupled(
                                    level,
                                    &mut out,
                                    &mut pass,
                                    &around,
                                    &offsets,
                                    (2, 1),
                                    close,
                                );
                                let got = out.iter().map(|&v| v.into());
                                assert!(got.eq(want.iter().map(|w| w.1)), "{level:?} mean");
                                let expected = want
                                    .iter()
                                    .enumerate()
                                    .map(|(i, w)| if i % 3 != 0 && w.2 { 255 } else { 0 });
                                assert!(pass.iter().copied().eq(expected), "{level:?} pass");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn all_levels_give_the_same_8_bit_row() {
        all_levels_agree::<u8>(|v| v as u8, &[0, 40, 255]);
        all_levels_agree::<u8>(|v| (v % 9) as u8 + 200, &[3]);
    }

    #[test]
    fn all_levels_give_the_same_16_bit_row() {
        all_levels_agree::<u16>(|v| v as u16, &[0, 9000, 65535]);
        all_levels_agree::<u16>(|v| (v % 999) as u16 + 64000, &[300]);
    }

    #[test]
    #[should_panic(expected = "within 2 across and 1 down")]
    fn too_few_samples_around_are_refused() {
        let offsets = Offsets::new(4, vec![2; 4], vec![1; 4]);
        let around = Around { samples: &[0u8; 20], stride: 8, start: 10 };
        deband_row(
            Level::Scalar,
            &mut [0; 4],
            &around,
            &offsets,
            (0, 0),
            Closeness { below: 1, each: false },
        );
    }

    #[test]
    fn tables_hold_what_was_put_in() {
        for most in [15u8, 16, 255] {
            let (across, down): (Vec<u8>, Vec<u8>) = (0..=most).map(|d| (d, most - d)).unzip();
            let width = across.len();
            let offsets = Offsets::new(width, across.clone(), down.clone());
            assert_eq!(offsets.reach(), (most.into(), most.into()));
            let held: Vec<(u8, u8)> = (0..width)
                .map(|x| match offsets.row((x, 0), 1) {
                    Row::Halves(both) => (both[0] & 15, both[0] >> 4),
                    Row::Bytes(across, down) => (across[0], down[0]),
                })
                .collect();
            assert!(held.into_iter().eq(across.into_iter().zip(down)), "{most}");
        }
    }

    #[test]
    fn tables_of_unequal_length_are_cut_to_whole_rows() {
        let offsets = Offsets::new(3, vec![1; 8], vec![2; 7]);
        assert_eq!((offsets.width(), offsets.height(), offsets.reach()), (3, 2, (1, 2)));
        assert_eq!(Offsets::new(0, vec![1], vec![1]).height(), 0);
    }
}
