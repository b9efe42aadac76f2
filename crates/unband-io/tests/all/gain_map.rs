//! Gain maps of JPEG files are kept in JPEG files.

use std::sync::Arc;

use unband_image::{Depth, Image, Metadata, With};

use crate::auxiliary::{with_segments, xmp};
use crate::sample;

const MAP: &[u8] = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description \
    xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' hdrgm:Version='1.0' hdrgm:GainMapMax='2'/></rdf:RDF>\
    </x:xmpmeta>";
const ISO: &[u8] = b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0";
/// Exif with orientation 6: rows are columns from right to left.
const TURNED: &[u8] = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

fn encoded(width: usize, height: usize, channels: usize) -> Vec<u8> {
    sample::written(&sample::painted(width, height, channels, false, Depth::EIGHT, 3), sample::format("JPEG"))
        .0
}

/// A grey map of 12×8 with its metadata.
fn map() -> Vec<u8> {
    with_segments(&encoded(12, 8, 1), &[(1, &xmp(MAP)), (2, ISO)])
}

fn announced(length: usize, rest: &str) -> Vec<u8> {
    let packet = format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description \
         xmlns:h='http://ns.adobe.com/hdr-gain-map/1.0/' \
         xmlns:C='http://ns.google.com/photos/1.0/container/' h:Version='1.0' dc:title='{rest}'>\
         <C:Directory><rdf:li Item:Semantic='GainMap' Item:Length='{length}'/></C:Directory>\
         </rdf:Description></rdf:RDF></x:xmpmeta>"
    );
    xmp(packet.as_bytes())
}

/// A file of 48×32 with its map; `head`: further segments.
fn file(head: &[(u8, &[u8])]) -> Vec<u8> {
    let map = map();
    let said = announced(map.len(), "hills");
    let all = [&[(1u8, &said[..])], head].concat();
    [with_segments(&encoded(48, 32, 3), &all), map].concat()
}

/// The numbers of the table of images: size of the first, size and offset of the second, and where offsets
/// begin. Source: CIPA DC-007, 5.2.
fn table(file: &[u8]) -> (usize, usize, usize, usize) {
    let begin = file.windows(8).position(|part| part == b"MPF\0MM\0*").unwrap() + 4;
    let number = |at: usize| u32::from_be_bytes(*file[begin + at..].first_chunk().unwrap()) as usize;
    (number(54), number(70), number(74), begin)
}

fn text(file: &[u8]) -> String {
    String::from_utf8_lossy(file).into_owned()
}

#[test]
fn a_map_is_copied_with_its_table_and_its_statements() {
    let image = sample::read(&file(&[(2, ISO)]));
    let kept = image.metadata.gain_map.clone().unwrap();
    assert!(*kept.jpeg == map() && kept.in_xmp && kept.iso.as_deref() == Some(&[0; 5][..]));
    let (written, dropped) = sample::written(&image, sample::format("JPEG"));
    assert_eq!(dropped, [""; 0]);
    let (first, size, offset, begin) = table(&written);
    assert_eq!((first, size, offset), (written.len() - map().len(), map().len(), first - begin));
    assert!(written[begin + offset..] == map()[..]);
    let said = text(&written[..first]);
    assert!(
        said.contains(&format!("Item:Semantic=\"GainMap\" Item:Mime=\"image/jpeg\" Item:Length=\"{size}\""))
    );
    assert!(said.contains("hdrgm:Version=\"1.0\"") && said.contains("dc:title='hills'"));
    assert_eq!(said.matches("Item:Length").count(), 1, "that of the source is no longer true");
    assert!(said.contains("urn:iso:std:iso:ts:21496:-1"));
    // Once more.
    let again = sample::read(&written);
    assert!(again.metadata.gain_map == image.metadata.gain_map);
    let head = |file: &[u8]| file[..file.windows(4).position(|part| part == b"MPF\0").unwrap()].to_vec();
    assert!(head(&sample::written(&again, sample::format("JPEG")).0) == head(&written));
}

#[test]
fn a_map_that_only_the_table_announces_adds_nothing_to_xmp() {
    let mut image = sample::read(&file(&[]));
    let map = image.metadata.gain_map.as_mut().unwrap();
    map.in_xmp = false;
    image.metadata.xmp = None;
    let (written, dropped) = sample::written(&image, sample::format("JPEG"));
    let (first, size, ..) = table(&written);
    assert!(
        dropped.is_empty() && !text(&written[..first]).contains("hdrgm") && written.len() == first + size
    );
}

#[test]
fn a_long_packet_keeps_the_statement_in_its_short_one() {
    let mut image = sample::read(&file(&[]));
    let long = format!(
        "<x:xmpmeta><rdf:RDF><rdf:Description a:b='{}'/></rdf:RDF></x:xmpmeta>",
        "long ".repeat(20_000)
    );
    image.metadata.xmp = Some(long.clone().into_bytes());
    let (written, _) = sample::written(&image, sample::format("JPEG"));
    let at = written.windows(6).position(|part| part == b"hdrgm:").unwrap();
    assert!(at < 5_000, "{at}");
    let again = sample::read(&written);
    assert!(again.metadata.gain_map == image.metadata.gain_map);
    let kept = text(&again.metadata.xmp.unwrap());
    assert!(kept.contains(&long[20..long.len() - 30]) && !kept.contains("hdrgm"));
}

#[test]
fn the_map_of_a_turned_image_is_turned() {
    let straight = sample::read(&map());
    let image = sample::read(&file(&[(1, TURNED)]));
    assert_eq!((image.width(), image.height()), (32, 48));
    let (written, dropped) = sample::written(&image, sample::format("JPEG"));
    assert!(dropped.is_empty(), "{dropped:?}");
    let again = sample::read(&written);
    let turned = sample::read(&again.metadata.gain_map.unwrap().jpeg);
    assert_eq!((turned.width(), turned.height()), (8, 12));
    let source = straight.metadata.xmp.unwrap();
    assert!(turned.metadata.xmp.is_none_or(|packet| packet == source));
    for y in 0..12 {
        for x in 0..8 {
            // Its last row comes first.
            let (from, to) = (straight.planes[0].row(7 - x)[y], turned.planes[0].row(y)[x]);
            assert!((from - to).abs() < 4.0 / 255.0, "{x} {y}: {from} {to}");
        }
    }
}

#[test]
fn a_map_that_does_not_fit_is_named() {
    let image = sample::read(&file(&[]));
    let cropped = Image {
        planes: image
            .planes
            .iter()
            .map(|plane| plane.resized(48, 20, unband_image::Resampling::Bicubic))
            .collect(),
        ..image.clone()
    };
    let (written, dropped) = sample::written(&cropped, sample::format("JPEG"));
    assert_eq!(dropped, ["HDR gain map (it does not fit the image)"]);
    assert!(!text(&written).contains("hdrgm") && !text(&written).contains("MPF"));
    let larger = Image {
        planes: image
            .planes
            .iter()
            .map(|plane| plane.resized(191, 128, unband_image::Resampling::Bicubic))
            .collect(),
        ..image.clone()
    };
    assert_eq!(sample::written(&larger, sample::format("JPEG")).1, [""; 0], "a map may have any size");
    for name in ["PNG", "TIFF", "WebP", "AVIF", "JPEG XL"] {
        assert!(
            sample::written(&image, sample::format(name)).1.contains(&"HDR gain map".to_owned()),
            "{name}"
        );
    }
    let broken = Metadata::with(|new| {
        new.gain_map = image.metadata.gain_map.clone();
        new.gain_map.as_mut().unwrap().jpeg = Arc::new(b"\xFF\xD8\xFF\xD9".to_vec());
    });
    let broken = Image { metadata: broken, ..image };
    assert_eq!(
        sample::written(&broken, sample::format("JPEG")).1,
        ["HDR gain map (it does not fit the image)"]
    );
}

#[test]
fn bytes_after_an_image_cost_no_time() {
    let mut file = encoded(48, 32, 3);
    file.extend(b"\xFF\xD8\xFF".repeat(400_000));
    assert!(sample::read(&file).metadata.gain_map.is_none());
    let mut file = encoded(48, 32, 3);
    (0..2_000).for_each(|_| file.extend(encoded(8, 8, 1)));
    assert!(sample::read(&file).metadata.gain_map.is_none());
}

#[test]
fn another_image_with_a_map_is_not_the_map() {
    let whole = file(&[(2, ISO)]);
    let map = map();
    let main = &whole[..whole.len() - map.len()];
    // A smaller copy of the image, with the image's XMP, comes before the map; a video follows it.
    let preview = with_segments(&encoded(16, 10, 3), &[(1, &announced(map.len(), "hills"))]);
    let many = [main, &preview, &map, b"....ftypmp42 and a video"].concat();
    let image = sample::read(&many);
    assert!(*image.metadata.gain_map.clone().unwrap().jpeg == map);
    let named = format!("{} bytes after the image", preview.len() + 24);
    assert!(image.metadata.unread.contains(&named), "{:?}", image.metadata.unread);
    // An image that says nothing about a map, and another file behind it.
    let image = sample::read(&[encoded(48, 32, 3), whole].concat());
    assert!(image.metadata.gain_map.is_none());
}
