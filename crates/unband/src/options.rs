//! What a caller may ask for.

use std::fmt;
use std::str::FromStr;

use unband_image::Depth;
use unband_image::dither::Dither;

use crate::Precision;

/// Which method.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Choice {
    /// Ours, with what the image asks for.
    #[default]
    Auto,
    /// A method of [`crate::METHODS`] with settings in order, as `--method NAME:key=value,…` gives them.
    Named {
        /// Its name.
        name: String,
        /// Parameter and value, as text.
        settings: Vec<(String, String)>,
    },
}

/// Bits per sample of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OutputDepth {
    /// As many as the input has.
    #[default]
    Keep,
    /// Whole codes of so many bits, 1 to 16; files hold 8, 10, 12 or 16.
    Bits(u8),
    /// 32-bit floating point, not rounded and not dithered.
    Float,
}

impl OutputDepth {
    /// The depth of the result for an input of this depth.
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
    /// What an image is to be taken for. Drawings have plateaus that are meant; data are numbers for a program.
    #[derive(Default)]
    pub enum TreatAs {
        /// What it looks like: drawings and data that are recognised stay as they are.
        #[default]
        Auto = "auto",
        /// A photo, a render, a gradient: whatever was found is repaired.
        Photo = "photo",
        /// A drawing: no sample changes, whatever the method; another depth is rounded without dither.
        Drawing = "drawing",
        /// Numbers for a program, such as normals or a table of colours: as a drawing.
        Data = "data",
    }
}

/// How an image is to be treated. The default is the main job: our method, same depth, blue-noise dither.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Which method.
    pub method: Choice,
    /// How much, 0 to 4; 1 is as found best, 0 nothing. For methods of ours.
    pub strength: f32,
    /// Bits per sample of the result.
    pub depth: OutputDepth,
    /// How rounding hides its error.
    pub dither: Dither,
    /// The same dither threshold on all channels: no coloured specks on greys, slightly more visible noise.
    pub locked: bool,
    /// Seed of dither and random numbers.
    pub seed: u64,
    /// Numbers that a network's products are made of.
    pub precision: Precision,
    /// Keep every sample inside its cell? `None`: yes for our methods, no for originals.
    pub faithful: Option<bool>,
    /// Work also where nothing needs repair.
    pub everywhere: bool,
    /// What the image is taken for.
    pub treat_as: TreatAs,
    /// Side of the windows that are worked on at a time, in samples. Never changes a result.
    pub tile: usize,
    /// Most memory to use, in bytes; windows shrink to fit it.
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
            treat_as: TreatAs::Auto,
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
