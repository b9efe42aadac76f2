//! HEIC still images: 8, 10 and 12 bits, grids, alpha and all properties.
//!
//! Planes are grey, or luma and chroma of half the size as stored. What the decoder does not support is read
//! by libheif's program.
//!
//! Source: ISO/IEC 23008-12 (HEIF), ITU-T H.265 (HEVC).

#[cfg(feature = "heic")]
mod hevc;
mod program;
#[cfg(feature = "heic")]
mod sps;

use unband_image::Image;

use super::{FormatEntry, read_only};
use crate::isobmff::brands;
use crate::{Error, Limits};

const NAME: &str = "HEIC";
const BRANDS: [&[u8; 4]; 6] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"];

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["heic", "heif", "hif"],
    reads: true,
    writes: None,
    is,
    read,
    write: read_only,
};

/// Whether one of the file's brands announces HEVC.
fn is(bytes: &[u8]) -> bool {
    brands(bytes).is_some_and(|(_, mut all)| all.any(|brand| BRANDS.iter().any(|b| *b == brand)))
}

#[cfg(feature = "heic")]
fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    match super::heif::read::<hevc::Hevc>(bytes, limits) {
        Err(Error::Unsupported { what, .. }) => program::read(bytes, limits, &format!(" with {what}")),
        done => done,
    }
}

#[cfg(not(feature = "heic"))]
fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    program::read(bytes, limits, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isobmff::boxed;

    #[test]
    fn other_images_in_such_boxes_are_none_of_these() {
        assert!(!is(&boxed(*b"ftyp", b"avif\0\0\0\0mif1miafavif")));
        assert!(is(&boxed(*b"ftyp", b"heic\0\0\0\0mif1heic")));
        assert!(!is(b"\0\0\0\x18ftyp"));
    }
}
