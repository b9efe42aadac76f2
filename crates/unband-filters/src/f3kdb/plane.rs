//! `f3kdb` on planes of integer codes.

use std::ops::Range;

use unband_image::Window;
use unband_simd::Level;
use unband_simd::filters::f3kdb::{
    ANGLE_REACH, Around, Diffusion, Limits, Mode, Places, Rounding, add_grain, angle_row, even_row,
    judge_row, pick_row, round_row, stretch_row,
};

use super::{F3kdbParams, Tables};
use crate::PlaneError;
use crate::grid::{Sample, View};

/// Reduction of 16-bit codes to the output depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dither {
    /// Truncation.
    None,
    /// An ordered 16×16 pattern.
    Ordered,
    /// Floyd–Steinberg error diffusion.
    Diffusion,
}

/// Parameters of one plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    chroma: bool,
    limits: Limits,
    range: usize,
    /// Mode 7: maximum difference of directions.
    angle: Option<f32>,
    rounding: Rounding,
    dither: Dither,
    /// Scale and offset of 16-bit codes.
    stretch: Option<(f32, f32)>,
    copies: bool,
    input_bits: u8,
}

impl Rule {
    /// The parameters of plane 0, 1 or 2 of YUV (0 for grey and all planes of RGB). `bits.0`: depth of its
    /// codes, `bits.1`: depth of the result, both 1 to 16.
    pub fn new(params: &F3kdbParams, plane: usize, bits: (u8, u8)) -> Self {
        let bits = (bits.0.clamp(1, 16), bits.1.clamp(1, 16));
        let [mean, most, middle] = params.limits(plane);
        let mode = match params.sample_mode {
            1 | 3 => Mode::Pair,
            2 => Mode::Pairs,
            4 => Mode::Apart,
            5 => Mode::Guarded,
            _ => Mode::Faded,
        };
        let highest = if plane == 0 { 235 } else { 240 };
        let (low, high) = if params.keep_tv_range { (16 << 8, highest << 8) } else { (0, 65535) };
        Self {
            chroma: plane > 0,
            limits: Limits {
                mode,
                shift: 16 - u32::from(bits.0),
                blur: params.blur_first,
                mean,
                most,
                middle,
                boost: params.angle_boost,
            },
            range: (params.range as usize).min(128),
            angle: (params.sample_mode == 7).then_some(params.max_angle),
            rounding: Rounding { low, high, bits: bits.1 },
            dither: match params.dither_algo {
                1 => Dither::None,
                2 => Dither::Ordered,
                _ => Dither::Diffusion,
            },
            stretch: None,
            copies: bits.0 == bits.1 && [mean, most, middle] == [0; 3] && params.grain(plane) == 0,
            input_bits: bits.0,
        }
    }

    /// The same for full-range codes, whose white is the highest code at every depth: where the depth
    /// changes, codes are scaled before rounding.
    #[must_use]
    pub(crate) fn full_range(mut self, around_neutral: bool) -> Self {
        let span = |bits: u8| f32::from(u16::MAX << (16 - bits));
        if self.input_bits != self.rounding.bits {
            let factor = span(self.rounding.bits) / span(self.input_bits);
            self.stretch = Some((factor, if around_neutral { 32768.0 * (1.0 - factor) } else { 0.0 }));
        }
        self
    }

    /// Rounding of the result.
    pub fn dither(&self) -> Dither {
        // Sixteen bits need no truncation.
        if self.rounding.bits == 16 { Dither::None } else { self.dither }
    }

    /// Vertical reach of the filter, in samples of a plane that is halved `halved` times down.
    pub fn reach(&self, halved: u32) -> usize {
        if self.copies {
            return 0;
        }
        (self.range >> halved.min(7)) + if self.angle.is_some() { ANGLE_REACH } else { 0 }
    }

    /// Does the plane use error diffusion? Then its rows are rounded in order.
    pub(super) fn diffuses(&self) -> bool {
        self.dither() == Dither::Diffusion && !self.copies
    }

    /// Rounds the values of row `y`, for all dithers except diffusion.
    pub(super) fn round<U: Sample>(&self, level: Level, y: usize, out: &mut [U], values: &[u16]) {
        let mut rounding = self.rounding;
        if self.copies {
            (rounding.low, rounding.high) = (0, u16::MAX);
        }
        round_row(level, out, values, &self.thresholds(y), rounding);
    }

    pub(super) fn diffusion(&self, width: usize) -> Diffusion {
        Diffusion::new(width, self.rounding)
    }

    fn thresholds(&self, y: usize) -> [u16; 16] {
        std::array::from_fn(|x| {
            if self.dither() != Dither::Ordered {
                return 0;
            }
            // Interleaves the bits of x ^ y and of y, the lowest first.
            let turns = (0..4).map(|b| (((x ^ y) >> b & 1) << (7 - 2 * b)) | ((y >> b & 1) << (6 - 2 * b)));
            let threshold = turns.sum::<usize>() << 8 >> self.rounding.bits;
            threshold as u16
        })
    }
}

/// `f3kdb` on one plane of `width * height` codes, row by row without padding, into `out`. Codes of up to 8
/// bits are `u8`, others `u16`, in and out. `frame` matters only for moving grain.
///
/// One thread. The original's codes, whatever their range: codes are shifted where the depth changes.
///
/// # Errors
/// When a buffer has another length, the tables are for other planes, or a sample type is not the depth's.
pub fn f3kdb_plane<T: Sample, U: Sample>(
    level: Level,
    out: &mut [U],
    plane: &[T],
    (width, height): (usize, usize),
    tables: &Tables,
    rule: &Rule,
    frame: u32,
) -> Result<(), PlaneError> {
    let view =
        View::whole(plane, width, height).ok_or(PlaneError::Length { width, height, got: plane.len() })?;
    f3kdb_rows(level, out, &view, 0..height, tables, rule, frame)
}

/// As [`f3kdb_plane`] for some rows of a view of whole rows; `out` holds them row by row. Diffused errors
/// match those of the whole plane only if `rows` are the whole plane.
pub(super) fn f3kdb_rows<T: Sample, U: Sample>(
    level: Level,
    out: &mut [U],
    view: &View<'_, T>,
    range: Range<usize>,
    tables: &Tables,
    rule: &Rule,
    frame: u32,
) -> Result<(), PlaneError> {
    let width = view.width();
    if out.len() != width * range.len() {
        return Err(PlaneError::Length { width, height: range.len(), got: out.len() });
    }
    let mut rows = Rows::new(view, range.clone(), tables, rule, frame)?;
    rows.check_output::<U>()?;
    if rule.diffuses() {
        let mut diffusion = rule.diffusion(width);
        let mut values = vec![0; BAND * width];
        for (out, y0) in out.chunks_mut(BAND * width.max(1)).zip((range.start..).step_by(BAND)) {
            let values = &mut values[..out.len()];
            for (row, y) in values.chunks_exact_mut(width).zip(y0..) {
                rows.values(level, y, row);
            }
            diffusion.rows(level, out, values);
        }
        return Ok(());
    }
    let mut values = vec![0; width];
    for (out, y) in out.chunks_exact_mut(width.max(1)).zip(range) {
        rows.values(level, y, &mut values);
        rule.round(level, y, out, &values);
    }
    Ok(())
}

/// Rows per diffusion step.
const BAND: usize = 16;

/// Computes rows of a plane.
pub(super) struct Rows<'a, T> {
    view: View<'a, T>,
    tables: &'a Tables,
    rule: &'a Rule,
    refs: [Vec<T>; 4],
    /// Distances in samples of the plane: columns of both, rows of both.
    distances: [Vec<i8>; 4],
    grain: Vec<i16>,
    grain_start: u64,
    even: Vec<u8>,
    angles: Angles,
}

/// Directions of the rows around the current one, mode 7 only.
struct Angles {
    rows: Range<usize>,
    data: Vec<f32>,
}

impl<'a, T: Sample> Rows<'a, T> {
    pub(super) fn new(
        view: &View<'a, T>,
        rows: Range<usize>,
        tables: &'a Tables,
        rule: &'a Rule,
        frame: u32,
    ) -> Result<Self, PlaneError> {
        let (width, height) = (view.width(), view.height());
        if !tables.fits((width, height), rule.chroma) {
            return Err(PlaneError::Table { width, height });
        }
        let core = Window { x0: 0, y0: rows.start, x1: width, y1: rows.end };
        if !view.covers(core, (0, rule.reach(tables.shifts(rule.chroma).1))) {
            return Err(PlaneError::Window);
        }
        if (rule.input_bits <= 8) != (size_of::<T>() == 1) {
            return Err(PlaneError::Depth { bits: rule.input_bits });
        }
        let two = tables.mode() != 1 && tables.mode() != 3;
        let pair = if two { width } else { 0 };
        let even = if rule.angle.is_some() { width } else { 0 };
        Ok(Self {
            view: *view,
            tables,
            rule,
            refs: [width, width, pair, pair].map(|n| vec![T::default(); n]),
            distances: std::array::from_fn(|_| Vec::new()),
            grain: vec![0; width],
            grain_start: tables.grain_start(frame),
            even: vec![0; even],
            angles: Angles { rows: 0..0, data: Vec::new() },
        })
    }

    fn check_output<U: Sample>(&self) -> Result<(), PlaneError> {
        let bits = self.rule.rounding.bits;
        if (bits <= 8) == (size_of::<U>() == 1) { Ok(()) } else { Err(PlaneError::Depth { bits }) }
    }

    /// The 16-bit codes of row `y` before rounding.
    pub(super) fn values(&mut self, level: Level, y: usize, out: &mut [u16]) {
        let (own, rule) = (self.view.row(y), self.rule);
        if rule.copies {
            let shift = rule.limits.shift;
            out.iter_mut().zip(own).for_each(|(out, &own)| *out = Into::<u16>::into(own) << shift);
            return;
        }
        self.find_distances(y);
        let (first, second, step) = self.tables.distances(rule.chroma, y);
        let [x1, x2, y1, y2] = &self.distances;
        let whole = step == 1 && self.tables.shifts(rule.chroma) == (0, 0);
        let [x1, x2, y1, y2] =
            if whole { [first, second, first, second] } else { [x1, x2, y1, y2].map(Vec::as_slice) };
        let places = match self.tables.mode() {
            1 => Places::Column { down: y1 },
            3 => Places::Row { across: x1 },
            2 => Places::Square { across: [x1, x2], down: [y1, y2] },
            _ => Places::Cross { across: x1, down: y1 },
        };
        let around = self.view.around(y);
        pick_row(level, self.refs.each_mut().map(Vec::as_mut_slice), &around, &places);
        if let Some(most) = rule.angle {
            let (across, down) = (x1.to_vec(), y1.to_vec());
            self.find_angles(level, y);
            let start = (y - self.angles.rows.start) * out.len();
            let around = Around { samples: &self.angles.data, stride: out.len(), start };
            even_row(&mut self.even, &around, &across, &down, most);
        }
        let refs = self.refs.each_ref().map(Vec::as_slice);
        judge_row(level, out, own, refs, &rule.limits, &self.even);
        if self.tables.grain(level, rule.chroma, y, self.grain_start, &mut self.grain) {
            add_grain(level, out, &self.grain);
        }
        if let Some((factor, summand)) = rule.stretch {
            stretch_row(level, out, factor, summand);
        }
    }

    /// Distances of a smaller plane's row.
    fn find_distances(&mut self, y: usize) {
        let (sx, sy) = self.tables.shifts(self.rule.chroma);
        if (sx, sy) == (0, 0) {
            return;
        }
        let (first, second, step) = self.tables.distances(self.rule.chroma, y);
        for (to, (from, shift)) in
            self.distances.iter_mut().zip([(first, sx), (second, sx), (first, sy), (second, sy)])
        {
            to.clear();
            match step {
                2 => {
                    let (pairs, rest) = from.as_chunks::<2>();
                    to.extend(pairs.iter().map(|pair| pair[0] >> shift));
                    to.extend(rest.iter().map(|&d| d >> shift));
                }
                _ => to.extend(from.iter().step_by(step).map(|&d| d >> shift)),
            }
        }
    }

    /// Directions of all rows that row `y` needs.
    fn find_angles(&mut self, level: Level, y: usize) {
        let (width, height) = (self.view.width(), self.view.height());
        let reach = self.rule.range >> self.tables.shifts(self.rule.chroma).1;
        let needed = y.saturating_sub(reach)..(y + reach + 1).min(height);
        let have = &mut self.angles;
        if needed.start < have.rows.start || have.rows.end < needed.start {
            *have = Angles { rows: needed.start..needed.start, data: Vec::new() };
        }
        // Drop old rows only in large amounts.
        if needed.start > have.rows.start + 2 * reach + 16 {
            have.data.drain(..(needed.start - have.rows.start) * width);
            have.rows.start = needed.start;
        }
        while have.rows.end < needed.end {
            let here = have.rows.end;
            let rows = [here.saturating_sub(ANGLE_REACH), here, (here + ANGLE_REACH).min(height - 1)];
            let from = have.data.len();
            have.data.resize(from + width, 0.0);
            angle_row(
                level,
                &mut have.data[from..],
                rows.map(|row| self.view.row(row)),
                self.rule.limits.shift,
            );
            have.rows.end += 1;
        }
    }
}
