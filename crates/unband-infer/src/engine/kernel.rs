//! What makes rows of an operation's result from rows of its inputs.

use unband_nets::layer::pool::MaxPool;
use unband_nets::state::Weights;
use unband_nets::{Node, Op, Shape};
use unband_simd::{Level, Precision};

use super::attention::Attention;
use super::conv::Packed;
use super::deform::Deform;
use super::fetch::Fetch;
use super::pool;
use super::transposed::Transposed;

/// An operation with its weights in the order in which they are read.
pub enum Kernel {
    Conv(Packed),
    Transposed(Transposed),
    Deform(Deform),
    Attention(Attention),
    MaxPool(MaxPool),
}

impl Kernel {
    /// That of a node, where there is one.
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

    /// Samples to each side that take part in the sums of one, beyond those of the definition.
    pub fn radius(&self) -> f64 {
        match self {
            Self::Conv(packed) => packed.radius(),
            Self::Transposed(transposed) => transposed.radius(),
            _ => 0.0,
        }
    }

    /// Rows and columns, of the smaller of input and result, whose sums are made together, from a multiple of their number on.
    pub fn tile(&self) -> usize {
        match self {
            Self::Conv(packed) => packed.rows_together(),
            Self::Transposed(transposed) => transposed.tile(),
            _ => 1,
        }
    }

    /// Rows are best made up to a multiple of the first number less the second.
    pub fn granule(&self) -> (usize, usize) {
        match self {
            Self::Conv(packed) => (packed.rows_together(), 0),
            Self::Transposed(transposed) => (transposed.rows_together(), 0),
            Self::Attention(attention) => attention.granule(),
            _ => (1, 0),
        }
    }

    /// Samples of zeroes before a row of the first input, and floats from the first of them on that are read in place.
    pub fn margin(&self, from: Shape, made: Shape) -> (usize, usize) {
        match self {
            Self::Conv(packed) => packed.margin(from, made),
            Self::Transposed(transposed) => transposed.margin(from, made),
            Self::Deform(_) => Deform::margin(from),
            _ => (0, 0),
        }
    }

    /// Does it read the parts of what is put together or cut out where they lie ([`fetch::parts`](super::fetch::parts))?
    pub fn in_parts(&self) -> bool {
        match self {
            Self::Conv(packed) => packed.in_parts(),
            Self::Transposed(transposed) => transposed.in_parts(),
            _ => false,
        }
    }

    /// Makes rows, and calls `done` with each.
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

/// Rows to make.
pub struct Strip<'a> {
    /// Where input rows come from.
    pub fetch: &'a Fetch<'a>,
    /// The value that is read, the first where there are more.
    pub input: usize,
    /// Shape of the whole result.
    pub shape: Shape,
    /// Number of the first row.
    pub first: usize,
}

impl Strip<'_> {
    /// Shape of the value that is read.
    pub fn from(&self) -> Shape {
        self.fetch.shapes[self.input]
    }
}

/// Makes and finishes one row after the other.
pub fn each(
    first: usize,
    lines: &mut [&mut [f32]],
    mut make: impl FnMut(usize, &mut [f32]),
    done: impl Fn(usize, &mut [f32]),
) {
    for (y, line) in (first..).zip(lines) {
        make(y, line);
        done(y, line);
    }
}
