//! JPEG: baseline and progressive, grey, YCbCr with any chroma sampling, RGB; reader for CMYK and YCCK.
//!
//! Source: ITU-T T.81, ITU-T T.871 (JFIF), CIPA DC-008 (Exif), Adobe XMP Specification Part 3.

mod gain_map;
mod huffman;
pub(crate) mod markers;
mod planes;
mod scan;
mod unread;

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use jpeg_encoder::{JpegColorType, PixelDensity, PixelDensityUnit, SamplingFactor, rgb_to_ycbcr};
use unband_image::{
    Codec, Density, DensityUnit, Depth, Image, JpegCoefficients, JpegOrigin, JpegPlane, Metadata, Model, With,
};

use self::markers::Markers;
use self::planes::Colors;
use self::scan::Channel;
use super::{Dropped, FormatEntry, Item, When, WriteOptions, Writes, auxiliary};
use crate::samples::Rows;
use crate::{Error, Limits, exif, limits, xmp};

const NAME: &str = "JPEG";
pub(super) const EXIF: &[u8] = b"Exif\0\0";
pub(super) const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
pub(super) const LONG_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
pub(super) const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
/// Longest content of an application segment.
const SEGMENT: usize = 65_533;
const DEFAULT_QUALITY: u8 = 95;

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["jpg", "jpeg", "jpe", "jfif"],
    reads: true,
    writes: Some(Writes {
        depths: &[Depth::EIGHT],
        // Codes, and coefficients of 16 bits.
        memory: 1,
        lossy: When::Always,
        icc: true,
        exif: true,
        xmp: true,
        iptc: true,
        density: true,
        text: true,
        gain_map: true,
        ..Writes::SAMPLES
    }),
    is: |bytes| bytes.starts_with(b"\xFF\xD8\xFF"),
    read,
    write,
};

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    read_with(bytes, limits, false)
}

/// As the format's reader, but of a truncated file the part that can be read. The rows that are missing are
/// grey, and the metadata says how many they are.
///
/// # Errors
/// As of any file, and files that end before the first row of blocks.
pub(super) fn read_partly(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    read_with(bytes, limits, true)
}

fn read_with(bytes: &[u8], limits: &Limits, partly: bool) -> Result<Image, Error> {
    let markers = Markers::read(bytes)?;
    let count = markers.components.len();
    let (width, height) = (usize::from(markers.width), usize::from(markers.height));
    let channels = if count == 1 { 1 } else { 3 };
    limits.check(width as u64, height as u64, channels)?;
    // Each block of the finest component takes at least one bit.
    let blocks = width.div_ceil(8) * height.div_ceil(8);
    let whole = markers.complete && blocks / 8 <= bytes.len();
    if !whole && (!partly || limits::mostly_empty(width, height, bytes.len())) {
        return Err(Error::Truncated { format: NAME });
    }
    let adobe = markers.adobe();
    let ids: Vec<u8> = markers.components.iter().map(|c| c.id).collect();
    let rgb_inside = adobe.is_none() && markers.segment(0, b"JFIF\0").is_none() && ids == b"RGB";
    let colors = match (count, adobe) {
        (1, _) | (3, Some(0)) => Colors::Plain,
        (3, _) if rgb_inside => Colors::Plain,
        (3, _) => Colors::Ycc,
        (4, None) => Colors::Cmyk,
        (4, Some(0)) => Colors::InvertedCmyk,
        (4, _) => Colors::Ycck,
        _ => return Err(Error::unsupported(NAME, format!("{count} components"))),
    };
    let (stored, share) = scan::channels(&markers, limits, channels, partly)?;
    if share == 0.0 {
        return Err(Error::Truncated { format: NAME });
    }
    let detail = stored.iter().all(Channel::complete);
    let planes = planes::from_channels(&stored, colors, markers.bits, width, height)?;
    let model = if count == 1 { Model::Gray } else { Model::Rgb };
    let mut image = Image::new(planes, model, Depth::Int(markers.bits));
    let ycc = colors == Colors::Ycc;
    image.origin.codec = Codec::Jpeg(JpegOrigin::with(|new| {
        new.luma = markers.steps(0);
        new.chroma = if ycc { markers.steps(1) } else { None };
        new.subsampling = if ycc { markers.subsampling() } else { None };
        new.quality = markers.quality();
        new.coefficients = kept(stored, ycc, markers.bits).map(Arc::new);
    }));
    image.metadata = metadata(&markers);
    image.metadata.auxiliary = auxiliary::in_jpeg(&markers, bytes);
    let (map, place) = gain_map::read(&markers, image.metadata.xmp.as_deref(), bytes).unzip();
    image.metadata.gain_map = map;
    image.metadata.unread = unread::names(&markers, &image.metadata, place, bytes);
    if partly {
        let missing = height - ((share * height as f32) as usize).min(height);
        image.metadata.missing_rows = Some(missing).filter(|&rows| rows > 0);
        if missing == 0 && !whole && !detail {
            image.metadata.unread.push("the finest detail, where the file ends".to_owned());
        }
    }
    Ok(image)
}

/// The coefficients to keep with the image: all, or none if they are incomplete, have a step of 0, have a
/// scale that is not an integer, or belong to more than three components.
fn kept(channels: Vec<Channel>, ycc: bool, bits: u8) -> Option<JpegCoefficients> {
    let plain = |c: &Channel| {
        let whole = c.finest.0.is_multiple_of(c.sampling.0) && c.finest.1.is_multiple_of(c.sampling.1);
        whole && c.complete() && !c.steps.contains(&0)
    };
    if channels.len() > 3 || !channels.iter().all(plain) {
        return None;
    }
    let plane = |c: Channel| JpegPlane {
        blocks_across: c.blocks.0,
        blocks_down: c.blocks.1,
        lead: (0, 0),
        scale: (c.finest.0 / c.sampling.0, c.finest.1 / c.sampling.1),
        steps: c.steps,
        coefficients: Arc::new(c.coefficients),
    };
    Some(JpegCoefficients { planes: channels.into_iter().map(plane).collect(), ycc, bits })
}

fn metadata(markers: &Markers<'_>) -> Metadata {
    let exif = markers.segment(1, EXIF).and_then(exif::block).map(<[u8]>::to_vec);
    let density =
        markers.segment(0, b"JFIF\0").and_then(jfif_density).or_else(|| exif::density(exif.as_deref()?));
    let iptc: Vec<u8> = markers.segments_of(13, PHOTOSHOP).flatten().copied().collect();
    let text = markers.comments.iter().map(|comment| {
        let comment = comment.strip_suffix(b"\0").unwrap_or(comment);
        let text = std::str::from_utf8(comment)
            .map_or_else(|_| comment.iter().map(|&b| char::from(b)).collect(), str::to_owned);
        ("Comment".to_owned(), text)
    });
    Metadata::with(|new| {
        new.icc = markers.icc();
        new.exif = exif;
        new.xmp = markers.segment(1, XMP).map(|short| match long_xmp(markers) {
            Some(long) => xmp::join(short, &long),
            None => short.to_vec(),
        });
        new.iptc = (!iptc.is_empty()).then_some(iptc);
        new.density = density;
        new.text = text.collect();
    })
}

fn jfif_density(body: &[u8]) -> Option<Density> {
    let &[_, _, unit, x1, x0, y1, y0] = body.first_chunk()?;
    let (x, y) = (u16::from_be_bytes([x1, x0]), u16::from_be_bytes([y1, y0]));
    let unit = match unit {
        1 => DensityUnit::Inch,
        2 => DensityUnit::Centimetre,
        0 if x != y => DensityUnit::Aspect,
        _ => return None,
    };
    (x > 0 && y > 0).then_some(Density { x: x.into(), y: y.into(), unit })
}

/// The parts of a long XMP packet, each preceded by digest, total length and offset.
pub(super) fn long_xmp(markers: &Markers<'_>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut name = None;
    for part in markers.segments_of(1, LONG_XMP) {
        let (head, data) = part.split_first_chunk::<40>()?;
        if *name.get_or_insert(&head[..32]) != &head[..32] {
            continue;
        }
        let number =
            |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize;
        if number(36) != out.len() {
            return None;
        }
        out.extend(data);
        if out.len() == number(32) {
            return Some(out);
        }
    }
    None
}

/// Rows of an image for the encoder.
struct JpegSource<'a> {
    image: &'a Image,
    size: (u16, u16),
}

impl jpeg_encoder::ImageBuffer for JpegSource<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        if self.image.color.model == Model::Gray { JpegColorType::Luma } else { JpegColorType::Ycbcr }
    }

    fn width(&self) -> u16 {
        self.size.0
    }

    fn height(&self) -> u16 {
        self.size.1
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let colors = self.image.planes.len().min(3);
        let mut row = Vec::new();
        Rows::new(self.image, colors, false, Depth::EIGHT).codes(y.into(), &mut row, |code| code as u8);
        let [first, blue, red, _] = buffers;
        if colors < 3 {
            first.extend(row);
            return;
        }
        let start = first.len();
        for buffer in [&mut *first, &mut *blue, &mut *red] {
            buffer.resize(start + row.len() / 3, 0);
        }
        let to = first[start..].iter_mut().zip(&mut blue[start..]).zip(&mut red[start..]);
        for (((luma, blue), red), &[r, g, b]) in to.zip(row.as_chunks::<3>().0) {
            (*luma, *blue, *red) = rgb_to_ycbcr(r, g, b);
        }
    }
}

fn write(
    image: &Image,
    options: &WriteOptions,
    out: &mut dyn Write,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    if let Some(map) = gain_map::fitting(image, dropped) {
        return gain_map::write(image, &map, options, out, dropped);
    }
    encode(image, segments(&image.metadata, &[], dropped), options, out, dropped)
}

/// Writes the image with these segments.
fn encode(
    image: &Image,
    segments: Vec<(u8, Vec<u8>)>,
    options: &WriteOptions,
    out: &mut dyn Write,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let (width, height) = (image.width(), image.height());
    let (Ok(w), Ok(h)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err(Error::Size { format: NAME, most: u16::MAX.into(), width, height });
    };
    let quality = options.quality.unwrap_or(DEFAULT_QUALITY).clamp(1, 100);
    // The encoder cannot write comments; they are inserted after its first 20 bytes, SOI and APP0.
    let mut out = Inserting { out, pass: 20, insert: comments(&image.metadata, dropped) };
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, quality);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    if let Some(density) = image.metadata.density {
        encoder.set_density(jfif(density));
    }
    for (number, segment) in segments {
        encoder.add_app_segment(number, segment).map_err(|e| Error::encode(NAME, e))?;
    }
    encoder.encode_image(JpegSource { image, size: (w, h) }).map_err(|error| match error {
        jpeg_encoder::EncodingError::IoError(source) => Error::Io { action: "write", source },
        other => Error::encode(NAME, other),
    })
}

fn jfif(density: Density) -> PixelDensity {
    let error = |scale: f64| {
        [density.x, density.y].iter().map(|v| (v * scale - (v * scale).round()).abs()).fold(0.0, f64::max)
    };
    // JFIF stores integers: take the unit in which the density is nearest to an integer.
    let (scale, unit) = match density.unit {
        DensityUnit::Aspect => (super::ratio_scale(density), PixelDensityUnit::PixelAspectRatio),
        DensityUnit::Inch => (1.0, PixelDensityUnit::Inches),
        DensityUnit::Centimetre => (1.0, PixelDensityUnit::Centimeters),
        DensityUnit::Metre if error(0.01) < error(0.0254) => (0.01, PixelDensityUnit::Centimeters),
        DensityUnit::Metre => (0.0254, PixelDensityUnit::Inches),
    };
    let whole = |v: f64| (v * scale).round().clamp(1.0, f64::from(u16::MAX)) as u16;
    PixelDensity { density: (whole(density.x), whole(density.y)), unit }
}

/// The segments of metadata; XMP says `more`, an RDF description.
fn segments(metadata: &Metadata, more: &[u8], dropped: &mut Vec<Dropped>) -> Vec<(u8, Vec<u8>)> {
    let mut out = Vec::new();
    let too_large = |item, size| Dropped::because(item, format!("{size} bytes, too large for JPEG"));
    if let Some(exif) = &metadata.exif {
        if exif.len() + EXIF.len() <= SEGMENT {
            out.push((1, [EXIF, exif].concat()));
        } else {
            dropped.push(too_large(Item::Exif, exif.len()));
        }
    }
    if let Some(xmp) = &metadata.xmp {
        let said = if more.is_empty() {
            Some(Cow::Borrowed(&xmp[..]))
        } else {
            xmp::with(xmp, more).map(Cow::Owned)
        };
        if let Some(said) = said.filter(|said| said.len() + XMP.len() <= SEGMENT) {
            out.push((1, [XMP, &said].concat()));
        } else if let Ok(length) = u32::try_from(xmp.len()) {
            let extended = xmp::extend(xmp, more);
            out.push((1, [XMP, &extended.packet].concat()));
            let most = SEGMENT - LONG_XMP.len() - 40;
            for (i, part) in xmp.chunks(most).enumerate() {
                let offset = (i * most) as u32;
                let head = [length.to_be_bytes(), offset.to_be_bytes()].concat();
                out.push((1, [LONG_XMP, &extended.name, &head, part].concat()));
            }
        }
    }
    if metadata.xmp.is_none() && !more.is_empty() {
        out.push((1, [XMP, &xmp::packet(more)].concat()));
    }
    if let Some(icc) = &metadata.icc {
        let most = SEGMENT - 14;
        let count = icc.len().div_ceil(most);
        if count <= 255 {
            for (i, part) in icc.chunks(most).enumerate() {
                out.push((2, [b"ICC_PROFILE\0", &[i as u8 + 1, count as u8][..], part].concat()));
            }
        } else {
            dropped.push(too_large(Item::Icc, icc.len()));
        }
    }
    if let Some(iptc) = &metadata.iptc {
        out.extend(iptc.chunks(SEGMENT - PHOTOSHOP.len()).map(|part| (13, [PHOTOSHOP, part].concat())));
    }
    out
}

fn comments(metadata: &Metadata, dropped: &mut Vec<Dropped>) -> Vec<u8> {
    let (mut out, mut left) = (Vec::new(), Vec::new());
    for (keyword, text) in &metadata.text {
        if super::is_comment(keyword) && text.len() <= SEGMENT {
            out.extend([0xFF, 0xFE]);
            out.extend((text.len() as u16 + 2).to_be_bytes());
            out.extend(text.as_bytes());
        } else {
            left.push(keyword.as_str());
        }
    }
    dropped.extend(Dropped::texts(&left));
    out
}

/// Inserts bytes after the first `pass` bytes that are written.
struct Inserting<'a> {
    out: &'a mut dyn Write,
    pass: usize,
    insert: Vec<u8>,
}

impl Write for Inserting<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.insert.is_empty() {
            return self.out.write(buffer);
        }
        let (before, after) = buffer.split_at(self.pass.min(buffer.len()));
        self.out.write_all(before)?;
        self.pass -= before.len();
        if self.pass == 0 {
            self.out.write_all(&std::mem::take(&mut self.insert))?;
        }
        self.out.write_all(after)?;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
