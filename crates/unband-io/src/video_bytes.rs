//! Recognition of videos, which other readers open, by first bytes and by extension.

use std::path::Path;

/// Length of a packet of an MPEG transport stream.
const PACKET: usize = 188;

/// Extensions of videos, including raw streams without audio or a container. YUV4MPEG2 can be an image too.
const EXTENSIONS: [&str; 33] = [
    "mkv", "webm", "mp4", "m4v", "mov", "qt", "avi", "ts", "m2ts", "mts", "m2t", "mpg", "mpeg", "m1v", "m2v",
    "vob", "wmv", "asf", "flv", "f4v", "ogv", "3gp", "3g2", "mxf", "nut", "ivf", "dv", "h264", "264", "h265",
    "265", "hevc", "obu",
];

/// Whether a file has one of these extensions, ignoring case.
pub fn is_called(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    extensions.contains(&extension.to_ascii_lowercase().as_str())
}

/// Whether a file's extension is that of a video.
pub fn promises_video(path: &Path) -> bool {
    is_called(path, &EXTENSIONS)
}

/// Whether bytes begin a video in a container. Animated images and YUV4MPEG2 have formats of their own.
pub fn begins_video(head: &[u8]) -> bool {
    crate::detect(head).is_none() && video_container(head).is_some()
}

/// `FFmpeg`'s name of a video container, from its first bytes.
pub fn video_container(head: &[u8]) -> Option<&'static str> {
    let at = |place: usize, magic: &[u8]| head.get(place..).is_some_and(|rest| rest.starts_with(magic));
    let begins: [(&[u8], &str); 9] = [
        (b"\x1A\x45\xDF\xA3", "matroska"),
        (b"OggS", "ogg"),
        (b"FLV\x01", "flv"),
        (b"\x30\x26\xB2\x75\x8E\x66\xCF\x11", "asf"),
        (b"\x00\x00\x01\xBA", "mpeg"),
        (b"\x00\x00\x01\xB3", "mpegvideo"),
        (b"nut/multimedia container\0", "nut"),
        (b"DKIF", "ivf"),
        (b"YUV4MPEG2", "yuv4mpegpipe"),
    ];
    let boxes: [&[u8]; 4] = [b"ftyp", b"moov", b"mdat", b"wide"];
    let packets = |start: usize| (0..3).all(|i| at(start + i * (PACKET + start), b"\x47"));
    match begins.into_iter().find(|(magic, _)| head.starts_with(magic)) {
        Some((_, name)) => Some(name),
        // Canon's raw images have boxes of a video.
        None if boxes.into_iter().any(|name| at(4, name)) => (!at(4, b"ftypcrx ")).then_some("mov"),
        None if head.starts_with(b"RIFF") && at(8, b"AVI ") => Some("avi"),
        None => (packets(0) || packets(4)).then_some("mpegts"),
    }
}
