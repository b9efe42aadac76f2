//! Rounding of a whole image to a depth, for jobs that round at the end.

use unband_image::dither::{Diffusion, Dither, Quantizer};
use unband_image::{Context, Depth, Image, Origin, Rng};

use super::image::{check, regrid_alpha};
use super::not_finite::NotFinite;
use crate::Error;

/// An image rounded to a depth, dithered; nothing is repaired. Samples on the new grid already stay unchanged.
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
    round(&mut image, &Rounding { depth, dither, locked, seed }, ctx);
    regrid_alpha(&mut image, depth);
    image.origin = Origin::default();
    Ok(image)
}

/// Options of rounding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounding {
    /// The depth.
    pub depth: Depth,
    /// The dithering method.
    pub dither: Dither,
    /// The same threshold on all channels?
    pub locked: bool,
    /// Seed of the dither.
    pub seed: u64,
}

/// Rounds all samples to a depth's grid; alpha stays.
pub(super) fn round(image: &mut Image, how: &Rounding, ctx: &Context<'_>) {
    let ctx = &Context { rng: Rng::new(how.seed), ..*ctx };
    let quantizer = Quantizer::new(how.dither, image.color.model, how.depth, how.locked, ctx);
    let widths: Vec<usize> = image.planes.iter().map(|plane| plane.width).collect();
    let mut diffusion = quantizer.diffuses().then(|| Diffusion::new(quantizer, &widths));
    for (p, plane) in image.planes.iter_mut().enumerate() {
        let mut source = vec![0.0; plane.width];
        for y in 0..plane.height {
            let row = plane.row_mut(y);
            // Samples on the grid already stay unchanged.
            source.copy_from_slice(row);
            match &mut diffusion {
                Some(diffusion) => diffusion.row(p, y, row, &source),
                None => quantizer.row(p, (0, y), row, &source, None),
            }
        }
    }
    image.depth = how.depth;
}
