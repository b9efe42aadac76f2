//! Map of false contours, and their visibility.

use super::planes::LazyPlane;
use super::smooth_area::{self, Luma, marked_cells, on_lines, share_near, smooth};
use super::{BandingMap, Cause, Findings, Space};
use unband_image::color::Model;
use unband_image::image::Image;
use unband_image::{Context, With};
use unband_simd::{Level, detect::inspect as rows};

/// Share of a square's samples on contours at which it is banded: a line through two thirds of it.
const BANDED: f32 = 0.02;

/// Share of the image that clean one-code contours must cover to be called visible.
const WALLPAPER: f32 = 0.3;

/// Share of the smooth area that a lossy coding's steps must cover to be called visible.
const CODED: f32 = 0.02;

/// Strength of a codec's traces at which its own steps are visible, and not only those of 8 bits.
const TRACES: f32 = 2.2;

/// Steps below this are invisible, and 8-bit codes cannot represent them.
pub(super) const UNSEEN: f32 = 0.6;

/// One plane to search, with the step of its grid.
pub(super) struct Layer<'a> {
    pub source: LazyPlane<'a>,
    /// Subsampling factors relative to luma, across and down.
    pub scale: (usize, usize),
    /// Step between neighbouring levels, in the plane's codes.
    pub step: f64,
    /// Coded with loss after quantisation: flats are less flat.
    pub lossy: bool,
}

/// Fills in the banding map, the banded share and the visibility.
pub(super) fn complete(
    found: &mut Findings,
    image: &Image,
    layers: &[Layer<'_>],
    luma: &Luma<'_>,
    ctx: &Context<'_>,
) {
    if found.grids.iter().all(|g| g.step_codes < UNSEEN) {
        return;
    }
    let (width, height) = (image.width(), image.height());
    let Marks { map, clean, cells } = banding_map(width, height, layers, ctx);
    found.map = map;
    // Step of luma, or of the coarsest channel.
    let in_yuv = found.space != Space::Native || matches!(image.color.model, Model::Yuv { .. });
    let lightness = if in_yuv { &found.grids[..1] } else { &found.grids[..] };
    let step = lightness.iter().map(|g| g.step_codes).fold(0.0, f32::max);
    let lines = on_lines(&cells, width);
    // Most images have no contours; the smooth area is then not needed.
    found.banded_share =
        if lines.contains(&true) { share_near(&smooth(luma, step, ctx), &lines) } else { 0.0 };
    // Steps of one code are visible where they are wide, unbroken and the only structure. Coarser ones are
    // always visible.
    let clean_share = || area(&found.map, width, height, |i| found.map.share[i] >= BANDED && clean[i]);
    found.visible = match found.cause {
        Cause::Jpeg | Cause::Coded | Cause::Video
            if image.origin.leaves_noise() && !found.coarser_than_file(&image.origin) =>
        {
            false
        }
        // More than 8 bits in luma and chroma: visibility of steps below one code is unknown here.
        Cause::Coded | Cause::Video if in_yuv && found.effective_bits > 8 => false,
        Cause::Plain if found.grids.iter().all(|g| g.step_codes < 1.3) => clean_share() >= WALLPAPER,
        Cause::Coded | Cause::Video => {
            (found.coded_codes >= TRACES && found.banded_share >= CODED) || clean_share() >= WALLPAPER
        }
        Cause::Jpeg => found.banded_share >= CODED,
        _ => found.banded_share > 0.0,
    };
}

/// Positions of contours.
struct Marks {
    map: BandingMap,
    /// For each square whether nearly all of its steps are contours: there is no noise to hide them.
    clean: Vec<bool>,
    /// For each 4×4 cell of the smooth-area grid whether it holds a contour.
    cells: Vec<bool>,
}

/// Marks the contours of all layers and counts them in squares.
fn banding_map(width: usize, height: usize, layers: &[Layer<'_>], ctx: &Context<'_>) -> Marks {
    let side = BandingMap::SIDE;
    let (columns, count) = (width.div_ceil(side), height.div_ceil(side));
    let bands = ctx.map(count, |band| {
        let (y0, y1) = (band * side, ((band + 1) * side).min(height));
        let mut marks = vec![0u8; width * (y1 - y0)];
        let mut steps = vec![(0u32, 0u32); columns];
        for layer in layers {
            mark(layer, width, y0, y1, &mut marks, &mut steps);
        }
        let mut counts = vec![0u32; columns];
        for line in marks.chunks_exact(width.max(1)) {
            for (count, part) in counts.iter_mut().zip(line.chunks(side)) {
                *count += rows::count_marks(ctx.level, part);
            }
        }
        let share = |(i, &n): (usize, &u32)| n as f32 / (((width - i * side).min(side) * (y1 - y0)) as f32);
        let clean = steps.iter().map(|&(all, contours)| contours * 10 >= all * 7);
        let squares = counts.iter().enumerate().map(share).zip(clean).collect::<Vec<(f32, bool)>>();
        let any = counts.iter().any(|&count| count > 0);
        (squares, if any { marked_cells(&marks, y0, (width, height)) } else { Vec::new() })
    });
    let (squares, cells): (Vec<_>, Vec<_>) = bands.into_iter().unzip();
    let (share, clean) = squares.into_iter().flatten().unzip();
    let cells = smooth_area::join(cells.into_iter().flatten(), (width, height));
    Marks {
        map: BandingMap::with(|new| {
            new.columns = columns;
            new.rows = count;
            new.share = share;
        }),
        clean,
        cells,
    }
}

/// Share of the image in the squares that pass a test.
fn area(map: &BandingMap, width: usize, height: usize, test: impl Fn(usize) -> bool) -> f32 {
    let side = BandingMap::SIDE;
    let mut area = 0;
    for i in (0..map.share.len()).filter(|&i| test(i)) {
        let (x, y) = (i % map.columns * side, i / map.columns * side);
        area += (width - x).min(side) * (height - y).min(side);
    }
    area as f32 / (width * height).max(1) as f32
}

/// Thresholds for steps between samples, in units fine enough for a grid's step and coarse enough for a byte.
struct Scale {
    /// Units per code as a power of two, 4 at most.
    shift: u32,
    flat: u8,
    low: u8,
    high: u8,
}

impl Scale {
    fn new(layer: &Layer<'_>) -> Self {
        let step = layer.step.max(0.5);
        let shift = (0..=4).rev().find(|s| 1.55 * step * f64::from(1u32 << s) < 250.0).unwrap_or(0);
        let unit = step * f64::from(1u32 << shift);
        let flat = if layer.lossy { 0.3 } else { 0.2 } * unit;
        Self {
            shift,
            flat: flat as u8,
            low: (0.45 * unit).ceil() as u8,
            high: (1.55 * unit).min(254.0) as u8,
        }
    }

    /// Steps from one row to another, or along a row when `a` and `b` overlap.
    fn steps(&self, layer: &Layer<'_>, out: &mut [u8], a: MapRow<'_>, b: MapRow<'_>) {
        let level = layer.source.level();
        match (a, b) {
            (MapRow::Codes(a), MapRow::Codes(b)) => rows::steps_of_codes(level, out, a, b, self.shift),
            (MapRow::Fine(a), MapRow::Fine(b)) => {
                rows::steps_of_sixty_fourths(level, out, a, b, 6 - self.shift);
            }
            _ => {}
        }
    }
}

impl Scale {
    /// Adds the steps of a row, and the contours among them, to the squares they are in.
    fn tally(
        &self,
        level: Level,
        sx: usize,
        before: &[u8],
        steps: &[u8],
        after: &[u8],
        tally: &mut [(u32, u32)],
    ) {
        let side = BandingMap::SIDE / sx.min(BandingMap::SIDE);
        let parts = before.chunks(side).zip(steps.chunks(side)).zip(after.chunks(side));
        for (sum, ((before, steps), after)) in tally.iter_mut().zip(parts) {
            let (all, contours) =
                rows::count_contours(level, before, steps, after, self.flat, self.low, self.high);
            sum.0 += all;
            sum.1 += contours;
        }
    }
}

/// A row of stored codes or of computed values.
#[derive(Clone, Copy)]
enum MapRow<'a> {
    Codes(&'a [u8]),
    Fine(&'a [i16]),
}

impl MapRow<'_> {
    fn part(&self, from: usize, to: usize) -> Self {
        match self {
            Self::Codes(row) => Self::Codes(&row[from..to]),
            Self::Fine(row) => Self::Fine(&row[from..to]),
        }
    }
}

fn mark(layer: &Layer<'_>, width: usize, y0: usize, y1: usize, marks: &mut [u8], tally: &mut [(u32, u32)]) {
    let (sx, sy) = layer.scale;
    let (w, h) = (layer.source.width(), layer.source.height());
    let (a, b) = (y0 / sy, y1.div_ceil(sy).min(h));
    if w < 8 || a >= b {
        return;
    }
    let scale = Scale::new(layer);
    let level = layer.source.level();
    // Rows a - 4 .. b + 4, so that contours at the band's own border are found.
    let (first, last) = (a.saturating_sub(4), (b + 4).min(h));
    let stored = layer.source.codes();
    let mut lines = vec![0i16; if stored.is_some() { 0 } else { w * (last - first) }];
    if stored.is_none() {
        for (y, line) in (first..last).zip(lines.chunks_exact_mut(w)) {
            layer.source.fill(y, line);
        }
    }
    let line = |y: usize| match stored {
        Some((codes, plane)) => MapRow::Codes(codes.row(plane, y)),
        None => MapRow::Fine(&lines[(y - first) * w..][..w]),
    };
    let mut own = vec![0u8; w * (b - a)];
    let (mut steps, mut flats) = (vec![0u8; w - 1], vec![0u8; w - 3]);
    for y in a..b {
        let row = line(y);
        scale.steps(layer, &mut steps, row.part(0, w - 1), row.part(1, w));
        rows::largest3(level, &mut flats, &steps, &steps[1..], &steps[2..]);
        let marks = &mut own[(y - a) * w + 3..(y - a + 1) * w];
        rows::mark_contours_across(
            level,
            marks,
            &flats,
            &steps[3..],
            &flats[4..],
            scale.flat,
            scale.low,
            scale.high,
        );
        // A quarter of the rows is enough to detect noise.
        if y % 4 == 0 {
            scale.tally(level, sx, &flats, &steps[3..], &flats[4..], tally);
        }
    }
    // Down: steps between rows y and y + 1 for all y, and the largest of three of them.
    let count = last - first - 1;
    if count >= 7 {
        let mut steps = vec![0u8; w * count];
        for (i, steps) in steps.chunks_exact_mut(w).enumerate() {
            scale.steps(layer, steps, line(first + i), line(first + i + 1));
        }
        let mut flats = vec![0u8; w * (count - 2)];
        for (i, flats) in flats.chunks_exact_mut(w).enumerate() {
            let step = |k: usize| &steps[(i + k) * w..][..w];
            rows::largest3(level, flats, step(0), step(1), step(2));
        }
        let mut outside = vec![0u8; w];
        for i in 3..count - 3 {
            let (top, bottom) = (first + i, first + i + 1);
            let inside = |y: usize| (a..b).contains(&y);
            let (head, tail) = match (inside(top), inside(bottom)) {
                (true, true) => {
                    let (head, tail) = own.split_at_mut((bottom - a) * w);
                    (&mut head[(top - a) * w..], &mut tail[..w])
                }
                (true, false) => (&mut own[(top - a) * w..][..w], &mut outside[..]),
                (false, true) => (&mut outside[..], &mut own[(bottom - a) * w..][..w]),
                (false, false) => continue,
            };
            let (before, after) = (&flats[(i - 3) * w..][..w], &flats[(i + 1) * w..][..w]);
            let step = &steps[i * w..][..w];
            rows::mark_contours(level, head, tail, before, step, after, scale.flat, scale.low, scale.high);
            if i % 4 == 0 {
                scale.tally(level, sx, before, step, after, tally);
            }
        }
    }
    spread(layer, &own, a, marks, width, y0);
}

/// Joins the marks of a plane's rows from `a` on with those of the image's rows from `y0` on.
fn spread(layer: &Layer<'_>, own: &[u8], a: usize, marks: &mut [u8], width: usize, y0: usize) {
    let (sx, sy) = layer.scale;
    let (w, h, level) = (layer.source.width(), layer.source.height(), layer.source.level());
    for (y, line) in marks.chunks_exact_mut(width).enumerate() {
        let from = ((y0 + y) / sy).min(h - 1).saturating_sub(a).min(own.len() / w - 1);
        let own = &own[from * w..][..w];
        match sx {
            1 => rows::join_marks(level, line, own),
            2 => rows::spread_marks(level, line, own),
            _ => line.iter_mut().enumerate().for_each(|(x, m)| *m |= own[(x / sx).min(w - 1)]),
        }
    }
}
