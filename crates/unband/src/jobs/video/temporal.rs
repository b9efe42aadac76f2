//! Choice of the neighbouring frames that a frame's result includes.

/// Frames on each side of a mean where nothing moves.
pub(super) const STILL_REACH: usize = 2;
/// Frames on each side of a mean along the motion.
pub(super) const MOTION_REACH: usize = 2;

/// The use of neighbouring frames in a frame's result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Temporal {
    /// None: each frame by itself.
    Off,
    /// A mean of the results of two frames before and two after, where nothing moves.
    #[default]
    Still,
    /// A mean of their results along the motion of the image, and through fades.
    Motion,
}

impl Temporal {
    /// All.
    pub const ALL: [Self; 3] = [Self::Off, Self::Still, Self::Motion];

    /// The option value.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Still => "still",
            Self::Motion => "motion",
        }
    }

    /// Number of frames before and after a frame that its result depends on.
    pub fn reach(self) -> usize {
        match self {
            Self::Off => 0,
            Self::Still => STILL_REACH,
            Self::Motion => MOTION_REACH,
        }
    }
}
