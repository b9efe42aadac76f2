//! Operations that read all rows before they compute their first.
//!
//! Sums are computed per row in 64 bits and added in row order, so the result does not depend on the threads.

use unband_image::Context;
use unband_nets::layer::norm::BatchNorm;
use unband_nets::layer::pool::Reduce;
use unband_nets::{Op, Shape};
use unband_simd::{infer::net, infer::norm};

use super::Engine;
use super::fetch::Fetch;

/// Computes all rows of node `at`, and calls `done` with each.
pub fn make(
    engine: &Engine,
    at: usize,
    fetch: &Fetch<'_>,
    lines: Vec<&mut [f32]>,
    ctx: &Context<'_>,
    done: impl Fn(usize, &mut [f32]) + Sync,
) {
    let node = &engine.graph.nodes[at];
    let input = Whole { engine, fetch, value: node.inputs[0].index(), ctx };
    match &node.op {
        Op::BatchNorm(norm) => {
            let (scales, offsets) = input.scales(norm);
            ctx.map_parts(lines, |y, line: &mut [f32]| {
                fetch.row(input.value, y, line);
                net::affine_each(engine.level, line, &scales, &offsets);
                done(y, line);
            });
        }
        Op::Reduce(kind) => {
            let reduced = match kind {
                Reduce::Mean => input.means(),
                Reduce::Max => input.largest(),
            };
            for line in lines {
                line.copy_from_slice(&reduced);
                done(0, line);
            }
        }
        // Flattens everything into channels.
        _ => {
            for line in lines {
                input.flatten(line);
                done(0, line);
            }
        }
    }
}

/// A value with all of its rows available.
struct Whole<'a> {
    engine: &'a Engine,
    fetch: &'a Fetch<'a>,
    value: usize,
    ctx: &'a Context<'a>,
}

impl Whole<'_> {
    fn shape(&self) -> Shape {
        self.fetch.shapes[self.value]
    }

    /// Computes something for every row, in order.
    fn of_rows<T: Send>(&self, of: impl Fn(&[f32]) -> T + Sync) -> Vec<T> {
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

    /// Scale and offset once the image's own mean and biased variance are known.
    fn scales(&self, norm: &BatchNorm) -> (Vec<f32>, Vec<f32>) {
        let shape = self.shape();
        let zeros = || vec![0.0f64; shape.channels];
        let rows = self.of_rows(|row| {
            let (mut sums, mut squares) = (zeros(), zeros());
            norm::add_moments(self.engine.level, &mut sums, &mut squares, row);
            (sums, squares)
        });
        let (sums, squares): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let (sums, squares) = (added(sums, shape.channels), added(squares, shape.channels));
        let n = (shape.height * shape.width) as f64;
        let [weight, bias] = [norm.params[0], norm.params[1]].map(|id| self.engine.param(id));
        let of = |c: usize| {
            let mean = sums[c] / n;
            let variance = (squares[c] / n - mean * mean).max(0.0);
            let scale = f64::from(weight[c]) / (variance + norm.eps).sqrt();
            (scale as f32, (f64::from(bias[c]) - mean * scale) as f32)
        };
        (0..shape.channels).map(of).unzip()
    }

    fn means(&self) -> Vec<f32> {
        let shape = self.shape();
        let rows = self.of_rows(|row| {
            let mut sums = vec![0.0f64; shape.channels];
            norm::add(self.engine.level, &mut sums, row);
            sums
        });
        let n = (shape.height * shape.width) as f64;
        added(rows, shape.channels).into_iter().map(|sum| (sum / n) as f32).collect()
    }

    fn largest(&self) -> Vec<f32> {
        let none = || vec![f32::NEG_INFINITY; self.shape().channels];
        let rows = self.of_rows(|row| {
            let mut largest = none();
            norm::largest(self.engine.level, &mut largest, row);
            largest
        });
        let mut largest = none();
        for row in rows {
            norm::largest(self.engine.level, &mut largest, &row);
        }
        largest
    }

    /// Channel by channel, in a channel row by row.
    fn flatten(&self, out: &mut [f32]) {
        let Shape { channels, height, width } = self.shape();
        let mut row = vec![0.0; width * channels];
        for y in 0..height {
            self.fetch.row(self.value, y, &mut row);
            for (x, sample) in row.chunks_exact(channels).enumerate() {
                for (c, &v) in sample.iter().enumerate() {
                    out[(c * height + y) * width + x] = v;
                }
            }
        }
    }
}

/// The sums of rows, channel by channel, added in row order.
fn added(rows: Vec<Vec<f64>>, channels: usize) -> Vec<f64> {
    rows.into_iter().fold(vec![0.0; channels], |mut sums, row| {
        sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
        sums
    })
}
