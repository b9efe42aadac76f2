//! Motion of the camera: pans, zooms and rotations, as one motion for all blocks that follow it.

use unband_image::Context;
use unband_simd::jobs::motion::{CameraRow, camera_row};

use super::field::Motion;
use super::regularise::Estimates;

/// Distance to the camera's motion at which a block hardly belongs to it, in samples, round by round.
const FAR: [f32; 8] = [8.0, 4.0, 2.0, 1.0, 0.5, 0.3, 0.3, 0.3];
/// Precision of a block, at most: many blocks decide, not a few with strong edges.
const MOST: f32 = 30.0;

/// The sum of the products of two of 1, x and y, among those of 1, x, y, x², x·y and y².
const PRODUCT: [[usize; 3]; 3] = [[0, 1, 2], [1, 3, 4], [2, 4, 5]];

/// Motion of the camera: one that is linear in the place.
#[derive(Clone, Copy)]
pub(super) struct Camera {
    centre: (f32, f32),
    /// Across and down: constant, and per block.
    motion: [[f32; 3]; 2],
}

impl Camera {
    /// The one that most of a number of blocks across follow.
    pub(super) fn new(own: &Estimates, columns: usize, ctx: &Context<'_>) -> Self {
        let rows = own.len() / columns;
        let centre = (columns as f32 / 2.0, rows as f32 / 2.0);
        let mut found = Self { centre, motion: [[0.0; 3]; 2] };
        let scale = 1.0 / columns.max(rows) as f32;
        for (round, far) in FAR.into_iter().enumerate() {
            // Sums of 1, x, y, x², x·y and y² for across², across·down and down²; right sides of 1, x and y.
            let mut sums = [[0.0f64; 6]; 3];
            let mut right = [[0.0f64; 3]; 2];
            for row in 0..rows {
                let line = CameraRow {
                    motion: own.motion.each_ref().map(|all| &all[row * columns..][..columns]),
                    precision: own.precision.each_ref().map(|all| &all[row * columns..][..columns]),
                    camera: found.motion,
                    place: (-centre.0, row as f32 - centre.1),
                    scale,
                    most: MOST,
                    far: (round > 0).then_some(far * far),
                };
                let line_sums = camera_row(ctx.level, &line);
                let y = f64::from(line.place.1 * scale);
                for (sums, [one, x, xx]) in sums.iter_mut().zip(line_sums.weights) {
                    let all = [one, x, one * y, xx, x * y, one * (y * y)];
                    sums.iter_mut().zip(all).for_each(|(sum, more)| *sum += more);
                }
                for (right, [one, x]) in right.iter_mut().zip(line_sums.motion) {
                    right.iter_mut().zip([one, x, one * y]).for_each(|(sum, more)| *sum += more);
                }
            }
            let mut system = [[0.0; 6]; 6];
            for i in 0..6 {
                for j in 0..6 {
                    system[i][j] = sums[i / 3 + j / 3][PRODUCT[i % 3][j % 3]];
                }
                system[i][i] += if i % 3 == 0 { 0.1 } else { 10.0 };
            }
            let solved = solved(system, std::array::from_fn(|i| right[i / 3][i % 3]));
            let line =
                |i: usize| [solved[i] as f32, solved[i + 1] as f32 * scale, solved[i + 2] as f32 * scale];
            found.motion = [line(0), line(3)];
        }
        found
    }

    /// The motion of a block.
    pub(super) fn at(&self, column: usize, row: usize) -> Motion {
        let (x, y) = (column as f32 - self.centre.0, row as f32 - self.centre.1);
        let [across, down] = self.motion.map(|line| line[0] + line[1] * x + line[2] * y);
        Motion(across, down)
    }
}

/// The solution of a positive definite system.
fn solved(mut sums: [[f64; 6]; 6], mut right: [f64; 6]) -> [f64; 6] {
    for i in 0..6 {
        for j in i + 1..6 {
            let by = sums[j][i] / sums[i][i];
            for k in i..6 {
                sums[j][k] -= by * sums[i][k];
            }
            right[j] -= by * right[i];
        }
    }
    for i in (0..6).rev() {
        for j in i + 1..6 {
            right[i] -= sums[i][j] * right[j];
        }
        right[i] /= sums[i][i];
    }
    right
}
