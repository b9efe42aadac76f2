//! Few levels of red, green and blue, then resized: not to be mistaken for levels of luma.

use super::Rule;
use super::resized::of_channels;
use crate::evidence::Evidence;
use unband_image::findings::Findings;

pub(super) const RULE: Rule = Rule {
    name: "resized-channels",
    when: "flat areas have nothing but the levels of 4 to 6 bits, contours are soft",
    applies,
};

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let (found, sure) = of_channels(evidence)?;
    (sure && evidence.tiles().partial_levels().is_none()).then_some(found)
}
