//! Video with visible traces of a codec.

use super::video::DEEP;
use super::{Evidence, Rule};
use unband_image::findings::{Cause, Findings};

pub(super) const RULE: Rule = Rule { name: "coded", when: "visible traces of a codec", applies };

/// Distance that `smooth` may move a sample that was coded with loss, in 8-bit codes: one code for rounding,
/// and a little for the coding error. A larger value leaves fewer steps, but bends correct slopes. Found on
/// pans, zooms and fades over photos kept for choosing, after x264, x265, VP9 and AV1
/// (`docs/results/videos.md`).
const CODED: f32 = 1.12;
/// The same after coarse coding, whose error is larger than that of rounding. Two codes gain 0.2 dB more
/// after MPEG-4 and x264 at CRF 34, but bend smooth skies at CRF 24, whose blocks show as much, by 0.3 to
/// 1.4 dB.
const COARSE: f32 = 1.3;
/// Traces of a codec between which coding becomes coarse: x264 at CRF 28 has 4.7 to 5.9, at 34 5.2 to 6,
/// MPEG-4 at quantiser 8 the most, 6.
const TRACES: [f64; 2] = [5.0, 5.8];
/// The same for its blocks, since texture leaves traces, too. After a codec that smooths its block edges the
/// wider distance costs pans over smooth skies 0.4 dB of flat areas. MPEG-4 at quantiser 8 and MPEG-2 at 12
/// have 1.7 to 4.4, x264 at CRF 28 mostly 1.1 to 1.5.
const BLOCKS: [f64; 2] = [1.5, 1.9];

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let (coding, trace) = evidence.coding();
    let coded = coding.visible() && coding.favours_blocks(trace);
    coded.then(|| {
        let step = if evidence.bits > 8 { DEEP } else { step(trace, coding.blockiness) };
        evidence.without_grid(Cause::Coded, step)
    })
}

/// The distance for 8 bits.
fn step(trace: f64, blockiness: f64) -> f32 {
    let share = |value: f64, [from, to]: [f64; 2]| ((value - from) / (to - from)).clamp(0.0, 1.0) as f32;
    CODED + (COARSE - CODED) * share(trace, TRACES).min(share(blockiness, BLOCKS))
}
