//! Stable in time: where nothing moves, a frame's result follows the one before it.
//!
//! Coding makes a still picture flicker by a code or so, and what is found in one frame is not quite what is found in the next.
//! Where the pictures before and after are alike and one of them was corrected, the result is a mean over time; where they move,
//! or where nothing was corrected, it is the frame's own.

use unband_image::{Context, Plane};
use unband_simd::Level;
use unband_simd::change_rows::{add_changes, follow};

/// Side of the squares in which motion is told, in samples of a plane.
const SIDE: usize = 8;
/// Most of the frame before in a mean: about six frames count.
const MOST: f32 = 0.7;
/// Mean difference of a square, in 8-bit codes: up to the first it stands still, from the second on it moves.
const STILL: f32 = 0.5;
const MOVES: f32 = 1.5;
/// A sample that differs by so many 8-bit codes has changed, whatever its square does.
const CHANGED: f32 = 3.0;
/// Mean correction of a square, in 8-bit codes, from which on it counts as corrected.
const CORRECTED: f32 = 0.05;

/// The frame before: as it came, and its result before it was rounded.
pub(super) struct Before {
    pub(super) source: Vec<Plane>,
    pub(super) result: Vec<Plane>,
}

/// Carries the result of the frame before on, where nothing moved. `source` is the frame as it came, `result` what was made of
/// it, of the same sizes.
pub(super) fn steady(result: &mut [Plane], source: &[Plane], before: &Before, ctx: &Context<'_>) {
    for (p, plane) in result.iter_mut().enumerate() {
        let (Some(source), Some(old_source), Some(old)) =
            (source.get(p), before.source.get(p), before.result.get(p))
        else {
            continue;
        };
        let same = [source, old_source, old]
            .iter()
            .all(|other| (other.width, other.height) == (plane.width, plane.height));
        if !same || plane.width == 0 {
            continue;
        }
        let shares = Shares::of(plane, source, old_source, old, ctx);
        let rows: Vec<&mut [f32]> = plane.data.chunks_exact_mut(plane.width).collect();
        ctx.map_parts(rows, |y, row| {
            if let Some(shares) = shares.row(y, row.len()) {
                follow(
                    ctx.level,
                    row,
                    &shares,
                    source.row(y),
                    old_source.row(y),
                    old.row(y),
                    CHANGED / 255.0,
                );
            }
        });
    }
}

/// How much of the frame before is taken, per square.
struct Shares {
    columns: usize,
    rows: usize,
    /// Row by row.
    squares: Vec<f32>,
}

impl Shares {
    fn of(result: &Plane, source: &Plane, old_source: &Plane, old: &Plane, ctx: &Context<'_>) -> Self {
        let (columns, rows) = (result.width.div_ceil(SIDE), result.height.div_ceil(SIDE));
        let planes = [source, old_source, result, old];
        let lines = ctx.map(rows, |row| line_of_squares(planes, row, ctx.level));
        Self { columns, rows, squares: lines.concat() }
    }

    /// Shares along a row of samples, linear between the middles of squares. Nothing where all are 0.
    fn row(&self, y: usize, width: usize) -> Option<Vec<f32>> {
        let (above, below, down) = between(y, self.rows);
        let line = |row: usize| &self.squares[row * self.columns..][..self.columns];
        let mixed: Vec<f32> = line(above).iter().zip(line(below)).map(|(a, b)| a + down * (b - a)).collect();
        if mixed.iter().all(|&share| share == 0.0) {
            return None;
        }
        // From the middle of one square to that of the next; half a square at each end.
        let mut out = Vec::with_capacity(width + SIDE);
        out.resize(SIDE / 2, mixed[0]);
        for pair in mixed.windows(2) {
            let at = |i: usize| pair[0] + ((i as f32 + 0.5) / SIDE as f32) * (pair[1] - pair[0]);
            out.extend((0..SIDE).map(at));
        }
        out.resize(width, mixed[mixed.len() - 1]);
        Some(out)
    }
}

/// Shares of a row of squares. `planes`: the frame as it came and the one before, the results of both.
fn line_of_squares([a, b, now, then]: [&Plane; 4], row: usize, level: Level) -> Vec<f32> {
    let (mut moved, mut corrected) = (vec![0.0; a.width], vec![0.0; a.width]);
    let lines = row * SIDE..((row + 1) * SIDE).min(a.height);
    for y in lines.clone() {
        add_changes(level, &mut moved, &mut corrected, a.row(y), b.row(y), now.row(y), then.row(y));
    }
    let share = |(moved, corrected): (&[f32], &[f32])| {
        let codes = 255.0 / (moved.len() * lines.len()) as f32;
        let mean = |sums: &[f32]| sums.iter().sum::<f32>() * codes;
        let still = ((MOVES - mean(moved)) / (MOVES - STILL)).clamp(0.0, 1.0);
        MOST * still * (mean(corrected) / CORRECTED).min(1.0)
    };
    moved.chunks(SIDE).zip(corrected.chunks(SIDE)).map(share).collect()
}

/// The squares whose middles lie before and after a sample, and how far it is from one to the other.
fn between(at: usize, squares: usize) -> (usize, usize, f32) {
    let place = ((at as f32 + 0.5) / SIDE as f32 - 0.5).clamp(0.0, (squares - 1) as f32);
    let before = place as usize;
    (before, (before + 1).min(squares - 1), place - before as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(value: impl Fn(usize, usize) -> f32) -> Plane {
        let data = (0..40 * 24).map(|i| value(i % 40, i / 40)).collect();
        Plane { width: 40, height: 24, data }
    }

    fn mixed(source: &Plane, result: &Plane, before: &Before) -> Plane {
        let mut out = vec![result.clone()];
        steady(&mut out, std::slice::from_ref(source), before, &Context { threads: 2, ..Context::default() });
        out.remove(0)
    }

    #[test]
    fn what_stands_still_and_was_corrected_follows_the_frame_before() {
        let code = 1.0 / 255.0;
        let before = Before { source: vec![plane(|_, _| 0.5)], result: vec![plane(|_, _| 0.5 + code)] };
        // The frame flickers by a third of a code and its correction is a code off.
        let (source, result) = (plane(|_, _| 0.5 + 0.3 * code), plane(|_, _| 0.5));
        let out = mixed(&source, &result, &before);
        let share = (out.data[500] - 0.5) / code;
        assert!(share > 0.65 && share < 0.71, "{share}");
    }

    #[test]
    fn what_moves_or_was_not_corrected_is_the_frames_own() {
        let code = 1.0 / 255.0;
        let before = Before { source: vec![plane(|_, _| 0.5)], result: vec![plane(|_, _| 0.5 + code)] };
        let moving = plane(|x, _| 0.5 + 6.0 * code * (x as f32 * 0.9).sin());
        let result = plane(|x, _| moving.data[x] + code);
        assert_eq!(mixed(&moving, &result, &before).data, result.data);
        let untouched = Before { source: vec![plane(|_, _| 0.5)], result: vec![plane(|_, _| 0.5)] };
        let source = plane(|x, y| 0.5 + 0.2 * code * ((x + y) % 2) as f32);
        assert_eq!(mixed(&source, &source, &untouched).data, source.data);
    }
}
