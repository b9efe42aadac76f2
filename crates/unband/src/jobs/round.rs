//! Rounding to a depth: of parts of a result, and of whole images.

use unband_image::dither::{Diffusion, Dither, Quantizer};
use unband_image::{Context, Depth, Image, Origin, Rng, Window, With};
use unband_simd::Level;

use super::check::check;
use super::confine::limits_of;
use super::finishing::{ResultRows, scales};
use super::not_finite::NotFinite;
use super::tally::Tally;
use crate::Error;

/// An image rounded to a depth, dithered; nothing is repaired. Samples on the new grid already stay
/// unchanged.
///
/// The same bytes come out for any number of threads. Infinite and NaN samples take the value of their
/// neighbour. With `locked` all channels get the same threshold.
///
/// # Errors
/// Planes that do not fit together.
pub fn dithered(
    mut image: Image,
    depth: Depth,
    dither: Dither,
    locked: bool,
    seed: u64,
    ctx: &Context<'_>,
) -> Result<Image, Error> {
    check(&image)?;
    let _ = NotFinite::take(&mut image);
    round(&mut image, None, Rounding { depth, dither, locked }, &(*ctx).but(|new| new.rng = Rng::new(seed)));
    regrid_alpha(&mut image, depth);
    image.origin = Origin::default();
    Ok(image)
}

/// Options of rounding; the context has the random numbers of the dither.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounding {
    /// The depth.
    pub depth: Depth,
    /// The dithering method.
    pub dither: Dither,
    /// The same threshold on all channels?
    pub locked: bool,
}

/// Dithers and rounds all samples to a depth's grid; alpha stays. `source` has the samples before the work.
/// Without it, samples on the grid already stay unchanged; with it, results stay within the depth's codes.
pub(crate) fn round(image: &mut Image, source: Option<&Image>, how: Rounding, ctx: &Context<'_>) {
    let model = image.color.model;
    let quantizer = Quantizer::new(how.dither, model, how.depth, how.locked, ctx);
    let limits = source.map(|_| limits_of(model, image.planes.len(), how.depth));
    let whole = Window { x0: 0, y0: 0, x1: image.width(), y1: image.height() };
    let (scales, diffusion) = (scales(image), diffusion(quantizer, image));
    let mut parts = ResultRows::split(source, &scales, whole, &mut image.planes);
    if let Some(mut diffusion) = diffusion {
        for part in &mut parts {
            diffuse(&mut diffusion, part, None);
        }
    } else {
        ctx.map_parts(parts, |_, mut part| {
            if let Some(limits) = &limits {
                for (plane, &(low, high)) in part.planes.iter_mut().zip(limits) {
                    plane.samples_mut().for_each(|value| *value = value.clamp(low, high));
                }
            }
            quantize(&quantizer, &mut part, None, None);
        });
    }
    image.depth = how.depth;
}

/// Dithers and rounds a part. `tight`: samples of each plane as in [`Quantizer::row`].
pub(super) fn quantize(
    quantizer: &Quantizer,
    part: &mut ResultRows<'_>,
    tight: Option<&[Vec<bool>]>,
    tally: Option<(&Tally, Level)>,
) {
    for p in 0..part.planes.len() {
        let Window { x0, y0, .. } = part.planes[p].window;
        for y in 0..part.planes[p].window.height() {
            let (values, source) = part.rows(p, y);
            let width = values.len();
            let tight = tight.map(|tight| &tight[p][y * width..][..width]);
            quantizer.row(p, (x0, y0 + y), values, &source, tight);
            if let Some((tally, level)) = tally {
                tally.count(level, p, values, &source);
            }
        }
    }
}

/// Error diffusion for an image, where the quantizer asks for it: its parts come in order, whole rows each.
pub(super) fn diffusion(quantizer: Quantizer, image: &Image) -> Option<Diffusion> {
    let widths: Vec<usize> = image.planes.iter().map(|plane| plane.width).collect();
    quantizer.diffuses().then(|| Diffusion::new(quantizer, &widths))
}

/// Rounds the next part by error diffusion.
pub(super) fn diffuse(diffusion: &mut Diffusion, part: &mut ResultRows<'_>, tally: Option<(&Tally, Level)>) {
    for p in 0..part.planes.len() {
        let y0 = part.planes[p].window.y0;
        for y in 0..part.planes[p].window.height() {
            let (values, source) = part.rows(p, y);
            diffusion.row(p, y0 + y, values, &source);
            if let Some((tally, level)) = tally {
                tally.count(level, p, values, &source);
            }
        }
    }
}

/// Converts alpha to another depth's grid: exactly where that contains the old one, rounded elsewhere.
pub(crate) fn regrid_alpha(image: &mut Image, depth: Depth) {
    if let (Some(alpha), Depth::Int(_)) = (&mut image.alpha, depth) {
        for value in &mut alpha.data {
            *value = depth.value(depth.code(*value));
        }
    }
}
