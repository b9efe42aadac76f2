//! Few levels of red, green and blue, then resized: not to be mistaken for levels of luma.

use super::Rule;
use crate::evidence::Evidence;
use unband_image::findings::Findings;

pub(super) const RULE: Rule = Rule {
    name: "resized-channels",
    when: "flat areas have nothing but the levels of 4 to 6 bits, contours are soft",
    applies,
};

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let (found, sure) = evidence.resized()?;
    (*sure && evidence.partial_levels().is_none()).then(|| found.clone())
}
