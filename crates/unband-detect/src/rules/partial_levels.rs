//! Levels in a part of the image.

use super::Rule;
use crate::dithered::PARTIAL;
use crate::evidence::Evidence;
use crate::levels::level_grids;
use unband_image::findings::{Cause, Findings, Space};

pub(super) const RULE: Rule =
    Rule { name: "partial-levels", when: "squares of the image have levels", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let each = evidence.partial_levels()?;
    let mut found =
        evidence.findings(Cause::Levels, Space::Native, level_grids(each, evidence.unit(), PARTIAL));
    found.regions = Some(evidence.tiles().regions(each));
    Some(found)
}
