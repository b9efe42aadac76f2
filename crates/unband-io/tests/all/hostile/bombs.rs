//! Decompression bombs: small files that expand to large ones.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use unband_image::{Depth, With};
use unband_io::Limits;

use super::damage::crc;
use super::watch::Tally;
use crate::sample::{format, painted};

fn zeros(mebibytes: usize) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    let some = vec![0; 1 << 20];
    (0..mebibytes).for_each(|_| packer.write_all(&some).unwrap());
    packer.finish().unwrap()
}

fn chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let body = [name.as_slice(), content].concat();
    [&(content.len() as u32).to_be_bytes(), body.as_slice(), &crc(&body).to_be_bytes()].concat()
}

fn png(side: u32, before: &[Vec<u8>], packed: &[u8], interlaced: bool) -> Vec<u8> {
    let head = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 2, 0, 0, u8::from(interlaced)]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(*b"IHDR", &head),
        before.concat(),
        chunk(*b"IDAT", packed),
        chunk(*b"IEND", b""),
    ]
    .concat()
}

#[test]
fn samples_that_unpack_to_more_than_the_image_cost_no_more_than_the_image() {
    let mut tally = Tally::default();
    let bomb = zeros(512);
    assert!(bomb.len() < 1 << 20);
    for interlaced in [false, true] {
        let _ = tally.read("a PNG of 16×16 with 512 MiB", &png(16, &[], &bomb, interlaced));
        let _ = tally.read("a PNG at the limit with 512 MiB", &png(1024, &[], &bomb, interlaced));
        assert!(tally.read("a PNG over the limit", &png(1025, &[], &bomb, interlaced)).is_err());
    }
    for coding in [8u16, 32_946] {
        for (side, rows) in [(16u16, 16u16), (1024, 1024), (1024, 65_535)] {
            let file = tiff(side, rows, coding, &bomb);
            let _ = tally.read(&format!("a TIFF of {side} with 512 MiB, coding {coding}"), &file);
        }
        assert!(tally.read("a TIFF over the limit", &tiff(1025, 1025, coding, &bomb)).is_err());
    }
    eprintln!("bombs in samples: {tally}");
}

/// Grey, one strip.
fn tiff(side: u16, rows: u16, coding: u16, packed: &[u8]) -> Vec<u8> {
    let mut out = b"II*\0".to_vec();
    out.extend((8 + packed.len() as u32).to_le_bytes());
    out.extend(packed);
    let rows: [(u16, u32); 9] = [
        (256, side.into()),
        (257, side.into()),
        (258, 8),
        (259, coding.into()),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, rows.into()),
        (279, packed.len() as u32),
    ];
    out.extend((rows.len() as u16).to_le_bytes());
    for (tag, value) in rows {
        out.extend(tag.to_le_bytes());
        out.extend([4, 0, 1, 0, 0, 0]);
        out.extend(value.to_le_bytes());
    }
    out.extend([0; 4]);
    out
}

#[test]
fn profiles_and_texts_that_unpack_to_gigabytes_are_left_out() {
    let mut tally = Tally::default();
    let bomb = zeros(512);
    let pixels = zeros(1);
    let named = |name: &[u8]| [name, &bomb].concat();
    for (what, chunk) in [
        ("a profile", chunk(*b"iCCP", &named(b"bomb\0\0"))),
        ("a text", chunk(*b"zTXt", &named(b"Comment\0\0"))),
        ("an international text", chunk(*b"iTXt", &named(b"Comment\0\x01\0\0\0"))),
        ("an XMP packet", chunk(*b"iTXt", &named(b"XML:com.adobe.xmp\0\x01\0\0\0"))),
    ] {
        let once = png(64, std::slice::from_ref(&chunk), &pixels, false);
        let _ = tally.read(&format!("a PNG with {what} of 512 MiB"), &once);
        let often = png(64, &vec![chunk.clone(); 8], &pixels, false);
        let _ = tally.read(&format!("a PNG with eight times {what} of 512 MiB"), &often);
    }
    eprintln!("bombs in metadata: {tally}");
}

/// The most that a profile costs: itself, packed and unpacked, in a reader and in its copies.
const PROFILE: usize = 80 << 20;

#[test]
fn a_profile_is_bounded_in_every_format_whatever_the_limits() {
    let mut tally = Tally::default();
    let most = Limits::default();
    let named = |image: &unband_image::Image| {
        assert_eq!(image.metadata.icc, None);
        assert_eq!(image.metadata.unread, ["ICC profile (more than 16 MiB)"]);
    };
    let bomb = [b"bomb\0\0".as_slice(), &zeros(2000)].concat();
    let file = png(64, &[chunk(*b"iCCP", &bomb)], &zeros(1), false);
    named(&tally.read_at_most("a PNG with a profile of 2 GB", &file, &most, PROFILE).unwrap());
    let mut seen = Vec::new();
    for format in crate::sample::writers().filter(|format| format.writes.as_ref().unwrap().icc) {
        let depth = format.writes.as_ref().unwrap().depths[0];
        let mut image = painted(16, 16, 3, false, Depth::Int(depth.bits().max(8)), 1);
        let mut profile = crate::sample::icc(*b"RGB ");
        profile.resize(17 << 20, 0);
        let length = (profile.len() as u32).to_be_bytes();
        profile[..4].copy_from_slice(&length);
        image.metadata.icc = Some(profile);
        let (file, dropped) = crate::sample::written(&image, format);
        // JPEG's segments cannot hold it, and JPEG XL's decoder refuses the file.
        if dropped.is_empty() {
            let what = format!("{} with a profile of 17 MiB", format.name);
            match tally.read_at_most(&what, &file, &most, PROFILE + 2 * file.len()) {
                Ok(image) => named(&image),
                Err(error) => assert!(error.to_string().contains("ICC is too large"), "{what}: {error}"),
            }
            seen.push(format.name);
        }
    }
    assert!(seen.len() >= 4, "{seen:?}");
    eprintln!("bombs in profiles: {tally}");
}

#[test]
fn empty_images_at_the_limit_are_images() {
    let mut tally = Tally::default();
    // JPEG's coefficients are included.
    let side = 960;
    for format in crate::sample::writers() {
        let writes = format.writes.as_ref().unwrap();
        let mut image = painted(side, side, if writes.color { 3 } else { 1 }, false, writes.depths[0], 1);
        image.planes.iter_mut().for_each(|plane| plane.data.fill(0.0));
        let bytes = crate::sample::written(&image, format).0;
        let what = format!("an empty image as {} in {} bytes", format.name, bytes.len());
        let read = tally.read(&what, &bytes).unwrap();
        assert_eq!((read.width(), read.height()), (side, side), "{what}");
    }
    eprintln!("empty images at the limit: {tally}");
}

/// Fax-coded bits: one per row that equals the row above.
#[test]
fn a_fax_of_white_rows_takes_no_longer_than_its_size() {
    let limits = Limits::with(|new| {
        new.max_pixels = 1 << 28;
        new.max_bytes = 1 << 30;
    });
    let mut tally = Tally::default();
    let mut file = tiff(16_383, 16_383, 4, &[0xFF; 2048]);
    let bits = file.len() - 4 - 12 * 7 + 8;
    file[bits] = 1;
    let _ = tally.read_within("a fax", &file, &limits);
    eprintln!("a fax of white rows: {tally}");
}

/// NaN must come through unchanged: no reader may take it for an error.
#[test]
fn numbers_that_are_none_come_back_as_they_were() {
    let values =
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1e-45, -0.0, 0.5];
    let mut tally = Tally::default();
    let float = |f: &&unband_io::FormatEntry| f.writes.as_ref().unwrap().depths.contains(&Depth::F32);
    let mut seen = Vec::new();
    for format in crate::sample::writers().filter(float) {
        for colors in [1, 3] {
            let mut image = painted(3, 3, colors, false, Depth::F32, 1);
            image.planes.iter_mut().for_each(|plane| plane.data.copy_from_slice(&values));
            let bytes = crate::sample::written(&image, format).0;
            let back = tally.read(&format!("{} without numbers", format.name), &bytes).unwrap();
            let bits = |v: f32| if v.is_nan() { u32::MAX } else { v.to_bits() };
            for (old, new) in image.planes.iter().zip(&back.planes) {
                assert!(
                    old.data.iter().map(|&v| bits(v)).eq(new.data.iter().map(|&v| bits(v))),
                    "{format:?}"
                );
            }
        }
        seen.push(format.name);
    }
    assert!(seen.contains(&format("PFM").name) && seen.contains(&"TIFF"), "{seen:?}");
}
