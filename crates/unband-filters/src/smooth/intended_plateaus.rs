//! Intended plateaus in compressed images: flat colours next to flat colours, with soft or faint edges.
//!
//! A quantised gradient steps from plateau to plateau by one code. Where wide plateaus also differ by two
//! codes and more, with only a few samples between them, the content is shapes and not a slope; many of the
//! one-code steps between them are true edges too. The reliability of a correction follows from the counts of
//! both kinds around a sample. Edges near block borders are not included, as codecs create edges of their own
//! there.
//!
//! All limits were tuned on synthetic images of triangles, polygons and steps of close colours and on photos
//! for training and validation, panned, after x264, x265, VP9 and AV1; see docs/how/smooth.md.

use unband_image::dither::Grid as Codes;
use unband_image::findings::{Cause, Findings, Space};
use unband_image::plateaus::{Plateaus, Run};
use unband_image::{Context, Image, Model, Window};
use unband_simd::detect::inspect::quantise_row;
use unband_simd::filters::smooth as rows;

use super::grid::Grid;

/// Minimum length of a plateau: equal codes in a row.
const PLATEAU: usize = 16;
/// Maximum number of samples between two plateaus at the edge of a shape, which filters and codecs soften.
const EDGE: usize = 4;
/// The same for JPEG, whose coarse cosines have plateaus at both ends.
const EDGE_OF_JPEG: usize = 2;
/// Differences of two plateaus, in codes, at the edge of a shape; larger ones are edges between objects.
const JUMPS: std::ops::RangeInclusive<u8> = 2..=32;
/// Side of a codec's block, and the distance from its border within which an edge may come from the codec.
const BLOCK: usize = 8;
const NEAR: usize = 2;
/// Weight of an edge relative to a step of one code: soft ones are missed more often than sharp ones.
const WEIGHT: f32 = 2.5;
/// Minimum density of one-code steps that is always assumed, per sample, so that a few edges have no effect.
const LEAST: f32 = 0.003;
/// Range of the share of edges in which the factor falls from 1, and its minimum.
const SHARES: (f32, f32) = (0.1, 0.4);
const LEFT: f32 = 0.1;
/// Map cells along the longer side, and the minimum side of a map cell in samples.
const CELLS: usize = 40;
const LEAST_CELL: usize = 16;
/// Radius of the counted neighbourhood, in map cells.
const AROUND: usize = 9;
/// Maximum number of inspected samples, in evenly spread lines.
const ENOUGH: usize = 250_000;

/// A factor on corrections for every map cell of an image.
pub(super) struct IntendedPlateaus {
    cell: usize,
    /// One per map cell, 0..=1.
    factors: Grid,
}

/// Boundaries between plateaus in a map cell: edges of shapes, and steps of one code.
#[derive(Clone, Copy, Default)]
struct BoundaryCounts {
    /// By the position of the edge's centre in a block.
    edges: [u32; BLOCK],
    steps: u32,
}

impl IntendedPlateaus {
    /// Inspects the lightness of an image. `None` where all corrections are reliable, and where levels are
    /// known to be lost: such plateaus have any distance, and drawings in lossless files are detected
    /// earlier.
    pub(super) fn find(image: &Image, findings: &Findings, ctx: &Context<'_>) -> Option<Self> {
        if !matches!(findings.cause, Cause::Video | Cause::Coded | Cause::Jpeg) {
            return None;
        }
        let (w, h) = (image.width(), image.height());
        let cell = w.max(h).div_ceil(CELLS).max(LEAST_CELL);
        let (columns, count) = (w.div_ceil(cell), h.div_ceil(cell));
        let codes = lightness(image, findings, ctx)?;
        let widest = if findings.cause == Cause::Jpeg { EDGE_OF_JPEG } else { EDGE };
        let every = (w * h / ENOUGH).clamp(1, 4);
        let bands = ctx.map(count, |band| {
            let mut cells = vec![BoundaryCounts::default(); columns];
            for y in (band * cell..((band + 1) * cell).min(h)).filter(|y| y % every == 0) {
                count_line(&codes[y * w..][..w], widest, cell, &mut cells);
            }
            cells
        });
        let across: Vec<BoundaryCounts> = bands.concat();
        let strips = ctx.map(columns, |column| {
            let mut cells = vec![BoundaryCounts::default(); count];
            let places: Vec<usize> =
                (column * cell..((column + 1) * cell).min(w)).filter(|x| x % every == 0).collect();
            let mut lines = vec![Vec::with_capacity(h); places.len()];
            for row in codes.chunks_exact(w) {
                lines.iter_mut().zip(&places).for_each(|(line, &x)| line.push(row[x]));
            }
            for line in &lines {
                count_line(line, widest, cell, &mut cells);
            }
            cells
        });
        let down: Vec<BoundaryCounts> =
            (0..count).flat_map(|row| strips.iter().map(move |strip| strip[row])).collect();
        let (right, below) = (inner_edges(&across), inner_edges(&down));
        let cells: Vec<(u32, u32)> =
            across.iter().zip(&down).map(|(a, d)| (right(a) + below(d), a.steps + d.steps)).collect();
        let factors = factors(&cells, (columns, count), cell, (w, h), every as f32);
        let all = (0..count).all(|row| factors.row(row).iter().all(|&factor| factor >= 1.0));
        (!all).then_some(Self { cell, factors })
    }

    /// Multiplies the corrections of a window of a plane by the factors. `(sx, sy)`: pixels of the image per
    /// sample of the plane.
    pub(super) fn hold(&self, corrections: &mut Grid, core: Window, sx: usize, sy: usize) {
        // The position of a sample's centre among the centres of map cells, and its fraction between two of
        // them.
        let place = |at: usize, scale: usize, cells: usize| {
            let at = (at as f32 + 0.5) * scale as f32 / self.cell as f32 - 0.5;
            let at = at.clamp(0.0, (cells - 1) as f32);
            (at as usize, (at as usize + 1).min(cells - 1), at.fract())
        };
        let columns = self.factors.width;
        let places: Vec<_> = (core.x0..core.x1).map(|x| place(x, sx, columns)).collect();
        let across: Vec<f32> = places.iter().map(|place| place.2).collect();
        // Numbers of samples between the same two cells.
        let same = places.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
        let pieces: Vec<_> = same.map(|piece| (piece.len(), piece[0].0, piece[0].1)).collect();
        let mut between = vec![0.0; columns];
        for y in 0..corrections.height {
            let (top, bottom, down) = place(core.y0 + y, sy, self.factors.height);
            let (top, bottom) = (self.factors.row(top), self.factors.row(bottom));
            for ((between, top), bottom) in between.iter_mut().zip(top).zip(bottom) {
                *between = top + down * (bottom - top);
            }
            if between.iter().all(|&factor| factor >= 1.0) {
                continue;
            }
            let (mut values, mut across) = (corrections.row_mut(y), &across[..]);
            for &(count, left, right) in &pieces {
                let (own, after) = values.split_at_mut(count);
                let (places, rest) = across.split_at(count);
                (values, across) = (after, rest);
                let (first, rise) = (between[left], between[right] - between[left]);
                for (value, t) in own.iter_mut().zip(places) {
                    *value *= first + t * rise;
                }
            }
        }
    }
}

/// Luma or grey in 8-bit codes; `None` where these are not known.
fn lightness(image: &Image, findings: &Findings, ctx: &Context<'_>) -> Option<Vec<u8>> {
    let (w, h) = (image.width(), image.height());
    // Behind RGB a code of luma is a code of its stored range.
    let (weights, scale, zero) = match (image.color.model, findings.space) {
        (Model::Rgb, Space::Yuv { matrix, range }) => {
            (matrix.weights_of(0), 255.0 / range.unit_codes(false), 0.0)
        }
        // Codes of an unknown range step by one or two in RGB.
        (Model::Rgb, Space::Native | Space::Rgb) => return None,
        (model, _) => {
            let Codes { scale, zero, .. } = Codes::of_bits(model, 0, 8);
            ([0.0; 3], scale, zero)
        }
    };
    let mut codes = vec![0u8; w * h];
    let lines: Vec<&mut [u8]> = codes.chunks_mut(LEAST_CELL * w.max(1)).collect();
    let rgb = image.color.model == Model::Rgb;
    if w == 0 || image.planes.len() < if rgb { 3 } else { 1 } {
        return None;
    }
    ctx.map_parts(lines, |part, lines| {
        let mut mixed = vec![0.0; w];
        for (i, line) in lines.chunks_exact_mut(w).enumerate() {
            let row = |p: usize| image.planes[p].row(part * LEAST_CELL + i);
            if rgb {
                rows::mix_row(ctx.level, &mut mixed, row(0), row(1), row(2), weights);
                quantise_row(ctx.level, line, &mixed, scale, zero);
            } else {
                quantise_row(ctx.level, line, row(0), scale, zero);
            }
        }
    });
    Some(codes)
}

/// Counts the boundaries of a line. `widest`: maximum number of samples of an edge; `cell`: samples per map
/// cell.
fn count_line(line: &[u8], widest: usize, cell: usize, cells: &mut [BoundaryCounts]) {
    let mut plateaus = Plateaus::new(PLATEAU, widest);
    for after in long_runs(line) {
        let Some(before) = plateaus.before(after) else { continue };
        let (gap, distance) = (after.start - before.end, after.value.abs_diff(before.value));
        let counts = &mut cells[before.end / cell];
        if JUMPS.contains(&distance) {
            counts.edges[(before.end + gap / 2) % BLOCK] += 1;
        } else if gap == 0 && distance == 1 {
            counts.steps += 1;
        }
    }
}

/// The runs of a line that are long enough for a plateau, in order. Each has eight equal codes at a multiple
/// of eight, so that texture is passed by eight codes at once.
fn long_runs(line: &[u8]) -> impl Iterator<Item = Run<u8>> {
    /// Codes that are compared at once.
    const WORD: usize = 8;
    const { assert!(PLATEAU >= 2 * WORD - 1) };
    let words = line.as_chunks::<WORD>().0;
    let mut from = 0usize;
    std::iter::from_fn(move || {
        loop {
            let skipped = from.div_ceil(WORD);
            let equal = |word: &[u8; WORD]| {
                let word = u64::from_ne_bytes(*word);
                word == word.rotate_left(8)
            };
            let at = skipped + words.get(skipped..)?.iter().position(equal)?;
            let value = words[at][0];
            let before = line[from..at * WORD].iter().rev().take_while(|&&code| code == value).count();
            let after = words[at + 1..].iter().take_while(|word| **word == [value; WORD]).count();
            let whole = (at + 1 + after) * WORD;
            let end = whole + line[whole..].iter().take_while(|&&code| code == value).count();
            from = end;
            let run = Run { value, start: at * WORD - before, end };
            if run.length() >= PLATEAU {
                return Some(run);
            }
        }
    })
}

/// Counts the edges of a map cell away from block borders, scaled to all positions of a block. Blocks start
/// where the image has most edges.
fn inner_edges(cells: &[BoundaryCounts]) -> impl Fn(&BoundaryCounts) -> u32 + use<> {
    let all = |place: usize| cells.iter().map(|cell| cell.edges[place]).sum::<u32>();
    let border = (0..BLOCK).max_by_key(|&place| (all(place), BLOCK - place)).unwrap_or(0);
    let (first, count) = (border + NEAR + 1, BLOCK - 2 * NEAR - 1);
    move |cell| {
        let inner = (first..first + count).map(|place| cell.edges[place % BLOCK]).sum::<u32>();
        inner * BLOCK as u32 / count as u32
    }
}

/// The factor of each map cell from the edges and steps in and around it; each count stands for `every`
/// lines.
fn factors(
    cells: &[(u32, u32)],
    (columns, count): (usize, usize),
    cell: usize,
    (w, h): (usize, usize),
    every: f32,
) -> Grid {
    let mut out = Grid::new(columns, count);
    for row in 0..count {
        let (top, bottom) = (row.saturating_sub(AROUND), (row + AROUND + 1).min(count));
        let tall = (bottom * cell).min(h) - top * cell;
        for column in 0..columns {
            let (left, right) = (column.saturating_sub(AROUND), (column + AROUND + 1).min(columns));
            let wide = (right * cell).min(w) - left * cell;
            let near = (top..bottom).flat_map(|y| &cells[y * columns + left..y * columns + right]);
            let (edges, steps) = near.fold((0, 0), |(e, s), c| (e + c.0, s + c.1));
            let edges = WEIGHT * edges as f32 * every;
            let share = edges / (edges + steps as f32 * every + LEAST * (wide * tall) as f32);
            let lost = ((share - SHARES.0) / (SHARES.1 - SHARES.0)).clamp(0.0, 1.0);
            out.row_mut(row)[column] = 1.0 - (1.0 - LEFT) * lost;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use unband_image::plateaus::runs;

    use super::*;

    #[test]
    fn long_runs_are_the_runs_of_a_plateau() {
        let mut line = Vec::new();
        for n in 0..400usize {
            let length = [1, 40, 3, 15, 16, 17, 2, 14, 31, 1, 90][n * n % 11] + n % 3;
            line.resize(line.len() + length, (n * 7 % 5) as u8);
        }
        for from in 0..40 {
            let line = &line[from..line.len() - 3 * from];
            let all: Vec<_> = runs(line).filter(|run| run.length() >= PLATEAU).collect();
            assert_eq!(long_runs(line).collect::<Vec<_>>(), all, "from {from}");
        }
        assert!(long_runs(&[]).next().is_none() && long_runs(&[3; PLATEAU - 1]).next().is_none());
    }
}
