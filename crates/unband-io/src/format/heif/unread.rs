//! Names of the items and boxes of HEIC and AVIF files that are not kept.
//!
//! Source: ISO/IEC 14496-12, 8.11 (items), 23008-12, 6.4 and 6.5.8 (roles of images).

use std::collections::BTreeSet;

use super::super::unread::{Unread, coded, identifier};
use super::boxes::{
    ALPHA, Cursor, SUPPORTED_PROPERTIES, XMP_TYPE, each_item, parse_primary, parse_references,
};
use crate::isobmff::{self, BoxType, child};

/// Kinds of items that are images, by themselves or made of others.
const IMAGES: [&BoxType; 6] = [b"av01", b"hvc1", b"hev1", b"grid", b"iden", b"iovl"];
/// End of the type of Apple's gain maps.
const GAIN_MAP: &str = "hdrgainmap";
/// Boxes that only say where and how items are stored.
const META: [&BoxType; 10] =
    [b"hdlr", b"pitm", b"iinf", b"iloc", b"iprp", b"iref", b"idat", b"dinf", b"free", b"skip"];
/// Properties that only say how the samples of several layers are coded.
const LAYERS: [&BoxType; 3] = [b"lhvC", b"oinf", b"tols"];

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
    let cursor = |kind| child(meta, kind).map(|rest| Cursor { rest, format: "" });
    let primary = cursor(*b"pitm").and_then(|content| parse_primary(content).ok());
    let references = cursor(*b"iref").map(parse_references).transpose().ok()?.unwrap_or_default();
    let from = |kind: &BoxType| -> BTreeSet<u32> {
        references.iter().filter(|r| r.kind == *kind).map(|r| r.from).collect()
    };
    let (thumbnails, auxiliary) = (from(b"thmb"), from(b"auxl"));
    let parts: BTreeSet<u32> =
        references.iter().filter(|r| &r.kind == b"dimg").flat_map(|r| &r.to).copied().collect();
    let items = each_item(cursor(*b"iinf")?, |id, kind, mut content| {
        let content_type = content.text();
        match &kind {
            b"Exif" | b"tmap" => {}
            b"mime" if content_type.starts_with(XMP_TYPE) => {}
            b"mime" => unread.put(format!("item of type `{}`", identifier(content_type))),
            image if IMAGES.contains(&image) => {
                if thumbnails.contains(&id) {
                    unread.put("thumbnail");
                } else if primary != Some(id) && !parts.contains(&id) && !auxiliary.contains(&id) {
                    unread.put("further image");
                }
            }
            kind => unread.put(coded("item", kind, &[])),
        }
        Ok(())
    });
    items.ok()?;
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
        let is_known = name.ends_with(GAIN_MAP) || ALPHA.iter().any(|urn| name.ends_with(urn));
        if &kind == b"auxC" && !is_known {
            unread.put(format!("auxiliary image `{name}`"));
        } else if !SUPPORTED_PROPERTIES.contains(&&kind) && !LAYERS.contains(&&kind) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isobmff::boxed;

    #[test]
    fn tiles_of_a_large_grid_are_not_further_images() {
        const TILES: u16 = 40 * 40;
        let info = |id: u16, kind: &BoxType| {
            boxed(*b"infe", &[&[2, 0, 0, 0], &id.to_be_bytes()[..], &[0, 0], kind, &[0]].concat())
        };
        let ids: Vec<u8> = (1..=TILES).flat_map(u16::to_be_bytes).collect();
        let grid = boxed(*b"dimg", &[&[0, 0], &TILES.to_be_bytes()[..], &ids].concat());
        // A grid of that many tiles, and one image more.
        let infos: Vec<u8> = (1..=TILES + 1).flat_map(|id| info(id, b"hvc1")).collect();
        let meta = [
            vec![0; 4],
            boxed(*b"pitm", &[0; 6]),
            boxed(*b"iinf", &[&[0; 6], &info(0, b"grid")[..], &infos].concat()),
            boxed(*b"iref", &[&[0; 4], &grid[..]].concat()),
        ];
        assert_eq!(names(&boxed(*b"meta", &meta.concat())), ["further image"]);
    }
}
