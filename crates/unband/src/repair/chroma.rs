//! Half-size chroma behind red, green and blue: restored at its own size, and upscaled along the edges of
//! luma.

use unband_filters::chroma_guide::ChromaGuide;
use unband_image::Restorer;
use unband_image::findings::{Findings, Space};

use super::{Repair, Work, Wrapped};
use crate::faithful::{half_chroma, may_have_half_chroma};
use crate::networks::STRENGTH;

pub(crate) struct HalfChroma;

impl Repair for HalfChroma {
    fn applies(&self, findings: &Findings) -> bool {
        may_have_half_chroma(findings)
    }

    fn wrap(&self, work: &Work<'_>, inner: Box<dyn Restorer>) -> Wrapped {
        Wrapped::Open(match work.findings.space {
            Space::Yuv { matrix, .. } if half_chroma(work.image, work.findings, work.ctx) == Some((0, 0)) => {
                let strength = work.choices.method.get(STRENGTH).unwrap_or(1.0f32);
                Box::new(ChromaGuide::upsampling(inner, matrix, (2, 2)).weakened(strength.min(1.0)))
            }
            _ => inner,
        })
    }
}
