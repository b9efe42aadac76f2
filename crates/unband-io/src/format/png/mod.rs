//! PNG: 1–16 bits, palette, grey, alpha, interlacing, and all metadata chunks.
//!
//! Source: Portable Network Graphics (PNG) Specification, Third Edition.

pub(crate) mod chunks;
mod data;
mod filter;

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{Cursor, Write};

use png::{BitDepth, ColorType};
use unband_image::{
    Cicp, Codec, Colorimetry, Density, DensityUnit, Depth, Image, Mastering, Metadata, Model, With,
};

use self::chunks::Chunks;
use self::data::{Data, Effort};
use super::unread::Unread;
use super::{Dropped, FormatEntry, Item, When, WriteOptions, Writes};
use crate::limits::LONGEST_PROFILE;
use crate::samples::{Planes, Rows};
use crate::{Error, Limits, exif, raw_profile};

pub(super) const NAME: &str = "PNG";
/// The default effort.
const DEFAULT_EFFORT: u8 = 5;
const LONGEST_SIDE: u32 = i32::MAX as u32;
/// Compressed texts with a greater total length are skipped: they may expand to any size.
const LONGEST_TEXTS: usize = LONGEST_PROFILE;
const XMP_KEYWORD: &str = "XML:com.adobe.xmp";

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["png"],
    reads: true,
    writes: Some(Writes {
        depths: &[Depth::Int(1), Depth::Int(2), Depth::Int(4), Depth::EIGHT, Depth::SIXTEEN],
        // Filtered and compressed strip by strip.
        memory: 1,
        effort: When::Always,
        alpha: true,
        icc: true,
        exif: true,
        xmp: true,
        iptc: true,
        cicp: true,
        chromaticities: true,
        density: true,
        text: true,
        ..Writes::SAMPLES
    }),
    is: |bytes| bytes.starts_with(chunks::SIGNATURE),
    read,
    write,
};

fn wrong(error: png::DecodingError) -> Error {
    match error {
        png::DecodingError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::Truncated { format: NAME }
        }
        other => Error::damaged(NAME, other),
    }
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let most = usize::try_from(limits.max_bytes).unwrap_or(usize::MAX);
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: most });
    decoder.set_transformations(png::Transformations::IDENTITY);
    // It would be unpacked whatever its size.
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(wrong)?;
    let (width, height) = (header.width, header.height);
    limits.check(width.into(), height.into(), (header.color_type.samples() as u64).max(1))?;
    let row_bits = u64::from(width) * header.color_type.samples() as u64 * header.bit_depth as u64;
    // Deflate's maximum ratio is 1032, so a header that declares more is wrong.
    if row_bits.div_ceil(8).saturating_mul(height.into()) / 1032 > bytes.len() as u64 {
        return Err(Error::Truncated { format: NAME });
    }
    let mut reader = decoder.read_info().map_err(wrong)?;
    let info = reader.info();
    if info.animation_control.is_some_and(|a| a.num_frames > 1) {
        return Err(Error::Several { format: NAME, what: "frames" });
    }
    if info.color_type == ColorType::Indexed && info.palette.as_ref().is_none_or(|palette| palette.len() < 3)
    {
        return Err(Error::damaged(NAME, "its samples are palette indices, but it has no palette"));
    }
    let layout = Layout::new(info);
    limits.check(width.into(), height.into(), layout.channels as u64)?;
    let mut planes = Planes::new(layout.channels, width as usize, height as usize)?;
    if info.interlaced {
        let mut buffer = Vec::new();
        let size = reader.output_buffer_size();
        let size = size.ok_or(Error::Memory { width: width.into(), height: height.into() })?;
        buffer
            .try_reserve_exact(size)
            .map_err(|_| Error::Memory { width: width.into(), height: height.into() })?;
        buffer.resize(size, 0);
        let line = reader.next_frame(&mut buffer).map_err(wrong)?.line_size;
        for (y, row) in buffer.chunks_exact(line).enumerate().take(height as usize) {
            layout.put(&mut planes, y, row);
        }
    } else {
        for y in 0..height as usize {
            let row = reader.next_row().map_err(wrong)?.ok_or(Error::Truncated { format: NAME })?;
            layout.put(&mut planes, y, row.data());
        }
    }
    // Text or Exif may follow the samples.
    reader.finish().map_err(wrong)?;
    let mut image = planes.into_image(layout.depth);
    image.origin.codec = match layout.palette_size {
        Some(size) => Codec::Palette(size),
        None => Codec::Lossless,
    };
    let info = reader.info();
    image.color.cicp = info.coding_independent_code_points.map(|c| Cicp {
        primaries: c.color_primaries,
        transfer: c.transfer_function,
        matrix: c.matrix_coefficients,
        full_range: c.is_video_full_range_image,
    });
    let chunks = Chunks::read(bytes, info.bit_depth as u8);
    image.metadata = metadata(info, chunks);
    Ok(image)
}

/// Mapping from the samples of a row to planes.
struct Layout {
    depth: Depth,
    bits: u8,
    samples: usize,
    channels: usize,
    palette: Vec<[u8; 4]>,
    palette_size: Option<u16>,
    /// The transparent colour.
    key: Option<Vec<u16>>,
}

impl Layout {
    fn new(info: &png::Info<'_>) -> Self {
        let bits = info.bit_depth as u8;
        let samples = info.color_type.samples();
        let mut layout = Self {
            depth: Depth::Int(bits),
            bits,
            samples,
            channels: samples,
            palette: Vec::new(),
            palette_size: None,
            key: None,
        };
        let trns = info.trns.as_deref();
        match info.color_type {
            ColorType::Indexed => {
                let rgb = info.palette.as_deref().unwrap_or(&[]);
                layout.depth = Depth::EIGHT;
                layout.palette_size = Some((rgb.len() / 3) as u16);
                // An index past the palette is black.
                layout.palette = vec![[0, 0, 0, 255]; 256];
                for (slot, rgb) in layout.palette.iter_mut().zip(rgb.chunks_exact(3)) {
                    slot[..3].copy_from_slice(rgb);
                }
                for (slot, &alpha) in layout.palette.iter_mut().zip(trns.unwrap_or(&[])) {
                    slot[3] = alpha;
                }
                layout.channels = if trns.is_some() { 4 } else { 3 };
            }
            ColorType::Grayscale | ColorType::Rgb => {
                let key: Option<Vec<u16>> = trns.map(|t| match bits {
                    16 => t.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect(),
                    _ => t.iter().map(|&b| u16::from(b)).collect(),
                });
                layout.key = key.filter(|k| k.len() == samples);
                layout.channels += usize::from(layout.key.is_some());
            }
            _ => {}
        }
        layout
    }

    fn put(&self, planes: &mut Planes, y: usize, row: &[u8]) {
        if self.palette_size.is_some() {
            for (x, index) in indices(row, self.bits).take(planes.all()[0].width).enumerate() {
                let color = self.palette[index as usize];
                for (channel, &code) in color.iter().enumerate().take(self.channels) {
                    planes.set(channel, x, y, Depth::EIGHT.value(code.into()));
                }
            }
        } else if self.key.is_some() || self.bits == 16 {
            let wide: Vec<u16> = match self.bits {
                16 => row.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect(),
                bits => indices(row, bits).map(u16::from).collect(),
            };
            match &self.key {
                None => planes.put(0, y, &wide, self.depth),
                Some(key) => {
                    let max = self.depth.max_code() as u16;
                    let keyed: Vec<u16> = wide
                        .chunks_exact(self.samples)
                        .flat_map(|p| p.iter().copied().chain([if p == key { 0 } else { max }]))
                        .collect();
                    planes.put(0, y, &keyed, self.depth);
                }
            }
        } else if self.bits == 8 {
            planes.put(0, y, row, self.depth);
        } else {
            let codes: Vec<u8> = indices(row, self.bits).collect();
            planes.put(0, y, &codes, self.depth);
        }
    }
}

/// Codes of 1, 2, 4 or 8 bits from packed bytes, starting with the high bits.
pub(super) fn indices(row: &[u8], bits: u8) -> impl Iterator<Item = u8> {
    let per_byte = 8 / bits;
    let mask = ((1u16 << bits) - 1) as u8;
    row.iter().flat_map(move |&byte| (0..per_byte).map(move |i| (byte >> (8 - bits * (i + 1))) & mask))
}

fn metadata(info: &png::Info<'_>, chunks: Chunks) -> Metadata {
    let mut metadata = Metadata::with(|new| {
        new.icc = chunks.icc;
        new.exif = info.exif_metadata.as_deref().and_then(exif::block).map(<[u8]>::to_vec);
        new.auxiliary = chunks.auxiliary;
    });
    let mut unread = chunks.unread;
    if info.exif_metadata.is_some() && metadata.exif.is_none() {
        unread.put("Exif (damaged)");
    }
    take_texts(info, &mut metadata, &mut unread);
    metadata.unread = unread.names();
    metadata.density = match info.pixel_dims {
        Some(d) if d.xppu > 0 && d.yppu > 0 => match d.unit {
            png::Unit::Meter => Some((d, DensityUnit::Metre)),
            png::Unit::Unspecified if d.xppu != d.yppu => Some((d, DensityUnit::Aspect)),
            png::Unit::Unspecified => None,
        },
        _ => None,
    }
    .map(|(d, unit)| Density { x: d.xppu.into(), y: d.yppu.into(), unit })
    .or_else(|| exif::density(metadata.exif.as_deref()?));
    let pairs = |c: png::SourceChromaticities, order: [u8; 4]| {
        let mut out = [0; 8];
        for (i, which) in order.into_iter().enumerate() {
            let (x, y) = [c.white, c.red, c.green, c.blue][which as usize];
            (out[2 * i], out[2 * i + 1]) = (x.into_scaled(), y.into_scaled());
        }
        out
    };
    metadata.colorimetry = Colorimetry::with(|new| {
        new.srgb_intent = info.srgb.map(|intent| intent as u8);
        new.gamma = info.gama_chunk.map(png::ScaledFloat::into_scaled);
        new.chromaticities = info.chrm_chunk.map(|c| pairs(c, [0, 1, 2, 3]));
        new.mastering = info.mastering_display_color_volume.map(|m| Mastering {
            // PNG stores units of 1/50000, the crate 1/100000.
            chromaticities: pairs(m.chromaticities, [1, 2, 3, 0]).map(|v| (v / 2) as u16),
            max_luminance: m.max_luminance,
            min_luminance: m.min_luminance,
        });
        new.content_light =
            info.content_light_level.map(|c| (c.max_content_light_level, c.max_frame_average_light_level));
    });
    metadata
}

/// Texts, the XMP packet, and profiles inside texts.
fn take_texts(info: &png::Info<'_>, metadata: &mut Metadata, unread: &mut Unread) {
    let latin = info.uncompressed_latin1_text.iter().map(|t| (t.keyword.clone(), Some(t.text.clone())));
    let room = Cell::new(LONGEST_TEXTS);
    let take = |text: Option<String>| {
        room.set(room.get() - text.as_ref().map_or(0, |text| text.len().min(room.get())));
        text
    };
    let packed = info.compressed_latin1_text.iter().map(|t| {
        let mut t = t.clone();
        let text = t.decompress_text_with_limit(room.get()).and_then(|()| t.get_text());
        (t.keyword, take(text.ok()))
    });
    let utf8 = info.utf8_text.iter().map(|t| {
        let mut t = t.clone();
        let text = t.decompress_text_with_limit(room.get()).and_then(|()| t.get_text());
        (t.keyword, take(text.ok()))
    });
    let mut languages = 0;
    for text in &info.utf8_text {
        languages += usize::from(!text.language_tag.is_empty() || !text.translated_keyword.is_empty());
    }
    if languages > 0 {
        unread.put("languages of texts");
    }
    let most = LONGEST_TEXTS >> 20;
    for (keyword, text) in latin.chain(packed).chain(utf8) {
        let xmp = keyword == XMP_KEYWORD;
        match text {
            None if xmp => unread.put(format!("XMP (damaged, or more than {most} MiB with other texts)")),
            None => {
                let name = super::unread::identifier(keyword.as_bytes());
                unread.put(format!("text (\"{name}\": damaged, or more than {most} MiB with other texts)"));
            }
            Some(text) if xmp => {
                if metadata.xmp.replace(text.into_bytes()).is_some() {
                    unread.put("further XMP");
                }
            }
            Some(text) => {
                if !raw_profile::take(&keyword, &text, metadata) {
                    metadata.text.push((keyword, text));
                }
            }
        }
    }
}

fn write(
    image: &Image,
    options: &WriteOptions,
    out: &mut dyn Write,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let gray = image.color.model == Model::Gray;
    let alpha = image.alpha.is_some();
    // Fewer than 8 bits exist for plain grey only; 3 bits are stored in 4, and so on.
    let bits = match (image.depth.bits(), gray && !alpha) {
        (1, true) => 1,
        (2, true) => 2,
        (3 | 4, true) => 4,
        (..=8, _) => 8,
        _ => 16,
    };
    let (width, height) = super::sides(image, NAME, LONGEST_SIDE)?;
    let mut info = png::Info::with_size(width, height);
    info.color_type = match (gray, alpha) {
        (true, false) => ColorType::Grayscale,
        (true, true) => ColorType::GrayscaleAlpha,
        (false, false) => ColorType::Rgb,
        (false, true) => ColorType::Rgba,
    };
    info.bit_depth = match bits {
        1 => BitDepth::One,
        2 => BitDepth::Two,
        4 => BitDepth::Four,
        8 => BitDepth::Eight,
        _ => BitDepth::Sixteen,
    };
    describe(&mut info, image, dropped);
    let mut encoder = png::Encoder::with_info(out, info).map_err(unwritten)?;
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(unwritten)?;
    write_metadata(&mut writer, image, bits, dropped)?;
    let channels = image.planes.len() + usize::from(alpha);
    let rows = Rows::new(image, image.planes.len(), alpha, Depth::Int(bits));
    let data = Data::new(rows, image.height(), bits, channels);
    let plan = match options.effort.unwrap_or(DEFAULT_EFFORT) {
        0 => None,
        effort => Some(data.plan(Effort::new(effort))?),
    };
    if let Some(plan) = plan {
        let put = |part: &[u8]| writer.write_chunk(png::chunk::IDAT, part).map_err(unwritten);
        data.write(plan, options.threads, put)?;
    } else {
        let mut stream = writer.stream_writer_with_size(1 << 18).map_err(unwritten)?;
        let (mut words, mut row) = (Vec::new(), Vec::new());
        for y in 0..image.height() {
            data.row(y, &mut words, &mut row);
            stream.write_all(&row).map_err(|source| Error::Io { action: "write", source })?;
        }
        stream.finish().map_err(unwritten)?;
    }
    writer.finish().map_err(unwritten)
}

fn unwritten(error: png::EncodingError) -> Error {
    match error {
        png::EncodingError::IoError(source) => Error::Io { action: "write", source },
        other => Error::encode(NAME, other),
    }
}

/// The chunks between the header and the samples.
fn write_metadata<W: Write>(
    writer: &mut png::Writer<W>,
    image: &Image,
    bits: u8,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let metadata = &image.metadata;
    if let Some(cicp) = image.color.cicp {
        // PNG stores RGB only, so the matrix is identity.
        let chunk = [cicp.primaries, cicp.transfer, 0, u8::from(cicp.full_range)];
        writer.write_chunk(png::chunk::cICP, &chunk).map_err(unwritten)?;
    }
    light_chunks(&metadata.colorimetry, |name, data| writer.write_chunk(name, data).map_err(unwritten))?;
    if image.depth.bits() < bits {
        let samples = image.planes.len() + usize::from(image.alpha.is_some());
        writer.write_chunk(png::chunk::sBIT, &vec![image.depth.bits(); samples]).map_err(unwritten)?;
    }
    if let Some(xmp) = &metadata.xmp {
        match std::str::from_utf8(xmp) {
            Ok(text) => {
                let chunk = png::text_metadata::ITXtChunk::new(XMP_KEYWORD, text);
                writer.write_text_chunk(&chunk).map_err(unwritten)?;
            }
            Err(_) => dropped.push(Dropped::because(Item::Xmp, "not UTF-8")),
        }
    }
    if let Some(iptc) = &metadata.iptc {
        let (keyword, text) = raw_profile::iptc(iptc);
        let chunk = png::text_metadata::ZTXtChunk::new(keyword, text);
        writer.write_text_chunk(&chunk).map_err(unwritten)?;
    }
    let mut left = Vec::new();
    for (keyword, text) in &metadata.text {
        if write_text(writer, keyword, text).is_err() {
            left.push(keyword.as_str());
        }
    }
    dropped.extend(Dropped::texts(&left));
    Ok(())
}

/// Packs codes of 1, 2 or 4 bits, starting with the high bits.
pub(super) fn pack(codes: &mut Vec<u8>, bits: u8) {
    let per_byte = usize::from(8 / bits);
    let packed = codes.chunks(per_byte).map(|some| {
        some.iter().enumerate().fold(0, |byte, (i, code)| byte | code << (8 - bits * (i as u8 + 1)))
    });
    *codes = packed.collect();
}

fn describe(info: &mut png::Info<'_>, image: &Image, dropped: &mut Vec<Dropped>) {
    let metadata = &image.metadata;
    if let Some(icc) = &metadata.icc {
        if super::icc_fits(icc, image.color.model) {
            info.icc_profile = Some(Cow::Owned(icc.clone()));
        } else {
            dropped.push(Dropped::because(Item::Icc, "its colour space differs from the image's"));
        }
    }
    info.exif_metadata = metadata.exif.clone().map(Cow::Owned);
    info.pixel_dims = metadata.density.map(|density| {
        let (scale, unit) = match density.unit {
            DensityUnit::Aspect => (1.0, png::Unit::Unspecified),
            DensityUnit::Inch => (1.0 / 0.0254, png::Unit::Meter),
            DensityUnit::Centimetre => (100.0, png::Unit::Meter),
            DensityUnit::Metre => (1.0, png::Unit::Meter),
        };
        // PNG stores integers: a ratio such as 1.5:1 is scaled up first.
        let scale = if unit == png::Unit::Unspecified { super::ratio_scale(density) } else { scale };
        let whole = |v: f64| (v * scale).round().clamp(1.0, f64::from(i32::MAX)) as u32;
        png::PixelDimensions { xppu: whole(density.x), yppu: whole(density.y), unit }
    });
    let colors = &metadata.colorimetry;
    if info.icc_profile.is_none() {
        info.srgb = colors.srgb_intent.and_then(|intent| {
            Some(match intent {
                0 => png::SrgbRenderingIntent::Perceptual,
                1 => png::SrgbRenderingIntent::RelativeColorimetric,
                2 => png::SrgbRenderingIntent::Saturation,
                3 => png::SrgbRenderingIntent::AbsoluteColorimetric,
                _ => return None,
            })
        });
    }
    info.source_gamma = colors.gamma.map(png::ScaledFloat::from_scaled);
    info.source_chromaticities = colors.chromaticities.map(|c| {
        let pair =
            |i: usize| (png::ScaledFloat::from_scaled(c[2 * i]), png::ScaledFloat::from_scaled(c[2 * i + 1]));
        png::SourceChromaticities { white: pair(0), red: pair(1), green: pair(2), blue: pair(3) }
    });
}

/// The chunks of HDR light levels.
fn light_chunks(
    colors: &Colorimetry,
    mut put: impl FnMut(png::chunk::ChunkType, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    if let Some(m) = colors.mastering {
        let mut chunk: Vec<u8> = m.chromaticities.iter().flat_map(|v| v.to_be_bytes()).collect();
        chunk.extend(m.max_luminance.to_be_bytes());
        chunk.extend(m.min_luminance.to_be_bytes());
        put(png::chunk::mDCV, &chunk)?;
    }
    if let Some((most, average)) = colors.content_light {
        put(png::chunk::cLLI, &[most.to_be_bytes(), average.to_be_bytes()].concat())?;
    }
    Ok(())
}

fn write_text<W: Write>(
    writer: &mut png::Writer<W>,
    keyword: &str,
    text: &str,
) -> Result<(), png::EncodingError> {
    let latin = text.chars().all(|c| (c as u32) < 256 && c != '\0');
    if latin && text.len() > 1024 {
        writer.write_text_chunk(&png::text_metadata::ZTXtChunk::new(keyword, text))
    } else if latin {
        writer.write_text_chunk(&png::text_metadata::TEXtChunk::new(keyword, text))
    } else {
        writer.write_text_chunk(&png::text_metadata::ITXtChunk::new(keyword, text))
    }
}
