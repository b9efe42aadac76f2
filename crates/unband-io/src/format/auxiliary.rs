//! Detection of gain maps and further images that are not kept, so that they can be reported.
//!
//! Source: CIPA DC-007 (Multi-Picture Format), Android's Ultra HDR Image Format 1.1, ISO 21496-1, Apple's HDR
//! photos.

use unband_image::AuxiliaryImage;

use super::jpeg::markers::Markers;
use crate::exif::{self, Block};

/// Signature of the table of a file with several images.
pub(super) const MPF: &[u8] = b"MPF\0";
const MP_ENTRIES: u16 = 0xB002;
/// Identifier of gain map metadata by ISO 21496-1.
pub(super) const ISO: &[u8] = b"urn:iso:std:iso:ts:21496:-1";
/// Marks in the XMP of an image with a gain map, or of the gain map itself: Adobe's and Google's, and
/// Apple's.
pub(super) const NAMES: [&[u8]; 2] = [b"://ns.adobe.com/hdr-gain-map/", b"aux:hdrgainmap"];
/// Number of bytes after the image that are searched.
const HEAD: usize = 1 << 16;

/// Gain maps and further images in a JPEG file.
pub(super) fn in_jpeg(markers: &Markers<'_>, bytes: &[u8]) -> Vec<AuxiliaryImage> {
    let table = markers.segment(2, MPF);
    let images = table.map_or(0, further_images);
    let mut gain_map = announces_gain_map(markers);
    if !gain_map && images > 0 {
        let behind = bytes.get(markers.end..).unwrap_or_default();
        let head = &behind[..behind.len().min(HEAD)];
        gain_map = names_gain_map(head) || holds(head, ISO);
    }
    let further = images > usize::from(gain_map);
    let found = [(gain_map, AuxiliaryImage::GainMap), (further, AuxiliaryImage::Further)];
    found.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect()
}

/// Does a JPEG image announce a gain map, or that it is one?
pub(super) fn announces_gain_map(markers: &Markers<'_>) -> bool {
    let mut segments = markers.segments.iter();
    markers.segment(2, ISO).is_some() || segments.any(|s| s.0 == 1 && names_gain_map(s.1))
}

/// Does a text name a gain map, as XMP does?
pub(super) fn names_gain_map(text: &[u8]) -> bool {
    NAMES.iter().any(|name| holds(text, name))
}

/// Number of images after the first, except its previews.
fn further_images(table: &[u8]) -> usize {
    /// Type "large thumbnail".
    const PREVIEW: u32 = 0x01_0000;
    let Some(block) = Block::new(table) else { return 0 };
    let Some((entries, _)) = block.first() else { return 0 };
    let Some(entry) = exif::find(&entries, MP_ENTRIES) else { return 0 };
    // Each entry has 16 bytes, attributes first.
    let kinds = entry
        .value
        .clone()
        .step_by(16)
        .filter_map(|at| block.u32(at))
        .map(|attributes| attributes & 0xFF_0000);
    kinds.skip(1).filter(|kind| *kind != PREVIEW).count()
}

/// Gain maps in the `meta` box of HEIC and AVIF: an item of kind `tmap`, or Apple's auxiliary image.
pub(super) fn in_meta(meta: &[u8]) -> Vec<AuxiliaryImage> {
    // Items are described by `infe` boxes: version and flags, id of 2 or 4 bytes, protection, kind.
    let infos = meta.windows(4).enumerate().filter(|(_, kind)| kind == b"infe");
    let kind = |at: usize| {
        let number = if meta.get(at + 4)? >= &3 { 4 } else { 2 };
        meta.get(at + 8 + number + 2..)?.first_chunk::<4>()
    };
    let tone_map = infos.into_iter().any(|(at, _)| kind(at) == Some(b"tmap"));
    let found = tone_map || holds(meta, NAMES[1]);
    found.then_some(AuxiliaryImage::GainMap).into_iter().collect()
}

pub(super) fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
