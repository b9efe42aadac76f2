//! Expanded limited range among few colours.

use super::Rule;
use crate::evidence::Evidence;
use crate::lattice::Lattice;
use unband_image::findings::Findings;

pub(super) const RULE: Rule =
    Rule { name: "limited-range", when: "few colours with the gaps of expanded limited range", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    evidence.limited_gaps().then(|| evidence.video_findings(&Lattice::none()))
}
