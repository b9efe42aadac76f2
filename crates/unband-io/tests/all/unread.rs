//! Nothing of a file vanishes in silence: every chunk, segment, box and tag that a result lacks is named.
#![allow(clippy::unwrap_used)]

use crate::sample;
use flate2::{Compression, write::ZlibEncoder};
use std::io::Write;

use unband_image::{Depth, Image, Model, Plane, TiffData, TiffTag, With};
use unband_io::{Item, WriteOptions};

/// A file that holds everything its format knows, the names of what is not kept, and the number of texts that
/// are.
struct Full {
    format: &'static str,
    file: Vec<u8>,
    named: Vec<&'static str>,
}

fn plain(name: &str) -> Vec<u8> {
    let format = sample::format(name);
    let depth = format.writes.as_ref().unwrap().depths[0];
    let depth = if depth == Depth::F32 { depth } else { Depth::EIGHT };
    sample::written(&sample::painted(8, 6, 3, false, depth, 3), format).0
}

fn png_chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let body = [name.as_slice(), content].concat();
    let sum = crate::hostile::damage::crc(&body).to_be_bytes();
    [&(content.len() as u32).to_be_bytes(), body.as_slice(), &sum].concat()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn png() -> Full {
    let plain = plain("PNG");
    let profile = deflated(&sample::icc(*b"RGB "));
    let texts = |size: usize| [b"long\0\0".as_slice(), &deflated(&vec![b'x'; size])].concat();
    let chunks = [
        png_chunk(*b"iCCP", &[b"name\0\0".as_slice(), &profile].concat()),
        png_chunk(*b"iCCP", &[b"name\0\0".as_slice(), &profile].concat()),
        png_chunk(*b"sBIT", &[5, 6, 5]),
        png_chunk(*b"bKGD", &[0; 6]),
        png_chunk(*b"oFFs", &[0; 9]),
        png_chunk(*b"tIME", &[7, 234, 1, 1, 0, 0, 0]),
        png_chunk(*b"caBX", b"jumb"),
        png_chunk(*b"caNv", &[0; 16]),
        png_chunk(*b"prVt", b"private"),
        png_chunk(*b"iDOT", &[0; 28]),
        png_chunk(*b"zTXt", &texts(10)),
        png_chunk(*b"zTXt", &texts(17 << 20)),
        png_chunk(
            *b"iTXt",
            &[b"XML:com.adobe.xmp\0\x01\0\0\0".as_slice(), &deflated(&vec![b' '; 17 << 20])].concat(),
        ),
        png_chunk(*b"iTXt", b"Title\0\0\0de\0\0Bild"),
    ];
    let file = [&plain[..33], &chunks.concat(), &plain[33..], b"after"].concat();
    let named = vec![
        "further ICC profile",
        "chunk `sBIT`",
        "background colour (chunk `bKGD`)",
        "offset (chunk `oFFs`)",
        "time of the last change (chunk `tIME`)",
        "Content Credentials (chunk `caBX`)",
        "canvas (chunk `caNv`)",
        "chunk `prVt`",
        "5 bytes after the image",
        "languages of texts",
        "text (\"long\": damaged, or more than 16 MiB with other texts)",
        "XMP (damaged, or more than 16 MiB with other texts)",
    ];
    Full { format: "PNG", file, named }
}

fn jpeg() -> Full {
    let plain = plain("JPEG");
    let segment = |number: u8, body: &[u8]| {
        [&[0xFF, 0xE0 + number][..], &(body.len() as u16 + 2).to_be_bytes(), body].concat()
    };
    let exif = [b"Exif\0\0".as_slice(), &sample::ExifBuilder::new(true).build(1)].concat();
    let parts = [
        segment(1, &exif),
        segment(1, &exif),
        segment(2, b"ICC_PROFILE\0\x01\x02half"),
        segment(0, b"JFXX\0\x10"),
        segment(3, b"FLIR\0\x01\0\0"),
        segment(5, b"\x01\x02"),
        segment(11, b"JP\x00\x01\0\0\0\x01\0\0\0\x20jumb\0\0\0\x18jumdc2pa"),
        segment(11, b"JP\x00\x02\0\0\0\x01\0\0\0\x20jumb"),
        segment(12, b"Ducky\0"),
    ];
    let file = [&plain[..2], &parts.concat(), &plain[2..], b"SEFT and a video"].concat();
    let named = vec![
        "further Exif",
        "ICC profile (a part is missing)",
        "thumbnail (APP0 segment `JFXX`)",
        "thermal data (APP3 segment `FLIR`)",
        "APP5 segment `??`",
        "Content Credentials (APP11 segment `JP`)",
        "JUMBF (APP11 segment `JP`)",
        "Photoshop's quality (APP12 segment `Ducky`)",
        "16 bytes after the image",
    ];
    Full { format: "JPEG", file, named }
}

/// A TIFF file with these tags besides those of its samples, in order.
fn tiff_with(tags: &[(u16, u16, Vec<u8>)]) -> Vec<u8> {
    let unit = |kind: u16| match kind {
        3 => 2,
        4 => 4,
        12 => 8,
        _ => 1,
    };
    let long = |v: u32| v.to_le_bytes().to_vec();
    let mut all: Vec<(u16, u16, Vec<u8>)> = vec![
        (256, 4, long(4)),
        (257, 4, long(2)),
        (258, 3, vec![8, 0]),
        (259, 3, vec![1, 0]),
        (262, 3, vec![1, 0]),
        (273, 4, long(8)),
        (277, 3, vec![1, 0]),
        (278, 4, long(2)),
        (279, 4, long(8)),
    ];
    all.extend_from_slice(tags);
    all.sort();
    let mut out = b"II*\0\x10\0\0\0\x10\x20\x30\x40\x50\x60\x70\x80".to_vec();
    let mut heap = 16 + 2 + 12 * all.len() + 4;
    let mut values = Vec::new();
    out.extend((all.len() as u16).to_le_bytes());
    for (tag, kind, value) in &all {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(((value.len() / unit(*kind)) as u32).to_le_bytes());
        if value.len() <= 4 {
            let mut four = value.clone();
            four.resize(4, 0);
            out.extend(four);
        } else {
            out.extend((heap as u32).to_le_bytes());
            heap += value.len();
            values.extend_from_slice(value);
        }
    }
    out.extend([0; 4]);
    [out, values].concat()
}

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn geo() -> Vec<(u16, u16, Vec<u8>)> {
    vec![
        (33_550, 12, doubles(&[30.0, 30.0, 0.0])),
        (33_922, 12, doubles(&[0.0, 0.0, 0.0, 5e5, 4.6e6, 0.0])),
        (34_735, 3, [1u16, 1, 0, 1, 1024, 0, 1, 1].iter().flat_map(|v| v.to_le_bytes()).collect()),
        (34_737, 2, b"WGS 84|\0".to_vec()),
        (42_112, 2, b"<GDALMetadata/>\0".to_vec()),
        (42_113, 2, b"-9999\0".to_vec()),
    ]
}

fn tiff() -> Full {
    let mut tags = geo();
    tags.push((301, 3, vec![0; 8]));
    tags.push((37_724, 7, b"Adobe Photoshop Document Data Block\0".to_vec()));
    tags.push((65_000, 2, b"private\0".to_vec()));
    let named = vec!["transfer function (tag 301)", "Photoshop's layers (tag 37724)", "tag 65000"];
    Full { format: "TIFF", file: tiff_with(&tags), named }
}

fn webp() -> Full {
    let mut image = sample::painted(8, 6, 3, false, Depth::EIGHT, 3);
    image.metadata.icc = Some(sample::icc(*b"RGB "));
    let mut file = sample::written(&image, sample::format("WebP")).0;
    file.extend(b"C2PA\x04\0\0\0jumbABCD\x01\0\0\0x\0");
    let size = (file.len() as u32 - 8).to_le_bytes();
    file[4..8].copy_from_slice(&size);
    file.extend(b"EXIFafter");
    let named = vec!["Content Credentials (chunk `C2PA`)", "chunk `ABCD`", "9 bytes after the image"];
    Full { format: "WebP", file, named }
}

fn boxed(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes(), kind.as_slice(), content].concat()
}

fn jxl() -> Full {
    let mut image = sample::painted(9, 7, 3, false, Depth::EIGHT, 5);
    image.metadata.xmp = Some(b"<x/>".to_vec());
    let mut file = sample::written(&image, sample::format("JPEG XL")).0;
    file.extend([boxed(*b"jumb", b"c2pa"), boxed(*b"jbrd", b"x"), boxed(*b"abcd", b"")].concat());
    file.extend(b"after the boxes");
    let named = vec![
        "Content Credentials (box `jumb`)",
        "reconstruction of a JPEG file (box `jbrd`)",
        "box `abcd`",
        "15 bytes after the image",
    ];
    Full { format: "JPEG XL", file, named }
}

/// AVIF or HEIC.
fn heif(format: &'static str, sample: &str) -> Full {
    const C2PA: [u8; 16] =
        [0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7E, 0xC4, 0x81];
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(sample);
    let mut file = std::fs::read(path).unwrap();
    // The samples are at the end, and their offset is counted from the beginning.
    let properties = [boxed(*b"amve", &[0; 8]), boxed(*b"wxyz", b"")].concat();
    let meta = boxed(*b"efgh", b"");
    insert(&mut file, &[*b"meta", *b"iprp", *b"ipco"], &properties);
    insert(&mut file, &[*b"meta"], &meta);
    let moved = (properties.len() + meta.len()) as u32;
    let samples = file.windows(4).position(|w| w == b"mdat").unwrap() as u32 + 4;
    let old = (samples - moved).to_be_bytes();
    let places = file.windows(4).position(|w| w == b"iloc").unwrap();
    let at = places + file[places..].windows(4).position(|w| w == old).unwrap();
    file[at..at + 4].copy_from_slice(&samples.to_be_bytes());
    file.extend([boxed(*b"uuid", &C2PA), boxed(*b"abcd", b"")].concat());
    file.extend(b"after the boxes");
    let named = vec![
        "box `efgh`",
        "ambient light (property `amve`)",
        "property `wxyz`",
        "Content Credentials (box `uuid`)",
        "box `abcd`",
        "15 bytes after the image",
    ];
    Full { format, file, named }
}

/// Appends to the content of nested boxes, and lengthens them.
fn insert(file: &mut Vec<u8>, path: &[[u8; 4]], content: &[u8]) {
    let (mut from, mut end) = (0, 0);
    for kind in path {
        from += file[from..].windows(4).position(|w| w == kind).unwrap() - 4;
        let size = u32::from_be_bytes(file[from..from + 4].try_into().unwrap());
        end = from + size as usize;
        file[from..from + 4].copy_from_slice(&(size + content.len() as u32).to_be_bytes());
        from += 8;
    }
    file.splice(end..end, content.iter().copied());
}

fn bmp() -> Full {
    let mut header = [0; 124];
    header[..4].copy_from_slice(&124u32.to_le_bytes());
    header[4] = 2;
    header[8] = 1;
    header[12] = 1;
    header[14] = 24;
    header[56..60].copy_from_slice(b"KNIL");
    // Two pixels, padding, the name.
    header[112] = 124 + 8;
    header[116] = 5;
    let file = [b"BM\0\0\0\0\0\0\0\0\x8A\0\0\0", header.as_slice(), b"rgbrgb\0\0", b"a.icc", b"after"];
    let named = vec!["name of a profile's file", "5 bytes after the image"];
    Full { format: "BMP", file: file.concat(), named }
}

fn gif() -> Full {
    let file = [
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".as_slice(),
        b"\x21\xfe\x02hi\0",
        b"\x21\xff\x0bImageMagick\x03\x01\0\0\0",
        b"\x21\x01\x0c\0\0\0\0\0\0\0\0\0\0\0\0\x01x\0",
        b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b",
        b"more",
    ];
    let named =
        vec!["application extension `ImageMagick`", "plain text extension", "4 bytes after the image"];
    Full { format: "GIF", file: file.concat(), named }
}

fn exr() -> Full {
    let mut file = plain("OpenEXR");
    // Before the first attribute; the table of offsets follows the header.
    let attribute = |name: &[u8]| [name, b"\0string\0\x02\0\0\0me"].concat();
    let added = [attribute(b"owner"), attribute(b"x/camera")].concat();
    file.splice(8..8, added.iter().copied());
    let header = file.windows(2).enumerate().skip(8 + added.len());
    // The header ends with an empty name after an attribute: where the first offset points at the first
    // chunk.
    let before = file.len() as u64 - added.len() as u64;
    let at = header
        .map(|(at, _)| at)
        .find(|&at| {
            let offset = file.get(at..at + 8).map_or(0, |b| u64::from_le_bytes(b.try_into().unwrap()));
            offset > 0 && offset < before && offset == (at + 8 - added.len()) as u64
        })
        .unwrap();
    let offset = (at as u64 + 8).to_le_bytes();
    file[at..at + 8].copy_from_slice(&offset);
    Full { format: "OpenEXR", file, named: vec!["attribute `owner`", "attribute `x/camera`"] }
}

fn pfm() -> Full {
    let file = String::from_utf8_lossy(b"Pf\n1 1\n-2.5\n").into_owned().into_bytes();
    Full {
        format: "PFM",
        file: [file, vec![0; 4], b"x".to_vec()].concat(),
        named: vec!["scale 2.5", "1 bytes after the image"],
    }
}

fn pnm() -> Full {
    Full {
        format: "PGM",
        file: b"P5 2 1 255\n\x01\x02trailer".to_vec(),
        named: vec!["7 bytes after the image"],
    }
}

/// Every kind of content, in one file of each format.
fn all() -> Vec<Full> {
    let (avif, heic) = (heif("AVIF", "avif_8_420.avif"), heif("HEIC", "heic_8_420.heic"));
    vec![png(), jpeg(), tiff(), webp(), jxl(), avif, heic, gif(), exr(), pfm(), pnm(), bmp()]
}

#[test]
fn everything_that_a_reader_passes_over_is_named_whatever_is_written() {
    for Full { format, file, named } in all() {
        let image = sample::read(&file);
        assert_eq!(image.metadata.unread, named, "{format}");
        let rgb = sample::painted(8, 6, 3, false, Depth::EIGHT, 3);
        for writer in
            sample::writers().filter(|writer| ["PNG", "JPEG", "TIFF", "WebP"].contains(&writer.name))
        {
            let copy = Image { metadata: image.metadata.clone(), ..rgb.clone() };
            let said = sample::written(&copy, writer).1;
            for name in &named {
                assert!(said.iter().any(|item| item == name), "{format} as {writer:?}: {name} of {said:?}");
            }
        }
    }
}

#[test]
fn the_table_in_the_docs_has_every_name() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/formats.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, table) =
        page.split_once("<!-- kept: checked by crates/unband-io/tests/all/unread.rs -->").unwrap();
    for Full { format, named, .. } in all() {
        let row = table.lines().find(|line| line.starts_with(&format!("| {format} |")));
        let row = row.unwrap_or_else(|| panic!("no row for {format}"));
        // Invented names are those of "every other".
        for code in named.iter().filter_map(|name| name.split('`').nth(1)) {
            let invented =
                ["prVt", "??", "ABCD", "abcd", "efgh", "wxyz", "owner", "x/camera"].contains(&code);
            assert!(
                row.contains(&format!("`{code}`")) || invented && row.contains("every other"),
                "{format}: {code}"
            );
        }
    }
}

#[test]
fn a_gain_map_that_is_not_kept_leaves_the_xmp_too() {
    let packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description \
        xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' hdrgm:Version='1.0' \
        xmlns:Container='http://ns.google.com/photos/1.0/container/' dc:title='x'><Container:Directory>\
        <rdf:li Item:Semantic='GainMap' Item:Length='2111'/></Container:Directory></rdf:Description></x:xmpmeta>";
    let mut image = sample::painted(8, 6, 3, false, Depth::EIGHT, 3);
    image.metadata.xmp = Some(packet.to_vec());
    for name in ["JPEG", "PNG", "WebP", "TIFF", "AVIF", "JPEG XL"] {
        let back = sample::read(&sample::written(&image, sample::format(name)).0);
        let kept = String::from_utf8(back.metadata.xmp.unwrap()).unwrap();
        assert_eq!(
            kept,
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description dc:title='x'></rdf:Description></x:xmpmeta>",
            "{name}"
        );
    }
}

#[test]
fn tags_of_places_and_further_bands_are_kept_in_tiff_and_named_elsewhere() {
    let file = tiff_with(&geo());
    let image = sample::read(&file);
    let tags: Vec<u16> = image.metadata.tiff.tags.iter().map(|tag| tag.tag).collect();
    assert_eq!(tags, [33_550, 33_922, 34_735, 34_737, 42_112, 42_113]);
    let back = sample::read(&sample::written(&image, sample::format("TIFF")).0);
    assert_eq!(back.metadata.tiff, image.metadata.tiff);
    let said = sample::written(&image, sample::format("PNG")).1;
    assert_eq!(said, ["TIFF tags (33550, 33922, 34735, 34737, 42112, 42113, kept in TIFF alone)"]);
    // Another size or depth makes some of them false.
    let larger = Image { planes: vec![Plane::filled(8, 4, 0.5)], ..image.clone() };
    let (bytes, said) = sample::written(&larger, sample::format("TIFF"));
    assert_eq!(said, ["TIFF tags (33550, 33922, 34735, 34737, the size has changed)"]);
    let tags: Vec<u16> = sample::read(&bytes).metadata.tiff.tags.iter().map(|tag| tag.tag).collect();
    assert_eq!(tags, [42_112, 42_113]);
    let deeper = Image { depth: Depth::SIXTEEN, ..image };
    let said = sample::written(&deeper, sample::format("TIFF")).1;
    assert_eq!(said, ["TIFF tags (42113, the depth has changed)"]);
}

#[test]
fn bands_of_every_number_and_depth_come_back() {
    for depth in [Depth::EIGHT, Depth::SIXTEEN, Depth::F32] {
        for (colors, alpha, bands) in
            [(3, false, 1), (3, true, 1), (3, false, 3), (1, false, 4), (1, true, 2)]
        {
            let mut image = sample::painted(7, 5, colors, alpha, depth, 3);
            let all = sample::painted(7, 5, bands, false, depth, 4);
            let (size, depth) = ((7, 5), Some(depth));
            image.metadata.tiff = TiffData::with(|new| {
                new.bands = all.planes.clone();
                new.size = size;
                new.depth = depth;
            });
            let what = format!("{depth:?} {colors} {alpha} {bands}");
            let (bytes, said) = sample::written(&image, sample::format("TIFF"));
            assert_eq!(said, [""; 0], "{what}");
            let back = sample::read(&bytes);
            assert_eq!((&back.planes, &back.alpha), (&image.planes, &image.alpha), "{what}");
            assert_eq!(back.metadata.tiff.bands, all.planes, "{what}");
            if depth != Some(Depth::F32) {
                let item = unband_io::write(
                    &image,
                    sample::format("PNG"),
                    &WriteOptions::default(),
                    &mut Vec::new(),
                );
                assert_eq!(item.unwrap()[0].item, Item::Bands, "{what}");
            }
        }
    }
}

#[test]
fn signed_samples_come_back_and_are_named_elsewhere() {
    for (bits, kind) in [(8u16, vec![2u8, 0]), (16, vec![2, 0])] {
        let mut file = tiff_with(&[(339, 3, kind)]);
        // The samples 10 20 30 … 80, as bytes or as pairs.
        let entry = file.windows(4).position(|w| w == [2, 1, 3, 0]).unwrap();
        file[entry + 8] = bits as u8;
        let width = file.windows(4).position(|w| w == [0, 1, 4, 0]).unwrap();
        file[width + 8] = if bits == 8 { 4 } else { 2 };
        let image = sample::read(&file);
        assert_eq!(
            (image.color.model, image.depth, image.metadata.tiff.signed),
            (Model::Gray, Depth::Int(bits as u8), true)
        );
        let first = if bits == 8 { 0x10 + 0x80 } else { 0x2010 + 0x8000 };
        assert_eq!(image.depth.code(image.planes[0].data[0]), first);
        let (bytes, said) = sample::written(&image, sample::format("TIFF"));
        assert_eq!(said, [""; 0]);
        let back = sample::read(&bytes);
        assert_eq!((&back.planes, back.metadata.tiff.signed), (&image.planes, true));
        let said = sample::written(&image, sample::format("PNG")).1;
        assert_eq!(said, ["signed samples (the lowest number is code 0; kept in TIFF alone)"]);
    }
}

#[test]
fn a_rotated_image_keeps_its_bands_but_not_its_place() {
    let mut tags = geo();
    tags.push((274, 3, vec![6, 0]));
    let image = sample::read(&tiff_with(&tags));
    assert_eq!((image.width(), image.height()), (2, 4));
    assert_eq!(image.metadata.unread, ["GeoTIFF tags (the image was rotated)"]);
    let kept: Vec<&TiffTag> = image.metadata.tiff.tags.iter().collect();
    assert_eq!(kept.iter().map(|tag| tag.tag).collect::<Vec<_>>(), [42_112, 42_113]);
}

#[test]
fn further_pages_of_tiff_are_named() {
    for (role, named) in [(1, "smaller copy (further page)"), (4, "transparency mask (further page)")] {
        let mut file = tiff_with(&[]);
        let count = u16::from_le_bytes(file[16..18].try_into().unwrap());
        let next = 18 + 12 * usize::from(count);
        let second = file.len() as u32;
        file[next..next + 4].copy_from_slice(&second.to_le_bytes());
        // The same page again, with a role.
        let mut page = (count + 1).to_le_bytes().to_vec();
        page.extend([254, 0, 4, 0, 1, 0, 0, 0, role, 0, 0, 0]);
        page.extend_from_slice(&file[18..next]);
        page.extend([0; 4]);
        file.extend(page);
        assert_eq!(sample::read(&file).metadata.unread, [named]);
    }
}

#[test]
fn records_of_bigtiff_are_kept() {
    let records = b"\x1C\x02\x05\0\x01x\0\0";
    let mut file = b"II+\0\x08\0\0\0\x18\0\0\0\0\0\0\0".to_vec();
    file.extend([0x40; 8]);
    let rows: [(u16, u16, u64, u64); 10] = [
        (256, 4, 1, 4),
        (257, 4, 1, 2),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 16),
        (277, 3, 1, 1),
        (278, 4, 1, 2),
        (279, 4, 1, 8),
        // Long integers, as libtiff writes them.
        (33_723, 4, 2, u64::from_le_bytes(*records)),
    ];
    file.extend((rows.len() as u64).to_le_bytes());
    for (tag, kind, count, value) in rows {
        file.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        file.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    file.extend([0; 8]);
    let image = sample::read(&file);
    assert_eq!(image.metadata.unread, [""; 0]);
    let kept = image.metadata.iptc.unwrap();
    assert!(kept.windows(8).any(|window| window == records), "{kept:?}");
}

#[test]
fn comments_and_blocks_beyond_a_bound_are_named() {
    let long = vec![b'x'; 17 << 20];
    let comments = [b"P5\n#a\n#".as_slice(), &long, b"\n#b\n1 1 255\n\x01"].concat();
    let image = sample::read(&comments);
    assert_eq!(image.metadata.text, [("Comment".to_owned(), "a\nb".to_owned())]);
    assert_eq!(image.metadata.unread, ["comments (more than 16 MiB)"]);
    let image = sample::read(b"P2 2 1 255 1 # between\n2\n");
    assert_eq!(image.metadata.unread, ["comments between samples"]);

    let blocks = [(700, 1, long.clone()), (33_723, 7, long.clone()), (34_675, 7, long.clone())];
    let image = sample::read(&tiff_with(&blocks));
    let named = ["XMP (more than 16 MiB)", "IPTC (more than 16 MiB)", "ICC profile (more than 16 MiB)"];
    assert_eq!(image.metadata.unread, named);

    let attribute = [b"long\0string\0".as_slice(), &(long.len() as u32).to_le_bytes(), &long].concat();
    let mut file = plain("OpenEXR");
    file.splice(8..8, attribute);
    let error = unband_io::read(&file, &unband_io::Limits::default()).unwrap_err();
    assert!(error.to_string().contains("attributes of more than 16 MiB"), "{error}");
}
