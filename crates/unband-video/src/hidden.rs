//! Properties of a file that `ffprobe` does not report: encryption, and cropping in Matroska.

use std::fs::File;
use std::path::Path;

use super::boxes;
use super::matroska::{descend, elements, head, tracks};
use super::sniff;
/// Matroska elements, by their ids.
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
            let head = head(path).unwrap_or_default();
            tracks(&head)
                .into_iter()
                .any(|track| descend(track, &[ENCODINGS, ENCODING, ENCRYPTION]).is_some())
        }
        Some("mpegts") => {
            let head = head(path).unwrap_or_default();
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
    let head = head(path).unwrap_or_default();
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
