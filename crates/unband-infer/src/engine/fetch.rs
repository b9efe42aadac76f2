//! Access to rows of values: stored rows, and rearrangements of stored rows.

use std::borrow::Cow;

use unband_nets::{Graph, Op, Shape, Value};
use unband_simd::Level;

use super::Execution;
use super::given::Given;
use super::ring::Ring;
use crate::Mode;

/// Source of rows.
pub(super) struct Fetch<'a> {
    pub graph: &'a Graph,
    pub shapes: &'a [Shape],
    /// The graph's inputs.
    pub inputs: &'a [Given<'a>],
    /// For each value, its ring buffer if it is stored.
    pub rings: &'a [Option<Ring>],
    pub level: Level,
    pub mode: Mode,
}

/// A channel range of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChannelRange {
    pub value: usize,
    /// First channel.
    pub start: usize,
    pub channels: usize,
}

/// The parts that make up a value: channel ranges of stored values, or whole values that need more than
/// concatenation.
pub(super) fn parts(
    graph: &Graph,
    shapes: &[Shape],
    kept: impl Fn(usize) -> bool + Copy,
    value: usize,
) -> Vec<ChannelRange> {
    let node = &graph.nodes[value];
    let whole = ChannelRange { value, start: 0, channels: shapes[value].channels };
    match &node.op {
        _ if kept(value) => vec![whole],
        Op::Concat(_) => {
            node.inputs.iter().flat_map(|part| parts(graph, shapes, kept, part.index())).collect()
        }
        Op::Slice(slice) => {
            let mut before = 0;
            let cut = |part: ChannelRange| {
                let (from, to) =
                    (slice.start.max(before), (slice.start + slice.len).min(before + part.channels));
                let start = part.start + from.saturating_sub(before);
                before += part.channels;
                (from < to).then(|| ChannelRange { start, channels: to - from, ..part })
            };
            parts(graph, shapes, kept, node.inputs[0].index()).into_iter().filter_map(cut).collect()
        }
        _ => vec![whole],
    }
}

impl Fetch<'_> {
    /// A stored row, in place.
    pub(super) fn kept(&self, value: usize, y: usize) -> Option<&[f32]> {
        Some(self.rings[value].as_ref()?.row(y))
    }

    /// A stored row preceded by at least `left` zero samples, `floats` in all.
    pub(super) fn padded(&self, value: usize, y: usize, left: usize, floats: usize) -> Option<&[f32]> {
        self.rings[value].as_ref()?.padded(y, left, floats)
    }

    /// Row `y` of a value, samples in sequence.
    pub(super) fn row(&self, value: usize, y: usize, out: &mut [f32]) {
        self.scattered(value, y, out, self.shapes[value].channels);
    }

    /// Row `y` of a value; `step` floats from sample to sample.
    pub(super) fn scattered(&self, value: usize, y: usize, out: &mut [f32], step: usize) {
        let Shape { channels, .. } = self.shapes[value];
        if let Some(row) = self.kept(value, y) {
            spread(row, channels, out, step);
            return;
        }
        let op = &self.graph.nodes[value].op;
        if let Op::Input(index) = op {
            for c in 0..channels {
                let row = self.inputs[index.0].line(c, y);
                out.chunks_mut(step).zip(row.iter()).for_each(|(to, &from)| to[c] = from);
            }
        } else if let Execution::Fetched(op) = Execution::new(op, self.mode) {
            op.fetch(&FetchedValue { fetch: self, value }, y, out, step);
        }
    }
}

/// A value that is assembled from its inputs while it is fetched.
pub(super) struct FetchedValue<'a> {
    pub fetch: &'a Fetch<'a>,
    value: usize,
}

impl<'a> FetchedValue<'a> {
    /// Its shape.
    pub(super) fn shape(&self) -> Shape {
        self.fetch.shapes[self.value]
    }

    /// Its inputs.
    pub(super) fn inputs(&self) -> &'a [Value] {
        &self.fetch.graph.nodes[self.value].inputs
    }

    /// Shape of the first of them.
    pub(super) fn from(&self) -> Shape {
        self.fetch.shapes[self.inputs()[0].index()]
    }

    /// A row of the first of them.
    pub(super) fn row(&self, y: usize) -> Cow<'a, [f32]> {
        let (fetch, from) = (self.fetch, self.inputs()[0].index());
        fetch.kept(from, y).map_or_else(
            || {
                let mut row = vec![0.0; fetch.shapes[from].width * fetch.shapes[from].channels];
                fetch.row(from, y, &mut row);
                Cow::Owned(row)
            },
            Cow::Borrowed,
        )
    }
}

/// Samples of `channels` channels, `step` floats apart.
pub(super) fn spread(row: &[f32], channels: usize, out: &mut [f32], step: usize) {
    /// With a known number of channels, for which nothing is called.
    fn of<const N: usize>(row: &[f32], out: &mut [f32], step: usize) {
        for (to, from) in out.chunks_mut(step).zip(row.as_chunks::<N>().0) {
            to[..N].copy_from_slice(from);
        }
    }
    match channels {
        _ if step == channels => out[..row.len()].copy_from_slice(row),
        1 => of::<1>(row, out, step),
        2 => of::<2>(row, out, step),
        3 => of::<3>(row, out, step),
        4 => of::<4>(row, out, step),
        8 => of::<8>(row, out, step),
        9 => of::<9>(row, out, step),
        12 => of::<12>(row, out, step),
        16 => of::<16>(row, out, step),
        _ => {
            for (to, from) in out.chunks_mut(step).zip(row.chunks_exact(channels)) {
                to[..channels].copy_from_slice(from);
            }
        }
    }
}
