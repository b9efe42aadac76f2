//! Reading of the primary item with any codec.

use unband_image::{Codec, Image};

use super::container::Container;
use super::grid::{GridCanvas, alpha_plane};
use super::properties::{alpha_of, aperture, crop, metadata, nclx, orientation};
use super::still::ItemCodec;
use super::unread;
use crate::format::auxiliary;
use crate::{Error, Limits, exif, orient};

/// Reads the primary item.
///
/// # Errors
/// Damaged files, those beyond the limits, and those that the codec cannot decode.
pub(in crate::format) fn read<C: ItemCodec>(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let container = Container::parse(C::FORMAT, bytes)?;
    let item = container.primary()?;
    let canvas = GridCanvas::new::<C>(&container, item, limits)?;
    let alpha = alpha_of(&container, item)?;
    let (width, height) = canvas.size;
    let mono = canvas.header.mono;
    limits.check(width.into(), height.into(), if mono { 1 } else { 3 } + u64::from(alpha.is_some()))?;
    let cicp = nclx(&container, item)?.unwrap_or(canvas.header.cicp);
    let mut image = canvas.image::<C>(cicp, limits)?;
    if let Some(item) = alpha {
        image.alpha = Some(alpha_plane::<C>(&container, item, limits, &image)?);
    }
    // Two unspecified code points carry no information.
    image.color.cicp = (cicp.primaries != 2 || cicp.transfer != 2).then_some(cicp);
    image.origin.codec = Codec::Lossy(C::FORMAT);
    image.metadata = metadata(&container, item)?;
    image.metadata.auxiliary = auxiliary::in_meta(container.meta);
    image.metadata.unread = unread::names(bytes);
    if let Some(mut window) = container.property(item, *b"clap") {
        image = crop(C::FORMAT, image, aperture(&mut window, canvas.size)?)?;
    }
    // The item's own properties apply, not Exif (MIAF, 7.3.6.5 and 7.3.10.1).
    let turn = orientation(&container, item)?;
    if turn == 1 && image.metadata.exif.as_deref().is_some_and(|block| exif::orientation(block) != 1) {
        orient::reset_tags(&mut image.metadata, 1);
    }
    orient::apply(&mut image, turn)?;
    Ok(image)
}
