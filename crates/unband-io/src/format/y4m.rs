//! YUV4MPEG2: raw planes of luma and chroma, the stream between video programs, and single-frame files.
//!
//! Source: yuv4mpeg(5) of mjpegtools; tags for more than 8 bits, grey, alpha and range as in `FFmpeg`'s
//! `libavformat/yuv4mpegenc.c` and `yuv4mpegdec.c`.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use unband_image::color::Siting;
use unband_image::dither::Grid;
use unband_image::{
    Codec, Color, Density, DensityUnit, Depth, Image, Matrix, Model, Plane, Range, Subsampling,
};

use super::{Dropped, FormatEntry, Item, WriteOptions, Writes, ratio_scale};
use crate::{Error, Limits, limits, planar};

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

/// Header of a stream, valid for all its frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Y4mHeader {
    /// Width of luma.
    pub width: usize,
    /// Height of luma.
    pub height: usize,
    /// Frames per second as a fraction; 0:0 if unknown.
    pub rate: (u32, u32),
    /// Width to height of a pixel; 0:0 if unknown.
    pub aspect: (u32, u32),
    /// Model and siting. The stream has no matrix: BT.709 is assumed for images larger than 1279 × 576 in
    /// limited range, else BT.601, as in players and JPEG files.
    pub color: Color,
    /// Bits per sample.
    pub depth: Depth,
    /// Whether there is a fourth plane, alpha.
    pub alpha: bool,
    /// Whether each frame has two fields.
    pub interlaced: bool,
    /// Whether the stream has luma only. If the model is nevertheless not grey, chroma planes are neutral.
    pub mono: bool,
}

impl Y4mHeader {
    /// The header for a stream of such images, at 25 frames per second.
    ///
    /// # Errors
    /// Models and depths without a chroma tag.
    pub fn of(image: &Image) -> Result<Self, Error> {
        let model = image.color.model;
        let mono = match model {
            Model::Gray => true,
            Model::Yuv { .. } => false,
            Model::Rgb => return Err(Error::Model { format: NAME, model }),
        };
        let bits = match image.depth {
            Depth::Int(bits @ 0..=8) => bits.max(8),
            // Grey of 14 bits has no tag.
            Depth::Int(bits) if mono => *[9, 10, 12, 16].iter().find(|&&b| b >= bits).unwrap_or(&16),
            Depth::Int(bits) => *[9, 10, 12, 14, 16].iter().find(|&&b| b >= bits).unwrap_or(&16),
            Depth::F32 => return Err(Error::depth(NAME, Depth::SIXTEEN, Depth::F32)),
        };
        let full_chroma = matches!(model, Model::Yuv { subsampling: Subsampling::NONE, .. });
        let header = Self {
            width: image.width(),
            height: image.height(),
            rate: (25, 1),
            aspect: image.metadata.density.map_or((1, 1), |density| {
                let scale = ratio_scale(density);
                let whole = |value: f64| (value * scale).round().clamp(1.0, f64::from(u32::MAX)) as u32;
                // A higher density across means narrower pixels.
                let (x, y) = (whole(density.x), whole(density.y));
                let common = common_divisor(x, y);
                (y / common, x / common)
            }),
            color: image.color,
            depth: Depth::Int(bits),
            alpha: image.alpha.is_some() && full_chroma && bits == 8,
            interlaced: false,
            mono,
        };
        header.tag().map(|_| header)
    }

    /// Parses the first line of a stream, without its newline.
    ///
    /// # Errors
    /// Lines that are not a valid header, and unknown chroma tags.
    pub fn parse(line: &str) -> Result<Self, Error> {
        let damaged = |what: &str, value: &str| Error::damaged(NAME, format!("its {what} is `{value}`"));
        let mut words = line.split(' ').filter(|word| !word.is_empty());
        if words.next() != Some("YUV4MPEG2") {
            return Err(Error::damaged(NAME, "it does not begin with `YUV4MPEG2`"));
        }
        let (mut width, mut height, mut rate, mut aspect) = (0, 0, (0, 0), (0, 0));
        let (mut chroma, mut range, mut interlaced) = ("420", None, false);
        for word in words {
            let (key, value) = word.split_at_checked(1).unwrap_or((word, ""));
            let side = |what| value.parse().ok().filter(|&v| v > 0u32).ok_or_else(|| damaged(what, value));
            let ratio = |what| {
                let (n, d) = value.split_once(':').ok_or_else(|| damaged(what, value))?;
                Ok::<_, Error>((
                    n.parse().map_err(|_| damaged(what, value))?,
                    d.parse().map_err(|_| damaged(what, value))?,
                ))
            };
            match key {
                "W" => width = side("width")?,
                "H" => height = side("height")?,
                "F" => rate = ratio("frame rate")?,
                "A" => aspect = ratio("pixel aspect")?,
                "C" => chroma = value,
                "I" => match value {
                    "p" | "?" => {}
                    "t" | "b" | "m" => interlaced = true,
                    _ => return Err(damaged("interlacing", value)),
                },
                _ => match word {
                    "XCOLORRANGE=FULL" => range = Some(Range::Full),
                    "XCOLORRANGE=LIMITED" => range = Some(Range::Limited),
                    _ => {}
                },
            }
        }
        if width == 0 || height == 0 {
            return Err(Error::damaged(NAME, "it declares no size"));
        }
        let (sampling, siting, bits) =
            chroma_of(chroma).ok_or_else(|| Error::unsupported(NAME, format!("`C{chroma}` planes")))?;
        let mono = sampling.is_none();
        // Without a range tag, grey is full range and luma of a colour image is not.
        let range = range.unwrap_or(if mono { Range::Full } else { Range::Limited });
        let model = match (sampling, range) {
            (None, Range::Full) => Model::Gray,
            (sampling, range) => {
                let large = width > 1279 || height > 576;
                let matrix = match range {
                    Range::Limited if large => Matrix::Bt709,
                    _ => Matrix::Bt601,
                };
                Model::Yuv { matrix, range, subsampling: sampling.unwrap_or(Subsampling::HALF) }
            }
        };
        Ok(Self {
            width: width as usize,
            height: height as usize,
            rate,
            aspect,
            color: Color { siting, ..Color::new(model) },
            depth: Depth::Int(bits),
            alpha: chroma == "444alpha",
            interlaced,
            mono,
        })
    }

    /// Value of the `C` tag.
    fn tag(&self) -> Result<String, Error> {
        let Depth::Int(bits) = self.depth else {
            return Err(Error::depth(NAME, Depth::SIXTEEN, self.depth));
        };
        let deep = |base: &str, letter: &str| match bits {
            8 => base.to_owned(),
            bits => format!("{base}{letter}{bits}"),
        };
        let Model::Yuv { subsampling, .. } = self.color.model else { return Ok(deep("mono", "")) };
        match (subsampling.x, subsampling.y, bits) {
            (2, 2, 8) => Ok(match self.color.siting {
                Siting::Center => "420jpeg",
                Siting::Left => "420mpeg2",
                Siting::TopLeft => "420paldv",
            }
            .to_owned()),
            (2, 2, _) => Ok(deep("420", "p")),
            (2, 1, _) => Ok(deep("422", "p")),
            (1, 1, _) if self.alpha => Ok("444alpha".to_owned()),
            (1, 1, _) => Ok(deep("444", "p")),
            (4, 1, 8) => Ok("411".to_owned()),
            (x, y, bits) => {
                let what = format!("chroma of {bits} bits shared by {x}×{y} pixels has no tag");
                Err(Error::encode(NAME, what))
            }
        }
    }

    /// Size of each plane in the stream.
    fn planes(&self) -> impl Iterator<Item = (usize, usize)> {
        let full = (self.width, self.height);
        let chroma = match self.color.model {
            Model::Yuv { subsampling, .. } if !self.mono => {
                Some(subsampling.chroma_size(self.width, self.height))
            }
            _ => None,
        };
        [Some(full), chroma, chroma, self.alpha.then_some(full)].into_iter().flatten()
    }

    /// Bytes of the planes of a frame, without its header line; `None` on overflow.
    pub fn frame_bytes(&self) -> Option<usize> {
        let each = planar::sample_bytes(self.depth.bits());
        self.planes().try_fold(0usize, |sum, (w, h)| sum.checked_add(w.checked_mul(h)?.checked_mul(each)?))
    }

    fn grid(&self, plane: usize) -> Grid {
        // Alpha uses all codes, whatever the range of the others.
        let model = if plane == 3 { Model::Gray } else { self.color.model };
        Grid::of_bits(model, plane, self.depth.bits())
    }
}

/// Subsampling (`None` for grey), siting and bits of a chroma tag.
fn chroma_of(tag: &str) -> Option<(Option<Subsampling>, Siting, u8)> {
    let found = |x, y, siting, bits| Some((Some(Subsampling { x, y }), siting, bits));
    match tag {
        "420jpeg" | "420" => return found(2, 2, Siting::Center, 8),
        "420mpeg2" => return found(2, 2, Siting::Left, 8),
        "420paldv" => return found(2, 2, Siting::TopLeft, 8),
        "422" => return found(2, 1, Siting::Left, 8),
        "444" | "444alpha" => return found(1, 1, Siting::Left, 8),
        "411" => return found(4, 1, Siting::Left, 8),
        _ => {}
    }
    let bits = |text: &str| match text {
        "" => Some(8),
        text => text.parse().ok().filter(|bits| (9..=16).contains(bits)),
    };
    if let Some(rest) = tag.strip_prefix("mono") {
        return Some((None, Siting::Left, bits(rest)?));
    }
    let (sampling, depth) = tag.split_once('p')?;
    let bits = bits(depth).filter(|&bits| bits > 8)?;
    match sampling {
        "420" => found(2, 2, Siting::Left, bits),
        "422" => found(2, 1, Siting::Left, bits),
        "444" => found(1, 1, Siting::Left, bits),
        _ => None,
    }
}

/// The greatest common divisor; 1 for two zeros.
pub(crate) fn common_divisor(a: u32, b: u32) -> u32 {
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
    pub(crate) fn check_whole(mut self) -> Result<(), Error>
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
        let mut bytes = vec![0; width * planar::sample_bytes(bits)];
        let mut codes = Vec::new();
        for y in 0..height {
            self.input.read_exact(&mut bytes).map_err(wrong)?;
            planar::read_row(plane.row_mut(y), &bytes, bits, grid, &mut codes);
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
                planar::write_row(&mut self.bytes, plane.row(y), self.header.depth.bits(), grid, &mut codes);
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
    let header = Y4mHeader::of(image)?;
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
