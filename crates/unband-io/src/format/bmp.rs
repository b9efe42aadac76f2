//! BMP reader: 1–32 bits per pixel, palettes, bit fields, run-length coding.
//!
//! Source: Microsoft's BITMAPFILEHEADER, BITMAPINFOHEADER, BITMAPV4HEADER, BITMAPV5HEADER and "Bitmap
//! Compression" pages.

use std::ops::Range;

use unband_image::{Codec, Density, DensityUnit, Depth, Image, Plane};

use super::unread::Unread;
use super::{FormatEntry, read_only};
use crate::limits::mostly_empty;
use crate::samples::{Planes, widen};
use crate::{Error, Limits};

const NAME: &str = "BMP";
const RGB: u32 = 0;
const RLE8: u32 = 1;
const RLE4: u32 = 2;
const BIT_FIELDS: u32 = 3;
const ALPHA_BIT_FIELDS: u32 = 6;

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["bmp", "dib"],
    reads: true,
    writes: None,
    is: |bytes| {
        bytes.starts_with(b"BM")
            && bytes.len() > 14
            && matches!(bytes[14], 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124)
    },
    read,
    write: read_only,
};

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

struct Header {
    width: usize,
    height: usize,
    /// Whether rows are stored from the top down.
    down: bool,
    bits: u16,
    compression: u32,
    /// Offset of the samples.
    data: usize,
    palette: Vec<[u8; 3]>,
    /// Bit masks of red, green, blue and alpha.
    masks: [u32; 4],
    density: Option<Density>,
}

impl Header {
    /// Parses the header; `None` if the file ends before it does.
    fn read(bytes: &[u8]) -> Option<Self> {
        let size = u32_at(bytes, 14)? as usize;
        let data = u32_at(bytes, 10)? as usize;
        // Short headers do not have the later fields.
        let field = |at: usize| if at + 4 <= 14 + size { u32_at(bytes, at) } else { Some(0) };
        let (width, height, bits) = if size == 12 {
            (u16_at(bytes, 18)?.into(), i32::from(u16_at(bytes, 20)?), u16_at(bytes, 24)?)
        } else {
            (u32_at(bytes, 18)?, u32_at(bytes, 22)?.cast_signed(), u16_at(bytes, 28)?)
        };
        let compression = if size == 12 { RGB } else { field(30)? };
        let (x, y) = if size == 12 { (0, 0) } else { (field(38)?, field(42)?) };
        let real = |v: u32| v > 0 && i32::try_from(v).is_ok();
        let mut masks = match bits {
            16 => [0x7C00, 0x03E0, 0x001F, 0],
            _ => [0x00FF_0000, 0x0000_FF00, 0x0000_00FF, 0],
        };
        let fields = matches!(compression, BIT_FIELDS | ALPHA_BIT_FIELDS) && matches!(bits, 16 | 32);
        let mut palette_at = 14 + size;
        if fields {
            // After a short header, or inside a long one, at the same offset.
            let count = if size >= 56 || compression == ALPHA_BIT_FIELDS { 4 } else { 3 };
            for (i, mask) in masks.iter_mut().enumerate().take(count) {
                *mask = u32_at(bytes, 54 + 4 * i)?;
            }
            if size == 40 {
                palette_at += 4 * count;
            }
        }
        let mut palette = Vec::new();
        if (1..=8).contains(&bits) {
            let declared = if size == 12 { 0 } else { field(46)? as usize };
            let most = 1usize << bits;
            let count = if declared == 0 { most } else { declared.min(most) };
            let entry = if size == 12 { 3 } else { 4 };
            // Some files have fewer colours than declared: the palette ends where the samples start.
            let room = data.saturating_sub(palette_at) / entry;
            let colors = bytes.get(palette_at..)?.chunks_exact(entry).take(count.min(room));
            palette = colors.map(|c| [c[2], c[1], c[0]]).collect();
        }
        Some(Self {
            width: width as usize,
            height: height.unsigned_abs() as usize,
            down: height < 0,
            bits,
            compression,
            data,
            palette,
            masks,
            density: (real(x) && real(y)).then(|| Density {
                x: x.into(),
                y: y.into(),
                unit: DensityUnit::Metre,
            }),
        })
    }

    fn check(&self, bytes: &[u8], limits: &Limits) -> Result<(), Error> {
        let (width, height) = (self.width, self.height);
        // A width with the highest bit set is negative.
        if width == 0 || height == 0 || width > i32::MAX as usize {
            return Err(Error::damaged(NAME, format!("its size is {width}×{height}")));
        }
        match (self.compression, self.bits) {
            (RGB, 1 | 2 | 4 | 8 | 16 | 24 | 32)
            | (RLE8, 8)
            | (RLE4, 4)
            | (BIT_FIELDS | ALPHA_BIT_FIELDS, 16 | 32) => {}
            (code, bits) => {
                return Err(Error::unsupported(NAME, format!("compression {code} of {bits} bits")));
            }
        }
        limits.check(width as u64, height as u64, 4)?;
        // Two bytes hold a run of at most 255 samples, or end a row early; other codings store every sample.
        let needs = match self.compression {
            RLE8 | RLE4 => 2,
            _ => self.row_bytes().saturating_mul(height),
        };
        let there = bytes.len().saturating_sub(self.data);
        if needs > there || mostly_empty(width, height, there) {
            return Err(Error::Truncated { format: NAME });
        }
        if self.bits <= 8 && self.palette.is_empty() {
            return Err(Error::damaged(NAME, "it has no palette"));
        }
        Ok(())
    }

    /// Bytes of a stored row, a multiple of four.
    fn row_bytes(&self) -> usize {
        self.width.saturating_mul(self.bits.into()).div_ceil(32).saturating_mul(4)
    }

    /// Offset after the samples and the profile; the file's end where runs do not declare their length.
    fn end(&self, bytes: &[u8]) -> usize {
        let samples = match self.compression {
            RLE8 | RLE4 => match u32_at(bytes, 34) {
                Some(size) if size > 0 => size as usize,
                _ => return bytes.len(),
            },
            _ => self.row_bytes().saturating_mul(self.height),
        };
        let profile = place_of_profile(bytes).map_or(0, |place| place.end);
        self.data.saturating_add(samples).max(profile)
    }

    /// Row of the image stored at index `i`.
    fn row(&self, i: usize) -> usize {
        if self.down { i } else { self.height - 1 - i }
    }
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let header = Header::read(bytes).ok_or(Error::Truncated { format: NAME })?;
    header.check(bytes, limits)?;
    let data = bytes.get(header.data..).unwrap_or(&[]);
    let mut image = match header.bits {
        ..=8 => indexed(&header, data)?,
        _ => direct(&header, data)?,
    };
    image.origin.codec = match header.bits {
        ..=8 => Codec::Palette(header.palette.len() as u16),
        _ => Codec::Lossless,
    };
    image.metadata.density = header.density;
    image.metadata.icc = profile(bytes);
    if u32_at(bytes, 14) == Some(124) && u32_at(bytes, 70) == Some(u32::from_be_bytes(*b"LINK")) {
        image.metadata.unread.push("name of a profile's file".to_owned());
    }
    let mut unread = Unread::default();
    unread.put_rest(bytes.get(header.end(bytes)..).unwrap_or_default());
    image.metadata.unread.extend(unread.names());
    Ok(image)
}

/// The ICC profile in a version 5 header.
fn profile(bytes: &[u8]) -> Option<Vec<u8>> {
    let embedded = u32_at(bytes, 70)? == u32::from_be_bytes(*b"MBED");
    let profile = bytes.get(place_of_profile(bytes)?)?;
    (embedded && !profile.is_empty()).then(|| profile.to_vec())
}

/// Where a version 5 header says that the profile, or the name of its file, is.
fn place_of_profile(bytes: &[u8]) -> Option<Range<usize>> {
    let (at, size) = (u32_at(bytes, 126)? as usize + 14, u32_at(bytes, 130)? as usize);
    let own = [*b"MBED", *b"LINK"].map(u32::from_be_bytes).contains(&u32_at(bytes, 70)?);
    (u32_at(bytes, 14)? == 124 && own).then_some(at..at.checked_add(size)?)
}

fn indexed(header: &Header, data: &[u8]) -> Result<Image, Error> {
    let (width, height) = (header.width, header.height);
    let mut planes = Planes::new(3, width, height)?;
    let color = |index: u8| header.palette.get(usize::from(index)).copied().unwrap_or([0; 3]);
    let mut row = Vec::new();
    if matches!(header.compression, RLE8 | RLE4) {
        let planes = planes.all();
        let first = color(0).map(|c| Depth::EIGHT.value(c.into()));
        planes.iter_mut().zip(first).for_each(|(plane, value)| plane.data.fill(value));
        runs(header, data, |x, y, index| put(planes, x, header.row(y), color(index)))?;
    } else {
        for (i, raw) in data.chunks_exact(header.row_bytes()).enumerate().take(height) {
            row.clear();
            row.extend(super::png::indices(raw, header.bits as u8).take(width).flat_map(color));
            planes.put(0, header.row(i), &row, Depth::EIGHT);
        }
    }
    Ok(planes.into_image(Depth::EIGHT))
}

fn put(planes: &mut [Plane], x: usize, y: usize, color: [u8; 3]) {
    for (plane, code) in planes.iter_mut().zip(color) {
        plane.row_mut(y)[x] = Depth::EIGHT.value(code.into());
    }
}

/// Decodes runs and literals; skipped samples keep the first colour.
fn runs(header: &Header, data: &[u8], mut put: impl FnMut(usize, usize, u8)) -> Result<(), Error> {
    let cut = || Error::Truncated { format: NAME };
    let half = header.compression == RLE4;
    let (mut x, mut y) = (0, 0);
    let mut put = |x: usize, y: usize, byte: u8, odd: bool| {
        let index = match (half, odd) {
            (false, _) => byte,
            (true, false) => byte >> 4,
            (true, true) => byte & 15,
        };
        if x < header.width && y < header.height {
            put(x, y, index);
        }
    };
    let mut at = 0;
    let mut next = || {
        at += 2;
        data.get(at - 2..at).map(|b| (b[0], b[1])).ok_or_else(cut)
    };
    while y < header.height {
        match next()? {
            (0, 0) => (x, y) = (0, y + 1),
            (0, 1) => break,
            (0, 2) => {
                let (right, down) = next()?;
                (x, y) = (x + usize::from(right), y + usize::from(down));
            }
            (0, count) => {
                // Literal samples, padded to pairs of bytes.
                let per_pair = if half { 4 } else { 2 };
                let mut left = usize::from(count);
                while left > 0 {
                    let (a, b) = next()?;
                    let stretch = if half {
                        [(a, false), (a, true), (b, false), (b, true)]
                    } else {
                        [(a, false), (b, false), (0, false), (0, false)]
                    };
                    for (byte, odd) in stretch.into_iter().take(per_pair.min(left)) {
                        put(x, y, byte, odd);
                        x += 1;
                    }
                    left = left.saturating_sub(per_pair);
                }
            }
            (count, byte) => {
                for i in 0..usize::from(count) {
                    put(x, y, byte, i % 2 == 1);
                    x += 1;
                }
            }
        }
    }
    Ok(())
}

fn direct(header: &Header, data: &[u8]) -> Result<Image, Error> {
    let masks = &header.masks[..if header.masks[3] == 0 { 3 } else { 4 }];
    // Fields are widened to 8 bits, or to 16 if one has more than 8.
    let bits: Vec<u32> = masks.iter().map(|m| m.count_ones()).collect();
    let depth = if bits.iter().all(|&b| b <= 8) { Depth::EIGHT } else { Depth::SIXTEEN };
    if bits.iter().any(|&b| b == 0 || b > 16) {
        return Err(Error::unsupported(NAME, format!("fields of {bits:?} bits")));
    }
    let mut planes = Planes::new(masks.len(), header.width, header.height)?;
    let bytes_per_pixel = usize::from(header.bits / 8);
    let mut row: Vec<u16> = Vec::with_capacity(header.width * masks.len());
    for (i, raw) in data.chunks_exact(header.row_bytes()).enumerate().take(header.height) {
        row.clear();
        for pixel in raw.chunks_exact(bytes_per_pixel).take(header.width) {
            let pixel = pixel.iter().rev().fold(0u32, |all, &b| all << 8 | u32::from(b));
            for (mask, bits) in masks.iter().zip(&bits) {
                let code = (pixel & mask) >> mask.trailing_zeros();
                let most = (1u32 << bits) - 1;
                row.push(widen(code.min(most), most, depth.max_code()) as u16);
            }
        }
        planes.put(0, header.row(i), &row, depth);
    }
    Ok(planes.into_image(depth))
}
