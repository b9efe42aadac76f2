//! Sums over a row of blocks from which the motion of the camera follows.

use crate::Bound;
use crate::dispatch;

/// Blocks that are added up side by side.
const LANES: usize = 8;

/// A row of blocks.
#[derive(Clone, Copy, Debug)]
pub struct CameraRow<'a> {
    /// Motion of each block, across and down.
    pub motion: [&'a [f32]; 2],
    /// Its precision: across², across·down, down².
    pub precision: [&'a [f32]; 3],
    /// The camera's motion so far, across and down: constant, and per block across and down.
    pub camera: [[f32; 3]; 2],
    /// Place of the first block, seen from the centre, in blocks.
    pub place: (f32, f32),
    /// Factor on places in the sums.
    pub scale: f32,
    /// Precision at most.
    pub most: f32,
    /// The squared distance to the camera's motion at which a block has a quarter of its weight; `None`: all
    /// have their weight.
    pub far: Option<f32>,
}

/// Sums of the products of weights with 1, x and x², and of weighted motions with 1 and x.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CameraSums {
    /// For across², across·down and down².
    pub weights: [[f64; 3]; 3],
    /// For motion across and down.
    pub motion: [[f64; 2]; 2],
}

dispatch! {
    /// Adds up a row of blocks.
    pub fn camera_row(level, row: &CameraRow<'_>) -> CameraSums = camera_body;
}

#[inline(always)]
fn camera_body(row: &CameraRow<'_>) -> CameraSums {
    let n = row.motion[0].len();
    let ([across, down], [xx, xy, yy]) =
        (row.motion.map(|all| &all[..n]), row.precision.map(|all| &all[..n]));
    let mut weights = [[[0.0f64; LANES]; 3]; 3];
    let mut motion = [[[0.0f64; LANES]; 2]; 2];
    let (all, far) = (row.far.is_none(), row.far.unwrap_or(1.0));
    let mut start = 0;
    while start < n {
        // Blocks beyond the end have no weight.
        let mut values = [[0.0f32; LANES]; 5];
        let some = LANES.min(n - start);
        for (to, from) in values.iter_mut().zip([across, down, xx, xy, yy]) {
            to[..some].copy_from_slice(&from[start..start + some]);
        }
        let [across, down, xx, xy, yy] = values;
        for i in 0..LANES {
            let (x, y) = (row.place.0 + (start + i) as f32, row.place.1);
            let camera = row.camera.map(|line| line[0] + line[1] * x + line[2] * y);
            let (dx, dy) = (across[i] - camera[0], down[i] - camera[1]);
            let apart = 1.0 + (dx * dx + dy * dy) / far;
            let near = if all { 1.0 } else { 1.0 / (apart * apart) };
            let limit = row.most / (xx[i] + yy[i]).at_least(row.most) * near;
            let x = f64::from(x * row.scale);
            let of = [xx[i], xy[i], yy[i]].map(|value| f64::from(value * limit));
            let (dx, dy) = (f64::from(across[i]), f64::from(down[i]));
            let moved = [of[0] * dx + of[1] * dy, of[1] * dx + of[2] * dy];
            for k in 0..3 {
                weights[k][0][i] += of[k];
                weights[k][1][i] += of[k] * x;
                weights[k][2][i] += of[k] * (x * x);
            }
            for k in 0..2 {
                motion[k][0][i] += moved[k];
                motion[k][1][i] += moved[k] * x;
            }
        }
        start += LANES;
    }
    let sum = |lanes: [f64; LANES]| {
        let [a, b, c, d, e, f, g, h] = lanes;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    };
    CameraSums { weights: weights.map(|all| all.map(sum)), motion: motion.map(|all| all.map(sum)) }
}
