//! Gain maps after a JPEG image: read with it, written after it.
//!
//! Source: Android's Ultra HDR Image Format 1.1 (XMP), ISO 21496-1, CIPA DC-007 5.2 (table of images).

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use unband_image::{GainMap, Image, Turn};

use super::markers::Markers;
use super::{EXIF, LONG_XMP, NAME, XMP, encode, read_with, segments};
use crate::format::auxiliary::{self, ISO, MPF, NAMES};
use crate::format::{Dropped, Item, WriteOptions};
use crate::orient::apply_to_plane;
use crate::{Error, Limits};

/// Images after the first that are looked at.
const IMAGES: usize = 16;
/// Places of an image that are tried.
const PLACES: usize = 64;
/// Quality of a map that is turned.
const QUALITY: u8 = 98;
const START: &[u8] = b"\xFF\xD8\xFF";

/// The gain map among the images after the first, and its bytes in the file. `packet`: the image's whole XMP.
pub(super) fn read(
    markers: &Markers<'_>,
    packet: Option<&[u8]>,
    bytes: &[u8],
) -> Option<(GainMap, Range<usize>)> {
    let in_xmp = packet.is_some_and(|packet| auxiliary::holds(packet, NAMES[0]));
    if !in_xmp && !auxiliary::announces_gain_map(markers) && markers.segment(2, MPF).is_none() {
        return None;
    }
    let (mut at, mut images) = (markers.end, 0);
    for _ in 0..PLACES {
        at += bytes.get(at..)?.windows(START.len()).position(|window| window == START)?;
        let rest = &bytes[at..];
        let Some(found) = Markers::read(rest).ok().filter(|found| found.complete) else {
            at += START.len();
            continue;
        };
        if is_map(&found) {
            let jpeg = Arc::new(rest[..found.end].to_vec());
            let iso = markers.segment(2, ISO).map(<[u8]>::to_vec);
            let map = GainMap { jpeg, in_xmp, iso, orientation: 1 };
            return Some((map, at..at + found.end));
        }
        images += 1;
        if images == IMAGES {
            return None;
        }
        at += found.end;
    }
    None
}

/// Is this a map, not another image that has one?
fn is_map(markers: &Markers<'_>) -> bool {
    /// Of a list of images, which an image with a map has in its XMP.
    const LIST: &[u8] = b"http://ns.google.com/photos/1.0/container/";
    let xmp = || markers.segments_of(1, XMP);
    let has_others = markers.segment(2, MPF).is_some() || xmp().any(|packet| auxiliary::holds(packet, LIST));
    // An image with a map has versions alone, five bytes with the end of the name.
    let by_iso = markers.segment(2, ISO).is_some_and(|numbers| numbers.len() > 5);
    let by_xmp = xmp().any(auxiliary::names_gain_map);
    !has_others && (by_iso || by_xmp)
}

/// The gain map of an image, turned as the image was; `None` without one, or where it cannot be kept.
pub(super) fn fitting(image: &Image, dropped: &mut Vec<Dropped>) -> Option<Arc<Vec<u8>>> {
    let metadata = &image.metadata;
    let Some(map) = &metadata.gain_map else {
        if metadata.auxiliary.contains(&unband_image::AuxiliaryImage::GainMap) {
            dropped.push(Dropped::all(Item::GainMap));
        }
        return None;
    };
    let jpeg = if map.orientation == 1 { Some(Arc::clone(&map.jpeg)) } else { turned(map).map(Arc::new) };
    let fits = |jpeg: &Arc<Vec<u8>>| {
        let Ok(markers) = Markers::read(jpeg) else { return false };
        let (width, height) = (f64::from(markers.width), f64::from(markers.height));
        let (w, h) = (image.width() as f64, image.height() as f64);
        // Each side may be rounded.
        (width + 1.0) * h >= (height - 1.0) * w && (width - 1.0) * h <= (height + 1.0) * w
    };
    let fitting = jpeg.filter(fits);
    if fitting.is_none() {
        dropped.push(Dropped::because(Item::GainMap, "it does not fit the image"));
    }
    fitting
}

/// The map, turned as its image; `None` if it cannot be read.
fn turned(map: &GainMap) -> Option<Vec<u8>> {
    let mut image = read_with(&map.jpeg, &Limits::default(), false).ok()?;
    for plane in &mut image.planes {
        apply_to_plane(plane, Turn::from_exif(map.orientation)).ok()?;
    }
    image.origin = unband_image::Origin::default();
    image.metadata = unband_image::Metadata::default();
    let markers = Markers::read(&map.jpeg).ok()?;
    let kept = |&(number, body): &(u8, &[u8])| {
        let metadata = number == 1 && !body.starts_with(EXIF) && !body.starts_with(LONG_XMP);
        (metadata || number == 2 && !body.starts_with(MPF)).then(|| (number, body.to_vec()))
    };
    let segments = markers.segments.iter().filter_map(kept).collect();
    let options = WriteOptions { quality: Some(QUALITY), ..WriteOptions::default() };
    let mut out = Vec::new();
    encode(&image, segments, &options, &mut out, &mut Vec::new()).ok()?;
    Some(out)
}

/// Writes an image, and its gain map after it.
pub(super) fn write(
    image: &Image,
    map: &[u8],
    options: &WriteOptions,
    out: &mut dyn Write,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let (Some(own), Ok(length)) = (&image.metadata.gain_map, u32::try_from(map.len())) else {
        return Err(Error::encode(NAME, "the gain map is too large"));
    };
    let said = if own.in_xmp { description(length) } else { String::new() };
    let mut segments = segments(&image.metadata, said.as_bytes(), dropped);
    if let Some(iso) = &own.iso {
        segments.push((2, [ISO, iso].concat()));
    }
    segments.push((2, table(0, length, 0)));
    let mut main = Vec::new();
    encode(image, segments, options, &mut main, dropped)?;
    // The table has the length of the image that it is in.
    let missing = || Error::encode(NAME, "the table of images is missing");
    let at = place_of_table(&main).ok_or_else(missing)?;
    let size = u32::try_from(main.len()).map_err(|_| Error::encode(NAME, "more than 4 GiB"))?;
    let table = table(size, length, size - (at + MPF.len()) as u32);
    main[at..at + table.len()].copy_from_slice(&table);
    let written = out.write_all(&main).and_then(|()| out.write_all(map));
    written.map_err(|source| Error::Io { action: "write", source })
}

/// The statement in the image's XMP.
fn description(length: u32) -> String {
    format!(
        "<rdf:Description rdf:about=\"\" xmlns:hdrgm=\"http://ns.adobe.com/hdr-gain-map/1.0/\" \
         xmlns:Container=\"http://ns.google.com/photos/1.0/container/\" \
         xmlns:Item=\"http://ns.google.com/photos/1.0/container/item/\" hdrgm:Version=\"1.0\">\
         <Container:Directory><rdf:Seq>\
         <rdf:li rdf:parseType=\"Resource\">\
         <Container:Item Item:Semantic=\"Primary\" Item:Mime=\"image/jpeg\"/></rdf:li>\
         <rdf:li rdf:parseType=\"Resource\">\
         <Container:Item Item:Semantic=\"GainMap\" Item:Mime=\"image/jpeg\" Item:Length=\"{length}\"/></rdf:li>\
         </rdf:Seq></Container:Directory></rdf:Description>"
    )
}

/// The table of two images: the first one of `size` bytes, the second one `offset` after the table's own
/// header.
fn table(size: u32, length: u32, offset: u32) -> Vec<u8> {
    /// "Baseline MP primary image".
    const PRIMARY: u32 = 0x0003_0000;
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let number = |value: u32| value.to_be_bytes();
    // Header and directory have 50 bytes.
    [
        MPF,
        b"MM\0*",
        &number(8),
        &3u16.to_be_bytes(),
        &entry(0xB000, 7, 4, *b"0100"),
        &entry(0xB001, 4, 1, number(2)),
        &entry(0xB002, 7, 32, number(50)),
        &number(0),
        &[number(PRIMARY), number(size), number(0), number(0)].concat(),
        &[number(0), number(length), number(offset), number(0)].concat(),
    ]
    .concat()
}

/// Where the content of the table's segment begins.
fn place_of_table(jpeg: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        let &[0xFF, marker, high, low] = jpeg.get(at..)?.first_chunk()? else { return None };
        if marker == 0xE2 && jpeg[at + 4..].starts_with(MPF) {
            return Some(at + 4);
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}
