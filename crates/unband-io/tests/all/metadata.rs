//! Metadata survives conversion from any format to any format that can store it.
#![allow(clippy::unwrap_used)]

use crate::sample;
use sample::{ExifBuilder, cicp, everything, exif_fields, fitting, format, per_inch, read, writers, written};
use unband_image::{Colorimetry, Context, Density, DensityUnit, Depth, Image, Mastering, With};
use unband_io::{Dropped, FormatEntry, Item, WriteOptions};

fn full(format: &'static FormatEntry) -> Image {
    let depth = format.writes.as_ref().unwrap().depths[0];
    let mut image =
        fitting(format, if depth == Depth::F32 { depth } else { Depth::Int(depth.bits().min(8)) });
    image.metadata = everything();
    image.color.cicp = Some(cicp());
    if format.name == "OpenEXR" {
        // Linear light only; primaries without a short name in it.
        image.color.cicp = Some(unband_image::Cicp { primaries: 12, transfer: 8, ..cicp() });
    }
    image
}

fn dropped(image: &Image, format: &'static FormatEntry) -> Vec<Dropped> {
    unband_io::write(image, format, &WriteOptions::default(), &mut Vec::new()).unwrap()
}

/// Items that a format claims to store.
fn claims(format: &FormatEntry) -> Vec<Item> {
    let w = format.writes.as_ref().unwrap();
    let table = [
        (Item::Icc, w.icc),
        (Item::Exif, w.exif),
        (Item::Xmp, w.xmp),
        (Item::Iptc, w.iptc),
        (Item::Cicp, w.cicp),
        (Item::Density, w.density),
        (Item::Text, w.text),
    ];
    table.into_iter().filter(|row| row.1).map(|row| row.0).collect()
}

fn assert_same(item: Item, got: &Image, wanted: &Image, what: &str) {
    let (g, w) = (&got.metadata, &wanted.metadata);
    match item {
        Item::Icc => assert_eq!(g.icc, w.icc, "{what}"),
        Item::Xmp => assert_eq!(g.xmp, w.xmp, "{what}"),
        Item::Iptc => assert_eq!(g.iptc, w.iptc, "{what}"),
        Item::Text => assert_eq!(g.text, w.text, "{what}"),
        Item::Cicp => {
            // A format of luma and chroma declares its matrix; as RGB it is the same colour.
            let got = got.clone().into_rgb(&Context::default()).unwrap();
            assert_eq!(got.color.cicp, wanted.color.cicp, "{what}");
        }
        Item::Density => {
            let (got, wanted) = (per_inch(g.density.expect(what)), per_inch(w.density.unwrap()));
            assert!((got.0 - wanted.0).abs() < 0.02 && (got.1 - wanted.1).abs() < 0.02, "{what} {got:?}");
        }
        Item::Exif => {
            // The orientation is 1 with and without the tag.
            let fields = |block: &[u8]| {
                let mut fields = exif_fields(block);
                fields.retain(|f| f.0 != 274);
                fields
            };
            assert_eq!(fields(g.exif.as_deref().expect(what)), fields(w.exif.as_deref().unwrap()), "{what}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_format_keeps_what_it_claims_and_says_what_it_drops() {
    for format in writers() {
        let mut image = full(format);
        image.metadata.text.push(("Author".to_owned(), "nobody".to_owned()));
        if image.planes.len() == 1 {
            image.metadata.icc = Some(sample::icc(*b"GRAY"));
        }
        let (bytes, said) = written(&image, format);
        let back = read(&bytes);
        for item in [Item::Icc, Item::Exif, Item::Xmp, Item::Iptc, Item::Cicp, Item::Density] {
            let claimed = claims(format).contains(&item);
            assert_eq!(said.contains(&item.to_string()), !claimed, "{format:?} {item:?} {said:?}");
            if claimed {
                assert_same(item, &back, &image, &format!("{format:?} {item:?}"));
            }
        }
        let kept: Vec<_> = image.metadata.text.iter().filter(|t| back.metadata.text.contains(t)).collect();
        let said_text = said.iter().any(|s| s.starts_with("text"));
        assert_eq!(kept.len() < image.metadata.text.len(), said_text, "{format:?} {kept:?} {said:?}");
        assert!(format.name != "PNG" || kept.len() == 2);
    }
}

#[test]
fn everything_survives_from_any_format_to_any_other_that_can_hold_it() {
    for from in writers() {
        let mut original = full(from);
        if original.planes.len() == 1 {
            original.metadata.icc = None;
        }
        let first = read(&written(&original, from).0);
        for to in writers() {
            let holds = |image: &Image| to.writes.as_ref().unwrap().holds(image.color.model);
            // As every job does for RGB-only formats.
            let mut first = match first.clone() {
                first if holds(&first) => first,
                first => first.into_rgb(&Context::default()).unwrap(),
            };
            if unband_io::check_can_hold(first.depth, false, to).is_err() || !holds(&first) {
                continue;
            }
            if to.name == "OpenEXR" {
                first.color.cicp = full(to).color.cicp;
            }
            let second = read(&written(&first, to).0);
            for item in claims(from).into_iter().filter(|i| claims(to).contains(i)) {
                if item == Item::Icc && original.metadata.icc.is_none() {
                    continue;
                }
                assert_same(item, &second, &original, &format!("{from:?} to {to:?}: {item:?}"));
            }
            let exact = |f: &FormatEntry| f.writes.as_ref().is_some_and(|w| w.alpha && !w.lossy.holds(false));
            if exact(from) && exact(to) {
                let codes = |i: &Image| -> Vec<u32> {
                    i.alpha.as_ref().unwrap().data.iter().map(|&v| original.depth.code(v)).collect()
                };
                assert_eq!(codes(&second), codes(&original), "{from:?} to {to:?}: alpha");
            }
        }
    }
}

#[test]
fn transparency_is_said_only_where_there_is_some() {
    let mut image = full(format("PNG"));
    image.depth = Depth::EIGHT;
    assert!(dropped(&image, format("JPEG")).iter().any(|d| d.item == Item::Alpha));
    image.alpha.as_mut().unwrap().data.fill(1.0);
    assert!(!unband_io::has_transparency(&image));
    assert!(!dropped(&image, format("JPEG")).iter().any(|d| d.item == Item::Alpha));
}

#[test]
fn exif_of_either_byte_order_reaches_every_format_with_its_maker_note_in_place() {
    for big in [false, true] {
        let block = ExifBuilder::new(big).build(1);
        for format in writers().filter(|f| f.writes.as_ref().unwrap().exif) {
            let mut image = fitting(format, Depth::EIGHT);
            image.metadata.exif = Some(block.clone());
            let (bytes, said) = written(&image, format);
            assert!(said.is_empty(), "{said:?}");
            let back = read(&bytes).metadata.exif.unwrap();
            let place = |block: &[u8]| block.windows(41).position(|w| w.iter().copied().eq(0..41));
            assert!(place(&block).is_some());
            assert_eq!(place(&back), place(&block), "{format:?}, big-endian: {big}");
            if format.name == "TIFF" {
                assert_eq!(place(&bytes), place(&block), "in the file itself");
            } else {
                assert_eq!(back, block);
            }
        }
    }
}

/// An image in which every pixel is different, and its oriented copies by Exif's definition.
fn turned(image: &Image, orientation: u16) -> Vec<Vec<f32>> {
    let (w, h) = (image.width(), image.height());
    let (tw, th) = if orientation >= 5 { (h, w) } else { (w, h) };
    let at = |x: usize, y: usize| match orientation {
        1 => (x, y),
        2 => (w - 1 - x, y),
        3 => (w - 1 - x, h - 1 - y),
        4 => (x, h - 1 - y),
        5 => (y, x),
        6 => (y, h - 1 - x),
        7 => (w - 1 - y, h - 1 - x),
        _ => (w - 1 - y, x),
    };
    let plane = |p: &unband_image::Plane| {
        (0..th).flat_map(|y| (0..tw).map(move |x| at(x, y))).map(|(x, y)| p.row(y)[x]).collect()
    };
    image.planes.iter().chain(&image.alpha).map(plane).collect()
}

#[test]
fn every_orientation_is_applied_once_in_every_format() {
    for orientation in 1..=8u16 {
        for big in [false, true] {
            // AVIF and JPEG XL have their own fields, where Exif does not apply, and TIFF has a tag.
            let other = |f: &&FormatEntry| ["TIFF", "AVIF", "JPEG XL"].contains(&f.name);
            for format in writers().filter(|f| f.writes.as_ref().unwrap().exif && !other(f)) {
                let mut image = fitting(format, Depth::EIGHT);
                let upright = ExifBuilder::new(big).build(1);
                image.metadata.exif = Some(upright.clone());
                image.metadata.xmp = Some(b"<rdf:RDF tiff:Orientation=\"6\"/>".to_vec());
                image.metadata.density = Some(Density { x: 300.0, y: 200.0, unit: DensityUnit::Inch });
                let (mut bytes, _) = written(&image, format);
                let stored = read(&bytes);
                // Only the tag is changed, in the file.
                let upright_at = bytes.windows(upright.len()).position(|w| w == upright).unwrap();
                let tag = ExifBuilder::new(big).build(orientation);
                bytes[upright_at..upright_at + tag.len()].copy_from_slice(&tag);
                if format.name == "PNG" {
                    fix_png_crc(&mut bytes, *b"eXIf");
                }
                let back = read(&bytes);
                let what = format!("{format:?} {orientation} big-endian: {big}");
                let got: Vec<_> = back.planes.iter().chain(&back.alpha).map(|p| p.data.clone()).collect();
                assert_eq!(got, turned(&stored, orientation), "{what}");
                let fields = exif_fields(back.metadata.exif.as_deref().unwrap());
                let value = |tag: u16| fields.iter().find(|f| f.0 == tag).unwrap().1.clone();
                assert!(value(274).contains("Short([1])"), "{what}: {}", value(274));
                let lies = orientation >= 5;
                assert!(value(40962).contains(if lies { "Long([5])" } else { "Long([7])" }), "{what}");
                assert!(value(282).contains(if lies { "200/1" } else { "300/1" }), "{what}");
                let density = per_inch(back.metadata.density.unwrap());
                assert!((density.0 - if lies { 200.0 } else { 300.0 }).abs() < 0.02, "{what}");
                let xmp = String::from_utf8(back.metadata.xmp.clone().unwrap()).unwrap();
                assert!(xmp.contains(if orientation == 1 { "\"6\"" } else { "\"1\"" }), "{what}: {xmp}");
                // And only once.
                let again = read(&written(&back, format).0);
                if format.name != "JPEG" {
                    assert_eq!(again.planes, back.planes, "{what}");
                }
            }
        }
    }
}

/// The checksum at the end of a PNG chunk.
fn fix_png_crc(bytes: &mut [u8], name: [u8; 4]) {
    let at = bytes.windows(4).position(|w| w == name).unwrap();
    let length = u32::from_be_bytes(bytes[at - 4..at].try_into().unwrap()) as usize;
    let mut crc = u32::MAX;
    for &byte in &bytes[at..at + 4 + length] {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
        }
    }
    bytes[at + 4 + length..at + 8 + length].copy_from_slice(&(!crc).to_be_bytes());
}

#[test]
fn the_orientation_of_a_tiff_file_is_applied() {
    let image = fitting(format("TIFF"), Depth::EIGHT);
    let (bytes, _) = written(&image, format("TIFF"));
    let at = bytes.windows(8).position(|w| w == [0x12, 1, 3, 0, 1, 0, 0, 0]).unwrap() + 8;
    for orientation in 1..=8u16 {
        let mut bytes = bytes.clone();
        bytes[at..at + 2].copy_from_slice(&orientation.to_le_bytes());
        let back = read(&bytes);
        let got: Vec<_> = back.planes.iter().chain(&back.alpha).map(|p| p.data.clone()).collect();
        assert_eq!(got, turned(&image, orientation), "{orientation}");
    }
}

#[test]
fn long_profiles_and_packets_span_jpeg_segments() {
    let mut image = fitting(format("JPEG"), Depth::EIGHT);
    let mut icc = sample::icc(*b"RGB ");
    icc.extend((0..150_000u32).map(|i| (i * 7) as u8));
    let mut iptc = everything().iptc.unwrap();
    iptc.extend(vec![0; 70_000]);
    let xmp =
        format!("<x:xmpmeta><rdf:RDF><rdf:Description a='{}'/></rdf:RDF></x:xmpmeta>", "b".repeat(200_000));
    image.metadata.icc = Some(icc);
    image.metadata.iptc = Some(iptc);
    image.metadata.xmp = Some(xmp.into_bytes());
    let (bytes, said) = written(&image, format("JPEG"));
    assert!(said.is_empty(), "{said:?}");
    let back = read(&bytes);
    assert_eq!(back.metadata, image.metadata);
    image.metadata.text =
        ["Title", "comment", "a", "b", "c"].map(|k| (k.to_owned(), "x".to_owned())).to_vec();
    assert_eq!(dropped(&image, format("JPEG"))[0].to_string(), "text (\"Title\", \"a\", \"b\" and 1 more)");
    image.metadata.text.clear();
    // Exif must fit one segment.
    let mut block = ExifBuilder::new(false).build(1);
    block.resize(70_000, 0);
    image.metadata.exif = Some(block);
    assert_eq!(dropped(&image, format("JPEG"))[0].to_string(), "Exif (70000 bytes, too large for JPEG)");
}

#[test]
fn profiles_of_another_colour_space_are_not_passed_on() {
    let mut image = fitting(format("PNG"), Depth::EIGHT);
    image.metadata.icc = Some(sample::icc(*b"GRAY"));
    let said = dropped(&image, format("PNG"));
    assert_eq!(said[0].to_string(), "ICC profile (its colour space differs from the image's)");
    image.metadata.icc = Some(sample::icc(*b"CMYK"));
    let (jpeg, _) = written(&image, format("JPEG"));
    assert_eq!(read(&jpeg).metadata.icc, None);
}

#[test]
fn colours_in_numbers_survive_in_png_and_are_said_elsewhere() {
    let mut image = fitting(format("PNG"), Depth::EIGHT);
    image.metadata.colorimetry = Colorimetry::with(|new| {
        new.srgb_intent = None;
        new.gamma = Some(50_000);
        new.chromaticities = Some([31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000]);
        new.mastering = Some(Mastering {
            chromaticities: [35_400, 14_600, 8_500, 39_850, 6_550, 2_300, 15_635, 16_450],
            max_luminance: 10_000_000,
            min_luminance: 50,
        });
        new.content_light = Some((10_000_000, 4_000_000));
    });
    let back = read(&written(&image, format("PNG")).0);
    assert_eq!(back.metadata.colorimetry, image.metadata.colorimetry);
    assert!(dropped(&image, format("JPEG")).iter().any(|d| d.item == Item::Colorimetry));
    let tiff = read(&written(&image, format("TIFF")).0);
    assert_eq!(tiff.metadata.colorimetry.chromaticities, image.metadata.colorimetry.chromaticities);
    assert!(dropped(&image, format("TIFF")).iter().any(|d| d.item == Item::Colorimetry), "gamma and light");
    // Files without a tag are taken as sRGB.
    image.metadata.colorimetry = Colorimetry::with(|new| new.srgb_intent = Some(1));
    let back = read(&written(&image, format("PNG")).0);
    assert_eq!(back.metadata.colorimetry.srgb_intent, Some(1));
    assert!(!dropped(&image, format("JPEG")).iter().any(|d| d.item == Item::Colorimetry));
}

#[test]
fn texts_beyond_latin_and_long_ones_survive_in_png() {
    let mut image = fitting(format("PNG"), Depth::EIGHT);
    image.metadata.text = vec![
        ("Title".to_owned(), "café".to_owned()),
        ("Description".to_owned(), "日本語\nzwei".to_owned()),
        ("Comment".to_owned(), "x".repeat(5000)),
    ];
    let mut back = read(&written(&image, format("PNG")).0).metadata.text;
    back.sort();
    image.metadata.text.sort();
    assert_eq!(back, image.metadata.text);
}

#[test]
fn densities_keep_their_meaning() {
    for density in [
        Density { x: 300.0, y: 300.0, unit: DensityUnit::Inch },
        Density { x: 118.0, y: 59.0, unit: DensityUnit::Centimetre },
        Density { x: 2835.0, y: 2835.0, unit: DensityUnit::Metre },
        Density { x: 2.0, y: 1.0, unit: DensityUnit::Aspect },
    ] {
        for format in writers().filter(|f| f.writes.as_ref().unwrap().density) {
            let mut image = fitting(format, Depth::EIGHT);
            image.metadata.density = Some(density);
            let back = read(&written(&image, format).0).metadata.density.unwrap();
            assert_eq!(back.unit == DensityUnit::Aspect, density.unit == DensityUnit::Aspect, "{format:?}");
            let (got, wanted) = (per_inch(back), per_inch(density));
            assert!((got.0 / wanted.0 - 1.0).abs() < 2e-4, "{format:?} {got:?} {wanted:?}");
            assert!((got.1 / wanted.1 - 1.0).abs() < 2e-4, "{format:?} {got:?} {wanted:?}");
        }
    }
}
