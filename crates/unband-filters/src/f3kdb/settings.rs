//! The original's parameters, and its presets.

use unband_image::{ParamError, ParamKind, ParamValue, Params, params};

params! {
    /// Settings of `f3kdb`, named as `neo_f3kdb` names them, with its defaults.
    pub struct F3kdbParams {
        /// Settings taken at once, before all others: depth, low, medium, high, veryhigh (how much), nograin, luma, chroma
        /// (what not, where), several joined by `/`, as in `medium/nograin`. Has a meaning only among settings written as text.
        preset: Presets = Presets::NONE;
        /// Largest distance of the samples compared, in samples of the first plane. Higher bridges wider bands.
        range: u32 = 15, 0..=255;
        /// How close the mean must be on the first plane (luma, grey; all planes of RGB): 64 is one 8-bit code. Higher
        /// flattens more. Up to 511, with `scale` up to 65535.
        y: i32 = 64, 0..=65535;
        /// The same for Cb.
        cb: i32 = 64, 0..=65535;
        /// The same for Cr.
        cr: i32 = 64, 0..=65535;
        /// Grain added to the first plane (all planes of RGB), in the unit of `y`: 64 is at most one 8-bit code either way.
        grainy: u32 = 64, 0..=4096;
        /// The same for Cb and Cr.
        grainc: u32 = 64, 0..=4096;
        /// Which samples are compared: 1 above and below, 2 the corners of a turned square, 3 left and right, 4 the mean of
        /// 1 and 3, 5 a cross with three limits, 6 the same, fading, 7 as 6 with raised limits where the gradient is steady.
        sample_mode: u32 = 2, 1..=7;
        /// Changes all random numbers.
        seed: i32 = 0;
        /// Compare the mean of the samples; else each of them, which protects more and smooths less. Modes 1 to 4.
        blur_first: bool = true;
        /// Different grain in each frame.
        dynamic_grain: bool = false;
        /// How 16-bit results are brought to the output's depth: 1 cut off, 2 ordered dither, 3 error diffusion.
        dither_algo: u32 = 3, 1..=3;
        /// Keep results within 16 to 235 (240 for colour differences) of 8-bit codes.
        keep_tv_range: bool = false;
        /// Bits per sample of the result; 0 for those of the output.
        output_depth: u32 = 0, 0..=16;
        /// How distances are drawn: 0 the way of old versions, 1 uniform, 2 Gaussian.
        random_algo_ref: u32 = 1, 0..=2;
        /// How grain is drawn: 0 the way of old versions, 1 uniform, 2 Gaussian.
        random_algo_grain: u32 = 1, 0..=2;
        /// Standard deviation of Gaussian distances, as a share of the largest.
        random_param_ref: f64 = 1.0, 0.0..=16.0;
        /// Standard deviation of Gaussian grain, as a share of the largest.
        random_param_grain: f64 = 1.0, 0.0..=16.0;
        /// How close each of the samples must be on the first plane, modes 5 to 7; -1 for the value of `y`. Lower protects
        /// edges and details.
        y_1: i32 = -1, -1..=65535;
        /// The same for Cb.
        cb_1: i32 = -1, -1..=65535;
        /// The same for Cr.
        cr_1: i32 = -1, -1..=65535;
        /// How close twice the sample must be to the sum of two opposite ones on the first plane, modes 5 to 7; -1 for the
        /// value of `y`. Lower protects texture.
        y_2: i32 = -1, -1..=65535;
        /// The same for Cb.
        cb_2: i32 = -1, -1..=65535;
        /// The same for Cr.
        cr_2: i32 = -1, -1..=65535;
        /// Thresholds are 16-bit codes, so that 256 is one 8-bit code.
        scale: bool = false;
        /// Factor on the limits of mode 7 where the gradient is steady. Higher flattens more; 1 is mode 6.
        angle_boost: f32 = 1.5, 0.0..=1000.0;
        /// How far directions may differ to count as steady, as a share of half a turn. Higher flattens more.
        max_angle: f32 = 0.15, 0.0..=1.0;
        /// Frames of the clip whose random numbers are wanted: the original's depend on that.
        frames: u32 = 1, 1..=100_000_000;
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
    /// From settings as text; presets come before everything else, as in the original.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn read(method: &'static str, settings: &[(String, String)]) -> Result<Self, ParamError> {
        let written = Self::from_settings(method, settings)?;
        let mut params = Self { preset: written.preset.clone(), ..Self::default() };
        let scale = if written.scale { 4 } else { 1 };
        for &name in &written.preset.0 {
            params.apply(name, scale);
        }
        for (name, value) in settings {
            params.set(method, name, value)?;
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

    /// Limits of a plane (0, 1 or 2) between mean and sample, farthest and sample, middle and sample, in 16-bit codes.
    pub(super) fn limits(&self, plane: usize) -> [u16; 3] {
        let [all, most, middle] =
            [[self.y, self.y_1, self.y_2], [self.cb, self.cb_1, self.cb_2], [self.cr, self.cr_1, self.cr_2]]
                [plane.min(2)];
        let or = |own: i32| if own < 0 { all } else { own };
        let scaled = |v: i32| if self.scale { v } else { v.saturating_mul(4) }.clamp(0, 65535) as u16;
        [all, or(most), or(middle)].map(scaled)
    }

    /// The largest threshold.
    pub(super) fn highest(&self) -> i32 {
        let all = [self.y, self.cb, self.cr, self.y_1, self.cb_1, self.cr_1, self.y_2, self.cb_2, self.cr_2];
        all.into_iter().max().unwrap_or(0)
    }

    /// Largest grain of a plane, in 16-bit codes.
    pub(super) fn grain(&self, plane: usize) -> u16 {
        4 * (if plane == 0 { self.grainy } else { self.grainc }).min(4096) as u16
    }
}
