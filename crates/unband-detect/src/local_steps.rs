//! Bands of one width that no rule explains: after all others, in place of a cause with finer steps.
//!
//! Chosen on even images of `tools/make_mixes.py`, of codecs and of `tools/make_image_causes.py`.

use crate::evidence::Evidence;
use crate::rule::Rule;
use unband_image::With;
use unband_image::color::{Matrix, Range};
use unband_image::findings::{Cause, Findings, PlaneGrid};

/// Intervals in mean steps: contours between flats of three samples miss the widest steps.
const WIDER: f64 = 1.3;
/// Widest interval, in codes.
const WIDEST: f64 = 7.0;
/// Fewest contours among samples.
const CONTOURS: f64 = 0.004;

/// The rule, after the table: it compares its steps with the finding's.
pub(crate) const RULE: Rule<fn(&Evidence<'_>, &Findings) -> Option<Findings>> = Rule {
    name: "local-steps",
    when: "contours have steps of one width, wider than those of the cause found",
    applies: instead,
};

/// Findings in place of `found`. Only for files without loss: coefficients of others say more.
fn instead(evidence: &Evidence<'_>, found: &Findings) -> Option<Findings> {
    let own = f64::from(found.grids.first()?.step_codes);
    let guessed = match found.cause {
        Cause::Plain | Cause::Video | Cause::Coded | Cause::Jpeg | Cause::ToneCurve => true,
        Cause::RecodedGrid => own < 7.0,
        _ => false,
    };
    if !guessed || evidence.lossy() || evidence.codes.planes.len() != 3 || !evidence.effective.eight() {
        return None;
    }
    let contours = evidence.contours();
    let [Some(luma), ..] = contours.mean_steps() else { return None };
    if contours.density() < CONTOURS {
        return None;
    }
    let even = contours.small() <= 0.06;
    let applies = match found.cause {
        // Coded steps are of all sizes.
        Cause::Jpeg => luma >= 3.1 && luma >= 1.45 * own,
        Cause::ToneCurve => even && luma >= 3.0 * own,
        Cause::RecodedGrid => contours.small() <= 0.3 && luma >= 0.97 * own,
        _ => even && luma >= 1.3 * own,
    };
    let steps = contours
        .mean_steps()
        .map(|step| PlaneGrid::plain(step.map_or(1.0, |step| (WIDER * step).min(WIDEST)) as f32));
    applies.then(|| {
        evidence.in_yuv(Cause::LocalSteps, Matrix::Bt709, Range::Full, steps).but(|new| {
            new.lossy = found.lossy;
            new.half_chroma = found.half_chroma;
        })
    })
}
