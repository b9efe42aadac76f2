//! Headers that declare a huge image, with hardly any data after them.

use std::time::Instant;

use unband_io::{Error, FORMATS, Limits};

use unband_image::{Depth, With};

use super::damage::crc;
#[cfg(feature = "heic")]
use super::heic::liar as heic;
use super::samples::samples;
use super::watch::Tally;
use crate::sample::{painted, written};

/// No data after a header of 100 bytes is worth more memory than this, whatever the limits allow. A WebP of a
/// single colour takes no bits per pixel and an AVIF hardly any, so up to 64 megapixels must be accepted.
fn little(format: &str) -> usize {
    if matches!(format, "WebP" | "AVIF") { 1 << 30 } else { 64 << 20 }
}

pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR".to_vec();
    out.extend(width.to_be_bytes());
    out.extend(height.to_be_bytes());
    out.extend([8, 2, 0, 0, 0]);
    out.extend(crc(&out[12..]).to_be_bytes());
    out.extend(*b"\0\0\0\x04IDAT\x78\x9c\x00\x00");
    out.resize(100, 0);
    out
}

fn bmp(side: u32, bits: u8, compression: u8) -> Vec<u8> {
    let mut out = b"BM\0\0\0\0\0\0\0\0\x3E\0\0\0\x28\0\0\0".to_vec();
    out.extend(side.to_le_bytes());
    out.extend(side.to_le_bytes());
    out.extend([1, 0, bits, 0, compression, 0, 0, 0]);
    // Two colours, then a run and the end of the image.
    out.resize(54, 0);
    out.extend([0, 0, 0, 0, 255, 255, 255, 0, 9, 1, 0, 1]);
    out.resize(100, 0);
    out
}

fn tiff(side: u16, coding: u16) -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    let rows: [(u16, u16); 9] = [
        (256, side),
        (257, side),
        (258, if coding == 4 { 1 } else { 8 }),
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

/// `frame` is SOF0 or SOF2, sequential or progressive.
fn jpeg(side: u16, frame: u8) -> Vec<u8> {
    let mut out = vec![0xFF, 0xD8, 0xFF, frame, 0, 17, 8];
    out.extend(side.to_be_bytes());
    out.extend(side.to_be_bytes());
    out.extend(b"\x03\x01\x11\0\x02\x11\0\x03\x11\0\xFF\xDA\0\x0C\x03\x01\0\x02\0\x03\0\0\x3F\0\0\0\xFF\xD9");
    out.resize(100, 0);
    out
}

fn gif(screen: u16, frame: u16) -> Vec<u8> {
    let sides = |side: u16| [side.to_le_bytes(), side.to_le_bytes()].concat();
    let mut out = b"GIF89a".to_vec();
    out.extend(sides(screen));
    out.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2C, 0, 0, 0, 0]);
    out.extend(sides(frame));
    out.extend([0, 2, 2, 0x4C, 0x01, 0, 0x3B]);
    out
}

fn webp(side: u16) -> Vec<u8> {
    let mut out = b"RIFF\x5c\0\0\0WEBPVP8L\x50\0\0\0\x2f".to_vec();
    let side = u32::from(side - 1) & 0x3FFF;
    out.extend((side | side << 14).to_le_bytes());
    out.resize(100, 0);
    out
}

fn webp_lossy(side: u16) -> Vec<u8> {
    let mut out = b"RIFF\x5c\0\0\0WEBPVP8 \x50\0\0\0\x10\x02\0\x9d\x01\x2a".to_vec();
    out.extend((side & 0x3FFF).to_le_bytes());
    out.extend((side & 0x3FFF).to_le_bytes());
    out.resize(100, 0);
    out
}

/// A small file written by unband, with another size in its image size property. Source: ISO/IEC 23008-12,
/// 6.5.3 (`ispe`).
fn boxes(format: &str, side: u32) -> Vec<u8> {
    let Some(format) = unband_io::by_name(format) else { return Vec::new() };
    let depth = format.writes.as_ref().map_or(Depth::EIGHT, |writes| writes.depths[0]);
    let mut bytes = written(&painted(16, 16, 3, false, depth, 1), format).0;
    let at = bytes.windows(4).position(|name| name == b"ispe").unwrap() + 8;
    bytes[at..at + 8].copy_from_slice(&[side.to_be_bytes(), side.to_be_bytes()].concat());
    bytes
}

/// A bare codestream: a square of that side, everything else as usual. Source: ISO/IEC 18181-1, Annex D.
fn jpeg_xl(side: u32) -> Vec<u8> {
    let bits = 0x0AFF | 3 << 17 | u64::from(side - 1) << 19 | 1 << 49 | 1 << 52 | 1 << 53;
    let mut out = bits.to_le_bytes()[..7].to_vec();
    out.resize(100, 0);
    out
}

/// A small file written by unband, with windows of that side.
fn openexr(side: u32) -> Vec<u8> {
    let Some(format) = unband_io::by_name("OpenEXR") else { return Vec::new() };
    let mut bytes = written(&painted(16, 16, 3, false, Depth::F32, 1), format).0;
    for window in [&b"dataWindow\0box2i\0"[..], b"displayWindow\0box2i\0"] {
        let at = bytes.windows(window.len()).position(|name| name == window).unwrap() + window.len() + 12;
        bytes[at..at + 8].copy_from_slice(&[(side - 1).to_le_bytes(), (side - 1).to_le_bytes()].concat());
    }
    bytes
}

/// Another program reads it.
#[cfg(not(feature = "heic"))]
fn heic(_: u32) -> Vec<u8> {
    Vec::new()
}

/// A file of that side for every format: description, format, bytes.
fn liars(side: u16) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let wide = u32::from(side);
    let text = |text: String| text.into_bytes();
    vec![
        ("a PNG", "PNG", png(wide, wide)),
        ("a JPEG", "JPEG", jpeg(side, 0xC0)),
        ("a progressive JPEG", "JPEG", jpeg(side, 0xC2)),
        ("a TIFF", "TIFF", tiff(side, 1)),
        ("a TIFF with Deflate", "TIFF", tiff(side, 8)),
        ("a TIFF with LZW", "TIFF", tiff(side, 5)),
        ("a TIFF with fax", "TIFF", tiff(side, 4)),
        ("a TIFF with runs", "TIFF", tiff(side, 32_773)),
        ("a lossless WebP", "WebP", webp(side)),
        ("a lossy WebP", "WebP", webp_lossy(side)),
        ("a PNM", "PNM", text(format!("P6 {side} {side} 255 abcdefgh"))),
        ("a PBM", "PBM", text(format!("P4 {side} {side} abcdefgh"))),
        ("a PGM", "PGM", text(format!("P5 {side} {side} 255 abcdefgh"))),
        ("a PPM", "PPM", text(format!("P6 {side} {side} 255 abcdefgh"))),
        ("a PPM in words", "PPM", text(format!("P3 {side} {side} 255 1 2 3 4"))),
        ("a PAM", "PAM", text(format!("P7\nWIDTH {side}\nHEIGHT {side}\nDEPTH 4\nMAXVAL 255\nENDHDR\nabcd"))),
        ("a PFM", "PFM", text(format!("PF\n{side} {side}\n-1.0\nabcdefgh"))),
        ("a stream", "YUV4MPEG2", text(format!("YUV4MPEG2 W{side} H{side} C444p16\nFRAME\nabcdefgh"))),
        ("a GIF", "GIF", gif(side, side)),
        ("a GIF with a small frame", "GIF", gif(side, 1)),
        ("a BMP", "BMP", bmp(wide, 24, 0)),
        ("a BMP with runs", "BMP", bmp(wide, 8, 1)),
        ("a Radiance HDR", "Radiance HDR", text(format!("#?RADIANCE\n\n-Y {side} +X {side}\nabcdefgh"))),
        (
            "a Radiance HDR with runs",
            "Radiance HDR",
            text(format!("#?RGBE\n\n-Y {side} +X {side}\nabcd\x01\x01\x01\x7F")),
        ),
        ("an AVIF", "AVIF", boxes("AVIF", wide)),
        ("a JPEG XL", "JPEG XL", jpeg_xl(wide)),
        ("an OpenEXR", "OpenEXR", openexr(wide)),
        ("a HEIC", "HEIC", heic(wide)),
    ]
}

#[test]
fn headers_that_promise_huge_images_fail_quickly_and_without_gigabytes() {
    let start = Instant::now();
    let mut most = 0;
    for side in [65_535u16, 30_000, 16_383, 8_000] {
        // A format disabled in this build has no file either.
        for (what, format, bytes) in liars(side).into_iter().filter(|liar| !liar.2.is_empty()) {
            let mut tally = Tally::default();
            assert!(bytes.len() <= 140 || ["AVIF", "OpenEXR", "HEIC"].contains(&format), "{what}");
            let error = tally.read_within(&format!("{what}, {side}"), &bytes, &Limits::default());
            let error = error.expect_err(what);
            assert!(
                matches!(error, Error::Truncated { .. } | Error::Limit { .. } | Error::Damaged { .. }),
                "{what}: {error}"
            );
            let used = tally.most_memory;
            assert!(used < little(format), "{what}, {side}: {} MiB", used >> 20);
            most = most.max(used);
        }
    }
    eprintln!("lying headers: at most {} MiB, {:.1?}", most >> 20, start.elapsed());
}

type Spelling = fn(u32) -> Vec<u8>;

/// Encodings of a number in formats: two or four bytes of either order, digits, and minus one.
const SPELLINGS: [Spelling; 6] = [
    |v| v.to_be_bytes().to_vec(),
    |v| v.to_le_bytes().to_vec(),
    |v| (v as u16).to_be_bytes().to_vec(),
    |v| (v as u16).to_le_bytes().to_vec(),
    |v| v.to_string().into_bytes(),
    |v| v.wrapping_sub(1).to_le_bytes().to_vec(),
];

/// Replaces the size in every sample's header wherever it occurs, as 16 or 32 bits of either order.
#[test]
fn samples_that_lie_about_their_size_are_refused_or_stay_within_the_limits() {
    let mut tally = Tally::default();
    let mut changed = std::collections::BTreeMap::new();
    for sample in samples() {
        let Ok(image) = unband_io::read(&sample.bytes, &super::SMALL) else { continue };
        let sides = [image.width() as u32, image.height() as u32];
        for new in [65_535u32, 1 << 20, 0x7FFF_FFFF, 1000, 0] {
            for spell in SPELLINGS {
                let mut bytes = sample.bytes.clone();
                let old = sides.map(spell);
                let mut count = 0;
                let mut at = 0;
                while at < bytes.len().min(1024) {
                    if let Some(old) = old.iter().find(|old| bytes[at..].starts_with(old.as_slice())) {
                        bytes.splice(at..at + old.len(), spell(new));
                        at += spell(new).len();
                        count += 1;
                    } else {
                        at += 1;
                    }
                }
                if count > 0 {
                    *changed.entry(sample.format.name).or_insert(0) += 1;
                    let what = format!("{} with sides of {new}", sample.name);
                    let _ = tally.read(&what, &super::damage::sealed_if_png(bytes));
                }
            }
        }
    }
    eprintln!("samples with other sizes: {tally}");
    // JPEG XL stores its size in single bits.
    let without = ["PNM", "JPEG XL"];
    for format in FORMATS.iter().filter(|format| format.reads && !without.contains(&format.name)) {
        assert!(changed.contains_key(format.name), "{format:?}: {changed:?}");
    }
}

#[test]
fn every_format_that_is_read_has_a_liar() {
    for format in FORMATS.iter().filter(|format| format.reads) {
        assert!(
            liars(100).iter().any(|(_, name, _)| *name == format.name),
            "{format:?}: put a header that promises too much into `liars`"
        );
    }
}

#[test]
fn limits_and_sizes_are_named() {
    let mut tally = Tally::default();
    let error = tally.read_within("a large PNG", &png(65_535, 65_535), &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "65535×65535 needs 4294836225 pixels, the limit is 1073741824 pixels");
    let error = tally.read("an empty PNG", &png(0, 7)).unwrap_err();
    assert!(error.to_string().starts_with("damaged PNG file"), "{error}");
}

#[test]
fn limits_hold_for_real_images() {
    for sample in samples() {
        let mut tally = Tally::default();
        let tight = Limits::with(|new| new.max_pixels = 10);
        let few = Limits::with(|new| new.max_bytes = 40);
        for limits in [tight, few] {
            assert!(tally.read_within(&sample.name, &sample.bytes, &limits).is_err(), "{}", sample.name);
        }
    }
}
