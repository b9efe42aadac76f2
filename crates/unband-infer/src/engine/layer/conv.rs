//! Row-wise convolution kernels.

use std::ops::Range;

use unband_nets::layer::conv::Conv;
use unband_nets::state::Weights;
use unband_nets::{Node, ParamId, Shape};
use unband_simd::infer::conv::{self, OutputRow, Tap};
use unband_simd::{Level, Precision, infer::net, infer::winograd};

use super::{Kernel, KernelOp};
use crate::engine::rows;
use crate::engine::staged::Staged;
use crate::engine::strip::{Strip, each};
use crate::engine::tiles::{KernelSplit, Tiles};

impl KernelOp for Conv {
    fn needed(&self, _: usize, height: usize, rows: Range<usize>) -> Range<usize> {
        if let Some(cut) = KernelSplit::from_conv(self) {
            return cut.needed(height, rows);
        }
        let far = (self.kernel.0 - 1) * self.dilation + 1;
        rows::under(rows, far, self.stride, self.padding.0, height)
    }

    fn kernel(&self, _: &Node, weights: &Weights, level: Level, precision: Precision) -> Box<dyn Kernel> {
        Box::new(Packed::new(self, weights, level, precision))
    }
}

fn is_depthwise(conv: &Conv) -> bool {
    conv.groups == conv.input && conv.groups == conv.output && conv.dilation == 1 && conv.groups > 1
}

/// Convolution with weights packed in reading order.
struct Packed {
    bias: Vec<f32>,
    input: usize,
    output: usize,
    kind: ConvKernel,
}

enum ConvKernel {
    Direct {
        conv: Conv,
        weights: Vec<f32>,
    },
    Tiles(Tiles),
    Depthwise {
        conv: Conv,
        weights: Vec<f32>,
    },
    /// Weights of each group.
    Grouped {
        conv: Conv,
        weights: Vec<Vec<f32>>,
    },
}

impl Kernel for Packed {
    fn radius(&self) -> f64 {
        if let ConvKernel::Tiles(tiles) = &self.kind { tiles.cut().radius() as f64 } else { 0.0 }
    }

    fn tile(&self) -> usize {
        if let ConvKernel::Tiles(tiles) = &self.kind { tiles.cut().rows_together() } else { 1 }
    }

    fn granule(&self) -> (usize, usize) {
        (self.tile(), 0)
    }

    fn margin(&self, from: Shape, made: Shape) -> (usize, usize) {
        let (left, samples) = match &self.kind {
            ConvKernel::Direct { conv, .. }
            | ConvKernel::Depthwise { conv, .. }
            | ConvKernel::Grouped { conv, .. } => {
                let far = (made.width - 1) * conv.stride + conv.dilation * (conv.kernel.1 - 1) + 1;
                (conv.padding.1, far)
            }
            ConvKernel::Tiles(tiles) => tiles.margin(from.channels, made),
        };
        (left, (left + from.width).max(samples) * from.channels)
    }

    fn in_parts(&self) -> bool {
        matches!(self.kind, ConvKernel::Tiles(_))
    }

    fn strip(&self, strip: &Strip<'_>, lines: &mut [&mut [f32]], done: &dyn Fn(usize, &mut [f32])) {
        match &self.kind {
            ConvKernel::Direct { conv, weights } => self.direct(strip, conv, weights, lines, done),
            ConvKernel::Tiles(tiles) => tiles.strip(strip, &self.bias, self.output, lines, done),
            ConvKernel::Depthwise { conv, weights } => {
                let make = self.depthwise(strip, conv, weights);
                each(strip.first, lines, make, done);
            }
            ConvKernel::Grouped { conv, weights } => {
                let make = self.grouped(strip, conv, weights);
                each(strip.first, lines, make, done);
            }
        }
    }
}

impl Packed {
    /// Packs a convolution.
    fn new(conv: &Conv, weights: &Weights, level: Level, precision: Precision) -> Self {
        let w = weights.get(conv.weight);
        let taps = conv.kernel.0 * conv.kernel.1;
        let at = |o: usize, t: usize, i: usize| w[(o * conv.input + i) * taps + t];
        let kind = if is_depthwise(conv) {
            let by_tap = (0..taps).flat_map(|t| (0..conv.output).map(move |c| w[c * taps + t]));
            ConvKernel::Depthwise { conv: conv.clone(), weights: by_tap.collect() }
        } else if conv.groups > 1 {
            ConvKernel::Grouped { conv: conv.clone(), weights: groups(conv, w, level) }
        } else if let Some(cut) =
            KernelSplit::from_conv(conv).filter(|_| winograd::has(level, Precision::F32))
        {
            ConvKernel::Tiles(Tiles::new(cut, conv.input, conv.output, level, precision, at))
        } else {
            let weights = conv::pack(level, conv.output, taps, conv.input, at);
            ConvKernel::Direct { conv: conv.clone(), weights }
        };
        Self { bias: bias(conv.bias, conv.output, weights), input: conv.input, output: conv.output, kind }
    }

    fn staged(&self, strip: &Strip<'_>, span: usize) -> Staged {
        let (left, floats) = self.margin(strip.from(), strip.shape);
        Staged::new(strip.input, strip.from(), span, left, floats)
    }

    fn direct(
        &self,
        strip: &Strip<'_>,
        conv: &Conv,
        weights: &[f32],
        lines: &mut [&mut [f32]],
        done: &dyn Fn(usize, &mut [f32]),
    ) {
        let (kh, taps) = (conv.kernel.0, taps(conv));
        let (width, stride) = (strip.shape.width, conv.stride);
        let together = together(weights.len(), width);
        let mut staged = self.staged(strip, (together - 1) * stride + conv.dilation * (kh - 1) + 1);
        let (inputs, outputs) = (self.input, self.output);
        let shape = conv::Shape { inputs, outputs, width, stride, out_step: outputs };
        for (i, lines) in lines.chunks_mut(together).enumerate() {
            let first = strip.first + i * together;
            let places = (first..first + lines.len())
                .flat_map(|y| (0..kh).map(move |a| row_of(y * stride + a * conv.dilation, conv.padding.0)));
            let rows = staged.rows(strip, places);
            let mut all: Vec<OutputRow<'_>> =
                lines.iter_mut().zip(rows.chunks(kh)).map(|(out, rows)| OutputRow { out, rows }).collect();
            conv::conv_lines(strip.fetch.level, shape, &mut all, &taps, weights, &self.bias);
            for (y, line) in (first..).zip(lines) {
                done(y, line);
            }
        }
    }

    fn depthwise(&self, strip: &Strip<'_>, conv: &Conv, weights: &[f32]) -> impl FnMut(usize, &mut [f32]) {
        let (kh, kw) = conv.kernel;
        let mut staged = self.staged(strip, kh);
        move |y, line| {
            let places = (0..kh).map(|a| row_of(y * conv.stride + a, conv.padding.0));
            let rows = staged.rows(strip, places);
            net::depthwise(strip.fetch.level, line, &rows, kw, weights, &self.bias, conv.stride);
        }
    }

    /// Each group is a convolution of its own, over rows that hold only that group.
    fn grouped(&self, strip: &Strip<'_>, conv: &Conv, weights: &[Vec<f32>]) -> impl FnMut(usize, &mut [f32]) {
        let (kh, taps) = (conv.kernel.0, taps(conv));
        let (inputs, outputs) = (conv.input / conv.groups, conv.output / conv.groups);
        let mut staged = self.staged(strip, conv.dilation * (kh - 1) + 1);
        let (width, stride) = (strip.shape.width, conv.stride);
        let row = conv::Shape { inputs, outputs, width, stride, out_step: self.output };
        let mut parts = vec![Vec::new(); kh];
        move |y, line| {
            let places = (0..kh).map(|a| row_of(y * conv.stride + a * conv.dilation, conv.padding.0));
            let rows = staged.rows(strip, places);
            for (group, weights) in weights.iter().enumerate() {
                for (part, row) in parts.iter_mut().zip(&rows) {
                    part.clear();
                    let samples = row.chunks_exact(conv.input);
                    part.extend(samples.flat_map(|sample| &sample[group * inputs..][..inputs]));
                }
                let parts: Vec<&[f32]> = parts.iter().map(Vec::as_slice).collect();
                let (to, bias) = (&mut line[group * outputs..], &self.bias[group * outputs..]);
                conv::conv_row(strip.fetch.level, row, to, &parts, &taps, weights, bias);
            }
        }
    }
}

/// Floats of weights that fit into a processor's second-level cache next to the rows.
const HELD: usize = 1 << 17;

/// Minimum number of samples per pass over weights that do not fit.
const WORTH: usize = 256;

/// Number of rows to compute together.
pub(super) fn together(weights: usize, width: usize) -> usize {
    if weights > HELD { (WORTH / width.max(1)).clamp(1, 16) } else { 1 }
}

fn row_of(at: usize, padding: usize) -> Option<usize> {
    at.checked_sub(padding)
}

fn taps(conv: &Conv) -> Vec<Tap> {
    let (kh, kw) = conv.kernel;
    (0..kh * kw).map(|t| Tap { row: t / kw, column: t % kw * conv.dilation }).collect()
}

/// One bias per output.
pub(super) fn bias(id: Option<ParamId>, outputs: usize, weights: &Weights) -> Vec<f32> {
    id.map_or_else(|| vec![0.0; outputs], |id| weights.get(id).to_vec())
}

/// Weights of each group.
fn groups(conv: &Conv, w: &[f32], level: Level) -> Vec<Vec<f32>> {
    let (inputs, outputs) = (conv.input / conv.groups, conv.output / conv.groups);
    let taps = conv.kernel.0 * conv.kernel.1;
    let group = |g: usize| {
        let at = |o: usize, t: usize, i: usize| w[((g * outputs + o) * inputs + i) * taps + t];
        conv::pack(level, outputs, taps, inputs, at)
    };
    (0..conv.groups).map(group).collect()
}
