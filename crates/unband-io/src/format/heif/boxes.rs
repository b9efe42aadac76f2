//! Parser of the boxes that list items: `pitm`, `iinf` and `iref`.
//!
//! Source: ISO/IEC 14496-12, 4.2 (boxes), 8.11.4, 8.11.6 and 8.11.12 (items).

use crate::Error;
use crate::isobmff::{self, BoxType};

/// Supported properties. An item with any other essential property cannot be read.
pub(super) const SUPPORTED_PROPERTIES: [&BoxType; 15] = [
    b"av1C", b"hvcC", b"ispe", b"pixi", b"colr", b"auxC", b"irot", b"imir", b"clap", b"pasp", b"clli",
    b"mdcv", b"a1op", b"lsel", b"a1lx",
];
/// Content type of XMP.
pub(super) const XMP_TYPE: &[u8] = b"application/rdf+xml";
/// Types of alpha planes, of AV1 and of HEVC.
pub(super) const ALPHA: [&str; 2] =
    ["urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", "urn:mpeg:hevc:2015:auxid:1"];

/// Reads fields from the front of a slice.
#[derive(Clone, Copy)]
pub(in crate::format) struct Cursor<'a> {
    /// The unread bytes.
    pub(in crate::format) rest: &'a [u8],
    /// Name of the format, for errors.
    pub(in crate::format) format: &'static str,
}

impl<'a> Cursor<'a> {
    pub(in crate::format) fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let short = || Error::damaged(self.format, "a box is too short for its content");
        let (head, rest) = self.rest.split_at_checked(count).ok_or_else(short)?;
        self.rest = rest;
        Ok(head)
    }

    /// An integer of 0 to 8 bytes.
    pub(in crate::format) fn number(&mut self, bytes: usize) -> Result<u64, Error> {
        Ok(self.take(bytes)?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    }

    #[cfg(any(feature = "avif", feature = "heic"))]
    pub(in crate::format) fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.number(1)? as u8)
    }

    pub(in crate::format) fn u16(&mut self) -> Result<u16, Error> {
        Ok(self.number(2)? as u16)
    }

    pub(in crate::format) fn u32(&mut self) -> Result<u32, Error> {
        Ok(self.number(4)? as u32)
    }

    fn kind(&mut self) -> Result<BoxType, Error> {
        Ok(self.u32()?.to_be_bytes())
    }

    /// Version and flags of a full box.
    pub(in crate::format) fn version(&mut self) -> Result<(u8, u32), Error> {
        let both = self.u32()?;
        Ok(((both >> 24) as u8, both & 0xFF_FFFF))
    }

    /// Text up to a zero byte, or to the end.
    pub(super) fn text(&mut self) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| byte == 0);
        let text = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = &self.rest[end.map_or(self.rest.len(), |end| end + 1)..];
        text
    }

    /// Name and content of the next box, `None` at the end.
    pub(super) fn next_box(&mut self) -> Result<Option<(BoxType, &'a [u8])>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (kind, head, size) = isobmff::header(self.format, self.rest, self.rest.len() as u64)?;
        let content = self.rest.get(head as usize..).and_then(|content| {
            // The media data may be truncated; that is detected when items are read.
            let size = usize::try_from(size - head).unwrap_or(usize::MAX);
            let size = if &kind == b"mdat" { size.min(content.len()) } else { size };
            content.split_at_checked(size)
        });
        let (content, rest) = content.ok_or(Error::Truncated { format: self.format })?;
        self.rest = rest;
        Ok(Some((kind, content)))
    }
}

/// A reference from one item to others.
pub(super) struct ItemReference {
    pub(super) kind: BoxType,
    pub(super) from: u32,
    pub(super) to: Vec<u32>,
}

/// Id of the primary item, from a `pitm` box.
pub(super) fn parse_primary(mut content: Cursor<'_>) -> Result<u32, Error> {
    let (version, _) = content.version()?;
    Ok(content.number(if version == 0 { 2 } else { 4 })? as u32)
}

/// Calls `put` with the id and kind of each item of an `iinf` box, and the fields after its name.
pub(super) fn each_item<'a>(
    mut content: Cursor<'a>,
    mut put: impl FnMut(u32, BoxType, Cursor<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let format = content.format;
    let (version, _) = content.version()?;
    content.number(if version == 0 { 2 } else { 4 })?;
    while let Some((kind, rest)) = content.next_box()? {
        let mut content = Cursor { rest, format };
        if &kind != b"infe" {
            continue;
        }
        let (version, _) = content.version()?;
        if version < 2 {
            continue;
        }
        let id = content.number(if version == 2 { 2 } else { 4 })? as u32;
        content.u16()?; // protection
        let kind = content.kind()?;
        content.text(); // name
        put(id, kind, content)?;
    }
    Ok(())
}

/// The references of an `iref` box.
pub(super) fn parse_references(mut content: Cursor<'_>) -> Result<Vec<ItemReference>, Error> {
    let format = content.format;
    let (version, _) = content.version()?;
    let id_size = if version == 0 { 2 } else { 4 };
    let mut references = Vec::new();
    while let Some((kind, rest)) = content.next_box()? {
        let mut content = Cursor { rest, format };
        let from = content.number(id_size)? as u32;
        let count = content.u16()?;
        let to = (0..count).map(|_| Ok(content.number(id_size)? as u32)).collect::<Result<_, Error>>()?;
        references.push(ItemReference { kind, from, to });
    }
    Ok(references)
}
