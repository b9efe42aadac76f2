//! Motion of the camera: pans, zooms and rotations, as one motion for all blocks that follow it.

use super::field::{Field, Motion};
use super::search::Estimate;

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
    /// The one that most blocks follow.
    pub(super) fn of(start: &Field, own: &[Estimate]) -> Self {
        let centre = (start.columns as f32 / 2.0, start.rows as f32 / 2.0);
        let mut found = Self { centre, motion: [[0.0; 3]; 2] };
        let scale = 1.0 / start.columns.max(start.rows) as f32;
        for (round, far) in FAR.into_iter().enumerate() {
            // Sums of 1, x, y, x², x·y and y² for across², across·down and down²; right sides of 1, x and y.
            let mut sums = [[0.0f64; 6]; 3];
            let mut right = [[0.0f64; 3]; 2];
            for (own, row) in own.chunks_exact(start.columns).zip(0..) {
                let y = f64::from((row as f32 - centre.1) * scale);
                for (own, column) in own.iter().zip(0..) {
                    let [xx, xy, yy] = own.precision;
                    let apart = own.motion - found.at(column, row);
                    let apart = 1.0 + apart.squared() / (far * far);
                    let near = if round == 0 { 1.0 } else { 1.0 / (apart * apart) };
                    let limit = MOST / (xx + yy).max(MOST) * near;
                    let x = f64::from((column as f32 - centre.0) * scale);
                    let weights = [xx, xy, yy].map(|value| f64::from(value * limit));
                    add(&mut sums, weights, [1.0, x, y, x * x, x * y, y * y]);
                    let [xx, xy, yy] = weights;
                    let (dx, dy) = (f64::from(own.motion.0), f64::from(own.motion.1));
                    add(&mut right, [xx * dx + xy * dy, xy * dx + yy * dy], [1.0, x, y]);
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

/// Adds the products of all weights and places.
fn add<const W: usize, const P: usize>(sums: &mut [[f64; P]; W], weights: [f64; W], places: [f64; P]) {
    for (sums, weight) in sums.iter_mut().zip(weights) {
        for (sum, place) in sums.iter_mut().zip(places) {
            *sum += weight * place;
        }
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
