//! Motion of the blocks of a frame.

use std::ops::{Add, Mul, Sub};

/// Distance between the centres of blocks, in samples of a level.
pub(super) const STEP: usize = 4;

/// Motion in samples of a level: across and down.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Motion(pub(super) f32, pub(super) f32);

impl Motion {
    pub(super) fn squared(self) -> f32 {
        self.0 * self.0 + self.1 * self.1
    }
}

impl Add for Motion {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1)
    }
}

impl Sub for Motion {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0, self.1 - other.1)
    }
}

impl Mul<f32> for Motion {
    type Output = Self;
    fn mul(self, by: f32) -> Self {
        Self(self.0 * by, self.1 * by)
    }
}

/// Motion of all blocks: what is at a place of this frame is at that place plus its motion in the other one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::frames) struct Field {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) motion: Vec<Motion>,
}

impl Field {
    /// Number of blocks of a level, across and down.
    pub(super) fn size(width: usize, height: usize) -> (usize, usize) {
        (width.div_ceil(STEP), height.div_ceil(STEP))
    }

    /// Has it no blocks, as for small frames?
    pub(super) fn is_empty(&self) -> bool {
        self.motion.is_empty()
    }

    /// The motion of a block; the nearest one outside.
    pub(super) fn at(&self, column: usize, row: usize) -> Motion {
        self.motion[row.min(self.rows - 1) * self.columns + column.min(self.columns - 1)]
    }

    /// The motion at a place in blocks, linear between their centres.
    pub(super) fn between(&self, column: f32, row: f32) -> Motion {
        let (column, row) =
            (column.clamp(0.0, (self.columns - 1) as f32), row.clamp(0.0, (self.rows - 1) as f32));
        let (x, y) = (column as usize, row as usize);
        let (fx, fy) = (column - x as f32, row - y as f32);
        let line = |y| self.at(x, y) * (1.0 - fx) + self.at(x + 1, y) * fx;
        line(y) * (1.0 - fy) + line(y + 1) * fy
    }

    /// This motion to a frame, followed by that from there to the next one.
    pub(super) fn then(&self, next: &Self) -> Self {
        if self.is_empty() || next.is_empty() {
            return Self::default();
        }
        let follow = |(i, &motion): (usize, &Motion)| {
            let (column, row) = ((i % self.columns) as f32, (i / self.columns) as f32);
            motion + next.between(column + motion.0 / STEP as f32, row + motion.1 / STEP as f32)
        };
        Self { motion: self.motion.iter().enumerate().map(follow).collect(), ..*self }
    }

    /// The same motion at a level of twice the size, with a number of blocks there.
    pub(super) fn doubled(&self, (columns, rows): (usize, usize)) -> Self {
        let place = |i: usize| (i as f32 - 0.5) / 2.0;
        let motion =
            (0..columns * rows).map(|i| self.between(place(i % columns), place(i / columns)) * 2.0).collect();
        Self { columns, rows, motion }
    }
}
