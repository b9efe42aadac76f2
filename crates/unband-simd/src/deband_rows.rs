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
    across: Vec<u8>,
    down: Vec<u8>,
    reach_across: usize,
    reach_down: usize,
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
        Self { width, across, down, reach_across, reach_down }
    }

    /// Samples to a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.across.len().checked_div(self.width).unwrap_or(0)
    }

    /// The largest distances, across and down.
    pub fn reach(&self) -> (usize, usize) {
        (self.reach_across, self.reach_down)
    }

    /// Distances of `count` samples from `(x, y)` on, across and down.
    ///
    /// # Panics
    /// When the table does not hold them.
    pub fn row(&self, x: usize, y: usize, count: usize) -> (&[u8], &[u8]) {
        assert!(x + count <= self.width, "the table has {} columns", self.width);
        let from = y * self.width + x;
        (&self.across[from..from + count], &self.down[from..from + count])
    }
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
        /// A quarter of the sum, rounded down.
        fn quarter(refs: [Self; 4]) -> Self;
        /// Does the vector version; `false` when there is none for this level or these margins.
        fn vector(
            level: Level,
            out: &mut [Self],
            pass: Option<&mut [u8]>,
            around: &Around<'_, Self>,
            offsets: &Offsets,
            at: (usize, usize),
            close: Closeness<Self>,
        ) -> bool;
    }
}

use crate::Level;

/// One row of ffmpeg's `deband`: the mean (rounded down) of the four samples around each sample where they
/// are close to it, the sample itself elsewhere. `at` is the row's place in the table of offsets.
///
/// # Panics
/// When the table does not hold `out.len()` samples from `at` on, or `around` does not hold all samples
/// within the table's reach.
pub fn deband_row<T: Code>(
    level: Level,
    out: &mut [T],
    around: &Around<'_, T>,
    offsets: &Offsets,
    at: (usize, usize),
    close: Closeness<T>,
) {
    check(out.len(), around, offsets, at);
    if !T::vector(level, out, None, around, offsets, at, close) {
        plain(out, None, around, offsets, at, close);
    }
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
    if !T::vector(level, out, Some(pass), around, offsets, at, close) {
        plain(out, Some(pass), around, offsets, at, close);
    }
}

/// All that the loops below rely on when they read without asking.
fn check<T>(count: usize, around: &Around<'_, T>, offsets: &Offsets, at: (usize, usize)) {
    let _ = offsets.row(at.0, at.1, count);
    let (rx, ry) = offsets.reach();
    let far = ry * around.stride + rx;
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
        refs.iter().all(|&r| r.absdiff(own) < close.below)
    } else {
        mean.absdiff(own) < close.below
    };
    (mean, ok)
}

#[inline(always)]
fn plain<T: Code>(
    out: &mut [T],
    mut pass: Option<&mut [u8]>,
    around: &Around<'_, T>,
    offsets: &Offsets,
    at: (usize, usize),
    close: Closeness<T>,
) {
    let (across, down) = offsets.row(at.0, at.1, out.len());
    let samples = around.samples;
    for (i, (out, (&dx, &dy))) in out.iter_mut().zip(across.iter().zip(down)).enumerate() {
        let here = around.start + i;
        let (dx, dy) = (usize::from(dx), usize::from(dy) * around.stride);
        // SAFETY: `check` found `start` to be at least and the end to lie at least `reach_down * stride +
        // reach_across` away from the ends of `samples`, and no entry of the table exceeds its reach.
        let refs = unsafe {
            [here + dy + dx, here - dy + dx, here - dy - dx, here + dy - dx]
                .map(|j| *samples.get_unchecked(j))
        };
        let own = samples[here];
        let (mean, ok) = judge(own, refs, close);
        if let Some(pass) = pass.as_deref_mut() {
            *out = mean;
            pass[i] &= if ok { 255 } else { 0 };
        } else {
            *out = if ok { mean } else { own };
        }
    }
}

impl sealed::Kernels for u8 {
    #[inline(always)]
    fn absdiff(self, other: Self) -> Self {
        self.abs_diff(other)
    }

    #[inline(always)]
    fn quarter(refs: [Self; 4]) -> Self {
        (refs.iter().map(|&r| u16::from(r)).sum::<u16>() >> 2) as u8
    }

    fn vector(
        level: Level,
        out: &mut [Self],
        pass: Option<&mut [u8]>,
        around: &Around<'_, Self>,
        offsets: &Offsets,
        at: (usize, usize),
        close: Closeness<Self>,
    ) -> bool {
        #[cfg(target_arch = "x86_64")]
        if x86::usable(level, out.len(), around, offsets, 32) {
            // SAFETY: `usable` found the instructions, and the margins that the loop reads.
            unsafe { x86::row_u8(out, pass, around, offsets, at, close) };
            return true;
        }
        let _ = (level, out, pass, around, offsets, at, close);
        false
    }
}

impl sealed::Kernels for u16 {
    #[inline(always)]
    fn absdiff(self, other: Self) -> Self {
        self.abs_diff(other)
    }

    #[inline(always)]
    fn quarter(refs: [Self; 4]) -> Self {
        (refs.iter().map(|&r| u32::from(r)).sum::<u32>() >> 2) as u16
    }

    fn vector(
        level: Level,
        out: &mut [Self],
        pass: Option<&mut [u8]>,
        around: &Around<'_, Self>,
        offsets: &Offsets,
        at: (usize, usize),
        close: Closeness<Self>,
    ) -> bool {
        #[cfg(target_arch = "x86_64")]
        if x86::usable(level, out.len(), around, offsets, 16) {
            // SAFETY: `usable` found the instructions, and the margins that the loop reads.
            unsafe { x86::row_u16(out, pass, around, offsets, at, close) };
            return true;
        }
        let _ = (level, out, pass, around, offsets, at, close);
        false
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Around, Closeness, Level, MARGIN_AFTER, MARGIN_BEFORE, Offsets};

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
        let (across, down) = offsets.row(at.0, at.1, count);
        let (_, ry) = offsets.reach();
        let stride = around.stride;
        // Lane i of a block stands at place i + 32 of the 128 samples in two registers.
        let lanes: [u8; 64] = std::array::from_fn(|i| i as u8 + 32);
        // SAFETY: 64 bytes.
        let lanes = unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
        let ones = _mm512_set1_epi8(1);
        let below = _mm512_set1_epi8(close.below as i8);
        let mut x = 0;
        while x < count {
            let inside = tail(count - x, 64);
            // SAFETY: masked to the row's length; all three slices have it.
            let (dx, dy) = unsafe {
                (
                    _mm512_maskz_loadu_epi8(inside, across.as_ptr().add(x).cast()),
                    _mm512_maskz_loadu_epi8(inside, down.as_ptr().add(x).cast()),
                )
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
        let (across, down) = offsets.row(at.0, at.1, count);
        let (_, ry) = offsets.reach();
        let stride = around.stride;
        // Lane i of a block stands at place i + 16 of the 64 samples in two registers.
        let lanes: [u16; 32] = std::array::from_fn(|i| i as u16 + 16);
        // SAFETY: 64 bytes.
        let lanes = unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
        let below = _mm512_set1_epi16(close.below as i16);
        let three = _mm512_set1_epi16(3);
        let mut x = 0;
        while x < count {
            let inside = tail(count - x, 32) as u32;
            // SAFETY: masked to the row's length; all three slices have it.
            let (dx, dy) = unsafe {
                (
                    _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(inside, across.as_ptr().add(x).cast())),
                    _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(inside, down.as_ptr().add(x).cast())),
                )
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
        let (across, down) = offsets.row(at.0, at.1, count);
        let below: u32 = close.below.into();
        (0..count)
            .map(|i| {
                let (dx, dy) = (across[i] as isize, down[i] as isize);
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
    fn tables_of_unequal_length_are_cut_to_whole_rows() {
        let offsets = Offsets::new(3, vec![1; 8], vec![2; 7]);
        assert_eq!((offsets.width(), offsets.height(), offsets.reach()), (3, 2, (1, 2)));
        assert_eq!(Offsets::new(0, vec![1], vec![1]).height(), 0);
    }
}
