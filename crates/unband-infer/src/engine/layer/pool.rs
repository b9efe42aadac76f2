//! Row-wise max pooling, and reductions of the whole image.

use std::ops::Range;

use unband_nets::Node;
use unband_nets::layer::pool::{MaxPool, Reduce};
use unband_nets::state::Weights;
use unband_simd::{Level, Precision, infer::norm, infer::pool};

use super::{Kernel, KernelOp, WholeOp};
use crate::engine::rows;
use crate::engine::strip::{Strip, each};
use crate::engine::whole::{Whole, added};

impl KernelOp for MaxPool {
    fn needed(&self, _: usize, height: usize, rows: Range<usize>) -> Range<usize> {
        rows::under(rows, self.kernel, self.stride, 0, height)
    }

    fn kernel(&self, _: &Node, _: &Weights, _: Level, _: Precision) -> Box<dyn Kernel> {
        Box::new(*self)
    }
}

impl Kernel for MaxPool {
    /// Vertically first, then horizontally.
    fn strip(&self, strip: &Strip<'_>, lines: &mut [&mut [f32]], done: &dyn Fn(usize, &mut [f32])) {
        let from = strip.from();
        let mut largest = vec![0.0; from.width * from.channels];
        let mut fetched = largest.clone();
        let make = |y: usize, line: &mut [f32]| {
            let top = y * self.stride;
            strip.fetch.row(strip.input, top, &mut largest);
            for y in top + 1..(top + self.kernel).min(from.height) {
                let kept = strip.fetch.kept(strip.input, y);
                let row = kept.unwrap_or_else(|| {
                    strip.fetch.row(strip.input, y, &mut fetched);
                    &fetched
                });
                pool::keep_larger(strip.fetch.level, &mut largest, row);
            }
            pool::largest_across(strip.fetch.level, line, &largest, from.channels, self.kernel, self.stride);
        };
        each(strip.first, lines, make, done);
    }
}

impl WholeOp for Reduce {
    fn make(&self, input: &Whole<'_>, lines: Vec<&mut [f32]>, done: &(dyn Fn(usize, &mut [f32]) + Sync)) {
        let reduced = match self {
            Self::Mean => means(input),
            Self::Max => largest(input),
        };
        for line in lines {
            line.copy_from_slice(&reduced);
            done(0, line);
        }
    }
}

fn means(input: &Whole<'_>) -> Vec<f32> {
    let shape = input.shape();
    let rows = input.of_rows(|row| {
        let mut sums = vec![0.0f64; shape.channels];
        norm::add(input.level(), &mut sums, row);
        sums
    });
    let n = (shape.height * shape.width) as f64;
    added(rows, shape.channels).into_iter().map(|sum| (sum / n) as f32).collect()
}

fn largest(input: &Whole<'_>) -> Vec<f32> {
    let none = || vec![f32::NEG_INFINITY; input.shape().channels];
    let rows = input.of_rows(|row| {
        let mut largest = none();
        norm::largest(input.level(), &mut largest, row);
        largest
    });
    let mut largest = none();
    for row in rows {
        norm::largest(input.level(), &mut largest, &row);
    }
    largest
}
