//! Exif orientation, applied to samples.

use unband_image::{Codec, Context, Image, Metadata, Model, Plane, Siting, Subsampling, Turn};

use crate::{Error, exif, limits, orient_jpeg, xmp};

/// Rotates and mirrors an image stored in `orientation` (1..=8) so that it is upright, and updates its
/// metadata. Subsampled chroma planes are brought to full size if their samples would no longer match a
/// siting.
///
/// Source: CIPA DC-008, tag Orientation.
pub(crate) fn apply(image: &mut Image, orientation: u8) -> Result<(), Error> {
    let turn = Turn::from_exif(orientation);
    if turn.is_none() {
        return Ok(());
    }
    if let Model::Yuv { matrix, range, subsampling } = image.color.model {
        if let Some((subsampling, siting)) = turned_chroma(image, subsampling, turn) {
            image.color.model = Model::Yuv { matrix, range, subsampling };
            image.color.siting = siting;
        } else {
            let taken = std::mem::replace(image, Image::new(Vec::new(), Model::Gray, image.depth));
            let full = taken.into_full_chroma(&Context::default());
            *image = full.map_err(|error| Error::damaged("image", error))?;
        }
    }
    let size = (image.width(), image.height());
    if let Codec::Jpeg(jpeg) = &mut image.origin.codec {
        orient_jpeg::apply(jpeg, size, turn);
    }
    let tiff = &mut image.metadata.tiff;
    for plane in image.planes.iter_mut().chain(&mut image.alpha).chain(&mut tiff.bands) {
        apply_to_plane(plane, turn)?;
    }
    if turn.transposed {
        tiff.size = (tiff.size.1, tiff.size.0);
    }
    let metadata = &mut image.metadata;
    drop_geo_tags(metadata);
    if metadata.exif.as_deref().is_some_and(exif::has_thumbnail) {
        metadata.unread.push("Exif thumbnail".to_owned());
    }
    reset_tags(metadata, orientation);
    if let Some(map) = &mut metadata.gain_map {
        map.orientation = orientation;
    }
    if turn.transposed
        && let Some(density) = &mut metadata.density
    {
        std::mem::swap(&mut density.x, &mut density.y);
    }
    Ok(())
}

/// Sets the orientation in Exif and XMP to 1, once `applied` (1..=8) has been applied to the samples.
pub(crate) fn reset_tags(metadata: &mut Metadata, applied: u8) {
    if let Some(block) = &mut metadata.exif {
        exif::set_orientation(block, applied);
    }
    if let Some(packet) = &mut metadata.xmp {
        xmp::reset_orientation(packet);
    }
}

/// Removes the tags of a place on Earth: they are those of the stored rows and columns.
fn drop_geo_tags(metadata: &mut Metadata) {
    let tags = &mut metadata.tiff.tags;
    let all = tags.len();
    tags.retain(|tag| !exif::is_place(tag.tag));
    if tags.len() < all {
        metadata.unread.push("GeoTIFF tags (the image was rotated)".to_owned());
    }
}

/// Subsampling and siting after the change, if the chroma samples can be moved like those of luma.
fn turned_chroma(image: &Image, chroma: Subsampling, turn: Turn) -> Option<(Subsampling, Siting)> {
    // Chroma on a luma sample, or between two?
    let on = |siting| (siting != Siting::Center, siting == Siting::TopLeft);
    let (on_x, on_y) = on(image.color.siting);
    let in_place = |length: usize, scale: u8, on: bool, reversed: bool| {
        !reversed || length % usize::from(scale) == usize::from(on && scale > 1)
    };
    if !in_place(image.width(), chroma.x, on_x, turn.across)
        || !in_place(image.height(), chroma.y, on_y, turn.down)
    {
        return None;
    }
    let (chroma, wanted) = if turn.transposed {
        (Subsampling { x: chroma.y, y: chroma.x }, (on_y, on_x))
    } else {
        (chroma, (on_x, on_y))
    };
    // Where chroma has full size, every siting fits.
    let fits = |siting: &Siting| {
        let (x, y) = on(*siting);
        (chroma.x == 1 || x == wanted.0) && (chroma.y == 1 || y == wanted.1)
    };
    let all = [image.color.siting, Siting::Left, Siting::Center, Siting::TopLeft];
    all.into_iter().find(fits).map(|siting| (chroma, siting))
}

/// Rotates and mirrors a plane.
///
/// # Errors
/// [`Error::Memory`].
pub(crate) fn apply_to_plane(plane: &mut Plane, turn: Turn) -> Result<(), Error> {
    let mut spare = Vec::new();
    if turn.transposed {
        spare = limits::new_plane(plane.height, plane.width)?.data;
    }
    turn.apply_to_plane(plane, &mut spare, &Context::default());
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
