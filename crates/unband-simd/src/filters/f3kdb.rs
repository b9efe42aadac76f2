//! Row kernels of `f3kdb`: lookup at random distances, choice between sample and mean, grain, and rounding
//! with or without dither.
//!
//! Everything between [`pick_row`] and rounding is in 16-bit codes, as in the original. Where the distances
//! differ from sample to sample, processors with AVX-512 VBMI look up all samples of a block with the same
//! distance at once (see `x86.rs`).

// Bodies must be inlined into each level's function to be compiled for it; bit patterns change sign on
// purpose.
#![allow(clippy::inline_always, clippy::cast_possible_wrap)]

mod angle;
mod diffuse;
mod judge;
mod plain;
mod power;
mod round;
mod uniform;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use angle::{ANGLE_REACH, angle_row, even_row};
pub use diffuse::{Diffusion, Rounding};
pub use judge::{Limits, Mode, judge_row};
pub use round::{add_grain, round_row, stretch_row};
pub use uniform::{Draws, Uniform, distances_row, share, uniform_row, whole};

use std::ops::Range;

pub use crate::filters::ffmpeg_deband::Around;
use crate::{Level, dispatch};

/// Positions of the samples that each sample of a row is compared with, always in opposite pairs.
#[derive(Clone, Copy, Debug)]
pub enum Places<'a> {
    /// One pair: `(0, ±down)`.
    Column {
        /// Rows.
        down: &'a [i8],
    },
    /// One pair: `(±across, 0)`.
    Row {
        /// Columns.
        across: &'a [i8],
    },
    /// Two pairs: `(0, ±down)` and `(±across, 0)`.
    Cross {
        /// Columns.
        across: &'a [i8],
        /// Rows.
        down: &'a [i8],
    },
    /// Two pairs: `±(across[0], down[1])` and `±(across[1], -down[0])`, the corners of a square.
    Square {
        /// Columns.
        across: [&'a [i8]; 2],
        /// Rows.
        down: [&'a [i8]; 2],
    },
}

impl<'a> Places<'a> {
    /// Slices of all columns and all rows; missing ones are empty.
    fn parts(&self) -> [[&'a [i8]; 2]; 2] {
        match *self {
            Places::Column { down } => [[&[], &[]], [down, &[]]],
            Places::Row { across } => [[across, &[]], [&[], &[]]],
            Places::Cross { across, down } => [[across, &[]], [down, &[]]],
            Places::Square { across, down } => [across, down],
        }
    }

    /// The same for a range of samples of the row.
    fn part(self, range: Range<usize>) -> Self {
        let cut = |part: &'a [i8]| &part[range.clone()];
        match self {
            Places::Column { down } => Places::Column { down: cut(down) },
            Places::Row { across } => Places::Row { across: cut(across) },
            Places::Cross { across, down } => Places::Cross { across: cut(across), down: cut(down) },
            Places::Square { across, down } => {
                Places::Square { across: across.map(cut), down: down.map(cut) }
            }
        }
    }

    /// Columns and rows from sample `i` to the first of each pair.
    #[inline(always)]
    fn at(&self, i: usize) -> [(isize, isize); 2] {
        match *self {
            Places::Column { down } => [(0, down[i].into()), (0, 0)],
            Places::Row { across } => [(across[i].into(), 0), (0, 0)],
            Places::Cross { across, down } => [(0, down[i].into()), (across[i].into(), 0)],
            Places::Square { across, down } => {
                [(across[0][i].into(), down[1][i].into()), (across[1][i].into(), -isize::from(down[0][i]))]
            }
        }
    }

    /// Is there a second pair?
    fn two(&self) -> bool {
        matches!(self, Places::Cross { .. } | Places::Square { .. })
    }
}

/// Sample types with row kernels: `u8` and `u16`.
pub trait Code: sealed::Kernels {}
impl Code for u8 {}
impl Code for u16 {}

mod sealed {
    use super::{Around, Level, Limits, Places, Rounding};

    pub trait Kernels:
        Copy + Default + Into<u32> + Into<u16> + Send + Sync + std::fmt::Debug + 'static
    {
        /// Unchecked lookup.
        ///
        /// # Safety
        /// All samples read must exist.
        unsafe fn fast(level: Level, refs: [&mut [Self]; 4], around: &Around<'_, Self>, places: &Places<'_>);
        /// As `fast`, in whole blocks.
        ///
        /// # Safety
        /// The instructions, the margins and the reach required by `x86::blocks`.
        #[cfg(target_arch = "x86_64")]
        unsafe fn blocks(refs: [&mut [Self]; 4], around: &Around<'_, Self>, places: &Places<'_>, down: usize);
        fn judge(
            level: Level,
            out: &mut [u16],
            own: &[Self],
            refs: [&[Self]; 4],
            limits: &Limits,
            even: &[u8],
        );
        fn angles(level: Level, out: &mut [f32], rows: [&[Self]; 3], shift: u32);
        fn round(level: Level, out: &mut [Self], values: &[u16], thresholds: &[u16; 16], rounding: Rounding);
        fn narrow(code: u16) -> Self;
    }
}

dispatch! {
    /// The largest absolute distance.
    fn farthest(level, distances: &[i8]) -> u8 = farthest_body;
}

#[inline(always)]
fn farthest_body(distances: &[i8]) -> u8 {
    let mut most = [0u8; 64];
    let (blocks, rest) = distances.as_chunks::<64>();
    for block in blocks {
        for (most, d) in most.iter_mut().zip(block) {
            *most = (*most).max(d.unsigned_abs());
        }
    }
    rest.iter().map(|d| d.unsigned_abs()).chain(most).max().unwrap_or(0)
}

/// Looks up the samples around each sample of a row: the first pair into `refs[0]` and `refs[1]`, plus and
/// minus; the second pair, if any, into the others. All slices have the row's length.
///
/// # Panics
/// When slices differ in length (except those of a missing pair), or a sample read does not exist.
pub fn pick_row<T: Code>(level: Level, refs: [&mut [T]; 4], around: &Around<'_, T>, places: &Places<'_>) {
    let count = refs[0].len();
    assert!(around.start <= around.samples.len(), "the row starts behind the samples");
    let others = if places.two() { &refs[1..] } else { &refs[1..2] };
    assert!(others.iter().all(|row| row.len() == count), "rows of different length");
    let mut reach = [0; 2];
    for (reach, parts) in reach.iter_mut().zip(places.parts()) {
        for part in parts {
            assert!(part.is_empty() || part.len() == count, "as many distances as samples");
            *reach = usize::from(farthest(level, part)).max(*reach);
        }
    }
    let [across, down] = reach;
    let rows = down.saturating_mul(around.stride);
    let far = rows.saturating_add(across);
    assert!(far < i32::MAX as usize, "rows {} samples apart are too far apart", around.stride);
    // In this range everything within reach of a sample exists.
    let first = far.saturating_sub(around.start).min(count);
    let last = around.samples.len().saturating_sub(far + around.start).clamp(first, count);
    let mut job = Job { refs, around, places };
    job.checked(0..first);
    #[cfg(target_arch = "x86_64")]
    let middle = x86::blocks(level, &job, first..last, rows, across);
    #[cfg(not(target_arch = "x86_64"))]
    let middle = last..last;
    for part in [first..middle.start, middle.end..last] {
        let (refs, around, places) = job.part(part);
        // SAFETY: inside `first..last`.
        unsafe { T::fast(level.min(PLAIN), refs, &around, &places) };
    }
    #[cfg(target_arch = "x86_64")]
    if !middle.is_empty() {
        let (refs, around, places) = job.part(middle);
        // SAFETY: `x86::blocks` found the instructions, margins and reach for this part.
        unsafe { T::blocks(refs, &around, &places, down) };
    }
    job.checked(last..count);
}

/// The level at which single lookups are fastest: the copy for AVX-512 takes up to 1.1 times as long.
const PLAIN: Level = Level::Avx2;

/// A row to look up.
struct Job<'a, 'b, T> {
    refs: [&'a mut [T]; 4],
    around: &'a Around<'b, T>,
    places: &'a Places<'b>,
}

impl<'b, T: Code> Job<'_, 'b, T> {
    /// The same for a range of samples of the row.
    fn part(&mut self, range: Range<usize>) -> ([&mut [T]; 4], Around<'b, T>, Places<'b>) {
        let around = Around { start: self.around.start + range.start, ..*self.around };
        let places = self.places.part(range.clone());
        (self.refs.each_mut().map(|row| row.get_mut(range.clone()).unwrap_or_default()), around, places)
    }

    /// Checked lookup: panics where a sample does not exist.
    fn checked(&mut self, range: Range<usize>) {
        for i in range {
            for (pair, (x, y)) in
                self.places.at(i).into_iter().enumerate().take(1 + usize::from(self.places.two()))
            {
                let by = y * self.around.stride as isize + x;
                let own = (self.around.start + i) as isize;
                self.refs[2 * pair][i] = self.around.samples[(own + by) as usize];
                self.refs[2 * pair + 1][i] = self.around.samples[(own - by) as usize];
            }
        }
    }
}

macro_rules! kernels {
    ($ty:ty, $fast:ident, $blocks:ident, $judge:ident, $angles:ident, $round:ident) => {
        impl sealed::Kernels for $ty {
            unsafe fn fast(
                level: Level,
                refs: [&mut [Self]; 4],
                around: &Around<'_, Self>,
                places: &Places<'_>,
            ) {
                plain::$fast(level, refs, around, places);
            }

            #[cfg(target_arch = "x86_64")]
            unsafe fn blocks(
                refs: [&mut [Self]; 4],
                around: &Around<'_, Self>,
                places: &Places<'_>,
                down: usize,
            ) {
                // SAFETY: guaranteed by the caller.
                unsafe { x86::$blocks(refs, around, places, down) };
            }

            fn judge(
                level: Level,
                out: &mut [u16],
                own: &[Self],
                refs: [&[Self]; 4],
                limits: &Limits,
                even: &[u8],
            ) {
                judge::$judge(level, out, own, refs, limits, even);
            }

            fn angles(level: Level, out: &mut [f32], rows: [&[Self]; 3], shift: u32) {
                angle::$angles(level, out, rows, shift);
            }

            fn round(
                level: Level,
                out: &mut [Self],
                values: &[u16],
                thresholds: &[u16; 16],
                rounding: Rounding,
            ) {
                round::$round(level, out, values, thresholds, rounding);
            }

            #[inline(always)]
            fn narrow(code: u16) -> Self {
                code as Self
            }
        }
    };
}

kernels!(u8, row_u8, blocks_u8, row_u8, row_u8, row_u8);
kernels!(u16, row_u16, blocks_u16, row_u16, row_u16, row_u16);

#[cfg(test)]
mod tests;
