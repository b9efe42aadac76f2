//! Retiming and joining of single-track Matroska files, for codecs with alpha in packets of its own.
//!
//! Such packets are additions to a block, which MP4 and `QuickTime` do not have. All files become one stream
//! whose clock ticks in nanoseconds. Frames are decoded in the order in which they are shown.
//!
//! Source: RFC 8794 (EBML), RFC 9559 (Matroska).

use std::io::{Read, Seek, SeekFrom, Write};

use unband_io::Error;

/// Elements, by their ids.
const EBML: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const SCALE: u32 = 0x2A_D7B1;
const MUXER: u32 = 0x4D80;
const WRITER: u32 = 0x5741;
const TRACKS: u32 = 0x1654_AE6B;
const CLUSTER: u32 = 0x1F43_B675;
const CLOCK: u32 = 0xE7;
const GROUP: u32 = 0xA0;
const BLOCK: u32 = 0xA1;
const SIMPLE_BLOCK: u32 = 0xA3;
const DURATION: u32 = 0x9B;

/// Longest element that is read as a whole: a frame, or the description of all tracks.
const LONGEST: u64 = 1 << 30;
/// The size of an element that ends with the file.
const UNKNOWN: u64 = u64::MAX;

/// An element: id, start of its content and length of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Element {
    id: u32,
    content: u64,
    length: u64,
}

fn damaged(message: &str) -> Error {
    Error::damaged("Matroska", message)
}

fn io(source: std::io::Error) -> Error {
    Error::Io { action: "read", source }
}

/// Whether a file begins as Matroska; it is read from its start afterwards.
///
/// # Errors
/// Read errors.
pub(super) fn is_one<F: Read + Seek>(file: &mut F) -> Result<bool, Error> {
    let mut magic = Vec::new();
    file.by_ref().take(4).read_to_end(&mut magic).map_err(io)?;
    file.rewind().map_err(io)?;
    Ok(magic == EBML.to_be_bytes())
}

/// Display times of a file's frames, in its units.
///
/// # Errors
/// Contradictory elements, and read errors.
pub(super) fn shown<F: Read + Seek>(file: &mut F) -> Result<Vec<i64>, Error> {
    let mut times = Vec::new();
    let mut clock = 0;
    for element in clustered(file)? {
        match element.id {
            CLOCK => clock = whole(file, element)?,
            GROUP => {
                let group = content(file, element)?;
                let block = inside(&group).find(|(id, _)| *id == BLOCK).map(|(_, block)| block);
                times.push(clock + relative(block.ok_or_else(|| damaged("a group without a block"))?)?);
            }
            SIMPLE_BLOCK => times.push(clock + relative(&content(file, element)?)?),
            _ => {}
        }
    }
    Ok(times)
}

/// Writes a file's frames with other display times, in nanoseconds. `begins`: with the header of the stream.
///
/// # Errors
/// As [`shown`], and write errors.
pub(super) fn copy<F: Read + Seek>(
    file: &mut F,
    times: &[u64],
    begins: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let write = |source| Error::Io { action: "write", source };
    if begins {
        out.write_all(&header(file)?).map_err(write)?;
    }
    let blocks = clustered(file)?.into_iter().filter(|element| matches!(element.id, GROUP | SIMPLE_BLOCK));
    let mut times = times.iter();
    for element in blocks {
        let time = times.next().ok_or_else(|| damaged("the number of frames has changed"))?;
        let mut block = content(file, element)?;
        if element.id == GROUP {
            // A duration in other units.
            let kept = inside(&block).filter(|(id, _)| *id != DURATION);
            block = kept
                .flat_map(
                    |(id, part)| if id == BLOCK { with_id(id, &at_start(part)) } else { with_id(id, part) },
                )
                .collect();
        } else {
            block = at_start(&block);
        }
        let clock = with_id(CLOCK, &time.to_be_bytes());
        let cluster = [clock, with_id(element.id, &block)].concat();
        out.write_all(&with_id(CLUSTER, &cluster)).map_err(write)?;
    }
    Ok(())
}

/// The header of a stream with a file's track.
fn header<F: Read + Seek>(file: &mut F) -> Result<Vec<u8>, Error> {
    let all = length_of(file)?;
    let top = elements(file, 0, all)?;
    let found = |all: &[Element], id| {
        all.iter().copied().find(|element| element.id == id).ok_or_else(|| damaged("it has no header"))
    };
    let segment = found(&top, SEGMENT)?;
    let tracks = found(&elements(file, segment.content, segment.length)?, TRACKS)?;
    let info =
        [with_id(SCALE, &1u64.to_be_bytes()), with_id(MUXER, b"unband"), with_id(WRITER, b"unband")].concat();
    let ebml = found(&top, EBML)?;
    Ok([
        with_id(EBML, &content(file, ebml)?),
        // Of unknown size.
        SEGMENT.to_be_bytes().to_vec(),
        vec![0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        with_id(INFO, &info),
        with_id(TRACKS, &content(file, tracks)?),
    ]
    .concat())
}

/// The elements of all clusters, in order.
fn clustered<F: Read + Seek>(file: &mut F) -> Result<Vec<Element>, Error> {
    let all = length_of(file)?;
    let mut found = Vec::new();
    for segment in elements(file, 0, all)?.into_iter().filter(|element| element.id == SEGMENT) {
        for cluster in elements(file, segment.content, segment.length)? {
            if cluster.id == CLUSTER {
                found.extend(elements(file, cluster.content, cluster.length)?);
            }
        }
    }
    Ok(found)
}

fn length_of<F: Seek>(file: &mut F) -> Result<u64, Error> {
    file.seek(SeekFrom::End(0)).map_err(io)
}

/// Elements in sequence, in a part of a file.
fn elements<F: Read + Seek>(file: &mut F, start: u64, length: u64) -> Result<Vec<Element>, Error> {
    let end = length_of(file)?.min(start.saturating_add(length));
    let (mut at, mut found) = (start, Vec::new());
    while at < end {
        file.seek(SeekFrom::Start(at)).map_err(io)?;
        let mut head = Vec::new();
        file.by_ref().take(12).read_to_end(&mut head).map_err(io)?;
        let (id, size) = head_of(&head).ok_or_else(|| damaged("an element is cut off"))?;
        let content = at + size.0;
        let length = if size.1 == UNKNOWN { end.saturating_sub(content) } else { size.1 };
        if content.checked_add(length).is_none_or(|after| after > end) {
            return Err(damaged("an element is cut off"));
        }
        found.push(Element { id, content, length });
        at = content + length;
    }
    Ok(found)
}

/// Id of an element, and the lengths of its head and of its content.
fn head_of(bytes: &[u8]) -> Option<(u32, (u64, u64))> {
    let (id, id_length) = number(bytes, 4)?;
    let (size, size_length) = number(bytes.get(id_length..)?, 8)?;
    let mask = (1u64 << (7 * size_length)) - 1;
    let size = if size & mask == mask { UNKNOWN } else { size & mask };
    Some((u32::try_from(id).ok()?, ((id_length + size_length) as u64, size)))
}

/// A number whose first bits give its length in bytes, these bits included, and that length.
fn number(bytes: &[u8], longest: usize) -> Option<(u64, usize)> {
    let length = bytes.first()?.leading_zeros() as usize + 1;
    let all = bytes.get(..length).filter(|_| length <= longest)?;
    Some((all.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)), length))
}

fn content<F: Read + Seek>(file: &mut F, element: Element) -> Result<Vec<u8>, Error> {
    if element.length > LONGEST {
        return Err(damaged("an element is too long"));
    }
    file.seek(SeekFrom::Start(element.content)).map_err(io)?;
    let mut bytes = Vec::new();
    file.by_ref().take(element.length).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 == element.length { Ok(bytes) } else { Err(damaged("an element is cut off")) }
}

fn whole<F: Read + Seek>(file: &mut F, element: Element) -> Result<i64, Error> {
    let value = content(file, element)?
        .iter()
        .try_fold(0i64, |sum, &byte| sum.checked_mul(256).map(|sum| sum + i64::from(byte)));
    // Far above any time, so that sums do not overflow.
    value.filter(|&value| value < 1 << 62).ok_or_else(|| damaged("a time is too large"))
}

/// Elements in sequence in memory.
fn inside(bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (id, (head, length)) = head_of(rest)?;
        let end = head.checked_add(length)?;
        let part = rest.get(usize::try_from(head).ok()?..usize::try_from(end).ok()?)?;
        rest = &rest[end as usize..];
        Some((id, part))
    })
}

/// The time of a block relative to its cluster: two bytes behind the number of the track.
fn relative(block: &[u8]) -> Result<i64, Error> {
    let place = number(block, 8).map(|(_, length)| length);
    let bytes = place.and_then(|at| block.get(at..at + 2)).ok_or_else(|| damaged("a block is cut off"))?;
    Ok(i64::from(i16::from_be_bytes([bytes[0], bytes[1]])))
}

/// A block at the start of its cluster.
fn at_start(block: &[u8]) -> Vec<u8> {
    let mut block = block.to_vec();
    if let Some((_, at)) = number(&block, 8)
        && let Some(time) = block.get_mut(at..at + 2)
    {
        time.fill(0);
    }
    block
}

/// An element of this content.
fn with_id(id: u32, content: &[u8]) -> Vec<u8> {
    let name = id.to_be_bytes();
    let unused = name.iter().take_while(|&&byte| byte == 0).count();
    let size = content.len() as u64 | 1 << 56;
    [&name[unused..], &size.to_be_bytes(), content].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A file with clusters of blocks: their clocks, and the relative times in them.
    fn file(clusters: &[(u8, &[i16])]) -> Vec<u8> {
        let block = |time: i16| [&[0x81][..], &time.to_be_bytes(), &[0x80, 9, 9]].concat();
        let group = |time: i16| {
            let additions = with_id(0x75A1, &with_id(0xA6, &with_id(0xA5, b"alpha")));
            with_id(GROUP, &[with_id(BLOCK, &block(time)), with_id(DURATION, &[40]), additions].concat())
        };
        let clusters = clusters.iter().map(|(clock, times)| {
            let blocks = times
                .iter()
                .enumerate()
                .map(|(i, &time)| if i % 2 == 0 { group(time) } else { with_id(SIMPLE_BLOCK, &block(time)) });
            with_id(CLUSTER, &[with_id(CLOCK, &[*clock]), blocks.collect::<Vec<_>>().concat()].concat())
        });
        let tracks = with_id(TRACKS, &with_id(0xAE, b"track"));
        let segment = [tracks, clusters.collect::<Vec<_>>().concat()].concat();
        [with_id(EBML, b"head"), with_id(SEGMENT, &segment)].concat()
    }

    #[test]
    fn frames_of_two_files_become_one_stream_with_their_additions() {
        let first = file(&[(0, &[0, 42]), (83, &[0])]);
        let second = file(&[(0, &[0, 40])]);
        assert_eq!(shown(&mut Cursor::new(&first)).unwrap(), [0, 42, 83]);
        let mut out = Vec::new();
        copy(&mut Cursor::new(&first), &[5, 1 << 40, 7], true, &mut out).unwrap();
        copy(&mut Cursor::new(&second), &[8, 9], false, &mut out).unwrap();
        assert!(is_one(&mut Cursor::new(&out)).unwrap());
        assert_eq!(shown(&mut Cursor::new(&out)).unwrap(), [5, 1 << 40, 7, 8, 9]);
        let found = |what: &[u8]| out.windows(what.len()).filter(|bytes| *bytes == what).count();
        assert_eq!((found(b"alpha"), found(b"track"), found(b"head")), (3, 1, 1));
        assert!(copy(&mut Cursor::new(&first), &[5, 6], false, &mut Vec::new()).is_err());
    }

    #[test]
    fn no_cut_or_false_length_is_followed() {
        let whole = file(&[(0, &[0, 42]), (83, &[0])]);
        for cut in 0..whole.len() {
            let _ = shown(&mut Cursor::new(&whole[..cut]));
            let _ = copy(&mut Cursor::new(&whole[..cut]), &[1, 2, 3], true, &mut Vec::new());
            let mut wrong = whole.clone();
            wrong[cut] ^= 0xFF;
            let _ = shown(&mut Cursor::new(&wrong));
            let _ = copy(&mut Cursor::new(&wrong), &[1, 2, 3], true, &mut Vec::new());
        }
        assert!(!is_one(&mut Cursor::new(b"\0\0\0\x20ftypisom")).unwrap());
    }
}
