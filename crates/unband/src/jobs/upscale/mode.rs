//! The mode of upscaling by the built-in networks, from what an image shows.

use unband_image::findings::Drawing;
use unband_image::{Context, Image};

use super::blend::Whole;
use super::pixels;
use crate::{TreatAs, inspect};

/// A mode of upscaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UpscalingMode {
    /// The network alone.
    Network,
    /// The network blended with interpolation.
    Blend,
    /// The network, within the range of neighbours: drawings.
    Confinement,
    /// Cubic interpolation: data.
    Interpolation,
    /// Repeated pixels: pixel art.
    Repetition,
}

impl UpscalingMode {
    /// The mode for an image.
    pub(super) fn from_image(image: &Image, ctx: &Context<'_>) -> Self {
        if pixels::is_art(image) {
            return Self::Repetition;
        }
        match inspect(image, ctx).drawing {
            Some(Drawing::NormalMap | Drawing::LookupTable) => Self::Interpolation,
            Some(_) => Self::Confinement,
            None => Self::Blend,
        }
    }

    /// The mode that the user asks for, if any.
    pub(super) fn asked(treat_as: TreatAs) -> Option<Self> {
        match treat_as {
            TreatAs::Auto => None,
            TreatAs::Photo => Some(Self::Blend),
            TreatAs::Drawing => Some(Self::Confinement),
            TreatAs::Data => Some(Self::Interpolation),
        }
    }
}

/// What is known about all frames of a shot; nothing for a single image.
#[derive(Clone, Copy, Default)]
pub(super) struct Evidence {
    /// The mode of upscaling, once it is chosen.
    pub(super) mode: Option<UpscalingMode>,
    /// Is it that of the user?
    #[cfg(feature = "video")]
    asked: bool,
    /// Features of whole frames, a mean over those measured.
    seen: Option<Whole>,
    /// Number of frames.
    frames: u32,
    /// Keeps the mean as it is: for parts of a frame.
    pub(super) fixed: bool,
}

/// Least range of brightness of a frame that shows its kind.
#[cfg(feature = "video")]
const LEAST: f32 = 0.1;
/// From this number of frames on, one of as many is measured.
const EVERY: u32 = 8;
/// Measured frames of which later features are the mean.
const MEASURED: u32 = 12;

impl Evidence {
    /// Without frames; the mode is that of the user, if any.
    pub(super) fn new(treat_as: TreatAs) -> Self {
        let mode = UpscalingMode::asked(treat_as);
        Self {
            mode,
            #[cfg(feature = "video")]
            asked: mode.is_some(),
            ..Self::default()
        }
    }

    /// Does the mode stay, whatever the next frame is?
    #[cfg(feature = "video")]
    pub(super) fn is_settled(&self) -> bool {
        self.asked || self.mode.is_some_and(|mode| mode != UpscalingMode::Repetition)
    }

    /// Chooses the mode of a shot by its first frame that is not of one brightness. Pixels are repeated only
    /// while all frames are pixel art.
    #[cfg(feature = "video")]
    pub(super) fn choose(&mut self, frame: &Image, ctx: &Context<'_>) {
        if self.is_settled() || self.mode.is_some() && pixels::is_art(frame) {
            return;
        }
        let values = frame.planes[0].data.iter();
        let (low, high) =
            values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
        self.mode = (high - low > LEAST).then(|| UpscalingMode::from_image(frame, ctx));
    }

    /// The features to use for a frame; `own`: computes those of the frame itself.
    pub(super) fn features(&mut self, own: impl FnOnce() -> Whole) -> Whole {
        let features = match self.seen {
            None => {
                self.frames = 1;
                own()
            }
            Some(before) if self.fixed => before,
            Some(before) => {
                let number = self.frames;
                self.frames += 1;
                if number >= EVERY && !number.is_multiple_of(EVERY) {
                    return before;
                }
                let measured = if number < EVERY { number + 1 } else { EVERY + number / EVERY };
                before.towards(&own(), 1.0 / measured.min(MEASURED) as f32)
            }
        };
        self.seen = Some(features);
        features
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_a_shot_are_a_mean() {
        let of = |value: f32| Whole { floors: [value, -value], blocks: value / 2.0, degraded: value / 4.0 };
        let mut evidence = Evidence::default();
        assert_eq!(evidence.features(|| of(1.0)), of(1.0));
        assert_eq!(evidence.features(|| of(2.0)), of(1.5));
        evidence.fixed = true;
        assert_eq!(evidence.features(|| of(9.0)), of(1.5));
        evidence.fixed = false;
        // A change comes in slowly, and wholly in the end; few frames are measured.
        let mut measured = 0;
        for _ in 0..1000 {
            evidence.features(|| {
                measured += 1;
                of(3.0)
            });
        }
        assert_eq!(measured, 6 + 992 / 8 + 1);
        let moved = evidence.features(|| of(3.0));
        assert!((moved.blocks - 1.5).abs() < 0.01, "{moved:?}");
    }
}
