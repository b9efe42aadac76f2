//! Exif orientation, applied to samples.

use unband_image::{Codec, Context, DensityUnit, Image, Metadata, Model, Plane, Siting, Subsampling};

use crate::{Error, exif, limits, orient_jpeg};

/// Rotates and mirrors an image stored in `orientation` (1..=8) so that it is upright, and updates its
/// metadata. Subsampled chroma planes are brought to full size if their samples would no longer match a
/// siting.
///
/// Source: CIPA DC-008, tag Orientation.
pub(crate) fn apply(image: &mut Image, orientation: u8) -> Result<(), Error> {
    if !(2..=8).contains(&orientation) {
        return Ok(());
    }
    if let Model::Yuv { matrix, range, subsampling } = image.color.model {
        if let Some((subsampling, siting)) = turned_chroma(image, subsampling, orientation) {
            image.color.model = Model::Yuv { matrix, range, subsampling };
            image.color.siting = siting;
        } else {
            let taken = std::mem::replace(image, Image::new(Vec::new(), Model::Gray, image.depth));
            let full = taken.into_full_chroma(&Context::default());
            *image = full.map_err(|error| Error::damaged("picture", error))?;
        }
    }
    let size = (image.width(), image.height());
    if let Codec::Jpeg(jpeg) = &mut image.origin.codec {
        orient_jpeg::turn(jpeg, size, orientation);
    }
    let tiff = &mut image.metadata.tiff;
    for plane in image.planes.iter_mut().chain(&mut image.alpha).chain(&mut tiff.bands) {
        turn(plane, orientation)?;
    }
    if orientation >= 5 {
        tiff.size = (tiff.size.1, tiff.size.0);
    }
    let metadata = &mut image.metadata;
    set_tags(metadata);
    if let Some(block) = &mut metadata.exif {
        if exif::has_thumbnail(block) {
            metadata.unread.push("Exif thumbnail".to_owned());
        }
        exif::set_orientation(block, orientation);
    }
    if let Some(xmp) = &mut metadata.xmp {
        exif::set_xmp_orientation(xmp);
    }
    if let Some(map) = &mut metadata.gain_map {
        map.orientation = orientation;
    }
    if orientation >= 5
        && let Some(density) = &mut metadata.density
    {
        std::mem::swap(&mut density.x, &mut density.y);
        debug_assert!(density.unit != DensityUnit::Aspect || density.x > 0.0);
    }
    Ok(())
}

/// Removes the tags of a place on Earth: they are those of the stored rows and columns.
fn set_tags(metadata: &mut Metadata) {
    let tags = &mut metadata.tiff.tags;
    let all = tags.len();
    tags.retain(|tag| !exif::is_place(tag.tag));
    if tags.len() < all {
        metadata.unread.push("GeoTIFF tags (the image was rotated)".to_owned());
    }
}

/// Subsampling and siting after the change, if the chroma samples can be moved like those of luma.
fn turned_chroma(image: &Image, chroma: Subsampling, orientation: u8) -> Option<(Subsampling, Siting)> {
    // Chroma on a luma sample, or between two?
    let on = |siting| (siting != Siting::Center, siting == Siting::TopLeft);
    let (on_x, on_y) = on(image.color.siting);
    let in_place = |length: usize, scale: u8, on: bool, reversed: bool| {
        !reversed || length % usize::from(scale) == usize::from(on && scale > 1)
    };
    let reversed = (matches!(orientation, 2 | 3 | 7 | 8), matches!(orientation, 3 | 4 | 6 | 7));
    if !in_place(image.width(), chroma.x, on_x, reversed.0)
        || !in_place(image.height(), chroma.y, on_y, reversed.1)
    {
        return None;
    }
    let (chroma, wanted) = match orientation {
        5.. => (Subsampling { x: chroma.y, y: chroma.x }, (on_y, on_x)),
        _ => (chroma, (on_x, on_y)),
    };
    // Where chroma has full size, every siting fits.
    let fits = |siting: &Siting| {
        let (x, y) = on(*siting);
        (chroma.x == 1 || x == wanted.0) && (chroma.y == 1 || y == wanted.1)
    };
    let all = [image.color.siting, Siting::Left, Siting::Center, Siting::TopLeft];
    all.into_iter().find(fits).map(|siting| (chroma, siting))
}

/// Turns and mirrors a plane that is stored in `orientation`.
pub(crate) fn turn(plane: &mut Plane, orientation: u8) -> Result<(), Error> {
    let width = plane.width;
    match orientation {
        2 => plane.data.chunks_exact_mut(width).for_each(<[f32]>::reverse),
        3 => plane.data.reverse(),
        4 => {
            plane.data.reverse();
            plane.data.chunks_exact_mut(width).for_each(<[f32]>::reverse);
        }
        _ => {
            // 5..=8 are a transposition, preceded by the row or column reversal of 2, 3 and 4.
            match orientation {
                6 => turn(plane, 4)?,
                7 => turn(plane, 3)?,
                8 => turn(plane, 2)?,
                _ => {}
            }
            *plane = transpose(plane)?;
        }
    }
    Ok(())
}

fn transpose(plane: &Plane) -> Result<Plane, Error> {
    const BLOCK: usize = 32;
    let (width, height) = (plane.width, plane.height);
    let mut out = limits::new_plane(height, width)?;
    for top in (0..height).step_by(BLOCK) {
        for left in (0..width).step_by(BLOCK) {
            for y in top..(top + BLOCK).min(height) {
                let right = (left + BLOCK).min(width);
                for (x, &value) in (left..right).zip(&plane.row(y)[left..right]) {
                    out.data[x * height + y] = value;
                }
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
