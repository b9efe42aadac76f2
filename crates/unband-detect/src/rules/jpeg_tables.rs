//! JPEG with its quantisation tables.

use super::Rule;
use crate::evidence::Evidence;
use unband_image::color::Subsampling;
use unband_image::findings::Findings;
use unband_image::origin::Codec;

pub(super) const RULE: Rule =
    Rule { name: "jpeg-tables", when: "the file is a JPEG with quantisation tables", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let Codec::Jpeg(jpeg) = &evidence.image.origin.codec else { return None };
    let luma = f32::from(jpeg.luma?[0]);
    let chroma = jpeg.chroma.map(|t| f32::from(t[0]));
    let half = jpeg.subsampling.is_none_or(|s| s != Subsampling::NONE);
    Some(evidence.jpeg_planes([Some(luma), chroma, chroma], half))
}
