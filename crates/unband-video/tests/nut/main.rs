//! NUT with `FFmpeg`: its streams read here, unband's streams read by it, and damaged ones.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod ffmpeg;
mod hostile;

use std::path::{Path, PathBuf};

use unband_io::Limits;
use unband_video::PixelFormat;
use unband_video::nut::{NutFrame, NutHeader, NutReader, NutWriter};

#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/nut").join(name)
}

/// All frames of a stream: header, times, concatenated bytes.
fn read_all(stream: &[u8]) -> Result<(NutHeader, Vec<u64>, Vec<u8>), unband_io::Error> {
    let mut reader = NutReader::new(stream, &Limits::default())?;
    let (mut buffer, mut times, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(frame) = reader.next_frame(&mut buffer)? {
        times.push(frame.pts);
        bytes.extend_from_slice(&buffer);
    }
    Ok((*reader.header(), times, bytes))
}

fn write_all(header: &NutHeader, times: &[u64], bytes: &[u8]) -> Vec<u8> {
    let mut writer = NutWriter::new(Vec::new(), header).unwrap();
    for (&pts, samples) in times.iter().zip(bytes.chunks(header.frame_bytes().unwrap())) {
        writer.write_frame(NutFrame { pts, key: true }, samples).unwrap();
    }
    writer.finish().unwrap()
}

fn header(name: &str, width: u32, height: u32) -> NutHeader {
    let format = PixelFormat::by_name(name).unwrap();
    NutHeader { width, height, aspect: (0, 0), time_base: (1, 1000), format }
}

#[test]
fn the_stream_of_the_golden_file_is_read_to_the_byte() {
    let stream = std::fs::read(golden("variable.nut")).unwrap();
    let (header, times, bytes) = read_all(&stream).unwrap();
    assert_eq!((header.width, header.height, header.format.name), (19, 7, "yuv420p10le"));
    assert_eq!((header.aspect, header.time_base), ((4, 3), (1, 60000)));
    assert_eq!(times, [2002, 4004, 8008, 10010, 14014]);
    assert_eq!(bytes, std::fs::read(golden("variable.raw")).unwrap());
    assert_eq!(read_all(&write_all(&header, &times, &bytes)).unwrap(), (header, times, bytes));
}

#[test]
fn times_far_apart_and_late_and_equal_come_back() {
    let mut header = header("gray", 3, 1);
    header.aspect = (128, 117);
    let times = [0, 1, 1, 127, 128, 1 << 20, (1 << 40) + 7, (1 << 62) - 1];
    let bytes: Vec<u8> = (0..24).collect();
    assert_eq!(read_all(&write_all(&header, &times, &bytes)).unwrap(), (header, times.to_vec(), bytes));
    // Fractions are stored in lowest terms.
    header.time_base = (1001 * 3, 30000 * 3);
    let (again, ..) = read_all(&write_all(&header, &[], &[])).unwrap();
    assert_eq!(again.time_base, (1001, 30000));
}

#[test]
fn what_no_stream_can_hold_is_not_written() {
    let refused = |header: NutHeader| NutWriter::new(Vec::new(), &header).unwrap_err().to_string();
    assert_eq!(refused(header("gray", 0, 3)), "cannot write NUT: the width 0 must be in 1..=2147483647");
    assert_eq!(
        refused(header("rgb48le", 40_000, 40_000)),
        "cannot write NUT: a frame of 40000×40000 pixels has more than 2147483647 bytes"
    );
    let mut timeless = header("gray", 2, 2);
    timeless.time_base.1 = 0;
    assert!(refused(timeless).contains("the time base 0"));
    let mut writer = NutWriter::new(Vec::new(), &header("gray", 2, 2)).unwrap();
    let mut write = |pts, bytes: &[u8]| writer.write_frame(NutFrame { pts, key: true }, bytes);
    write(7, &[0; 4]).unwrap();
    let message = |result: Result<(), unband_io::Error>| result.unwrap_err().to_string();
    assert_eq!(message(write(8, &[0; 5])), "cannot write NUT: a frame has 5 bytes instead of 4");
    assert_eq!(message(write(6, &[0; 4])), "cannot write NUT: a frame at tick 6 follows one at tick 7");
}

#[test]
fn names_codes_and_sizes_of_formats_fit() {
    for format in unband_video::PIXEL_FORMATS {
        assert_eq!(PixelFormat::by_name(format.name), Some(format));
        assert_eq!(PixelFormat::by_fourcc(format.fourcc), Some(format), "{}", format.name);
    }
    let bytes = |name| PixelFormat::by_name(name).unwrap().frame_bytes(5, 3).unwrap();
    assert_eq!((bytes("yuvj420p"), bytes("nv12"), bytes("yuv411p")), (27, 27, 27));
    assert_eq!((bytes("gbrap10le"), bytes("rgba64le"), bytes("ya8")), (120, 120, 30));
    assert_eq!(PixelFormat::by_name("p010le"), None);
    assert_eq!(PixelFormat::by_name("rgb24").unwrap().frame_bytes(usize::MAX, 2), None);
}
