//! Degradations that the detector finds: everything that differs between them, and is the same for all users.
//!
//! A new cause is a variant here, and a rule of the detector that finds it. The compiler reports what is
//! missing.

use super::describe::shared_levels;
use super::{Findings, Space};
use crate::light_codes::LightCurve;

/// Detected cause: the row of the decision table that fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Cause {
    /// Samples are on the container's own grid, and on no coarser one.
    Plain,
    /// Fewer bits per RGB or grey channel than the container holds.
    Levels,
    /// A palette of few colours.
    Palette,
    /// Planes of `YCbCr` on a coarse grid, not coded again.
    PlaneGrid,
    /// Planes of `YCbCr` on a coarse grid, then coded again with loss.
    RecodedGrid,
    /// JPEG, with quantiser steps known or estimated.
    Jpeg,
    /// A lossy video or image codec; no grid.
    Coded,
    /// 8-bit `YCbCr` without visible coding.
    Video,
    /// Histogram comb: codes stretched by a tone curve after quantisation.
    ToneCurve,
    /// Steps between flat areas, which none of the other causes explains.
    LocalSteps,
    /// Bands of a width that the user has stated; none of their causes was found.
    Declared,
}

impl Cause {
    /// All, in the order of declaration.
    pub const ALL: [Self; 11] = [
        Self::Plain,
        Self::Levels,
        Self::Palette,
        Self::PlaneGrid,
        Self::RecodedGrid,
        Self::Jpeg,
        Self::Coded,
        Self::Video,
        Self::ToneCurve,
        Self::LocalSteps,
        Self::Declared,
    ];

    /// Is it a grid that is coarser than the container's?
    pub fn is_coarse_grid(self) -> bool {
        match self {
            Self::Levels | Self::Palette | Self::PlaneGrid | Self::RecodedGrid | Self::Declared => true,
            Self::Plain | Self::Video | Self::Coded | Self::Jpeg | Self::ToneCurve | Self::LocalSteps => {
                false
            }
        }
    }

    /// Smallest visible step, in 8-bit codes. A codec blurs its steps, and its traces include chroma; steps
    /// of a tone curve are as sharp as steps can be.
    pub fn visible_step_codes(self) -> f32 {
        match self {
            Self::ToneCurve => 1.05,
            Self::Coded | Self::Video => 2.2,
            Self::Jpeg => 2.5,
            Self::Plain | Self::Levels | Self::Palette | Self::PlaneGrid | Self::RecodedGrid => 1.6,
            Self::LocalSteps | Self::Declared => 0.0,
        }
    }

    /// The noise that it leaves where no band is visible, in words; `None` for a cause without noise.
    pub fn noise(self) -> Option<&'static str> {
        match self {
            Self::Jpeg => Some("JPEG noise"),
            Self::Coded => Some("compression noise"),
            _ => None,
        }
    }
}

impl Findings {
    /// The name of the curve from codes to linear light.
    pub fn light_curve(&self) -> Option<&'static str> {
        let curve = self.float_codes.as_ref()?.light()?.curve;
        (curve != LightCurve::Linear).then(|| curve.name())
    }

    /// Identifier of the cause, for machine-readable output.
    pub fn cause_word(&self) -> &'static str {
        match self.cause {
            Cause::Plain => "plain",
            Cause::Levels => "levels",
            Cause::Palette => "palette",
            Cause::PlaneGrid => "plane-grid",
            Cause::RecodedGrid => "recoded-grid",
            Cause::Jpeg => "jpeg",
            Cause::Coded => "coded",
            Cause::Video => "video",
            Cause::ToneCurve => "tone-curve",
            Cause::LocalSteps => "local-steps",
            Cause::Declared => "declared",
        }
    }

    /// The cause in a part of a sentence.
    pub(super) fn cause_sentence(&self) -> String {
        if let (Some(noise), false) = (self.cause.noise(), self.visible) {
            return noise.to_owned();
        }
        let space = match self.space {
            Space::Native | Space::Rgb => String::new(),
            Space::Yuv { matrix, range } => format!(", {} {}", matrix.name(), range.name()),
        };
        let cut = self.cuts(self.names());
        let step = self.grids.first().map_or(0.0, |g| g.step_codes);
        match self.cause {
            Cause::Plain if let Some(steps) = self.steps_in_words() => format!("{steps}, no coarser grid"),
            Cause::Plain if self.effective_bits > 16 => "floating-point samples, not quantised".to_owned(),
            Cause::Plain => format!("{} bits per sample, no coarser grid", self.effective_bits),
            Cause::Levels => cut,
            Cause::Palette => format!("few colours without dither, steps of about {step:.1} codes"),
            Cause::PlaneGrid => format!("{cut}{space}"),
            Cause::RecodedGrid if self.space == Space::Rgb => {
                format!("{cut}, then converted to luma and chroma")
            }
            Cause::RecodedGrid => format!("{cut}{space}, then re-encoded with loss"),
            Cause::Jpeg => format!("JPEG, flat blocks differ by steps of {step:.1} codes"),
            Cause::Coded if self.coded_on_no_grid() => "lossy compression".to_owned(),
            Cause::Coded => format!("lossy compression, flat areas differ by about {step:.1} codes{space}"),
            Cause::Video if self.effective_bits > 8 => {
                format!("{} bits per sample, no visible compression", self.effective_bits)
            }
            Cause::Video => format!("8-bit video colours{space}, no visible compression"),
            Cause::ToneCurve => "8 bits stretched by a tone curve, gaps in the histogram".to_owned(),
            Cause::LocalSteps => {
                format!("bands of about {:.1} codes, cause unknown", self.unexplained_step())
            }
            Cause::Declared => format!("{}, as declared", self.declared_bands()),
        }
    }

    /// The origin of the banding, in a few words: "6 bits per channel".
    pub fn origin(&self) -> String {
        match self.cause {
            Cause::Plain if let Some(steps) = self.steps_in_words() => steps,
            Cause::Plain => match self.effective_bits {
                bits @ 1..=16 => format!("{bits} bits per channel"),
                _ => "steps in the image itself".to_owned(),
            },
            Cause::Levels if self.resized => format!("{}, resized since", shared_levels(&self.grids)),
            Cause::Levels => shared_levels(&self.grids),
            Cause::Palette => "a palette of few colours".to_owned(),
            Cause::PlaneGrid => self.plane_levels(),
            Cause::RecodedGrid if self.space == Space::Rgb => {
                format!("{} behind luma and chroma", self.plane_levels())
            }
            Cause::RecodedGrid => format!("{}, compressed since", self.plane_levels()),
            Cause::Jpeg => "JPEG".to_owned(),
            Cause::Coded => "a lossy codec".to_owned(),
            Cause::Video if self.effective_bits > 8 => "8-bit steps in a deeper file".to_owned(),
            Cause::Video => "8-bit video colours".to_owned(),
            Cause::ToneCurve => "a tone curve applied to 8 bits".to_owned(),
            Cause::LocalSteps => {
                format!("an unknown cause, steps of about {:.1} codes", self.unexplained_step())
            }
            Cause::Declared => format!("{}, as declared", self.declared_bands()),
        }
    }

    /// "whole steps of 0.5 in floating point, -9999 where missing".
    fn steps_in_words(&self) -> Option<String> {
        let steps = self.float_codes.as_ref()?.steps()?;
        let missing = steps.missing.map_or_else(String::new, |number| format!(", {number} where missing"));
        Some(format!("whole steps of {} in floating point{missing}", steps.step))
    }

    /// ", then converted to linear light (sRGB)".
    pub(super) fn conversion_to_light(&self) -> String {
        let of = |curve| format!(", then converted to linear light ({curve})");
        self.light_curve().map_or_else(String::new, of)
    }

    /// The widest step of a plane.
    fn unexplained_step(&self) -> f32 {
        self.grids.iter().fold(0.0, |most, grid| most.max(grid.step_codes))
    }

    /// The width of declared bands: "6 bits per channel", "steps of 4.0, 2.0, 4.0 codes".
    fn declared_bands(&self) -> String {
        let steps: Vec<String> = self.grids.iter().map(|grid| format!("{:.1}", grid.step_codes)).collect();
        match steps.split_first() {
            Some((first, rest)) if rest.iter().any(|step| step != first) => {
                format!("steps of {} codes", steps.join(", "))
            }
            _ => shared_levels(&self.grids),
        }
    }
}
