//! A grid of luma or chroma below a codec.

use super::Rule;
use crate::evidence::Evidence;
use crate::findings::CHROMA_CODE;
use crate::lattice::Lattice;
use unband_image::findings::Findings;

pub(super) const RULE: Rule = Rule { name: "noisy-grid", when: "blurred levels of luma or chroma", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let (noisy, matrix) = evidence.noisy(Lattice::none(), evidence.grey(), evidence.guard())?;
    Some(evidence.recoded_planes(&noisy, matrix, [2.0, CHROMA_CODE, CHROMA_CODE]))
}
