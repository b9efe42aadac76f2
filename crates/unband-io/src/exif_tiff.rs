//! Conversion of Exif blocks to and from TIFF files, including byte order.

use std::ops::Range;

use crate::exif::{
    Block, EXIF_IFD, Entry, GPS_IFD, LONG, RATIONAL, RESOLUTION_UNIT, X_RESOLUTION, Y_RESOLUTION, describes,
    find, type_size,
};

const INTEROP_IFD: u16 = 40965;
const MAKER_NOTE: u16 = 37500;
const USER_COMMENT: u16 = 37510;

/// The describing tags of a TIFF file's first directory, with its Exif and GPS directories, as an Exif block;
/// `None` if there are none except the density. A maker note with a low enough offset keeps it, because
/// several makers' notes contain absolute offsets.
pub(crate) fn from_tiff(file: &[u8]) -> Option<Vec<u8>> {
    let block = Block::new(file)?;
    let (entries, _) = block.first()?;
    let entries: Vec<Entry> = entries.into_iter().filter(|e| describes(e.tag)).collect();
    if entries.iter().all(|e| [X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT].contains(&e.tag)) {
        return None;
    }
    let note = find(&entries, EXIF_IFD)
        .and_then(|e| block.number(e))
        .and_then(|at| block.directory(at as usize))
        .and_then(|(inner, _)| find(&inner, MAKER_NOTE).cloned())
        .filter(|note| note.value.len() > 4 && note.value.start >= 8 && note.value.end <= LOW);
    let most = file.len().saturating_mul(2).saturating_add(1 << 12);
    let mut out = Rebuilt { block, out: file.get(..8)?.to_vec(), hole: None, most };
    if let Some(note) = note {
        out.out.resize(note.value.end, 0);
        out.out.get_mut(note.value.clone())?.copy_from_slice(block.value(&note));
        out.hole = Some((8, note.value));
    }
    let at = out.directory(&entries, 0)?;
    block.put_u32(&mut out.out, 4, at as u32);
    Some(out.out)
}

/// A maker note that ends below this keeps its offset. Blocks of this size fit a JPEG segment.
const LOW: usize = 60_000;

/// A block under construction, with a maker note already in place.
struct Rebuilt<'a> {
    block: Block<'a>,
    out: Vec<u8>,
    /// Start of the free bytes before the maker note, and the range of the maker note.
    hole: Option<(usize, Range<usize>)>,
    /// Limit on the block's size. Only files with overlapping values or directories that contain each other
    /// exceed it.
    most: usize,
}

impl Rebuilt<'_> {
    /// Reserves bytes at an even offset; `None` if the block becomes too large.
    fn place(&mut self, len: usize) -> Option<usize> {
        if let Some((free, note)) = &mut self.hole
            && *free + len <= note.start
        {
            let at = *free;
            *free += len + len % 2;
            return Some(at);
        }
        let at = self.out.len() + self.out.len() % 2;
        if at + len > self.most {
            return None;
        }
        self.out.resize(at + len, 0);
        Some(at)
    }

    fn directory(&mut self, entries: &[Entry], level: u32) -> Option<usize> {
        let at = self.place(2 + 12 * entries.len() + 4)?;
        self.block.put_u16(&mut self.out, at, entries.len() as u16);
        for (i, entry) in entries.iter().enumerate() {
            let pointer = [EXIF_IFD, GPS_IFD, INTEROP_IFD].contains(&entry.tag);
            let value = self.block.value(entry);
            let place = if pointer && level < 3 {
                let inner = self.block.number(entry).and_then(|at| self.block.directory(at as usize));
                let (inner, _) = inner.unwrap_or_default();
                self.directory(&inner, level + 1)? as u32
            } else if value.len() <= 4 {
                let mut four = [0; 4];
                four.get_mut(..value.len())?.copy_from_slice(value);
                let row = self.block.row(entry.tag, entry.kind, entry.count, 0);
                let to = at + 2 + 12 * i;
                self.out.get_mut(to..to + 8)?.copy_from_slice(row.get(..8)?);
                self.out.get_mut(to + 8..to + 12)?.copy_from_slice(&four);
                continue;
            } else if self
                .hole
                .as_ref()
                .is_some_and(|(_, note)| entry.tag == MAKER_NOTE && *note == entry.value)
            {
                entry.value.start as u32
            } else {
                let place = self.place(value.len())?;
                self.out.get_mut(place..place + value.len())?.copy_from_slice(value);
                place as u32
            };
            let row = self.block.row(entry.tag, if pointer { LONG } else { entry.kind }, entry.count, place);
            let to = at + 2 + 12 * i;
            self.out.get_mut(to..to + 12)?.copy_from_slice(&row);
        }
        Some(at)
    }
}

/// The block in little-endian order, with every value at the same offset. Untyped bytes, such as maker notes,
/// are unchanged. `None` if the values overlap more than in any camera's file.
pub(crate) fn little_endian(bytes: &[u8]) -> Option<Vec<u8>> {
    let block = Block::new(bytes)?;
    let mut out = bytes.to_vec();
    if block.big_endian {
        out.get_mut(..4)?.copy_from_slice(b"II*\0");
        let mut todo = vec![block.u32(4)? as usize];
        out.get_mut(4..8)?.reverse();
        let mut done = Vec::new();
        let mut left = bytes.len().saturating_mul(2);
        while let Some(at) = todo.pop() {
            if at == 0 || done.contains(&at) || done.len() > 64 {
                continue;
            }
            done.push(at);
            let Some((entries, next)) = block.directory(at) else { continue };
            let size = |entry: &Entry| entry.value.len().max(12);
            left = entries.iter().try_fold(left, |left, entry| left.checked_sub(size(entry)))?;
            turn_directory(block, &mut out, at, &entries);
            todo.push(next);
            let inner = entries.iter().filter(|e| [EXIF_IFD, GPS_IFD, INTEROP_IFD].contains(&e.tag));
            todo.extend(inner.filter_map(|e| block.number(e)).map(|at| at as usize));
        }
    }
    Some(out)
}

fn turn_directory(block: Block<'_>, out: &mut [u8], at: usize, entries: &[Entry]) {
    let turn = |out: &mut [u8], at: usize, size: usize| {
        if let (Some(to), Some(from)) = (out.get_mut(at..at + size), block.bytes.get(at..at + size)) {
            to.copy_from_slice(from);
            to.reverse();
        }
    };
    let count = block.u16(at).unwrap_or(0) as usize;
    turn(out, at, 2);
    turn(out, at + 2 + 12 * count, 4);
    for i in 0..count {
        let at = at + 2 + 12 * i;
        turn(out, at, 2);
        turn(out, at + 2, 2);
        turn(out, at + 4, 4);
        // Entries are in the order of their rows.
        let entry = entries.binary_search_by_key(&at, |e| e.at).ok().and_then(|i| entries.get(i));
        if entry.is_none_or(|e| e.value.start != at + 8) {
            turn(out, at + 8, 4);
        }
    }
    for entry in entries {
        let unit = match entry.kind {
            RATIONAL | 10 => 4,
            kind => type_size(kind),
        };
        for at in entry.value.clone().step_by(unit) {
            turn(out, at, unit);
        }
        // The only text whose characters follow the byte order, although its type does not show it.
        if entry.tag == USER_COMMENT && block.value(entry).starts_with(b"UNICODE\0") {
            for at in (entry.value.start + 8..entry.value.end.saturating_sub(1)).step_by(2) {
                turn(out, at, 2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// A directory at offset 8 with `entries` entries of one tag and type, each with the same count and
    /// value.
    fn alike(big_endian: bool, entries: u16, tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
        let head = if big_endian { b"MM\0*" } else { b"II*\0" };
        let short = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let long = |v: u32| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let row = [&short(tag)[..], &short(kind), &long(count), &long(value)].concat();
        [&head[..], &long(8), &short(entries), &row.repeat(entries.into()), &long(0)].concat()
    }

    #[test]
    fn directories_that_hold_themselves_do_not_multiply() {
        let start = Instant::now();
        for entries in [2, 100, 60_000] {
            let file = alike(false, entries, EXIF_IFD, LONG, 1, 8);
            let block = from_tiff(&file).unwrap_or_default();
            assert!(block.len() <= 2 * file.len() + 4096, "{} of {}", block.len(), file.len());
        }
        assert_eq!(from_tiff(&alike(false, 100, EXIF_IFD, LONG, 1, 8)), None);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }

    #[test]
    fn values_that_overlap_do_not_multiply() {
        let start = Instant::now();
        // Each value is nearly as long as the file.
        let file = alike(false, 60_000, 270, 2, 700_000, 8);
        assert_eq!(from_tiff(&file), None);
        let file = alike(true, 60_000, 270, 3, 350_000, 8);
        assert_eq!(little_endian(&file), None);
        // Many entries with inline values are allowed.
        let file = alike(true, 60_000, 274, 3, 1, 0x0006_0000);
        assert_eq!(little_endian(&file), Some(alike(false, 60_000, 274, 3, 1, 6)));
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}
