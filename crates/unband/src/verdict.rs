//! Grades of banding, and the verdict on an image.

use std::fmt;

use unband_detect::inspect_frame;
use unband_image::findings::Findings;
use unband_image::{Context, Image};
use unband_metrics::cambi;

/// Severity of banding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "files", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Grade {
    /// No banding.
    None,
    /// Banding in steps too small to be seen easily.
    Slight,
    /// Visible banding.
    Visible,
    /// Coarse steps over much of the image.
    Strong,
}

impl Grade {
    /// All, from best to worst.
    pub const ALL: [Self; 4] = [Self::None, Self::Slight, Self::Visible, Self::Strong];

    /// The word in output and options.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Slight => "slight",
            Self::Visible => "visible",
            Self::Strong => "strong",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Minimum share of the smooth area that banding must cover.
const LEAST: f32 = 0.01;
/// Share of the smooth area above which coarse steps are strong.
const MUCH: f32 = 0.25;

/// The grade of findings: the widest distance between levels, compared with the visibility limit of that
/// degradation.
///
/// The limits were fitted on every second training photo; the validation photos agree. Accuracy of the grade:
/// `docs/results/verdict.md`. Noise hides levels: an image whose bands a filter has only covered with grain
/// may get [`Grade::None`].
pub fn grade(findings: &Findings) -> Grade {
    let share = findings.banded_share;
    let (step, limit) = (step(findings), findings.cause.visible_step_codes());
    if !findings.visible || share < LEAST {
        Grade::None
    } else if step >= 2.0 * limit && share > MUCH {
        Grade::Strong
    } else if step >= limit {
        Grade::Visible
    } else {
        Grade::Slight
    }
}

/// Widest distance between neighbouring levels, in 8-bit codes; for a codec, the size of its traces.
fn step(findings: &Findings) -> f32 {
    if findings.coded_codes > 0.0 {
        return findings.coded_codes;
    }
    let steps = findings.grids.iter().map(|grid| match &grid.steps_by_code {
        Some(steps) => steps.iter().copied().fold(0.0, f32::max),
        None => grid.step_codes,
    });
    steps.fold(0.0, f32::max)
}

/// CAMBI from which bands in a video frame are included, and from which they are visible. The metric's
/// authors place the visibility threshold of viewers at 5 (Tandon et al., "CAMBI: Contrast-aware Multiscale
/// Banding Index", 2021).
const CAMBI_COUNTS: f64 = 3.0;
const CAMBI_SEEN: f64 = 5.0;
/// At more than 8 bits: minimum share of the smooth area next to steps of about one 8-bit code, with a CAMBI
/// above [`CAMBI_COUNTS`], above [`CAMBI_SEEN`], and without any.
///
/// Dark slopes have a CAMBI from their own fine steps, which are not a degradation. On the validation photos,
/// clean frames have up to 0.18 (a fade to black, with a CAMBI of 6). Well coded ones have up to 0.73 without
/// CAMBI and 0.45 with it, those that contain 8-bit bands 0.78 and more.
const DEEP_COUNTS: f32 = 0.5;
const DEEP_SEEN: f32 = 0.3;
const DEEP_ALONE: f32 = 0.95;

/// Findings and grade of a video frame.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GradedFindings {
    /// The findings. `visible` is set where the grade is not [`Grade::None`].
    pub findings: Findings,
    /// The grade.
    pub grade: Grade,
}

/// Inspects a video frame as stored. The result does not depend on the codec that the file names.
///
/// Bands in luma and chroma are graded by the findings and by CAMBI, which also sees steps of one code and
/// those of more than 8 bits.
pub fn look_at_frame(image: &Image, ctx: &Context<'_>) -> GradedFindings {
    let mut findings = inspect_frame(image, ctx);
    if findings.float_codes.is_some() {
        // Each frame would have codes of its own.
        findings = Findings::plain(image.planes.len(), image.depth.bits());
    }
    // All frames of a shot get the same treatment: a single frame is never a drawing.
    findings.drawing = None;
    let mut seen = grade(&findings);
    if seen < Grade::Visible {
        // Frames too small for CAMBI have none.
        let cambi =
            cambi::score_image(image, &cambi::Options::default(), ctx).map_or(0.0, |report| report.score);
        seen = seen.max(by_cambi(cambi, &findings));
    }
    findings.visible = seen > Grade::None;
    GradedFindings { findings, grade: seen }
}

/// The verdict on an image or a video frame.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Verdict {
    /// The grade of the banding.
    pub grade: Grade,
    /// Share of the smooth area in bands, 0 to 1; 0 where the grade is [`Grade::None`].
    pub share: f32,
    /// The cause as a word; `None` where the grade is [`Grade::None`].
    pub cause: Option<&'static str>,
    /// The traces that were found, even if they are not banding.
    pub finding: Finding,
    /// In one line: "banding: visible, 34 % of the smooth area, from 6 bits per channel".
    pub line: String,
}

/// Traces in an image, visible or not.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// Share of the smooth area that has them, 0 to 1.
    pub share: f32,
    /// Their cause, as a word.
    pub cause: &'static str,
    /// The finding, as a sentence.
    pub sentence: String,
}

impl Verdict {
    /// From the findings in an image.
    pub fn new(findings: &Findings) -> Self {
        Self::graded(findings, grade(findings))
    }

    /// For a video frame as stored, by [`look_at_frame`].
    pub fn of_frame(frame: &Image, ctx: &Context<'_>) -> Self {
        Self::of_seen(&look_at_frame(frame, ctx))
    }

    /// From the findings in a video frame.
    pub fn of_seen(seen: &GradedFindings) -> Self {
        Self::graded(&seen.findings, seen.grade)
    }

    fn graded(findings: &Findings, grade: Grade) -> Self {
        let finding = Finding {
            share: findings.banded_share,
            cause: findings.cause_word(),
            sentence: findings.sentence(),
        };
        let banded = grade > Grade::None;
        Self {
            grade,
            share: if banded { finding.share } else { 0.0 },
            cause: banded.then_some(finding.cause),
            finding,
            line: line(findings, grade),
        }
    }

    /// Is there more banding than in the other one?
    pub fn is_worse(&self, than: &Self) -> bool {
        (self.grade, self.share) > (than.grade, than.share)
    }
}

fn line(findings: &Findings, grade: Grade) -> String {
    if grade == Grade::None {
        let noise = findings.cause.noise().map_or_else(String::new, |noise| format!(", {noise}"));
        return format!("banding: none{noise}");
    }
    let share = findings.banded_share * 100.0;
    format!("banding: {grade}, {share:.0} % of the smooth area, from {}", findings.origin())
}

fn by_cambi(cambi: f64, findings: &Findings) -> Grade {
    let share = findings.banded_share;
    let deep = findings.effective_bits > 8;
    let needed = |least: f32| if deep { least } else { 0.0 };
    match () {
        () if deep && share >= DEEP_ALONE => Grade::Visible,
        () if cambi >= CAMBI_SEEN && share >= needed(DEEP_SEEN) => Grade::Visible,
        () if cambi >= CAMBI_COUNTS && share >= needed(DEEP_COUNTS) => Grade::Slight,
        () => Grade::None,
    }
}

#[cfg(test)]
mod tests;
