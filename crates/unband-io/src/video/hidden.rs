//! Properties of a file that `ffprobe` does not report: encryption, and cropping in Matroska.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::boxes;
use super::sniff;

/// Matroska describes its tracks in this many first bytes, apart from files that were edited by hand.
const HEAD: u64 = 1 << 20;
/// Matroska elements, by their ids.
const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_AE6B;
const ENTRY: u32 = 0xAE;
const VIDEO: u32 = 0xE0;
const ENCODINGS: u32 = 0x6D80;
const ENCODING: u32 = 0x6240;
const ENCRYPTION: u32 = 0x5035;
/// Cropping below, above, left and right.
const CROP: [u32; 4] = [0x54AA, 0x54BB, 0x54CC, 0x54DD];
/// Boxes with the keys of encrypted MP4.
const KEYS: [&[u8; 4]; 4] = [b"encv", b"senc", b"tenc", b"pssh"];
/// Share of encrypted packets in a scrambled transport stream.
const SCRAMBLED: usize = 3;

/// Whether the frames of a file are encrypted, as far as its container says so.
pub(super) fn is_encrypted(path: &Path) -> bool {
    match sniff::container(path) {
        Some("mov") => moov(path)
            .is_some_and(|moov| KEYS.iter().any(|kind| moov.windows(4).any(|part| part == &kind[..]))),
        Some("matroska") => {
            let head = head(path);
            tracks(&head)
                .into_iter()
                .any(|track| descend(track, &[ENCODINGS, ENCODING, ENCRYPTION]).is_some())
        }
        Some("mpegts") => {
            let head = head(path);
            // 188 bytes each, or 192 with the time of arrival before it.
            let start = if head.first() == Some(&0x47) { (0, 188) } else { (4, 192) };
            let flags = head.iter().skip(start.0 + 3).step_by(start.1);
            let (all, scrambled) =
                flags.fold((0, 0), |(all, found), flags| (all + 1, found + usize::from(flags & 0xC0 != 0)));
            scrambled * SCRAMBLED > all
        }
        _ => false,
    }
}

/// Whether a Matroska file asks players to crop a video track.
pub(super) fn is_cropped(path: &Path) -> bool {
    if sniff::container(path) != Some("matroska") {
        return false;
    }
    let head = head(path);
    let crops = |video: &[u8]| {
        elements(video).any(|(id, content)| CROP.contains(&id) && content.iter().any(|&byte| byte != 0))
    };
    tracks(&head).into_iter().filter_map(|track| descend(track, &[VIDEO])).any(crops)
}

fn moov(path: &Path) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let place = boxes::top_level(&mut file).ok()?.into_iter().find(|place| &place.kind == b"moov")?;
    boxes::content(&mut file, &place).ok()
}

fn head(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(file) = File::open(path) {
        let _ = file.take(HEAD).read_to_end(&mut head);
    }
    head
}

fn tracks(head: &[u8]) -> Vec<&[u8]> {
    let all = descend(head, &[SEGMENT, TRACKS]).unwrap_or_default();
    elements(all).filter(|&(id, _)| id == ENTRY).map(|(_, content)| content).collect()
}

/// The content of the first element along a path of ids.
fn descend<'a>(bytes: &'a [u8], path: &[u32]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |bytes, &wanted| Some(elements(bytes).find(|&(id, _)| id == wanted)?.1))
}

/// EBML elements in sequence: id and content. The last one may be cut off.
///
/// Source: RFC 8794.
fn elements(mut bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let (id, rest) = number(bytes, true)?;
        let (size, rest) = number(rest, false)?;
        let (content, rest) =
            rest.split_at(usize::try_from(size).map_or(rest.len(), |size| size.min(rest.len())));
        bytes = rest;
        Some((u32::try_from(id).ok()?, content))
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
        assert_eq!(descend(&file, &[SEGMENT, TRACKS, ENTRY, VIDEO, CROP[1]]), Some(&[8][..]));
        for cut in 0..file.len() {
            let _ = descend(&file[..cut], &[SEGMENT, TRACKS, ENTRY, VIDEO, CROP[1]]);
        }
        assert_eq!(number(&[0x00; 9], false), None);
    }
}
