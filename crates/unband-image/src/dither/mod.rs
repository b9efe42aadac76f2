//! Dithering: rounding of samples to code values with an inconspicuous error pattern.
//!
//! All rounding to code values happens here. A threshold `t` in (0, 1) turns a value `x` (in codes) into
//! `floor(x + t)`; uniform thresholds keep the mean. Thresholds depend on absolute position, plane, frame and
//! seed only, so tiles, threads and vector instructions cannot change a code. A job may first bring an image
//! to a canonical orientation, so that rotated and mirrored inputs get rotated and mirrored patterns. The
//! error is always below one code, except with [`Dither::Tpdf`], which may be off by up to one and a half
//! codes unless `tight` is set.

mod matrix;
mod quantizer;

pub use quantizer::{Diffusion, Grid, Quantizer};

/// A row of the 64×64 blue-noise pattern, tiled: thresholds in (0, 1).
pub fn blue_noise_row(y: usize) -> &'static [f32] {
    &matrix::BLUE_NOISE[y % matrix::SIDE * matrix::SIDE..][..matrix::SIDE]
}

/// Ranks of Bayer's matrix of a side of 2, 4, 8 or 16, row by row: 0 to `side² − 1`.
pub fn bayer_ranks(side: usize) -> Vec<usize> {
    let all = matrix::BAYER_SIDE * matrix::BAYER_SIDE;
    let rank = |i: usize| (matrix::BAYER[i / side * matrix::SIDE + i % side] * all as f32) as usize;
    (0..side * side).map(|i| rank(i) * side * side / all).collect()
}

crate::words! {
    /// Dithering method.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Dither {
        /// Plain rounding. Banding returns.
        None = "none",
        /// A 16×16 Bayer pattern: regular, compresses well, survives video coding.
        Ordered = "ordered",
        /// A 64×64 blue-noise pattern: the least visible at equal strength.
        #[default]
        BlueNoise = "blue-noise",
        /// Floyd–Steinberg, every second row backwards (serpentine): the finest result for stills.
        ErrorDiffusion = "error-diffusion",
        /// Triangular noise of two codes (TPDF): the error's strength does not depend on the image; a light
        /// grain.
        Tpdf = "tpdf",
    }
}

impl Dither {
    /// Its effect and use, in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::None => "Plain rounding: bands return.",
            Self::Ordered => "A regular 16×16 pattern: compresses well and survives video encoding.",
            Self::BlueNoise => {
                "A 64×64 pattern without low frequencies: the least visible at equal strength."
            }
            Self::ErrorDiffusion => "Error diffusion to neighbouring samples: the finest for still images.",
            Self::Tpdf => "Noise with a strength independent of the image: light grain.",
        }
    }
}
