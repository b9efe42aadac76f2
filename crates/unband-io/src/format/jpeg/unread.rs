//! Names of the JPEG segments that are not kept, and of the bytes after the image.
//!
//! Source: ITU-T T.86, Annex B (application markers); `ExifTool`'s list of segments; ISO/IEC 19566-5 (JUMBF).

use std::ops::Range;

use unband_image::Metadata;

use super::super::auxiliary::{ISO, MPF};
use super::super::unread::{CREDENTIALS, Unread, identifier};
use super::markers::Markers;
use super::{EXIF, LONG_XMP, PHOTOSHOP, XMP};

const ICC: &[u8] = b"ICC_PROFILE\0";

/// Identifiers that `ExifTool` explains, and the content of their segments.
const KNOWN: [(u8, &[u8], &str); 7] = [
    (0, b"JFXX", "thumbnail"),
    (1, b"FLIR", "thermal data"),
    (2, b"FPXR", "FlashPix"),
    (3, b"FLIR", "thermal data"),
    (3, b"META", "Kodak's tags"),
    (10, b"HDR_RI", "HDR ratio image"),
    (12, b"Ducky", "Photoshop's quality"),
];

/// The segments of a file that its metadata does not hold.
/// `map`: where the gain map is.
pub(super) fn names(
    markers: &Markers<'_>,
    metadata: &Metadata,
    map: Option<Range<usize>>,
    file: &[u8],
) -> Vec<String> {
    let mut unread = Unread::default();
    let (mut exif, mut xmp) = (0, 0);
    let alone = metadata.auxiliary.is_empty();
    for &(number, body) in &markers.segments {
        match number {
            0 if body.starts_with(b"JFIF\0") => {
                // Width and height of a thumbnail.
                if body.get(12..14).is_some_and(|sides| !sides.contains(&0)) {
                    unread.put("JFIF thumbnail");
                }
            }
            1 if body.starts_with(EXIF) => {
                exif += 1;
                if exif > 1 || metadata.exif.is_none() {
                    unread.put(if exif > 1 { "further Exif" } else { "Exif (damaged)" });
                }
            }
            1 if body.starts_with(XMP) => {
                xmp += 1;
                if xmp > 1 {
                    unread.put("further XMP");
                }
            }
            1 if body.starts_with(LONG_XMP) => {}
            2 if body.starts_with(ICC) => {
                if metadata.icc.is_none() {
                    unread.put("ICC profile (a part is missing)");
                }
            }
            // Reported as gain maps and further images, unless the table lists only previews.
            2 if body.starts_with(ISO) => {}
            2 if body.starts_with(MPF) => {
                if alone {
                    unread.put("previews (APP2 segment `MPF`)");
                }
            }
            13 if body.starts_with(PHOTOSHOP) => {}
            14 if body.starts_with(b"Adobe") => {}
            _ => unread.put(segment(number, body)),
        }
    }
    let long = markers.segments_of(1, LONG_XMP).next().is_some();
    if long && (xmp == 0 || super::long_xmp(markers).is_none()) {
        unread.put("extended XMP (a part is missing)");
    }
    let behind = |from: usize| file.get(from..).unwrap_or_default();
    match map {
        Some(map) => {
            let between = file.get(markers.end..map.start).unwrap_or_default();
            unread.put_rest(&[between, behind(map.end)].concat());
        }
        None if alone && markers.complete => unread.put_rest(behind(markers.end)),
        None => {}
    }
    unread.names()
}

/// A segment by its number and identifier.
fn segment(number: u8, body: &[u8]) -> String {
    // JUMBF: `JP`, then numbers and a box.
    if number == 11 && body.starts_with(b"JP") {
        let credentials = body.windows(4).any(|part| part == b"c2pa");
        let known = if credentials { CREDENTIALS } else { "JUMBF" };
        return format!("{known} (APP11 segment `JP`)");
    }
    let name = match identifier(body) {
        name if name.is_empty() => format!("APP{number} segment"),
        name => format!("APP{number} segment `{name}`"),
    };
    match KNOWN.iter().find(|known| known.0 == number && body.starts_with(known.1)) {
        Some(known) => format!("{} ({name})", known.2),
        None => name,
    }
}
