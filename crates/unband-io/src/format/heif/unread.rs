//! Names of the items and boxes of HEIC and AVIF files that are not kept.
//!
//! Source: ISO/IEC 14496-12, 8.11 (items), 23008-12, 6.4 and 6.5.8 (roles of images).

use super::super::unread::{Unread, coded, identifier};
use crate::isobmff::{self, BoxType, child};

/// Kinds of items that are images, by themselves or made of others.
const IMAGES: [&BoxType; 6] = [b"av01", b"hvc1", b"hev1", b"grid", b"iden", b"iovl"];
/// Auxiliary images that are read, or reported as gain maps.
const KNOWN: [&str; 3] =
    ["urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", "urn:mpeg:hevc:2015:auxid:1", "hdrgainmap"];
/// Boxes that only say where and how items are stored.
const META: [&BoxType; 10] =
    [b"hdlr", b"pitm", b"iinf", b"iloc", b"iprp", b"iref", b"idat", b"dinf", b"free", b"skip"];
/// Properties that are read, or that only say how samples are coded.
const PROPERTIES: [&BoxType; 18] = [
    b"ispe", b"pixi", b"av1C", b"hvcC", b"lhvC", b"a1op", b"a1lx", b"lsel", b"oinf", b"tols", b"irot",
    b"imir", b"clap", b"colr", b"pasp", b"auxC", b"clli", b"mdcv",
];
/// Limit on items and references; a grid of the largest size has fewer.
const MOST: usize = 1 << 16;

/// The items, boxes and images of a file that its metadata does not hold.
pub(in crate::format) fn names(file: &[u8]) -> Vec<String> {
    let mut unread = Unread::default();
    let mut rest = file;
    while let Ok((kind, content, next)) = isobmff::first("", rest) {
        match &kind {
            b"ftyp" | b"mdat" | b"free" | b"skip" | b"wide" => {}
            b"meta" => {
                // Unreadable parts are left to the decoder.
                let _ = put_items(content.get(4..).unwrap_or_default(), &mut unread);
            }
            kind => unread.put(coded("box", kind, content)),
        }
        rest = next;
    }
    // Bytes of another program after the last box.
    unread.put_rest(rest);
    unread.names()
}

fn put_items(meta: &[u8], unread: &mut Unread) -> Option<()> {
    let primary = child(meta, *b"pitm").and_then(|content| Fields(content).versioned_id());
    let references = child(meta, *b"iref").and_then(references).unwrap_or_default();
    let from = |kind: &BoxType, id: u32| references.iter().any(|r| r.0 == *kind && r.1 == id);
    let part = |id: u32| references.iter().any(|r| &r.0 == b"dimg" && r.2.contains(&id));
    for (id, kind, content_type) in items(child(meta, *b"iinf")?)? {
        match &kind {
            b"Exif" | b"tmap" => {}
            b"mime" if content_type.starts_with(b"application/rdf+xml") => {}
            b"mime" => unread.put(format!("item of type `{}`", identifier(content_type))),
            image if IMAGES.contains(&image) => {
                if from(b"thmb", id) {
                    unread.put("thumbnail");
                } else if primary != Some(id) && !part(id) && !from(b"auxl", id) {
                    unread.put("further image");
                }
            }
            kind => unread.put(coded("item", kind, &[])),
        }
    }
    let mut rest = meta;
    while let Ok((kind, content, next)) = isobmff::first("", rest) {
        if !META.contains(&&kind) {
            unread.put(coded("box", &kind, content));
        }
        rest = next;
    }
    let mut properties = child(child(meta, *b"iprp")?, *b"ipco")?;
    while let Ok((kind, content, next)) = isobmff::first("", properties) {
        let name = identifier_of_auxiliary(content);
        if &kind == b"auxC" && !KNOWN.iter().any(|known| name.ends_with(known)) {
            unread.put(format!("auxiliary image `{name}`"));
        } else if !PROPERTIES.contains(&&kind) {
            unread.put(coded("property", &kind, content));
        }
        properties = next;
    }
    Some(())
}

/// The name of an auxiliary image; those of Apple are longer than other identifiers.
fn identifier_of_auxiliary(content: &[u8]) -> String {
    let name = content.get(4..).unwrap_or_default();
    let end = name.iter().position(|&b| b == 0).unwrap_or(name.len()).min(64);
    name[..end].chunks(16).map(identifier).collect()
}

/// Id, kind and content type of all items.
fn items(content: &[u8]) -> Option<Vec<(u32, BoxType, &[u8])>> {
    let mut head = Fields(content);
    let version = head.number(4)? >> 24;
    head.number(if version == 0 { 2 } else { 4 })?;
    let mut rest = head.0;
    let mut items = Vec::new();
    while let Ok((kind, content, next)) = isobmff::first("", rest) {
        let mut info = Fields(content);
        let version = info.number(4)? >> 24;
        if &kind == b"infe" && version >= 2 {
            let id = info.number(if version == 2 { 2 } else { 4 })?;
            info.number(2)?;
            let kind = info.number(4)?.to_be_bytes();
            // The item's name ends with a zero.
            let name = info.0.iter().position(|&b| b == 0).map_or(info.0.len(), |end| end + 1);
            items.push((id, kind, &info.0[name..]));
        }
        if items.len() > MOST {
            return None;
        }
        rest = next;
    }
    Some(items)
}

/// A reference: its kind, the item that refers, and those that it refers to.
type Reference = (BoxType, u32, Vec<u32>);

fn references(content: &[u8]) -> Option<Vec<Reference>> {
    let mut head = Fields(content);
    let size = if head.number(4)? >> 24 == 0 { 2 } else { 4 };
    let (mut rest, mut references, mut count) = (head.0, Vec::new(), 0);
    while let Ok((kind, content, next)) = isobmff::first("", rest) {
        let mut fields = Fields(content);
        let from = fields.number(size)?;
        let to: Vec<u32> = (0..fields.number(2)?).map_while(|_| fields.number(size)).collect();
        count += 1 + to.len();
        // Items and references are compared with each other.
        if count > MOST / 64 {
            return None;
        }
        references.push((kind, from, to));
        rest = next;
    }
    Some(references)
}

/// Big-endian fields from the front of a slice.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn number(&mut self, bytes: usize) -> Option<u32> {
        let (head, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(head.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte)))
    }

    /// An item id of 2 or 4 bytes, by the version of its box.
    fn versioned_id(mut self) -> Option<u32> {
        let version = self.number(4)? >> 24;
        self.number(if version == 0 { 2 } else { 4 })
    }
}
