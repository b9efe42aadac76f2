//! Row-wise deformable convolution kernels.
//!
//! Small convolutions compute the tap positions. The samples read there are gathered into a buffer, and a 1×1
//! convolution sums over them.

use std::ops::Range;

use unband_nets::layer::banded_deform_conv::BandedDeformConv;
use unband_nets::layer::deform_conv::DeformConv;
use unband_nets::state::Weights;
use unband_nets::{Node, ParamId, Shape};
use unband_simd::infer::conv::{self, Tap};
use unband_simd::infer::deform::{self, GENERATED, ImageRows, Turns};
use unband_simd::{Level, Precision};

use super::{Kernel, KernelOp};
use crate::engine::rows;
use crate::engine::staged::Staged;
use crate::engine::strip::{Strip, each};

impl KernelOp for BandedDeformConv {
    fn needed(&self, _: usize, height: usize, rows: Range<usize>) -> Range<usize> {
        match reach(self) {
            Some(reach) => rows::around(rows, reach, height),
            None => 0..height,
        }
    }

    fn kernel(&self, _: &Node, weights: &Weights, level: Level, _: Precision) -> Box<dyn Kernel> {
        let generators = [Some(self.rotation), Some(self.stretch), self.whole];
        let generators: Vec<[ParamId; 2]> = generators.into_iter().flatten().collect();
        let kind = OffsetKind::Banded { limits: self.limits, reach: reach(self) };
        let shape = (self.input, self.output, self.groups);
        Box::new(Deform::new(shape, self.kernel, kind, (self.weight, &generators), weights, level))
    }
}

impl KernelOp for DeformConv {
    /// Taps go wherever their offsets point.
    fn needed(&self, _: usize, height: usize, _: Range<usize>) -> Range<usize> {
        0..height
    }

    fn kernel(&self, _: &Node, weights: &Weights, level: Level, _: Precision) -> Box<dyn Kernel> {
        let shape = (self.input, self.output, 1);
        let params: (ParamId, &[[ParamId; 2]]) = (self.weight, &[self.offset]);
        Box::new(Deform::new(shape, self.kernel, OffsetKind::Free, params, weights, level))
    }
}

/// Vertical reach of a banded kernel, in rows: as far as its corner, stretched and then rotated, plus the
/// next row. `None` if unbounded.
fn reach(conv: &BandedDeformConv) -> Option<usize> {
    let (min, max) = conv.limits.filter(|_| conv.whole.is_none())?;
    let stretch = f64::from(min.abs().max(max.abs()));
    let corner = (stretch * (conv.kernel.0 / 2) as f64).hypot((conv.kernel.1 / 2) as f64);
    // Stretch and rotation are rounded to 32 bits.
    let corner = corner * (1.0 + 1e-5);
    // The 3×3 generators read one row away; so does a bilinear sample at the position itself.
    Some(corner as usize + 1)
}

/// Floats of gathered samples: they stay in the first-level cache.
const GATHERED: usize = 6144;

/// A deformable convolution.
struct Deform {
    input: usize,
    output: usize,
    kernel: (usize, usize),
    kind: OffsetKind,
    generator: Generator,
    /// Weights of each group.
    weights: Vec<Vec<f32>>,
    zeros: Vec<f32>,
}

enum OffsetKind {
    /// Kernels are rotated and stretched.
    Banded { limits: Option<(f32, f32)>, reach: Option<usize> },
    /// Each tap has an offset of its own.
    Free,
}

/// All generators as one 3×3 convolution.
enum Generator {
    /// Of banded kernels: in 64 bits, because their values are multiplied with each other and by the
    /// distances of taps.
    Exact { weights: Vec<[f64; GENERATED]>, bias: [f64; GENERATED] },
    /// Of offsets.
    Packed { weights: Vec<f32>, bias: Vec<f32> },
}

/// Outputs of the generators for a row.
enum Generated<'a> {
    Exact(&'a [f64]),
    Offsets(&'a [f32]),
}

impl Kernel for Deform {
    fn margin(&self, from: Shape, _: Shape) -> (usize, usize) {
        (1, (from.width + 2) * from.channels)
    }

    fn strip(&self, strip: &Strip<'_>, lines: &mut [&mut [f32]], done: &dyn Fn(usize, &mut [f32])) {
        each(strip.first, lines, self.rows(strip, lines.len()), done);
    }
}

impl Deform {
    fn new(
        (input, output, groups): (usize, usize, usize),
        kernel: (usize, usize),
        kind: OffsetKind,
        (weight, generators): (ParamId, &[[ParamId; 2]]),
        weights: &Weights,
        level: Level,
    ) -> Self {
        let of = |id: ParamId| weights.get(id);
        let generator: Vec<f32> = generators.iter().flat_map(|&[w, _]| of(w)).copied().collect();
        let generator_bias: Vec<f32> = generators.iter().flat_map(|&[_, b]| of(b)).copied().collect();
        let at = |o: usize, t: usize, i: usize| generator[(o * input + i) * 9 + t];
        let count = generator_bias.len();
        let generator = match kind {
            OffsetKind::Banded { .. } => {
                let of = |t: usize, i: usize| {
                    std::array::from_fn(|o| if o < count { f64::from(at(o, t, i)) } else { 0.0 })
                };
                let weights =
                    (0..9).flat_map(|t| (0..input).map(move |i| (t, i))).map(|(t, i)| of(t, i)).collect();
                let bias = std::array::from_fn(|o| generator_bias.get(o).map_or(0.0, |&b| f64::from(b)));
                Generator::Exact { weights, bias }
            }
            OffsetKind::Free => {
                Generator::Packed { weights: conv::pack(level, count, 9, input, at), bias: generator_bias }
            }
        };
        let (taps, w) = (kernel.0 * kernel.1, of(weight));
        let (inputs, outputs) = (input / groups, output / groups);
        let group = |g: usize| {
            let at = |o: usize, _: usize, i: usize| {
                let (tap, i) = (i / inputs, i % inputs);
                w[((g * outputs + o) * inputs + i) * taps + tap]
            };
            conv::pack(level, outputs, 1, taps * inputs, at)
        };
        Self {
            input,
            output,
            kernel,
            kind,
            generator,
            weights: (0..groups).map(group).collect(),
            zeros: vec![0.0; input.max(output)],
        }
    }

    /// Outputs of the generators at a position.
    fn generated(&self) -> usize {
        match &self.generator {
            Generator::Exact { .. } => GENERATED,
            Generator::Packed { bias, .. } => bias.len(),
        }
    }

    /// Input rows that the taps of these rows may read.
    fn reached(&self, rows: Range<usize>, height: usize) -> Range<usize> {
        match self.kind {
            OffsetKind::Banded { reach: Some(reach), .. } => rows::around(rows, reach, height),
            _ => 0..height,
        }
    }

    /// Computes `count` rows from the strip's first one on.
    fn rows<'a>(&'a self, strip: &'a Strip<'a>, count: usize) -> impl FnMut(usize, &mut [f32]) + 'a {
        let from = strip.from();
        let reached = self.reached(strip.first..strip.first + count, from.height);
        let copy = |y: usize| {
            let mut row = Vec::new();
            if strip.fetch.kept(strip.input, y).is_none() {
                row.resize(from.width * from.channels, 0.0);
                strip.fetch.row(strip.input, y, &mut row);
            }
            row
        };
        let copies: Vec<Vec<f32>> = reached.clone().map(copy).collect();
        let (left, floats) = self.margin(from, strip.shape);
        let mut staged = Staged::new(strip.input, from, 3, left, floats);
        let numbers = self.generated();
        let taps: Vec<Tap> = (0..9).map(|t| Tap { row: t / 3, column: t % 3 }).collect();
        let shape = conv::Shape {
            inputs: self.input,
            outputs: numbers,
            width: from.width,
            stride: 1,
            out_step: numbers,
        };
        let (mut offsets, mut exact) = match self.generator {
            Generator::Exact { .. } => (Vec::new(), vec![0.0; from.width * numbers]),
            Generator::Packed { .. } => (vec![0.0; from.width * numbers], Vec::new()),
        };
        let mut run = PositionBuffers::new(self.kernel.0 * self.kernel.1 * self.input);
        move |y, line| {
            let near = staged.rows(strip, (0..3).map(|a| (y + a).checked_sub(1)));
            let level = strip.fetch.level;
            match &self.generator {
                Generator::Exact { weights, bias } => {
                    deform::generate(level, &mut exact, &near, self.input, weights, *bias);
                }
                Generator::Packed { weights, bias } => {
                    conv::conv_row(level, shape, &mut offsets, &near, &taps, weights, bias);
                }
            }
            let kept = |(y, copy)| strip.fetch.kept(strip.input, y).unwrap_or(copy);
            let rows: Vec<&[f32]> = reached.clone().zip(copies.iter().map(Vec::as_slice)).map(kept).collect();
            let image = ImageRows {
                rows: &rows,
                first: reached.start,
                height: from.height,
                width: from.width,
                channels: from.channels,
                zeros: &self.zeros,
            };
            let each = run.places * numbers;
            for (i, line) in line.chunks_mut(run.places * self.output).enumerate() {
                let part = i * each..(i * each + line.len() / self.output * numbers);
                let generated = match self.generator {
                    Generator::Exact { .. } => Generated::Exact(&exact[part]),
                    Generator::Packed { .. } => Generated::Offsets(&offsets[part]),
                };
                self.run(level, line, &generated, (y, i * run.places), &image, &mut run);
            }
        }
    }

    /// Some positions of a row, from column `x` on.
    fn run(
        &self,
        level: Level,
        line: &mut [f32],
        generated: &Generated<'_>,
        place: (usize, usize),
        image: &ImageRows<'_>,
        run: &mut PositionBuffers,
    ) {
        let (kh, kw) = self.kernel;
        let (taps, numbers) = (kh * kw, self.generated());
        let width = line.len() / self.output;
        let step = taps * self.input;
        if let (Generated::Exact(generated), OffsetKind::Banded { limits, .. }) = (generated, &self.kind) {
            deform::turn(level, &mut run.turns, generated, *limits);
        }
        for tap in 0..taps {
            let from = (away(tap / kw, kh), away(tap % kw, kw));
            let (rows, columns) = (&mut run.rows[..width], &mut run.columns[..width]);
            if let Generated::Offsets(generated) = generated {
                let offsets = generated.chunks_exact(numbers).map(|all| (all[2 * tap], all[2 * tap + 1]));
                for ((row, column), (down, across)) in rows.iter_mut().zip(columns.iter_mut()).zip(offsets) {
                    (*row, *column) = (from.0 + f64::from(down), from.1 + f64::from(across));
                }
            } else {
                deform::place(level, rows, columns, &run.turns, from);
            }
            let gathered = &mut run.gathered[tap * self.input..];
            deform::gather(level, gathered, step, rows, columns, place, image);
        }
        let groups = self.weights.len();
        let (inputs, outputs) = (self.input / groups, self.output / groups);
        let shape = conv::Shape { inputs: taps * inputs, outputs, width, stride: 1, out_step: self.output };
        let only = [Tap { row: 0, column: 0 }];
        for (g, weights) in self.weights.iter().enumerate() {
            let gathered =
                if groups == 1 { &run.gathered } else { run.group(g * inputs, inputs, self.input) };
            let to = &mut line[g * outputs..];
            conv::conv_row(level, shape, to, &[gathered], &only, weights, &self.zeros);
        }
    }
}

fn away(tap: usize, of: usize) -> f64 {
    tap as f64 - (of / 2) as f64
}

/// Buffers for a run of positions along a row.
struct PositionBuffers {
    /// Number of positions at a time.
    places: usize,
    turns: Turns,
    rows: Vec<f64>,
    columns: Vec<f64>,
    /// Gathered samples: position by position, tap by tap, channel by channel.
    gathered: Vec<f32>,
    /// The same of one group of channels.
    part: Vec<f32>,
}

impl PositionBuffers {
    fn new(step: usize) -> Self {
        let places = (GATHERED / step.max(1)).clamp(12, 96) / 12 * 12;
        let (rows, columns) = (vec![0.0; places], vec![0.0; places]);
        let gathered = vec![0.0; places * step];
        Self { places, turns: Turns::default(), rows, columns, gathered, part: Vec::new() }
    }

    fn group(&mut self, first: usize, channels: usize, all: usize) -> &Vec<f32> {
        self.part.clear();
        let samples = self.gathered.chunks_exact(all);
        self.part.extend(samples.flat_map(|sample| &sample[first..first + channels]));
        &self.part
    }
}
