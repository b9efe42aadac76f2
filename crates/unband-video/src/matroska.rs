//! Matroska elements, and the frame durations and priming that a written file declares.
//!
//! Source: RFC 8794 (EBML), RFC 9559 (Matroska).

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

/// Matroska describes its tracks in this many first bytes, apart from files that were edited by hand.
const HEAD: u64 = 1 << 20;
/// Elements, by their ids.
const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_AE6B;
const ENTRY: u32 = 0xAE;
const DEFAULT_DURATION: u32 = 0x23_E383;
const CODEC_DELAY: u32 = 0x56AA;
const CHECKSUM: u32 = 0xBF;

/// The first bytes of a file, with the description of its tracks.
pub(super) fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

/// The contents of all tracks.
pub(super) fn tracks(head: &[u8]) -> Vec<&[u8]> {
    let all = descend(head, &[SEGMENT, TRACKS]).unwrap_or_default();
    elements(all).filter(|&(id, _)| id == ENTRY).map(|(_, content)| content).collect()
}

/// The content of the first element along a path of ids.
pub(super) fn descend<'a>(bytes: &'a [u8], path: &[u32]) -> Option<&'a [u8]> {
    Some(&bytes[place(bytes, path)?])
}

/// Elements in sequence: id and content. The last one may be cut off.
pub(super) fn elements(bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    within(bytes, 0..bytes.len()).map(|(id, place)| (id, &bytes[place]))
}

/// Declares the frame duration of a track, in nanoseconds: `FFmpeg` derives it from rounded time stamps.
/// Files without the element, or with a shorter one, remain as they are.
///
/// # Errors
/// Read and write errors.
pub(super) fn set_frame_duration(path: &Path, track: usize, nanoseconds: u64) -> io::Result<()> {
    set(path, track, DEFAULT_DURATION, nanoseconds)
}

/// Declares the duration of the samples at the start of a track that players skip, in nanoseconds. Players
/// subtract it from all times of the track. Files without the element, or with a shorter one, remain as they
/// are.
///
/// # Errors
/// Read and write errors.
pub(super) fn set_priming(path: &Path, track: usize, nanoseconds: u64) -> io::Result<()> {
    set(path, track, CODEC_DELAY, nanoseconds)
}

fn set(path: &Path, track: usize, id: u32, nanoseconds: u64) -> io::Result<()> {
    let mut head = head(path)?;
    let Some(changed) = with_duration(&mut head, track, id, nanoseconds) else { return Ok(()) };
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start(changed.start as u64))?;
    file.write_all(&head[changed])
}

/// Changes a duration in a track and the checksum over all tracks; returns the place of these.
fn with_duration(head: &mut [u8], track: usize, id: u32, nanoseconds: u64) -> Option<Range<usize>> {
    // A checksum needs all tracks.
    let all = place(head, &[SEGMENT, TRACKS]).filter(|all| (all.end as u64) < HEAD)?;
    let (_, entry) = within(head, all.clone()).filter(|&(id, _)| id == ENTRY).nth(track)?;
    let (_, value) = within(head, entry).find(|&(other, _)| other == id)?;
    let bytes = nanoseconds.to_be_bytes();
    let unused = bytes.len().checked_sub(value.len())?;
    if bytes[..unused].iter().any(|&byte| byte != 0) {
        return None;
    }
    head[value].copy_from_slice(&bytes[unused..]);
    let first = within(head, all.clone()).next();
    if let Some((_, sum)) = first.filter(|(id, sum)| *id == CHECKSUM && sum.len() == 4) {
        let mut crc = flate2::Crc::new();
        crc.update(&head[sum.end..all.end]);
        head[sum].copy_from_slice(&crc.sum().to_le_bytes());
    }
    Some(all)
}

fn place(bytes: &[u8], path: &[u32]) -> Option<Range<usize>> {
    path.iter().try_fold(0..bytes.len(), |range, &wanted| {
        Some(within(bytes, range).find(|&(id, _)| id == wanted)?.1)
    })
}

/// Elements in a range, in sequence: id and place of the content. The last one may be cut off.
fn within(bytes: &[u8], range: Range<usize>) -> impl Iterator<Item = (u32, Range<usize>)> {
    let Range { mut start, end } = range;
    std::iter::from_fn(move || {
        let (id, rest) = number(&bytes[start..end], true)?;
        let (size, rest) = number(rest, false)?;
        let content = end - rest.len();
        let size = usize::try_from(size).map_or(rest.len(), |size| size.min(rest.len()));
        start = content + size;
        Some((u32::try_from(id).ok()?, content..start))
    })
}

/// A number whose first bits give its length in bytes; ids keep these bits. All ones are an unknown size.
fn number(bytes: &[u8], id: bool) -> Option<(u64, &[u8])> {
    let length = bytes.first()?.leading_zeros() as usize + 1;
    if length > if id { 4 } else { 8 } || bytes.len() < length {
        return None;
    }
    let value = bytes[..length].iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    let rest = &bytes[length..];
    if id {
        return Some((value, rest));
    }
    let mask = (1 << (7 * length)) - 1;
    let size = value & mask;
    Some((if size == mask { u64::MAX } else { size }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_along_their_ids() {
        let crop = [0x54, 0xBB, 0x81, 8];
        let video = [&[0xE0, 0x84][..], &crop].concat();
        let entry = [&[0xAE, 0x80 | video.len() as u8][..], &video].concat();
        let tracks = [&[0x16, 0x54, 0xAE, 0x6B, 0x80 | entry.len() as u8][..], &entry].concat();
        // The size of a segment may be unknown.
        let file = [&[0x1A, 0x45, 0xDF, 0xA3, 0x80, 0x18, 0x53, 0x80, 0x67, 0xFF][..], &tracks].concat();
        assert_eq!(descend(&file, &[SEGMENT, TRACKS, ENTRY, 0xE0, 0x54BB]), Some(&[8][..]));
        for cut in 0..file.len() {
            let _ = descend(&file[..cut], &[SEGMENT, TRACKS, ENTRY, 0xE0, 0x54BB]);
        }
        assert_eq!(number(&[0x00; 9], false), None);
    }

    #[test]
    fn durations_of_a_track_are_replaced_in_place_with_the_checksum() {
        let element = |id: &[u8], content: &[u8]| [id, &[0x80 | content.len() as u8], content].concat();
        for (id, bytes) in [(DEFAULT_DURATION, &[0x23, 0xE3, 0x83][..]), (CODEC_DELAY, &[0x56, 0xAA])] {
            let entry = |nanoseconds: &[u8]| element(&[0xAE], &element(bytes, nanoseconds));
            let file = |sum: [u8; 4], nanoseconds: &[u8]| {
                let entries = [element(&[0xAE], &[]), entry(nanoseconds)].concat();
                let tracks = element(&[0x16, 0x54, 0xAE, 0x6B], &[element(&[0xBF], &sum), entries].concat());
                [&[0x18, 0x53, 0x80, 0x67, 0xFF][..], &tracks].concat()
            };
            let rounded = 42_000_000u32.to_be_bytes();
            let mut head = file([0; 4], &rounded);
            assert_eq!(with_duration(&mut head, 0, id, 41_708_333), None);
            assert_eq!(with_duration(&mut head, 2, id, 41_708_333), None);
            assert_eq!(with_duration(&mut head, 1, id, 1 << 32), None);
            assert_eq!(with_duration(&mut head, 1, CHECKSUM, 1), None);
            assert_eq!(head, file([0; 4], &rounded));
            assert!(with_duration(&mut head, 1, id, 41_708_333).is_some());
            let mut crc = flate2::Crc::new();
            let exact = 41_708_333u32.to_be_bytes();
            crc.update(&[element(&[0xAE], &[]), entry(&exact)].concat());
            assert_eq!(head, file(crc.sum().to_le_bytes(), &exact));
            for cut in 0..head.len() {
                let _ = with_duration(&mut head[..cut].to_vec(), 1, id, 41_708_333);
            }
        }
    }
}
