//! Edits inside Exif blocks: orientation and density.
//!
//! Everything else in a block is kept as it is.
//!
//! An Exif block is a small TIFF file: header, directories of 12-byte entries, values at offsets.
//! Source: CIPA DC-008 (Exif 2.32), TIFF 6.0.

use std::ops::Range;

use unband_image::{Density, DensityUnit};

pub(crate) const ORIENTATION: u16 = 274;
pub(crate) const X_RESOLUTION: u16 = 282;
pub(crate) const Y_RESOLUTION: u16 = 283;
pub(crate) const RESOLUTION_UNIT: u16 = 296;
pub(crate) const EXIF_IFD: u16 = 34665;
pub(crate) const GPS_IFD: u16 = 34853;
const PIXEL_X: u16 = 40962;
const PIXEL_Y: u16 = 40963;
const WIDTH: u16 = 256;
const LENGTH: u16 = 257;

/// Tags of a TIFF file's first directory that describe the image, not its storage.
const DESCRIBING: &[u16] = &[
    269,
    270,
    271,
    272,
    X_RESOLUTION,
    Y_RESOLUTION,
    285,
    RESOLUTION_UNIT,
    305,
    306,
    315,
    316,
    18246,
    18249,
    33432,
    EXIF_IFD,
    GPS_IFD,
    40091,
    40092,
    40093,
    40094,
    40095,
    50341,
];

const SHORT: u16 = 3;
pub(crate) const LONG: u16 = 4;
pub(crate) const RATIONAL: u16 = 5;

/// Bytes per value of a TIFF type; 0 for unknown types.
pub(crate) fn type_size(kind: u16) -> usize {
    match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => 0,
    }
}

/// One directory entry, with its position in the block.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Offset of its 12 bytes.
    pub(crate) at: usize,
    pub(crate) tag: u16,
    pub(crate) kind: u16,
    pub(crate) count: u32,
    /// Range of its value: inside the entry if it fits in four bytes.
    pub(crate) value: Range<usize>,
}

/// A classic TIFF structure: an Exif block or a whole file.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) big_endian: bool,
}

impl<'a> Block<'a> {
    /// Checks the header; `BigTIFF` is rejected.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        match bytes.get(..4)? {
            b"II*\0" => Some(Self { bytes, big_endian: false }),
            b"MM\0*" => Some(Self { bytes, big_endian: true }),
            _ => None,
        }
    }

    pub(crate) fn u16(self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    pub(crate) fn u32(self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// Entries of the directory at an offset, and the offset of the next directory. Entries with values
    /// outside the block are skipped.
    pub(crate) fn directory(self, at: usize) -> Option<(Vec<Entry>, usize)> {
        let count = self.u16(at)? as usize;
        let mut entries = Vec::new();
        for i in 0..count {
            let at = at + 2 + 12 * i;
            let (Some(tag), Some(kind), Some(n)) = (self.u16(at), self.u16(at + 2), self.u32(at + 4)) else {
                break;
            };
            let Some(size) = type_size(kind).checked_mul(n as usize).filter(|&s| s > 0) else { continue };
            let start = if size <= 4 { at + 8 } else { self.u32(at + 8).unwrap_or(u32::MAX) as usize };
            let Some(end) = start.checked_add(size) else { continue };
            if end <= self.bytes.len() {
                entries.push(Entry { at, tag, kind, count: n, value: start..end });
            }
        }
        let next = self.u32(at + 2 + 12 * count).unwrap_or(0) as usize;
        Some((entries, next))
    }

    /// Entries of the first directory and the offset of the second.
    pub(crate) fn first(self) -> Option<(Vec<Entry>, usize)> {
        self.directory(self.u32(4)? as usize)
    }

    /// The integer of a SHORT or LONG entry.
    pub(crate) fn number(self, entry: &Entry) -> Option<u32> {
        match entry.kind {
            SHORT => self.u16(entry.value.start).map(u32::from),
            LONG | 13 => self.u32(entry.value.start),
            1 => self.bytes.get(entry.value.start).map(|&b| u32::from(b)),
            _ => None,
        }
    }

    fn rational(self, entry: &Entry) -> Option<f64> {
        if entry.kind != RATIONAL {
            return self.number(entry).map(f64::from);
        }
        let (n, d) = (self.u32(entry.value.start)?, self.u32(entry.value.start + 4)?);
        (d != 0).then(|| f64::from(n) / f64::from(d))
    }

    /// All rationals of an entry, except those with denominator zero.
    pub(crate) fn rationals(self, entry: &Entry) -> Vec<f64> {
        let at = |i: usize| self.u32(entry.value.start + 4 * i).map(f64::from);
        let of = |i: usize| Some(at(2 * i)? / at(2 * i + 1).filter(|&d| d > 0.0)?);
        let count = if entry.kind == RATIONAL { entry.value.len() / 8 } else { 0 };
        (0..count).filter_map(of).collect()
    }

    pub(crate) fn value(self, entry: &Entry) -> &'a [u8] {
        self.bytes.get(entry.value.clone()).unwrap_or(&[])
    }

    /// The last four bytes of an entry: its value or the value's offset.
    pub(crate) fn value_or_offset(self, entry: &Entry) -> [u8; 4] {
        let four = self.bytes.get(entry.at + 8..entry.at + 12);
        four.and_then(|b| b.try_into().ok()).unwrap_or_default()
    }

    /// Orientation in the first directory, 1..=8.
    pub(crate) fn orientation(self) -> Option<u8> {
        let (entries, _) = self.first()?;
        let value = self.number(find(&entries, ORIENTATION)?)?;
        (1..=8).contains(&value).then_some(value as u8)
    }

    /// Density in the first directory.
    pub(crate) fn density(self) -> Option<Density> {
        let (entries, _) = self.first()?;
        let x = self.rational(find(&entries, X_RESOLUTION)?)?;
        let y = self.rational(find(&entries, Y_RESOLUTION)?)?;
        let unit = find(&entries, RESOLUTION_UNIT).and_then(|e| self.number(e)).unwrap_or(2);
        let unit = match unit {
            1 => DensityUnit::Aspect,
            3 => DensityUnit::Centimetre,
            _ => DensityUnit::Inch,
        };
        // 1:1 without a unit carries no information.
        let useful = x > 0.0 && y > 0.0 && !(unit == DensityUnit::Aspect && (x - y).abs() < f64::EPSILON);
        useful.then_some(Density { x, y, unit })
    }

    pub(crate) fn put_u16(self, out: &mut [u8], at: usize, value: u16) {
        let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        if let Some(slot) = out.get_mut(at..at + 2) {
            slot.copy_from_slice(&bytes);
        }
    }

    pub(crate) fn put_u32(self, out: &mut [u8], at: usize, value: u32) {
        let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        if let Some(slot) = out.get_mut(at..at + 4) {
            slot.copy_from_slice(&bytes);
        }
    }
}

/// GDAL's number for missing samples, in codes of the file's depth.
pub(crate) const NO_DATA: u16 = 42_113;
/// GDAL's texts.
const GDAL_TEXTS: u16 = 42_112;

/// Whether a kept tag of a TIFF file is the place of the image on Earth, by its rows and columns.
pub(crate) fn is_place(tag: u16) -> bool {
    !matches!(tag, NO_DATA | GDAL_TEXTS)
}

/// Whether a tag of a first directory describes the image, not its storage.
pub(crate) fn describes(tag: u16) -> bool {
    DESCRIBING.contains(&tag)
}

pub(crate) fn find(entries: &[Entry], tag: u16) -> Option<&Entry> {
    entries.iter().find(|e| e.tag == tag)
}

/// The TIFF part of a container's Exif data: some containers put `Exif\0\0` in front.
pub(crate) fn block(bytes: &[u8]) -> Option<&[u8]> {
    let bytes = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
    Block::new(bytes)?.first()?;
    Some(bytes)
}

/// Orientation of an Exif block, 1 if it has none.
pub(crate) fn orientation(bytes: &[u8]) -> u8 {
    Block::new(bytes).and_then(Block::orientation).unwrap_or(1)
}

/// Density of an Exif block.
pub(crate) fn density(bytes: &[u8]) -> Option<Density> {
    Block::new(bytes).and_then(Block::density)
}

/// Whether a block has a second directory, that of a thumbnail.
pub(crate) fn has_thumbnail(bytes: &[u8]) -> bool {
    Block::new(bytes).and_then(Block::first).is_some_and(|(_, next)| next > 0)
}

/// Rewrites a block after its orientation has been applied to the samples. The tag becomes 1. Sizes and
/// densities are swapped if the image was transposed. The thumbnail is unlinked, since its orientation would
/// now be wrong.
pub(crate) fn set_orientation(bytes: &mut [u8], applied: u8) {
    let copy = bytes.to_vec();
    let Some(block) = Block::new(&copy) else { return };
    let Some((entries, _)) = block.first() else { return };
    if let Some(entry) = find(&entries, ORIENTATION) {
        match entry.kind {
            LONG => block.put_u32(bytes, entry.value.start, 1),
            _ => block.put_u16(bytes, entry.value.start, 1),
        }
    }
    let lies = applied >= 5;
    if lies {
        exchange(&copy, bytes, &entries, X_RESOLUTION, Y_RESOLUTION);
        exchange(&copy, bytes, &entries, WIDTH, LENGTH);
        let inner = find(&entries, EXIF_IFD).and_then(|e| block.number(e));
        if let Some((entries, _)) = inner.and_then(|at| block.directory(at as usize)) {
            exchange(&copy, bytes, &entries, PIXEL_X, PIXEL_Y);
        }
    }
    if let (Some(at), Some(first)) = (block.u32(4), block.u32(4).and_then(|at| block.u16(at as usize))) {
        block.put_u32(bytes, at as usize + 2 + 12 * first as usize, 0);
    }
}

/// Sets the sizes in pixels that a block states.
pub(crate) fn set_size(bytes: &mut [u8], width: usize, height: usize) {
    let copy = bytes.to_vec();
    let Some(block) = Block::new(&copy) else { return };
    let Some((entries, _)) = block.first() else { return };
    let inner = find(&entries, EXIF_IFD).and_then(|e| block.number(e));
    let inner =
        inner.and_then(|at| block.directory(at as usize)).map(|(entries, _)| entries).unwrap_or_default();
    for (entries, tag, value) in [
        (&entries, WIDTH, width),
        (&entries, LENGTH, height),
        (&inner, PIXEL_X, width),
        (&inner, PIXEL_Y, height),
    ] {
        let Some(entry) = find(entries, tag).filter(|entry| entry.count == 1) else { continue };
        match (entry.kind, u16::try_from(value), u32::try_from(value)) {
            (SHORT, Ok(value), _) => block.put_u16(bytes, entry.value.start, value),
            // A number of two bytes has room for four.
            (SHORT | LONG, _, Ok(value)) => {
                block.put_u16(bytes, entry.at + 2, LONG);
                block.put_u32(bytes, entry.value.start, value);
            }
            _ => {}
        }
    }
}

/// Swaps the values of two entries of the same type.
fn exchange(from: &[u8], to: &mut [u8], entries: &[Entry], a: u16, b: u16) {
    let (Some(a), Some(b)) = (find(entries, a), find(entries, b)) else { return };
    if a.count != b.count {
        return;
    }
    // Type, count and value or offset move together, so that a SHORT and a LONG can be swapped too.
    for (src, dst) in [(a, b), (b, a)] {
        let (Some(source), Some(target)) =
            (from.get(src.at + 2..src.at + 12), to.get_mut(dst.at + 2..dst.at + 12))
        else {
            return;
        };
        target.copy_from_slice(source);
    }
}

/// Whether two densities are equal up to rounding to whole samples per metre.
pub(crate) fn same_density(a: Density, b: Density) -> bool {
    let metres = |d: Density| {
        let scale = match d.unit {
            DensityUnit::Aspect => return (d.x / d.y, 1.0, true),
            DensityUnit::Inch => 1.0 / 0.0254,
            DensityUnit::Centimetre => 100.0,
            DensityUnit::Metre => 1.0,
        };
        (d.x * scale, d.y * scale, false)
    };
    let (a, b) = (metres(a), metres(b));
    let near = |a: f64, b: f64| (a - b).abs() <= 0.6;
    a.2 == b.2 && if a.2 { (a.0 / b.0 - 1.0).abs() < 1e-3 } else { near(a.0, b.0) && near(a.1, b.1) }
}

/// A density as two rationals in a unit of Exif and TIFF: per inch, per centimetre, or a ratio.
pub(crate) fn rationals(density: Density) -> ([u32; 2], [u32; 2], u16) {
    // Whole samples per metre usually come from a whole number of samples per inch.
    let per_inch = [density.x, density.y].map(|v| v * 0.0254);
    let inches = per_inch.iter().all(|v| (v - v.round()).abs() <= 0.0127);
    if density.unit == DensityUnit::Metre && inches {
        let [x, y] = per_inch.map(|v| [v.round().max(1.0) as u32, 1]);
        return (x, y, 2);
    }
    let (scale, unit) = match density.unit {
        DensityUnit::Aspect => (1.0, 1),
        DensityUnit::Inch => (1.0, 2),
        DensityUnit::Centimetre => (1.0, 3),
        DensityUnit::Metre => (0.01, 3),
    };
    let rational = |value: f64| {
        let value = value * scale;
        let denominators = [1u32, 10, 100, 1000, 10_000];
        let exact = |d: &&u32| {
            let n = value * f64::from(**d);
            (n - n.round()).abs() < 1e-6 && n < f64::from(u32::MAX)
        };
        let d = *denominators.iter().find(exact).unwrap_or(if value < 400_000.0 { &10_000 } else { &1 });
        [(value * f64::from(d)).round().clamp(1.0, f64::from(u32::MAX)) as u32, d]
    };
    (rational(density.x), rational(density.y), unit)
}

/// The block with a density in it; a new block if there was none. Existing bytes keep their offsets, so that
/// offsets inside maker notes stay valid. Only a new first directory is appended.
pub(crate) fn with_density(bytes: Option<&[u8]>, density: Density) -> Vec<u8> {
    let mut out = bytes.map_or_else(|| b"II*\0\x08\0\0\0\0\0\0\0\0\0".to_vec(), <[u8]>::to_vec);
    let copy = out.clone();
    let Some(block) = Block::new(&copy) else { return out };
    let Some((entries, next)) = block.first() else { return out };
    let (x, y, unit) = rationals(density);
    if out.len() % 2 == 1 {
        out.push(0);
    }
    let mut rows: Vec<(u16, [u8; 12])> = entries
        .iter()
        .filter(|e| ![X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT].contains(&e.tag))
        .filter_map(|e| Some((e.tag, copy.get(e.at..e.at + 12)?.try_into().ok()?)))
        .collect();
    for (tag, value) in [(X_RESOLUTION, x), (Y_RESOLUTION, y)] {
        let at = out.len();
        out.resize(at + 8, 0);
        block.put_u32(&mut out, at, value[0]);
        block.put_u32(&mut out, at + 4, value[1]);
        rows.push((tag, block.row(tag, RATIONAL, 1, at as u32)));
    }
    let mut row = block.row(RESOLUTION_UNIT, SHORT, 1, 0);
    block.put_u16(&mut row, 8, unit);
    rows.push((RESOLUTION_UNIT, row));
    rows.sort_by_key(|r| r.0);
    let at = out.len();
    out.extend([0; 2]);
    block.put_u16(&mut out, at, rows.len() as u16);
    for (_, row) in rows {
        out.extend(row);
    }
    let end = out.len();
    out.extend([0; 4]);
    block.put_u32(&mut out, end, next as u32);
    block.put_u32(&mut out, 4, at as u32);
    out
}

impl Block<'_> {
    pub(crate) fn row(self, tag: u16, kind: u16, count: u32, value: u32) -> [u8; 12] {
        let mut row = [0; 12];
        self.put_u16(&mut row, 0, tag);
        self.put_u16(&mut row, 2, kind);
        self.put_u32(&mut row, 4, count);
        self.put_u32(&mut row, 8, value);
        row
    }
}

/// Whether a block contains anything besides a density.
pub(crate) fn describes_more_than_density(bytes: &[u8]) -> bool {
    let Some((entries, _)) = Block::new(bytes).and_then(Block::first) else { return false };
    entries.iter().any(|e| ![X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT].contains(&e.tag))
}
