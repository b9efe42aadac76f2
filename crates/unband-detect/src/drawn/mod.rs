//! Detection of images with intentional plateaus: flat artwork, repeated pixels, lookup tables, normal maps.
//!
//! A photo or a gradient that lost levels has plateaus too, but a different structure: neighbouring plateaus
//! differ by one step of one plane, planes step in different places, and noise breaks the outlines. Rules and
//! limits were chosen on seeds 0 to 29 of `tools/make_drawings.py` and on photos kept for such choices;
//! rates: `docs/guide/artwork.md`.

mod borders;
mod census;
mod codec;
mod colour_line;
mod data;
mod rules;
#[cfg(test)]
mod tests;
mod wedge;

use std::sync::OnceLock;

use crate::evidence::Evidence;
use crate::explain::Fired;
use crate::rule;
use census::{Census, Scale};
use unband_image::findings::{Cause, Drawing, Findings};

/// The evidence on an image, its findings, and its plateaus, counted on first use.
pub(crate) struct Plateaus<'a> {
    evidence: &'a Evidence<'a>,
    found: &'a Findings,
    census: OnceLock<Option<Census>>,
}

impl Plateaus<'_> {
    /// Plateaus of samples with up to 8 bits; `None` for others, and where nothing changes.
    fn census(&self) -> Option<&Census> {
        let take = || Census::take(&self.evidence.codes, &Scale::from_findings(self.found));
        self.census.get_or_init(|| if self.found.effective_bits > 8 { None } else { take() }).as_ref()
    }

    /// Are the levels those of a whole number of bits, spread or shifted?
    fn on_whole_bits(&self) -> bool {
        let whole = |step: f32| {
            (1..=8).any(|bits| {
                let levels = (1u32 << bits) as f32;
                (step - 255.0 / (levels - 1.0)).abs() < 0.03 || (step - 256.0 / levels).abs() < 0.03
            })
        };
        self.found.cause != Cause::Palette && self.found.grids.iter().all(|grid| whole(grid.step_codes))
    }
}

/// The rule that decides whether an RGB or grey image is a drawing, and its verdict; `None` for lossy files
/// and tiny images.
pub(crate) fn decide(evidence: &Evidence<'_>, found: &Findings) -> Option<(Fired, Option<Drawing>)> {
    if evidence.lossy() || evidence.codes.len() < 64 {
        return None;
    }
    let plateaus = Plateaus { evidence, found, census: OnceLock::new() };
    let (rule, verdict) = rule::first(rules::RULES, |applies| applies(&plateaus))?;
    match verdict {
        Some(Drawing::FlatColours | Drawing::FewColours) if (rules::WITHDRAWN.applies)(&plateaus) => {
            Some((Fired::from_rule(&rules::WITHDRAWN), None))
        }
        _ => Some((Fired::from_rule(rule), verdict)),
    }
}
