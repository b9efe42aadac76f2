//! Gain maps and further images are found, and named where they are not kept.
#![allow(clippy::unwrap_used)]

use crate::sample;
use std::io::Write;

use unband_image::{AuxiliaryImage, Depth, Image};
use unband_io::WriteOptions;

const ADOBE: &[u8] = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' \
    hdrgm:Version='1.0'/></x:xmpmeta>";
const APPLE: &[u8] =
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><apdi:AuxiliaryImageType>urn:com:apple:photo:2020:aux:hdrgainmap\
    </apdi:AuxiliaryImageType></x:xmpmeta>";

fn jpeg() -> Vec<u8> {
    sample::written(&sample::painted(16, 16, 3, false, Depth::EIGHT, 3), sample::format("JPEG")).0
}

pub(crate) fn with_segments(jpeg: &[u8], segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    for (number, content) in segments {
        out.extend([0xFF, 0xE0 + number]);
        out.extend((content.len() as u16 + 2).to_be_bytes());
        out.extend_from_slice(content);
    }
    out.extend_from_slice(&jpeg[2..]);
    out
}

pub(crate) fn xmp(packet: &[u8]) -> Vec<u8> {
    [b"http://ns.adobe.com/xap/1.0/\0", packet].concat()
}

/// The table of a file with images of these types. Source: CIPA DC-007, 5.2.
fn table(kinds: &[u32], big: bool) -> Vec<u8> {
    let short = |v: u16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let long = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let mut out = if big { b"MPF\0MM\0*".to_vec() } else { b"MPF\0II*\0".to_vec() };
    out.extend(long(8));
    out.extend(short(3));
    let mut entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        out.extend(short(tag));
        out.extend(short(kind));
        out.extend(long(count));
        out.extend(value);
    };
    entry(0xB000, 7, 4, *b"0100");
    entry(0xB001, 4, 1, long(kinds.len() as u32));
    entry(0xB002, 7, 16 * kinds.len() as u32, long(8 + 2 + 36 + 4));
    out.extend(long(0));
    for kind in kinds {
        for value in [*kind, 1000, 1000, 0] {
            out.extend(long(value));
        }
    }
    out
}

const FIRST: u32 = 0x2003_0000;

#[test]
fn gain_maps_and_further_images_of_jpeg_are_found() {
    use AuxiliaryImage::{Further, GainMap};
    let plain = jpeg();
    let apple = [with_segments(&jpeg(), &[(1, &xmp(APPLE))])].concat();
    let iso = [b"urn:iso:std:iso:ts:21496:-1\0", &[0u8; 4][..]].concat();
    let view = 0x0002_0003;
    let (two, preview) = (table(&[FIRST, 0], false), table(&[FIRST, 0x0101_0001 & 0x00FF_FFFF], true));
    let cases: Vec<(&str, Vec<u8>, Vec<AuxiliaryImage>)> = vec![
        ("plain", plain.clone(), vec![]),
        ("Android", with_segments(&plain, &[(1, &xmp(ADOBE)), (2, &two)]), vec![GainMap]),
        ("ISO", with_segments(&plain, &[(2, &iso), (2, &two)]), vec![GainMap]),
        ("Apple", [with_segments(&plain, &[(2, &two)]), apple.clone()].concat(), vec![GainMap]),
        ("stereo", with_segments(&plain, &[(2, &table(&[FIRST, view], true))]), vec![Further]),
        ("large preview", with_segments(&plain, &[(2, &preview)]), vec![]),
        (
            "both",
            with_segments(&plain, &[(1, &xmp(ADOBE)), (2, &table(&[FIRST, 0, view], false))]),
            vec![GainMap, Further],
        ),
    ];
    for (name, bytes, wanted) in cases {
        let image = sample::read(&bytes);
        assert_eq!(image.metadata.auxiliary, wanted, "{name}");
        // Every format reports it.
        for format in sample::writers() {
            let mut small = sample::fitting(format, *format.writes.as_ref().unwrap().depths.first().unwrap());
            small.metadata.auxiliary.clone_from(&wanted);
            let (_, dropped) = sample::written(&small, format);
            let said = |what: &str| dropped.iter().any(|item| item == what);
            assert_eq!(said("HDR gain map"), wanted.contains(&GainMap), "{name} as {}", format.name);
            assert_eq!(said("further images"), wanted.contains(&Further), "{name} as {}", format.name);
        }
    }
    assert_eq!(sample::read(&apple).metadata.auxiliary, [GainMap], "a gain map on its own is recognised");
}

fn boxed(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes(), &kind[..], content].concat()
}

/// Adds an item to the `iinf` box of an AVIF file.
fn with_item(avif: &[u8], kind: [u8; 4]) -> Vec<u8> {
    let info = boxed(*b"infe", &[&[2, 0, 0, 0, 0, 77, 0, 0][..], &kind, b"\0"].concat());
    let at = |kind: &[u8]| avif.windows(4).position(|window| window == kind).unwrap() - 4;
    let grown = |at: usize| {
        (u32::from_be_bytes(avif[at..at + 4].try_into().unwrap()) + info.len() as u32).to_be_bytes()
    };
    let (meta, infos) = (at(b"meta"), at(b"iinf"));
    let end = infos + u32::from_be_bytes(avif[infos..infos + 4].try_into().unwrap()) as usize;
    let mut out = avif.to_vec();
    out[meta..meta + 4].copy_from_slice(&grown(meta));
    out[infos..infos + 4].copy_from_slice(&grown(infos));
    out[infos + 13] += 1;
    out.splice(end..end, info);
    out
}

#[test]
fn a_tone_map_among_the_items_of_avif_is_found() {
    let plain =
        std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/avif_8_420.avif"))
            .unwrap();
    let found = |bytes: &[u8]| {
        // The samples have moved; their metadata is read before.
        unband_io::read(bytes, &unband_io::Limits::default()).map(|image: Image| image.metadata.auxiliary)
    };
    assert_eq!(found(&plain).unwrap(), []);
    let Ok(auxiliary) = found(&with_item(&plain, *b"tmap")) else { return };
    assert_eq!(auxiliary, [AuxiliaryImage::GainMap]);
}

#[test]
fn a_gain_map_in_jpeg_xl_is_found() {
    let image = sample::painted(9, 7, 3, false, Depth::EIGHT, 5);
    let mut bytes = Vec::new();
    let options = WriteOptions::default();
    let mut with_xmp = image.clone();
    with_xmp.metadata.xmp = Some(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>".to_vec());
    unband_io::write(&with_xmp, sample::format("JPEG XL"), &options, &mut bytes).unwrap();
    assert_eq!(sample::read(&bytes).metadata.auxiliary, []);
    bytes.write_all(&boxed(*b"jhgm", &[0; 12])).unwrap();
    assert_eq!(sample::read(&bytes).metadata.auxiliary, [AuxiliaryImage::GainMap]);
}
