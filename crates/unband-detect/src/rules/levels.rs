//! Fewer bits per channel, in a file without loss.

use super::Rule;
use crate::deep;
use crate::evidence::Evidence;
use crate::levels::{self, Levels, agreed, level_grids};
use unband_image::findings::{Cause, Findings, Space};

pub(super) const RULE: Rule =
    Rule { name: "levels", when: "channels have the levels of 4 to 7 bits", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    // No lossy codec preserves RGB levels, so any apparent ones are chance.
    if evidence.lossy() {
        return None;
    }
    let eight = evidence.effective.eight();
    let each: Vec<Option<Levels>> =
        if eight { levels::of_channels(evidence.histograms(), 4..=7) } else { deep::levels(evidence.image) };
    if !agreed(&each) {
        return None;
    }
    let unit = if eight { evidence.unit() } else { deep::unit(evidence.image.depth) };
    let grids = level_grids(&each, unit, 1.0);
    let mut found = evidence.findings(Cause::Levels, Space::Native, grids);
    found.effective_bits = each.iter().flatten().map(|l| l.bits).max().unwrap_or(8);
    if eight {
        found.regions = Some(evidence.tiles().regions(&each)).filter(|r| !r.everywhere());
    }
    Some(found)
}
