//! Reading of still images with any codec.

use unband_image::{Cicp, Codec, Image, Plane, Siting, Subsampling};

use super::boxes::{Container, HeifItem};
use super::grid::{GridCanvas, alpha_plane};
use super::properties::{alpha_of, aperture, crop, metadata, nclx, orientation};
use crate::format::auxiliary;
use crate::isobmff::BoxType;
use crate::{Error, Limits, exif, orient};

/// Coding of an image, known before it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::format) struct StillHeader {
    /// Bits per sample: 8, 10 or 12.
    pub(in crate::format) bits: u8,
    pub(in crate::format) mono: bool,
    pub(in crate::format) subsampling: Subsampling,
    pub(in crate::format) siting: Siting,
    pub(in crate::format) cicp: Cicp,
}

impl StillHeader {
    /// Whether samples of both mean the same.
    pub(super) fn is_coded_as(&self, other: &Self) -> bool {
        let coding = |header: &Self| (header.bits, header.mono, header.subsampling, header.cicp.full_range);
        coding(self) == coding(other)
    }
}

/// A codec of the images in a container.
pub(in crate::format) trait ItemCodec {
    /// Name of the format.
    const FORMAT: &'static str;
    /// Types of its items.
    const ITEMS: &'static [&'static BoxType];
    /// Shortest side of the tiles of a grid.
    const SMALLEST_TILE: u32 = 1;
    /// Whether alpha is of full range whatever its header says.
    const ALPHA_IS_FULL: bool = false;
    type Image: Decoded;

    /// The header of an item of that size. Nothing is allocated for its samples.
    ///
    /// # Errors
    /// Streams that are damaged, too short for the size, or beyond the limits.
    fn header(
        container: &Container<'_>,
        item: &HeifItem<'_>,
        size: (u32, u32),
        limits: &Limits,
    ) -> Result<StillHeader, Error>;

    /// An item of that size, and its header.
    ///
    /// # Errors
    /// As [`ItemCodec::header`], and images that differ from it.
    fn decode(
        container: &Container<'_>,
        item: &HeifItem<'_>,
        size: (u32, u32),
        limits: &Limits,
    ) -> Result<(StillHeader, Self::Image), Error>;
}

/// A decoded image.
pub(in crate::format) trait Decoded {
    /// Copies one component into a plane, with its first sample at `x`, `y`. Samples past the edges are
    /// ignored. `values` maps each code to its value.
    fn put(&self, component: usize, to: &mut Plane, x: usize, y: usize, values: &[f32]);
}

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
    image.metadata.unread = super::names(bytes);
    if let Some(mut window) = container.property(item, *b"clap") {
        image = crop(C::FORMAT, image, aperture(&mut window, canvas.size)?)?;
    }
    // The item's own properties apply, not Exif (MIAF, 7.3.6.5 and 7.3.10.1).
    let turn = orientation(&container, item)?;
    if let Some(block) =
        image.metadata.exif.as_mut().filter(|block| turn == 1 && exif::orientation(block) != 1)
    {
        exif::settle_orientation(block, 1);
        image.metadata.xmp.iter_mut().for_each(|xmp| exif::settle_xmp(xmp));
    }
    orient::apply(&mut image, turn)?;
    Ok(image)
}
