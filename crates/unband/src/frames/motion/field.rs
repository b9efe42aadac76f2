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
        self.at_place(Between::new(column, self.columns), Between::new(row, self.rows))
    }

    /// As [`Field::between`], at a place whose neighbours are known.
    pub(super) fn at_place(&self, x: Between, y: Between) -> Motion {
        let line = |row: usize| {
            let row = row * self.columns;
            self.motion[row + x.before] * (1.0 - x.part) + self.motion[row + x.after] * x.part
        };
        line(y.before) * (1.0 - y.part) + line(y.after) * y.part
    }

    /// This motion to a frame, followed by that from there to the next one.
    pub(super) fn then(&self, next: &Self) -> Self {
        if self.is_empty() || next.is_empty() {
            return Self::default();
        }
        let mut motion = Vec::with_capacity(self.motion.len());
        for (row, line) in self.motion.chunks_exact(self.columns).enumerate() {
            motion.extend(line.iter().enumerate().map(|(column, &motion)| {
                let (column, row) = (column as f32, row as f32);
                motion + next.between(column + motion.0 / STEP as f32, row + motion.1 / STEP as f32)
            }));
        }
        Self { motion, ..*self }
    }

    /// The same motion at a level of twice the size, with a number of blocks there.
    pub(super) fn doubled(&self, columns: usize, rows: usize) -> Self {
        let place = |i: usize, of: usize| Between::new((i as f32 - 0.5) / 2.0, of);
        let across: Vec<Between> = (0..columns).map(|i| place(i, self.columns)).collect();
        let mut motion = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            let down = place(row, self.rows);
            motion.extend(across.iter().map(|&across| self.at_place(across, down) * 2.0));
        }
        Self { columns, rows, motion }
    }
}

/// A place between the centres of two blocks along one side; the nearest block's outside.
#[derive(Clone, Copy)]
pub(super) struct Between {
    before: usize,
    after: usize,
    /// Its distance from the first, 0 to 1.
    part: f32,
}

impl Between {
    /// Of a place in blocks, among a number of them.
    pub(super) fn new(place: f32, blocks: usize) -> Self {
        let place = place.clamp(0.0, (blocks - 1) as f32);
        let before = place as usize;
        Self { before, after: (before + 1).min(blocks - 1), part: place - before as f32 }
    }
}

/// The whole number up to a value, and the rest.
pub(super) fn floor(value: f32) -> (i32, f32) {
    // Without a call of the C library.
    let cut = value as i32;
    let whole = cut - i32::from(cut as f32 > value);
    (whole, value - whole as f32)
}
