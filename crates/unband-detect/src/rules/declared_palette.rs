//! A palette that the file declares.

use super::Rule;
use crate::evidence::Evidence;
use crate::palette;
use unband_image::findings::Findings;

pub(super) const RULE: Rule = Rule { name: "declared-palette", when: "the file declares a palette", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    palette::findings(evidence, true)
}
