//! A grid of grey below a codec.

use super::Rule;
use crate::evidence::Evidence;
use crate::noisy;
use unband_image::findings::Findings;

pub(super) const RULE: Rule = Rule { name: "grey-channels", when: "blurred levels of grey", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    // Colours without traces of a codec are quantised in a part of the image at most.
    if !evidence.grey() {
        return None;
    }
    evidence.recoded_channels(evidence.guard() + noisy::limits::GREY)
}
