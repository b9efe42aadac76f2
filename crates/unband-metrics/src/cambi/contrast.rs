//! CAMBI contrast at each sample, from histograms that slide down columns of the image.

use std::sync::{Mutex, PoisonError};

use unband_image::Context;
use unband_simd::metrics::cambi::NONE;
use unband_simd::metrics::cambi::histogram::{
    Keys, PIECE, Shape, Stretches, contrast_row, groups, peaks_row, slide_histogram,
};

use super::prepare::{ColumnStrips, Level, Values};
use crate::{Fault, MetricError};

/// Parameters of the contrasts.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub cut: ColumnStrips,
    /// Largest difference of values.
    pub reach: usize,
    pub values: Values,
    /// Smallest visible difference for each key.
    pub first: Vec<u8>,
}

/// Contrasts of some columns at one scale.
#[derive(Debug)]
pub(super) struct ContrastStrip {
    /// Index of the scale.
    pub scale: usize,
    /// First column.
    pub x: usize,
    /// Number of columns.
    pub width: usize,
    pub sum: f64,
    pub max: f32,
    /// Contrasts row by row; empty unless requested.
    pub contrasts: Vec<f32>,
}

/// Contrasts at all scales, strip by strip. Values are kept for the scales selected by `keep`.
pub(super) fn strips(
    levels: &[Level],
    keep: &[bool],
    rules: &Rules,
    ctx: &Context<'_>,
) -> Result<Vec<ContrastStrip>, MetricError> {
    let places = |scale: usize| (0..levels[scale].width).step_by(rules.cut.columns).map(move |x| (scale, x));
    let parts: Vec<(usize, usize)> = (0..levels.len()).flat_map(places).collect();
    let spare = Mutex::new(Vec::new());
    let strips = ctx.map(parts.len(), |i| {
        if ctx.check().is_err() {
            return None;
        }
        let (scale, x) = parts[i];
        let take = || spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut room = take().unwrap_or_else(|| Room::new(rules));
        let strip = strip(&levels[scale], scale, x, keep[scale], rules, &mut room, ctx);
        spare.lock().unwrap_or_else(PoisonError::into_inner).push(room);
        Some(strip)
    });
    strips.into_iter().collect::<Option<_>>().ok_or(MetricError::from(Fault::Cancelled))
}

/// Buffers of one thread.
struct Room {
    shape: Shape,
    histogram: Vec<u16>,
    found: Stretches,
    counts: Vec<Vec<u16>>,
    row: Vec<f32>,
    /// A row without keys, and its bits.
    none: (Vec<u16>, Vec<u64>),
}

impl Room {
    fn new(rules: &Rules) -> Self {
        let (width, columns) = (rules.cut.width(), rules.cut.columns);
        let shape = Shape::new(rules.cut.radius, rules.reach, rules.first.len(), width);
        Self {
            shape,
            histogram: vec![0; shape.len()],
            found: Stretches::new(width),
            counts: vec![vec![0; columns + PIECE]; groups(rules.reach) + 1],
            row: vec![0.0; columns],
            none: (vec![NONE; width], vec![0; width / 64 + 1]),
        }
    }
}

fn strip(
    level: &Level,
    scale: usize,
    x: usize,
    keep: bool,
    rules: &Rules,
    room: &mut Room,
    ctx: &Context<'_>,
) -> ContrastStrip {
    let width = rules.cut.columns.min(level.width - x);
    let mut out = ContrastStrip { scale, x, width, sum: 0.0, max: 0.0, contrasts: Vec::new() };
    if keep {
        out.contrasts = vec![0.0; width * level.height];
    }
    let Values { low, least, most, .. } = rules.values;
    if least > most || rules.first.is_empty() {
        return out;
    }
    let scored = (least - low, most - low);
    let radius = rules.cut.radius;
    let Room { shape, histogram, found, counts, row, none } = room;
    let none = Keys::new(&none.0, &none.1, &none.1, 0, none.0.len());
    let keys = |y: usize| level.part(y, x, rules.cut.width());
    for y in 0..radius.min(level.height) {
        slide_histogram(ctx.level, histogram, *shape, keys(y), none, found);
    }
    for y in 0..level.height {
        let enters = if y + radius < level.height { keys(y + radius) } else { none };
        let leaves = if y > radius { keys(y - radius - 1) } else { none };
        slide_histogram(ctx.level, histogram, *shape, enters, leaves, found);
        let centre = level.part(y, x + radius, width);
        peaks_row(ctx.level, counts, histogram, *shape, centre, radius, &rules.first, found);
        let row = if keep { &mut out.contrasts[y * width..][..width] } else { &mut row[..width] };
        let (sum, max) = contrast_row(ctx.level, row, counts, level.keys(y, x + radius, width), scored);
        out.sum += sum;
        out.max = out.max.max(max);
    }
    // Removes the remaining rows: the next strip needs zeros.
    for y in level.height.saturating_sub(radius + 1)..level.height {
        slide_histogram(ctx.level, histogram, *shape, none, keys(y), found);
    }
    out
}
