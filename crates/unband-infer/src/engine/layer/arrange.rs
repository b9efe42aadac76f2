//! Rearrangement of samples: concat, slice, crop, pixel shuffle, flatten.

use std::ops::Range;

use unband_nets::layer::arrange::{Concat, Crop, Flatten, PixelShuffle, PixelUnshuffle, Slice};
use unband_nets::{Op, Shape};

use super::{FetchedOp, WholeOp};
use crate::engine::fetch::FetchedValue;
use crate::engine::whole::Whole;

impl FetchedOp for Concat {
    fn fetch(&self, value: &FetchedValue<'_>, y: usize, out: &mut [f32], step: usize) {
        let mut at = 0;
        for part in value.inputs() {
            value.fetch.scattered(part.index(), y, &mut out[at..], step);
            at += value.fetch.shapes[part.index()].channels;
        }
    }
}

impl FetchedOp for Slice {
    fn fetch(&self, value: &FetchedValue<'_>, y: usize, out: &mut [f32], step: usize) {
        let row = value.row(y);
        for (to, from) in out.chunks_mut(step).zip(row.chunks_exact(value.from().channels)) {
            to[..self.len].copy_from_slice(&from[self.start..][..self.len]);
        }
    }
}

impl FetchedOp for Crop {
    fn lends_size(&self) -> bool {
        true
    }
}

impl FetchedOp for PixelUnshuffle {
    fn needed(&self, _: Shape, _: Shape, rows: Range<usize>) -> Range<usize> {
        rows.start * self.factor..rows.end * self.factor
    }

    fn fetch(&self, value: &FetchedValue<'_>, y: usize, out: &mut [f32], step: usize) {
        let (fetch, f) = (value.fetch, self.factor);
        let from = value.inputs()[0].index();
        if let Op::Input(index) = fetch.graph.nodes[from].op
            && fetch.rings[from].is_none()
        {
            for c in 0..value.from().channels {
                for dy in 0..f {
                    let row = fetch.inputs[index.0].line(c, y * f + dy);
                    let at = (c * f + dy) * f;
                    let samples = out.chunks_mut(step).zip(row.chunks_exact(f));
                    samples.for_each(|(to, from)| to[at..][..f].copy_from_slice(from));
                }
            }
            return;
        }
        for dy in 0..f {
            let row = value.row(y * f + dy);
            unshuffle(&row, value.from().channels, f, dy, out.chunks_mut(step).take(value.shape().width));
        }
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

impl FetchedOp for PixelShuffle {
    fn needed(&self, _: Shape, _: Shape, rows: Range<usize>) -> Range<usize> {
        rows.start / self.factor..rows.end.div_ceil(self.factor)
    }

    fn fetch(&self, value: &FetchedValue<'_>, y: usize, out: &mut [f32], step: usize) {
        let f = self.factor;
        let row = value.row(y / f);
        for (to, from) in out.chunks_mut(f * step).zip(row.chunks_exact(value.from().channels)) {
            shuffle(from, value.shape().channels, f, y % f, to, step);
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

impl WholeOp for Flatten {
    /// Channel by channel, in a channel row by row.
    fn make(&self, input: &Whole<'_>, lines: Vec<&mut [f32]>, done: &(dyn Fn(usize, &mut [f32]) + Sync)) {
        for line in lines {
            let Shape { channels, height, width } = input.shape();
            let mut row = vec![0.0; width * channels];
            for y in 0..height {
                input.fetch.row(input.value, y, &mut row);
                for (x, sample) in row.chunks_exact(channels).enumerate() {
                    for (c, &v) in sample.iter().enumerate() {
                        line[(c * height + y) * width + x] = v;
                    }
                }
            }
            done(0, line);
        }
    }
}
