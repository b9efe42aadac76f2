//! Properties and metadata of an item: colours, alpha, orientation, clean aperture, Exif and XMP.

use std::borrow::Cow;

use unband_image::{
    Cicp, Context, Density, DensityUnit, Image, Mastering, Metadata, Model, Subsampling, Window,
};

use super::boxes::{ALPHA, Cursor, XMP_TYPE};
use super::container::{Container, HeifItem};
use crate::{Error, exif};

/// The code points of the container; they take precedence over those of the stream.
pub(super) fn nclx<'a>(container: &Container<'a>, item: &HeifItem<'a>) -> Result<Option<Cicp>, Error> {
    for mut color in container.properties_of(item, *b"colr") {
        if color.take(4)? == b"nclx" {
            let mut code = || Ok::<_, Error>(u8::try_from(color.u16()?).unwrap_or(2));
            let (primaries, transfer, matrix) = (code()?, code()?, code()?);
            let full_range = color.u8()? >> 7 == 1;
            return Ok(Some(Cicp { primaries, transfer, matrix, full_range }));
        }
    }
    Ok(None)
}

/// The item with the alpha plane of another item.
pub(super) fn alpha_of<'c, 'a>(
    container: &'c Container<'a>,
    item: &HeifItem<'a>,
) -> Result<Option<&'c HeifItem<'a>>, Error> {
    let is_alpha = |item: &&HeifItem<'a>| {
        container.property(item, *b"auxC").is_some_and(|mut kind| {
            kind.version().is_ok()
                && ALPHA
                    .iter()
                    .any(|urn| kind.rest.strip_suffix(b"\0").unwrap_or(kind.rest) == urn.as_bytes())
        })
    };
    let Some(alpha) = container.referring(*b"auxl", item.id).find(is_alpha) else { return Ok(None) };
    if container.referred(*b"prem", item.id).contains(&alpha.id) {
        return Err(Error::unsupported(container.format, "premultiplied alpha"));
    }
    Ok(Some(alpha))
}

pub(super) fn metadata<'a>(container: &Container<'a>, item: &HeifItem<'a>) -> Result<Metadata, Error> {
    let mut metadata = Metadata::default();
    for mut color in container.properties_of(item, *b"colr") {
        if matches!(color.take(4)?, b"prof" | b"rICC") {
            metadata.icc = Some(color.rest.to_vec());
        }
    }
    if let Some(mut light) = container.property(item, *b"clli") {
        let mut nits = || Ok::<_, Error>(u32::from(light.u16()?) * 10_000);
        metadata.colorimetry.content_light = Some((nits()?, nits()?));
    }
    if let Some(mut display) = container.property(item, *b"mdcv") {
        // The box stores green, blue, red, white; here red comes first.
        let mut stored = [0; 8];
        for value in &mut stored {
            *value = display.u16()?;
        }
        let [gx, gy, bx, by, rx, ry, wx, wy] = stored;
        metadata.colorimetry.mastering = Some(Mastering {
            chromaticities: [rx, ry, gx, gy, bx, by, wx, wy],
            max_luminance: display.u32()?,
            min_luminance: display.u32()?,
        });
    }
    let block = container.metadata(*b"Exif", b"", item.id);
    if let Some(mut cursor) = block.as_deref().map(|block| container.cursor(block))
        && let Ok(offset) = cursor.u32()
        && let Some(block) = cursor.rest.get(offset as usize..).and_then(exif::block)
    {
        metadata.density = exif::density(block);
        // A block created only for the density has nothing else.
        metadata.exif = Some(block.to_vec()).filter(|block| exif::describes_more_than_density(block));
    }
    metadata.xmp = container.metadata(*b"mime", XMP_TYPE, item.id).map(Cow::into_owned);
    if let Some(mut aspect) = container.property(item, *b"pasp").filter(|_| metadata.density.is_none()) {
        let (across, down) = (aspect.u32()?, aspect.u32()?);
        if across != down && across > 0 && down > 0 {
            let unit = DensityUnit::Aspect;
            metadata.density = Some(Density { x: down.into(), y: across.into(), unit });
        }
    }
    Ok(metadata)
}

/// The Exif orientation equivalent to the item's rotation followed by its mirroring.
pub(super) fn orientation<'a>(container: &Container<'a>, item: &HeifItem<'a>) -> Result<u8, Error> {
    // Quarter turns counterclockwise.
    let turn = container.property(item, *b"irot").map_or(Ok(0), |mut turn| turn.u8())? & 3;
    let mirror = container.property(item, *b"imir").map(|mut axis| axis.u8()).transpose()?;
    let table = match mirror.map(|axis| axis & 1) {
        None => [1, 8, 3, 6],
        // Top to bottom.
        Some(0) => [4, 5, 2, 7],
        // Left to right.
        Some(_) => [2, 7, 4, 5],
    };
    Ok(table[usize::from(turn)])
}

/// The visible part of an image of this size.
///
/// Source: ISO/IEC 14496-12, 12.1.4.1 (clean aperture).
pub(super) fn aperture(content: &mut Cursor<'_>, size: (u32, u32)) -> Result<Window, Error> {
    let format = content.format;
    let wrong =
        || Error::damaged(format, "its clean aperture is not a range of whole samples inside the image");
    let mut numbers = [0i128; 8];
    for (i, number) in numbers.iter_mut().enumerate() {
        let stored = content.u32()?;
        // Offsets are signed.
        *number = if matches!(i, 4 | 6) { (stored.cast_signed()).into() } else { stored.into() };
    }
    let whole = |a: i128, b: i128| if b > 0 && a % b == 0 { Ok(a / b) } else { Err(wrong()) };
    let side = |i: usize, full: u32| {
        let full = i128::from(full);
        let length = whole(numbers[i], numbers[i + 1])?;
        let (offset, scale) = (numbers[i + 4], numbers[i + 5]);
        let start = whole((full - length) * scale + 2 * offset, 2 * scale)?;
        if length < 1 || start < 0 || start + length > full {
            return Err(wrong());
        }
        Ok((start as usize, length as usize))
    };
    let ((x, width), (y, height)) = (side(0, size.0)?, side(2, size.1)?);
    Ok(Window { x0: x, y0: y, x1: x + width, y1: y + height })
}

/// The visible part of an image. Chroma gets full size where its first sample would be divided.
pub(super) fn crop(format: &'static str, image: Image, window: Window) -> Result<Image, Error> {
    let subsampling = match image.color.model {
        Model::Yuv { subsampling, .. } => subsampling,
        _ => Subsampling::NONE,
    };
    let apart = |at: usize, scale: u8| !at.is_multiple_of(scale.into());
    let image = if apart(window.x0, subsampling.x) || apart(window.y0, subsampling.y) {
        image.into_full_chroma(&Context::default()).map_err(|e| Error::damaged(format, e))?
    } else {
        image
    };
    Ok(Image { origin: image.origin.clone(), ..image.cut(window) })
}
