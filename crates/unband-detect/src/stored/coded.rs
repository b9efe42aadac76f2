//! Video with visible traces of a codec.

use super::video::DEEP;
use super::{Evidence, Rule};
use unband_image::findings::{Cause, Findings};

pub(super) const RULE: Rule = Rule { name: "coded", when: "visible traces of a codec", applies };

/// Distance that `smooth` may move a sample that was coded with loss, in 8-bit codes: one code for rounding,
/// and a little for the coding error. A larger value leaves fewer steps, but bends correct slopes. Found on
/// pans, zooms and fades over photos kept for choosing, after x264, x265, VP9 and AV1
/// (`docs/results/videos.md`).
const CODED: f32 = 1.12;

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let (coding, trace) = evidence.coding();
    let coded = coding.visible() && coding.favours_blocks(trace);
    coded.then(|| evidence.without_grid(Cause::Coded, if evidence.bits > 8 { DEEP } else { CODED }))
}
