//! Evenly spaced levels of any step.

use super::Rule;
use crate::evidence::Evidence;
use crate::levels::{Levels, agreed, even_levels, level_grids};
use unband_image::findings::{Cause, Findings, Space};

pub(super) const RULE: Rule =
    Rule { name: "even-levels", when: "channels have evenly spaced levels", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    if evidence.lossy() || !evidence.effective.eight() {
        return None;
    }
    let each: Vec<Option<Levels>> = evidence.histograms().iter().map(|h| even_levels(h)).collect();
    // The flat blocks of a coarse JPEG have even levels too.
    if !agreed(&each) || evidence.flat_blocks() {
        return None;
    }
    Some(evidence.findings(Cause::Levels, Space::Native, level_grids(&each, evidence.unit(), 1.0)))
}
