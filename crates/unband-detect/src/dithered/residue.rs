//! Levels of a plane, and the residues of samples from the mean around them.

use unband_image::findings::GridRegions;

use crate::planes::Codes;

/// Half the side of the mean's window.
pub(super) const REACH: usize = 2;
/// Rows of a band.
pub(super) const BAND: usize = 16;
/// Samples in the window.
const COUNT: i32 = 25;
/// Greatest difference of ten samples on one side of the window and those on the other, in steps: a slope of
/// a fifth of a step for each sample.
const STEEP: i32 = 6;

/// A plane in whole levels.
pub(super) struct Steps<'a> {
    pub width: usize,
    pub height: usize,
    codes: &'a [u8],
    /// The level of each code.
    table: [i16; 256],
    /// The lowest level of the scale, and the highest.
    pub ends: (i16, i16),
    /// Levels of a step: 1, or the usual difference of neighbours where the levels are codes of a palette.
    pub scale: f32,
    /// Are they codes of a palette?
    pub of_palette: bool,
    /// The squares that have these levels, if not all, and the plane's number in them.
    part: Option<(&'a GridRegions, usize)>,
}

impl<'a> Steps<'a> {
    /// Of a plane of `all`; `step` and `offset` in codes.
    pub(super) fn new(all: &Codes, codes: &'a [u8], step: f32, offset: f32) -> Self {
        let level = |code: usize| ((code as f32 - offset) / step.max(1e-3)).round();
        let table: [i16; 256] = std::array::from_fn(|code| level(code).clamp(-1.0, 300.0) as i16);
        let ends = (table[0], table[255]);
        let (width, height) = (all.width, all.height);
        Self { width, height, codes, table, ends, scale: 1.0, of_palette: false, part: None }
    }

    /// Only the squares where the grid of a plane holds, if there are any others.
    pub(super) fn within(self, regions: Option<&'a GridRegions>, plane: usize) -> Self {
        Self { part: regions.map(|regions| (regions, plane)), ..self }
    }

    /// Has the image these levels around a sample?
    pub(super) fn holds_at(&self, x: usize, y: usize) -> bool {
        self.part.is_none_or(|(regions, plane)| regions.holds_at(plane, x, y))
    }

    /// Of a plane of a palette image: steps of `scale` codes.
    pub(super) fn of_palette(all: &Codes, codes: &'a [u8], scale: f32) -> Self {
        Self { scale, of_palette: true, ..Self::new(all, codes, 1.0, 0.0) }
    }

    /// Writes the levels of row `y`, from column `x0` on.
    pub(super) fn row(&self, x0: usize, y: usize, out: &mut [i16]) {
        let codes = &self.codes[y * self.width + x0..][..out.len()];
        out.iter_mut().zip(codes).for_each(|(out, &code)| *out = self.table[usize::from(code)]);
    }

    /// Is a level an end of the scale?
    pub(super) fn is_end(&self, level: i16) -> bool {
        level <= self.ends.0 || level >= self.ends.1
    }

    /// Calls `add(x, y, residue, level)` for each sample of the rows `lines` in a flat window: its distance
    /// from the mean of 5×5 samples, in steps, at most 1. Flat black and white is skipped.
    pub(super) fn residues(
        &self,
        lines: std::ops::Range<usize>,
        mut add: impl FnMut(usize, usize, f32, i16),
    ) {
        const SIDE: usize = 2 * REACH + 1;
        let w = self.width;
        if w < SIDE || self.height < SIDE {
            return;
        }
        let mut ring = vec![vec![0i16; w]; SIDE];
        let (mut sums, mut tilts) = (vec![0i32; w], vec![0i32; w]);
        let steep = (STEEP as f32 * self.scale) as i32;
        let most = (COUNT as f32 * self.scale) as i32;
        let share = 1.0 / (COUNT as f32 * self.scale);
        let lines = lines.start.max(REACH)..lines.end.min(self.height - REACH);
        for y in lines.clone() {
            let fresh = if y == lines.start { y - REACH } else { y + REACH };
            for line in fresh..=y + REACH {
                self.row(0, line, &mut ring[line % SIDE]);
            }
            let row = |line: usize| &ring[line % SIDE][..w];
            let (a, b, here, c, d) = (row(y - 2), row(y - 1), row(y), row(y + 1), row(y + 2));
            for x in 0..w {
                let (above, below) = (i32::from(a[x] + b[x]), i32::from(c[x] + d[x]));
                sums[x] = above + i32::from(here[x]) + below;
                tilts[x] = below - above;
            }
            for (x, (sums, tilts)) in sums.windows(SIDE).zip(tilts.windows(SIDE)).enumerate() {
                let level = here[x + REACH];
                let (left, right) = (sums[0] + sums[1], sums[3] + sums[4]);
                let down: i32 = tilts.iter().sum();
                let rest = COUNT * i32::from(level) - (left + sums[2] + right);
                let flat = (right - left).abs() <= steep && down.abs() <= steep;
                if flat && (rest != 0 || !self.is_end(level)) && self.holds_at(x + REACH, y) {
                    let rest = rest.clamp(-most, most) as f32 * share;
                    add(x + REACH, y, rest, level);
                }
            }
        }
    }

    /// Are pixels repeated across? Then nearly all changes are at multiples of the factor. No dither does
    /// that.
    pub(super) fn is_repeated(&self) -> bool {
        /// Rows that are examined.
        const ROWS: usize = 64;
        [2, 3, 5, 7].into_iter().any(|factor| {
            let mut changes = vec![0usize; factor];
            let mut row = vec![0i16; self.width];
            for y in (0..self.height).step_by(self.height.div_ceil(ROWS).max(1)) {
                self.row(0, y, &mut row);
                for (x, pair) in row.windows(2).enumerate() {
                    changes[(x + 1) % factor] += usize::from(pair[0] != pair[1] && self.holds_at(x, y));
                }
            }
            let (most, all) = (changes.iter().max().copied().unwrap_or(0), changes.iter().sum::<usize>());
            100 * most >= 99 * all
        })
    }

    /// Bands of rows with about `enough` samples, evenly spread.
    pub(super) fn bands(&self, enough: usize) -> Vec<std::ops::Range<usize>> {
        self.every_band((self.width * self.height).div_ceil(enough.max(1)).max(1))
    }

    /// One of `every` bands of rows.
    pub(super) fn every_band(&self, every: usize) -> Vec<std::ops::Range<usize>> {
        let all = self.height.div_ceil(BAND);
        let band = |i: usize| i * BAND..((i + 1) * BAND).min(self.height);
        (0..all).skip((every - 1) / 2).step_by(every).map(band).collect()
    }
}
