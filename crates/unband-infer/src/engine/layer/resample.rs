//! Up- and downsampling.

use std::ops::Range;

use unband_nets::Shape;
use unband_nets::layer::resample::{BilinearLike, Tap, UpsampleNearest};
use unband_simd::infer::net;

use super::FetchedOp;
use crate::engine::fetch::FetchedValue;

impl FetchedOp for UpsampleNearest {
    fn needed(&self, _: Shape, _: Shape, rows: Range<usize>) -> Range<usize> {
        rows.start / self.factor..rows.end.div_ceil(self.factor)
    }

    fn fetch(&self, value: &FetchedValue<'_>, y: usize, out: &mut [f32], step: usize) {
        let Shape { channels, width, .. } = value.shape();
        let row = value.row(y / self.factor);
        for (x, to) in out.chunks_mut(step).take(width).enumerate() {
            to[..channels].copy_from_slice(&row[x / self.factor * channels..][..channels]);
        }
    }
}

impl FetchedOp for BilinearLike {
    fn needed(&self, from: Shape, made: Shape, rows: Range<usize>) -> Range<usize> {
        let tap = |y: usize| Tap::new(y, from.height, made.height);
        tap(rows.start).first..tap(rows.end - 1).second + 1
    }

    fn lends_size(&self) -> bool {
        true
    }

    fn fetch(&self, value: &FetchedValue<'_>, y: usize, out: &mut [f32], step: usize) {
        let Shape { channels, height, width } = value.shape();
        let Shape { height: rows, width: few, .. } = value.from();
        let down = Tap::new(y, rows, height);
        let mut row = value.row(down.first).into_owned();
        if down.share > 0.0 {
            net::mix(value.fetch.level, &mut row, &value.row(down.second), 1.0 - down.share, down.share);
        }
        let taps: Vec<(usize, usize, f32)> = (0..width)
            .map(|x| Tap::new(x, few, width))
            .map(|tap| (tap.first * channels, tap.second * channels, tap.share))
            .collect();
        net::stretch(value.fetch.level, out, &row, &taps, channels, step);
    }
}
