//! A lossy file without a grid.

use super::Rule;
use crate::evidence::Evidence;
use unband_image::With;
use unband_image::findings::Findings;

pub(super) const RULE: Rule = Rule { name: "coded", when: "the file was coded with loss", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    evidence.lossy().then(|| evidence.video_findings(evidence.lattice()).but(|new| new.coded_codes = 0.0))
}
