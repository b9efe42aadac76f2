//! The most probable motion of all blocks, given an estimate of each.

use unband_image::Context;
use unband_simd::jobs::motion::{RegularisedRow, regularise_row};

use super::camera::Camera;
use super::field::{Field, Motion};
use super::search::Estimate;

/// Precision with which a neighbour's motion predicts that of a block, per squared sample.
const ALIKE: f32 = 40.0;
/// Precision with which the camera's motion predicts that of a block, and the distance in samples at which it
/// no longer does.
const CAMERA: f32 = 40.0;
const APART: f32 = 0.3;
/// Precision of a block's own estimate, at most: its errors are not noise alone.
const MOST: f32 = 1000.0;
/// A difference in motion beyond which neighbours belong to different objects, in samples.
const OBJECT: f32 = 0.5;

/// Estimates of all blocks, value by value.
pub(super) struct Estimates {
    pub(super) motion: [Vec<f32>; 2],
    pub(super) precision: [Vec<f32>; 3],
}

impl Estimates {
    fn from_field_values(own: &[Estimate]) -> Self {
        let all = |value: fn(&Estimate) -> f32| own.iter().map(value).collect();
        Self {
            motion: [all(|own| own.motion.0), all(|own| own.motion.1)],
            precision: [
                all(|own| own.precision[0]),
                all(|own| own.precision[1]),
                all(|own| own.precision[2]),
            ],
        }
    }

    /// Number of blocks.
    pub(super) fn len(&self) -> usize {
        self.motion[0].len()
    }
}

/// Motion of all blocks, with a border of one block that pulls nothing.
#[derive(Clone)]
struct Padded {
    stride: usize,
    across: Vec<f32>,
    down: Vec<f32>,
}

impl Padded {
    fn from_field(field: &Field) -> Self {
        let stride = field.columns + 2;
        let mut all = vec![Motion::default(); stride * (field.rows + 2)];
        for (line, row) in all.chunks_exact_mut(stride).skip(1).zip(field.motion.chunks_exact(field.columns))
        {
            line[1..=field.columns].copy_from_slice(row);
        }
        let (across, down) = all.iter().map(|motion| (motion.0, motion.1)).unzip();
        Self { stride, across, down }
    }

    /// A row and those around it, with their borders.
    fn around<'a>(&self, values: &'a [f32], row: usize) -> [&'a [f32]; 3] {
        [0, 1, 2].map(|i| &values[(row + i) * self.stride..][..self.stride])
    }
}

/// The most probable motion of all blocks: that of their own samples, that of their neighbours, and that of
/// the camera, weighted by precision. `start`: the first guess.
pub(super) fn regularised(start: &Field, own: &[Estimate], rounds: usize, ctx: &Context<'_>) -> Field {
    let (columns, rows) = (start.columns, start.rows);
    let own = Estimates::from_field_values(own);
    let camera = Camera::new(&own, columns, ctx);
    // Precision, and precision times motion.
    let mut known: [Vec<f32>; 5] = std::array::from_fn(|_| Vec::with_capacity(own.len()));
    for i in 0..own.len() {
        let (motion, precision) =
            (own.motion.each_ref().map(|all| all[i]), own.precision.each_ref().map(|all| all[i]));
        let limit = MOST / (precision[0] + precision[2]).max(MOST);
        let [xx, xy, yy] = precision.map(|value| value * limit);
        let values = [xx, xy, yy, xx * motion[0] + xy * motion[1], xy * motion[0] + yy * motion[1]];
        known.iter_mut().zip(values).for_each(|(known, value)| known.push(value));
    }
    let mut sides = vec![ALIKE; columns + 2];
    (sides[0], sides[columns + 1]) = (0.0, 0.0);
    let mut now = Padded::from_field(start);
    let mut next = now.clone();
    for _ in 0..rounds {
        let stride = now.stride;
        let lines = next.across.chunks_exact_mut(stride).zip(next.down.chunks_exact_mut(stride));
        ctx.map_parts(lines.skip(1).take(rows).collect(), |row, (across, down)| {
            let from = camera.at(0, row);
            let by = camera.at(1, row) - from;
            let row = RegularisedRow {
                known: known.each_ref().map(|known| &known[row * columns..][..columns]),
                across: now.around(&now.across, row),
                down: now.around(&now.down, row),
                sides: &sides,
                above: if row > 0 { ALIKE } else { 0.0 },
                below: if row + 1 < rows { ALIKE } else { 0.0 },
                object: 1.0 / (OBJECT * OBJECT),
                camera: (CAMERA, [(from.0, by.0), (from.1, by.1)]),
                apart: 1.0 / (APART * APART),
            };
            regularise_row(ctx.level, &mut across[1..=columns], &mut down[1..=columns], &row);
        });
        std::mem::swap(&mut now, &mut next);
    }
    let mut motion = Vec::with_capacity(columns * rows);
    for row in 1..=rows {
        let inside = row * now.stride + 1..row * now.stride + 1 + columns;
        let both = now.across[inside.clone()].iter().zip(&now.down[inside]);
        motion.extend(both.map(|(&across, &down)| Motion(across, down)));
    }
    Field { columns, rows, motion }
}
