//! Row kernel of ffmpeg's `deband`: the mean of four samples placed symmetrically around each sample.
//!
//! The four positions differ from sample to sample, so the generic version needs four scattered loads each.
//! On processors with AVX-512 VBMI the loops are interchanged: for each distance up and down, all samples of
//! a block with that distance are looked up at once in the two rows held in registers, which costs about one
//! instruction per sample for all four. AVX2 does the same with lookups among 16 bytes, for distances below
//! 16: ten instructions per sample.

// Bodies must be inlined into each level's function to be compiled for it; bit patterns change sign on
// purpose.
#![allow(clippy::inline_always, clippy::cast_possible_wrap)]

mod plain;
pub mod spiral;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::Level;

/// Per sample of an image, the distances of the four samples that it is compared with: at
/// `(x ± across, y ± down)`, all four sign pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offsets {
    width: usize,
    distances: Distances,
    reach_across: usize,
    reach_down: usize,
}

/// The table is read as often as the image, so its size matters.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Distances {
    /// Up to 15: across in the lower half of a byte, down in the upper.
    Halves(Vec<u8>),
    /// Up to 255: across, down.
    Bytes(Vec<u8>, Vec<u8>),
}

impl Offsets {
    /// Distances row by row, `width` to a row. An incomplete last row is dropped, as is the excess of the
    /// longer table.
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

    /// Samples per row.
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

    /// `count` entries from an index on.
    fn row(&self, (x, y): (usize, usize), count: usize) -> TableRow<'_> {
        assert!(x.saturating_add(count) <= self.width, "the table has {} columns", self.width);
        assert!(y < self.height(), "the table has {} rows", self.height());
        let from = y * self.width + x;
        match &self.distances {
            Distances::Halves(table) => TableRow::Halves(&table[from..from + count]),
            Distances::Bytes(across, down) => {
                TableRow::Bytes(&across[from..from + count], &down[from..from + count])
            }
        }
    }
}

/// Part of a row of a table.
#[derive(Clone, Copy)]
enum TableRow<'a> {
    Halves(&'a [u8]),
    Bytes(&'a [u8], &'a [u8]),
}

/// Samples around one row. Sample 0 of the row is `samples[start]`, the one below it
/// `samples[start + stride]`. The fast version reads [`MARGIN_BEFORE`] samples before and [`MARGIN_AFTER`]
/// after each row (the row itself and all rows within reach). Without them the result is the same, only
/// slower.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a, T> {
    /// Rows one after another.
    pub samples: &'a [T],
    /// Samples from one row to the next.
    pub stride: usize,
    /// Start of the row.
    pub start: usize,
}

/// Samples that should be readable before each row; values beyond the reach are ignored.
pub const MARGIN_BEFORE: usize = 64;
/// Samples that should be readable after each row; values beyond the reach are ignored.
pub const MARGIN_AFTER: usize = 192;

/// Condition for replacing a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closeness<T> {
    /// Differences below this are close.
    pub below: T,
    /// Must each of the four be close to the sample? Else only their mean.
    pub each: bool,
}

/// Sample types with row kernels: `u8` and `u16`.
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
        /// One row, by the fastest version that the level and the margins allow.
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

/// One row of ffmpeg's `deband`: the mean (rounded down) of the four samples around each sample where they
/// are close to it, the sample itself elsewhere. `at` is the row's position in the table of offsets.
///
/// # Panics
/// When the table does not hold `out.len()` samples from `at` on, when `around` does not hold all samples
/// within the table's reach, or when its rows are more than 8 million samples apart.
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

/// All conditions that the unchecked loops below rely on.
fn check<T>(count: usize, around: &Around<'_, T>, offsets: &Offsets, at: (usize, usize)) {
    let _ = offsets.row(at, count);
    let (rx, ry) = offsets.reach();
    let far = ry.saturating_mul(around.stride).saturating_add(rx);
    assert!(far < i32::MAX as usize, "rows {} samples apart are too far apart", around.stride);
    let end = around.start.saturating_add(count).saturating_add(far);
    assert!(
        around.start >= far && end <= around.samples.len(),
        "samples within {rx} across and {ry} down are needed"
    );
}

/// The mean (rounded down) of the four samples around one, and whether it replaces that one.
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

/// The level at which single lookups are fastest: the copy for AVX-512 takes 1.1 to 2.4 times as long.
const PLAIN: Level = Level::Avx2;

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
        if x86::usable(level, out.len(), around, offsets) {
            // SAFETY: `usable` found the instructions, and the margins that the loop reads.
            unsafe { x86::row_u8(out, pass, around, offsets, at, close) };
            return;
        }
        plain::row_u8(level.min(PLAIN), out, pass, around, offsets, at, close);
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
        plain::row_u16(level.min(PLAIN), out, pass, around, offsets, at, close);
    }
}

#[cfg(test)]
mod tests;
