//! Luma pyramid of a frame: half its size or less, a quarter, and so on.

use unband_image::Context;
use unband_simd::filters::smooth::halve_row;
use unband_simd::jobs::motion::halved_words;

/// Samples around a plane that repeat its border.
pub(super) const BORDER: usize = 16;
/// The smallest level is not smaller than this on either side, in samples.
const SMALLEST: usize = 20;
/// The largest level is not wider than this, in samples: the motion of smaller parts costs time and adds
/// little.
const LARGEST: usize = 700;
/// The largest number of levels.
const MOST: usize = 6;

/// A plane in 8-bit codes with repeated borders.
#[derive(Default)]
pub(super) struct Level {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) stride: usize,
    data: Vec<f32>,
}

impl Level {
    /// A plane of this size; `row` writes row `y`.
    fn new(width: usize, height: usize, ctx: &Context<'_>, row: impl Fn(usize, &mut [f32]) + Sync) -> Self {
        let stride = width + 2 * BORDER;
        let mut data = vec![0.0; stride * (height + 2 * BORDER)];
        let rows: Vec<&mut [f32]> = data.chunks_exact_mut(stride).skip(BORDER).take(height).collect();
        ctx.map_parts(rows, |y, padded| {
            let (before, rest) = padded.split_at_mut(BORDER);
            let (inside, after) = rest.split_at_mut(width);
            row(y, inside);
            before.fill(inside[0]);
            after.fill(inside[width - 1]);
        });
        for y in 0..BORDER {
            data.copy_within(BORDER * stride..(BORDER + 1) * stride, y * stride);
            let last = (BORDER + height - 1) * stride;
            data.copy_within(last..last + stride, last + (y + 1) * stride);
        }
        Self { width, height, stride, data }
    }

    fn row(&self, y: usize) -> &[f32] {
        &self.data[(y + BORDER) * self.stride + BORDER..][..self.width]
    }

    /// The samples from a position on, which may be in the border.
    pub(super) fn from(&self, x: i32, y: i32) -> &[f32] {
        let (x, y) = ((x + BORDER as i32) as usize, (y + BORDER as i32) as usize);
        &self.data[y * self.stride + x..]
    }
}

/// A frame's luma at several sizes, the largest first: half its size, or less for large frames.
#[derive(Default)]
pub(in crate::frames) struct Pyramid {
    pub(super) levels: Vec<Level>,
    /// Samples of the frame for each of the largest level, across and down.
    pub(super) scale: usize,
}

impl Pyramid {
    /// Of a plane in 1/65535.
    pub(in crate::frames) fn new(plane: &[u16], width: usize, ctx: &Context<'_>) -> Self {
        let height = plane.len() / width.max(1);
        let mut levels: Vec<Level> = Vec::new();
        if width < 2 * SMALLEST || height < 2 * SMALLEST {
            return Self::default();
        }
        let line = |y: usize| &plane[y * width..][..width];
        levels.push(Level::new(width / 2, height / 2, ctx, |y, out| {
            halved_words(ctx.level, out, line(2 * y), line(2 * y + 1), 255.0 / 65535.0);
        }));
        while let Some(last) = levels.last()
            && levels.len() < MOST
            && last.width.min(last.height) >= 2 * SMALLEST
        {
            let next = Level::new(last.width / 2, last.height / 2, ctx, |y, out| {
                // Without the last column of an odd width.
                let line = |y: usize| &last.row(y)[..2 * out.len()];
                let (top, bottom) = (line(2 * y), line(2 * y + 1));
                halve_row(ctx.level, out, top, bottom);
            });
            levels.push(next);
        }
        let skipped = levels.iter().take_while(|level| level.width > LARGEST).count().min(levels.len() - 1);
        levels.drain(..skipped);
        Self { levels, scale: 2 << skipped }
    }
}
