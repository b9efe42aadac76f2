//! Video without a grid or visible coding.

use super::{Evidence, Rule};
use unband_image::findings::{Cause, Findings};

pub(super) const RULE: Rule =
    Rule { name: "video", when: "nothing else applies", applies: |evidence| Some(findings(evidence)) };

/// Distance that `smooth` may move a sample of more than 8 bits, with 8-bit steps in it or coarse coding, in
/// 8-bit codes.
pub(super) const DEEP: f32 = 0.8;

/// Findings of video without a grid or visible coding.
pub(super) fn findings(evidence: &Evidence<'_>) -> Findings {
    evidence.without_grid(Cause::Video, if evidence.bits > 8 { DEEP } else { 1.0 })
}
