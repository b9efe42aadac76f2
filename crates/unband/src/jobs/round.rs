//! Rounding of a whole image to a depth, for jobs that round at the end.

use std::borrow::Cow;

use unband_image::dither::{Diffusion, Dither, Grid, Quantizer};
use unband_image::{Context, Depth, Image, Origin, Rng, With};

use super::check::check;
use super::not_finite::NotFinite;
use super::stages::regrid_alpha;
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
    let widths: Vec<usize> = image.planes.iter().map(|plane| plane.width).collect();
    let mut diffusion = quantizer.diffuses().then(|| Diffusion::new(quantizer, &widths));
    for (p, plane) in image.planes.iter_mut().enumerate() {
        let width = plane.width.max(1);
        let rows: Vec<&mut [f32]> = plane.data.chunks_exact_mut(width).collect();
        let before = |y: usize, row: &[f32]| match source {
            Some(source) => Cow::Borrowed(source.planes[p].row(y)),
            None => Cow::Owned(row.to_vec()),
        };
        if let Some(diffusion) = &mut diffusion {
            for (y, row) in rows.into_iter().enumerate() {
                let before = before(y, row);
                diffusion.row(p, y, row, &before);
            }
            continue;
        }
        let limits = match (source, how.depth) {
            (Some(_), Depth::Int(bits)) => Grid::of_bits(model, p, bits).limits(),
            _ => (f32::NEG_INFINITY, f32::INFINITY),
        };
        ctx.map_parts(rows, |y, row| {
            let before = before(y, row);
            for value in row.iter_mut() {
                *value = value.clamp(limits.0, limits.1);
            }
            quantizer.row(p, (0, y), row, &before, None);
        });
    }
    image.depth = how.depth;
}
