//! Video without a grid or visible coding.

use super::Rule;
use unband_image::findings::Cause;

pub(super) const RULE: Rule = Rule {
    name: "video",
    when: "nothing else applies",
    applies: |evidence| {
        let step = if evidence.bits > 8 { DEEP } else { 1.0 };
        Some(evidence.without_grid(Cause::Video, step))
    },
};

/// Distance that `smooth` may move a sample of more than 8 bits, with 8-bit steps in it or coarse coding, in
/// 8-bit codes.
pub(super) const DEEP: f32 = 0.8;
