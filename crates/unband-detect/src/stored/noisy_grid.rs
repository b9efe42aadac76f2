//! Grids below a codec.

use super::{Evidence, Rule, native};
use unband_image::color::Range;
use unband_image::findings::{Cause, Findings};

pub(super) const RULE: Rule =
    Rule { name: "noisy-grid", when: "blurred levels of luma or chroma in limited range", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let (noisy, sharp) = evidence.blurred();
    let noisy = noisy.as_ref()?;
    let sharp = sharp.iter().flatten().any(|g| g.strength >= 0.9);
    if sharp || evidence.range != Range::Limited {
        return None;
    }
    let grids = native(noisy.named([2.0, 1.5, 1.5]).to_vec(), evidence.range);
    Some(evidence.found(Cause::RecodedGrid, grids, true))
}
