//! Kernels: operations that compute rows of a result from rows of their inputs.

use unband_nets::layer::pool::MaxPool;
use unband_nets::state::Weights;
use unband_nets::{Node, Op, Shape};
use unband_simd::{Level, Precision};

use super::attention::Attention;
use super::conv::Packed;
use super::deform::Deform;
use super::pool;
use super::strip::{Strip, each};
use super::transposed::Transposed;

/// An operation with its weights packed in reading order.
pub enum Kernel {
    Conv(Packed),
    Transposed(Transposed),
    Deform(Deform),
    Attention(Attention),
    MaxPool(MaxPool),
}

impl Kernel {
    /// The kernel of a node, if it has one.
    pub fn of(node: &Node, weights: &Weights, (level, precision): (Level, Precision)) -> Option<Self> {
        Some(match &node.op {
            Op::Conv(conv) => Self::Conv(Packed::of_conv(conv, weights, (level, precision))),
            Op::ConvTranspose(conv) => Self::Transposed(Transposed::of(conv, weights, (level, precision))),
            Op::DeformConv(conv) => Self::Deform(Deform::free(conv, weights, level)),
            Op::BandedDeformConv(conv) => Self::Deform(Deform::banded(conv, weights, level)),
            Op::WindowAttention(attention) => {
                Self::Attention(Attention::of(attention, node.inputs[1].index(), weights))
            }
            Op::MaxPool(pool) => Self::MaxPool(*pool),
            _ => return None,
        })
    }

    /// Radius of the samples that enter the sums of one sample, beyond those of the definition.
    pub fn radius(&self) -> f64 {
        match self {
            Self::Conv(packed) => packed.radius(),
            Self::Transposed(transposed) => transposed.radius(),
            _ => 0.0,
        }
    }

    /// Number of rows and columns, in the smaller of input and result, whose sums are computed together,
    /// starting at a multiple of it.
    pub fn tile(&self) -> usize {
        match self {
            Self::Conv(packed) => packed.rows_together(),
            Self::Transposed(transposed) => transposed.tile(),
            _ => 1,
        }
    }

    /// Granule of rows: best computed up to a multiple of the first number, minus the second.
    pub fn granule(&self) -> (usize, usize) {
        match self {
            Self::Conv(packed) => (packed.rows_together(), 0),
            Self::Transposed(transposed) => (transposed.rows_together(), 0),
            Self::Attention(attention) => attention.granule(),
            _ => (1, 0),
        }
    }

    /// Zero samples before a row of the first input, and the number of floats read in place from the first of
    /// them on.
    pub fn margin(&self, from: Shape, made: Shape) -> (usize, usize) {
        match self {
            Self::Conv(packed) => packed.margin(from, made),
            Self::Transposed(transposed) => transposed.margin(from, made),
            Self::Deform(_) => Deform::margin(from),
            _ => (0, 0),
        }
    }

    /// Whether it reads the parts of a concat or slice in place ([`fetch::parts`](super::fetch::parts)).
    pub fn in_parts(&self) -> bool {
        match self {
            Self::Conv(packed) => packed.in_parts(),
            Self::Transposed(transposed) => transposed.in_parts(),
            _ => false,
        }
    }

    /// Computes rows, and calls `done` with each.
    pub fn strip(&self, strip: &Strip<'_>, lines: &mut [&mut [f32]], done: impl Fn(usize, &mut [f32])) {
        match self {
            Self::Conv(packed) => packed.strip(strip, lines, done),
            Self::Transposed(transposed) => transposed.strip(strip, lines, done),
            Self::Deform(deform) => each(strip.first, lines, deform.rows(strip, lines.len()), done),
            Self::Attention(attention) => attention.strip(strip, lines, done),
            Self::MaxPool(pool) => each(strip.first, lines, pool::max_pool(*pool, strip), done),
        }
    }
}
