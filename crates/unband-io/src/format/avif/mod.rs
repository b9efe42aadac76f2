//! AVIF still images of 8, 10 and 12 bits.
//!
//! Planes are grey, RGB, or luma and chroma as stored.
//!
//! Source: AV1 Image File Format 1.1, ISO/IEC 23008-12 (HEIF), ITU-T H.273 (code points).

mod av1;
mod encode;
mod mux;

use std::io::Write;

use unband_image::{Depth, Image, Model};

use self::av1::Av1;
use self::encode::Coding;
use self::mux::StoredImage;
use super::{Dropped, FormatEntry, Item, When, WriteOptions, Writes, heif};
use crate::isobmff::brands;
use crate::{Error, Limits};

const NAME: &str = "AVIF";
/// AV1 itself allows 65,536.
const LONGEST_SIDE: u32 = 65_535;
pub(super) const ENTRY: FormatEntry =
    FormatEntry { name: NAME, extensions: &["avif"], reads: true, writes: Some(WRITES), is, read, write };

const WRITES: Writes = Writes {
    // 12 bits through `avifenc`.
    depths: &[Depth::EIGHT, Depth::Int(10), Depth::Int(12)],
    // The AV1 encoder keeps several frames of its own.
    memory: 6,
    lossy: When::Always,
    effort: When::Always,
    yuv: true,
    alpha: true,
    icc: true,
    exif: true,
    xmp: true,
    cicp: true,
    // In Exif, which is created if there is none.
    density: true,
    ..Writes::SAMPLES
};

/// Whether the brands are those of an AV1 still image or sequence.
fn is(bytes: &[u8]) -> bool {
    brands(bytes).is_some_and(|(_, mut all)| all.any(|brand| brand == b"avif" || brand == b"avis"))
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    if brands(bytes).is_some_and(|(major, _)| major == b"avis") {
        return Err(Error::Several { format: NAME, what: "frames" });
    }
    heif::read::<Av1>(bytes, limits)
}

fn write(
    image: &Image,
    options: &WriteOptions,
    out: &mut dyn Write,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let (width, height) = super::sides(image, NAME, LONGEST_SIDE)?;
    if options.lossless == Some(true) {
        return Err(Error::encode(NAME, "lossless is not supported"));
    }
    let bits = WRITES.container(image.depth, NAME)?.bits();
    let planes = encode::planes(image)?;
    let cicp = encode::code_points(&planes, image.color.cicp);
    let coding =
        Coding { bits, cicp, quality: options.quality, effort: options.effort, threads: options.threads };
    let color = encode::encode(&planes, &coding)?;
    drop(planes);
    let alpha = match &image.alpha {
        Some(plane) => {
            let plane = Image::new(vec![plane.clone()], Model::Gray, image.depth);
            Some(encode::encode(&plane, &coding.of_alpha())?)
        }
        None => None,
    };
    let colors = &image.metadata.colorimetry;
    let described = colors.srgb_intent.is_some() || image.metadata.icc.is_some();
    if !described && colors.gamma.is_some_and(|gamma| gamma != super::SRGB_GAMMA) {
        dropped.push(Dropped::because(Item::Colorimetry, "gamma"));
    }
    let icc = image.metadata.icc.as_deref();
    let fits = |icc: &&[u8]| super::icc_fits(icc, image.color.model);
    if icc.is_some_and(|icc| !fits(&icc)) {
        dropped.push(Dropped::because(Item::Icc, "its colour space differs from the image's"));
    }
    let stored_image =
        StoredImage { width, height, color, alpha, cicp, icc: icc.filter(fits), metadata: &image.metadata };
    mux::write(&stored_image, out)
}
