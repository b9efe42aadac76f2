//! Is a file a film? By its first bytes, as `FFmpeg` opens anything, text included; or else by its name.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::format::y4m::Y4mHeader;

/// As much of a file is looked at.
const HEAD: u64 = 4096;
/// Length of a packet of an MPEG transport stream.
const PACKET: usize = 188;

/// Extensions of films, those without sound or a container among them. YUV4MPEG2 is a picture's too.
const EXTENSIONS: [&str; 32] = [
    "mkv", "webm", "mp4", "m4v", "mov", "qt", "avi", "ts", "m2ts", "mts", "m2t", "mpg", "mpeg", "m1v", "m2v",
    "vob", "wmv", "asf", "flv", "f4v", "ogv", "3gp", "3g2", "mxf", "nut", "ivf", "dv", "h264", "264", "h265",
    "265", "hevc",
];

/// Does its extension promise a film?
pub fn promises_film(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str())
}

/// Does the file begin as a container of films does, or is it called as one and begins as no picture? Of YUV4MPEG2, which is
/// a picture too, only with more than one frame. Files that cannot be read are none.
pub fn is_film(path: &Path) -> bool {
    // Opening a pipe would wait for whoever writes into it.
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let Ok(file) = File::open(path) else { return false };
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let mut head = Vec::new();
    if file.take(HEAD).read_to_end(&mut head).is_err() {
        return false;
    }
    match head.strip_prefix(b"YUV4MPEG2") {
        Some(_) => has_several_frames(&head, length),
        None => crate::detect(&head).is_none() && (begins_as_film(&head) || promises_film(path)),
    }
}

fn begins_as_film(head: &[u8]) -> bool {
    let starts = |magic: &[u8]| head.starts_with(magic);
    let at = |place: usize, magic: &[u8]| head.get(place..).is_some_and(|rest| rest.starts_with(magic));
    // Matroska and WebM, Ogg, FLV, ASF, MPEG program streams and elementary ones, NUT, IVF.
    let begins: [&[u8]; 8] = [
        b"\x1A\x45\xDF\xA3",
        b"OggS",
        b"FLV\x01",
        b"\x30\x26\xB2\x75\x8E\x66\xCF\x11",
        b"\x00\x00\x01\xBA",
        b"\x00\x00\x01\xB3",
        b"nut/multimedia container\0",
        b"DKIF",
    ];
    let boxes: [&[u8]; 4] = [b"ftyp", b"moov", b"mdat", b"wide"];
    begins.into_iter().any(starts)
        || boxes.into_iter().any(|name| at(4, name))
        || (starts(b"RIFF") && at(8, b"AVI "))
        || [0, 4].into_iter().any(|start| (0..3).all(|i| at(start + i * (PACKET + start), b"\x47")))
}

fn has_several_frames(head: &[u8], length: u64) -> bool {
    let Some(end) = head.iter().position(|&byte| byte == b'\n') else { return false };
    let header = Y4mHeader::parse(&String::from_utf8_lossy(&head[..end]));
    let frame = header.ok().and_then(|header| header.frame_bytes());
    frame.is_some_and(|bytes| length >= end as u64 + 1 + 2 * (b"FRAME\n".len() + bytes) as u64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn films_are_told_from_pictures_and_from_everything_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let is = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            is_film(&path)
        };
        assert!(is(b"\x1A\x45\xDF\xA3\x01\x00\x00\x00"));
        assert!(is(b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2"));
        assert!(is(b"RIFF\0\0\0\0AVI LIST"));
        let mut transport = vec![0; 600];
        for start in [0, 188, 376] {
            transport[start] = 0x47;
        }
        assert!(is(&transport));
        assert!(!is(b"RIFF\0\0\0\0WEBPVP8 "));
        assert!(!is(b"\0\0\0\x1Cftypavif\0\0\0\0avifmif1miaf"));
        assert!(!is(b"\x89PNG\r\n\x1a\n") && !is(b"text") && !is(b""));
        let frame =
            |count: usize| [b"YUV4MPEG2 W2 H2 Cmono\n".to_vec(), b"FRAME\nabcd".repeat(count)].concat();
        assert!(!is(&frame(1)) && is(&frame(2)));
        assert!(!is_film(&folder.path().join("missing")));
        // A name is believed where the bytes are of nothing that is known.
        let path = folder.path().join("x.MKV");
        std::fs::write(&path, b"text").unwrap();
        assert!(is_film(&path));
        std::fs::write(&path, b"\x89PNG\r\n\x1a\n").unwrap();
        assert!(!is_film(&path));
    }
}
