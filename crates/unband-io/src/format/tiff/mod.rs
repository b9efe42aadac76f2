//! TIFF writer: 8 and 16 bits and 32-bit floating point, in deflated strips.
//!
//! An Exif block is written at the beginning of the file, so that all its offsets stay valid, those inside
//! maker notes too.
//!
//! Source: TIFF 6.0; Adobe Photoshop TIFF Technical Notes (deflate, floating point predictor).

mod directory;
mod head;
mod layout;
mod read;
mod tags;

use std::io::{Cursor, Write};

use flate2::{Compression, write::ZlibEncoder};
use tiff::decoder::ifd::Entry;
use tiff::encoder::{DirectoryEncoder, TiffEncoder, TiffKindStandard};
use tiff::tags::{Tag, Type};
use tiff::{Directory, TiffError};
use unband_image::{Depth, Image, Model};

use self::head::NAME;
use self::tags::{Fitting, in_order, sign};
use super::{Dropped, FormatEntry, Item, When, WriteOptions, Writes, iptc};
use crate::samples::Rows;
use crate::{Error, exif, exif_tiff};

/// Approximate bytes per strip.
const STRIP: usize = 1 << 18;
/// zlib's default level.
const DEFAULT_EFFORT: u8 = 1;

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["tiff", "tif"],
    reads: true,
    writes: Some(Writes {
        depths: &[Depth::EIGHT, Depth::SIXTEEN, Depth::F32],
        effort: When::Always,
        alpha: true,
        icc: true,
        exif: true,
        xmp: true,
        iptc: true,
        chromaticities: true,
        density: true,
        tiff: true,
        ..Writes::SAMPLES
    }),
    is: |bytes| [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| bytes.starts_with(*magic)),
    read: read::read,
    write,
};

fn wrong(error: TiffError) -> Error {
    match error {
        TiffError::IoError(source) => Error::Io { action: "write", source },
        TiffError::IntSizeError => Error::encode(NAME, "the file would be larger than 4 GiB"),
        other => Error::encode(NAME, other),
    }
}

type Ifd<'a, 'b> = DirectoryEncoder<'a, &'b mut Cursor<Vec<u8>>, TiffKindStandard>;

fn put(ifd: &mut Ifd<'_, '_>, tag: u16, kind: Type, value: &[u8]) -> Result<(), Error> {
    let entry = ifd.write_entry_bytes(kind, value).map_err(wrong)?;
    insert(ifd, tag, entry);
    if value.len() > 4 && value.len() % 2 == 1 {
        // Values start at even offsets.
        ifd.write_data([0u8].as_slice()).map_err(wrong)?;
    }
    Ok(())
}

fn insert(ifd: &mut Ifd<'_, '_>, tag: u16, entry: Entry) {
    let mut one = Directory::empty();
    one.extend([(Tag::from_u16_exhaustive(tag), entry)]);
    ifd.extend_from(&one);
}

fn shorts(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_ne_bytes()).collect()
}

fn longs(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_ne_bytes()).collect()
}

fn write(
    image: &Image,
    options: &WriteOptions,
    out: &mut dyn Write,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let mut file = Cursor::new(Vec::new());
    encode(image, options.effort, &mut file, dropped)?;
    out.write_all(file.get_ref()).map_err(|source| Error::Io { action: "write", source })
}

fn encode(
    image: &Image,
    effort: Option<u8>,
    file: &mut Cursor<Vec<u8>>,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let (width, height) = (image.width(), image.height());
    let (w, h) = super::sides(image, NAME, u32::MAX)?;
    let mut encoder = TiffEncoder::new(file).map_err(wrong)?;
    let block = match &image.metadata.exif {
        Some(block) => exif_first(&mut encoder, block, dropped)?,
        None => None,
    };
    let colors = if image.color.model == Model::Gray { 1 } else { 3 };
    let alpha = image.alpha.is_some();
    let (fitting, unfit) = Fitting::from_image(image);
    dropped.extend(unfit);
    let samples = colors + usize::from(alpha) + fitting.bands.len();
    let bits: u16 = match image.depth {
        Depth::Int(..=8) => 8,
        Depth::Int(_) => 16,
        Depth::F32 => 32,
    };
    let mut ifd = encoder.image_directory().map_err(wrong)?;
    let rows_per_strip = (STRIP / (width * samples * usize::from(bits / 8))).clamp(1, height);
    let (mut offsets, mut sizes) = (Vec::new(), Vec::new());
    let mut strips = Strips::new(image, colors, alpha, &fitting, bits, effort);
    for top in (0..height).step_by(rows_per_strip) {
        let strip = strips.strip(top..(top + rows_per_strip).min(height))?;
        let offset = ifd.write_data(strip.as_slice()).map_err(wrong)?;
        offsets.push(u32::try_from(offset).map_err(|_| wrong(TiffError::IntSizeError))?);
        sizes.push(strip.len() as u32);
    }
    let float = image.depth == Depth::F32;
    put(&mut ifd, 256, Type::LONG, &longs(&[w]))?;
    put(&mut ifd, 257, Type::LONG, &longs(&[h]))?;
    put(&mut ifd, 258, Type::SHORT, &shorts(&vec![bits; samples]))?;
    put(&mut ifd, 259, Type::SHORT, &shorts(&[8]))?;
    put(&mut ifd, 262, Type::SHORT, &shorts(&[if colors == 1 { 1 } else { 2 }]))?;
    put(&mut ifd, 273, Type::LONG, &longs(&offsets))?;
    put(&mut ifd, exif::ORIENTATION, Type::SHORT, &shorts(&[1]))?;
    put(&mut ifd, 277, Type::SHORT, &shorts(&[samples as u16]))?;
    put(&mut ifd, 278, Type::LONG, &longs(&[rows_per_strip as u32]))?;
    put(&mut ifd, 279, Type::LONG, &longs(&sizes))?;
    put(&mut ifd, 317, Type::SHORT, &shorts(&[if float { 3 } else { 2 }]))?;
    // 2: straight alpha; 0: of no stated meaning.
    let extra: Vec<u16> = alpha.then_some(2).into_iter().chain(fitting.bands.iter().map(|_| 0)).collect();
    if !extra.is_empty() {
        put(&mut ifd, 338, Type::SHORT, &shorts(&extra))?;
    }
    let numbers = match (float, fitting.signed) {
        (true, _) => 3,
        (false, true) => 2,
        (false, false) => 1,
    };
    put(&mut ifd, 339, Type::SHORT, &shorts(&vec![numbers; samples]))?;
    for tag in &fitting.tags {
        let Some(kind) = Type::from_u16(tag.kind) else { continue };
        put(&mut ifd, tag.tag, kind, &in_order(&tag.value, tag.kind, cfg!(target_endian = "big")))?;
    }
    describe(&mut ifd, image, block.as_deref())?;
    ifd.finish().map_err(wrong)
}

/// Writes an Exif block directly after the header, where all its offsets are valid, and returns it in the
/// file's byte order.
fn exif_first(
    encoder: &mut TiffEncoder<&mut Cursor<Vec<u8>>>,
    block: &[u8],
    dropped: &mut Vec<Dropped>,
) -> Result<Option<Vec<u8>>, Error> {
    let native = if cfg!(target_endian = "little") { exif_tiff::little_endian(block) } else { None };
    let Some(native) = native.filter(|b| b.len() > 8) else {
        dropped.push(Dropped::because(Item::Exif, "its byte order"));
        return Ok(None);
    };
    let mut place = encoder.extra_directory().map_err(wrong)?;
    let at = place.write_data(&native[8..]).map_err(wrong)?;
    place.finish().map_err(wrong)?;
    if at == 8 {
        return Ok(Some(native));
    }
    dropped.push(Dropped::all(Item::Exif));
    Ok(None)
}

fn describe(ifd: &mut Ifd<'_, '_>, image: &Image, block: Option<&[u8]>) -> Result<(), Error> {
    let metadata = &image.metadata;
    let resolution = [exif::X_RESOLUTION, exif::Y_RESOLUTION, exif::RESOLUTION_UNIT];
    // An exact density in Exif is not replaced by a rounded copy.
    let in_exif = block.and_then(exif::density);
    let density = metadata.density.filter(|&new| in_exif.is_none_or(|old| !exif::same_density(old, new)));
    if let Some(block) = block.and_then(exif::Block::new)
        && let Some((entries, _)) = block.first()
    {
        for entry in entries.iter().filter(|e| exif::describes(e.tag)) {
            if density.is_some() && resolution.contains(&entry.tag) {
                continue;
            }
            let Some(kind) = Type::from_u16(entry.kind) else { continue };
            insert(ifd, entry.tag, Entry::new(kind, entry.count, block.value_or_offset(entry)));
        }
    }
    if let Some(density) = density {
        let (x, y, unit) = exif::rationals(density);
        put(ifd, resolution[0], Type::RATIONAL, &longs(&x))?;
        put(ifd, resolution[1], Type::RATIONAL, &longs(&y))?;
        put(ifd, resolution[2], Type::SHORT, &shorts(&[unit]))?;
    }
    if let Some(points) = metadata.colorimetry.chromaticities {
        let rationals: Vec<u32> = points.iter().flat_map(|&v| [v, 100_000]).collect();
        put(ifd, read::WHITE_POINT, Type::RATIONAL, &longs(&rationals[..4]))?;
        put(ifd, read::PRIMARIES, Type::RATIONAL, &longs(&rationals[4..]))?;
    }
    if let Some(xmp) = &metadata.xmp {
        put(ifd, 700, Type::BYTE, xmp)?;
    }
    if let Some(resources) = &metadata.iptc {
        if let Some(records) = iptc::records(resources) {
            put(ifd, 33_723, Type::UNDEFINED, records)?;
        }
        put(ifd, 34_377, Type::BYTE, resources)?;
    }
    if let Some(icc) = &metadata.icc {
        put(ifd, 34_675, Type::UNDEFINED, icc)?;
    }
    Ok(())
}

/// Strips of predicted and deflated rows.
struct Strips<'a> {
    rows: Rows<'a>,
    samples: usize,
    bits: u16,
    /// The bit that signed samples have inverted.
    sign: u32,
    level: Compression,
    narrow: Vec<u8>,
    wide: Vec<u16>,
    values: Vec<f32>,
    bytes: Vec<u8>,
}

impl<'a> Strips<'a> {
    fn new(
        image: &'a Image,
        colors: usize,
        alpha: bool,
        fitting: &Fitting<'a>,
        bits: u16,
        effort: Option<u8>,
    ) -> Self {
        let depth = if bits == 32 { Depth::F32 } else { Depth::Int(bits as u8) };
        Self {
            rows: Rows::new(image, colors, alpha, depth).with(fitting.bands),
            samples: colors + usize::from(alpha) + fitting.bands.len(),
            bits,
            sign: if fitting.signed { sign(depth) } else { 0 },
            level: Compression::new(effort.unwrap_or(DEFAULT_EFFORT).min(9).into()),
            narrow: Vec::new(),
            wide: Vec::new(),
            values: Vec::new(),
            bytes: Vec::new(),
        }
    }

    fn strip(&mut self, rows: std::ops::Range<usize>) -> Result<Vec<u8>, Error> {
        let io = |source| Error::Io { action: "write", source };
        let mut zlib = ZlibEncoder::new(Vec::new(), self.level);
        let sign = self.sign;
        for y in rows {
            self.bytes.clear();
            match self.bits {
                8 => {
                    self.rows.codes(y, &mut self.narrow, |c| (c ^ sign) as u8);
                    for i in (self.samples..self.narrow.len()).rev() {
                        self.narrow[i] = self.narrow[i].wrapping_sub(self.narrow[i - self.samples]);
                    }
                    zlib.write_all(&self.narrow).map_err(io)?;
                    continue;
                }
                16 => {
                    self.rows.codes(y, &mut self.wide, |c| (c ^ sign) as u16);
                    for i in (self.samples..self.wide.len()).rev() {
                        self.wide[i] = self.wide[i].wrapping_sub(self.wide[i - self.samples]);
                    }
                    self.bytes.extend(self.wide.iter().flat_map(|c| c.to_ne_bytes()));
                }
                _ => {
                    self.rows.values(y, &mut self.values);
                    // The bytes of all values by significance, the highest first; then their differences.
                    for rank in 0..4 {
                        self.bytes.extend(self.values.iter().map(|v| v.to_be_bytes()[rank]));
                    }
                    for i in (self.samples..self.bytes.len()).rev() {
                        self.bytes[i] = self.bytes[i].wrapping_sub(self.bytes[i - self.samples]);
                    }
                }
            }
            zlib.write_all(&self.bytes).map_err(io)?;
        }
        zlib.finish().map_err(io)
    }
}
