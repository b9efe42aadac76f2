//! GIF, single frame. Written in a palette of the image's colours, dithered.
//!
//! Source: the `GIF89a` Specification; ICC and XMP application extensions as `ExifTool` documents them.

mod palette;

use std::io::{Cursor, Write};

use unband_image::{Codec, Density, DensityUnit, Depth, Image, Metadata};

use self::palette::Indexed;
use super::unread::{Unread, identifier};
use super::{Dropped, FormatEntry, When, WriteOptions, Writes, is_comment};
use crate::limits::mostly_empty;
use crate::samples::{Planes, Rows};
use crate::{Error, Limits};

const NAME: &str = "GIF";
/// Bytes after an XMP packet that lead any reader of sub-blocks to its end.
const XMP_TRAILER: usize = 257;

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["gif"],
    reads: true,
    writes: Some(Writes {
        depths: &[Depth::EIGHT],
        // Its quality is the number of colours.
        lossy: When::Always,
        gray: false,
        // Of each pixel: all or nothing.
        alpha: true,
        text: true,
        ..Writes::SAMPLES
    }),
    is: |bytes| bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a"),
    read,
    write,
};

fn wrong(error: gif::DecodingError) -> Error {
    match error {
        gif::DecodingError::UnexpectedEof => Error::Truncated { format: NAME },
        gif::DecodingError::Io(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::Truncated { format: NAME }
        }
        other => Error::damaged(NAME, other),
    }
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let blocks = Blocks::read(bytes);
    if blocks.frames > 1 {
        return Err(Error::Several { format: NAME, what: "frames" });
    }
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::Indexed);
    options.check_frame_consistency(false);
    let mut decoder = options.read_info(bytes).map_err(wrong)?;
    let screen = (usize::from(decoder.width()), usize::from(decoder.height()));
    let Some(frame) = decoder.next_frame_info().map_err(wrong)? else {
        return Err(Error::Truncated { format: NAME });
    };
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let (inner_width, inner_height) = (usize::from(frame.width), usize::from(frame.height));
    let (width, height) = (screen.0.max(left + inner_width), screen.1.max(top + inner_height));
    if inner_width == 0 || inner_height == 0 {
        return Err(Error::damaged(NAME, format!("its size is {inner_width}×{inner_height}")));
    }
    let covers = (left, top, inner_width, inner_height) == (0, 0, width, height);
    let (transparent, local) = (frame.transparent, frame.palette.clone());
    let channels = if transparent.is_some() || !covers { 4 } else { 3 };
    limits.check(width as u64, height as u64, channels as u64)?;
    // One code of at most 12 bits represents at most 4096 samples, and a small frame may be on a large
    // screen.
    if inner_width * inner_height / 4096 > bytes.len() || mostly_empty(width, height, bytes.len()) {
        return Err(Error::Truncated { format: NAME });
    }
    let mut indices = vec![0; decoder.buffer_size()];
    decoder.read_into_buffer(&mut indices).map_err(wrong)?;
    let palette = local.or_else(|| decoder.global_palette().map(<[u8]>::to_vec)).unwrap_or_default();
    if palette.is_empty() {
        return Err(Error::damaged(NAME, "it has no palette"));
    }
    let mut planes = Planes::new(channels, width, height)?;
    let mut row = Vec::with_capacity(inner_width * channels);
    for (y, indices) in indices.chunks_exact(inner_width).enumerate().take(inner_height) {
        row.clear();
        for &index in indices {
            let at = 3 * usize::from(index);
            row.extend_from_slice(palette.get(at..at + 3).unwrap_or(&[0, 0, 0]));
            if channels == 4 {
                row.push(if transparent == Some(index) { 0 } else { 255 });
            }
        }
        planes.put(left, top + y, &row, Depth::EIGHT);
    }
    let mut image = planes.into_image(Depth::EIGHT);
    image.origin.codec = Codec::Palette((palette.len() / 3) as u16);
    image.metadata = blocks.metadata;
    image.metadata.unread = blocks.unread.names();
    Ok(image)
}

fn write(
    image: &Image,
    options: &WriteOptions,
    out: &mut dyn Write,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let (width, height) = super::sides(image, NAME, u16::MAX.into())?;
    let (width, height) = (width as u16, height as u16);
    let colours = usize::from(options.quality.unwrap_or(100)) * 256 / 100;
    let indexed = Indexed::new(&pixels(image), image.width(), colours.clamp(3, 256));
    let mut frame =
        gif::Frame::from_palette_pixels(width, height, indexed.indices, indexed.palette, indexed.transparent);
    frame.delay = 0;
    let refused = |error: gif::EncodingError| match error {
        gif::EncodingError::Io(source) => Error::Io { action: "write", source },
        other => Error::encode(NAME, other),
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = gif::Encoder::new(&mut bytes, width, height, &[]).map_err(refused)?;
    let (comments, others): (Vec<_>, Vec<_>) =
        image.metadata.text.iter().partition(|(keyword, _)| is_comment(keyword));
    dropped.extend(Dropped::texts(&others.iter().map(|(keyword, _)| keyword.as_str()).collect::<Vec<_>>()));
    for (_, text) in comments {
        let parts: Vec<&[u8]> = text.as_bytes().chunks(255).collect();
        encoder.write_raw_extension(gif::Extension::Comment.into(), &parts).map_err(refused)?;
    }
    encoder.write_frame(&frame).map_err(refused)?;
    drop(encoder);
    out.write_all(bytes.get_ref()).map_err(|source| Error::Io { action: "write", source })
}

/// Red, green, blue and alpha of each pixel.
fn pixels(image: &Image) -> Vec<[u8; 4]> {
    let alpha = image.alpha.is_some();
    let rows = Rows::new(image, 3, alpha, Depth::EIGHT);
    let (mut pixels, mut row) = (Vec::with_capacity(image.width() * image.height()), Vec::new());
    for y in 0..image.height() {
        rows.codes(y, &mut row, |code| code as u8);
        if alpha {
            pixels.extend(row.as_chunks().0);
        } else {
            pixels.extend(row.as_chunks().0.iter().map(|&[r, g, b]| [r, g, b, 255]));
        }
    }
    pixels
}

/// Content of the blocks around the samples.
#[derive(Default)]
struct Blocks {
    frames: usize,
    metadata: Metadata,
    unread: Unread,
}

impl Blocks {
    fn read(bytes: &[u8]) -> Self {
        let mut blocks = Self::default();
        // The decoder decides whether a missing trailer is an error.
        let _ = blocks.walk(bytes);
        blocks
    }

    fn walk(&mut self, bytes: &[u8]) -> Option<()> {
        let table = |flags: u8| if flags & 0x80 != 0 { 3 << ((flags & 7) + 1) } else { 0 };
        let aspect = *bytes.get(12)?;
        if aspect != 0 {
            // Pixel aspect ratio: width to height in 64ths, minus 15. Density is the reciprocal.
            let density = Density { x: 64.0, y: f64::from(aspect) + 15.0, unit: DensityUnit::Aspect };
            self.metadata.density = Some(density);
        }
        let mut at = 13 + table(*bytes.get(10)?);
        loop {
            match *bytes.get(at)? {
                0x2C => {
                    self.frames += 1;
                    at += 11 + table(*bytes.get(at + 9)?);
                    at = sub_blocks(bytes, at)?.1;
                }
                0x21 => {
                    let label = *bytes.get(at + 1)?;
                    let (content, end) = sub_blocks(bytes, at + 2)?;
                    self.extension(label, &content, bytes.get(at + 2..end)?);
                    at = end;
                }
                0x3B => {
                    self.unread.put_rest(bytes.get(at + 1..)?);
                    return None;
                }
                _ => return None,
            }
        }
    }

    fn extension(&mut self, label: u8, content: &[u8], raw: &[u8]) {
        match (label, content.first_chunk::<11>()) {
            (0xFE, _) => {
                let text = std::str::from_utf8(content)
                    .map_or_else(|_| content.iter().map(|&b| char::from(b)).collect(), str::to_owned);
                self.metadata.text.push(("Comment".to_owned(), text));
            }
            (0xFF, Some(b"ICCRGBG1012")) if self.metadata.icc.is_none() => {
                self.metadata.icc = Some(content[11..].to_vec());
            }
            (0xFF, Some(b"XMP DataXMP")) if self.metadata.xmp.is_none() => {
                self.metadata.xmp =
                    raw.get(12..raw.len().saturating_sub(XMP_TRAILER + 1)).map(<[u8]>::to_vec);
            }
            // Delay, disposal and transparency of the frame; loops.
            (0xF9, _) | (0xFF, Some(b"NETSCAPE2.0" | b"ANIMEXTS1.0")) => {}
            (0xFF, Some(name)) => self.unread.put(format!("application extension `{}`", identifier(name))),
            (0x01, _) => self.unread.put("plain text extension"),
            _ => self.unread.put(format!("extension {label:#04X}")),
        }
    }
}

/// The joined content of sub-blocks, and the offset after them.
fn sub_blocks(bytes: &[u8], mut at: usize) -> Option<(Vec<u8>, usize)> {
    let mut content = Vec::new();
    loop {
        let size = usize::from(*bytes.get(at)?);
        at += 1;
        if size == 0 {
            return Some((content, at));
        }
        content.extend_from_slice(bytes.get(at..at + size)?);
        at += size;
    }
}
