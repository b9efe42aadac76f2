//! AVIF container writer.
//!
//! Source: as `heif/container.rs`.

use std::io::Write;

use unband_image::{Cicp, Metadata};

use super::NAME;
use super::av1;
use crate::isobmff::{BoxType, boxed};
use crate::{Error, exif};

/// Content of the file.
pub(super) struct StoredImage<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    /// AV1 streams.
    pub(super) color: Vec<u8>,
    pub(super) alpha: Option<Vec<u8>>,
    pub(super) cicp: Cicp,
    pub(super) icc: Option<&'a [u8]>,
    pub(super) metadata: &'a Metadata,
}

/// An item: kind, content type, bytes, reference to the image, and property indices.
struct Entry<'a> {
    kind: BoxType,
    content_type: &'static [u8],
    data: &'a [u8],
    reference: Option<BoxType>,
    properties: Vec<u8>,
}

/// A box with version and flags.
fn versioned(kind: BoxType, version: u8, flags: u8, content: &[u8]) -> Vec<u8> {
    boxed(kind, &[&[version, 0, 0, flags], content].concat())
}

/// Writes the file.
///
/// # Errors
/// More than 4 GiB, and errors of `out`.
pub(super) fn write(image: &StoredImage<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let metadata = image.metadata;
    let block = match (&metadata.exif, metadata.density) {
        (Some(block), Some(density)) if exif::density(block).is_none() => {
            Some(exif::with_density(Some(block), density))
        }
        (None, Some(density)) => Some(exif::with_density(None, density)),
        (block, _) => block.clone(),
    };
    // The block is preceded by the offset of its TIFF header.
    let block = block.map(|block| [&[0; 4], block.as_slice()].concat());
    let mut properties = Properties::default();
    let mut entries = vec![Entry {
        kind: *b"av01",
        content_type: b"",
        data: &image.color,
        reference: None,
        properties: properties.of_color(image)?,
    }];
    if let Some(alpha) = &image.alpha {
        let properties = properties.of_alpha(alpha)?;
        entries.push(Entry {
            kind: *b"av01",
            content_type: b"",
            data: alpha,
            reference: Some(*b"auxl"),
            properties,
        });
    }
    let about = |kind, content_type, data| Entry {
        kind,
        content_type,
        data,
        reference: Some(*b"cdsc"),
        properties: Vec::new(),
    };
    if let Some(block) = &block {
        entries.push(about(*b"Exif", b"", block));
    }
    if let Some(xmp) = &metadata.xmp {
        entries.push(about(*b"mime", b"application/rdf+xml\0", xmp));
    }
    let head = boxed(*b"ftyp", b"avif\0\0\0\0avifmif1miaf");
    let total: usize = entries.iter().map(|entry| entry.data.len()).sum();
    if u32::try_from(total + (1 << 20)).is_err() {
        return Err(Error::encode(NAME, "more than 4 GiB"));
    }
    // The length does not depend on the offsets.
    let first = head.len() + meta(&entries, &properties, 0).len() + 8;
    let parts = [
        head,
        meta(&entries, &properties, first as u32),
        [&((total + 8) as u32).to_be_bytes()[..], b"mdat"].concat(),
    ];
    let parts = parts.iter().map(Vec::as_slice).chain(entries.iter().rev().map(|entry| entry.data));
    for part in parts {
        out.write_all(part).map_err(|source| Error::Io { action: "write", source })?;
    }
    Ok(())
}

/// The `meta` box, which describes all items. Their bytes start at `first`; the image's own come last.
fn meta(entries: &[Entry<'_>], properties: &Properties, first: u32) -> Vec<u8> {
    let count = (entries.len() as u16).to_be_bytes();
    let mut places = [&[0x44, 0], &count[..]].concat();
    let mut infos = count.to_vec();
    let mut references = Vec::new();
    let mut associations =
        u32::from(entries.iter().filter(|e| !e.properties.is_empty()).count() as u16).to_be_bytes().to_vec();
    let mut place = first + entries.iter().map(|entry| entry.data.len() as u32).sum::<u32>();
    for (id, entry) in (1u16..).zip(entries) {
        let id = id.to_be_bytes();
        place -= entry.data.len() as u32;
        places.extend(id);
        places.extend([0, 0, 0, 1]);
        places.extend(place.to_be_bytes());
        places.extend((entry.data.len() as u32).to_be_bytes());
        let info = [&id[..], &[0, 0], &entry.kind, b"\0", entry.content_type].concat();
        infos.extend(versioned(*b"infe", 2, 0, &info));
        if let Some(kind) = entry.reference {
            references.extend(boxed(kind, &[&id[..], &[0, 1, 0, 1]].concat()));
        }
        if !entry.properties.is_empty() {
            associations.extend(id);
            associations.push(entry.properties.len() as u8);
            associations.extend(&entry.properties);
        }
    }
    let handler = b"\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let properties = [boxed(*b"ipco", &properties.0.concat()), versioned(*b"ipma", 0, 0, &associations)];
    let mut content = vec![
        versioned(*b"hdlr", 0, 0, handler),
        versioned(*b"pitm", 0, 0, &[0, 1]),
        versioned(*b"iloc", 0, 0, &places),
        versioned(*b"iinf", 0, 0, &infos),
    ];
    if !references.is_empty() {
        content.push(versioned(*b"iref", 0, 0, &references));
    }
    content.push(boxed(*b"iprp", &properties.concat()));
    versioned(*b"meta", 0, 0, &content.concat())
}

/// The property list, shared by all items.
#[derive(Default)]
struct Properties(Vec<Vec<u8>>);

impl Properties {
    /// Adds a property; returns its index, counted from 1, with the essential flag.
    fn add(&mut self, property: Vec<u8>, essential: bool) -> u8 {
        self.0.push(property);
        self.0.len() as u8 | u8::from(essential) << 7
    }

    /// Codec configuration, channels and their bits.
    fn of_stream(&mut self, stream: &[u8]) -> Result<[u8; 2], Error> {
        let sequence = av1::sequence(stream)?;
        let channels = if sequence.mono { 1 } else { 3 };
        let bits = vec![sequence.bits; channels.into()];
        Ok([
            self.add(boxed(*b"av1C", &sequence.configuration()), true),
            self.add(versioned(*b"pixi", 0, 0, &[&[channels][..], &bits].concat()), false),
        ])
    }

    fn of_color(&mut self, image: &StoredImage<'_>) -> Result<Vec<u8>, Error> {
        let size = [image.width.to_be_bytes(), image.height.to_be_bytes()].concat();
        let mut out = vec![self.add(versioned(*b"ispe", 0, 0, &size), false)];
        out.extend(self.of_stream(&image.color)?);
        let Cicp { primaries, transfer, matrix, full_range } = image.cicp;
        let codes = [0, primaries, 0, transfer, 0, matrix, u8::from(full_range) << 7];
        out.push(self.add(boxed(*b"colr", &[b"nclx", &codes[..]].concat()), false));
        if let Some(icc) = image.icc {
            out.push(self.add(boxed(*b"colr", &[b"prof", icc].concat()), false));
        }
        let colors = &image.metadata.colorimetry;
        if let Some((most, average)) = colors.content_light {
            let nits =
                |v: u32| u16::try_from(v.saturating_add(5_000) / 10_000).unwrap_or(u16::MAX).to_be_bytes();
            out.push(self.add(boxed(*b"clli", &[nits(most), nits(average)].concat()), false));
        }
        if let Some(display) = colors.mastering {
            let [rx, ry, gx, gy, bx, by, wx, wy] = display.chromaticities;
            let mut content: Vec<u8> =
                [gx, gy, bx, by, rx, ry, wx, wy].iter().flat_map(|v| v.to_be_bytes()).collect();
            content.extend(display.max_luminance.to_be_bytes());
            content.extend(display.min_luminance.to_be_bytes());
            out.push(self.add(boxed(*b"mdcv", &content), false));
        }
        Ok(out)
    }

    /// Added after the colours, whose size it shares.
    fn of_alpha(&mut self, stream: &[u8]) -> Result<Vec<u8>, Error> {
        let mut out = vec![1];
        out.extend(self.of_stream(stream)?);
        let kind = versioned(*b"auxC", 0, 0, b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0");
        out.push(self.add(kind, false));
        Ok(out)
    }
}
