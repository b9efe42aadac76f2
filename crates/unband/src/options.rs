//! Options of the main job.

use std::fmt;
use std::str::FromStr;

use unband_image::dither::{Dither, Grid};
use unband_image::{Depth, Image, Method};

use crate::{Error, Precision};

/// The method to run.
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
pub enum Choice {
    /// The default method, chosen by image.
    #[default]
    Auto,
    /// A method of [`crate::METHODS`] with its parameters.
    Named(Method),
}

impl Choice {
    /// The named method; `None` for the default.
    pub fn named(&self) -> Option<&Method> {
        match self {
            Self::Auto => None,
            Self::Named(method) => Some(method),
        }
    }

    /// Is it part of unband, as the default is?
    pub fn is_ours(&self) -> bool {
        self.named().is_none_or(|method| method.entry().ours)
    }
}

/// Bits per sample of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OutputDepth {
    /// The depth of the input.
    #[default]
    Keep,
    /// Integer codes of this many bits, 1 to 16; files hold 8, 10, 12 or 16.
    Bits(u8),
    /// 32-bit floating point, not rounded and not dithered.
    Float,
}

impl OutputDepth {
    /// The depth of the result for an input of depth `input`.
    pub fn resolve(self, input: Depth) -> Depth {
        match self {
            Self::Keep => input,
            Self::Bits(bits) => Depth::Int(bits.clamp(1, 16)),
            Self::Float => Depth::F32,
        }
    }
}

impl FromStr for OutputDepth {
    type Err = String;

    /// `keep`, `8`, `10`, `12`, `16` or `32f`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "keep" => Ok(Self::Keep),
            "8" => Ok(Self::Bits(8)),
            "10" => Ok(Self::Bits(10)),
            "12" => Ok(Self::Bits(12)),
            "16" => Ok(Self::Bits(16)),
            "32f" => Ok(Self::Float),
            other => Err(format!("the depth must be 8, 10, 12, 16, 32f or keep, got `{other}`")),
        }
    }
}

impl fmt::Display for OutputDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Bits(bits) => write!(f, "{bits}"),
            Self::Float => f.write_str("32f"),
        }
    }
}

unband_image::words! {
    /// Treatment of an image's plateaus. In drawings they are intended; data are values for a program.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum TreatAs {
        /// By detection: recognised drawings and data stay unchanged.
        #[default]
        Auto = "auto",
        /// A photo, render or gradient: all banding that was found is repaired.
        Photo = "photo",
        /// A drawing: no sample changes with any method; a new depth is rounded without dither.
        Drawing = "drawing",
        /// Data for a program, such as normals or a colour table: as a drawing.
        Data = "data",
    }
}

unband_image::words! {
    /// Edges of an image that meet, as those of textures and panoramas.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Wrap {
        /// Left and right where the metadata state an equirectangular panorama.
        #[default]
        Auto = "auto",
        /// None.
        Off = "off",
        /// Left and right.
        X = "x",
        /// Top and bottom.
        Y = "y",
        /// All.
        Both = "both",
    }
}

/// Bands that a user sees, whatever is found.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Bands {
    /// This many bits per channel were left, 1 to 12.
    Bits(u8),
    /// Bands of this many 8-bit codes, 0.25 to 64: for red, green and blue or luma and both chroma; grey
    /// images take the first.
    Steps([f32; 3]),
}

impl Bands {
    /// Steps of an image's planes in 8-bit codes of full scale, and their bits.
    pub(crate) fn of_planes(self, image: &Image) -> (Vec<f32>, Option<u8>) {
        let scale = |p: usize, bits: u8| Grid::of_bits(image.color.model, p, bits).scale;
        let planes = 0..image.planes.len();
        match self {
            Self::Bits(bits) => (planes.map(|p| 255.0 / scale(p, bits)).collect(), Some(bits)),
            Self::Steps(codes) => (planes.map(|p| codes[p] * 255.0 / scale(p, 8)).collect(), None),
        }
    }

    fn is_valid(self) -> bool {
        match self {
            Self::Bits(bits) => (1..=12).contains(&bits),
            Self::Steps(codes) => codes.iter().all(|codes| (0.25..=64.0).contains(codes)),
        }
    }

    /// Refuses bands outside their range.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub(crate) fn check(self) -> Result<(), Error> {
        let (name, range, got) = match self {
            _ if self.is_valid() => return Ok(()),
            Self::Bits(bits) => ("bits", "1 to 12", bits.to_string()),
            Self::Steps(codes) => ("band step", "0.25 to 64 codes", format!("{codes:?}")),
        };
        Err(Error::Option { name, range, got })
    }
}

impl FromStr for Bands {
    type Err = String;

    /// Steps: one number of codes for all channels, or three: `4` or `4,2,4`.
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Option<Vec<f32>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
        let codes = match numbers.as_deref() {
            Some(&[all]) => Some([all; 3]),
            Some(&[a, b, c]) => Some([a, b, c]),
            _ => None,
        };
        let bands = codes.map(Self::Steps).filter(|bands| bands.is_valid());
        bands.ok_or_else(|| {
            format!("one number of codes from 0.25 to 64, or three: `4` or `4,2,4`; got `{text}`")
        })
    }
}

/// Treatment of a banded alpha channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Alpha {
    /// It stays.
    #[default]
    Keep,
    /// Soft shadows and glows get smooth. Fully transparent and fully opaque samples stay exact.
    Repair,
}

/// Treatment of an image. The default is the main job: default method, same depth, blue-noise dither.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// The method.
    pub method: Choice,
    /// Strength, 0 to 4; 1 is the tuned value, 0 no change. For unband's own methods.
    pub strength: f32,
    /// Bits per sample of the result.
    pub depth: OutputDepth,
    /// Dithering method.
    pub dither: Dither,
    /// The same dither threshold on all channels: no coloured specks on greys, slightly more visible noise.
    pub locked: bool,
    /// Seed of dither and other random values.
    pub seed: u64,
    /// Arithmetic precision of networks.
    pub precision: Precision,
    /// Keep every sample inside its quantisation interval? `None`: yes for unband's own methods, no for
    /// reimplementations.
    pub faithful: Option<bool>,
    /// Process images even if no banding was found.
    pub everywhere: bool,
    /// Were the samples of images with few levels rounded down? Truncated and then expanded levels cannot be
    /// distinguished from rounded ones.
    pub truncated: bool,
    /// Bands that the user sees: they are repaired, in drawings too.
    pub bands: Option<Bands>,
    /// Treatment of a banded alpha channel.
    pub alpha: Alpha,
    /// Treat the image as a photo, drawing, data, or by detection.
    pub treat_as: TreatAs,
    /// Edges that meet.
    pub wrap: Wrap,
    /// Side of the processing windows, in samples. Never changes a result.
    pub tile: usize,
    /// Memory limit in bytes; windows shrink to fit it.
    pub max_memory: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            method: Choice::Auto,
            strength: 1.0,
            depth: OutputDepth::Keep,
            dither: Dither::BlueNoise,
            locked: false,
            seed: 0,
            precision: Precision::Auto,
            faithful: None,
            everywhere: false,
            truncated: false,
            bands: None,
            alpha: Alpha::Keep,
            treat_as: TreatAs::Auto,
            wrap: Wrap::Auto,
            tile: 256,
            max_memory: None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn depths_read_as_they_are_shown() {
        for depth in [OutputDepth::Keep, OutputDepth::Bits(8), OutputDepth::Bits(12), OutputDepth::Float] {
            assert_eq!(depth.to_string().parse::<OutputDepth>().unwrap(), depth);
        }
        assert!("9".parse::<OutputDepth>().unwrap_err().contains("got `9`"));
    }
}
