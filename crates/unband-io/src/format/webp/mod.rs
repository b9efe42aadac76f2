//! WebP: lossy and lossless, one frame.
//!
//! Source: RFC 9649 (WebP Image Format).

#[cfg(feature = "webp-lossy")]
mod lossy;
#[cfg(not(feature = "webp-lossy"))]
#[path = "lossless.rs"]
mod lossy;
mod quantizer;
pub(crate) mod riff;

use std::io::{Cursor, Write};

use image_webp::{ColorType, DecodingError, WebPDecoder, WebPEncoder};
use unband_image::{Codec, Depth, Image, Metadata};

use self::riff::{Riff, RiffChunk, chunks};
use super::unread::{Unread, coded};
use super::{Dropped, FormatEntry, When, WriteOptions, Writes};
use crate::samples::{Planes, Rows};
use crate::{Error, Limits, exif};

const NAME: &str = "WebP";
const LONGEST_SIDE: u32 = 16_383;

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["webp"],
    reads: true,
    writes: Some(Writes {
        depths: &[Depth::EIGHT],
        lossy: lossy::WHEN,
        effort: lossy::WHEN,
        gray: false,
        alpha: true,
        icc: true,
        exif: true,
        xmp: true,
        // In Exif, which is created if there is none.
        density: true,
        ..Writes::SAMPLES
    }),
    is: |bytes| bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
    read,
    write,
};

fn wrong(error: DecodingError) -> Error {
    match error {
        DecodingError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::Truncated { format: NAME }
        }
        other => Error::damaged(NAME, other),
    }
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let declared = bytes.get(4..8).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    // As libwebp: nothing after the declared end belongs to the file.
    let Some((bytes, behind)) = bytes.split_at_checked(declared.saturating_add(8)) else {
        return Err(Error::Truncated { format: NAME });
    };
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(wrong)?;
    decoder.set_memory_limit(usize::try_from(limits.max_bytes).unwrap_or(usize::MAX));
    if decoder.is_animated() && decoder.num_frames() > 1 {
        return Err(Error::Several { format: NAME, what: "frames" });
    }
    let (width, height) = decoder.dimensions();
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    limits.check(width.into(), height.into(), channels)?;
    let animated = decoder.is_animated();
    let wrong_size =
        |size: (u32, u32)| size.0 > width || size.1 > height || (!animated && size != (width, height));
    // The decoder uses the frame's size, which may exceed that of the image.
    if let Some((w, h)) = frame_sizes(bytes).find(|&size| wrong_size(size)) {
        return Err(Error::damaged(NAME, format!("its size is {width}×{height}, that of its frame {w}×{h}")));
    }
    if is_hollow(u64::from(width) * u64::from(height), bytes.len()) {
        return Err(Error::damaged(
            NAME,
            format!("{} bytes are too few for {width}×{height} pixels", bytes.len()),
        ));
    }
    let (width, height, channels) = (width as usize, height as usize, channels as usize);
    let memory = || Error::Memory { width: width as u64, height: height as u64 };
    let size = width * height * channels;
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(size).map_err(|_| memory())?;
    buffer.resize(size, 0);
    decoder.read_image(&mut buffer).map_err(wrong)?;
    let mut planes = Planes::new(channels, width, height)?;
    for (y, row) in buffer.chunks_exact(width * channels).enumerate() {
        planes.put(0, y, row, Depth::EIGHT);
    }
    drop(buffer);
    let mut image = planes.into_image(Depth::EIGHT);
    image.origin.codec = if decoder.is_lossy() { Codec::Lossy(NAME) } else { Codec::Lossless };
    image.origin.block_step = decoder.is_lossy().then(|| quantizer::block_step(bytes)).flatten();
    let exif = decoder.exif_metadata().map_err(wrong)?;
    let exif = exif.as_deref().and_then(exif::block).map(<[u8]>::to_vec);
    let mut metadata = Metadata::default();
    metadata.icc = decoder.icc_profile().map_err(wrong)?;
    metadata.xmp = decoder.xmp_metadata().map_err(wrong)?;
    metadata.density = exif.as_deref().and_then(exif::density);
    // A block created only for the density has nothing else.
    metadata.exif = exif.filter(|block| exif::describes_more_than_density(block));
    metadata.unread = unread(bytes, behind);
    image.metadata = metadata;
    Ok(image)
}

/// Names of the chunks that are not kept, and of the bytes behind the file.
fn unread(bytes: &[u8], behind: &[u8]) -> Vec<String> {
    const READ: [&[u8; 4]; 9] =
        [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"EXIF", b"XMP ", b"ANIM", b"ANMF"];
    let mut unread = Unread::default();
    let mut met = Vec::new();
    for RiffChunk { name, content, .. } in chunks(bytes, 12) {
        match &name {
            b"ICCP" | b"EXIF" | b"XMP " if met.contains(&name) => {
                unread.put(format!("further {}", coded("chunk", &name, content)));
            }
            b"EXIF" if exif::block(content).is_none() => unread.put("Exif (damaged)"),
            name if READ.contains(&name) => {}
            name => unread.put(coded("chunk", name, content)),
        }
        met.push(name);
    }
    unread.put_rest(behind);
    unread.names()
}

/// Whether a file is too small for its image. An image of one colour takes no bits per pixel; it is accepted
/// up to this limit.
fn is_hollow(pixels: u64, bytes: usize) -> bool {
    const LARGE: u64 = 1 << 26;
    pixels > LARGE && pixels >> 14 > bytes as u64
}

/// Width and height in the headers of all coded frames.
fn frame_sizes(bytes: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    let mut at = 12;
    std::iter::from_fn(move || {
        loop {
            let (name, size) = bytes.get(at..)?.split_first_chunk::<4>()?;
            let (size, content) = size.split_first_chunk::<4>()?;
            let size = u32::from_le_bytes(*size) as usize;
            // An animation frame has chunks after its position and duration.
            at += 8 + if name == b"ANMF" { 16 } else { size + size % 2 };
            let number = |at: usize| content.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b));
            let found = match name {
                b"VP8 " => number(6).map(|sides| (sides & 0x3FFF, sides >> 16 & 0x3FFF)),
                b"VP8L" => number(1).map(|sides| ((sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1)),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
    })
}

fn write(
    image: &Image,
    options: &WriteOptions,
    out: &mut dyn Write,
    _: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let (width, height) = super::sides(image, NAME, LONGEST_SIDE)?;
    let metadata = &image.metadata;
    let exif = match (&metadata.exif, metadata.density) {
        (Some(block), Some(density)) if exif::density(block).is_none() => {
            Some(exif::with_density(Some(block), density))
        }
        (None, Some(density)) => Some(exif::with_density(None, density)),
        (block, _) => block.clone(),
    };
    let alpha = image.alpha.is_some();
    let rows = Rows::new(image, 3, alpha, Depth::EIGHT);
    let mut codes = Vec::with_capacity(rows.samples() * image.height());
    let mut row = Vec::new();
    for y in 0..image.height() {
        rows.codes(y, &mut row, |c| c as u8);
        codes.extend_from_slice(&row);
    }
    if lossy::WHEN == When::Never || options.lossless.unwrap_or(options.quality.is_none()) {
        let mut encoder = WebPEncoder::new(out);
        if let Some(icc) = &metadata.icc {
            encoder.set_icc_profile(icc.clone());
        }
        if let Some(exif) = exif {
            encoder.set_exif_metadata(exif);
        }
        if let Some(xmp) = &metadata.xmp {
            encoder.set_xmp_metadata(xmp.clone());
        }
        let color = if alpha { ColorType::Rgba8 } else { ColorType::Rgb8 };
        return encoder.encode(&codes, width, height, color).map_err(|error| match error {
            image_webp::EncodingError::IoError(source) => Error::Io { action: "write", source },
            other => Error::encode(NAME, other),
        });
    }
    let coded = lossy::encode(&codes, width, height, alpha, options)?;
    let file = with_chunks(&coded, width, height, alpha, metadata, exif.as_deref());
    out.write_all(file.as_deref().unwrap_or(&coded)).map_err(|source| Error::Io { action: "write", source })
}

/// The file with its metadata in an extended header; `None` if there is no metadata.
fn with_chunks(
    coded: &[u8],
    width: u32,
    height: u32,
    alpha: bool,
    metadata: &Metadata,
    exif: Option<&[u8]>,
) -> Option<Vec<u8>> {
    if metadata.icc.is_none() && metadata.xmp.is_none() && exif.is_none() {
        return None;
    }
    let flag = |set: bool, bit: u8| u8::from(set) << bit;
    let flags = flag(metadata.icc.is_some(), 5)
        | if alpha { riff::ALPHA } else { 0 }
        | flag(exif.is_some(), 3)
        | flag(metadata.xmp.is_some(), 2);
    let mut riff = Riff::new();
    riff.extended(flags, width as usize, height as usize);
    if let Some(icc) = &metadata.icc {
        riff.put(*b"ICCP", &[icc]);
    }
    for RiffChunk { name, content, .. } in chunks(coded, 12) {
        if matches!(&name, b"VP8 " | b"ALPH") {
            riff.put(name, &[content]);
        }
    }
    if let Some(exif) = exif {
        riff.put(*b"EXIF", &[exif]);
    }
    if let Some(xmp) = &metadata.xmp {
        riff.put(*b"XMP ", &[xmp]);
    }
    Some(riff.finish())
}
