//! What was found and done.

use unband_image::Depth;
use unband_image::inspect::{Drawing, Findings};

/// Why a result is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Bands were taken out.
    Restored,
    /// The only banding is one code of the output deep: no file of this depth can show less.
    OneCodeOnly,
    /// The method ran and left every sample as it was.
    NothingFound,
    /// It looks drawn on purpose, or is data: left as it is.
    Drawn(Drawing),
    /// It was said to be a drawing or data: left as it is.
    Asked,
    /// A strength of 0 was asked for.
    NotAsked,
    /// Nothing to repair, but another depth was asked for: the samples are on another grid.
    DepthOnly,
}

impl Reason {
    /// In words, for the line about a file.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Restored => "bands taken out",
            Self::OneCodeOnly => "banding of one code only; --depth 16 smooths it",
            Self::NothingFound => "nothing to repair",
            Self::Drawn(Drawing::FlatColours) => {
                "drawn with flat colours, left as it is; --treat-as photo repairs it anyway"
            }
            Self::Drawn(Drawing::FewColours) => {
                "drawn with few colours, left as it is; --treat-as photo repairs it anyway"
            }
            Self::Drawn(Drawing::Enlarged(_)) => {
                "drawn pixel by pixel and enlarged, left as it is; --treat-as photo repairs it anyway"
            }
            Self::Drawn(Drawing::LookupTable) => {
                "a table of colours, left as it is; --treat-as photo repairs it anyway"
            }
            Self::Drawn(Drawing::NormalMap) => {
                "a normal map, left as it is; --treat-as photo repairs it anyway"
            }
            Self::Asked => "left as it is, as asked",
            Self::NotAsked => "strength 0 changes nothing",
            Self::DepthOnly => "nothing to repair, depth changed",
        }
    }
}

/// What [`crate::deband_with`] found and did.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What is known about the input.
    pub findings: Findings,
    /// The method chosen.
    pub method: &'static str,
    /// Were the samples kept inside their cells?
    pub faithful: bool,
    /// Does any sample differ, or the depth? `false`: identical samples.
    pub changed: bool,
    /// Why.
    pub reason: Reason,
    /// Depth of the result.
    pub depth: Depth,
    /// Largest mean shift of a plane, in 8-bit codes.
    pub mean_shift_codes: f32,
    /// Largest change of a sample, in 8-bit codes.
    pub max_change_codes: f32,
    /// Samples whose value differs, dither included.
    pub samples_moved: u64,
    /// Floating-point samples below black or above white that were cut off there.
    pub samples_clipped: u64,
    /// Wall-clock time of the whole job.
    pub seconds: f64,
}
