//! Boxes of MP4 and `QuickTime` files on disk.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use unband_io::{Error, isobmff};

pub(super) use unband_io::isobmff::{BoxType, boxed};

pub(super) const NAME: &str = "fragmented MP4";
/// A `moof` for a minute of video has some hundred kilobytes.
const MOST_BYTES: u64 = 64 << 20;

/// Position of a box in a file.
#[derive(Clone, Copy)]
pub(super) struct BoxPosition {
    pub(super) kind: BoxType,
    pub(super) start: u64,
    /// Bytes of its size and name.
    pub(super) head: u64,
    pub(super) size: u64,
}

/// All top-level boxes of a file, in order.
pub(super) fn top_level<F: Read + Seek>(file: &mut F) -> Result<Vec<BoxPosition>, Error> {
    let end = file.seek(SeekFrom::End(0)).map_err(io("read"))?;
    let (mut places, mut at) = (Vec::new(), 0);
    while at < end {
        file.seek(SeekFrom::Start(at)).map_err(io("read"))?;
        let mut head = [0; 16];
        let have = (end - at).min(16) as usize;
        file.read_exact(&mut head[..have]).map_err(io("read"))?;
        let place = place(&head[..have], at, end - at)?;
        at += place.size;
        places.push(place);
    }
    Ok(places)
}

/// The box whose beginning is in `head`, of which `left` bytes remain in the file.
fn place(head: &[u8], start: u64, left: u64) -> Result<BoxPosition, Error> {
    let (kind, head, size) = isobmff::header(NAME, head, left)?;
    if size > left {
        return Err(Error::Truncated { format: NAME });
    }
    Ok(BoxPosition { kind, start, head, size })
}

/// The content of a box.
pub(super) fn content<F: Read + Seek>(file: &mut F, place: &BoxPosition) -> Result<Vec<u8>, Error> {
    let size = place.size - place.head;
    if size > MOST_BYTES {
        return Err(damaged("a box is too long"));
    }
    let mut bytes = vec![0; size as usize];
    file.seek(SeekFrom::Start(place.start + place.head)).map_err(io("read"))?;
    file.read_exact(&mut bytes).map_err(io("read"))?;
    Ok(bytes)
}

/// Boxes inside a range, by kind, with the range of their content.
pub(super) fn inside(bytes: &[u8], range: Range<usize>) -> Result<Vec<(BoxType, Range<usize>)>, Error> {
    let (mut boxes, mut at) = (Vec::new(), range.start);
    while at < range.end {
        let place = place(&bytes[at..range.end], 0, (range.end - at) as u64)?;
        boxes.push((place.kind, at + place.head as usize..at + place.size as usize));
        at += place.size as usize;
    }
    Ok(boxes)
}

/// Integers of `bytes` bytes each.
pub(super) fn with(numbers: &[u64], bytes: usize) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()[8 - bytes..].to_vec()).collect()
}

/// An integer of `count` bytes, big-endian.
pub(super) fn number(bytes: &[u8], at: usize, count: usize) -> Result<u64, Error> {
    isobmff::number(NAME, bytes, at, count)
}

pub(super) fn damaged(what: &str) -> Error {
    Error::damaged(NAME, what)
}

pub(super) fn io(action: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |source| Error::Io { action, source }
}
