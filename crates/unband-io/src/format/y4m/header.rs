//! Header of a YUV4MPEG2 stream.

use unband_image::color::Siting;
use unband_image::dither::Grid;
use unband_image::frame::{FrameFormat, PixelFormat, Samples, rows};
use unband_image::{Color, Depth, Image, Matrix, Model, Range, Subsampling};

use super::{NAME, common_divisor};
use crate::Error;
use crate::format::ratio_scale;

/// Header of a stream, valid for all its frames.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
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

/// The matrix that readers assume.
fn assumed_matrix(width: usize, height: usize, range: Range) -> Matrix {
    match range {
        Range::Limited if width > 1279 || height > 576 => Matrix::Bt709,
        _ => Matrix::Bt601,
    }
}

impl Y4mHeader {
    /// The header for frames of another size. Its matrix is the one that readers assume for them.
    #[must_use]
    pub fn with_size(mut self, (width, height): (usize, usize)) -> Self {
        (self.width, self.height) = (width, height);
        if let Model::Yuv { matrix, range, .. } = &mut self.color.model {
            *matrix = assumed_matrix(width, height, *range);
        }
        self
    }

    /// The header for frames of this size at an unknown rate, without alpha and fields.
    pub fn new(width: usize, height: usize, color: Color, depth: Depth) -> Self {
        let (rate, aspect) = ((0, 0), (0, 0));
        let mono = color.model == Model::Gray;
        Self { width, height, rate, aspect, color, depth, alpha: false, interlaced: false, mono }
    }

    /// The header for a stream of such images, at 25 frames per second.
    ///
    /// # Errors
    /// Models and depths without a chroma tag.
    pub fn from_image(image: &Image) -> Result<Self, Error> {
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
            aspect: image.metadata.density.map_or((0, 0), |density| {
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

    /// The frames of the stream. They are taken as lossy: frames from a pipe were usually decoded.
    ///
    /// # Errors
    /// Depths without a pixel format.
    pub fn frame_format(&self) -> Result<FrameFormat, Error> {
        let samples = match self.color.model {
            Model::Yuv { subsampling, .. } if !self.mono => Samples::Yuv(subsampling),
            _ => Samples::Gray,
        };
        let bits = self.depth.bits();
        let pixels =
            PixelFormat::planar(samples, bits, self.alpha).filter(|format| format.bits == bits.max(8));
        let pixels =
            pixels.ok_or_else(|| Error::unsupported("YUV4MPEG2", format!("frames of {bits} bits")))?;
        Ok(FrameFormat { width: self.width, height: self.height, pixels, color: self.color, lossy: true })
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
                let matrix = assumed_matrix(width as usize, height as usize, range);
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
    pub(super) fn tag(&self) -> Result<String, Error> {
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
    pub(super) fn planes(&self) -> impl Iterator<Item = (usize, usize)> {
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
        let each = rows::sample_bytes(self.depth.bits());
        self.planes().try_fold(0usize, |sum, (w, h)| sum.checked_add(w.checked_mul(h)?.checked_mul(each)?))
    }

    pub(super) fn grid(&self, plane: usize) -> Grid {
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
