//! Histogram comb of a tone curve.

use super::Rule;
use crate::evidence::Evidence;
use unband_image::findings::{Cause, Findings, Space};

pub(super) const RULE: Rule =
    Rule { name: "tone-curve", when: "gaps in the histogram, in a file without loss", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    // No lossy codec preserves the gaps of a curve.
    let combs = evidence.combs();
    (combs.found() && !evidence.lossy())
        .then(|| evidence.findings(Cause::ToneCurve, Space::Native, combs.grids()))
}
