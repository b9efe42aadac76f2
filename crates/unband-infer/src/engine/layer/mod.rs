//! Operations as the engine computes them, one file per type or family.

mod activation;
mod arithmetic;
mod arrange;
pub(super) mod attention;
mod conv;
mod conv_transpose;
mod deform;
mod dropout;
mod norm;
mod pool;
mod resample;

use std::ops::Range;

use unband_nets::state::Weights;
use unband_nets::{Node, Op, Shape};
use unband_simd::{Level, Precision};

use super::fetch::FetchedValue;
use super::in_place::{PerChannel, RowPlace};
use super::strip::Strip;
use super::whole::Whole;
use crate::Mode;

/// How an operation is computed.
pub(super) enum Execution<'a> {
    /// Given by the caller.
    Input,
    /// By a kernel, which reads rows of the input and computes rows of the result.
    Kernel(&'a dyn KernelOp),
    /// In place, on a row that was just computed.
    InPlace(&'a dyn InPlaceOp),
    /// While rows of the result are fetched.
    Fetched(&'a dyn FetchedOp),
    /// After the whole input is known.
    Whole(&'a dyn WholeOp),
}

impl<'a> Execution<'a> {
    /// The list of operations.
    pub(super) fn new(op: &'a Op, mode: Mode) -> Self {
        match op {
            Op::Input(_) => Self::Input,
            Op::Conv(conv) => Self::Kernel(conv),
            Op::ConvTranspose(conv) => Self::Kernel(conv),
            Op::BandedDeformConv(conv) => Self::Kernel(conv),
            Op::DeformConv(conv) => Self::Kernel(conv),
            Op::WindowAttention(attention) => Self::Kernel(attention),
            Op::MaxPool(pool) => Self::Kernel(pool),
            Op::Activation(activation) => Self::InPlace(activation),
            Op::BatchNorm(norm) if mode.image_statistics => Self::Whole(norm),
            Op::BatchNorm(norm) => Self::InPlace(norm),
            Op::LayerNorm(norm) => Self::InPlace(norm),
            Op::GroupNorm(norm) => Self::Whole(norm),
            Op::UnitChannels(norm) => Self::InPlace(norm),
            Op::WindowAdd(add) => Self::InPlace(add),
            Op::Combine(combine) => Self::InPlace(combine),
            Op::Affine(affine) => Self::InPlace(affine),
            Op::Dropout(dropout) if mode.dropout.is_some() => Self::InPlace(dropout),
            Op::Dropout(dropout) => Self::Fetched(dropout),
            Op::DropPath(path) => Self::InPlace(path),
            Op::Concat(concat) => Self::Fetched(concat),
            Op::Slice(slice) => Self::Fetched(slice),
            Op::PixelUnshuffle(unshuffle) => Self::Fetched(unshuffle),
            Op::PixelShuffle(shuffle) => Self::Fetched(shuffle),
            Op::UpsampleNearest(upsample) => Self::Fetched(upsample),
            Op::BilinearLike(bilinear) => Self::Fetched(bilinear),
            Op::Crop(crop) => Self::Fetched(crop),
            Op::Reduce(reduce) => Self::Whole(reduce),
            Op::Flatten(flatten) => Self::Whole(flatten),
        }
    }

    /// The rows of input number `input`, of shape `from`, that determine the rows `rows` of the result, of
    /// shape `made`. Rows outside may hold anything, including NaN.
    pub(super) fn needed(&self, input: usize, from: Shape, made: Shape, rows: Range<usize>) -> Range<usize> {
        match self {
            Self::Input => 0..0,
            _ if rows.is_empty() => 0..0,
            Self::Kernel(op) => op.needed(input, from.height, rows),
            Self::InPlace(_) if from.is_point() => 0..1,
            Self::InPlace(_) => rows,
            Self::Fetched(op) if input > 0 && op.lends_size() => 0..0,
            Self::Fetched(op) => op.needed(from, made, rows),
            Self::Whole(_) => 0..from.height,
        }
    }
}

/// Operations with a kernel.
pub(super) trait KernelOp {
    /// The rows of an input of that height that determine these rows of the result; not empty.
    fn needed(&self, input: usize, height: usize, rows: Range<usize>) -> Range<usize>;
    /// Packs its weights.
    fn kernel(&self, node: &Node, weights: &Weights, level: Level, precision: Precision) -> Box<dyn Kernel>;
}

/// Operations on one row.
pub(super) trait InPlaceOp {
    /// Computes a row from the row of its input.
    fn apply(&self, at: &RowPlace<'_>, row: &mut [f32]);
    /// Scale and offset of its channels.
    fn per_channel(&self, _: &Weights) -> Option<PerChannel> {
        None
    }
}

/// Operations that rearrange samples. By default, the result is the first samples of the same row.
pub(super) trait FetchedOp {
    /// The rows of an input that determine these rows of the result; not empty.
    fn needed(&self, _from: Shape, _made: Shape, rows: Range<usize>) -> Range<usize> {
        rows
    }
    /// Whether inputs after the first only supply a size.
    fn lends_size(&self) -> bool {
        false
    }
    /// Fetches row `y` of the result; `step` floats from sample to sample.
    fn fetch(&self, value: &FetchedValue<'_>, y: usize, out: &mut [f32], step: usize) {
        let Shape { channels, width, .. } = value.shape();
        super::fetch::spread(&value.row(y)[..width * channels], channels, out, step);
    }
}

/// Operations that read all rows before they compute their first.
pub(super) trait WholeOp {
    /// Computes all rows, and calls `done` with each.
    fn make(&self, input: &Whole<'_>, lines: Vec<&mut [f32]>, done: &(dyn Fn(usize, &mut [f32]) + Sync));
}

/// An operation with its weights packed in reading order.
pub(super) trait Kernel: Send + Sync {
    /// Radius of the samples that enter the sums of one sample, beyond those of the definition.
    fn radius(&self) -> f64 {
        0.0
    }

    /// Number of rows and columns, in the smaller of input and result, whose sums are computed together,
    /// starting at a multiple of it.
    fn tile(&self) -> usize {
        1
    }

    /// Granule of rows: best computed up to a multiple of the first number, minus the second.
    fn granule(&self) -> (usize, usize) {
        (1, 0)
    }

    /// Zero samples before a row of the first input, and the number of floats read in place from the first of
    /// them on.
    fn margin(&self, _from: Shape, _made: Shape) -> (usize, usize) {
        (0, 0)
    }

    /// Whether it reads the parts of a concat or slice in place ([`fetch::parts`](super::fetch::parts)).
    fn in_parts(&self) -> bool {
        false
    }

    /// Computes rows, and calls `done` with each.
    fn strip(&self, strip: &Strip<'_>, lines: &mut [&mut [f32]], done: &dyn Fn(usize, &mut [f32]));
}
