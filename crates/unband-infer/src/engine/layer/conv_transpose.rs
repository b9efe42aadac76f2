//! Transposed convolution kernels, computed as ordinary convolutions.
//!
//! The output samples between two input samples are convolutions with their own taps, one per phase. Or
//! Winograd transforms compute all phases at once.

use std::ops::Range;

use unband_nets::layer::conv_transpose::ConvTranspose;
use unband_nets::state::Weights;
use unband_nets::{Node, Shape};
use unband_simd::infer::conv::{self, OutputRow, Tap};
use unband_simd::infer::winograd::TILE;
use unband_simd::{Level, Precision, infer::winograd};

use super::conv::{bias, together};
use super::{Kernel, KernelOp};
use crate::engine::rows;
use crate::engine::scratch::Scratch;
use crate::engine::staged::Staged;
use crate::engine::strip::Strip;
use crate::engine::tiles::{KernelSplit, Tiles};

impl KernelOp for ConvTranspose {
    /// Input row p adds to output rows from p · stride − padding on, one per kernel row.
    fn needed(&self, _: usize, height: usize, rows: Range<usize>) -> Range<usize> {
        if KernelSplit::quarters(self).is_some() {
            let coarse = rows.start / 2..rows.end.div_ceil(2);
            let tiles = coarse.start / TILE * TILE..coarse.end.next_multiple_of(TILE);
            return rows::under(tiles, 3, 1, 1, height);
        }
        if let Some(cut) = KernelSplit::of_transposed(self) {
            return cut.needed(height, rows.start / self.stride..rows.end.div_ceil(self.stride));
        }
        let first = (rows.start + self.padding + 1).saturating_sub(self.kernel).div_ceil(self.stride);
        rows::clipped(first, (rows.end - 1 + self.padding) / self.stride + 1, height)
    }

    fn kernel(&self, _: &Node, weights: &Weights, level: Level, precision: Precision) -> Box<dyn Kernel> {
        Box::new(Transposed::new(self, weights, level, precision))
    }
}

/// Transposed convolution with weights packed in reading order.
struct Transposed {
    conv: ConvTranspose,
    /// One per output channel of the underlying convolution.
    bias: Vec<f32>,
    kind: TransposedKernel,
}

enum TransposedKernel {
    Phases(Vec<Phase>),
    /// A convolution of the input's size; its channels are all samples between two input samples, row by row,
    /// with their channels.
    Tiles(Tiles),
    /// A convolution of 2×2 taps for each parity of rows and columns.
    Quarters(Box<[Tiles; 4]>),
}

/// The taps that reach outputs whose row and column have these remainders modulo the stride.
struct Phase {
    row: usize,
    column: usize,
    /// Row and column offsets in the input, relative to the output's position divided by the stride.
    taps: Vec<(isize, isize)>,
    weights: Vec<f32>,
}

impl Kernel for Transposed {
    fn radius(&self) -> f64 {
        match &self.kind {
            TransposedKernel::Phases(_) => 0.0,
            TransposedKernel::Tiles(tiles) => tiles.cut().radius() as f64,
            TransposedKernel::Quarters(tiles) => {
                tiles.iter().map(|tiles| tiles.cut().radius()).max().unwrap_or(0) as f64
            }
        }
    }

    fn tile(&self) -> usize {
        match &self.kind {
            TransposedKernel::Phases(_) => 1,
            TransposedKernel::Tiles(tiles) => tiles.cut().rows_together(),
            TransposedKernel::Quarters(_) => TILE,
        }
    }

    fn granule(&self) -> (usize, usize) {
        (self.rows_together(), 0)
    }

    fn margin(&self, from: Shape, made: Shape) -> (usize, usize) {
        let (left, samples) = match &self.kind {
            TransposedKernel::Tiles(tiles) => tiles.margin(from.channels, self.coarse(made)),
            TransposedKernel::Quarters(tiles) => {
                let each = tiles.iter().map(|tiles| tiles.margin(from.channels, self.coarse(made)));
                (1, each.map(|(left, samples)| samples + 1 - left).max().unwrap_or(0))
            }
            TransposedKernel::Phases(_) => {
                let margin = margin(&self.conv);
                (margin, made.width / self.conv.stride + 2 * margin + 2)
            }
        };
        (left, (left + from.width).max(samples) * from.channels)
    }

    fn in_parts(&self) -> bool {
        !matches!(self.kind, TransposedKernel::Phases(_))
    }

    fn strip(&self, strip: &Strip<'_>, lines: &mut [&mut [f32]], done: &dyn Fn(usize, &mut [f32])) {
        match &self.kind {
            TransposedKernel::Phases(phases) => self.phases(strip, phases, lines, done),
            TransposedKernel::Tiles(tiles) => self.tiles(strip, tiles, lines, done),
            TransposedKernel::Quarters(tiles) => self.quarters(strip, tiles, lines, done),
        }
    }
}

impl Transposed {
    /// Packs the weights.
    fn new(conv: &ConvTranspose, weights: &Weights, level: Level, precision: Precision) -> Self {
        let w = weights.get(conv.weight);
        let bias = bias(conv.bias, conv.output, weights);
        let cuts = KernelSplit::quarters(conv).filter(|_| winograd::has(level, Precision::F32));
        if let Some(cuts) = cuts {
            let tiles = |phase: usize| {
                // Output row `2 y + rest` reads input row `y + t − 1 + rest` by this row of the kernel.
                let tap = |rest: usize, t: usize| 3 - rest - 2 * t;
                let weight = |o: usize, t: usize, i: usize| {
                    let (a, b) = (tap(phase / 2, t / 2), tap(phase % 2, t % 2));
                    w[((i * conv.output + o) * 4 + a) * 4 + b]
                };
                Tiles::new(cuts[phase], conv.input, conv.output, level, precision, weight)
            };
            let kind = TransposedKernel::Quarters(Box::new(std::array::from_fn(tiles)));
            return Self { conv: conv.clone(), bias, kind };
        }
        match KernelSplit::of_transposed(conv).filter(|_| winograd::has(level, Precision::F32)) {
            Some(cut) => {
                let outputs = conv.output * conv.stride * conv.stride;
                let weight = |o, t, i| between(conv, w, o, t, i);
                let tiles = Tiles::new(cut, conv.input, outputs, level, precision, weight);
                let bias = bias.repeat(conv.stride * conv.stride);
                Self { conv: conv.clone(), bias, kind: TransposedKernel::Tiles(tiles) }
            }
            None => Self { conv: conv.clone(), bias, kind: TransposedKernel::Phases(phases(conv, w, level)) },
        }
    }

    /// Number of output rows computed together, starting at a multiple of it.
    fn rows_together(&self) -> usize {
        if let TransposedKernel::Phases(_) = &self.kind { 1 } else { self.tile() * self.conv.stride }
    }

    /// Shape of the result as an image of the input's size.
    fn coarse(&self, made: Shape) -> Shape {
        let stride = self.conv.stride;
        Shape::new(made.channels * stride * stride, made.height / stride, made.width / stride)
    }

    fn tiles(
        &self,
        strip: &Strip<'_>,
        tiles: &Tiles,
        lines: &mut [&mut [f32]],
        done: &dyn Fn(usize, &mut [f32]),
    ) {
        let stride = self.conv.stride;
        let coarse = self.coarse(strip.shape);
        let floats = coarse.width * coarse.channels;
        let part = stride * self.conv.output;
        for (i, lines) in lines.chunks_mut(self.rows_together()).enumerate() {
            let y = strip.first + i * self.rows_together();
            let below = Strip { shape: coarse, first: y / stride, ..*strip };
            let mut made = Scratch::with_floats(lines.len().div_ceil(stride) * floats);
            let mut rows: Vec<&mut [f32]> = made.chunks_exact_mut(floats).collect();
            tiles.strip(&below, &self.bias, coarse.channels, &mut rows, &|_, _| ());
            for (n, line) in lines.iter_mut().enumerate() {
                let from = rows[n / stride].chunks_exact(part).skip(n % stride).step_by(stride);
                line.chunks_exact_mut(part).zip(from).for_each(|(to, from)| to.copy_from_slice(from));
                done(y + n, line);
            }
        }
    }

    fn quarters(
        &self,
        strip: &Strip<'_>,
        tiles: &[Tiles; 4],
        lines: &mut [&mut [f32]],
        done: &dyn Fn(usize, &mut [f32]),
    ) {
        let outputs = self.conv.output;
        let coarse = Shape { channels: outputs, ..self.coarse(strip.shape) };
        let below = Strip { shape: coarse, first: strip.first / 2, ..*strip };
        for (phase, tiles) in tiles.iter().enumerate() {
            let own = lines.iter_mut().skip(phase / 2).step_by(2);
            let mut own: Vec<&mut [f32]> = own.map(|line| &mut line[phase % 2 * outputs..]).collect();
            tiles.strip(&below, &self.bias, 2 * outputs, &mut own, &|_, _| ());
        }
        for (y, line) in (strip.first..).zip(lines) {
            done(y, line);
        }
    }

    fn phases(
        &self,
        strip: &Strip<'_>,
        phases: &[Phase],
        lines: &mut [&mut [f32]],
        done: &dyn Fn(usize, &mut [f32]),
    ) {
        let (conv, margin) = (&self.conv, margin(&self.conv));
        let weights = phases.iter().map(|phase| phase.weights.len()).max().unwrap_or(0);
        let together = conv.stride * together(weights, strip.shape.width.div_ceil(conv.stride));
        let span = 2 * margin + 2 + together.div_ceil(conv.stride);
        let (left, floats) = self.margin(strip.from(), strip.shape);
        let mut staged = Staged::new(strip.input, strip.from(), span, left, floats);
        for (i, lines) in lines.chunks_mut(together).enumerate() {
            let first = strip.first + i * together;
            for phase in phases {
                let own = |(y, line)| (y % conv.stride == phase.row).then_some((y, line));
                let lines: Vec<(usize, &mut [f32])> =
                    (first..).zip(lines.iter_mut().map(|line| &mut **line)).filter_map(own).collect();
                self.phase(phase, margin, strip, &mut staged, lines);
            }
            for (y, line) in (first..).zip(lines) {
                done(y, line);
            }
        }
    }

    /// Computes the samples of some rows that the taps of one phase reach.
    fn phase(
        &self,
        phase: &Phase,
        margin: usize,
        strip: &Strip<'_>,
        staged: &mut Staged,
        lines: Vec<(usize, &mut [f32])>,
    ) {
        let (width, stride) = (strip.shape.width, self.conv.stride);
        if phase.column >= width {
            return;
        }
        let mut near: Vec<isize> = phase.taps.iter().map(|tap| tap.0).collect();
        near.sort_unstable();
        near.dedup();
        let tap = |&(row, column): &(isize, isize)| Tap {
            row: near.iter().position(|&n| n == row).unwrap_or(0),
            column: margin.saturating_add_signed(column),
        };
        let taps: Vec<Tap> = phase.taps.iter().map(tap).collect();
        let places =
            lines.iter().flat_map(|(y, _)| near.iter().map(move |n| (y / stride).checked_add_signed(*n)));
        let rows = staged.rows(strip, places);
        let shape = conv::Shape {
            inputs: self.conv.input,
            outputs: self.conv.output,
            width: (width - phase.column).div_ceil(stride),
            stride: 1,
            out_step: stride * self.conv.output,
        };
        let numbered = lines.into_iter().enumerate();
        let line = numbered.map(|(i, (_, line))| OutputRow {
            out: &mut line[phase.column * self.conv.output..],
            rows: &rows[i * near.len()..][..near.len()],
        });
        let mut lines: Vec<OutputRow<'_>> = line.collect();
        conv::conv_lines(strip.fetch.level, shape, &mut lines, &taps, &phase.weights, &self.bias);
    }
}

/// Upper bound for the input samples read before the one under an output sample.
fn margin(conv: &ConvTranspose) -> usize {
    conv.kernel.div_ceil(conv.stride) + conv.padding.div_ceil(conv.stride)
}

/// The weight of output `o` (samples between input samples, row by row, with their channels) for tap `t` of
/// the 3×3 neighbourhood.
fn between(conv: &ConvTranspose, w: &[f32], o: usize, t: usize, i: usize) -> f32 {
    let (stride, side) = (conv.stride, conv.kernel);
    let (phase, channel) = (o / conv.output, o % conv.output);
    // Output row `stride · y + rest` reads row `y + t − 1` by this row of the kernel.
    let tap =
        |rest: usize, t: usize| (rest + conv.padding + stride).checked_sub(stride * t).filter(|&a| a < side);
    let place = tap(phase / stride, t / 3).zip(tap(phase % stride, t % 3));
    place.map_or(0.0, |(a, b)| w[((i * conv.output + channel) * side + a) * side + b])
}

fn phases(conv: &ConvTranspose, w: &[f32], level: Level) -> Vec<Phase> {
    let (k, s) = (conv.kernel, conv.stride);
    let mut phases = Vec::new();
    for row in 0..s {
        for column in 0..s {
            // Output position q reads input (q + padding − tap) / stride if that is an integer.
            let hits = |rest: usize, tap: usize| (rest + conv.padding + s * k - tap).is_multiple_of(s);
            let far = |rest: usize, tap: usize| (rest + conv.padding).cast_signed() - tap.cast_signed();
            let pairs: Vec<(usize, usize)> = (0..k)
                .flat_map(|a| (0..k).map(move |b| (a, b)))
                .filter(|&(a, b)| hits(row, a) && hits(column, b))
                .collect();
            let step = s.cast_signed();
            let taps = pairs.iter().map(|&(a, b)| (far(row, a) / step, far(column, b) / step)).collect();
            let at = |o: usize, t: usize, i: usize| {
                let (a, b) = pairs[t];
                w[(i * conv.output + o) * k * k + a * k + b]
            };
            let weights = conv::pack(level, conv.output, pairs.len(), conv.input, at);
            phases.push(Phase { row, column, taps, weights });
        }
    }
    phases
}
