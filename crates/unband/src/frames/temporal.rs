//! Choice of the neighbouring frames that a frame's result includes.

use unband_image::words;

/// Frames on each side of a mean where nothing moves.
pub(super) const STILL_REACH: usize = 2;
/// Frames on each side of a mean along the motion.
pub(super) const MOTION_REACH: usize = 2;

words! {
    /// The use of neighbouring frames in a frame's result.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Temporal {
        /// None: each frame by itself.
        Off = "off",
        /// A mean of the results of two frames before and two after, where nothing moves.
        Still = "still",
        /// A mean of their results along the motion of the image, and through fades.
        #[default]
        Motion = "motion",
    }
}

impl Temporal {
    /// Number of frames before and after a frame that its result depends on.
    pub fn reach(self) -> usize {
        match self {
            Self::Off => 0,
            Self::Still => STILL_REACH,
            Self::Motion => MOTION_REACH,
        }
    }
}

/// Weight of a difference: 1 up to the first limit, 0 from the second on, linear between them.
pub(super) fn falling(difference: f32, (full, none): (f32, f32)) -> f32 {
    ((none - difference) / (none - full)).clamp(0.0, 1.0)
}
