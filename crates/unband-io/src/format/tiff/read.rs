//! TIFF reader: strips and tiles, 1–16-bit and floating-point samples.
//!
//! Chunky or planar; grey, RGB, palette, CMYK, and YCbCr in JPEG; straight or associated alpha.
//!
//! The `tiff` crate sees every file as grey with extra samples, so it returns all samples as stored. Their
//! meaning is resolved here.
//!
//! Source: TIFF 6.0; `BigTIFF` design; Adobe Photoshop TIFF Technical Notes.

use std::io::Cursor;

use tiff::decoder::{Decoder, DecodingResult, Limits as TiffLimits};
use tiff::tags::Tag;
use unband_image::{Codec, Colorimetry, Image, JpegOrigin, Matrix, Metadata, TiffData, With};

use super::super::unread::Unread;
use super::super::{iptc, png};
use super::directory::Directory;
use super::head::{Head, NAME, Patched, TiffDecoder, wrong};
use super::layout::{Alpha, Layout, Meaning};
use super::tags::{LONGEST, Tags, sign};
use crate::exif::{self, Block};
use crate::exif_tiff;
use crate::samples::Planes;
use crate::{Error, Limits, orient};

pub(super) const WHITE_POINT: u16 = 318;
pub(super) const PRIMARIES: u16 = 319;
pub(super) const XMP: u16 = 700;
pub(super) const IPTC: u16 = 33_723;
pub(super) const PHOTOSHOP: u16 = 34_377;
pub(super) const ICC: u16 = 34_675;
const DNG_VERSION: u16 = 50_706;
/// JPEG compression of strips and tiles.
const JPEG: u16 = 7;
/// Highest compression ratio: Deflate reaches 1032, LZW less than three times that.
const MOST_SHRUNK: u64 = 3 * 1032;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let head = Head::read(bytes)?;
    let stored =
        head.photometric.ok_or_else(|| Error::damaged(NAME, "it has no photometric interpretation"))?;
    if head.reversed && head.coding != Some(JPEG.into()) {
        return Err(Error::unsupported(NAME, "bits in reversed order (FillOrder 2)"));
    }
    let mut tiff_limits = TiffLimits::default();
    tiff_limits.decoding_buffer_size = usize::try_from(limits.max_bytes).unwrap_or(usize::MAX);
    tiff_limits.intermediate_buffer_size = bytes.len().max(1 << 16);
    tiff_limits.ifd_value_size = bytes.len().max(1 << 16);
    let source = Patched { bytes: Cursor::new(bytes), patches: head.patches() };
    let mut decoder = Decoder::new(source).map_err(wrong)?.with_limits(tiff_limits);
    let pages = check_pages(&mut decoder)?;
    let layout = Layout::new(&mut decoder, &head, stored)?;
    // Extra samples are decoded too, one strip at a time.
    let channels = layout.channels().max(layout.samples) as u64;
    limits.check(layout.width as u64, layout.height as u64, channels)?;
    let raw_bits = layout.width as u64 * layout.samples as u64 * u64::from(layout.bits);
    let shrunk = raw_bits.div_ceil(8).saturating_mul(layout.height as u64)
        / if layout.coding == 1 { 1 } else { MOST_SHRUNK };
    // Fax coding needs only one bit for a row like the one above, at any width.
    let least = if layout.coding == 4 { layout.height as u64 / 8 } else { shrunk };
    if least > bytes.len() as u64 {
        return Err(Error::Truncated { format: NAME });
    }
    layout.check_chunks(&mut decoder, bytes, limits)?;
    let mut planes =
        Planes::new(layout.color_planes() + layout.after_colors().len(), layout.width, layout.height)?;
    layout.read(&mut decoder, &mut planes)?;
    let bands = planes.split_off(layout.channels());
    layout.finish(&mut planes);
    let mut image = planes.into_image(layout.depth);
    image.origin.codec = match (layout.coding, layout.meaning) {
        (7, _) => Codec::Jpeg(JpegOrigin::default()),
        (_, Meaning::Palette) => Codec::Palette(layout.palette.len() as u16),
        _ => Codec::Lossless,
    };
    let Tags { kept, mut unread } = Tags::read(bytes);
    image.metadata = metadata(bytes, &mut unread);
    for name in pages {
        unread.put(name);
    }
    (0..layout.unread()).for_each(|_| unread.put("further band"));
    image.metadata.unread = unread.names();
    if layout.signed || !kept.is_empty() || !bands.is_empty() {
        let (size, depth) = ((layout.width, layout.height), Some(layout.depth));
        image.metadata.tiff = TiffData::with(|new| {
            new.tags = kept;
            new.bands = bands;
            new.signed = layout.signed;
            new.size = size;
            new.depth = depth;
        });
    }
    let orientation = Block::new(bytes)
        .and_then(Block::orientation)
        .or_else(|| decoder.find_tag_unsigned(Tag::Orientation).ok().flatten())
        .unwrap_or(1);
    orient::apply(&mut image, orientation)?;
    Ok(image)
}

/// Checks that the image is the first page, and the only one that is neither a smaller copy nor a mask.
/// Returns the names of the others.
fn check_pages(decoder: &mut TiffDecoder<'_>) -> Result<Vec<&'static str>, Error> {
    if decoder.find_tag(Tag::Unknown(DNG_VERSION)).ok().flatten().is_some() {
        return Err(Error::unsupported(NAME, "camera raw data"));
    }
    let role = |decoder: &mut TiffDecoder<'_>| {
        let bits = decoder.find_tag_unsigned::<u32>(Tag::NewSubfileType).ok().flatten().unwrap_or(0);
        match bits & 5 {
            0 => None,
            1 => Some("smaller copy (further page)"),
            _ => Some("transparency mask (further page)"),
        }
    };
    if role(decoder).is_some() {
        return Err(Error::unsupported(NAME, "a thumbnail in place of the image, as in camera raw files"));
    }
    let mut names = Vec::new();
    while decoder.more_images() {
        // A page that cannot be read is not a smaller copy.
        let name = decoder.next_image().ok().and_then(|()| role(decoder));
        names.push(name.ok_or(Error::Several { format: NAME, what: "pages" })?);
        if names.len() > 64 {
            break;
        }
    }
    decoder.seek_to_image(0).map_err(wrong)?;
    Ok(names)
}

impl Layout {
    /// Checks chunk sizes: strips and tiles, and JPEG images inside them, may be larger than the image
    /// itself.
    fn check_chunks(
        &self,
        decoder: &mut TiffDecoder<'_>,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<(), Error> {
        let (width, height) = decoder.chunk_dimensions();
        let height = u64::from(height).min(self.height as u64);
        limits.check(width.into(), height, self.samples as u64)?;
        if self.coding != JPEG {
            return Ok(());
        }
        let tables = decoder.find_tag(Tag::JPEGTables).map_err(wrong)?;
        let tables = tables.map(|tables| tables.into_u8_vec().map_err(wrong)).transpose()?;
        if tables.is_some_and(|tables| tables.len() < 4 || frame_size(&tables).is_some()) {
            return Err(Error::damaged(NAME, "its JPEG tables are invalid"));
        }
        let mut numbers = |strips, tiles| -> Result<Vec<u64>, Error> {
            let found = decoder.find_tag_unsigned_vec(strips).map_err(wrong)?;
            Ok(found
                .map_or_else(|| decoder.find_tag_unsigned_vec(tiles).map_err(wrong), |v| Ok(Some(v)))?
                .unwrap_or_default())
        };
        let starts = numbers(Tag::StripOffsets, Tag::TileOffsets)?;
        let sizes = numbers(Tag::StripByteCounts, Tag::TileByteCounts)?;
        for (start, size) in starts.into_iter().zip(sizes) {
            // The JPEG decoder fills up missing data, so a file that was cut off must not reach it.
            let end = start.saturating_add(size).min(usize::MAX as u64);
            let chunk = bytes.get(start as usize..end as usize);
            let chunk = chunk.ok_or(Error::Truncated { format: NAME })?;
            if !ends(chunk) {
                return Err(Error::Truncated { format: NAME });
            }
            if let Some((width, height)) = frame_size(chunk) {
                limits.check(width.into(), height.into(), 4)?;
            }
        }
        Ok(())
    }

    fn read(&self, decoder: &mut TiffDecoder<'_>, planes: &mut Planes) -> Result<(), Error> {
        let (chunk_width, chunk_height) = decoder.chunk_dimensions();
        let (chunk_width, chunk_height) = (chunk_width as usize, (chunk_height as usize).min(self.height));
        if chunk_width == 0 || chunk_height == 0 {
            return Err(Error::damaged(NAME, "its strips are empty"));
        }
        let (across, down) = (self.width.div_ceil(chunk_width), self.height.div_ceil(chunk_height));
        let per_chunk = if self.planar { 1 } else { self.samples };
        // CMYK needs all four samples at once; planar CMYK would have to wait for the fourth.
        if self.planar && matches!(self.meaning, Meaning::Cmyk | Meaning::Ycc) {
            return Err(Error::unsupported(NAME, "planar CMYK or YCbCr"));
        }
        let needed = |plane: &usize| *plane < self.colors() || self.after_colors().contains(plane);
        for plane in (0..if self.planar { self.samples } else { 1 }).filter(needed) {
            for i in 0..across * down {
                let index = (plane * across * down + i) as u32;
                let (left, top) = (i % across * chunk_width, i / across * chunk_height);
                let (width, height) = decoder.chunk_data_dimensions(index);
                let (width, height) =
                    ((width as usize).min(self.width - left), (height as usize).min(self.height - top));
                let chunk = decoder.read_chunk(index).map_err(wrong)?;
                let stride = (decoder.chunk_data_dimensions(index).0 as usize) * per_chunk;
                let area = Area { plane, left, top, width, height, stride };
                self.put_chunk(planes, &area, chunk)?;
            }
        }
        Ok(())
    }

    fn put_chunk(&self, planes: &mut Planes, area: &Area, chunk: DecodingResult) -> Result<(), Error> {
        let max = self.depth.max_code() as f32;
        match chunk {
            DecodingResult::U8(bytes) if self.bits < 8 => {
                let row_bytes = (area.stride * usize::from(self.bits)).div_ceil(8);
                if row_bytes == 0 || 8 % self.bits != 0 {
                    return Err(Error::unsupported(NAME, format!("{} bits per sample", self.bits)));
                }
                let codes: Vec<u8> = bytes
                    .chunks(row_bytes)
                    .flat_map(|row| png::indices(row, self.bits).take(area.stride))
                    .collect();
                self.put_rows(planes, area, &codes, |c| f32::from(c) / max, usize::from);
            }
            DecodingResult::U8(codes) => {
                self.put_rows(planes, area, &codes, |c| f32::from(c) / max, usize::from);
            }
            DecodingResult::U16(codes) => {
                self.put_rows(planes, area, &codes, |c| f32::from(c) / max, usize::from);
            }
            DecodingResult::I8(numbers) if self.signed => {
                let sign = sign(self.depth) as f32;
                self.put_rows(planes, area, &numbers, |n| (f32::from(n) + sign) / max, |_| 0);
            }
            DecodingResult::I16(numbers) if self.signed => {
                let sign = sign(self.depth) as f32;
                self.put_rows(planes, area, &numbers, |n| (f32::from(n) + sign) / max, |_| 0);
            }
            DecodingResult::F32(values) => self.put_rows(planes, area, &values, |v| v, |_| 0),
            DecodingResult::F16(values) => self.put_rows(planes, area, &values, f32::from, |_| 0),
            _ => return Err(Error::unsupported(NAME, "samples of this type")),
        }
        Ok(())
    }

    fn put_rows<T: Copy>(
        &self,
        planes: &mut Planes,
        area: &Area,
        samples: &[T],
        value: impl Fn(T) -> f32,
        index: impl Fn(T) -> usize,
    ) {
        let per = if self.planar { 1 } else { self.samples };
        let after_colors = self.after_colors();
        for (y, row) in samples.chunks_exact(area.stride).enumerate().take(area.height) {
            let y = area.top + y;
            let of = |sample: usize| row.iter().copied().skip(sample).step_by(per).take(area.width);
            if self.planar {
                let after = after_colors.iter().position(|&sample| sample == area.plane);
                let to = after.map_or(area.plane, |place| self.color_planes() + place);
                if self.meaning != Meaning::Palette {
                    planes.put_channel(to, area.left, y, of(0).map(&value));
                    continue;
                }
            }
            match self.meaning {
                Meaning::Palette => {
                    for (x, code) in of(0).enumerate() {
                        let color = self.palette.get(index(code)).copied().unwrap_or_default();
                        color.iter().enumerate().for_each(|(c, &v)| planes.set(c, area.left + x, y, v));
                    }
                }
                Meaning::Cmyk => {
                    for c in 0..3 {
                        let light =
                            of(c).zip(of(3)).map(|(ink, black)| (1.0 - value(ink)) * (1.0 - value(black)));
                        planes.put_channel(c, area.left, y, light.map(|v| self.depth.nearest(v)));
                    }
                }
                _ => (0..self.colors()).for_each(|c| planes.put_channel(c, area.left, y, of(c).map(&value))),
            }
            for (to, &sample) in (self.color_planes()..).zip(&after_colors) {
                planes.put_channel(to, area.left, y, of(sample).map(&value));
            }
        }
    }

    /// Conversions that need whole pixels: white at zero, YCbCr, and premultiplied alpha.
    fn finish(&self, planes: &mut Planes) {
        let planes = planes.all();
        let colors = planes.len() - usize::from(self.alpha != Alpha::None);
        if self.meaning == Meaning::WhiteIsZero {
            planes[0].data.iter_mut().for_each(|v| *v = self.depth.nearest(1.0 - *v));
        }
        if self.meaning == Meaning::Ycc {
            // JPEG's YCbCr: full range, chroma around code 128.
            for i in 0..planes[0].data.len() {
                let [y, u, v] = [0, 1, 2].map(|c| planes[c].data[i]);
                let rgb = Matrix::Bt601.to_rgb([y, u - 128.0 / 255.0, v - 128.0 / 255.0]);
                (0..3).for_each(|c| planes[c].data[i] = self.depth.nearest(rgb[c]));
            }
        }
        if matches!(self.alpha, Alpha::Associated(_)) {
            let (color, alpha) = planes.split_at_mut(colors);
            for plane in color {
                for (value, &alpha) in plane.data.iter_mut().zip(&alpha[0].data) {
                    if alpha > 0.0 {
                        *value = self.depth.nearest(*value / alpha);
                    }
                }
            }
        }
    }
}

/// The markers of a JPEG stream with their positions. Segments and entropy-coded data are skipped.
fn markers(jpeg: &[u8]) -> impl Iterator<Item = (u8, usize)> {
    let mut at = 2;
    std::iter::from_fn(move || {
        let marked = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF);
        let here = at + jpeg.get(at..)?.windows(2).position(marked)?;
        let marker = *jpeg.get(here + 1)?;
        at = here + 2;
        if !matches!(marker, 0x01 | 0xD0..=0xD9) {
            at += usize::from(number(jpeg, at).unwrap_or(0));
        }
        Some((marker, here))
    })
}

fn number(jpeg: &[u8], place: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*jpeg.get(place..)?.first_chunk()?))
}

/// Width and height from a JPEG stream's frame header.
fn frame_size(jpeg: &[u8]) -> Option<(u16, u16)> {
    let frame = |marker: u8| matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC);
    let (_, at) = markers(jpeg).find(|&(marker, _)| frame(marker))?;
    Some((number(jpeg, at + 7)?, number(jpeg, at + 5)?))
}

/// Does a JPEG stream have its end marker (EOI)?
fn ends(jpeg: &[u8]) -> bool {
    markers(jpeg).any(|(marker, _)| marker == 0xD9)
}

/// Position of a chunk.
struct Area {
    plane: usize,
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    /// Samples from one row to the next.
    stride: usize,
}

/// Metadata of the first directory; `unread` gets the names of blocks that are not kept.
fn metadata(bytes: &[u8], unread: &mut Unread) -> Metadata {
    let directory = Directory::from_bytes(bytes);
    let value = |tag| {
        let entry = directory.entries().find(|entry| entry.tag == tag)?;
        directory.value(&entry).filter(|value| (1..=LONGEST).contains(&value.len()))
    };
    let owned = |tag| value(tag).map(<[u8]>::to_vec);
    let mut metadata = Metadata::with(|new| {
        new.icc = owned(ICC);
        new.xmp = owned(XMP);
        new.iptc = iptc::merged(value(PHOTOSHOP), value(IPTC), unread);
    });
    if let Some(block) = Block::new(bytes)
        && let Some((entries, _)) = block.first()
    {
        let points = |tag| exif::find(&entries, tag).map(|e| block.rationals(e)).unwrap_or_default();
        let points = [points(WHITE_POINT), points(PRIMARIES)].concat();
        let hundred_thousandths: Vec<u32> = points.iter().map(|v| (v * 1e5).round() as u32).collect();
        metadata.colorimetry =
            Colorimetry::with(|new| new.chromaticities = hundred_thousandths.try_into().ok());
        metadata.exif = exif_tiff::from_tiff(bytes);
        metadata.density = exif::density(bytes);
    }
    metadata
}
