//! JPEG XL: 1–16 bits and floating point, lossless and lossy.
//!
//! Lossy files are read unrounded. Lossy writing needs libjxl's `cjxl`.
//!
//! Source: ISO/IEC 18181-1.

mod boxes;
mod color;
mod header;

use std::borrow::Cow;
use std::io::{self, BufWriter, IoSliceMut, Read, Write};
use std::time::{Duration, Instant};

use jxl::api::{
    Event, ExtraChannel, JxlBasicInfo, JxlBitDepth, JxlBitstreamInput, JxlColorProfile, JxlColorType,
    JxlDataFormat, JxlDecoder, JxlDecoderOptions, JxlOutputBuffer, JxlPixelFormat, ProfileLevel,
};
use unband_image::{AuxiliaryImage, Cicp, Codec, Colorimetry, Depth, Image, Metadata, Model, With};
use zune_jpegxl::JxlSimpleEncoder;

use self::color::{color, description, leave_linear_light};
use self::header::Header;
use super::{Dropped, EVERY_DEPTH, FormatEntry, Item, When, WriteOptions, Writes, icc_fits, png};
use crate::process::{Program, Room};
use crate::samples::{self, Planes, Rows};
use crate::{Error, Limits, exif, limits, xmp};

pub(super) const NAME: &str = "JPEG XL";
const LONGEST_SIDE: usize = 1 << 30;
const DEFAULT_QUALITY: u8 = 95;
const CJXL: Program = Program {
    names: &["cjxl"],
    purpose: "lossy JPEG XL",
    install: "install libjxl's tools (`apt install libjxl-tools`, `brew install jpeg-xl`), or write JPEG XL without \
              `--quality`, which is lossless",
};

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["jxl"],
    reads: true,
    writes: Some(Writes {
        depths: EVERY_DEPTH,
        lossy: When::WithQuality,
        effort: When::WithQuality,
        alpha: true,
        icc: true,
        exif: true,
        xmp: true,
        // Only without an ICC profile; the writer reports otherwise.
        cicp: false,
        // In Exif, which is created if there is none.
        density: true,
        ..Writes::SAMPLES
    }),
    is: boxes::is,
    read,
    write,
};

fn wrong(error: jxl::error::Error) -> Error {
    use jxl::error::Error as Jxl;
    match error {
        Jxl::OutOfBounds(_) => Error::Truncated { format: NAME },
        other => Error::damaged(NAME, other),
    }
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let contents = boxes::read(bytes)?;
    let Decoded { mut image, info, embedded, output } = decode(&contents.codestream, limits)?;
    // The codestream's own orientation has been applied; the one in Exif does not apply.
    let orientation = info.orientation as u8;
    let lossless = info.uses_original_profile && on_grid(&image);
    if lossless {
        settle(&mut image);
    }
    let alpha = info.extra_channels.iter().find(|channel| channel.ec_type == ExtraChannel::Alpha);
    if alpha.is_some_and(|alpha| alpha.alpha_associated) {
        samples::divide_alpha_out(&mut image);
        if lossless {
            settle(&mut image);
        }
    }
    image.origin.codec = if lossless { Codec::Lossless } else { Codec::Lossy(NAME) };
    let foreign = !info.uses_original_profile && !embedded.can_output_to();
    let (icc, cicp) = if foreign { (None, leave_linear_light(&mut image)) } else { color(&output) };
    image.color.cicp = cicp;
    let mut unread = contents.unread;
    for channel in &info.extra_channels {
        // Spot colours are painted, and CMYK is refused.
        match channel.ec_type {
            ExtraChannel::Alpha | ExtraChannel::SpotColor | ExtraChannel::Black => {}
            other => unread.put(format!("extra channel ({other:?})")),
        }
    }
    if info.extra_channels.iter().filter(|channel| channel.ec_type == ExtraChannel::Alpha).count() > 1 {
        unread.put("further alpha");
    }
    let mut exif = contents.exif;
    if let Some(block) = exif.as_mut().filter(|block| orientation > 1 || exif::orientation(block) > 1) {
        exif::set_orientation(block, orientation);
    }
    let mut xmp = contents.xmp;
    if let Some(packet) = &mut xmp {
        xmp::reset_orientation(packet);
    }
    image.metadata = Metadata::with(|new| {
        new.icc = icc;
        new.xmp = xmp;
        new.density = exif.as_deref().and_then(exif::density);
        // A block created only for the density has nothing else.
        new.exif = exif.filter(|block| exif::describes_more_than_density(block));
        new.auxiliary = contents.gain_map.then_some(AuxiliaryImage::GainMap).into_iter().collect();
        new.unread = unread.names();
    });
    Ok(image)
}

/// Output of the decoder.
struct Decoded {
    /// The image, upright; samples of lossy files are unrounded and unclamped.
    image: Image,
    info: JxlBasicInfo,
    /// Colour profile declared by the file.
    embedded: JxlColorProfile,
    /// Colour profile of the samples.
    output: JxlColorProfile,
}

/// The bytes of a file, with a time limit: a few bytes may declare thousands of invisible frames. In a
/// browser, where there is no clock, its page can end the worker.
struct Input<'a> {
    bytes: &'a [u8],
    until: Option<Instant>,
}

impl JxlBitstreamInput for Input<'_> {
    fn available_bytes(&mut self) -> io::Result<usize> {
        Ok(self.bytes.len())
    }

    fn read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if self.until.is_some_and(|until| Instant::now() > until) {
            return Err(io::Error::other("decoding takes too long for an image of its size"));
        }
        self.bytes.read_vectored(buffers)
    }
}

/// Decodes the header, checks it, then decodes the samples.
fn decode(codestream: &[u8], limits: &Limits) -> Result<Decoded, Error> {
    const PATIENCE: Duration = Duration::from_secs(9);
    const SLOWEST_PER_SECOND: u64 = 500_000;
    let truncated = Error::Truncated { format: NAME };
    // Bare codestreams of more than 12 bits are common, and do not declare the higher level.
    let file = boxes::write(codestream, 10, None, None);
    let now = (!cfg!(target_family = "wasm")).then(Instant::now);
    let mut input = Input { bytes: &file, until: now.map(|now| now + PATIENCE) };
    let mut options = JxlDecoderOptions::default();
    options.max_profile_level = ProfileLevel::Main10;
    options.high_precision = true;
    options.sample_limit = Some(usize::try_from(limits.max_bytes / 4).unwrap_or(usize::MAX));
    let mut decoder = JxlDecoder::new(options);
    loop {
        match decoder.process(&mut input, None, None).map_err(wrong)? {
            Event::BasicInfo => break,
            Event::NeedMoreInput { .. } => return Err(truncated),
            _ => {}
        }
    }
    let missing = || Error::damaged(NAME, "it has no image header");
    let info = decoder.basic_info().ok_or_else(missing)?.clone();
    let (width, height) = info.size;
    let gray = decoder.current_pixel_format().is_some_and(|format| format.color_type.is_grayscale());
    let kinds = || info.extra_channels.iter().map(|channel| channel.ec_type);
    let alpha = kinds().any(|kind| kind == ExtraChannel::Alpha);
    if kinds().any(|kind| kind == ExtraChannel::Black) {
        return Err(Error::unsupported(NAME, "CMYK"));
    }
    let colors = if gray { 1 } else { 3 };
    limits.check(width as u64, height as u64, (colors + info.extra_channels.len()) as u64)?;
    let time = Duration::from_secs(width as u64 * height as u64 / SLOWEST_PER_SECOND);
    input.until = input.until.map(|until| until + time);
    let color_type = match (gray, alpha) {
        (true, false) => JxlColorType::Grayscale,
        (true, true) => JxlColorType::GrayscaleAlpha,
        (false, false) => JxlColorType::Rgb,
        (false, true) => JxlColorType::Rgba,
    };
    let extra_channel_format = vec![None; info.extra_channels.len()];
    let color_data_format = Some(JxlDataFormat::f32());
    decoder
        .set_pixel_format(JxlPixelFormat { color_type, color_data_format, extra_channel_format })
        .map_err(wrong)?;
    let channels = colors + usize::from(alpha);
    // Memory is allocated only for a frame whose parts are all announced: the image header alone may declare
    // anything.
    loop {
        match decoder.process(&mut input, None, None).map_err(wrong)? {
            Event::FrameHeader => break,
            Event::NeedMoreInput { .. } | Event::FrameComplete { .. } | Event::Complete => {
                return Err(truncated);
            }
            Event::BasicInfo => {}
        }
    }
    let mut samples = limits::new_plane(width * channels, height)?.data;
    loop {
        let bytes = bytemuck::cast_slice_mut(&mut samples);
        let mut buffers = [JxlOutputBuffer::new(bytes, height, 4 * width * channels)];
        match decoder.process(&mut input, Some(&mut buffers), None).map_err(wrong)? {
            Event::FrameComplete { has_more_frames: false } => break,
            Event::FrameComplete { has_more_frames: true } => {
                return Err(Error::Several { format: NAME, what: "frames" });
            }
            Event::NeedMoreInput { .. } | Event::Complete => return Err(truncated),
            Event::BasicInfo | Event::FrameHeader => {}
        }
    }
    let embedded = decoder.embedded_color_profile().ok_or_else(missing)?.clone();
    let output = decoder.output_color_profile().ok_or_else(missing)?.clone();
    drop(decoder);
    let depth = match info.bit_depth {
        JxlBitDepth::Int { bits_per_sample: bits @ 1..=16 } => Depth::Int(bits as u8),
        _ => Depth::F32,
    };
    Ok(Decoded { image: into_image(&samples, channels, width, height, depth)?, info, embedded, output })
}

fn into_image(
    samples: &[f32],
    channels: usize,
    width: usize,
    height: usize,
    depth: Depth,
) -> Result<Image, Error> {
    let mut planes = Planes::new(channels, width, height)?;
    for (y, row) in samples.chunks_exact(width * channels).enumerate() {
        planes.put_with(0, y, row, |value| value);
    }
    let mut image = planes.into_image(depth);
    if depth != Depth::F32 {
        let known = |value: &mut f32| *value = if value.is_finite() { *value } else { 0.0 };
        image.planes.iter_mut().flat_map(|plane| &mut plane.data).for_each(known);
        // Alpha above 1 is opaque.
        let within = |value: &mut f32| *value = if *value >= 0.0 { value.min(1.0) } else { 0.0 };
        image.alpha.iter_mut().flat_map(|plane| &mut plane.data).for_each(within);
    }
    Ok(image)
}

/// Whether all samples are on the grid, up to floating-point rounding. Samples stored losslessly always are.
fn on_grid(image: &Image) -> bool {
    const ROUNDING: f32 = 0.02;
    let max = image.depth.max_code() as f32;
    let on = |value: &f32| (value * max - (value * max).round()).abs() < ROUNDING;
    image.depth == Depth::F32 || image.planes.iter().all(|plane| plane.data.iter().all(on))
}

/// Moves samples exactly onto their grid, including a few codes outside black and white.
fn settle(image: &mut Image) {
    let all = image.planes.iter_mut().chain(&mut image.alpha).flat_map(|plane| &mut plane.data);
    all.for_each(|value| *value = image.depth.nearest(*value));
}

fn write(
    image: &Image,
    options: &WriteOptions,
    out: &mut dyn Write,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let (width, height) = (image.width(), image.height());
    if width.max(height) > LONGEST_SIDE {
        return Err(Error::Size { format: NAME, most: LONGEST_SIDE as u32, width, height });
    }
    let metadata = &image.metadata;
    let lossless = options.lossless.unwrap_or(options.quality.is_none());
    // The encoder treats 16-bit grey with alpha as signed values, so it gets three equal planes.
    let split = lossless && image.alpha.is_some() && image.depth == Depth::SIXTEEN;
    let gray = image.color.model == Model::Gray && !split;
    let model = if gray { Model::Gray } else { Model::Rgb };
    let icc = metadata.icc.as_deref().filter(|icc| icc_fits(icc, model) && is_whole(icc));
    if metadata.icc.as_deref().is_some_and(|icc| !icc_fits(icc, model)) {
        dropped.push(Dropped::because(Item::Icc, "its colour space differs from the image's"));
    } else if metadata.icc.is_some() && icc.is_none() {
        dropped.push(Dropped::because(Item::Icc, "its length differs from its header"));
    }
    let cicp = image.color.cicp.filter(|&cicp| icc.is_none() && header::fits(cicp, gray));
    if cicp.is_some() {
        dropped.retain(|entry| entry.item != Item::Cicp);
    }
    let exif = match (&metadata.exif, metadata.density) {
        (Some(block), Some(density)) if exif::density(block).is_none() => {
            Some(Cow::Owned(exif::with_density(Some(block), density)))
        }
        (None, Some(density)) => Some(Cow::Owned(exif::with_density(None, density))),
        (block, _) => block.as_deref().map(Cow::Borrowed),
    };
    let (codestream, level) = if lossless {
        encode(image, gray, icc, cicp)?
    } else {
        let quality = options.quality.unwrap_or(DEFAULT_QUALITY).clamp(1, 100);
        encode_lossy(image, cicp, quality, options.effort)?
    };
    let xmp = metadata.xmp.as_deref();
    let bare = exif.is_none() && xmp.is_none() && level == 5;
    let file = if bare { codestream } else { boxes::write(&codestream, level, exif.as_deref(), xmp) };
    out.write_all(&file).map_err(|source| Error::Io { action: "write", source })
}

/// Whether the profile has the length in its header; decoders reject others.
fn is_whole(icc: &[u8]) -> bool {
    icc.first_chunk().is_some_and(|size| u32::from_be_bytes(*size) as usize == icc.len())
}

/// Encodes losslessly; returns the codestream and its level.
fn encode(image: &Image, gray: bool, icc: Option<&[u8]>, cicp: Option<Cicp>) -> Result<(Vec<u8>, u8), Error> {
    use zune_core::bit_depth::BitDepth as ZuneDepth;
    use zune_core::colorspace::ColorSpace;

    let Depth::Int(bits) = image.depth else {
        return Err(Error::depth(NAME, Depth::SIXTEEN, image.depth));
    };
    let (width, height) = (image.width(), image.height());
    let (alpha, wide) = (image.alpha.is_some(), bits > 8);
    let rows = Rows::new(image, if gray { 1 } else { 3 }, alpha, image.depth);
    // The encoder needs two samples per side; the frame header crops the excess.
    let (frame_width, frame_height) = (width.max(2), height.max(2));
    let each = if wide { 2 } else { 1 };
    let row_bytes = each * rows.samples();
    let memory = || Error::Memory { width: width as u64, height: height as u64 };
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(frame_width / width * row_bytes * frame_height).map_err(|_| memory())?;
    let (mut narrow, mut words) = (Vec::new(), Vec::new());
    for y in 0..frame_height {
        let y = y.min(height - 1);
        for _ in 0..frame_width / width {
            if wide {
                rows.codes(y, &mut words, |code| code as u16);
                bytes.extend(words.iter().flat_map(|code| code.to_ne_bytes()));
            } else {
                rows.codes(y, &mut narrow, |code| code as u8);
                bytes.extend_from_slice(&narrow);
            }
        }
    }
    let space = match (gray, alpha) {
        (true, false) => ColorSpace::Luma,
        (true, true) => ColorSpace::LumaA,
        (false, false) => ColorSpace::RGB,
        (false, true) => ColorSpace::RGBA,
    };
    let depth = if wide { ZuneDepth::Sixteen } else { ZuneDepth::Eight };
    let options = zune_core::options::EncoderOptions::new(frame_width, frame_height, space, depth);
    let mut coded = Vec::new();
    JxlSimpleEncoder::new(&bytes, options)
        .encode(&mut coded)
        .map_err(|error| Error::encode(NAME, format!("{error:?}")))?;
    drop(bytes);
    let frame = (frame_width as u32, frame_height as u32);
    let start = header::replaced(&coded, frame, gray, alpha, wide)
        .ok_or_else(|| Error::encode(NAME, "the encoder wrote an unexpected header"))?;
    let header = Header { width: width as u32, height: height as u32, gray, alpha, bits, icc, cicp };
    let mut codestream = header.bytes(frame);
    codestream.extend_from_slice(&coded[start..]);
    Ok((codestream, header.level()))
}

/// Encodes with `cjxl`; returns the codestream and its level.
fn encode_lossy(
    image: &Image,
    cicp: Option<Cicp>,
    quality: u8,
    effort: Option<u8>,
) -> Result<(Vec<u8>, u8), Error> {
    const INPUT: &str = "in.png";
    const OUTPUT: &str = "out.jxl";
    let room = Room::new()?;
    let io = |source| Error::Io { action: "write a temporary file", source };
    // PNG includes the profile. Not every version reads the depth in PNM.
    let mut input = BufWriter::new(room.create(INPUT)?);
    let stripped;
    let mut image = image;
    if cicp.is_some() && image.metadata.colorimetry != Colorimetry::default() {
        // Otherwise the PNG's gamma and chromaticities would override the code points.
        stripped = Image { metadata: Metadata::default(), ..image.clone() };
        image = &stripped;
    }
    (png::ENTRY.write)(
        image,
        &WriteOptions { effort: Some(0), ..WriteOptions::default() },
        &mut input,
        &mut Vec::new(),
    )?;
    input.flush().map_err(io)?;
    drop(input);
    let quality = format!("--quality={quality}");
    let depth = format!("--override_bitdepth={}", image.depth.bits());
    let effort = effort.map(|effort| format!("--effort={}", effort.clamp(1, 9)));
    let mut args = vec![INPUT, OUTPUT, &quality, &depth];
    args.extend(effort.as_deref());
    let color = cicp.and_then(|cicp| description(cicp, image.color.model == Model::Gray));
    let color = color.map(|text| format!("color_space={text}"));
    if let Some(color) = &color {
        args.extend(["-x", color]);
    }
    // A minute, plus the time of the slowest machine for this number of pixels.
    let pixels = (image.width() * image.height()) as u64;
    CJXL.run(&room, &args, Duration::from_secs(60 + pixels / 50_000))?;
    let written = room.read(OUTPUT, u64::MAX)?.unwrap_or_default();
    let contents = boxes::read(&written)?;
    Ok((contents.codestream.into_owned(), contents.level))
}
