//! Where the false contours are.

use super::planes::{Source, UNIT};
use super::{BandingMap, Cause, Findings};
use crate::restorer::Context;
use unband_simd::inspect_rows as rows;

/// Share of a square's samples on contours from which on it counts as banded: a line through two thirds of it.
const BANDED: f32 = 0.02;

/// One plane to look at, with what counts as a step of its grid.
pub(super) struct Layer<'a> {
    pub source: Source<'a>,
    /// How many times smaller than luma, across and down.
    pub scale: (usize, usize),
    /// Distance of neighbouring levels, in the plane's codes.
    pub step: f64,
    /// Coded with loss after it was banded: flats are less flat.
    pub lossy: bool,
}

/// Fills in where the banding is, and whether one can see it.
pub(super) fn complete(
    found: &mut Findings,
    width: usize,
    height: usize,
    layers: &[Layer<'_>],
    ctx: &Context<'_>,
) {
    // Steps far below one 8-bit code cannot be seen, and the codes looked at here cannot show them.
    if found.grids.iter().all(|g| g.step_codes < 0.6) {
        return;
    }
    found.map = banding_map(width, height, layers, ctx);
    found.banded_share = banded_share(&found.map, width, height);
    found.visible = match found.cause {
        Cause::Plain => false,
        _ => found.banded_share > 0.0,
    };
}

/// Marks the contours of all layers and counts them in squares.
fn banding_map(width: usize, height: usize, layers: &[Layer<'_>], ctx: &Context<'_>) -> BandingMap {
    let side = BandingMap::SIDE;
    let (columns, count) = (width.div_ceil(side), height.div_ceil(side));
    let bands = ctx.map(count, |band| {
        let (y0, y1) = (band * side, ((band + 1) * side).min(height));
        let mut marks = vec![0u8; width * (y1 - y0)];
        for layer in layers {
            mark(layer, width, y0, y1, &mut marks);
        }
        let mut counts = vec![0u32; columns];
        for line in marks.chunks_exact(width.max(1)) {
            for (count, part) in counts.iter_mut().zip(line.chunks(side)) {
                *count += part.iter().map(|&m| u32::from(m)).sum::<u32>();
            }
        }
        let share = |(i, &n): (usize, &u32)| n as f32 / (((width - i * side).min(side) * (y1 - y0)) as f32);
        counts.iter().enumerate().map(share).collect::<Vec<f32>>()
    });
    BandingMap { columns, rows: count, share: bands.concat() }
}

/// Share of the picture that lies in banded squares.
fn banded_share(map: &BandingMap, width: usize, height: usize) -> f32 {
    let side = BandingMap::SIDE;
    let mut area = 0;
    for (i, _) in map.share.iter().enumerate().filter(|(_, s)| **s >= BANDED) {
        let (x, y) = (i % map.columns * side, i / map.columns * side);
        area += (width - x).min(side) * (height - y).min(side);
    }
    area as f32 / (width * height).max(1) as f32
}

fn mark(layer: &Layer<'_>, width: usize, y0: usize, y1: usize, marks: &mut [u8]) {
    let (sx, sy) = layer.scale;
    let (w, h) = (layer.source.width(), layer.source.height());
    let (a, b) = (y0 / sy, y1.div_ceil(sy).min(h));
    if w == 0 || a >= b {
        return;
    }
    let unit = layer.step * f64::from(UNIT);
    let flat = ((if layer.lossy { 0.35 } else { 0.25 }) * unit) as i16;
    let (low, high) = ((0.45 * unit).ceil() as i16, (1.55 * unit).min(16000.0) as i16);
    let level = layer.source.level();
    // Rows a - 4 .. b + 4, so that contours at the band's own border are seen.
    let (first, last) = (a.saturating_sub(4), (b + 4).min(h));
    let mut lines = vec![0i16; w * (last - first)];
    for (y, line) in (first..last).zip(lines.chunks_exact_mut(w)) {
        layer.source.fill(y, line);
    }
    let line = |y: usize| &lines[(y - first) * w..][..w];
    let mut own = vec![0u8; w * (b - a)];
    for y in a..b {
        rows::mark_contours_across(level, &mut own[(y - a) * w..][..w], line(y), flat, low, high);
    }
    let mut outside = vec![0u8; w];
    for y in first..last.saturating_sub(7) {
        let eight: [&[i16]; 8] = std::array::from_fn(|k| line(y + k));
        let (top, bottom) = (y + 3, y + 4);
        if top >= a && bottom < b {
            let (head, tail) = own.split_at_mut((bottom - a) * w);
            rows::mark_contours_down(
                level,
                &mut head[(top - a) * w..],
                &mut tail[..w],
                &eight,
                flat,
                low,
                high,
            );
        } else if top >= a && top < b {
            rows::mark_contours_down(
                level,
                &mut own[(top - a) * w..][..w],
                &mut outside,
                &eight,
                flat,
                low,
                high,
            );
        } else if bottom >= a && bottom < b {
            rows::mark_contours_down(
                level,
                &mut outside,
                &mut own[(bottom - a) * w..][..w],
                &eight,
                flat,
                low,
                high,
            );
        }
    }
    for (y, line) in marks.chunks_exact_mut(width).enumerate() {
        let from = ((y0 + y) / sy).min(h - 1).saturating_sub(a).min(b - a - 1);
        let own = &own[from * w..][..w];
        if sx == 1 {
            line.iter_mut().zip(own).for_each(|(m, o)| *m |= o);
        } else {
            for (x, m) in line.iter_mut().enumerate() {
                *m |= own[(x / sx).min(w - 1)];
            }
        }
    }
}
