//! YUV4MPEG2: raw planes of luma and chroma, the stream between video programs, and single-frame files.
//!
//! Source: yuv4mpeg(5) of mjpegtools; tags for more than 8 bits, grey, alpha and range as in `FFmpeg`'s
//! `libavformat/yuv4mpegenc.c` and `yuv4mpegdec.c`.

mod header;

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use unband_image::dither::Grid;
use unband_image::{Codec, Density, DensityUnit, Depth, Image, Model, Plane, Range};

use super::{Dropped, FormatEntry, Item, WriteOptions, Writes};
use unband_image::frame::rows;

use crate::{Error, Limits, limits};
pub use header::Y4mHeader;

const NAME: &str = "YUV4MPEG2";
/// Limit on a header line.
const LONGEST_LINE: u64 = 4096;
/// Term for frames of two fields in errors.
pub(crate) const INTERLACED: &str = "interlaced fields";

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["y4m"],
    reads: true,
    writes: Some(Writes {
        depths: &[
            Depth::EIGHT,
            Depth::Int(9),
            Depth::Int(10),
            Depth::Int(12),
            Depth::Int(14),
            Depth::SIXTEEN,
        ],
        color: false,
        yuv: true,
        // Only with full-size chroma of 8 bits; the writer reports it otherwise.
        alpha: false,
        // Only an aspect ratio.
        density: false,
        ..Writes::SAMPLES
    }),
    is: |bytes| matches!(bytes.strip_prefix(b"YUV4MPEG2"), Some([b' ' | b'\n', ..])),
    read,
    write,
};

/// The greatest common divisor; 1 for two zeros.
pub fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { common_divisor(b, a % b) }
}

/// Reads the frames of a stream.
#[derive(Debug)]
pub struct Y4mReader<R> {
    input: BufReader<R>,
    header: Y4mHeader,
}

impl<R: Read> Y4mReader<R> {
    /// Reads the header. Frames over the limits are refused before anything is allocated for them.
    ///
    /// # Errors
    /// As [`Y4mHeader::parse`], interlaced frames, sizes over the limits, and read errors.
    pub fn new(input: R, limits: &Limits) -> Result<Self, Error> {
        let reader = Self::of_any(input, limits)?;
        if reader.header.interlaced {
            return Err(Error::unsupported(NAME, INTERLACED));
        }
        Ok(reader)
    }

    /// As [`Y4mReader::new`], but frames are taken as progressive even if the header declares them
    /// interlaced.
    ///
    /// # Errors
    /// As [`Y4mReader::new`], except for interlaced frames.
    pub fn of_any(input: R, limits: &Limits) -> Result<Self, Error> {
        let mut input = BufReader::new(input);
        let line = read_line(&mut input)?.ok_or(Error::Truncated { format: NAME })?;
        let header = Y4mHeader::parse(&line)?;
        let planes = match header.color.model {
            Model::Gray => 1,
            _ => 3 + u64::from(header.alpha),
        };
        limits.check(header.width as u64, header.height as u64, planes)?;
        Ok(Self { input, header })
    }

    /// The header of the stream.
    pub fn header(&self) -> &Y4mHeader {
        &self.header
    }

    /// The next frame, `None` at the end of the stream.
    ///
    /// # Errors
    /// Streams that end inside a frame or contain something else, and read errors.
    pub fn next_frame(&mut self) -> Result<Option<Image>, Error> {
        let header = self.header;
        if !self.frame_begins()? {
            return Ok(None);
        }
        let mut planes = Vec::new();
        for (i, (width, height)) in header.planes().enumerate() {
            planes.push(self.plane(width, height, header.grid(i))?);
        }
        let alpha = if header.alpha { planes.pop() } else { None };
        if let (true, Model::Yuv { subsampling, .. }) = (header.mono, header.color.model) {
            let (width, height) = subsampling.chroma_size(header.width, header.height);
            planes.extend([Plane::filled(width, height, 0.5), Plane::filled(width, height, 0.5)]);
        }
        let mut image = Image::new(planes, header.color.model, header.depth);
        image.alpha = alpha;
        image.color = header.color;
        image.origin.codec = Codec::Lossless;
        image.origin.format = NAME;
        let (across, down) = header.aspect;
        if across != down && across > 0 && down > 0 {
            image.metadata.density =
                Some(Density { x: f64::from(down), y: f64::from(across), unit: DensityUnit::Aspect });
        }
        Ok(Some(image))
    }

    /// Replaces the content of `buffer` with the bytes of the next frame; false at the end of the stream.
    ///
    /// # Errors
    /// As [`Y4mReader::next_frame`].
    pub fn next_bytes(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
        if !self.frame_begins()? {
            return Ok(false);
        }
        // Within the limits, or the header would have been refused.
        buffer.resize(self.header.frame_bytes().unwrap_or(0), 0);
        self.input.read_exact(buffer).map_err(wrong)?;
        Ok(true)
    }

    /// Skips over all frames of a file without reading them.
    ///
    /// # Errors
    /// [`Error::Truncated`] if the last frame is incomplete, and as [`Y4mReader::next_frame`].
    pub fn check_whole(mut self) -> Result<(), Error>
    where
        R: Seek,
    {
        let place = self.input.stream_position().map_err(wrong)?;
        let end = self.input.seek(SeekFrom::End(0)).map_err(wrong)?;
        self.input.seek(SeekFrom::Start(place)).map_err(wrong)?;
        let bytes = self.header.frame_bytes().unwrap_or(0).cast_signed() as i64;
        while self.frame_begins()? {
            self.input.seek_relative(bytes).map_err(wrong)?;
            if self.input.stream_position().map_err(wrong)? > end {
                return Err(Error::Truncated { format: NAME });
            }
        }
        Ok(())
    }

    /// Reads the header line of a frame; false at the end of the stream.
    fn frame_begins(&mut self) -> Result<bool, Error> {
        let Some(line) = read_line(&mut self.input)? else { return Ok(false) };
        if line == "FRAME" || line.starts_with("FRAME ") {
            Ok(true)
        } else {
            Err(Error::damaged(NAME, "a frame does not begin with `FRAME`"))
        }
    }

    fn plane(&mut self, width: usize, height: usize, grid: Grid) -> Result<Plane, Error> {
        let mut plane = limits::new_plane(width, height)?;
        let bits = self.header.depth.bits();
        let mut bytes = vec![0; width * rows::sample_bytes(bits)];
        let mut codes = Vec::new();
        for y in 0..height {
            self.input.read_exact(&mut bytes).map_err(wrong)?;
            rows::read_row(plane.row_mut(y), &bytes, bits, grid, &mut codes);
        }
        Ok(plane)
    }
}

fn wrong(source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => Error::Truncated { format: NAME },
        _ => Error::Io { action: "read", source },
    }
}

/// Reads a line without its newline; `None` at the end of the stream.
fn read_line(input: &mut impl BufRead) -> Result<Option<String>, Error> {
    let mut line = Vec::new();
    input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(wrong)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(String::from_utf8_lossy(&line).into_owned())),
        Some(_) if line.len() as u64 >= LONGEST_LINE - 1 => {
            Err(Error::damaged(NAME, "a header line is too long"))
        }
        Some(_) => Err(Error::Truncated { format: NAME }),
    }
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let mut reader = Y4mReader::new(bytes, limits)?;
    if reader.header().frame_bytes().is_none_or(|needs| needs > bytes.len()) {
        return Err(Error::Truncated { format: NAME });
    }
    let image = reader.next_frame()?.ok_or(Error::Truncated { format: NAME })?;
    match reader.input.fill_buf() {
        Ok([]) => Ok(image),
        _ => Err(Error::Several { format: NAME, what: "frames" }),
    }
}

/// Writes the frames of a stream.
#[derive(Debug)]
pub struct Y4mWriter<W> {
    out: W,
    header: Y4mHeader,
    bytes: Vec<u8>,
}

impl<W: Write> Y4mWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// Planes without a chroma tag, and errors of `out`.
    pub fn new(mut out: W, header: Y4mHeader) -> Result<Self, Error> {
        let Y4mHeader { width, height, rate, aspect, .. } = header;
        let tag = header.tag()?;
        let range = match header.color.model {
            Model::Yuv { range: Range::Limited, .. } => "LIMITED",
            _ => "FULL",
        };
        let line = format!(
            "YUV4MPEG2 W{width} H{height} F{}:{} Ip A{}:{} C{tag} XCOLORRANGE={range}\n",
            rate.0, rate.1, aspect.0, aspect.1
        );
        out.write_all(line.as_bytes()).map_err(not_written)?;
        Ok(Self { out, header, bytes: Vec::new() })
    }

    /// Writes the bytes of a frame.
    ///
    /// # Errors
    /// A wrong number of bytes, and write errors.
    pub fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.header.frame_bytes() != Some(bytes.len()) {
            return Err(Error::encode(NAME, "a frame differs in size from the first"));
        }
        self.out.write_all(b"FRAME\n").map_err(not_written)?;
        self.out.write_all(bytes).map_err(not_written)?;
        self.out.flush().map_err(not_written)
    }

    /// Writes a frame whose samples are on the grid of its depth, which may be less than the stream's.
    ///
    /// # Errors
    /// A frame whose size or model differs from the header, and write errors.
    pub fn write_frame(&mut self, image: &Image) -> Result<(), Error> {
        let planes: Vec<&Plane> =
            image.planes.iter().chain(image.alpha.iter().filter(|_| self.header.alpha)).collect();
        let sizes = planes.iter().map(|plane| (plane.width, plane.height));
        if image.color.model != self.header.color.model || !sizes.eq(self.header.planes()) {
            return Err(Error::encode(NAME, "a frame differs in size or model from the first"));
        }
        self.out.write_all(b"FRAME\n").map_err(not_written)?;
        let mut codes = Vec::new();
        for (i, plane) in planes.into_iter().enumerate() {
            let i = if self.header.alpha && i + 1 == self.header.planes().count() { 3 } else { i };
            let grid = self.header.grid(i);
            for y in 0..plane.height {
                self.bytes.clear();
                rows::write_row(&mut self.bytes, plane.row(y), self.header.depth.bits(), grid, &mut codes);
                self.out.write_all(&self.bytes).map_err(not_written)?;
            }
        }
        self.out.flush().map_err(not_written)
    }
}

fn not_written(source: io::Error) -> Error {
    Error::Io { action: "write", source }
}

fn write(
    image: &Image,
    _: &WriteOptions,
    out: &mut dyn Write,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let header = Y4mHeader::from_image(image)?;
    if header.alpha {
        dropped.retain(|d| d.item != Item::Alpha);
    }
    // Only the ratio of a density is kept.
    if image.metadata.density.is_some_and(|density| density.unit == DensityUnit::Aspect) {
        dropped.retain(|d| d.item != Item::Density);
    }
    Y4mWriter::new(out, header)?.write_frame(image)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
