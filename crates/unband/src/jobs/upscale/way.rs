//! The way of upscaling by the built-in networks, from what an image shows.

use unband_image::findings::Drawing;
use unband_image::{Context, Image};

use super::blend::Whole;
use super::pixels;
use crate::inspect;

/// A way of upscaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
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

impl Way {
    /// The way for an image.
    pub(super) fn of(image: &Image, ctx: &Context<'_>) -> Self {
        Self::for_art(image).unwrap_or_else(|| Self::of_drawing(inspect(image, ctx).drawing))
    }

    /// The way for pixel art; `None` for other images.
    pub(super) fn for_art(image: &Image) -> Option<Self> {
        pixels::is_art(image).then_some(Self::Repetition)
    }

    /// The way by the drawing found in an image.
    pub(super) fn of_drawing(drawing: Option<Drawing>) -> Self {
        match drawing {
            Some(Drawing::NormalMap | Drawing::LookupTable) => Self::Interpolation,
            Some(_) => Self::Confinement,
            None => Self::Blend,
        }
    }
}

/// What is known about all frames of a shot; nothing for a single image.
#[derive(Clone, Copy, Default)]
pub(super) struct Evidence {
    /// The way of upscaling, once it is chosen.
    pub(super) way: Option<Way>,
    /// Features of whole frames, a mean over those seen, and their number.
    seen: Option<(Whole, u32)>,
    /// Keeps the mean as it is: for parts of a frame.
    pub(super) fixed: bool,
}

/// Frames of which later features are the mean.
const FRAMES: u32 = 32;

impl Evidence {
    /// The features to use for a frame; `own`: computes those of the frame itself.
    pub(super) fn features(&mut self, own: impl FnOnce() -> Whole) -> Whole {
        let (features, count) = match self.seen {
            Some(seen) if self.fixed => seen,
            None => (own(), 1),
            Some((before, count)) => {
                let count = (count + 1).min(FRAMES);
                (before.towards(&own(), 1.0 / count as f32), count)
            }
        };
        self.seen = Some((features, count));
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
        for _ in 0..200 {
            evidence.features(|| of(3.0));
        }
        // A change comes in slowly, and wholly in the end.
        let moved = evidence.features(|| of(0.0));
        assert!((moved.blocks - 1.5 * (1.0 - 1.0 / FRAMES as f32)).abs() < 0.01, "{moved:?}");
    }
}
