//! JPEG blocks in a file that does not say so.

use super::Rule;
use crate::evidence::ENOUGH;
use crate::evidence::Evidence;
use crate::jpeg::{blockiness, dc_step};
use crate::planes::Channel;
use unband_image::color::{Matrix, Range};
use unband_image::findings::Findings;

pub(super) const RULE: Rule =
    Rule { name: "jpeg-blocks", when: "flat 8×8 blocks on the steps of a JPEG quantiser", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    if !evidence.few_colours() || evidence.limited_gaps() {
        return None;
    }
    let (colours, luma) =
        (evidence.colours(), evidence.source(Channel::Luma, Matrix::Bt601, Range::Full, false));
    // A palette's few colours change anywhere, a JPEG's at its blocks.
    let palette_like = colours.complete && colours.all <= 256 && colours.all > 2 * colours.greys;
    let blocks = || evidence.flat_blocks() || blockiness(&luma, &luma.squares(ENOUGH)) >= 1.15;
    if palette_like && !blocks() {
        return None;
    }
    // A quantiser step of 8 is one code, as in any flat 8-bit image.
    let step = dc_step(&luma, false, ENOUGH).filter(|&step| step >= 10)?;
    Some(evidence.jpeg_blocks(step))
}
