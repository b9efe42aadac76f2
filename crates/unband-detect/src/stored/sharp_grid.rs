//! Sharp grids in histograms of flat windows.

use super::{Evidence, Rule};
use unband_image::findings::Findings;

pub(super) const RULE: Rule =
    Rule { name: "sharp-grid", when: "flat windows of planes are on a grid", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let (_, sharp) = evidence.blurred();
    evidence.clean(sharp)
}
