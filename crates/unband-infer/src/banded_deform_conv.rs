//! The banded deformable convolution by itself, with its gradients, for layers of other frameworks.
//!
//! The kernels are those of the engine. Images are processed with channels innermost, run by run along their
//! rows: samples are gathered for all taps, and a 1×1 convolution sums over them. The way back gathers them
//! again instead of storing them.

use std::ops::Range;

use unband_image::Context;
use unband_simd::Level;
use unband_simd::image::transpose::{self, transpose};
use unband_simd::infer::conv::{self, Tap};
use unband_simd::infer::deform::{self, ImageRows, Turns};
use unband_simd::infer::deform_grad::{self, TurnGradients};
use unband_simd::train::conv_grad;

/// Maps of the geometry: sine and cosine of the rotation, stretch of the kernel's rows, size.
pub(crate) const MAPS: usize = 4;

/// Rows of a part of the way forward.
const LINES: usize = 8;
/// Parts of the way back, so that small batches use several threads too. It does not depend on their number:
/// sums of the parts are rounded.
const BANDS: usize = 8;
/// Floats of the samples of a run: they stay in the second-level cache.
const RUN: usize = 16_384;

/// Dimensions of the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BandedShape {
    /// Images of the batch.
    pub images: usize,
    /// Channels of the input; a multiple of `groups`.
    pub input: usize,
    /// Channels of the output; a multiple of `groups`.
    pub output: usize,
    /// Groups.
    pub groups: usize,
    /// Rows and columns of the kernel.
    pub kernel: (usize, usize),
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
}

impl BandedShape {
    fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }

    fn places(&self) -> usize {
        self.height * self.width
    }

    /// Samples of all inputs, maps, weights and outputs; `None` if they do not fit in memory.
    pub fn lengths(&self) -> Option<[usize; 4]> {
        let places = self.images.checked_mul(self.height)?.checked_mul(self.width)?;
        let weights = self.output.checked_mul(self.input / self.groups.max(1))?.checked_mul(self.taps())?;
        Some([
            places.checked_mul(self.input)?,
            places.checked_mul(MAPS)?,
            weights,
            places.checked_mul(self.output)?,
        ])
    }
}

/// The layer on a batch.
pub struct Banded<'a> {
    shape: BandedShape,
    /// `[N, H, W, I]`.
    images: Vec<f32>,
    geometry: &'a [f32],
    weight: &'a [f32],
    /// Channels of a sample outside the image.
    zeros: Vec<f32>,
}

/// Gradients of a sum of the outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct BandedGradients {
    /// `[N, I, H, W]`.
    pub image: Vec<f32>,
    /// `[N, 4, H, W]`.
    pub geometry: Vec<f32>,
    /// `[O, I / groups, rows, columns]`.
    pub weight: Vec<f32>,
}

impl<'a> Banded<'a> {
    /// `image`: `[N, I, H, W]`; `geometry`: `[N, 4, H, W]`, see `MAPS`; `weight`: `[O, I / groups, rows,
    /// columns]`.
    ///
    /// # Panics
    /// Slices whose lengths differ from [`BandedShape::lengths`]; groups that do not divide the channels.
    pub fn new(
        shape: BandedShape,
        image: &[f32],
        geometry: &'a [f32],
        weight: &'a [f32],
        ctx: &Context<'_>,
    ) -> Self {
        let lengths = shape.lengths().map(|[image, geometry, weight, _]| [image, geometry, weight]);
        assert_eq!(lengths, Some([image.len(), geometry.len(), weight.len()]), "lengths of the layer");
        assert!(
            shape.input.is_multiple_of(shape.groups) && shape.output.is_multiple_of(shape.groups),
            "groups"
        );
        let images = turned(image, shape.input, shape.places(), ctx);
        Self { shape, images, geometry, weight, zeros: vec![0.0; shape.input] }
    }

    /// The output, `[N, O, H, W]`.
    pub fn forward(&self, ctx: &Context<'_>) -> Vec<f32> {
        let Self { shape, .. } = self;
        let BandedShape { output, width, height, .. } = *shape;
        let taps = Taps::new(shape);
        let weights = self.packed(ctx.level);
        let mut out = vec![0.0; shape.images * shape.places() * output];
        let per_image = height.div_ceil(LINES);
        let parts: Vec<&mut [f32]> = out
            .chunks_mut((shape.places() * output).max(1))
            .flat_map(|image| image.chunks_mut(LINES * width * output))
            .collect();
        ctx.map_parts(parts, |part, lines| {
            let (n, first) = (part / per_image, part % per_image * LINES);
            let rows = self.rows_of(n);
            let source = self.source(&rows);
            let mut run = PositionBuffers::new(shape);
            for (y, line) in (first..).zip(lines.chunks_mut(width * output)) {
                for x in (0..width).step_by(run.places) {
                    let to = &mut line[x * output..width.min(x + run.places) * output];
                    run.gather(self, &taps, (n, y, x), &source, ctx.level);
                    run.sum(shape, &weights, to, ctx.level);
                }
            }
        });
        turned(&out, shape.places(), output, ctx)
    }

    /// The gradients for the gradient of the output, `[N, O, H, W]`.
    ///
    /// # Panics
    /// A gradient of another length than the output.
    pub fn backward(&self, gradient: &[f32], ctx: &Context<'_>) -> BandedGradients {
        let Self { shape, .. } = self;
        let lengths = shape.lengths().unwrap_or_default();
        assert_eq!(gradient.len(), lengths[3], "length of the gradient");
        let gradient = turned(gradient, shape.output, shape.places(), ctx);
        let bands = (BANDS / shape.images.max(1)).clamp(1, shape.height.div_ceil(LINES).max(1));
        let lines = shape.height.div_ceil(bands).max(1);
        let parts: Vec<(usize, Range<usize>)> = (0..shape.images)
            .flat_map(|n| (0..shape.height).step_by(lines).map(move |y| (n, y)))
            .map(|(n, y)| (n, y..shape.height.min(y + lines)))
            .collect();
        let (taps, weights) = (Taps::new(shape), self.packed_back(ctx.level));
        let made = ctx.map(parts.len(), |i| {
            let (n, rows) = parts[i].clone();
            self.part_back(&taps, &weights, &gradient, n, rows, ctx.level)
        });
        let mut geometry = vec![0.0; lengths[1]];
        let mut images = vec![0.0; lengths[0]];
        let mut sums = WeightGradientSums::new(shape, ctx.level);
        for ((n, rows), part) in parts.into_iter().zip(made) {
            let all = &mut images[n * shape.places() * shape.input..][..shape.places() * shape.input];
            all.iter_mut().zip(&part.image).for_each(|(sum, value)| *sum += value);
            for (m, map) in part.maps.iter().enumerate() {
                let from = (n * MAPS + m) * shape.places() + rows.start * shape.width;
                geometry[from..from + map.len()].copy_from_slice(map);
            }
            sums.add(&part.sums);
        }
        let image = turned(&images, shape.places(), shape.input, ctx);
        BandedGradients { image, geometry, weight: sums.weight(shape, ctx.level) }
    }

    /// The gradients of some rows of an image.
    fn part_back(
        &self,
        taps: &Taps,
        weights: &[Vec<f32>],
        gradient: &[f32],
        n: usize,
        rows: Range<usize>,
        level: Level,
    ) -> BackwardPart {
        let shape = &self.shape;
        let BandedShape { input, output, width, .. } = *shape;
        let mut part = BackwardPart {
            image: vec![0.0; shape.places() * input],
            maps: std::array::from_fn(|_| vec![0.0; rows.len() * width]),
            sums: WeightGradientSums::new(shape, level),
        };
        let lines = self.rows_of(n);
        let source = self.source(&lines);
        let (mut run, mut back) = (PositionBuffers::new(shape), Back::new(shape, level));
        for y in rows.clone() {
            for x in (0..width).step_by(run.places) {
                let count = (width - x).min(run.places);
                let at = (n * shape.places() + y * width + x) * output;
                run.gather(self, taps, (n, y, x), &source, level);
                back.take(shape, &gradient[at..at + count * output], count);
                back.columns(shape, weights, count, level);
                part.sums.put(shape, &mut run, &back, count, level);
                back.maps.maps.iter_mut().for_each(|map| {
                    map.clear();
                    map.resize(count, 0.0);
                });
                for (t, &tap) in taps.0.iter().enumerate() {
                    let (down, across) = (&mut back.down[..count], &mut back.across[..count]);
                    let places = run.tap(t, count);
                    let gradients = (&back.columns[t * input..], taps.0.len() * input);
                    let slopes = (&mut *down, &mut *across);
                    deform_grad::scatter(level, &mut part.image, slopes, gradients, places, (y, x), &source);
                    deform_grad::turn_back(level, &mut back.maps, &run.turns, (down, across), tap);
                }
                let from = (y - rows.start) * width + x;
                for (to, map) in part.maps.iter_mut().zip(&back.maps.maps) {
                    to[from..from + count].copy_from_slice(map);
                }
            }
        }
        part
    }

    fn rows_of(&self, n: usize) -> Vec<&[f32]> {
        let line = self.shape.width * self.shape.input;
        self.images[n * self.shape.height * line..][..self.shape.height * line].chunks(line.max(1)).collect()
    }

    fn source<'p>(&'p self, rows: &'p [&'p [f32]]) -> ImageRows<'p> {
        let BandedShape { height, width, input, .. } = self.shape;
        ImageRows { rows, first: 0, height, width, channels: input, zeros: &self.zeros }
    }

    /// Weight of output `o` of a group by input `i` of its gathered samples.
    fn weight(&self, g: usize, o: usize, i: usize) -> f32 {
        let BandedShape { input, output, groups, .. } = self.shape;
        let (inputs, outputs, taps) = (input / groups, output / groups, self.shape.taps());
        self.weight[((g * outputs + o) * inputs + i % inputs) * taps + i / inputs]
    }

    fn packed(&self, level: Level) -> Vec<Vec<f32>> {
        let BandedShape { input, output, groups, .. } = self.shape;
        let gathered = self.shape.taps() * input / groups;
        let pack = |g| conv::pack(level, output / groups, 1, gathered, |o, _, i| self.weight(g, o, i));
        (0..groups).map(pack).collect()
    }

    /// The same for the way back: from outputs to gathered samples.
    fn packed_back(&self, level: Level) -> Vec<Vec<f32>> {
        let BandedShape { input, output, groups, .. } = self.shape;
        let gathered = self.shape.taps() * input / groups;
        let pack = |g| conv::pack(level, gathered, 1, output / groups, |i, _, o| self.weight(g, o, i));
        (0..groups).map(pack).collect()
    }
}

/// `[N, rows, columns]` to `[N, columns, rows]`.
fn turned(data: &[f32], rows: usize, columns: usize, ctx: &Context<'_>) -> Vec<f32> {
    let mut out = vec![0.0; data.len()];
    let size = (rows * columns).max(1);
    let shape = transpose::Shape { rows, columns, step: columns, out_step: rows };
    let parts = out.chunks_mut(size).zip(data.chunks(size)).collect();
    ctx.map_parts(parts, |_, (out, data): (&mut [f32], &[f32])| transpose(ctx.level, shape, out, data));
    out
}

/// Places of the taps relative to the centre, down and across.
struct Taps(Vec<(f64, f64)>);

impl Taps {
    fn new(shape: &BandedShape) -> Self {
        let (rows, columns) = shape.kernel;
        let away = |at: usize, of: usize| at as f64 - (of / 2) as f64;
        Self((0..rows * columns).map(|t| (away(t / columns, rows), away(t % columns, columns))).collect())
    }
}

/// A part of the way back.
struct BackwardPart {
    image: Vec<f32>,
    maps: [Vec<f32>; MAPS],
    sums: WeightGradientSums,
}

/// Buffers for a run of positions along a row.
struct PositionBuffers {
    /// Number of positions at a time.
    places: usize,
    turns: Turns,
    /// Tap positions, tap by tap.
    rows: Vec<f64>,
    columns: Vec<f64>,
    /// Gathered samples: position by position, tap by tap, channel by channel; the end is padding.
    samples: Vec<f32>,
    /// The same of one group of channels.
    part: Vec<f32>,
}

impl PositionBuffers {
    fn new(shape: &BandedShape) -> Self {
        let step = (shape.taps() * shape.input).max(1);
        let places = (RUN / step).clamp(12, 96) / 12 * 12;
        let positions = vec![0.0; places * shape.taps()];
        let samples = vec![0.0; places * step + 4];
        Self {
            places,
            turns: Turns::default(),
            rows: positions.clone(),
            columns: positions,
            samples,
            part: Vec::new(),
        }
    }

    /// Positions of a tap.
    fn tap(&self, tap: usize, count: usize) -> (&[f64], &[f64]) {
        let from = tap * self.places;
        (&self.rows[from..from + count], &self.columns[from..from + count])
    }

    /// Gathers the samples of all taps, for positions from (image, row, column) on.
    fn gather(
        &mut self,
        of: &Banded<'_>,
        taps: &Taps,
        (n, y, x): (usize, usize, usize),
        source: &ImageRows<'_>,
        level: Level,
    ) {
        let shape = &of.shape;
        let count = (shape.width - x).min(self.places);
        let from = y * shape.width + x;
        let map = |m: usize| &of.geometry[(n * MAPS + m) * shape.places() + from..][..count];
        self.turns.set([map(0), map(1), map(2), map(3)]);
        for (t, &tap) in taps.0.iter().enumerate() {
            let at = t * self.places;
            let (rows, columns) = (&mut self.rows[at..at + count], &mut self.columns[at..at + count]);
            deform::place(level, rows, columns, &self.turns, tap);
            let step = taps.0.len() * shape.input;
            let samples = &mut self.samples[t * shape.input..];
            deform::gather(level, samples, step, rows, columns, (y, x), source);
        }
    }

    /// The samples of a group.
    fn group(&mut self, shape: &BandedShape, g: usize) -> &[f32] {
        if shape.groups == 1 {
            return &self.samples;
        }
        let inputs = shape.input / shape.groups;
        self.part.clear();
        let samples = self.samples.chunks_exact(shape.input);
        self.part.extend(samples.flat_map(|sample| &sample[g * inputs..][..inputs]));
        self.part.extend([0.0; 4]);
        &self.part
    }

    /// Outputs from the gathered samples.
    fn sum(&mut self, shape: &BandedShape, weights: &[Vec<f32>], to: &mut [f32], level: Level) {
        let (outputs, width) = (shape.output / shape.groups, to.len() / shape.output);
        let inputs = shape.taps() * shape.input / shape.groups;
        let dims = conv::Shape { inputs, outputs, width, stride: 1, out_step: shape.output };
        let bias = vec![0.0; outputs];
        for (g, weights) in weights.iter().enumerate() {
            let samples = self.group(shape, g);
            let to = &mut to[g * outputs..];
            conv::conv_row(level, dims, to, &[samples], &[Tap { row: 0, column: 0 }], weights, &bias);
        }
    }
}

/// Buffers of the way back for a run.
struct Back {
    /// Gradients of the outputs, group by group, each padded at its end.
    gradient: Vec<Vec<f32>>,
    padding: usize,
    /// Gradients of the gathered samples.
    columns: Vec<f32>,
    part: Vec<f32>,
    zeros: Vec<f32>,
    down: Vec<f32>,
    across: Vec<f32>,
    maps: TurnGradients,
}

impl Back {
    fn new(shape: &BandedShape, level: Level) -> Self {
        let (places, step) = (PositionBuffers::new(shape).places, shape.taps() * shape.input);
        Self {
            gradient: vec![Vec::new(); shape.groups],
            padding: conv::block(level),
            columns: vec![0.0; places * step],
            part: vec![0.0; if shape.groups > 1 { places * step / shape.groups } else { 0 }],
            zeros: vec![0.0; step / shape.groups],
            down: vec![0.0; places],
            across: vec![0.0; places],
            maps: TurnGradients::default(),
        }
    }

    /// Takes the gradients of a run's outputs.
    fn take(&mut self, shape: &BandedShape, gradient: &[f32], count: usize) {
        let outputs = shape.output / shape.groups;
        for (g, own) in self.gradient.iter_mut().enumerate() {
            own.clear();
            own.extend(gradient.chunks_exact(shape.output).flat_map(|all| &all[g * outputs..][..outputs]));
            own.resize(count * outputs + self.padding, 0.0);
        }
    }

    /// Gradients of the gathered samples.
    fn columns(&mut self, shape: &BandedShape, weights: &[Vec<f32>], count: usize, level: Level) {
        let (inputs, outputs) = (shape.input / shape.groups, shape.output / shape.groups);
        let gathered = shape.taps() * inputs;
        let dims =
            conv::Shape { inputs: outputs, outputs: gathered, width: count, stride: 1, out_step: gathered };
        let only = [Tap { row: 0, column: 0 }];
        for (g, weights) in weights.iter().enumerate() {
            let rows = [&self.gradient[g][..]];
            if shape.groups == 1 {
                conv::conv_row(level, dims, &mut self.columns, &rows, &only, weights, &self.zeros);
                continue;
            }
            conv::conv_row(level, dims, &mut self.part, &rows, &only, weights, &self.zeros);
            let to = self.columns.chunks_exact_mut(shape.input).zip(self.part.chunks_exact(inputs));
            to.for_each(|(to, from)| to[g * inputs..][..inputs].copy_from_slice(from));
        }
    }
}

/// Sums of products for the gradient of the weights: by group, block of outputs, gathered sample and output.
struct WeightGradientSums {
    groups: Vec<Vec<Vec<f32>>>,
}

impl WeightGradientSums {
    fn dims(shape: &BandedShape, width: usize) -> conv_grad::Shape {
        let (inputs, outputs) = (shape.input / shape.groups, shape.output / shape.groups);
        conv_grad::Shape { inputs: shape.taps() * inputs, outputs, width, stride: 1 }
    }

    fn new(shape: &BandedShape, level: Level) -> Self {
        let dims = Self::dims(shape, 0);
        let blocks = dims.outputs.div_ceil(conv::block(level));
        Self { groups: vec![vec![vec![0.0; dims.sums(level)]; blocks]; shape.groups] }
    }

    /// Adds the products of a run.
    fn put(
        &mut self,
        shape: &BandedShape,
        run: &mut PositionBuffers,
        back: &Back,
        count: usize,
        level: Level,
    ) {
        let dims = Self::dims(shape, count);
        for (g, blocks) in self.groups.iter_mut().enumerate() {
            let samples = run.group(shape, g);
            for (b, sums) in blocks.iter_mut().enumerate() {
                let first = b * conv::block(level);
                conv_grad::add_products(level, dims, first, samples, &back.gradient[g], sums);
            }
        }
    }

    fn add(&mut self, other: &Self) {
        let all = self.groups.iter_mut().flatten().flatten();
        all.zip(other.groups.iter().flatten().flatten()).for_each(|(sum, value)| *sum += value);
    }

    /// `[O, I / groups, rows, columns]`.
    fn weight(&self, shape: &BandedShape, level: Level) -> Vec<f32> {
        let (inputs, outputs) = (shape.input / shape.groups, shape.output / shape.groups);
        let (taps, block) = (shape.taps(), conv::block(level));
        let at = |o: usize, i: usize, t: usize| {
            let (g, o) = (o / outputs, o % outputs);
            self.groups[g][o / block][(t * inputs + i) * block + o % block]
        };
        (0..shape.output)
            .flat_map(|o| (0..inputs).map(move |i| (o, i)))
            .flat_map(|(o, i)| (0..taps).map(move |t| (o, i, t)))
            .map(|(o, i, t)| at(o, i, t))
            .collect()
    }
}

#[cfg(test)]
mod tests;
