//! The first directory of a TIFF file, classic or `BigTIFF`, as entries.

use crate::exif;

/// Maximum number of entries that are looked at.
const MOST_ENTRIES: u64 = 65_535;
/// Types of 8 bytes, which only `BigTIFF` has.
pub(super) const LONG: std::ops::RangeInclusive<u16> = 16..=18;

/// A file by its byte order and the sizes of its fields.
#[derive(Clone, Copy)]
pub(super) struct Directory<'a> {
    bytes: &'a [u8],
    pub(super) big_endian: bool,
    /// Is it `BigTIFF`?
    pub(super) big: bool,
}

/// An entry of the directory.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) tag: u16,
    pub(super) kind: u16,
    /// Number of values; `None` where the file ends before it.
    pub(super) count: Option<u64>,
    /// Place of the values, or of their offset where they do not fit.
    pub(super) place: usize,
    /// Bytes at that place.
    pub(super) room: usize,
}

impl Entry {
    /// Bytes of one value.
    pub(super) fn unit(&self) -> usize {
        if LONG.contains(&self.kind) { 8 } else { exif::type_size(self.kind) }
    }

    /// Bytes of all values.
    pub(super) fn size(&self) -> Option<usize> {
        usize::try_from(self.count?).ok()?.checked_mul(self.unit())
    }
}

impl<'a> Directory<'a> {
    /// Reads the byte order and the kind of file.
    pub(super) fn from_bytes(bytes: &'a [u8]) -> Self {
        let directory = Self { bytes, big_endian: bytes.starts_with(b"MM"), big: false };
        Self { big: directory.number(2, 2) == Some(43), ..directory }
    }

    /// The number at a place, of a size in bytes; `None` beyond the end of the file.
    pub(super) fn number(&self, at: usize, size: usize) -> Option<u64> {
        let raw = self.bytes.get(at..at.checked_add(size)?)?;
        let fold = |n: u64, b: &u8| n << 8 | u64::from(*b);
        Some(if self.big_endian { raw.iter().fold(0, fold) } else { raw.iter().rev().fold(0, fold) })
    }

    /// The bytes of an entry's values, in the file's order; `None` beyond the end of the file.
    pub(super) fn value(&self, entry: &Entry) -> Option<&'a [u8]> {
        let size = entry.size()?;
        let start = if size <= entry.room {
            entry.place
        } else {
            usize::try_from(self.number(entry.place, entry.room)?).ok()?
        };
        self.bytes.get(start..start.checked_add(size)?)
    }

    /// All entries, up to the end of the file.
    pub(super) fn entries(self) -> impl Iterator<Item = Entry> {
        let (count_size, size, value_at) = if self.big { (8, 20, 12) } else { (2, 12, 8) };
        let start = if self.big { self.number(8, 8) } else { self.number(4, 4) };
        let start = start.and_then(|at| usize::try_from(at).ok()).unwrap_or(usize::MAX);
        let count = self.number(start, count_size).unwrap_or(0).min(MOST_ENTRIES) as usize;
        (0..count).map_while(move |i| {
            let at = start.checked_add(count_size + i * size)?;
            Some(Entry {
                tag: self.number(at, 2)? as u16,
                kind: self.number(at + 2, 2)? as u16,
                count: self.number(at + 4, value_at - 4),
                place: at + value_at,
                room: size - value_at,
            })
        })
    }
}
