//! `deband` on planes of integer codes.

use unband_image::{Context, Window};
use unband_simd::Level;
use unband_simd::filters::ffmpeg_deband::spiral::spiral_row;
use unband_simd::filters::ffmpeg_deband::{self, Around, Closeness, MARGIN_AFTER, MARGIN_BEFORE, Offsets};

use crate::PlaneError;
use crate::grid::{Sample, View};

/// Compared positions of each sample, built once per size and setting: one byte per sample up to a range of
/// 16, 2 bytes up to 255, 8 beyond.
#[derive(Clone, Debug)]
pub struct Table(SamplingOffsets);

#[derive(Clone, Debug)]
enum SamplingOffsets {
    /// Distances that fit bytes: almost always.
    Near(Offsets),
    /// Larger ones.
    Far { width: usize, across: Vec<u32>, down: Vec<u32>, reach: (usize, usize) },
}

impl Table {
    /// The table for an image whose first plane has `width * height` samples. `range`: maximum distance in
    /// samples, or minus the only one; `direction`: maximum angle in radians, or minus the only one.
    ///
    /// Costs about as much as debanding a few frames; the rows are shared among the context's threads.
    pub fn new(width: usize, height: usize, range: i32, direction: f32, ctx: &Context<'_>) -> Self {
        // Distances beyond the image are equivalent to its border.
        let most = u32::try_from(width.max(height).saturating_sub(1)).unwrap_or(u32::MAX);
        if range.unsigned_abs().min(most) <= 255 {
            let [across, down] = tables(width, height, range, direction, ctx, |d| d.min(most) as u8);
            return Self(SamplingOffsets::Near(Offsets::new(width, across, down)));
        }
        let [across, down] = tables(width, height, range, direction, ctx, |d| d.min(most));
        let largest = |table: &[u32]| table.iter().copied().max().unwrap_or(0) as usize;
        let reach = (largest(&across), largest(&down));
        Self(SamplingOffsets::Far { width, across, down, reach })
    }

    /// The largest distances in the table, across and down: the required margin around a sample.
    pub fn reach(&self) -> (usize, usize) {
        match &self.0 {
            SamplingOffsets::Near(offsets) => offsets.reach(),
            SamplingOffsets::Far { reach, .. } => *reach,
        }
    }

    /// Does it cover a plane of this size?
    fn holds(&self, width: usize, height: usize) -> bool {
        let (w, h) = match &self.0 {
            SamplingOffsets::Near(offsets) => (offsets.width(), offsets.height()),
            SamplingOffsets::Far { width, across, .. } => {
                (*width, across.len().checked_div(*width).unwrap_or(0))
            }
        };
        width <= w && height <= h
    }
}

/// Distances across and down, each converted by `narrow`.
fn tables<D: Send>(
    width: usize,
    height: usize,
    range: i32,
    direction: f32,
    ctx: &Context<'_>,
    narrow: impl Fn(u32) -> D + Sync,
) -> [Vec<D>; 2] {
    const ROWS: usize = 64;
    let parts = ctx.map(height.div_ceil(ROWS), |part| {
        let rows = part * ROWS..((part + 1) * ROWS).min(height);
        let (mut across, mut down) = (vec![0; width], vec![0; width]);
        let mut narrowed = [Vec::with_capacity(rows.len() * width), Vec::with_capacity(rows.len() * width)];
        for y in rows {
            spiral_row(ctx.level, &mut across, &mut down, y, range, direction);
            narrowed[0].extend(across.iter().map(|&d| narrow(d)));
            narrowed[1].extend(down.iter().map(|&d| narrow(d)));
        }
        narrowed
    });
    let mut all = [Vec::with_capacity(width * height), Vec::with_capacity(width * height)];
    for [across, down] in parts {
        all[0].extend(across);
        all[1].extend(down);
    }
    all
}

/// Condition for replacing a sample by the mean of its four.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Differences below this number of codes are close (ffmpeg: highest code times the threshold,
    /// truncated).
    pub below: u32,
    /// Compare the mean with the sample (else each of the four samples).
    pub blur: bool,
}

impl Rule {
    /// The rule for samples of `bits` bits and a threshold as a share of full scale.
    pub fn new(bits: u8, threshold: f32, blur: bool) -> Self {
        let highest = unband_image::Depth::Int(bits.clamp(1, 16)).max_code();
        Self { below: (highest as f32 * threshold) as u32, blur }
    }

    fn closeness<T: Sample>(self) -> Closeness<T> {
        Closeness { below: T::saturated(self.below), each: !self.blur }
    }
}

/// ffmpeg's `deband` on one plane of `width * height` codes, row by row without padding, into `out`.
///
/// The table is that of the image's first plane; smaller planes use its upper left part, as in ffmpeg. One
/// thread; for more, call [`deband_window`] on parts.
///
/// # Errors
/// When a buffer has another length or the table is too small.
pub fn deband_plane<T: Sample>(
    level: Level,
    out: &mut [T],
    plane: &[T],
    width: usize,
    height: usize,
    table: &Table,
    rule: Rule,
) -> Result<(), PlaneError> {
    let view =
        View::whole(plane, width, height).ok_or(PlaneError::Length { width, height, got: plane.len() })?;
    deband_window(level, out, &view, view.window(), table, rule)
}

/// As [`deband_plane`] for a part of a plane: `out` holds `core` row by row.
///
/// # Errors
/// When `out` has another length, the table is too small, or the view lacks samples within the table's reach.
pub fn deband_window<T: Sample>(
    level: Level,
    out: &mut [T],
    view: &View<'_, T>,
    core: Window,
    table: &Table,
    rule: Rule,
) -> Result<(), PlaneError> {
    run(level, out, None, view, core, table, rule)
}

/// As [`deband_window`], for coupled planes: `out` gets the mean everywhere, and `pass` (as long as `out`) is
/// cleared where this plane would have kept its sample.
///
/// # Errors
/// As [`deband_window`].
pub fn means_window<T: Sample>(
    level: Level,
    out: &mut [T],
    pass: &mut [u8],
    view: &View<'_, T>,
    core: Window,
    table: &Table,
    rule: Rule,
) -> Result<(), PlaneError> {
    run(level, out, Some(pass), view, core, table, rule)
}

fn run<T: Sample>(
    level: Level,
    out: &mut [T],
    mut pass: Option<&mut [u8]>,
    view: &View<'_, T>,
    core: Window,
    table: &Table,
    rule: Rule,
) -> Result<(), PlaneError> {
    let (width, height) = (view.width(), view.height());
    if !view.covers(core, table.reach()) {
        return Err(PlaneError::Window);
    }
    let mut lengths = [Some(out.len()), pass.as_ref().map(|pass| pass.len())].into_iter().flatten();
    if let Some(got) = lengths.find(|&len| len != core.width() * core.height()) {
        return Err(PlaneError::Length { width: core.width(), height: core.height(), got });
    }
    if !table.holds(width, height) {
        return Err(PlaneError::Table { width, height });
    }
    if out.is_empty() {
        return Ok(());
    }
    let close = rule.closeness();
    match &table.0 {
        SamplingOffsets::Near(offsets) => {
            for x0 in (core.x0..core.x1).step_by(TILE_COLUMNS) {
                let tile = Window { x0, x1: (x0 + TILE_COLUMNS).min(core.x1), ..core };
                let mut strip = RowWindow::new(tile, offsets.reach());
                for y in core.y0..core.y1 {
                    let around = strip.around(view, y);
                    let from = (y - core.y0) * core.width() + x0 - core.x0;
                    let out = &mut out[from..from + tile.width()];
                    let at = (x0, y);
                    if let Some(pass) = pass.as_deref_mut() {
                        let pass = &mut pass[from..from + tile.width()];
                        ffmpeg_deband::deband_row_coupled(level, out, pass, &around, offsets, at, close);
                    } else {
                        ffmpeg_deband::deband_row(level, out, &around, offsets, at, close);
                    }
                }
            }
        }
        SamplingOffsets::Far { width: stride, across, down, .. } => {
            let (right, bottom) = (width - 1, height - 1);
            for y in core.y0..core.y1 {
                for x in core.x0..core.x1 {
                    let (dx, dy) = (across[y * stride + x] as usize, down[y * stride + x] as usize);
                    let (x0, x1) = (x.saturating_sub(dx), (x + dx).min(right));
                    let (y0, y1) = (y.saturating_sub(dy), (y + dy).min(bottom));
                    let pick = |x: usize, y: usize| view.row(y)[x - view.window().x0];
                    let (own, refs) = (pick(x, y), [pick(x1, y1), pick(x1, y0), pick(x0, y0), pick(x0, y1)]);
                    let i = (y - core.y0) * core.width() + x - core.x0;
                    let (mean, ok) = ffmpeg_deband::judge(own, refs, close);
                    match pass.as_deref_mut() {
                        Some(pass) => {
                            out[i] = mean;
                            pass[i] &= if ok { 255 } else { 0 };
                        }
                        None => out[i] = if ok { mean } else { own },
                    }
                }
            }
        }
    }
    Ok(())
}

/// A sliding window of rows with the plane's edges repeated outwards.
struct RowWindow<T> {
    samples: Vec<T>,
    core: Window,
    reach: (usize, usize),
    /// Samples from one row to the next.
    stride: usize,
    /// Position of the core's first column in the first row.
    first: usize,
    /// First row of the strip, from `reach.1` rows above the plane, and number of filled rows.
    top: usize,
    filled: usize,
}

/// Columns per step. Fewer would keep the rows within reach in the cache, but reading plane and table in
/// short pieces costs more than that gains.
const TILE_COLUMNS: usize = 4096;

/// Rows per step of the strip.
const STRIP_ROWS: usize = 96;

impl<T: Sample> RowWindow<T> {
    fn new(core: Window, reach: (usize, usize)) -> Self {
        let lead = reach.0.max(MARGIN_BEFORE);
        let stride = (lead + core.width() + reach.0.max(MARGIN_AFTER)).next_multiple_of(64);
        let rows = STRIP_ROWS.min(core.height()) + 2 * reach.1;
        let samples = vec![T::default(); rows * stride + 128];
        // The loops read whole cache lines when the first column is half a line behind the start of one.
        let half = 32 / size_of::<T>();
        let first = lead + samples.as_ptr().wrapping_add(lead + half).align_offset(64).min(63);
        Self { samples, core, reach, stride, first, top: core.y0, filled: 0 }
    }

    /// Capacity in rows.
    fn rows(&self) -> usize {
        (self.samples.len() - 128) / self.stride
    }

    /// The surroundings of row `y`; rows must be requested from the top.
    fn around(&mut self, view: &View<'_, T>, y: usize) -> Around<'_, T> {
        let at = y + self.reach.1 - self.top;
        if at + self.reach.1 >= self.rows() {
            // Keep the rows that the next ones still need.
            let gone = at - self.reach.1;
            self.samples.copy_within(gone * self.stride..self.filled * self.stride + 128, 0);
            self.top += gone;
            self.filled -= gone;
        }
        let at = y + self.reach.1 - self.top;
        while self.filled <= at + self.reach.1 {
            self.fill(view);
        }
        let start = at * self.stride + self.first;
        Around { samples: &self.samples, stride: self.stride, start }
    }

    fn fill(&mut self, view: &View<'_, T>) {
        let y = (self.top + self.filled).saturating_sub(self.reach.1).min(view.height() - 1);
        let (x0, x1) =
            (self.core.x0.saturating_sub(self.reach.0), (self.core.x1 + self.reach.0).min(view.width()));
        let source = &view.row(y)[x0 - view.window().x0..x1 - view.window().x0];
        let row = &mut self.samples[self.filled * self.stride..][..self.stride + 128];
        let first = self.first - (self.core.x0 - x0);
        let last = first + source.len();
        row[first..last].copy_from_slice(source);
        let (left, right) = (source[0], source[source.len() - 1]);
        row[self.first - self.reach.0..first].fill(left);
        row[last..self.first + self.core.width() + self.reach.0].fill(right);
        self.filled += 1;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::cast_possible_wrap)]
mod tests;
