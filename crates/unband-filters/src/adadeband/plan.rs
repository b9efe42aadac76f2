//! Selection of samples to average, and their maximum windows.

use std::sync::Mutex;

use unband_image::{Context, RestoreError};

use super::segments::{Segments, part};
use super::strip::strips;
use super::twister::Twister;
use super::{MOST_HALF, Variant};
use crate::bband::{self, Bits, Edges, Luma, Point, Samples, Thresholds, piece};

/// Edges of fewer points are ignored.
const LEAST_POINTS: usize = 16;
/// Segments below this number of samples are treated as blocks, not as bands.
const BLOCK: usize = 32 * 32;

/// Luma of an image.
#[derive(Clone, Copy)]
pub(super) struct Planes<'a> {
    /// In 8-bit codes, for connected components and for the roughness test.
    pub(super) codes: &'a [u8],
    /// In steps of 1/256 code, for averaging, where the image has more than 8 bits.
    pub(super) fine: Option<&'a [u16]>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// The plan for an image.
pub(super) struct AveragingPlan {
    pub(super) segments: Segments,
    /// Half-windows to try for each numbered component: bit `h - 1` for `h`, the largest first; 0 for none.
    pub(super) halves: Vec<u64>,
    /// Samples to average.
    pub(super) mask: Bits,
    /// Edges in a direction for which the original has no step.
    pub(super) astray: usize,
    /// State of the generator before the noise of each strip.
    pub(super) noises: Vec<Twister>,
}

impl AveragingPlan {
    /// Detects bands, in the fine samples if `finely`. Advances the generator by the noise of all samples,
    /// like the original, with or without bands.
    pub(super) fn new(
        planes: &Planes<'_>,
        finely: bool,
        variant: Variant,
        random: &mut Twister,
        ctx: &Context<'_>,
    ) -> Result<Option<Self>, RestoreError> {
        let (width, height) = (planes.width, planes.height);
        let samples = match planes.fine {
            Some(fine) if finely => Samples::Fine(fine),
            _ => Samples::Codes(planes.codes),
        };
        let Some(luma) = Luma::new(samples, width, height) else {
            return Err(RestoreError::unsupported(super::NAME, "needs between 1 and 2^31 samples"));
        };
        let lines = bband::find_lines(&luma, Thresholds::default(), ctx)?;
        let (edges, segments, noises) = edges_and_segments(lines, planes, random, ctx);
        ctx.check()?;
        Ok(Self::of_edges(&luma, &edges, segments, noises, variant, ctx))
    }

    fn of_edges(
        luma: &Luma<'_>,
        edges: &Edges,
        mut segments: Segments,
        noises: Vec<Twister>,
        variant: Variant,
        ctx: &Context<'_>,
    ) -> Option<Self> {
        let mut astray = 0;
        let mut lengths = Vec::new();
        let mut seeds = Vec::new();
        for edge in edges.iter().filter(|edge| edge.len() >= LEAST_POINTS) {
            let middle = edge[edge.len() / 2 - 1];
            let direction = luma.gradient(middle).direction;
            let step = step(direction).unwrap_or_else(|| {
                astray += 1;
                if variant == Variant::Fixed { (-1, 0) } else { (0, 0) }
            });
            let sides = [seed(middle, step, luma), seed(middle, (-step.0, -step.1), luma)];
            if let [Some(one), Some(other)] = sides {
                lengths.push(edge.len());
                seeds.extend([one, other]);
            }
        }
        let (numbers, count) = segments.number(seeds.into_iter());
        let areas = segments.areas(count, ctx);
        let mut halves = vec![0; count];
        for (&[a, b], &length) in numbers.as_chunks::<2>().0.iter().zip(&lengths) {
            let [a, b] = [a as usize, b as usize];
            let [da, db] = [areas[a], areas[b]].map(|area| {
                if area < BLOCK {
                    (area as f64).sqrt()
                } else {
                    (area as f64 / length as f64).min(2.0 * f64::from(MOST_HALF))
                }
            });
            if (da < 4.0 && db < 4.0) || (da - db).abs() / (da + db) > 0.95 {
                continue;
            }
            halves[a] |= chain(da);
            halves[b] |= chain(db);
        }
        if halves.iter().all(|&halves| halves == 0) {
            return None;
        }
        let mask = segments.mask(|number| halves[number] != 0, ctx);
        Some(Self { segments, halves, mask, astray, noises })
    }
}

/// Tracing the lines is single-threaded, so the other threads start with later work: the components, and the
/// generator states for the noise.
fn edges_and_segments(
    lines: Bits,
    planes: &Planes<'_>,
    random: &mut Twister,
    ctx: &Context<'_>,
) -> (Edges, Segments, Vec<Twister>) {
    enum Done {
        Edges(Edges),
        Noises(Vec<Twister>),
        Part(super::segments::SegmentRows),
    }
    let (width, height) = (planes.width, planes.height);
    let rows = piece(height, ctx);
    let (lines, random) = (Mutex::new(Some(lines)), Mutex::new(random));
    let done = ctx.map(2 + height.div_ceil(rows), |i| match i {
        0 => {
            let lines = lines.lock().ok().and_then(|mut lines| lines.take());
            Done::Edges(lines.map(|lines| bband::link_lines(lines, ctx)).unwrap_or_default())
        }
        1 => {
            Done::Noises(random.lock().map(|mut random| starts(&mut random, planes, ctx)).unwrap_or_default())
        }
        _ => Done::Part(part(planes.codes, width, (i - 2) * rows..((i - 1) * rows).min(height), ctx)),
    });
    let (mut edges, mut noises, mut parts) = (Edges::default(), Vec::new(), Vec::new());
    for done in done {
        match done {
            Done::Edges(found) => edges = found,
            Done::Noises(found) => noises = found,
            Done::Part(part) => parts.push(part),
        }
    }
    (edges, Segments::new(width, height, parts), noises)
}

/// State of the generator before each strip of columns, one draw per sample.
fn starts(random: &mut Twister, planes: &Planes<'_>, ctx: &Context<'_>) -> Vec<Twister> {
    let each = |columns: std::ops::Range<usize>| {
        let start = random.clone();
        random.skip(ctx.level, columns.len() * planes.height);
        start
    };
    strips(planes.width).map(each).collect()
}

/// Step across an edge by the direction of its gradient; none for directions to the left in the original,
/// which tests for an angle above 157.5 and below -157.5 at once.
fn step(direction: f64) -> Option<(i64, i64)> {
    const STEPS: [(i64, i64); 7] = [(-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)];
    (-157.5..157.5).contains(&direction).then(|| {
        let eighth = ((direction + 157.5) / 45.0) as usize;
        STEPS[eighth.min(6)]
    })
}

fn seed(middle: Point, step: (i64, i64), luma: &Luma<'_>) -> Option<(usize, usize)> {
    let x = usize::try_from(i64::from(middle.x) + step.0).ok().filter(|&x| x < luma.width())?;
    let y = usize::try_from(i64::from(middle.y) + step.1).ok().filter(|&y| y < luma.height())?;
    Some((x, y))
}

/// Half of a width, and its further halves.
fn chain(width: f64) -> u64 {
    let mut half = (width / 2.0).floor() as u32;
    let mut bits = 0;
    while half > 0 {
        bits |= 1 << (half.min(u32::from(MOST_HALF)) - 1);
        half /= 2;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_of_eight_directions_have_a_step() {
        let steps = [0.0, 22.4, 22.5, 90.0, 112.5, 157.4, -157.5, -112.5, -90.0, -67.5, -22.6].map(step);
        let want =
            [(1, 0), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, -1), (-1, 1), (0, 1), (0, 1), (1, 1), (1, 1)];
        assert_eq!(steps, want.map(Some));
        assert_eq!([157.5, 180.0, -180.0, -157.6, f64::NAN].map(step), [None; 5]);
    }

    #[test]
    fn half_windows_are_halved_down_to_one() {
        assert_eq!(chain(1.9), 0);
        assert_eq!(chain(2.0), 1);
        assert_eq!(chain(128.0), 1 << 63 | 1 << 31 | 1 << 15 | 1 << 7 | 1 << 3 | 1 << 1 | 1);
        assert_eq!(chain(f64::NAN), 0);
    }
}
