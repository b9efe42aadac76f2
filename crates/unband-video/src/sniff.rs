//! Detection of video files by their first bytes or extension, since `FFmpeg` opens anything, text included.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::VideoError;
use unband_io::{Y4mHeader, is_called, promises_video, video_container};

/// Number of bytes of a file that are examined.
pub(super) const HEAD: u64 = 4096;
/// Extensions of related files that are not opened: playlists, scripts that generate video, and image
/// sequences of which only the first would be shown.
const NOT_OPENED: [&str; 11] =
    ["m3u8", "m3u", "ffconcat", "mpd", "pls", "xspf", "avs", "vpy", "edl", "mjpeg", "mjpg"];

/// The error for a file whose extension is a playlist or an unsupported form of video.
pub fn not_opened(path: &Path) -> Option<VideoError> {
    if !is_called(path, &NOT_OPENED) || !path.is_file() {
        return None;
    }
    let path = path.to_owned();
    Some(match text_kind(&path) {
        Some(what) => VideoError::Text { path, what },
        None => VideoError::Unopened { path },
    })
}

/// Whether a file is a video: it begins as a video container, or it has a video extension and does not begin
/// as an image. YUV4MPEG2, which is also an image format, must have more than one frame. False for files that
/// cannot be read.
pub fn is_video(path: &Path) -> bool {
    let Some((head, length)) = head_of(path) else { return false };
    match head.strip_prefix(b"YUV4MPEG2") {
        Some(_) => has_several_frames(&head, length),
        None => {
            unband_io::detect(&head).is_none() && (video_container(&head).is_some() || promises_video(path))
        }
    }
}

/// Whether a file is a GIF or PNG file that may be an animation: images, but `FFmpeg` reads them as videos.
pub fn is_animation(path: &Path) -> bool {
    let Some((head, _)) = head_of(path) else { return false };
    // Few versions of FFmpeg read those of WebP.
    !head.starts_with(b"RIFF") && unband_io::begins_animation(&head)
}

/// The first bytes of a file, and its length.
fn head_of(path: &Path) -> Option<(Vec<u8>, u64)> {
    // Opening a pipe would block until it has a writer.
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let file = File::open(path).ok()?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let mut head = Vec::new();
    file.take(HEAD).read_to_end(&mut head).ok()?;
    Some((head, length))
}

/// Kind of text in a file with a video extension; `None` if it is not text. `FFmpeg` would open other files
/// for such text.
pub fn text_kind(path: &Path) -> Option<&'static str> {
    text_kind_of(&head_of(path)?.0)
}

pub(super) fn text_kind_of(head: &[u8]) -> Option<&'static str> {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let kinds: [(&[u8], &str); 5] = [
        (b"ffconcat", "a list of other files (ffconcat)"),
        (b"#EXTM3U", "a playlist (M3U)"),
        (b"<?xml", "a manifest or other text (XML)"),
        (b"<MPD", "a manifest (DASH)"),
        (b"[playlist]", "a playlist (PLS)"),
    ];
    let known = kinds.into_iter().find(|(begins, _)| text.starts_with(begins));
    let plain = || {
        let whole = match std::str::from_utf8(text) {
            Ok(_) => true,
            // The head ends inside a character.
            Err(error) => error.error_len().is_none() && error.valid_up_to() > 0,
        };
        let prints = |&byte: &u8| byte >= b' ' && byte != 0x7F || byte.is_ascii_whitespace();
        whole && !text.is_empty() && text.iter().all(prints) && !text.starts_with(b"YUV4MPEG2")
    };
    known.map(|(_, what)| what).or_else(|| plain().then_some("text"))
}

/// `FFmpeg`'s name of the container, from the file's first bytes.
pub(super) fn container(path: &Path) -> Option<&'static str> {
    video_container(&head_of(path)?.0)
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
    fn videos_are_distinguished_from_images_and_from_everything_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let is = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            is_video(&path)
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
        assert!(!is_video(&folder.path().join("missing")));
        let kind = |bytes: &[u8]| text_kind_of(bytes);
        assert_eq!(kind(b"ffconcat version 1.0\nfile a.txt"), Some("a list of other files (ffconcat)"));
        assert_eq!(kind(b"\xEF\xBB\xBF\n#EXTM3U\n"), Some("a playlist (M3U)"));
        assert_eq!(
            kind(b"<?xml version=\"1.0\" encoding=\"latin1\"?>\xE4"),
            Some("a manifest or other text (XML)")
        );
        assert_eq!(kind("Wörter".as_bytes()), Some("text"));
        assert_eq!(kind(&"ö".as_bytes()[..1]), None);
        assert_eq!(kind(&"Wö".as_bytes()[..2]), Some("text"));
        assert!(kind(b"").is_none() && kind(b"YUV4MPEG2 W2 H2\nFRAME\n").is_none());
        assert!(kind(b"\0\0\0\x20ftypisom").is_none() && kind(b"ab\0").is_none());
        // The name applies if the bytes match no known format.
        let path = folder.path().join("x.MKV");
        std::fs::write(&path, b"text").unwrap();
        assert!(is_video(&path));
        std::fs::write(&path, b"\x89PNG\r\n\x1a\n").unwrap();
        assert!(!is_video(&path));
    }
}
