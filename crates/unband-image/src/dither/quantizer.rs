//! Quantisation of sample rows to a code grid, with dither.

use unband_simd::Level;
use unband_simd::image::quantize::quantize_row;

use super::Dither;
use super::matrix::{BAYER, BLUE_NOISE, Matrix, SIDE};
use crate::color::{Model, Range};
use crate::context::Context;
use crate::depth::Depth;
use crate::rng::Rng;

/// Code values of a plane: `code = value * scale + zero`, an integer in `0..=max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Codes from black to white.
    pub scale: f32,
    /// Code of value 0.
    pub zero: f32,
    /// Highest code.
    pub max: f32,
}

impl Grid {
    /// The grid of plane `plane` of a model at a depth; `None` for floating point.
    pub fn new(model: Model, plane: usize, depth: Depth) -> Option<Self> {
        let Depth::Int(bits) = depth else { return None };
        Some(Self::of_bits(model, plane, bits))
    }

    /// The grid of plane `plane` of a model at 1 to 16 bits.
    pub fn of_bits(model: Model, plane: usize, bits: u8) -> Self {
        let max = Depth::Int(bits).max_code() as f32;
        let (scale, zero) = match model {
            Model::Gray | Model::Rgb => (max, 0.0),
            Model::Yuv { range: Range::Full, .. } => (max, if plane == 0 { 0.0 } else { 0.5 }),
            Model::Yuv { range: Range::Limited, .. } => {
                // Limited range is defined at 8 bits and shifted from there.
                let unit = (bits as f32 - 8.0).exp2();
                (if plane == 0 { 219.0 * unit } else { 224.0 * unit }, 16.0 * unit)
            }
        };
        Self { scale, zero, max }
    }

    /// Lowest and highest value that a code can represent.
    pub fn limits(self) -> (f32, f32) {
        (-self.zero / self.scale, (self.max - self.zero) / self.scale)
    }
}

/// Rounds rows of one image to a depth.
#[derive(Clone, Copy, Debug)]
pub struct Quantizer {
    dither: Dither,
    model: Model,
    depth: Depth,
    locked: bool,
    rng: Rng,
    frame: u32,
    level: Level,
}

impl Quantizer {
    /// Quantiser for images of a model, to a depth. With `locked` all planes get the same threshold.
    pub fn new(dither: Dither, model: Model, depth: Depth, locked: bool, ctx: &Context<'_>) -> Self {
        Self { dither, model, depth, locked, rng: ctx.rng, frame: ctx.frame, level: ctx.level }
    }

    /// Does it diffuse errors from sample to sample? Then whole rows go through [`Diffusion`], in order.
    pub fn diffuses(&self) -> bool {
        self.dither == Dither::ErrorDiffusion && self.depth != Depth::F32
    }

    /// Rounds part of a row. `values` are samples `x0..` of row `y`, `source` the same samples before
    /// restoration. A sample that moved by less than 0.1 code away from a source value on the grid takes that
    /// value again, without dither. Where `tight` is set the error stays below one code also with
    /// [`Dither::Tpdf`]. Floating point stays as it is. Errors are not diffused.
    pub fn row(
        &self,
        plane: usize,
        (x0, y): (usize, usize),
        values: &mut [f32],
        source: &[f32],
        tight: Option<&[bool]>,
    ) {
        let Some(grid) = Grid::new(self.model, plane, self.depth) else { return };
        let key = if self.locked { 0 } else { plane as u32 };
        let mut thresholds = [0.5f32; SIDE * 4];
        let step = thresholds.len();
        for (i, (values, source)) in values.chunks_mut(step).zip(source.chunks(step)).enumerate() {
            let (x, n) = (x0 + i * step, values.len());
            match self.dither {
                Dither::None | Dither::ErrorDiffusion => {}
                Dither::Ordered => self.repeat(&BAYER, key, x, y, &mut thresholds[..n]),
                Dither::BlueNoise => self.repeat(&BLUE_NOISE, key, x, y, &mut thresholds[..n]),
                Dither::Tpdf => {
                    for (j, t) in thresholds[..n].iter_mut().enumerate() {
                        let bits = self.rng.at(self.frame, key, (x + j) as u32, y as u32);
                        let [a, b] = [bits >> 16, bits & 0xffff].map(|u| (u as f32 + 0.5) / 65_536.0);
                        let code = values[j] * grid.scale + grid.zero;
                        // Noise of two codes would be clipped at the ends of the grid, which shifts the mean.
                        let end = code < 0.5 || code > grid.max - 0.5;
                        *t = if end || tight.is_some_and(|t| t[i * step + j]) { a } else { a + b - 0.5 };
                    }
                }
            }
            quantize_row(self.level, values, source, &thresholds[..n], grid.scale, grid.zero, grid.max);
        }
    }

    /// A row of a matrix, shifted by seed, frame and plane.
    fn repeat(&self, matrix: &Matrix, plane: u32, x0: usize, y: usize, out: &mut [f32]) {
        // Offsets of the planes are far apart on the torus, so that their patterns are uncorrelated.
        let (sx, sy) = (self.rng.at(self.frame, u32::MAX, 0, 0), self.rng.at(self.frame, u32::MAX, 1, 0));
        let (sx, sy) = ((sx % SIDE as u32 + plane * 21) as usize, (sy % SIDE as u32 + plane * 37) as usize);
        let row = &matrix[(y + sy) % SIDE * SIDE..][..SIDE];
        let start = (x0 + sx) % SIDE;
        let mut filled = (SIDE - start).min(out.len());
        out[..filled].copy_from_slice(&row[start..start + filled]);
        while filled < out.len() {
            let n = SIDE.min(out.len() - filled);
            out[filled..filled + n].copy_from_slice(&row[..n]);
            filled += n;
        }
    }
}

/// Floyd–Steinberg error diffusion over whole rows from the top, every second one backwards.
///
/// Source: Floyd and Steinberg, "An adaptive algorithm for spatial grey scale", 1976.
#[derive(Clone, Debug)]
pub struct Diffusion {
    quantizer: Quantizer,
    /// Per plane: errors for the next row, with one sample of margin on each side.
    below: Vec<Vec<f32>>,
}

impl Diffusion {
    /// Error buffers for planes of these widths.
    pub fn new(quantizer: Quantizer, widths: &[usize]) -> Self {
        Self { quantizer, below: widths.iter().map(|w| vec![0.0; w + 2]).collect() }
    }

    /// Rounds row `y` of a plane; rows come in order. See [`Quantizer::row`] for `values` and `source`.
    pub fn row(&mut self, plane: usize, y: usize, values: &mut [f32], source: &[f32]) {
        let q = &self.quantizer;
        let Some(grid) = Grid::new(q.model, plane, q.depth) else { return };
        let n = values.len();
        let errors = &mut self.below[plane][..n + 2];
        // The row being written reuses the slots already read: `ahead` is the current sample's error for the
        // one right below, `right` the error for its neighbour in scan order.
        let (mut right, mut under, mut corner) = (0.0f32, 0.0f32, 0.0f32);
        let backwards = y % 2 == 1;
        for k in 0..n {
            let i = if backwards { n - 1 - k } else { k };
            let x = (values[i] * grid.scale + grid.zero).max(0.0).min(grid.max);
            let s = source[i] * grid.scale + grid.zero;
            let whole = (s + 0.5).floor();
            let keep = (x - s).abs() < 0.1 && (s - whole).abs() < 0.02;
            let wanted = x + right + errors[i + 1];
            let code = if keep { whole } else { (wanted + 0.5).floor().max(0.0).min(grid.max) };
            // A kept sample is exact: it neither takes nor passes on an error.
            let error = if keep { 0.0 } else { wanted - code };
            values[i] = (code - grid.zero) / grid.scale;
            right = error * (7.0 / 16.0);
            // Behind: 3/16, below: 5/16, ahead: 1/16 of the row below.
            let behind = if backwards { i + 2 } else { i };
            if k > 0 {
                errors[behind] = under + error * (3.0 / 16.0);
            }
            under = corner + error * (5.0 / 16.0);
            corner = error * (1.0 / 16.0);
        }
        if n > 0 {
            errors[if backwards { 1 } else { n }] = under;
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // tests check exact results
#[allow(clippy::unwrap_used)]
mod tests;
