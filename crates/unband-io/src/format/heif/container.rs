//! Items of a container, their bytes and their properties.
//!
//! Source: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (items and properties), AV1 Image File Format 1.1.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::boxes::{Cursor, ItemReference, SUPPORTED_PROPERTIES, each_item, parse_primary, parse_references};
use crate::Error;
use crate::isobmff::BoxType;

/// Limit on items; a grid of the largest size has half as many.
const MOST_ITEMS: usize = 1 << 17;
/// Limit on the properties of an item, which are searched for every tile.
const MOST_PROPERTIES: usize = 255;

/// An item: an image, a part of one, or metadata.
#[derive(Default)]
pub(in crate::format) struct HeifItem<'a> {
    pub(in crate::format) id: u32,
    pub(in crate::format) kind: BoxType,
    /// Content type, for items of kind `mime`.
    pub(in crate::format) content_type: &'a [u8],
    content_encoding: &'a [u8],
    extents: Vec<(u64, u64)>,
    /// 0: offsets are in the file, 1: offsets are in `idat`.
    method: u8,
    /// Index in the property list, and whether the property is essential.
    properties: Vec<(usize, bool)>,
}

/// The parsed container.
pub(in crate::format) struct Container<'a> {
    /// Name of the format, for errors.
    pub(in crate::format) format: &'static str,
    bytes: &'a [u8],
    /// The `meta` box, which describes all items.
    pub(in crate::format) meta: &'a [u8],
    items: BTreeMap<u32, HeifItem<'a>>,
    primary: u32,
    references: Vec<ItemReference>,
    properties: Vec<(BoxType, &'a [u8])>,
    idat: &'a [u8],
}

impl<'a> Container<'a> {
    /// Parses all boxes that describe items.
    ///
    /// # Errors
    /// Files without items, and boxes that are truncated, contradictory or of an unknown version.
    pub(in crate::format) fn parse(format: &'static str, bytes: &'a [u8]) -> Result<Self, Error> {
        let mut out = Self {
            format,
            bytes,
            meta: &[],
            items: BTreeMap::new(),
            primary: 0,
            references: Vec::new(),
            properties: Vec::new(),
            idat: &[],
        };
        let mut file = out.cursor(bytes);
        while let Some((kind, content)) = file.next_box()? {
            if &kind == b"meta" {
                out.meta = content;
                out.parse_meta(content)?;
                return Ok(out);
            }
        }
        Err(Error::Truncated { format })
    }

    /// Reads fields of a box.
    pub(in crate::format) fn cursor<'b>(&self, rest: &'b [u8]) -> Cursor<'b> {
        Cursor { rest, format: self.format }
    }

    fn parse_meta(&mut self, content: &'a [u8]) -> Result<(), Error> {
        let mut boxes = self.cursor(content);
        boxes.version()?;
        while let Some((kind, content)) = boxes.next_box()? {
            let content = self.cursor(content);
            match &kind {
                b"pitm" => self.primary = parse_primary(content)?,
                b"iinf" => self.parse_infos(content)?,
                b"iloc" => self.parse_locations(content)?,
                b"iref" => self.references.extend(parse_references(content)?),
                b"iprp" => self.parse_properties(content)?,
                b"idat" => self.idat = content.rest,
                _ => {}
            }
        }
        Ok(())
    }

    fn item_mut(&mut self, id: u32) -> Result<&mut HeifItem<'a>, Error> {
        if self.items.len() >= MOST_ITEMS && !self.items.contains_key(&id) {
            return Err(Error::damaged(self.format, format!("more than {MOST_ITEMS} items")));
        }
        Ok(self.items.entry(id).or_insert_with(|| HeifItem { id, ..HeifItem::default() }))
    }

    fn parse_infos(&mut self, content: Cursor<'a>) -> Result<(), Error> {
        each_item(content, |id, kind, mut content| {
            let item = self.item_mut(id)?;
            item.kind = kind;
            if &kind == b"mime" {
                item.content_type = content.text();
                item.content_encoding = content.text();
            }
            Ok(())
        })
    }

    fn parse_locations(&mut self, mut content: Cursor<'a>) -> Result<(), Error> {
        let (version, _) = content.version()?;
        let sizes = content.u16()?;
        let size = |shift: u16| usize::from(sizes >> shift & 15);
        let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
        let index_size = if version == 0 { 0 } else { size(0) };
        if [offset_size, length_size, base_size, index_size].iter().any(|s| ![0, 4, 8].contains(s)) {
            return Err(Error::damaged(self.format, "item offsets have an invalid field size"));
        }
        let id_size = if version < 2 { 2 } else { 4 };
        for _ in 0..content.number(id_size)? {
            let id = content.number(id_size)? as u32;
            let method = if version == 0 { 0 } else { content.u16()? & 15 };
            content.u16()?; // the file itself is the only place that is read
            let base = content.number(base_size)?;
            let count = content.u16()?;
            if count > 1 && offset_size + length_size == 0 {
                return Err(Error::damaged(
                    self.format,
                    "an item has several parts without offset and length",
                ));
            }
            let mut extents = Vec::new();
            for _ in 0..count {
                content.number(index_size)?;
                let offset = content.number(offset_size)?.saturating_add(base);
                extents.push((offset, content.number(length_size)?));
            }
            let item = self.item_mut(id)?;
            (item.method, item.extents) = (method as u8, extents);
        }
        Ok(())
    }

    fn parse_properties(&mut self, mut content: Cursor<'a>) -> Result<(), Error> {
        while let Some((kind, content)) = content.next_box()? {
            let mut content = self.cursor(content);
            match &kind {
                b"ipco" => {
                    while let Some(property) = content.next_box()? {
                        self.properties.push(property);
                    }
                }
                b"ipma" => self.parse_associations(content)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn parse_associations(&mut self, mut content: Cursor<'a>) -> Result<(), Error> {
        let (version, flags) = content.version()?;
        for _ in 0..content.u32()? {
            let id = content.number(if version == 0 { 2 } else { 4 })? as u32;
            for _ in 0..content.u8()? {
                let (essential, index) = if flags & 1 == 1 {
                    let both = content.u16()?;
                    (both >> 15 == 1, both & 0x7FFF)
                } else {
                    let both = content.u8()?;
                    (both >> 7 == 1, u16::from(both & 0x7F))
                };
                // Indices start at 1; 0 means none.
                let Some(index) = index.checked_sub(1) else { continue };
                let properties = &mut self.item_mut(id)?.properties;
                if properties.len() >= MOST_PROPERTIES {
                    return Err(Error::damaged(content.format, "an item has too many properties"));
                }
                properties.push((usize::from(index), essential));
            }
        }
        Ok(())
    }

    /// The primary item.
    ///
    /// # Errors
    /// If there is none.
    pub(in crate::format) fn primary(&self) -> Result<&HeifItem<'a>, Error> {
        self.get(self.primary).map_err(|_| Error::damaged(self.format, "it has no primary item"))
    }

    /// The item with an id.
    ///
    /// # Errors
    /// If there is none.
    pub(in crate::format) fn get(&self, id: u32) -> Result<&HeifItem<'a>, Error> {
        self.items.get(&id).ok_or_else(|| Error::damaged(self.format, "a referenced item is missing"))
    }

    /// Items that an item refers to with a reference type, in order.
    pub(in crate::format) fn referred(&self, kind: BoxType, from: u32) -> &[u32] {
        self.references.iter().find(|r| r.kind == kind && r.from == from).map_or(&[], |r| &r.to)
    }

    /// Items that refer to an item with a reference type.
    pub(in crate::format) fn referring(&self, kind: BoxType, to: u32) -> impl Iterator<Item = &HeifItem<'a>> {
        let from = self.references.iter().filter(move |r| r.kind == kind && r.to.contains(&to));
        from.filter_map(|r| self.items.get(&r.from))
    }

    /// All properties of that type that an item has.
    pub(in crate::format) fn properties_of(
        &self,
        item: &HeifItem<'a>,
        kind: BoxType,
    ) -> impl Iterator<Item = Cursor<'a>> {
        let found = item.properties.iter().filter_map(|&(index, _)| self.properties.get(index));
        found.filter(move |p| p.0 == kind).map(move |p| self.cursor(p.1))
    }

    /// The first property of that type.
    pub(in crate::format) fn property(&self, item: &HeifItem<'a>, kind: BoxType) -> Option<Cursor<'a>> {
        self.properties_of(item, kind).next()
    }

    /// Width and height of an item.
    ///
    /// # Errors
    /// If the item has no such property.
    pub(in crate::format) fn size(&self, item: &HeifItem<'a>) -> Result<(u32, u32), Error> {
        let unsaid = || Error::damaged(self.format, "an item has no size");
        let mut size = self.property(item, *b"ispe").ok_or_else(unsaid)?;
        size.version()?;
        let size = (size.u32()?, size.u32()?);
        if size.0 == 0 || size.1 == 0 { Err(unsaid()) } else { Ok(size) }
    }

    /// Checks that all properties needed to show an item are supported.
    ///
    /// # Errors
    /// If one is not.
    pub(in crate::format) fn check_essential(&self, item: &HeifItem<'a>) -> Result<(), Error> {
        for &(index, essential) in &item.properties {
            let (kind, _) = self
                .properties
                .get(index)
                .ok_or_else(|| Error::damaged(self.format, "a referenced property is missing"))?;
            if essential && !SUPPORTED_PROPERTIES.contains(&kind) {
                let name = String::from_utf8_lossy(kind);
                return Err(Error::unsupported(self.format, format!("the essential property `{name}`")));
            }
        }
        Ok(())
    }

    /// The bytes of an item.
    ///
    /// # Errors
    /// Bytes outside the file, or a construction method that is not supported.
    pub(in crate::format) fn data(&self, item: &HeifItem<'a>) -> Result<Cow<'a, [u8]>, Error> {
        let source = match item.method {
            0 => self.bytes,
            1 => self.idat,
            _ => return Err(Error::unsupported(self.format, "items stored inside other items")),
        };
        let part = |&(offset, length): &(u64, u64)| {
            let start = usize::try_from(offset).ok()?;
            match length {
                // Everything from there on.
                0 => source.get(start..),
                length => source.get(start..start.checked_add(usize::try_from(length).ok()?)?),
            }
        };
        let cut = || Error::Truncated { format: self.format };
        match item.extents.as_slice() {
            [] => Err(Error::damaged(self.format, "an item has no data")),
            [one] => part(one).map(Cow::Borrowed).ok_or_else(cut),
            several => {
                let mut out = Vec::new();
                for extent in several {
                    out.extend_from_slice(part(extent).ok_or_else(cut)?);
                    if out.len() > self.bytes.len() {
                        return Err(Error::damaged(self.format, "parts of an item overlap"));
                    }
                }
                Ok(Cow::Owned(out))
            }
        }
    }

    /// The number of bytes of an item, at most; nothing is copied.
    pub(in crate::format) fn max_length(&self, item: &HeifItem<'a>) -> u64 {
        let length = |&(_, length): &(u64, u64)| if length == 0 { self.bytes.len() as u64 } else { length };
        item.extents.iter().map(length).fold(0, u64::saturating_add)
    }

    /// A metadata item that describes another: Exif, or XMP by its content type.
    pub(in crate::format) fn metadata(
        &self,
        kind: BoxType,
        content_type: &[u8],
        about: u32,
    ) -> Option<Cow<'a, [u8]>> {
        let mut found = self.referring(*b"cdsc", about);
        let item = found.find(|item| {
            item.kind == kind && item.content_type == content_type && item.content_encoding.is_empty()
        })?;
        self.data(item).ok()
    }
}
