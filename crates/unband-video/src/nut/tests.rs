//! Valid NUT streams that `FFmpeg` does not write for raw video, built by hand.
#![allow(clippy::unwrap_used)]

use super::crc::crc;
use super::output::{numbers, packet};
use super::*;
use unband_io::Limits;

const AUDIO: u64 = 0;
const VIDEO: u64 = 1;

/// Version 4 with two streams, two time bases, an elision header `7 8`, short timestamps of 4 bits, and
/// unknown fields of later versions. Code 1 leaves everything open, with two ticks between frames. Code 3 is
/// a key frame of 12 bytes, one tick after the previous one.
fn headers() -> Vec<u8> {
    let mut main = Vec::new();
    numbers(&mut main, &[4, 0, 2, 32768, 2, 1, 25, 1, 1000]);
    numbers(&mut main, &[flag::INVALID, 6, 0, 1, 0, 0, 0, 1]);
    numbers(&mut main, &[flag::CODED, 6, 3, 1, VIDEO, 0, 0, 1]);
    numbers(&mut main, &[flag::KEY, 6, 1, 1, VIDEO, 11, 1, 4]);
    numbers(&mut main, &[flag::INVALID, 6, 0, 1, 0, 0, 0, 249]);
    numbers(&mut main, &[1, 2, 7, 8, 0, 99, 99]);
    let mut audio = Vec::new();
    numbers(&mut audio, &[AUDIO, 1, 2, 1, 0]);
    let mut video = Vec::new();
    numbers(&mut video, &[VIDEO, 0, 4]);
    video.extend(b"Y800");
    numbers(&mut video, &[1, 4, 0, 0, 0, 0, 4, 3, 0, 0, 0]);
    let mut stream = FILE_ID.to_vec();
    packet(&mut stream, MAIN, &main);
    packet(&mut stream, STREAM, &audio);
    // A packet of unknown type.
    packet(&mut stream, 0x4E00_0000_0000_0001, &[1, 2, 3]);
    packet(&mut stream, STREAM, &video);
    stream
}

/// Ten ticks of 1/25 s, which are 400 of the video's.
fn syncpoint(stream: &mut Vec<u8>) {
    packet(stream, SYNCPOINT, &[20, 0]);
}

fn read(stream: &[u8]) -> Result<Vec<(NutFrame, Vec<u8>)>, unband_io::Error> {
    let mut reader = NutReader::new(stream, &Limits::default())?;
    let (mut buffer, mut frames) = (Vec::new(), Vec::new());
    while let Some(frame) = reader.next_frame(&mut buffer)? {
        frames.push((frame, buffer.clone()));
    }
    Ok(frames)
}

#[test]
fn everything_that_the_format_allows_is_read() {
    let mut stream = headers();
    syncpoint(&mut stream);
    // Code 3, one reserved number.
    numbers(&mut stream, &[3, 1234]);
    stream.extend(1..=12);
    // All fields at once: a short time, side data with text and bytes, metadata with numbers.
    let side: &[u8] = &[2, 1, b'A', 2, 2, b'x', b'y', 1, b'B', 4, 1, b't', 3, 1, 2, 3];
    let meta: &[u8] = &[3, 1, b'C', 9, 1, b'D', 6, 5, 1, b'E', 8, 5];
    let flags = flag::CODED_PTS | flag::SIZE | flag::SIDE_DATA | flag::ELISION;
    let flags = flags | flag::CHECKSUM | flag::MATCH_TIME | flag::RESERVED;
    let mut head = vec![1];
    numbers(&mut head, &[flags, 7, (side.len() + meta.len() + 12) as u64, 3, 1, 2, 55, 5555]);
    stream.extend(&head);
    stream.extend(crc(0, &head).to_be_bytes());
    stream.extend([side, meta, &[9; 10]].concat());
    // Sound, then the end of the video stream.
    numbers(&mut stream, &[1, flag::STREAM | flag::SIZE, AUDIO, 5]);
    stream.extend(b"NNNNN");
    numbers(&mut stream, &[1, flag::END]);
    numbers(&mut stream, &[3, 0]);
    stream.extend(1..=12);
    let frames = read(&stream).unwrap();
    let got: Vec<_> = frames.iter().map(|(frame, _)| (frame.pts, frame.key)).collect();
    assert_eq!(got, [(401, true), (407, false), (410, true)]);
    assert_eq!(frames[0].1, (1..=12).collect::<Vec<u8>>());
    assert_eq!(frames[1].1, [7, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
    assert_eq!(frames[2].1, frames[0].1);
}

#[test]
fn false_headers_are_reported_with_their_place() {
    let refused = |bytes: &[u8]| {
        let stream = [&headers()[..], bytes].concat();
        read(&stream).unwrap_err().to_string()
    };
    let place = headers().len();
    let coded = |flags: u64, fields: &[u64]| {
        let mut bytes = vec![1];
        numbers(&mut bytes, &[&[flags], fields].concat());
        refused(&bytes)
    };
    let sized = coded(flag::SIZE, &[13]);
    let at = place + 3;
    assert_eq!(
        sized,
        format!("damaged NUT file: at byte {at}: a frame has 13 bytes, 4×3 pixels of gray have 12")
    );
    assert!(coded(flag::SIZE, &[u64::MAX]).contains("size is too large"));
    assert!(coded(flag::SIZE | flag::ELISION, &[12, 2]).contains("elision header 2 of 2"));
    assert!(coded(flag::SIZE | flag::ELISION, &[1, 1]).contains("smaller than its elision header"));
    assert!(coded(flag::CODED_PTS, &[u64::MAX]).contains("negative or too late"));
    assert!(coded(flag::CODED_PTS, &[1 << 63]).contains("negative or too late"));
    // The nearest time to 0 that ends in 15.
    assert!(coded(flag::CODED_PTS, &[15]).contains("negative or too late"));
    assert!(coded(flag::STREAM, &[2]).contains("a frame's stream is 2, it must be in 0..=1"));
    let side = coded(flag::SIZE | flag::SIDE_DATA, &[12, 1 << 40, 1 << 50]);
    assert!(side.contains("extends past the end"), "{side}");
    assert!(refused(&[0]).contains("0 is not a frame code of this stream"));
    assert!(
        refused(&[1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]).contains("more than 64 bits")
    );
    // The syncpoint is there, the frame after it is not.
    let mut stream = headers();
    syncpoint(&mut stream);
    assert!(matches!(read(&stream), Err(unband_io::Error::Cut { frames: 0, .. })));
}

#[test]
fn numbers_come_back() {
    for value in [0, 1, 127, 128, 16383, 16384, u64::MAX >> 1, u64::MAX] {
        let mut bytes = Vec::new();
        numbers(&mut bytes, &[value]);
        assert_eq!(super::input::Input::new(bytes.as_slice()).number().unwrap(), value);
    }
    let signed = |byte: u8| super::input::Input::new(&[byte][..]).signed().unwrap();
    assert_eq!([0, 1, 2, 3, 4].map(signed), [0, 1, -1, 2, -2]);
}
