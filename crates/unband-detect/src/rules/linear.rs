//! Linear light.

use super::Rule;
use crate::evidence::Evidence;
use unband_image::findings::{Cause, Findings, Space};

pub(super) const RULE: Rule =
    Rule { name: "linear-light", when: "floating-point samples in linear light", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    // Grids of luma and chroma, blocks and palettes are steps of encoded values; linear light was never coded
    // that way.
    if !evidence.is_linear() {
        return None;
    }
    let combs = evidence.combs();
    if !combs.found() {
        return Some(evidence.plain_findings());
    }
    Some(evidence.findings(Cause::ToneCurve, Space::Native, combs.grids()))
}
