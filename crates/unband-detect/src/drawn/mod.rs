//! Detection of images with intentional plateaus: flat artwork, repeated pixels, lookup tables, normal maps.
//!
//! A photo or a gradient that lost levels has plateaus too, but a different structure: neighbouring plateaus
//! differ by one step of one plane, planes step in different places, and noise breaks the outlines. Rules and
//! limits were chosen on seeds 0 to 29 of `tools/make_drawings.py` and on photos kept for such choices;
//! rates: `docs/guide/artwork.md`.

mod borders;
mod census;
mod codec;
mod data;
mod rules;
#[cfg(test)]
mod tests;
mod wedge;

use std::sync::OnceLock;

use crate::explain::Fired;
use crate::planes::Codes;
use crate::rule;
use census::{Census, Scale};
use unband_image::findings::{Cause, Drawing, Findings};
use unband_image::image::{Image, Plane};

/// An image, its 8-bit codes and findings, and its plateaus, counted on first use.
pub(crate) struct Plateaus<'a> {
    image: &'a Image,
    codes: &'a Codes,
    found: &'a Findings,
    census: OnceLock<Option<Census>>,
}

impl Plateaus<'_> {
    /// Plateaus of samples with up to 8 bits, or with up to 256 values; `None` for others, and where nothing
    /// changes.
    fn census(&self) -> Option<&Census> {
        let take = || {
            let scale = Scale::of(self.found);
            if self.found.effective_bits <= 8 || self.is_one_to_one() {
                return Census::take(self.codes, &scale);
            }
            Census::take(&ranks(self.image)?, &Scale::UNIT)
        };
        self.census.get_or_init(take).as_ref()
    }

    /// Does each 8-bit code stand for one value?
    fn is_one_to_one(&self) -> bool {
        self.image.planes.iter().zip(&self.codes.planes).all(|(plane, codes)| {
            let mut values = [f32::NAN; 256];
            plane.data.iter().zip(codes).all(|(&value, &code)| {
                let known = &mut values[usize::from(code)];
                if known.is_nan() {
                    *known = value;
                }
                same(*known, value)
            })
        })
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

/// Have two samples the same bits?
fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits()
}

/// The samples of each plane by the ranks of their values; `None` for planes of more than 256 values. Labels
/// in deep files may be closer than 8-bit codes.
fn ranks(image: &Image) -> Option<Codes> {
    let ranked = |plane: &Plane| {
        let mut values: Vec<f32> = Vec::new();
        for run in plane.data.chunk_by(|a, b| same(*a, *b)) {
            if let Err(at) = values.binary_search_by(|known| known.total_cmp(&run[0])) {
                values.insert(at, run[0]);
            }
            if values.len() > 256 {
                return None;
            }
        }
        let rank = |value: &f32| values.binary_search_by(|known| known.total_cmp(value)).unwrap_or(0) as u8;
        let runs = plane.data.chunk_by(|a, b| same(*a, *b));
        Some(runs.flat_map(|run| std::iter::repeat_n(rank(&run[0]), run.len())).collect())
    };
    let planes = image.planes.iter().map(ranked).collect::<Option<_>>()?;
    Some(Codes { width: image.width(), height: image.height(), planes })
}

/// The rule that decides whether an RGB or grey image is a drawing, and its verdict; `None` for lossy files
/// and tiny images.
pub(crate) fn decide(image: &Image, codes: &Codes, found: &Findings) -> Option<(Fired, Option<Drawing>)> {
    if image.origin.is_lossy() || codes.len() < 64 {
        return None;
    }
    let plateaus = Plateaus { image, codes, found, census: OnceLock::new() };
    let (rule, verdict) = rule::first(rules::RULES, |applies| applies(&plateaus))?;
    Some((Fired::of(rule), verdict))
}
