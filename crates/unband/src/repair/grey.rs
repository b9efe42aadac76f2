//! Neutral areas: grey in the source, grey in the result.

use unband_image::findings::{Cause, Findings, Space};
use unband_image::{Context, Image, Model};

use super::distances::distances;
use super::{Repair, Work};

/// Distance, in samples, from which an area is exactly neutral.
const REACH: u8 = 8;
/// Side of the squares in which evidence is counted, in samples.
const SIDE: usize = 32;
/// Squares on each side of one whose evidence is added to its own.
const AROUND: usize = 2;
/// Contours of grey that an area needs.
const CONTOURS: usize = 48;

pub(crate) struct Grey;

impl Repair for Grey {
    fn applies(&self, findings: &Findings) -> bool {
        let [r, g, b] = findings.grids.as_slice() else { return false };
        let same = r.found && r == g && g == b && r.steps_by_code.is_none();
        // Channels may be dithered differently.
        same && findings.dither.is_none()
            && findings.cause == Cause::Levels
            && findings.space == Space::Native
    }

    fn before(&self, work: &mut Work<'_>) {
        work.neutral = GreyAreas::find(work.image, work.ctx);
    }
}

/// The neutral areas of an image on three equal grids.
pub(crate) struct GreyAreas {
    width: usize,
    /// For each pixel its distance from the end of a neutral area, at most [`REACH`], or 0.
    distance: Vec<u8>,
}

/// Evidence of a square.
#[derive(Clone, Copy, Default)]
struct SquareCounts {
    /// Pairs of neighbouring neutral pixels of different values: all channels step at once.
    contours: usize,
    /// Pairs of a neutral pixel and a coloured one.
    borders: usize,
}

impl GreyAreas {
    /// `None` where no area is neutral. A grey gradient has contours where all channels step at once. In a
    /// coloured gradient that passes grey, each channel steps by itself: its grey part is left.
    fn find(image: &Image, ctx: &Context<'_>) -> Option<Self> {
        if image.color.model != Model::Rgb {
            return None;
        }
        let (width, height) = (image.width(), image.height());
        let squares = Squares::new(image, ctx);
        if squares.accepted.iter().all(|accepted| !accepted) {
            return None;
        }
        let accepted_only = |y: usize, row: &mut [u8]| {
            let accepted = &squares.accepted[y / SIDE * squares.columns..];
            mark(image, y, row);
            let squares = row.chunks_mut(SIDE).zip(accepted);
            squares.filter(|(_, accepted)| !**accepted).for_each(|(square, _)| square.fill(0));
        };
        Some(Self { width, distance: distances(width, height, REACH, ctx, accepted_only) })
    }

    /// Moves the pixels of three rows to the mean of their channels: wholly inside an area, by degrees at its
    /// edge.
    pub(crate) fn keep(&self, x: usize, y: usize, rows: &mut [&mut [f32]]) {
        let [r, g, b] = rows else { return };
        let distance = &self.distance[y * self.width + x..];
        for (((r, g), b), &d) in r.iter_mut().zip(g.iter_mut()).zip(b.iter_mut()).zip(distance) {
            if d == 0 {
                continue;
            }
            let (mean, share) = ((*r + *g + *b) / 3.0, f32::from(d) / f32::from(REACH));
            for value in [r, g, b] {
                *value += share * (mean - *value);
            }
        }
    }
}

/// Squares of an image, with those that are part of a grey area.
struct Squares {
    columns: usize,
    accepted: Vec<bool>,
}

impl Squares {
    fn new(image: &Image, ctx: &Context<'_>) -> Self {
        let (width, height) = (image.width(), image.height());
        let (columns, rows) = (width.div_ceil(SIDE), height.div_ceil(SIDE));
        let counts = ctx.map(rows, |row| {
            let mut counts = vec![SquareCounts::default(); columns];
            let (mut here, mut below) = (vec![0; width], vec![0; width]);
            mark(image, row * SIDE, &mut here);
            for y in row * SIDE..((row + 1) * SIDE).min(height) {
                let green = image.planes[1].row(y);
                count(&mut counts, (&here, green), (&here[1..], &green[1..]));
                if y + 1 < height {
                    mark(image, y + 1, &mut below);
                    count(&mut counts, (&here, green), (&below, image.planes[1].row(y + 1)));
                    std::mem::swap(&mut here, &mut below);
                }
            }
            counts
        });
        let accepted = (0..rows * columns).map(|i| {
            let (x, y) = (i % columns, i / columns);
            let mut all = SquareCounts::default();
            for row in &counts[y.saturating_sub(AROUND)..(y + AROUND + 1).min(rows)] {
                for near in &row[x.saturating_sub(AROUND)..(x + AROUND + 1).min(columns)] {
                    all.contours += near.contours;
                    all.borders += near.borders;
                }
            }
            all.contours >= CONTOURS && all.contours > 2 * all.borders
        });
        Self { columns, accepted: accepted.collect() }
    }
}

/// Adds the evidence of the pixels of a row and their neighbours: marks of neutral pixels, and green.
fn count(counts: &mut [SquareCounts], one: (&[u8], &[f32]), other: (&[u8], &[f32])) {
    let marks = one.0.chunks(SIDE).zip(other.0.chunks(SIDE));
    let greens = one.1.chunks(SIDE).zip(other.1.chunks(SIDE));
    for ((counts, (a, b)), (green, next)) in counts.iter_mut().zip(marks).zip(greens) {
        let (mut contours, mut borders) = (0u8, 0u8);
        for ((&a, &b), (green, next)) in a.iter().zip(b).zip(green.iter().zip(next)) {
            contours += a & b & u8::from(green.to_bits() != next.to_bits());
            borders += a ^ b;
        }
        counts.contours += usize::from(contours);
        counts.borders += usize::from(borders);
    }
}

/// Marks the neutral pixels of a row with 1, others with 0.
fn mark(image: &Image, y: usize, row: &mut [u8]) {
    let [r, g, b] = [0, 1, 2].map(|p: usize| image.planes[p].row(y));
    for (mark, ((r, g), b)) in row.iter_mut().zip(r.iter().zip(g).zip(b)) {
        *mark = u8::from((r.to_bits() == g.to_bits()) & (g.to_bits() == b.to_bits()));
    }
}
