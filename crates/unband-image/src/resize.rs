//! Planes of another size, and the linear maps of rows that this and blurs are made of.
//!
//! Every method is separable: an [`Axis`] holds for each sample of the result the samples it is made of and their weights, worked
//! out once and applied to all rows, then to all columns. Nothing is clamped: bicubic and Lanczos overshoot at edges.

mod axis;
mod rules;

use std::borrow::Cow;

use unband_simd::Level;
use unband_simd::transpose_rows::{Shape, transpose};

pub use axis::{Axis, Beyond};

use crate::image::Plane;
use crate::words;

words! {
    /// How samples between samples are made.
    pub enum Resampling {
        /// Linear between the two nearest, as `OpenCV`'s `INTER_LINEAR`; shrinking leaves samples out.
        Bilinear = "bilinear",
        /// Cubic through the four nearest with a = −0.75, as `OpenCV`'s `INTER_CUBIC`; shrinking leaves samples out.
        Bicubic = "bicubic",
        /// The mean of the area that a sample stands for, as `OpenCV`'s `INTER_AREA`; where a side grows, linear with
        /// flat middles.
        Area = "area",
        /// Cubic with a = −0.5, widened when shrinking, as MATLAB's `imresize`.
        BicubicAntialiased = "bicubic-antialiased",
        /// Windowed sinc of three lobes, widened when shrinking, as Pillow's `LANCZOS`.
        Lanczos = "lanczos",
    }
}

impl Plane {
    /// The plane in another size. The same size gives the same samples.
    ///
    /// Cost: taps of one axis for every sample of the result and of the plane of `width` × the old height.
    ///
    /// # Panics
    /// When a side is 0, here or in the result.
    #[must_use]
    pub fn resized(&self, width: usize, height: usize, method: Resampling) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let [across, down] = method.axes((self.width, self.height), (width, height));
        self.mapped(&across, &down)
    }

    /// The plane times a factor, the size rounded up, as MATLAB's `imresize` with a scale has it: samples lie where the factor
    /// puts them, also where the size was rounded. Antialiased bicubic.
    ///
    /// # Panics
    /// When a side is 0 or the scale is not above 0.
    #[must_use]
    pub fn scaled(&self, scale: f64) -> Self {
        let axis = |size: usize| {
            let to = (size as f64 * scale).ceil() as usize;
            rules::bicubic_antialiased(size, to, scale)
        };
        self.mapped(&axis(self.width), &axis(self.height))
    }

    /// Every row through one map and every column through another.
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
            let turned = turned(&rows, self.width);
            turned_back(&across.apply(&turned, down.to()), down.to())
        };
        Self { width: across.to(), height: down.to(), data }
    }
}

/// Columns as rows.
fn turned(data: &[f32], width: usize) -> Vec<f32> {
    let rows = data.len() / width.max(1);
    let mut out = vec![0.0; data.len()];
    let shape = Shape { rows, columns: width, step: width, out_step: rows };
    transpose(Level::best(), shape, &mut out, data);
    out
}

/// What had rows of the old height has rows of the new width again.
fn turned_back(data: &[f32], height: usize) -> Vec<f32> {
    turned(data, height)
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
            Self::Area => rules::area_enlarged(from, to),
            Self::BicubicAntialiased => rules::bicubic_antialiased(from, to, to as f64 / from as f64),
            Self::Lanczos => rules::lanczos(from, to),
        })
    }
}
