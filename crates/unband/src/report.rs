//! Report on findings and changes.

use unband_image::Depth;
use unband_image::findings::{Drawing, Findings};

use crate::faithful::Faithful;

/// The reason for a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Bands were removed.
    Restored,
    /// The only banding is one code of the output deep: a file of this depth cannot show less.
    OneCodeOnly,
    /// The method ran and changed no sample.
    NothingFound,
    /// There are steps in smooth areas, but none that is a band of a known cause: unchanged.
    StepsKept,
    /// Detected as a drawing or data: unchanged.
    Drawn(Drawing),
    /// Called a drawing or data by the options: unchanged.
    Asked,
    /// A strength of 0 was requested.
    NotAsked,
    /// Only the alpha channel was repaired.
    AlphaOnly,
    /// Nothing to repair, but another depth was requested: the samples are on another grid.
    DepthOnly,
}

impl Reason {
    /// A word for machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restored => "restored",
            Self::OneCodeOnly => "one-code-only",
            Self::NothingFound => "nothing-found",
            Self::StepsKept => "steps-kept",
            Self::Drawn(_) => "drawn",
            Self::Asked => "asked",
            Self::NotAsked => "not-asked",
            Self::AlphaOnly => "alpha-only",
            Self::DepthOnly => "depth-only",
        }
    }

    /// A sentence for the line about a file.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Restored => "banding removed",
            Self::OneCodeOnly => {
                "no visible banding, only the finest steps of 8 bits (`--depth 16` smooths them)"
            }
            Self::NothingFound => "nothing to repair",
            Self::StepsKept => "faint steps, unchanged (`--band-step N` for bands of N codes)",
            Self::Drawn(Drawing::FlatColours | Drawing::FewColours) => {
                "flat artwork, unchanged (`--treat-as photo` to force)"
            }
            Self::Drawn(Drawing::Upscaled(_)) => {
                "upscaled pixel art, unchanged (`--treat-as photo` to force)"
            }
            Self::Drawn(Drawing::LookupTable) => {
                "colour lookup table, unchanged (`--treat-as photo` to force)"
            }
            Self::Drawn(Drawing::NormalMap) => "normal map, unchanged (`--treat-as photo` to force)",
            Self::Drawn(_) => "drawn on purpose, unchanged (`--treat-as photo` to force)",
            Self::Asked => "unchanged, as requested",
            Self::NotAsked => "unchanged, strength 0",
            Self::AlphaOnly => "colours unchanged",
            Self::DepthOnly => "nothing to repair, depth changed",
        }
    }
}

/// Findings and changes of [`crate::deband_with`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Findings on the input.
    pub findings: Findings,
    /// The method chosen.
    pub method: &'static str,
    /// The intervals that samples were kept in.
    pub faithful: Faithful,
    /// Does any sample differ, or the depth? `false`: identical samples.
    pub changed: bool,
    /// Was the alpha channel repaired?
    pub alpha_repaired: bool,
    /// The reason.
    pub reason: Reason,
    /// Depth of the result.
    pub depth: Depth,
    /// Largest mean shift of a plane, in 8-bit codes.
    pub mean_shift_codes: f32,
    /// Largest change of a sample, in 8-bit codes.
    pub max_change_codes: f32,
    /// Samples whose value differs, dither included.
    pub samples_moved: u64,
    /// Floating-point samples below black or above white that were clipped.
    pub samples_clipped: u64,
}
