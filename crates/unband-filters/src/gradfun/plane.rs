//! `gradfun` on planes of integer codes.

use std::ops::Range;

use unband_image::Window;
use unband_simd::Level;
use unband_simd::filters::gradfun::Scratch;

use crate::PlaneError;
use crate::grid::{Sample, View};

/// Parameters of one plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    radius: usize,
    threshold: u16,
    bits: u8,
}

impl Shape {
    /// For a plane of `bits` bits per sample (1 to 16) that is `scale` times smaller than the first plane.
    /// Strength and radius are clamped to their ranges (0.51..=64, 4..=32, even) as in ffmpeg.
    pub fn new(strength: f32, radius: u32, bits: u8, scale: (usize, usize)) -> Self {
        let even = |r: u32| ((r + 1) & !1).clamp(4, 32);
        let luma = even(radius.min(32));
        let shift = |by: usize| luma >> by.max(1).ilog2().min(31);
        let radius = if scale == (1, 1) { luma } else { even(shift(scale.0).midpoint(shift(scale.1))) };
        // The comparison also catches NaN.
        let strength = if strength >= 0.51 { strength.min(64.0) } else { 0.51 };
        Self { radius: radius as usize, threshold: (32768.0 / strength) as u16, bits: bits.clamp(1, 16) }
    }

    /// Radius of the filter, in samples of the plane, for any plane size.
    pub fn reach(self) -> usize {
        2 * self.radius + 2
    }

    /// Is a plane of this size changed at all?
    pub(crate) fn touches(self, width: usize, height: usize) -> bool {
        width.min(height) > 2 * self.radius
    }
}

/// The original's dither, in 1/128 of a code: Bayer's matrix.
const DITHER: [[u8; 8]; 8] = bayer();

/// Each bit of the position, from the lowest, gives two bits of the value, from the highest.
const fn bayer() -> [[u8; 8]; 8] {
    let mut out = [[0; 8]; 8];
    let mut place = 0;
    while place < 64 {
        let (y, x) = (place / 8, place % 8);
        let mut bit = 0;
        while bit < 3 {
            let (across, down) = ((x >> bit & 1) as u8, (y >> bit & 1) as u8);
            out[y][x] |= (((across ^ down) << 1) | across) << 5 >> (2 * bit);
            bit += 1;
        }
        place += 1;
    }
    out
}

/// `gradfun` on one plane of `width * height` codes, row by row without padding, into `out`. 8-bit codes are
/// `u8`, those of every other depth `u16`.
///
/// # Errors
/// When a buffer has another length, or the sample type is not the depth's.
pub fn gradfun_plane<T: Sample>(
    level: Level,
    out: &mut [T],
    plane: &[T],
    width: usize,
    height: usize,
    shape: Shape,
) -> Result<(), PlaneError> {
    let view =
        View::whole(plane, width, height).ok_or(PlaneError::Length { width, height, got: plane.len() })?;
    gradfun_rows(level, out, &view, 0..height, shape)
}

/// As [`gradfun_plane`] for some rows; `out` holds them row by row. The view spans whole rows.
///
/// # Errors
/// When `out` has another length, the sample type is not the depth's, or the view lacks samples within
/// [`Shape::reach`] of the rows.
pub fn gradfun_rows<T: Sample>(
    level: Level,
    out: &mut [T],
    view: &View<'_, T>,
    rows: Range<usize>,
    shape: Shape,
) -> Result<(), PlaneError> {
    let (width, height) = (view.width(), view.height());
    let core = Window { x0: 0, y0: rows.start, x1: width, y1: rows.end };
    if !view.covers(core, (0, shape.reach())) {
        return Err(PlaneError::Window);
    }
    if (shape.bits == 8) != (size_of::<T>() == 1) {
        return Err(PlaneError::Depth { bits: shape.bits });
    }
    if out.len() != width * rows.len() {
        return Err(PlaneError::Length { width, height: rows.len(), got: out.len() });
    }
    if !shape.touches(width, height) {
        for (out, y) in out.chunks_exact_mut(width.max(1)).zip(rows) {
            out.copy_from_slice(view.row(y));
        }
        return Ok(());
    }
    let mut sums = vec![T::Sum::default(); width / 2];
    let (mut means, mut scratch) = (vec![T::Mean::default(); width], Scratch::default());
    let r = shape.radius;
    // The last even row, relative to `r`, whose box still ends inside the plane.
    let last = (height - r).checked_sub(r + 2).map(|room| r + room / 2 * 2);
    // Pairs of rows that have entered the box; it holds the last `r` of them.
    let mut entered = 0;
    let mut fresh = false;
    let pair = |k: usize| [view.row(2 * k), view.row(2 * k + 1)];
    for (out, y) in out.chunks_exact_mut(width).zip(rows) {
        let middle = last.map_or(r, |last| (y & !1).clamp(r, last));
        // A plane of 2r + 1 rows has no such row: only the first r pairs enter.
        let end = if last.is_some() { middle.midpoint(r) + 1 } else { r };
        if entered == 0 {
            for k in end - r..end {
                T::slide(level, &mut sums, pair(k), None);
            }
            (entered, fresh) = (end, true);
        }
        while entered < end {
            T::slide(level, &mut sums, pair(entered), Some(pair(entered - r)));
            (entered, fresh) = (entered + 1, true);
        }
        if fresh {
            if last.is_some() {
                T::means(level, &mut means, &sums, r, &mut scratch);
            } else {
                T::means_of_low_plane(level, &mut means, &sums, r, &mut scratch);
            }
            fresh = false;
        }
        T::blend(level, out, view.row(y), &means, shape.threshold, &DITHER[y & 7], shape.bits);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::cast_possible_wrap)]
mod tests;
