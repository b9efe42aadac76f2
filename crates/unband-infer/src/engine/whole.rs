//! Values that an operation reads completely before it computes its first row.
//!
//! Sums are computed per row in 64 bits and added in row order, so the result does not depend on the threads.

use unband_image::Context;
use unband_nets::{ParamId, Shape};
use unband_simd::Level;

use super::Engine;
use super::fetch::Fetch;

/// A value with all of its rows available.
pub(super) struct Whole<'a> {
    pub engine: &'a Engine,
    pub fetch: &'a Fetch<'a>,
    pub value: usize,
    pub ctx: &'a Context<'a>,
}

impl Whole<'_> {
    pub(super) fn level(&self) -> Level {
        self.engine.level
    }

    pub(super) fn param(&self, id: ParamId) -> &[f32] {
        self.engine.param(id)
    }

    pub(super) fn shape(&self) -> Shape {
        self.fetch.shapes[self.value]
    }

    /// Computes something for every row, in order.
    pub(super) fn of_rows<T: Send>(&self, of: impl Fn(&[f32]) -> T + Sync) -> Vec<T> {
        let Shape { channels, height, width } = self.shape();
        self.ctx.map(height, |y| {
            if let Some(row) = self.fetch.kept(self.value, y) {
                return of(row);
            }
            let mut row = vec![0.0; width * channels];
            self.fetch.row(self.value, y, &mut row);
            of(&row)
        })
    }
}

/// The sums of rows, channel by channel, added in row order.
pub(super) fn added(rows: Vec<Vec<f64>>, channels: usize) -> Vec<f64> {
    rows.into_iter().fold(vec![0.0; channels], |mut sums, row| {
        sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
        sums
    })
}
