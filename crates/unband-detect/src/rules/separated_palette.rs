//! A palette of colours far apart, regardless of grids.

use super::Rule;
use crate::evidence::Evidence;
use unband_image::findings::{Cause, Findings};

pub(super) const RULE: Rule = Rule { name: "separated-palette", when: "few colours far apart", applies };

/// Mean distance of colours, in codes, above which they come from a palette regardless of any grid.
const FAR_APART: f64 = 2.5;

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let found = evidence.palette().filter(|found| found.cause == Cause::Palette)?;
    (evidence.colours().apart() >= FAR_APART).then(|| found.clone())
}
