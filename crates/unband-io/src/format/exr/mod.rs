//! `OpenEXR`: half and 32-bit floating point in linear light.
//!
//! Single part, grey or RGB, alpha. Coded samples are linearised on writing.
//!
//! Source: "Technical Introduction to `OpenEXR`" and "`OpenEXR` File Layout", openexr.com.

mod dwa;
mod linear;

use std::io::{Cursor, Write};

use exr::image::write::WritableImage;
use exr::image::{AnyChannel, AnyChannels, Encoding, FlatSamples, Layer};
use exr::meta::MetaData;
use exr::meta::attribute::{Chromaticities, Text};
use exr::meta::header::{Header, LayerAttributes};
use exr::prelude::{Compression, ReadChannels, ReadLayers, SmallVec, Vec2};
use unband_image::{Cicp, Codec, Depth, Image, Model, Plane};

use self::linear::LinearLight;
use super::unread::{Unread, identifier};
use super::{Dropped, FormatEntry, Item, WriteOptions, Writes};
use crate::{Error, Limits, limits, samples};

pub(super) const NAME: &str = "OpenEXR";
const LONGEST_SIDE: usize = i32::MAX as usize / 2;
/// Primaries and white point of BT.2020, as in [`Colorimetry`]. Without chromaticities in the file, those of
/// BT.709 and sRGB apply.
///
/// [`Colorimetry`]: unband_image::Colorimetry
const BT2020: [u32; 8] = [31_270, 32_900, 70_800, 29_200, 17_000, 79_700, 13_100, 4_600];

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["exr"],
    reads: true,
    writes: Some(Writes {
        depths: &[Depth::F32],
        alpha: true,
        // Only linear light, which needs no code points.
        cicp: false,
        chromaticities: true,
        text: true,
        ..Writes::SAMPLES
    }),
    is: |bytes| bytes.starts_with(&[0x76, 0x2F, 0x31, 0x01]),
    read,
    write,
};

pub(super) fn wrong(error: exr::error::Error) -> Error {
    use exr::error::Error as Exr;
    match error {
        Exr::NotSupported(what) => Error::unsupported(NAME, what.into_owned()),
        Exr::Io(source) if source.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::Truncated { format: NAME }
        }
        Exr::Invalid(what) if what.contains("content size") || what.contains("end of file") => {
            Error::Truncated { format: NAME }
        }
        other => Error::damaged(NAME, other),
    }
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    // The crate copies attributes several times.
    if values(bytes).map(|value| value.size as u64).sum::<u64>() > limits::LONGEST_PROFILE as u64 {
        let most = limits::LONGEST_PROFILE >> 20;
        return Err(Error::unsupported(NAME, format!("attributes of more than {most} MiB")));
    }
    let meta = MetaData::read_from_buffered(bytes, false).map_err(wrong)?;
    let header = match meta.headers.as_slice() {
        [] => return Err(Error::damaged(NAME, "it has no parts")),
        [header] if header.deep => return Err(Error::unsupported(NAME, "deep samples")),
        [header] => header.clone(),
        _ => return Err(Error::Several { format: NAME, what: "parts" }),
    };
    let window = Window::new(&header)?;
    let names: Vec<String> = header.channels.list.iter().map(|channel| channel.name.to_string()).collect();
    let wanted = wanted(&names)?;
    // The crate decodes all channels first, halves as halves.
    limits.check(window.width as u64, window.height as u64, wanted.len() as u64)?;
    let size = header.layer_size;
    limits.check(size.x() as u64, size.y() as u64, names.len() as u64)?;
    check_bytes(&header, bytes.len())?;
    window.check(size.area(), bytes.len())?;
    dwa::check(bytes, &header)?;
    let decoded = exr::prelude::read()
        .no_deep_data()
        .largest_resolution_level()
        .all_channels()
        .first_valid_layer()
        .all_attributes()
        .non_parallel()
        .from_buffered(Cursor::new(bytes))
        .map_err(wrong)?;
    let layer = decoded.layer_data;
    let mut channels: Vec<Option<AnyChannel<FlatSamples>>> =
        layer.channel_data.list.into_iter().map(Some).collect();
    let mut planes = Vec::new();
    for &i in &wanted {
        let channel = channels.get_mut(i).and_then(Option::take);
        let channel = channel.ok_or_else(|| Error::damaged(NAME, "a channel is missing"))?;
        planes.push(window.place(&channel.sample_data)?);
    }
    drop(channels);
    let others = names.iter().enumerate().filter(|(i, _)| !wanted.contains(i)).map(|(_, name)| name);
    let mut unread = Unread::default();
    others.for_each(|name| unread.put(format!("channel `{}`", identifier(name.as_bytes()))));
    attributes(bytes).for_each(|name| unread.put(format!("attribute `{}`", identifier(name))));
    let alpha = if planes.len().is_multiple_of(2) { planes.pop() } else { None };
    let model = if planes.len() == 1 { Model::Gray } else { Model::Rgb };
    let mut image = Image::new(planes, model, Depth::F32);
    image.alpha = alpha;
    samples::divide_alpha_out(&mut image);
    let chromaticities = header.shared_attributes.chromaticities.map(numbers);
    let primaries = match chromaticities {
        None => 1,
        Some(c) if near(c, super::SRGB_CHROMATICITIES) => 1,
        Some(c) if near(c, BT2020) => 9,
        // Unspecified: the chromaticities are stored instead.
        Some(_) => 2,
    };
    image.color.cicp = Some(Cicp { primaries, transfer: Cicp::LINEAR, matrix: 0, full_range: true });
    image.metadata.colorimetry.chromaticities = chromaticities;
    if let Some(comments) = &header.own_attributes.comments {
        image.metadata.text.push(("Comment".to_owned(), comments.to_string()));
    }
    image.metadata.unread = unread.names();
    image.origin.codec = if loses(&header) { Codec::Lossy(NAME) } else { Codec::Lossless };
    Ok(image)
}

/// Names of a header's attributes that are not kept.
fn attributes(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    const READ: [&[u8]; 12] = [
        b"channels",
        b"chromaticities",
        b"chunkCount",
        b"comments",
        b"compression",
        b"dataWindow",
        b"displayWindow",
        b"lineOrder",
        b"screenWindowCenter",
        b"screenWindowWidth",
        b"tiles",
        b"type",
    ];
    let square = |value: &Value<'_>| {
        let one = bytes.get(value.at..).is_some_and(|rest| rest.starts_with(&1f32.to_le_bytes()));
        value.name == b"pixelAspectRatio" && one
    };
    values(bytes).filter(move |value| !square(value) && !READ.contains(&value.name)).map(|value| value.name)
}

/// An attribute of the header by its name and the place of its value.
struct Value<'a> {
    name: &'a [u8],
    at: usize,
    size: usize,
}

/// The attributes of the first header, up to the end of the file.
fn values(bytes: &[u8]) -> impl Iterator<Item = Value<'_>> {
    let mut at = 8;
    std::iter::from_fn(move || {
        // Name and type end with zeros; the size of the value follows.
        let text =
            |at: usize| bytes.get(at..).and_then(|rest| Some(&rest[..rest.iter().position(|&b| b == 0)?]));
        let name = text(at).filter(|name| !name.is_empty())?;
        let kind = text(at + name.len() + 1)?;
        let before = at + name.len() + kind.len() + 2;
        let size = u32::from_le_bytes(*bytes.get(before..)?.first_chunk()?) as usize;
        let value = Value { name, at: before + 4, size };
        at = value.at.checked_add(size)?;
        Some(value)
    })
}

fn loses(header: &Header) -> bool {
    let float = header.channels.list.iter().any(|c| c.sample_type == exr::meta::attribute::SampleType::F32);
    match header.compression {
        Compression::PXR24 => float,
        Compression::B44 | Compression::B44A | Compression::DWAA(_) | Compression::DWAB(_) => true,
        _ => false,
    }
}

/// Checks that a file of `bytes` bytes can hold its samples. Each chunk has a table entry and a header.
fn check_bytes(header: &Header, bytes: usize) -> Result<(), Error> {
    const CHUNK: usize = 8 + 8;
    let raw = header.layer_size.area() as u64 * header.channels.bytes_per_pixel as u64;
    let ratio = match header.compression {
        Compression::Uncompressed => 1,
        // Runs of up to 128 in two bytes; Deflate.
        Compression::RLE => 64,
        Compression::ZIP1 | Compression::ZIP16 | Compression::PXR24 => 1400,
        _ => u64::MAX,
    };
    if header.chunk_count.saturating_mul(CHUNK) > bytes || raw / ratio > bytes as u64 {
        return Err(Error::Truncated { format: NAME });
    }
    Ok(())
}

/// Indices of the image's channels, in order, alpha last.
fn wanted(names: &[String]) -> Result<Vec<usize>, Error> {
    let find = |prefix: &str, name: &str| names.iter().position(|n| n.strip_prefix(prefix) == Some(name));
    let prefixes = names.iter().map(|name| name.rfind('.').map_or("", |dot| &name[..=dot]));
    let mut prefixes: Vec<&str> = prefixes.collect();
    // A channel without a layer prefix precedes all layers.
    prefixes.sort_by_key(|prefix| !prefix.is_empty());
    for prefix in prefixes {
        let color: Vec<usize> = ["R", "G", "B"].iter().filter_map(|name| find(prefix, name)).collect();
        let chosen = match (color.len(), find(prefix, "Y")) {
            (3, _) => color,
            (_, Some(luma)) if find(prefix, "RY").is_none() && find(prefix, "BY").is_none() => vec![luma],
            (_, Some(_)) => {
                return Err(Error::unsupported(NAME, "luminance and subsampled chroma (Y, RY, BY)"));
            }
            _ => continue,
        };
        return Ok(chosen.into_iter().chain(find(prefix, "A")).collect());
    }
    match names {
        [_] => Ok(vec![0]),
        _ => Err(Error::unsupported(NAME, format!("the channels {}, but no R, G, B", names.join(", ")))),
    }
}

/// The image is the display window. Samples are stored for the data window, which may be smaller, larger or
/// elsewhere.
struct Window {
    width: usize,
    height: usize,
    /// Position of the first sample.
    left: i64,
    top: i64,
    data_width: usize,
}

impl Window {
    fn new(header: &Header) -> Result<Self, Error> {
        let display = header.shared_attributes.display_window;
        let data = header.own_attributes.layer_position;
        if display.size.x() == 0 || display.size.y() == 0 || header.layer_size.x() == 0 {
            return Err(Error::damaged(NAME, "a window is empty"));
        }
        Ok(Self {
            width: display.size.x(),
            height: display.size.y(),
            left: i64::from(data.x()) - i64::from(display.position.x()),
            top: i64::from(data.y()) - i64::from(display.position.y()),
            data_width: header.layer_size.x(),
        })
    }

    /// Refuses an image that is almost only the empty surroundings of `stored` samples per channel: a few
    /// bytes would cost gigabytes.
    fn check(&self, stored: usize, bytes: usize) -> Result<(), Error> {
        let empty = limits::mostly_empty(self.width, self.height, bytes);
        // Less than 1/32 of each side.
        if empty || limits::mostly_empty(self.width, self.height, stored / 4) {
            let (width, height) = (self.width, self.height);
            let reason = format!(
                "its display window is {width}×{height}, but only {stored} pixels are stored in {bytes} bytes"
            );
            return Err(Error::damaged(NAME, reason));
        }
        Ok(())
    }

    fn place(&self, samples: &FlatSamples) -> Result<Plane, Error> {
        match samples {
            FlatSamples::F16(samples) => self.place_with(samples, exr::prelude::f16::to_f32),
            FlatSamples::F32(samples) => self.place_with(samples, |value| value),
            FlatSamples::U32(_) => Err(Error::unsupported(NAME, "32-bit integers")),
        }
    }

    /// Samples outside the data window are 0; samples outside the display window are ignored.
    fn place_with<T: Copy>(&self, samples: &[T], value: impl Fn(T) -> f32) -> Result<Plane, Error> {
        let mut plane = limits::new_plane(self.width, self.height)?;
        let skip = usize::try_from(-self.left).unwrap_or(0);
        let start = usize::try_from(self.left).unwrap_or(0);
        for (y, row) in samples.chunks_exact(self.data_width).enumerate() {
            let y = i64::try_from(y).unwrap_or(i64::MAX).saturating_add(self.top);
            let Ok(y) = usize::try_from(y) else { continue };
            if y >= self.height {
                break;
            }
            let to = plane.row_mut(y).iter_mut().skip(start);
            to.zip(row.iter().skip(skip)).for_each(|(to, &sample)| *to = value(sample));
        }
        Ok(plane)
    }
}

fn numbers(c: Chromaticities) -> [u32; 8] {
    let points = [c.white, c.red, c.green, c.blue];
    let mut out = [0; 8];
    for (to, value) in out.iter_mut().zip(points.iter().flat_map(|p| [p.x(), p.y()])) {
        *to = (value * 100_000.0).round().clamp(0.0, 1e9) as u32;
    }
    out
}

pub(super) fn near(a: [u32; 8], b: [u32; 8]) -> bool {
    a.iter().zip(b).all(|(&a, b)| a.abs_diff(b) <= 100)
}

fn write(
    image: &Image,
    _: &WriteOptions,
    out: &mut dyn Write,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let (width, height) = (image.width(), image.height());
    if width.max(height) > LONGEST_SIDE {
        return Err(Error::Size { format: NAME, most: LONGEST_SIDE as u32, width, height });
    }
    let light = LinearLight::from_image(image)?;
    let names = if image.color.model == Model::Gray { &["Y"][..] } else { &["R", "G", "B"] };
    let mut channels = SmallVec::new();
    for (p, (name, plane)) in names.iter().zip(&image.planes).enumerate() {
        let mut data = plane.data.clone();
        light.linearise(p, &mut data);
        if let Some(alpha) = &image.alpha {
            let multiply = |(value, &alpha): (&mut f32, &f32)| {
                if alpha > 0.0 {
                    *value *= alpha;
                }
            };
            data.iter_mut().zip(&alpha.data).for_each(multiply);
        }
        channels.push(AnyChannel::new(*name, FlatSamples::F32(data)));
    }
    if let Some(alpha) = &image.alpha {
        channels.push(AnyChannel::new("A", FlatSamples::F32(alpha.data.clone())));
    }
    let mut attributes = LayerAttributes::default();
    let comments: Vec<&str> =
        image.metadata.text.iter().filter(|t| super::is_comment(&t.0)).map(|t| t.1.as_str()).collect();
    if !comments.is_empty() {
        attributes.comments = Text::new_or_none(comments.join("\n"));
    }
    let other =
        image.metadata.text.iter().filter(|t| !super::is_comment(&t.0) || attributes.comments.is_none());
    dropped.extend(Dropped::texts(&other.map(|t| t.0.as_str()).collect::<Vec<_>>()));
    let encoding = Encoding { compression: Compression::ZIP16, ..Encoding::FAST_LOSSLESS };
    let layer = Layer::new(Vec2(width, height), attributes, encoding, AnyChannels::sort(channels));
    let mut file = exr::image::Image::from_layer(layer);
    let cicp = image.color.cicp;
    let declared = match (image.metadata.colorimetry.chromaticities, cicp.map(|cicp| cicp.primaries)) {
        (Some(numbers), _) => Some(numbers),
        (None, Some(9)) => Some(BT2020),
        _ => light.chromaticities,
    };
    file.attributes.chromaticities = declared.map(|c| {
        let point = |i: usize| Vec2(c[i] as f32 / 1e5, c[i + 1] as f32 / 1e5);
        Chromaticities { white: point(0), red: point(2), green: point(4), blue: point(6) }
    });
    // Not lost: light is always linear, and primaries are stored as chromaticities.
    let described = |cicp: Cicp| {
        let primaries = match cicp.primaries {
            1 | 9 => true,
            2 => declared.is_some(),
            _ => false,
        };
        (cicp.is_linear() || light.changes()) && cicp.matrix == 0 && cicp.full_range && primaries
    };
    if cicp.is_some_and(described) {
        dropped.retain(|entry| entry.item != Item::Cicp);
    }
    if light.profile {
        dropped.retain(|entry| entry.item != Item::Icc);
    }
    let mut bytes = Cursor::new(Vec::new());
    file.write().non_parallel().to_buffered(&mut bytes).map_err(|error| Error::encode(NAME, error))?;
    out.write_all(bytes.get_ref()).map_err(|source| Error::Io { action: "write", source })
}
