//! A coarse grid below a fine JPEG, blurred by it.

use super::Rule;
use crate::evidence::Evidence;
use crate::findings::jpeg_step;
use crate::lattice::Lattice;
use unband_image::findings::Findings;
use unband_image::origin::Codec;

pub(super) const RULE: Rule =
    Rule { name: "jpeg-noisy", when: "flat areas of a fine JPEG are near a coarse grid", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let Codec::Jpeg(jpeg) = &evidence.image.origin.codec else { return None };
    let luma = f32::from(jpeg.luma?[0]);
    if luma >= 16.0 {
        return None;
    }
    if let Some((noisy, matrix)) = evidence.noisy(Lattice::none(), evidence.codes.planes.len() == 1, 0.0) {
        let chroma = jpeg_step(jpeg.chroma.map(|table| f32::from(table[0])));
        return Some(evidence.recoded_planes(&noisy, matrix, [jpeg_step(Some(luma)), chroma, chroma]));
    }
    evidence.recoded_channels(0.0)
}
