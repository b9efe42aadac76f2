//! Parameters and presets of the original.

use unband_image::{Method, ParamError, ParamKind, ParamValue, Params, params};

params! {
    /// Settings of `f3kdb`, with the names and defaults of `neo_f3kdb`.
    pub struct F3kdbParams {
        /// Presets, applied before all other settings: depth, low, medium, high, veryhigh (strength),
        /// nograin, luma, chroma (restrictions). Several are joined by `/`, as in `medium/nograin`. Only for
        /// settings in text form.
        preset: Presets = Presets::NONE;
        /// Maximum distance of the compared samples, in samples of the first plane. Higher bridges wider
        /// bands.
        range in "samples": u32 = 15, 0..=255;
        /// Threshold of the mean on the first plane (luma, grey; all planes of RGB): 64 is one 8-bit code.
        /// Higher flattens more. Up to 511, with `scale` up to 65535.
        y in "1/64 of an 8-bit code": i32 = 64, 0..=65535;
        /// The same threshold for Cb.
        cb in "1/64 of an 8-bit code": i32 = 64, 0..=65535;
        /// The same threshold for Cr.
        cr in "1/64 of an 8-bit code": i32 = 64, 0..=65535;
        /// Amplitude of the grain on the first plane (all planes of RGB), in the unit of `y`: 64 is at most
        /// ±1 8-bit code.
        grainy in "1/64 of an 8-bit code": u32 = 64, 0..=4096;
        /// The same amplitude for Cb and Cr.
        grainc in "1/64 of an 8-bit code": u32 = 64, 0..=4096;
        /// Compared samples: 1 above and below, 2 the corners of a rotated square, 3 left and right, 4 the
        /// mean of 1 and 3, 5 a cross with three limits, 6 the same, fading, 7 as 6 with higher limits where
        /// the gradient is steady.
        sample_mode: u32 = 2, 1..=7;
        /// Seed of all random numbers.
        seed: i32 = 0;
        /// Compare the mean of the samples; else each of them, which preserves more and smooths less. Modes 1
        /// to 4.
        blur_first: bool = true;
        /// Different grain in each frame.
        dynamic_grain: bool = false;
        /// Reduction of 16-bit results to the output depth: 1 truncation, 2 ordered dither, 3 error
        /// diffusion.
        dither_algo: u32 = 3, 1..=3;
        /// Limit results to 16 to 235 (240 for chroma) of 8-bit codes.
        keep_tv_range: bool = false;
        /// Bits per sample of the result; 0 for the output depth.
        output_depth in "bits": u32 = 0, 0..=16;
        /// Distribution of distances: 0 the algorithm of old versions, 1 uniform, 2 Gaussian.
        random_algo_ref: u32 = 1, 0..=2;
        /// Distribution of grain: 0 the algorithm of old versions, 1 uniform, 2 Gaussian.
        random_algo_grain: u32 = 1, 0..=2;
        /// Standard deviation of Gaussian distances, as a share of the maximum.
        random_param_ref: f64 = 1.0, 0.0..=16.0;
        /// Standard deviation of Gaussian grain, as a share of the maximum.
        random_param_grain: f64 = 1.0, 0.0..=16.0;
        /// Threshold of each compared sample on the first plane, modes 5 to 7; -1 for the value of `y`. Lower
        /// preserves edges and details.
        y_1 in "1/64 of an 8-bit code": i32 = -1, -1..=65535;
        /// The same threshold for Cb.
        cb_1 in "1/64 of an 8-bit code": i32 = -1, -1..=65535;
        /// The same threshold for Cr.
        cr_1 in "1/64 of an 8-bit code": i32 = -1, -1..=65535;
        /// Threshold between twice the sample and the sum of two opposite ones on the first plane, modes 5 to
        /// 7; -1 for the value of `y`. Lower preserves texture.
        y_2 in "1/64 of an 8-bit code": i32 = -1, -1..=65535;
        /// The same threshold for Cb.
        cb_2 in "1/64 of an 8-bit code": i32 = -1, -1..=65535;
        /// The same threshold for Cr.
        cr_2 in "1/64 of an 8-bit code": i32 = -1, -1..=65535;
        /// Thresholds are 16-bit codes: 256 is one 8-bit code.
        scale: bool = false;
        /// Factor on the limits of mode 7 where the gradient is steady. Higher flattens more; 1 equals mode
        /// 6.
        angle_boost: f32 = 1.5, 0.0..=1000.0;
        /// Maximum difference of directions in a steady gradient, as a share of half a turn. Higher flattens
        /// more.
        max_angle in "half turns": f32 = 0.15, 0.0..=1.0;
        /// Length of the clip in frames: the original's random numbers depend on it.
        frames in "frames": u32 = 1, 1..=100_000_000;
    }
}

/// Presets in the order given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Default)]
pub struct Presets(Vec<&'static str>);

impl Presets {
    /// No preset.
    pub const NONE: Self = Self(Vec::new());
}

/// The names of the presets.
const NAMES: &[&str] = &["depth", "low", "medium", "high", "veryhigh", "nograin", "luma", "chroma"];

impl ParamValue for Presets {
    const KIND: ParamKind = ParamKind::Word(NAMES);

    fn parse(text: &str) -> Option<Self> {
        let known = |word: &str| NAMES.iter().copied().find(|name| *name == word.trim());
        if text.trim().is_empty() || text.trim() == "none" {
            return Some(Self::NONE);
        }
        text.split('/').map(known).collect::<Option<_>>().map(Self)
    }

    fn show(&self) -> String {
        self.0.join("/")
    }
}

impl F3kdbParams {
    /// A method's parameters; presets are applied first, as in the original.
    ///
    /// # Errors
    /// As [`Params::put`]; values of a method are in their ranges.
    pub fn from_method(method: &Method) -> Result<Self, ParamError> {
        let written: Self = method.params();
        let mut params = Self { preset: written.preset.clone(), ..Self::default() };
        let scale = if written.scale { 4 } else { 1 };
        for &name in &written.preset.0 {
            params.apply(name, scale);
        }
        for name in method.given_names() {
            if let Some(value) = written.field(name) {
                params.put(method.name(), name, value)?;
            }
        }
        Ok(params)
    }

    fn apply(&mut self, preset: &str, scale: i32) {
        let strength = match preset {
            "depth" => 0,
            "low" => 32,
            "medium" => 48,
            "high" => 64,
            "veryhigh" => 80,
            "nograin" => return (self.grainy, self.grainc) = (0, 0),
            "luma" => return (self.cb, self.cr, self.grainc) = (0, 0, 0),
            "chroma" => return (self.y, self.grainy) = (0, 0),
            _ => return,
        };
        let all = strength * scale;
        (self.y, self.cb, self.cr) = (all, all, all);
        (self.y_1, self.cb_1, self.cr_1) = (all, all, all);
        (self.y_2, self.cb_2, self.cr_2) = (all, all, all);
        (self.grainy, self.grainc) = (all as u32, all as u32);
    }

    /// Limits of a plane (0, 1 or 2) in 16-bit codes: mean to sample, farthest to sample, middle to sample.
    pub(super) fn limits(&self, plane: usize) -> [u16; 3] {
        let [all, most, middle] =
            [[self.y, self.y_1, self.y_2], [self.cb, self.cb_1, self.cb_2], [self.cr, self.cr_1, self.cr_2]]
                [plane.min(2)];
        let or = |own: i32| if own < 0 { all } else { own };
        let scaled = |v: i32| if self.scale { v } else { v.saturating_mul(4) }.clamp(0, 65535) as u16;
        [all, or(most), or(middle)].map(scaled)
    }

    /// The highest threshold.
    pub(super) fn highest(&self) -> i32 {
        let all = [self.y, self.cb, self.cr, self.y_1, self.cb_1, self.cr_1, self.y_2, self.cb_2, self.cr_2];
        all.into_iter().max().unwrap_or(0)
    }

    /// Maximum grain of a plane, in 16-bit codes.
    pub(super) fn grain(&self, plane: usize) -> u16 {
        4 * (if plane == 0 { self.grainy } else { self.grainc }).min(4096) as u16
    }
}
