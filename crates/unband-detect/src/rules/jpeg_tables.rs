//! JPEG with its quantisation tables.

use super::Rule;
use crate::evidence::Evidence;
use crate::lattice::Lattice;
use unband_image::color::Subsampling;
use unband_image::findings::Findings;
use unband_image::origin::Codec;

pub(super) const RULE: Rule =
    Rule { name: "jpeg-tables", when: "the file is a JPEG with quantisation tables", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let Codec::Jpeg(jpeg) = &evidence.image.origin.codec else { return None };
    let luma = f32::from(jpeg.luma?[0]);
    let chroma = jpeg.chroma.map(|t| f32::from(t[0]));
    // A fine JPEG preserves the grid of its input.
    if luma < 16.0
        && let Some((noisy, matrix)) = evidence.noisy(Lattice::none(), evidence.codes.planes.len() == 1, 0.0)
    {
        let step = |q: f32| (q / 8.0).max(1.5);
        let chroma = chroma.map_or(1.5, step);
        return Some(evidence.recoded(&noisy, matrix, [step(luma), chroma, chroma]));
    }
    if luma < 16.0
        && let Some(found) = evidence.recoded_channels(0.0)
    {
        return Some(found);
    }
    let half = jpeg.subsampling.is_none_or(|s| s != Subsampling::NONE);
    Some(evidence.jpeg_planes([Some(luma), chroma, chroma], half))
}
