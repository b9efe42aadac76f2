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
        work.neutral = Neutral::find(work.image, work.ctx);
    }
}

/// The neutral areas of an image on three equal grids.
pub(crate) struct Neutral {
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

impl Neutral {
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
        let near = |x: usize, y: usize| squares.accepted[y / SIDE * squares.columns + x / SIDE];
        let test = |x: usize, y: usize| near(x, y) && neutral(image, y * width + x);
        Some(Self { width, distance: distances((width, height), REACH, ctx, test) })
    }

    /// Moves the pixels of three rows to the mean of their channels: wholly inside an area, by degrees at its
    /// edge.
    pub(crate) fn keep(&self, (x, y): (usize, usize), rows: &mut [&mut [f32]]) {
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
            for y in row * SIDE..((row + 1) * SIDE).min(height) {
                for x in 0..width {
                    let at = y * width + x;
                    let across = (x + 1 < width).then(|| at + 1);
                    let down = (y + 1 < height).then(|| at + width);
                    for other in [across, down].into_iter().flatten() {
                        count(image, at, other, &mut counts[x / SIDE]);
                    }
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

fn count(image: &Image, one: usize, other: usize, counts: &mut SquareCounts) {
    match (neutral(image, one), neutral(image, other)) {
        (true, true) => {
            let green = &image.planes[1].data;
            counts.contours += usize::from(green[one].to_bits() != green[other].to_bits());
        }
        (false, false) => {}
        _ => counts.borders += 1,
    }
}

fn neutral(image: &Image, at: usize) -> bool {
    let [r, g, b] = [0, 1, 2].map(|p: usize| image.planes[p].data[at].to_bits());
    r == g && g == b
}
