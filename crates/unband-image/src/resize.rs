//! Plane resizing and the separable linear maps shared with blurs.
//!
//! Every method is separable: an [`Axis`] holds the input samples and weights of each output sample, computed
//! once and applied to all rows, then to all columns. Nothing is clamped: bicubic and Lanczos overshoot at
//! edges.

mod axis;
mod rules;

use std::borrow::Cow;

use unband_simd::Level;
use unband_simd::image::transpose::{Shape, transpose};

pub use axis::{Axis, Beyond};

use crate::image::Plane;
use crate::words;

/// Weights of a Gaussian of that variance in squared samples, centred in `size` samples, with unit sum.
pub fn gaussian(size: usize, variance: f64) -> Vec<f64> {
    let middle = (size as f64 - 1.0) / 2.0;
    let raw: Vec<f64> = (0..size).map(|i| (-(i as f64 - middle).powi(2) / (2.0 * variance)).exp()).collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|weight| weight / sum).collect()
}

words! {
    /// Interpolation method.
    #[non_exhaustive]
    pub enum Resampling {
        /// Linear between the two nearest, as `OpenCV`'s `INTER_LINEAR`; downscaling skips samples.
        Bilinear = "bilinear",
        /// Cubic through the four nearest with a = −0.75, as `OpenCV`'s `INTER_CUBIC`; downscaling skips
        /// samples.
        Bicubic = "bicubic",
        /// The mean of the area that a sample covers, as `OpenCV`'s `INTER_AREA`; when upscaling, linear with
        /// flat middles.
        Area = "area",
        /// Cubic with a = −0.5, widened when downscaling, as MATLAB's `imresize`.
        BicubicAntialiased = "bicubic-antialiased",
        /// Windowed sinc with three lobes, widened when downscaling, as Pillow's `LANCZOS`.
        Lanczos = "lanczos",
    }
}

impl Plane {
    /// The plane resized to `width` × `height`. The same size returns the same samples.
    ///
    /// Cost: the taps of one axis for every sample of the output and of the intermediate plane of `width` ×
    /// the old height.
    ///
    /// # Panics
    /// When a side is 0, in the input or in the output.
    #[must_use]
    pub fn resized(&self, width: usize, height: usize, method: Resampling) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let [across, down] = method.axes((self.width, self.height), (width, height));
        self.mapped(&across, &down)
    }

    /// The plane scaled by a factor, the size rounded up, as MATLAB's `imresize` with a scale. Sample
    /// positions follow the factor even where the size was rounded. Antialiased bicubic.
    ///
    /// # Panics
    /// When a side is 0 or the scale is not positive.
    #[must_use]
    pub fn scaled(&self, scale: f64) -> Self {
        let axis = |size: usize| {
            let to = (size as f64 * scale).ceil() as usize;
            rules::bicubic_antialiased(size, to, scale)
        };
        self.mapped(&axis(self.width), &axis(self.height))
    }

    /// A chroma plane of an image that is scaled by factors across and down, in another size. `every`: across
    /// and down, the number of luma samples per sample where it is at one of them, 1 where it is in their
    /// middle. Antialiased bicubic.
    ///
    /// # Panics
    /// When a side is 0 or a scale is not positive.
    #[must_use]
    pub fn resized_chroma(&self, to: (usize, usize), scale: (f64, f64), every: (usize, usize)) -> Self {
        let across = rules::bicubic_sited(self.width, to.0, scale.0, every.0);
        let down = rules::bicubic_sited(self.height, to.1, scale.1, every.1);
        self.mapped(&across, &down)
    }

    /// Every row through one map, then every column through another.
    ///
    /// # Panics
    /// When a map is for another size.
    #[must_use]
    pub fn mapped(&self, across: &Axis, down: &Axis) -> Self {
        assert_eq!((across.from(), down.from()), (self.width, self.height), "maps for another size");
        let rows: Cow<'_, [f32]> =
            if down.is_identity() { (&self.data).into() } else { down.apply(&self.data, self.width).into() };
        let data = if across.is_identity() {
            rows.into_owned()
        } else {
            let columns = turned(&rows, self.width);
            turned(&across.apply(&columns, down.to()), down.to())
        };
        Self { width: across.to(), height: down.to(), data }
    }
}

/// The columns as rows.
fn turned(data: &[f32], width: usize) -> Vec<f32> {
    let rows = data.len() / width.max(1);
    let mut out = vec![0.0; data.len()];
    let shape = Shape { rows, columns: width, step: width, out_step: rows };
    transpose(Level::best(), shape, &mut out, data);
    out
}

impl Resampling {
    /// The maps of both axes between two sizes (width, height).
    ///
    /// # Panics
    /// When a side is 0.
    pub fn axes(self, from: (usize, usize), to: (usize, usize)) -> [Axis; 2] {
        let sides = [(from.0, to.0), (from.1, to.1)];
        assert!(sides.iter().all(|(from, to)| *from > 0 && *to > 0), "an image needs at least one pixel");
        let shrinks = sides.iter().all(|(from, to)| from >= to);
        sides.map(|(from, to)| match self {
            Self::Bilinear => rules::bilinear(from, to),
            Self::Bicubic => rules::bicubic(from, to),
            Self::Area if shrinks => rules::area(from, to),
            Self::Area => rules::area_upscaled(from, to),
            Self::BicubicAntialiased => rules::bicubic_antialiased(from, to, to as f64 / from as f64),
            Self::Lanczos => rules::lanczos(from, to),
        })
    }
}
