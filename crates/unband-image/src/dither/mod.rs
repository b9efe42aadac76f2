//! The one place that rounds: samples become code values, and the error becomes a pattern nobody sees.
//!
//! A threshold `t` in (0, 1) turns a value `x` (in codes) into `floor(x + t)`; uniform thresholds keep the
//! mean. Thresholds depend on absolute position, plane, frame and seed only, so tiles, threads and vector
//! instructions cannot change a code. A job may turn an image first, so that its turns and mirrors get turned patterns. No code lies a whole code or more away from the value it stands for,
//! [`Dither::Tpdf`] excepted, which may be off by up to one and a half unless it is told to keep closer.

mod matrix;
mod quantizer;

pub use quantizer::{Diffusion, Grid, Quantizer};

/// A row of the 64×64 blue-noise pattern, which repeats: thresholds in (0, 1).
pub fn blue_noise_row(y: usize) -> &'static [f32] {
    &matrix::BLUE_NOISE[y % matrix::SIDE * matrix::SIDE..][..matrix::SIDE]
}

crate::words! {
    /// How rounding to code values hides its error.
    #[derive(Default)]
    pub enum Dither {
        /// Plain rounding. Bands come back.
        None = "none",
        /// A 16×16 Bayer pattern: regular, compresses well, survives video coding.
        Ordered = "ordered",
        /// A 64×64 blue-noise pattern: the least visible at equal strength.
        #[default]
        BlueNoise = "blue-noise",
        /// Floyd–Steinberg, every second row backwards: the finest stills.
        ErrorDiffusion = "error-diffusion",
        /// Triangular noise of two codes: the error's strength does not depend on the image; a light grain.
        Tpdf = "tpdf",
    }
}
