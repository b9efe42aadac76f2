//! Damaged, cut and lying files: an error or a picture, never a panic, never gigabytes.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod sample;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use proptest::prelude::*;
use sample::{everything, fitting, writers, written};
use unband_image::Depth;
use unband_io::{Error, Limits, read};

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics, also those that are caught inside.
fn count_panics() {
    std::panic::set_hook(Box::new(|info| {
        // A failing test may say so; what happens inside the readers may not.
        if info.location().is_some_and(|l| !l.file().contains("tests/hostile.rs")) {
            PANICS.fetch_add(1, Ordering::SeqCst);
        }
        eprintln!("{info}");
    }));
}

fn assert_no_panics(what: &str) {
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "panics after {what}");
}

/// The limits keep wrong sizes from costing time here; they are what a caller may set.
fn small() -> Limits {
    Limits { max_pixels: 1 << 22, max_bytes: 1 << 26 }
}

/// Every fixture, and one file of each format with all metadata.
fn files() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| unband_io::by_extension(path).is_some())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    for format in writers() {
        let depth = format.writes.as_ref().unwrap().depths[0];
        let mut image = fitting(format, depth);
        image.metadata = everything();
        files.push((format!("written {}", format.name), written(&image, format).0));
    }
    assert!(files.len() > 90);
    files
}

/// The result, after checking that a picture is one.
fn attempt(bytes: &[u8]) -> Result<(), Error> {
    let image = read(bytes, &small())?;
    let all = image.planes.iter().chain(&image.alpha);
    assert!(all.clone().all(|p| p.width == image.width() && p.data.len() == p.width * p.height));
    assert!(image.width() > 0 && image.height() > 0);
    if image.depth != Depth::F32 {
        assert!(all.flat_map(|p| &p.data).all(|v| (0.0..=1.0).contains(v)));
    }
    Ok(())
}

#[test]
fn cut_files_are_errors_or_pictures() {
    count_panics();
    for (name, bytes) in files() {
        let step = if bytes.len() > 3000 { 7 } else { 1 };
        for end in (0..bytes.len()).step_by(step).chain(bytes.len().saturating_sub(20)..bytes.len()) {
            let result = attempt(&bytes[..end]);
            // Of these formats the end is known; of the others the samples end early enough.
            let known = [".png", ".jpg", ".webp", "PNG", "JPEG", "WebP", ".ppm", ".pgm", ".pam"];
            if known.iter().any(|k| name.ends_with(k)) || end <= bytes.len() / 2 {
                let error = result.expect_err(&format!("{name} cut to {end} of {} bytes", bytes.len()));
                assert!(!error.to_string().is_empty() && error.hint().is_some(), "{name}: {error:?}");
            }
        }
        assert_no_panics(&format!("{name}, cut"));
    }
}

#[test]
fn flipped_bits_are_errors_or_pictures() {
    count_panics();
    for (name, bytes) in files() {
        for at in 0..bytes.len() {
            if at > 400 && at % 5 != 0 {
                continue;
            }
            for flip in [0x01, 0x80, 0xFF] {
                let mut bytes = bytes.clone();
                bytes[at] ^= flip;
                let _ = attempt(&bytes);
            }
        }
        assert_no_panics(&format!("{name}, flipped"));
    }
}

#[test]
fn extreme_numbers_in_headers_are_errors_or_pictures() {
    count_panics();
    for (name, bytes) in files() {
        for at in 0..bytes.len().min(160) {
            for four in [[0; 4], [0xFF; 4], [0x7F, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [0, 1, 0, 0]]
            {
                let mut bytes = bytes.clone();
                let end = (at + 4).min(bytes.len());
                bytes[at..end].copy_from_slice(&four[..end - at]);
                let _ = attempt(&bytes);
            }
        }
        assert_no_panics(&format!("{name}, extreme"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_bytes_behind_every_beginning_are_errors_or_pictures(
        noise in proptest::collection::vec(any::<u8>(), 0..400), keep in 2usize..64,
    ) {
        count_panics();
        let _ = attempt(&noise);
        for name in ["png_rgb16.png", "jpeg_420.jpg", "tiff_lzw.tif", "webp_lossy.webp", "gif_still.gif", "bmp_rle8.bmp", "rgb.ppm"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
            let mut bytes = fs::read(path).unwrap();
            bytes.truncate(keep);
            bytes.extend(&noise);
            let _ = attempt(&bytes);
        }
        prop_assert_eq!(PANICS.load(Ordering::SeqCst), 0);
    }
}

/// Peak resident memory so far, in bytes, where the system says it.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}

/// A PNG header that promises a size, and hardly anything behind it.
fn lying_png(width: u32, height: u32) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR".to_vec();
    out.extend(width.to_be_bytes());
    out.extend(height.to_be_bytes());
    out.extend([8, 2, 0, 0, 0]);
    let mut crc = u32::MAX;
    for &byte in &out[12..] {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
        }
    }
    out.extend((!crc).to_be_bytes());
    out.extend(*b"\0\0\0\x04IDAT\x78\x9c\x00\x00");
    out.resize(100, 0);
    out
}

fn lying_bmp(width: u32, height: u32) -> Vec<u8> {
    let mut out = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    out.extend(width.to_le_bytes());
    out.extend(height.to_le_bytes());
    out.extend([1, 0, 24, 0]);
    out.resize(100, 0);
    out
}

fn lying_tiff(side: u16, coding: u16) -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    let rows: [(u16, u16); 9] = [
        (256, side),
        (257, side),
        (258, 8),
        (259, coding),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, side),
        (279, 50),
    ];
    out.extend((rows.len() as u16).to_le_bytes());
    for (tag, value) in rows {
        out.extend(tag.to_le_bytes());
        out.extend([3, 0, 1, 0, 0, 0]);
        out.extend(value.to_le_bytes());
        out.extend([0, 0]);
    }
    out.extend([0; 4]);
    out
}

#[test]
fn lying_headers_fail_quickly_and_without_gigabytes() {
    let jpeg = |side: u16| {
        let mut out = b"\xFF\xD8\xFF\xC0\0\x11\x08".to_vec();
        out.extend(side.to_be_bytes());
        out.extend(side.to_be_bytes());
        out.extend(
            *b"\x03\x01\x11\0\x02\x11\0\x03\x11\0\xFF\xDA\0\x0C\x03\x01\0\x02\0\x03\0\0\x3F\0\0\0\xFF\xD9",
        );
        out.resize(100, 0);
        out
    };
    let gif = |side: u16| {
        let mut out = b"GIF89a".to_vec();
        let sides = [side.to_le_bytes(), side.to_le_bytes()].concat();
        out.extend(&sides);
        out.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2C, 0, 0, 0, 0]);
        out.extend(&sides);
        out.extend([0, 2, 2, 0x4C, 0x01, 0, 0x3B]);
        out
    };
    let ppm = |side: u32, kind: &str| format!("{kind} {side} {side} 255 abcdefgh").into_bytes();
    let pfm = |side: u32| format!("PF\n{side} {side}\n-1.0\nabcdefgh").into_bytes();
    let before = peak();
    let start = Instant::now();
    for side in [65_535u16, 30_000, 16_000, 8_000] {
        let wide = u32::from(side);
        for (name, bytes) in [
            ("PNG", lying_png(wide, wide)),
            ("BMP", lying_bmp(wide, wide)),
            ("TIFF", lying_tiff(side, 1)),
            ("TIFF deflate", lying_tiff(side, 8)),
            ("TIFF LZW", lying_tiff(side, 5)),
            ("JPEG", jpeg(side)),
            ("GIF", gif(side)),
            ("PPM", ppm(wide, "P6")),
            ("text PPM", ppm(wide, "P3")),
            ("PFM", pfm(wide)),
        ] {
            let error = read(&bytes, &Limits::default()).expect_err(name);
            assert!(
                matches!(error, Error::Truncated { .. } | Error::Limit { .. } | Error::Damaged { .. }),
                "{name} {side}: {error}"
            );
        }
    }
    assert!(start.elapsed().as_secs_f32() < 2.0, "{:?}", start.elapsed());
    if let (Some(before), Some(after)) = (before, peak()) {
        // Other tests run beside this one, within their own small limits.
        assert!(after - before < 300 << 20, "{} MiB", (after - before) >> 20);
    }
    let error = read(&lying_png(65_535, 65_535), &Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "65535×65535 in 4 channels needs 4294836225 pixels, the limit is 1073741824 pixels"
    );
    let error = read(&lying_png(0, 7), &Limits::default()).unwrap_err();
    assert!(error.to_string().starts_with("damaged PNG file"), "{error}");
}

#[test]
fn jpeg_sampling_that_the_decoder_cannot_do_is_refused() {
    count_panics();
    let (_, bytes) = files().into_iter().find(|f| f.0 == "jpeg_scans.jpg").unwrap();
    let frame = bytes.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    // The factors of the three components stand 11, 14 and 17 bytes into the frame header.
    for (at, factors) in [(14, 0x42), (14, 0x21), (17, 0x24), (17, 0x44), (11, 0x31), (11, 0x13)] {
        let mut bytes = bytes.clone();
        bytes[frame + at] = factors;
        let error = read(&bytes, &small()).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{at} {factors:x}: {error}");
    }
    assert_no_panics("odd sampling");
}

#[test]
fn empty_and_unknown_files_are_said_to_be_so() {
    let limits = Limits::default();
    assert_eq!(read(b"", &limits).unwrap_err().to_string(), "the file is empty");
    let error = read(b"hello, world", &limits).unwrap_err();
    assert_eq!(error.to_string(), "not an image format that is known here");
    assert!(error.hint().unwrap().contains("PNG, JPEG"));
}

#[test]
fn limits_hold_for_real_pictures() {
    for (name, bytes) in files() {
        let tight = Limits { max_pixels: 10, ..Limits::default() };
        let result = read(&bytes, &tight);
        assert!(result.is_err(), "{name}");
        let few = Limits { max_bytes: 40, ..Limits::default() };
        assert!(read(&bytes, &few).is_err(), "{name}");
    }
}
