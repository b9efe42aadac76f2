//! JPEG coefficient bounds: images that could have been encoded to the same file.
//!
//! Every stored number `k` with step `q` stands for a coefficient in `(k − ½)·q ..= (k + ½)·q`.
//! [`JpegDeblock`] restores an image inside these intervals; [`JpegBounds`] clamps the results of any
//! restorer to them.

mod bounds;
mod component;
mod deblock;
mod recover;
mod resample;
mod verify;

use std::sync::Arc;

use unband_image::{Codec, Image, JpegCoefficients, Model, Plane, Window};
use unband_simd::Level;
use unband_simd::filters::smooth as rows;

use self::component::Component;
use self::resample::Resampled;
use crate::area::Area;

pub use self::bounds::JpegBounds;
pub use self::deblock::JpegDeblock;
pub use self::recover::recover;
pub use self::verify::{Inside, inside};

/// The components of an image with their intervals.
struct Components {
    all: Vec<Component>,
    ycc: bool,
    /// Codes from black to white.
    max: f32,
}

impl Components {
    /// `None` where the stored coefficients do not fit the image.
    fn new(image: &Image, stored: &JpegCoefficients) -> Option<Self> {
        Some(Self { all: components(image, stored)?, ycc: stored.ycc, max: codes(stored) })
    }

    /// The window of the image under all blocks that the results of `core` depend on, and `rim` blocks
    /// around them; its corners are multiples of `align`.
    fn window(&self, core: Window, rim: usize, align: usize) -> Window {
        let (width, height) = self.all[0].pixels();
        let mut all = core;
        for component in &self.all {
            let read = component.pixels_under(component.grown(component.blocks_over(core), rim));
            all.x0 = all.x0.min(read.x0);
            all.y0 = all.y0.min(read.y0);
            all.x1 = all.x1.max(read.x1);
            all.y1 = all.y1.max(read.y1);
        }
        // Also whole samples of chroma.
        let scales = self.all.iter().flat_map(|component| [component.scale().0, component.scale().1]);
        let align = scales.fold(align.max(1), least_common_multiple);
        Window {
            x0: all.x0 / align * align,
            y0: all.y0 / align * align,
            x1: (all.x1.div_ceil(align) * align).min(width),
            y1: (all.y1.div_ceil(align) * align).min(height),
        }
    }

    /// Margin of a window whose change affects it, with `more` samples of each component.
    fn reach(&self, more: usize) -> usize {
        let of = |component: &Component| {
            let (sx, sy) = component.scale();
            sx.max(sy) * (component.blur() + 7 + more)
        };
        self.all.iter().map(of).max().unwrap_or(0)
    }

    /// Weights of the image's planes in a component, in codes.
    fn weights(&self, index: usize) -> [f32; 3] {
        weights(self.ycc, index).map(|weight| weight * self.max)
    }

    /// Grey and luma are stored minus half the scale.
    fn middle(&self, index: usize) -> f32 {
        if self.ycc && index > 0 { 0.0 } else { 0.5 * (self.max + 1.0) }
    }

    /// Adds changes of components, at the image's size, to its planes.
    fn add(&self, level: Level, changes: &Resampled, planes: &mut [Plane]) {
        let full = &changes.planes;
        let unit = 1.0 / self.max;
        for (p, plane) in planes.iter_mut().enumerate() {
            let shares = shares(self.ycc, p).map(|s| s * unit);
            for y in 0..plane.height {
                if self.ycc {
                    let (luma, cb, cr) = (full[0].row(y), full[1].row(y), full[2].row(y));
                    rows::add_mix_row(level, plane.row_mut(y), luma, cb, cr, shares);
                } else {
                    rows::add_scaled_row(level, plane.row_mut(y), full[p].row(y), unit);
                }
            }
        }
    }

    /// Columns and rows of the image per chroma sample, where both components have half the size across,
    /// down, or both.
    fn half_chroma(&self) -> Option<(usize, usize)> {
        let [luma, blue, red] = &self.all[..] else { return None };
        let (sx, sy) = blue.scale();
        let halved = self.ycc && sx <= 2 && sy <= 2 && sx * sy > 1;
        (halved && luma.scale() == (1, 1) && red.scale() == (sx, sy)).then_some((sx, sy))
    }
}

/// The stored coefficients of an image, if it has any and its samples are their decoded values.
pub fn coefficients(image: &Image) -> Option<Arc<JpegCoefficients>> {
    let Codec::Jpeg(origin) = &image.origin.codec else { return None };
    let stored = origin.coefficients.as_ref()?;
    let components = components(image, stored)?;
    components[0].matches(image, &weights(stored.ycc, 0), codes(stored)).then(|| Arc::clone(stored))
}

/// The components of an image; `None` where they do not fit its planes.
fn components(image: &Image, stored: &JpegCoefficients) -> Option<Vec<Component>> {
    let fits = match image.color.model {
        Model::Gray => stored.planes.len() == 1 && !stored.ycc,
        Model::Rgb => stored.planes.len() == 3,
        Model::Yuv { .. } => false,
    };
    if !fits || image.planes.len() != stored.planes.len() || !matches!(stored.bits, 8 | 12) {
        return None;
    }
    let size = (image.width(), image.height());
    if image.planes.iter().any(|plane| (plane.width, plane.height) != size) {
        return None;
    }
    (0..stored.planes.len()).map(|c| Component::new(&stored.planes[c], size)).collect()
}

/// Codes from black to white.
fn codes(stored: &JpegCoefficients) -> f32 {
    f32::from((1u16 << stored.bits) - 1)
}

/// BT.601 as in JFIF: luma of red and blue.
const RED: f32 = 0.299;
const BLUE: f32 = 0.114;
const GREEN: f32 = 1.0 - RED - BLUE;

/// Weight of each plane of the image in a component.
fn weights(ycc: bool, component: usize) -> [f32; 3] {
    let (u, v) = (0.5 / (1.0 - BLUE), 0.5 / (1.0 - RED));
    match (ycc, component) {
        (true, 0) => [RED, GREEN, BLUE],
        (true, 1) => [-RED * u, -GREEN * u, (1.0 - BLUE) * u],
        (true, _) => [(1.0 - RED) * v, -GREEN * v, -BLUE * v],
        (false, 0) => [1.0, 0.0, 0.0],
        (false, 1) => [0.0, 1.0, 0.0],
        (false, _) => [0.0, 0.0, 1.0],
    }
}

/// Weight of each component in a plane of the image.
fn shares(ycc: bool, plane: usize) -> [f32; 3] {
    let (u, v) = (2.0 * (1.0 - BLUE), 2.0 * (1.0 - RED));
    match (ycc, plane) {
        (true, 0) => [1.0, 0.0, v],
        (true, 1) => [1.0, -u * BLUE / GREEN, -v * RED / GREEN],
        (true, _) => [1.0, u, 0.0],
        (false, _) => weights(false, plane),
    }
}

fn least_common_multiple(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y > 0 {
        (x, y) = (y, x % y);
    }
    a / x.max(1) * b
}

/// Copies the part of `source` that `target` covers.
fn cut(target: &mut Area, source: &Area) {
    let (dx, dy) = (target.x0 - source.x0, target.y0 - source.y0);
    let width = target.width;
    for y in 0..target.height {
        target.row_mut(y).copy_from_slice(&source.row(dy + y)[dx..dx + width]);
    }
}
