//! Images and metadata written by the tests.
#![allow(dead_code, clippy::unwrap_used)]

use unband_image::{Cicp, Density, DensityUnit, Depth, Image, Metadata, Model, Plane, With};
use unband_io::{FORMATS, FormatEntry, Limits, WriteOptions};

/// All formats that can be written.
pub(crate) fn writers() -> impl Iterator<Item = &'static FormatEntry> {
    FORMATS.iter().filter(|f| f.writes.is_some())
}

pub(crate) fn format(name: &str) -> &'static FormatEntry {
    unband_io::by_name(name).unwrap()
}

pub(crate) fn written(image: &Image, format: &'static FormatEntry) -> (Vec<u8>, Vec<String>) {
    let mut out = Vec::new();
    let dropped = unband_io::write(image, format, &WriteOptions::default(), &mut out).unwrap();
    (out, dropped.iter().map(ToString::to_string).collect())
}

pub(crate) fn read(bytes: &[u8]) -> Image {
    unband_io::read(bytes, &Limits::default()).unwrap()
}

/// Codes from a simple generator, all of them if the image is large enough.
pub(crate) fn painted(
    width: usize,
    height: usize,
    colors: usize,
    alpha: bool,
    depth: Depth,
    seed: u32,
) -> Image {
    let mut state = seed | 1;
    let mut plane = || {
        let data = (0..width * height).map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match depth {
                Depth::F32 => (state >> 8) as f32 / 1e7 - 0.3,
                depth @ Depth::Int(_) if i == 0 => depth.value(depth.max_code()),
                depth @ Depth::Int(_) => depth.value((state >> 8) & depth.max_code()),
            }
        });
        Plane { width, height, data: data.collect() }
    };
    let planes = (0..colors).map(|_| plane()).collect();
    let mut image = Image::new(planes, if colors == 1 { Model::Gray } else { Model::Rgb }, depth);
    image.alpha = alpha.then(&mut plane);
    image
}

/// An image that fits a format: its deepest samples, with colour and transparency if it has them.
pub(crate) fn fitting(format: &'static FormatEntry, depth: Depth) -> Image {
    let writes = format.writes.as_ref().unwrap();
    painted(7, 5, if writes.color { 3 } else { 1 }, writes.alpha, depth, 9)
}

/// An ICC profile's header and an empty tag table.
pub(crate) fn icc(space: [u8; 4]) -> Vec<u8> {
    let mut profile = vec![0u8; 132];
    profile[3] = 132;
    profile[8] = 4;
    profile[12..16].copy_from_slice(b"mntr");
    profile[16..20].copy_from_slice(&space);
    profile[20..24].copy_from_slice(b"XYZ ");
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

/// Builds an Exif block in either byte order.
pub(crate) struct ExifBuilder {
    big: bool,
    out: Vec<u8>,
}

type Row = (u16, u16, u32, Vec<u8>);

impl ExifBuilder {
    pub(crate) fn new(big: bool) -> Self {
        let out = if big { b"MM\0*\0\0\0\x08".to_vec() } else { b"II*\0\x08\0\0\0".to_vec() };
        Self { big, out }
    }

    pub(crate) fn u16(&self, v: u16) -> Vec<u8> {
        if self.big { v.to_be_bytes().to_vec() } else { v.to_le_bytes().to_vec() }
    }

    pub(crate) fn u32(&self, v: u32) -> Vec<u8> {
        if self.big { v.to_be_bytes().to_vec() } else { v.to_le_bytes().to_vec() }
    }

    fn directory(&mut self, rows: &[Row], next: u32) {
        let start = self.out.len();
        let mut heap = start + 2 + 12 * rows.len() + 4;
        self.out.extend(self.u16(rows.len() as u16));
        let mut values = Vec::new();
        for (tag, kind, count, value) in rows {
            self.out.extend(self.u16(*tag));
            self.out.extend(self.u16(*kind));
            self.out.extend(self.u32(*count));
            if value.len() <= 4 {
                let mut four = value.clone();
                four.resize(4, 0);
                self.out.extend(four);
            } else {
                self.out.extend(self.u32(heap as u32));
                values.extend(value);
                heap += value.len();
                if value.len() % 2 == 1 {
                    values.push(0);
                    heap += 1;
                }
            }
        }
        self.out.extend(self.u32(next));
        self.out.extend(values);
    }

    /// Make, orientation, 300×200 per inch, copyright, an Exif directory with exposure, sizes and a maker
    /// note, a GPS directory, and a second directory for a thumbnail.
    pub(crate) fn build(mut self, orientation: u16) -> Vec<u8> {
        let (one, two) = (self.u32(300), self.u32(200));
        let unit = self.u32(1);
        let rational = |v: &[u8]| [v, &unit].concat();
        let pointer = self.u32(0);
        let rows: Vec<Row> = vec![
            (271, 2, 8, b"unbandy\0".to_vec()),
            (274, 3, 1, self.u16(orientation)),
            (282, 5, 1, rational(&one)),
            (283, 5, 1, rational(&two)),
            (296, 3, 1, self.u16(2)),
            (33432, 2, 7, b"nobody\0".to_vec()),
            (34665, 4, 1, pointer.clone()),
            (34853, 4, 1, pointer),
        ];
        self.directory(&rows, 0);
        let ends = |at: usize| at + 2 + 12 * 8;
        let next_at = ends(8);
        let inner = self.out.len() as u32;
        let exposure = [self.u32(1), self.u32(250)].concat();
        let note: Vec<u8> = (0..41).collect();
        let rows: Vec<Row> = vec![
            (33434, 5, 1, exposure),
            (36864, 7, 4, b"0232".to_vec()),
            (37500, 7, 41, note),
            (40962, 4, 1, self.u32(7)),
            (40963, 4, 1, self.u32(5)),
        ];
        self.directory(&rows, 0);
        let gps = self.out.len() as u32;
        let degrees: Vec<u8> = [48u32, 1, 12, 1, 30, 1].iter().flat_map(|&v| self.u32(v)).collect();
        let rows: Vec<Row> = vec![(1, 2, 2, b"N\0".to_vec()), (2, 5, 3, degrees)];
        self.directory(&rows, 0);
        let thumbnail = self.out.len() as u32;
        let rows: Vec<Row> = vec![(259, 3, 1, self.u16(6))];
        self.directory(&rows, 0);
        for (at, value) in [(8 + 2 + 12 * 6 + 8, inner), (8 + 2 + 12 * 7 + 8, gps), (next_at, thumbnail)] {
            let value = self.u32(value);
            self.out[at..at + 4].copy_from_slice(&value);
        }
        self.out
    }
}

/// Contents of an Exif block as an independent reader finds them: directory, tag, value; without pointers,
/// offsets and thumbnails.
pub(crate) fn exif_fields(block: &[u8]) -> Vec<(u16, String)> {
    let parsed = exif::Reader::new().read_raw(block.to_vec()).unwrap();
    let mut fields: Vec<(u16, String)> = parsed
        .fields()
        .filter(|f| f.ifd_num == exif::In::PRIMARY)
        .map(|f| (f.tag.number(), format!("{:?} {:?}", f.tag.context(), f.value)))
        .map(|(tag, text)| (tag, strip_offset(&text)))
        .collect();
    fields.sort();
    fields
}

/// `Undefined` prints its offset, which may change.
fn strip_offset(text: &str) -> String {
    match text.find("Undefined") {
        Some(_) => text.rsplit_once(", ").map_or(text.to_owned(), |(head, _)| head.to_owned()),
        None => text.to_owned(),
    }
}

pub(crate) fn everything() -> Metadata {
    let mut metadata = Metadata::with(|new| {
        new.icc = Some(icc(*b"RGB "));
        new.exif = Some(ExifBuilder::new(true).build(1));
        new.xmp = Some(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF/></x:xmpmeta>".to_vec());
        new.iptc = Some(b"8BIM\x04\x04\0\0\0\0\0\x08\x1C\x02\x05\0\x03abc".to_vec());
        new.density = Some(Density { x: 300.0, y: 200.0, unit: DensityUnit::Inch });
        new.text = vec![("Comment".to_owned(), "two\nlines".to_owned())];
    });
    metadata.colorimetry.gamma = Some(55_555);
    metadata
}

pub(crate) fn cicp() -> Cicp {
    Cicp { primaries: 9, transfer: 16, matrix: 0, full_range: true }
}

/// In dots per inch, whatever the unit.
pub(crate) fn per_inch(density: Density) -> (f64, f64) {
    let scale = match density.unit {
        DensityUnit::Inch | DensityUnit::Aspect => 1.0,
        DensityUnit::Centimetre => 2.54,
        DensityUnit::Metre => 0.0254,
    };
    (density.x * scale, density.y * scale)
}
