//! Extraction of planes from the image, in codes.

use unband_image::{Image, Matrix};
use unband_simd::{Level, filters::smooth as rows};

use super::grid::Grid;

/// A plane in 8-bit full-scale codes (chroma around 0), computed from the image on demand.
#[derive(Clone, Copy, Debug)]
pub(super) enum PlaneSource {
    /// A stored plane of the image, less `zero`: 0.5 for chroma.
    Stored { plane: usize, zero: f32 },
    /// Luma (0) or a colour difference (1, 2) behind RGB, at full or half size.
    Yuv { component: usize, matrix: Matrix, half: bool },
}

impl PlaneSource {
    /// Width and height of the plane.
    pub(super) fn size(self, image: &Image) -> (usize, usize) {
        match self {
            Self::Stored { plane, .. } => (image.planes[plane].width, image.planes[plane].height),
            Self::Yuv { half: false, .. } => (image.width(), image.height()),
            Self::Yuv { half: true, .. } => (image.width().div_ceil(2), image.height().div_ceil(2)),
        }
    }

    /// Samples of the image per sample of the plane, across and down.
    pub(super) fn scale(self, image: &Image) -> (usize, usize) {
        let (width, height) = self.size(image);
        (image.width().div_ceil(width), image.height().div_ceil(height))
    }

    /// Fills `out` with the samples starting at column `x0`, row `y0`, in codes times `factor`.
    pub(super) fn fill(self, level: Level, image: &Image, x0: usize, y0: usize, factor: f32, out: &mut Grid) {
        let (component, matrix, half) = match self {
            Self::Stored { plane, zero } => {
                for y in 0..out.height {
                    let row = &image.planes[plane].row(y0 + y)[x0..];
                    rows::scale_row(level, out.row_mut(y), row, zero, 255.0 * factor);
                }
                return;
            }
            Self::Yuv { component, matrix, half } => (component, matrix, half),
        };
        let weights = matrix.weights_of(component).map(|weight| weight * 255.0 * factor);
        let mix = |to: &mut [f32], x: usize, y: usize| {
            let row = |p: usize| &image.planes[p].row(y)[x..];
            rows::mix_row(level, to, row(0), row(1), row(2), weights);
        };
        if !half {
            (0..out.height).for_each(|y| mix(out.row_mut(y), x0, y0 + y));
            return;
        }
        let n = (2 * out.width).min(image.width() - 2 * x0);
        let (mut top, mut bottom) = (vec![0.0; n], vec![0.0; n]);
        for y in 0..out.height {
            let upper = 2 * (y0 + y);
            mix(&mut top, 2 * x0, upper);
            mix(&mut bottom, 2 * x0, (upper + 1).min(image.height() - 1));
            rows::halve_row(level, out.row_mut(y), &top, &bottom);
        }
    }
}
