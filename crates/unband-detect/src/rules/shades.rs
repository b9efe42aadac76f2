//! Grey of few bits, tinted: shades of one hue.

use super::Rule;
use crate::evidence::Evidence;
use crate::{palette, shades};
use unband_image::findings::Findings;

pub(super) const RULE: Rule = Rule { name: "shades", when: "even shades of one hue", applies };

/// Minimum saturation, in codes: below, the rules of greys decide.
const TINTED: u8 = 12;

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let colours = evidence.colours();
    let few = !evidence.lossy() && evidence.effective.eight() && colours.all <= 256;
    if !few || colours.spread < TINTED {
        return None;
    }
    shades::step(colours.list.iter().copied())?;
    Some(palette::with_steps(evidence, palette::look(&evidence.codes)))
}
