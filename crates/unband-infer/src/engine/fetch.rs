//! Access to rows of values: stored rows, and rearrangements of stored rows.

use std::borrow::Cow;

use unband_nets::layer::resample::Tap;
use unband_nets::{Graph, Op, Shape};
use unband_simd::{Level, infer::net};

use super::given::Given;
use super::ring::Ring;

/// Source of rows.
pub struct Fetch<'a> {
    pub graph: &'a Graph,
    pub shapes: &'a [Shape],
    /// The graph's inputs.
    pub inputs: &'a [Given<'a>],
    /// For each value, its ring buffer if it is stored.
    pub rings: &'a [Option<Ring>],
    pub level: Level,
}

/// A channel range of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelRange {
    pub value: usize,
    /// First channel.
    pub start: usize,
    pub channels: usize,
}

/// The parts that make up a value: channel ranges of stored values, or whole values that need more than
/// concatenation.
pub fn parts(
    graph: &Graph,
    shapes: &[Shape],
    kept: impl Fn(usize) -> bool + Copy,
    value: usize,
) -> Vec<ChannelRange> {
    let node = &graph.nodes[value];
    let whole = ChannelRange { value, start: 0, channels: shapes[value].channels };
    match &node.op {
        _ if kept(value) => vec![whole],
        Op::Concat => node.inputs.iter().flat_map(|part| parts(graph, shapes, kept, part.index())).collect(),
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
    pub fn kept(&self, value: usize, y: usize) -> Option<&[f32]> {
        Some(self.rings[value].as_ref()?.row(y))
    }

    /// A stored row preceded by at least `left` zero samples, `floats` in all.
    pub fn padded(&self, value: usize, y: usize, left: usize, floats: usize) -> Option<&[f32]> {
        self.rings[value].as_ref()?.padded(y, left, floats)
    }

    /// Row `y` of a value, samples in sequence.
    pub fn row(&self, value: usize, y: usize, out: &mut [f32]) {
        self.scattered(value, y, out, self.shapes[value].channels);
    }

    /// Row `y` of a value; `step` floats from sample to sample.
    fn scattered(&self, value: usize, y: usize, out: &mut [f32], step: usize) {
        let Shape { channels, width, .. } = self.shapes[value];
        if let Some(row) = self.kept(value, y) {
            spread(row, channels, out, step);
            return;
        }
        let node = &self.graph.nodes[value];
        let first = |y: usize| {
            let from = node.inputs[0].index();
            let shape = self.shapes[from];
            let fetched = || {
                let mut row = vec![0.0; shape.width * shape.channels];
                self.row(from, y, &mut row);
                Cow::Owned(row)
            };
            (self.kept(from, y).map_or_else(fetched, Cow::Borrowed), shape.channels)
        };
        match node.op {
            Op::Input(n) => {
                for c in 0..channels {
                    let row = self.inputs[n].line(c, y);
                    out.chunks_mut(step).zip(row.iter()).for_each(|(to, &from)| to[c] = from);
                }
            }
            Op::Concat => {
                let mut at = 0;
                for part in &node.inputs {
                    self.scattered(part.index(), y, &mut out[at..], step);
                    at += self.shapes[part.index()].channels;
                }
            }
            Op::Slice(slice) => {
                let (row, all) = first(y);
                for (to, from) in out.chunks_mut(step).zip(row.chunks_exact(all)) {
                    to[..slice.len].copy_from_slice(&from[slice.start..][..slice.len]);
                }
            }
            Op::PixelUnshuffle(f)
                if let from = node.inputs[0].index()
                    && let Op::Input(n) = self.graph.nodes[from].op
                    && self.rings[from].is_none() =>
            {
                for c in 0..self.shapes[from].channels {
                    for dy in 0..f {
                        let row = self.inputs[n].line(c, y * f + dy);
                        let at = (c * f + dy) * f;
                        let samples = out.chunks_mut(step).zip(row.chunks_exact(f));
                        samples.for_each(|(to, from)| to[at..][..f].copy_from_slice(from));
                    }
                }
            }
            Op::PixelUnshuffle(f) => {
                for dy in 0..f {
                    let (row, few) = first(y * f + dy);
                    unshuffle(&row, few, f, dy, out.chunks_mut(step).take(width));
                }
            }
            Op::PixelShuffle(f) => {
                let (row, many) = first(y / f);
                for (to, from) in out.chunks_mut(f * step).zip(row.chunks_exact(many)) {
                    shuffle(from, channels, f, y % f, to, step);
                }
            }
            Op::UpsampleNearest(f) => {
                let (row, _) = first(y / f);
                for (x, to) in out.chunks_mut(step).take(width).enumerate() {
                    to[..channels].copy_from_slice(&row[x / f * channels..][..channels]);
                }
            }
            Op::BilinearLike => self.stretched(value, y, out, step, &first),
            // Crop, and operations without effect.
            _ => {
                let (row, _) = first(y);
                spread(&row[..width * channels], channels, out, step);
            }
        }
    }

    /// Row `y` of a value that is stretched bilinearly from rows of `source`.
    fn stretched<'a>(
        &self,
        value: usize,
        y: usize,
        out: &mut [f32],
        step: usize,
        source: &dyn Fn(usize) -> (Cow<'a, [f32]>, usize),
    ) {
        let Shape { channels, height, width } = self.shapes[value];
        let Shape { height: rows, width: few, .. } = self.shapes[self.graph.nodes[value].inputs[0].index()];
        let down = Tap::of(y, rows, height);
        let mut row = source(down.first).0.into_owned();
        if down.share > 0.0 {
            net::mix(self.level, &mut row, &source(down.second).0, 1.0 - down.share, down.share);
        }
        let taps: Vec<(usize, usize, f32)> = (0..width)
            .map(|x| Tap::of(x, few, width))
            .map(|tap| (tap.first * channels, tap.second * channels, tap.share))
            .collect();
        net::stretch(self.level, out, &row, &taps, channels, step);
    }
}

/// Row `dy` of blocks of `f`×`f` samples as channels of one.
fn unshuffle<'a>(row: &[f32], few: usize, f: usize, dy: usize, out: impl Iterator<Item = &'a mut [f32]>) {
    for (x, to) in out.enumerate() {
        for c in 0..few {
            for dx in 0..f {
                to[(c * f + dy) * f + dx] = row[(x * f + dx) * few + c];
            }
        }
    }
}

/// Row `dy` of the block of `f`×`f` samples that one sample's channels are, `step` floats apart.
fn shuffle(from: &[f32], channels: usize, f: usize, dy: usize, to: &mut [f32], step: usize) {
    for c in 0..channels {
        let from = &from[(c * f + dy) * f..][..f];
        to.iter_mut().skip(c).step_by(step).zip(from).for_each(|(to, &v)| *to = v);
    }
}

/// Samples of `channels` channels, `step` floats apart.
fn spread(row: &[f32], channels: usize, out: &mut [f32], step: usize) {
    if step == channels {
        out[..row.len()].copy_from_slice(row);
    } else {
        for (to, from) in out.chunks_mut(step).zip(row.chunks_exact(channels)) {
            to[..channels].copy_from_slice(from);
        }
    }
}
