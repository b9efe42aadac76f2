//! Half-size chroma behind red, green and blue: restored at its own size, and upscaled along the edges of
//! luma.

use unband_filters::chroma_guide::{ChromaGuide, half_size};
use unband_image::findings::{Cause, Findings, Space};
use unband_image::{Model, Restorer};

use super::{Repair, Work, Wrapped};

pub(crate) struct HalfChroma;

impl Repair for HalfChroma {
    /// Frames that were quantised and then coded keep their chroma: the coding's errors are in the way.
    fn applies(&self, findings: &Findings) -> bool {
        let recoded = findings.cause == Cause::RecodedGrid && findings.lossy;
        findings.half_chroma && !recoded && !findings.resized && findings.regions.is_none()
    }

    fn wrap(&self, work: &Work<'_>, inner: Box<dyn Restorer>) -> Wrapped {
        Wrapped::Open(match work.findings.space {
            Space::Yuv { matrix, .. }
                if work.image.color.model == Model::Rgb && half_size(work.image, matrix, work.ctx) =>
            {
                Box::new(ChromaGuide::upsampling(inner, matrix, (2, 2)))
            }
            _ => inner,
        })
    }
}
