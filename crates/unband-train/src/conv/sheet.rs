//! Sheet layout: all images of a batch side by side, samples channel by channel, so that rows are long enough
//! for fast kernels.

use rayon::prelude::*;
use unband_simd::Level;
use unband_simd::image::transpose::{self, Shape};
use unband_simd::infer::winograd::TILE;

/// Planes that are written together.
const PLANES: usize = 16;
/// Floats after the last sample of a row that kernels may read; their values do not matter.
const SLACK: usize = 32;
/// Rows are padded to a multiple of this many samples, as the Winograd kernel requires.
const LINE: usize = 48;

/// Position of the images, and the zeroes around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Rows of zeroes above and below.
    pub rows: (usize, usize),
    /// Zero samples before the first image; at least as many are between images.
    pub left: usize,
    /// Samples from one image to the next.
    pub pitch: usize,
}

/// Images of one size, surrounded by zeroes.
pub struct Sheet {
    data: Vec<f32>,
    /// N, C, H, W.
    pub dims: [usize; 4],
    pub frame: Frame,
    row: usize,
}

impl Sheet {
    /// A sheet of zeroes.
    pub fn zeroes(dims: [usize; 4], frame: Frame) -> Self {
        let [images, channels, height, _] = dims;
        // One more sample to the right and more rows below: read by kernels that compute four rows at a time.
        let samples = frame.left + (images * frame.pitch).next_multiple_of(LINE) + 1;
        let row = samples * channels + SLACK;
        Self { data: vec![0.0; row * (frame.rows.0 + height + frame.rows.1 + TILE - 1)], dims, frame, row }
    }

    /// Copies from planes, `[N, C, H, W]`.
    pub fn gather(level: Level, planes: &[f32], dims: [usize; 4], frame: Frame) -> Self {
        let [_, channels, height, width] = dims;
        let mut sheet = Self::zeroes(dims, frame);
        let first = frame.rows.0;
        let shape = Shape { rows: channels, columns: width, step: height * width, out_step: channels };
        sheet.data.par_chunks_mut(sheet.row).skip(first).take(height).enumerate().for_each(|(y, row)| {
            for (n, image) in planes.chunks_exact(channels * height * width).enumerate() {
                let out = &mut row[(frame.left + n * frame.pitch) * channels..];
                transpose::transpose(level, shape, out, &image[y * width..]);
            }
        });
        sheet
    }

    /// Copies to planes.
    pub fn scatter(&self, level: Level) -> Vec<f32> {
        let [images, channels, height, width] = self.dims;
        let plane = height * width;
        let mut planes = vec![0.0; images * channels * plane];
        planes.par_chunks_mut(channels * plane).enumerate().for_each(|(n, image)| {
            image.par_chunks_mut(PLANES * plane).enumerate().for_each(|(part, planes)| {
                let first = part * PLANES;
                let columns = planes.len() / plane;
                let shape = Shape { rows: width, columns, step: channels, out_step: plane };
                for y in 0..height {
                    let at = (n * self.frame.pitch * channels) + first;
                    let row = self.from(y.cast_signed(), 0);
                    transpose::transpose(level, shape, &mut planes[y * width..], &row[at..]);
                }
            });
        });
        planes
    }

    /// The samples of a row, starting at a sample of the first image; rows and samples may be in the padding.
    pub fn from(&self, y: isize, x: isize) -> &[f32] {
        let y = self.frame.rows.0.wrapping_add_signed(y);
        let x = self.frame.left.wrapping_add_signed(x);
        &self.data[y * self.row..][..self.row][x * self.dims[1]..]
    }

    /// Length of a row in floats.
    pub fn row(&self) -> usize {
        self.row
    }

    /// All rows, including the padding above and below.
    pub fn rows_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }
}
