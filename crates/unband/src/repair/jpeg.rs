//! Results inside the intervals of JPEG coefficients: those that the file stores, and those of a coding that
//! it does not record.

use unband_filters::jpeg_bounds::{JpegBounds, JpegDeblock, recover};
use unband_image::Restorer;
use unband_image::findings::{Cause, Findings};

use super::{Repair, Work, Wrapped};
use crate::faithful::Faithful;
use crate::networks;

/// Stored coefficients, where the image is still what its file decodes to. Results inside their intervals
/// need no others.
pub(crate) struct JpegFile;

impl Repair for JpegFile {
    fn applies(&self, _: &Findings) -> bool {
        true
    }

    fn is_for_all_methods(&self) -> bool {
        true
    }

    fn wrap(&self, work: &Work<'_>, inner: Box<dyn Restorer>) -> Wrapped {
        if work.choices.faithful != Faithful::File {
            return Wrapped::Open(inner);
        }
        // unband's own methods leave the quantisation noise to it.
        let method = &work.choices.method;
        let averaged = networks::averages_blocks(method, work.image, work.findings);
        let bounded = if method.entry().ours && !averaged {
            JpegDeblock::around(work.image, inner).map(JpegDeblock::guided)
        } else {
            JpegBounds::around(work.image, inner).map(|bounds| Box::new(bounds) as Box<dyn Restorer>)
        };
        bounded.map_or_else(Wrapped::Open, Wrapped::Bounded)
    }
}

/// The coefficients of an earlier coding, where its blocks were found.
pub(crate) struct EarlierJpeg;

impl Repair for EarlierJpeg {
    fn applies(&self, findings: &Findings) -> bool {
        findings.cause == Cause::Jpeg && findings.grids.first().is_some_and(|grid| grid.found)
    }

    fn wrap(&self, work: &Work<'_>, inner: Box<dyn Restorer>) -> Wrapped {
        let step = work.findings.grids.first().map_or(0.0, |grid| grid.step_codes);
        let Some(stored) = recover(work.image, (8.0 * step).round() as u16, work.ctx.level) else {
            return Wrapped::Open(inner);
        };
        Wrapped::Open(match JpegDeblock::within(work.image, &stored, inner) {
            Ok(bounds) => bounds.guided(),
            Err(inner) => inner,
        })
    }
}
