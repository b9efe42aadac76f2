//! Temporal stabilisation: in static areas, a frame's result is a mean over its neighbours before and after.
//!
//! Coding makes a still image flicker by about one code, and the findings of consecutive frames differ
//! slightly. Neighbours are used in symmetric pairs, one before and one after with equal weights. Steady
//! motion and fades therefore cancel out, nothing lags behind, and a reversed video gets the same frames.

use unband_image::{Context, Plane};
use unband_simd::jobs::change::{Both, add_differences, add_pair, corrected, divided};

use super::kept::{FixedPointPlane, KeptFrame, PARTS};
use super::squares::{SIDE, Squares};
use super::temporal::falling;

/// Mean difference of a square, in 8-bit codes: static up to the first, moving from the second on. A codec
/// makes a still image flicker; in other frames that is grain, which a mean would remove.
const CODED: (f32, f32) = (0.5, 1.5);
const PLAIN: (f32, f32) = (0.1, 0.3);
/// A sample that differs by this many 8-bit codes has changed, whatever its square does.
const CHANGED: f32 = 3.0;
/// Mean correction of a square, in 8-bit codes, for the full weight.
const CORRECTED: f32 = 0.05;
/// Maximum level shift of an area by the temporal mean, in 8-bit codes. A steady drift would not shift it;
/// more is motion.
const LEVEL: f32 = 0.025;
/// Radius of such an area, in squares.
const AREA: usize = 2;
/// Units in an 8-bit code.
const CODE: f32 = PARTS / 255.0;

/// The result of the middle frame of a run: its own, and in static areas a mean with its neighbours, at its
/// own level.
///
/// `source`: its samples; `out`: the result. `run`: up to [`super::temporal::STILL_REACH`] frames before it,
/// itself, and the same number after it.
pub(super) fn mean(run: &[&KeptFrame], lossy: bool, source: &[Plane], out: &mut [Plane], ctx: &Context<'_>) {
    let limits = if lossy { CODED } else { PLAIN };
    let reach = run.len() / 2;
    let middle = run[reach];
    for (p, (plane, source)) in out.iter_mut().zip(source).enumerate() {
        let (own, came) = (&middle.result[p], &middle.source[p]);
        let width = own.width;
        if width == 0 {
            continue;
        }
        // Without a frame before it and one after it there is nothing to compare.
        if reach == 0 {
            own_result(plane, source, middle, p, ctx);
            continue;
        }
        let changes = differences(own, came, ctx);
        let shares: Vec<Vec<f32>> = (1..=reach)
            .map(|k| {
                // The differences to the frame k before it, and to the one k after it.
                let to_before = &middle.moved_from(k, run[reach - k], ctx)[p];
                let to_after = &run[reach + k].moved_from(k, middle, ctx)[p];
                let still = |moved: &f32| falling(moved / CODE, limits);
                let pairs = to_before.iter().zip(to_after).zip(&changes);
                pairs.map(|((a, b), c)| still(a).min(still(b)) * (c / CODE / CORRECTED).min(1.0)).collect()
            })
            .collect();
        let squares =
            Squares { columns: width.div_ceil(SIDE), rows: (own.data.len() / width).div_ceil(SIDE) };
        // Difference of the mean to the frame's own result, and its average by square.
        let lines: Vec<&mut [f32]> = plane.data.chunks_mut(SIDE * width).collect();
        let changes = ctx.map_parts(lines, |line, rows| {
            let (mut mixed, mut share) = (Vec::new(), Vec::new());
            let (mut sum, mut weight) = (vec![0.0f32; width], vec![1.0f32; width]);
            let mut columns = vec![0.0f32; width];
            let count = rows.len() / width * SIDE;
            for (y, row) in (line * SIDE..).zip(rows.chunks_exact_mut(width)) {
                let mut alone = true;
                for (k, shares) in (1..).zip(&shares) {
                    if squares.row(shares, y, &mut mixed, &mut share) {
                        if std::mem::take(&mut alone) {
                            sum.fill(0.0);
                            weight.fill(1.0);
                        }
                        let (middle, a, b) =
                            (both(middle, p, y), both(run[reach - k], p, y), both(run[reach + k], p, y));
                        let scale = 1.0 / (CHANGED * CODE);
                        add_pair(ctx.level, &mut sum, &mut weight, &share[..width], middle, a, b, scale);
                    }
                }
                if alone {
                    row.fill(0.0);
                } else {
                    divided(ctx.level, row, &mut columns, &sum, &weight);
                }
            }
            columns.chunks(SIDE).map(|sums| sums.iter().sum::<f32>() / count as f32).collect::<Vec<f32>>()
        });
        let beyond = squares.beyond(&changes.concat());
        let lines: Vec<&mut [f32]> = plane.data.chunks_mut(SIDE * width).collect();
        ctx.map_parts(lines, |line, rows| {
            let (mut mixed, mut over) = (Vec::new(), Vec::new());
            let nothing = vec![0.0; width];
            for (y, row) in (line * SIDE..).zip(rows.chunks_exact_mut(width)) {
                let over =
                    if squares.row(&beyond, y, &mut mixed, &mut over) { &over[..width] } else { &nothing };
                corrected(ctx.level, row, source.row(y), both(middle, p, y), over);
            }
        });
    }
}

/// The frame's own result of a plane.
fn own_result(plane: &mut Plane, source: &Plane, middle: &KeptFrame, p: usize, ctx: &Context<'_>) {
    let width = plane.width;
    let lines: Vec<&mut [f32]> = plane.data.chunks_mut(SIDE * width).collect();
    ctx.map_parts(lines, |line, rows| {
        let nothing = vec![0.0; width];
        for (y, row) in (line * SIDE..).zip(rows.chunks_exact_mut(width)) {
            row.fill(0.0);
            corrected(ctx.level, row, source.row(y), both(middle, p, y), &nothing);
        }
    });
}

/// A row of a frame's plane.
fn both(frame: &KeptFrame, p: usize, y: usize) -> Both<'_> {
    Both { came: frame.source[p].row(y), own: frame.result[p].row(y) }
}

/// Mean differences of two planes per square, in units.
pub(super) fn differences(a: &FixedPointPlane, b: &FixedPointPlane, ctx: &Context<'_>) -> Vec<f32> {
    let width = a.width;
    if width == 0 || (b.width, b.data.len()) != (width, a.data.len()) {
        return Vec::new();
    }
    let height = a.data.len() / width;
    let line = |row: usize| {
        let lines = row * SIDE..((row + 1) * SIDE).min(height);
        let mut sums = vec![0u32; width];
        for y in lines.clone() {
            add_differences(ctx.level, &mut sums, a.row(y), b.row(y));
        }
        sums.chunks(SIDE)
            .map(|sums| sums.iter().sum::<u32>() as f32 / (sums.len() * lines.len()) as f32)
            .collect::<Vec<f32>>()
    };
    ctx.map(height.div_ceil(SIDE), line).concat()
}

impl Squares {
    /// The excess of each area's mean change beyond [`LEVEL`], given the changes of its squares.
    fn beyond(&self, changes: &[f32]) -> Vec<f32> {
        let (columns, rows) = (self.columns, self.rows);
        let near = |at: usize, of: usize| at.saturating_sub(AREA)..(at + AREA + 1).min(of);
        let along = |line: &[f32], x: usize| line[near(x, columns)].iter().sum::<f32>();
        let sums: Vec<f32> =
            changes.chunks_exact(columns).flat_map(|line| (0..columns).map(|x| along(line, x))).collect();
        let area = |i: usize| {
            let (x, y) = (i % columns, i / columns);
            let (across, down) = (near(x, columns), near(y, rows));
            let sum: f32 = down.clone().map(|y| sums[y * columns + x]).sum();
            let mean = sum / (across.len() * down.len()) as f32;
            mean - mean.clamp(-LEVEL * CODE, LEVEL * CODE)
        };
        (0..changes.len()).map(area).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::kept::stored;
    use super::super::temporal::Temporal;
    use super::*;
    use unband_image::With;
    use unband_image::{Depth, Image, Model};

    const CODE: f32 = 1.0 / 255.0;

    fn plane(value: impl Fn(usize, usize) -> f32) -> Plane {
        let data = (0..40 * 24).map(|i| value(i % 40, i / 40)).collect();
        Plane { width: 40, height: 24, data }
    }

    /// The stabilised middle frame, given frames with their own results.
    fn middle(frames: &[(Plane, Plane)], lossy: bool) -> Plane {
        let ctx = Context::with(|new| new.threads = 2);
        let mut kept: Vec<KeptFrame> = Vec::new();
        for (source, result) in frames {
            let gray = |plane: &Plane| Image::new(vec![plane.clone()], Model::Gray, Depth::F32);
            let source = stored(&gray(source), Vec::new(), &ctx);
            kept.push(KeptFrame::new(source, &gray(result), Temporal::Still, Vec::new(), &ctx));
        }
        let run: Vec<&KeptFrame> = kept.iter().collect();
        let source = [frames[frames.len() / 2].0.clone()];
        let mut out = source.to_vec();
        mean(&run, lossy, &source, &mut out, &ctx);
        out.remove(0)
    }

    /// Five frames that flicker by the given codes: all samples alike, or each against its neighbours.
    fn flickering(alike: bool) -> [(Plane, Plane); 5] {
        let sign = move |x: usize, y: usize| if alike || (x + y).is_multiple_of(2) { 1.0 } else { -1.0 };
        [0.3, -0.2, 0.4, -0.3, 0.3].map(|f| {
            let came = plane(move |x, y| 0.5 + 0.5 * f * sign(x, y) * CODE);
            (came, plane(move |x, y| 0.5 + (1.0 + f * sign(x, y)) * CODE))
        })
    }

    #[test]
    fn what_stands_still_and_was_corrected_is_a_mean_of_its_neighbours() {
        let out = middle(&flickering(false), true);
        // 0.1 is the mean of the five.
        for (i, wanted) in [(500, 1.1), (501, 0.9)] {
            let got = (out.data[i] - 0.5) / CODE;
            assert!((got - wanted).abs() < 0.01, "{got} instead of {wanted}");
        }
    }

    #[test]
    fn grain_of_a_video_without_loss_stays() {
        let frames = [-0.9, 0.9, 0.1, -0.9, 0.9].map(|f: f32| {
            let grain = move |x: usize, y: usize| if (x + y).is_multiple_of(2) { 0.5 * f } else { -0.5 * f };
            (plane(move |x, y| 0.5 + grain(x, y) * CODE), plane(move |x, y| 0.5 + (1.0 + grain(x, y)) * CODE))
        });
        let own = &frames[2].1;
        let most = |lossy| {
            let out = middle(&frames, lossy);
            out.data.iter().zip(&own.data).map(|(a, b)| (a - b).abs() / CODE).fold(0.0, f32::max)
        };
        assert!(most(false) < 0.005 && most(true) > 0.02, "{} {}", most(false), most(true));
    }

    #[test]
    fn an_area_keeps_its_own_level() {
        let out = middle(&flickering(true), true);
        let apart = out.data.iter().map(|value| (value - 0.5) / CODE - 1.4);
        assert!(
            apart.clone().all(|apart| (-LEVEL - 0.002..0.0).contains(&apart)),
            "{:?}",
            apart.clone().next()
        );
    }

    #[test]
    fn what_moves_or_fades_evenly_does_not_lag() {
        // A slope of 0.05 codes per sample moves by four samples per frame, and fades by a quarter of a code.
        let at = |x: usize, t: usize| 0.5 + (0.05 * (x as f32 + 4.0 * t as f32) + 0.25 * t as f32) * CODE;
        let frames = [0, 1, 2, 3, 4].map(|t| (plane(|x, _| at(x, t)), plane(|x, _| at(x, t) + 0.2 * CODE)));
        let out = middle(&frames, true);
        let own = &frames[2].1;
        let most = out.data.iter().zip(&own.data).map(|(a, b)| (a - b).abs() / CODE).fold(0.0, f32::max);
        assert!(most < 0.005, "{most}");
    }

    #[test]
    fn a_reversed_video_has_the_same_frames() {
        let frame = |t: usize| {
            let value = move |x: usize, y: usize| 0.5 + ((x * 7 + y * 5 + t * 3) % 11) as f32 * 0.05 * CODE;
            (plane(value), plane(move |x, y| value(x, y) + ((x + t * t) % 5) as f32 * 0.2 * CODE))
        };
        let mut frames = [0, 1, 2, 3, 4].map(frame);
        let forth = middle(&frames, true);
        frames.reverse();
        assert_eq!(forth.data, middle(&frames, true).data);
    }

    #[test]
    fn what_moves_or_was_not_corrected_is_the_frames_own() {
        let moving = |t: usize| plane(move |x, _| 0.5 + 6.0 * CODE * ((x + 3 * t) as f32 * 0.9).sin());
        let frames = [0, 1, 2].map(|t| (moving(t), plane(|x, y| moving(t).row(y)[x] + CODE)));
        let out = middle(&frames, true);
        assert!(out.data.iter().zip(&frames[1].1.data).all(|(a, b)| (a - b).abs() < 1e-4));
        let noise = |t: usize| plane(move |x, y| 0.5 + 0.2 * CODE * ((x + y + t) % 2) as f32);
        let frames = [0, 1, 2].map(|t| (noise(t), noise(t)));
        assert_eq!(middle(&frames, true).data, frames[1].0.data);
    }
}
