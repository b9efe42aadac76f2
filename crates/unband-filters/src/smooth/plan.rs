//! Plan of `smooth`: processed planes, their intervals, and priors.

use unband_image::findings::{Cause, Findings, Space};
use unband_image::{Context, Image, Model, Window};
use unband_simd::Level;

use super::Buffers;
use super::grid::Grid;
use super::intervals::Intervals;
use super::neutral::Neutral;
use super::source::PlaneSource;
use super::surface;

/// Widest intervals that pay after a lossy image codec, for luma and chroma, in codes. What is wider in flat
/// areas is the codec's error at some samples, and grain at more. Chosen on even photos kept for choosing,
/// after x264, x265, VP9, AV1, MPEG-2 and WebP, reported on odd ones (`docs/how/smooth.md`).
const CODED: [f32; 2] = [2.0, 1.5];

/// One plane's part of the plan.
pub(super) struct PlanePlan {
    pub source: PlaneSource,
    pub intervals: Intervals,
    /// Surface of the second pyramid level for the whole image; `None` for images too small for one.
    pub coarse: Option<Grid>,
    pub levels: usize,
    /// Pull to the centre of the interval, or to the preferred value in it, per level.
    pub pull: [f32; surface::LEVELS],
    /// Prior for wide chroma intervals.
    pub neutral: Option<Neutral>,
    /// Added to the correction where the plane is not black, in codes.
    pub lift: f32,
    /// Luma's index in the plan, for chroma without a coarse grid, which follows luma's level changes.
    pub follows: Option<usize>,
}

impl PlanePlan {
    /// Fills `b.v[0]` (interval units) and, with a prior, `b.m[0]` over a window.
    pub(super) fn fill(&self, level: Level, image: &Image, window: Window, b: &mut Buffers) {
        b.v[0].reshape(window.width(), window.height());
        let corner = (window.x0, window.y0);
        self.intervals.fill(level, image, self.source, corner, &mut b.v[0], &mut b.codes);
        if let Some(neutral) = &self.neutral {
            let [m, spare] = &mut b.m;
            neutral.fill(level, image, corner, &b.v[0], [m, &mut b.other, spare]);
        }
    }
}

/// Is chroma behind RGB processed at half size?
pub(super) fn halved(image: &Image, findings: &Findings) -> bool {
    matches!(findings.space, Space::Yuv { .. }) && image.color.model == Model::Rgb && findings.half_chroma
}

/// Interval widths of R, G and B where the channels can be coupled: unless a lossy codec mixed them.
pub(super) fn couples(image: &Image, findings: &Findings) -> Option<[f32; 3]> {
    let rgb = image.color.model == Model::Rgb && findings.space == Space::Native && !findings.lossy;
    let steps = [0, 1, 2].map(|c| findings.grids.get(c).map_or(0.0, |grid| grid.step_codes));
    (rgb && steps.iter().all(|&s| s > 0.0)).then_some(steps)
}

/// The plan for each plane of the detected space; empty when there is nothing to do.
pub(super) fn plan(image: &Image, findings: &Findings, strength: f32, ctx: &Context<'_>) -> Vec<PlanePlan> {
    let half = halved(image, findings);
    let sources: Vec<PlaneSource> = match (findings.space, image.color.model) {
        (Space::Yuv { matrix, .. }, Model::Rgb) => (0..3)
            .map(|component| PlaneSource::Yuv { component, matrix, half: half && component > 0 })
            .collect(),
        (_, model) => (0..image.planes.len())
            .map(|plane| {
                let chroma = plane > 0 && matches!(model, Model::Yuv { .. });
                PlaneSource::Stored { plane, zero: if chroma { 0.5 } else { 0.0 } }
            })
            .collect(),
    };
    let is_yuv =
        matches!(findings.space, Space::Yuv { .. }) || matches!(image.color.model, Model::Yuv { .. });
    let depth = match findings.space {
        Space::Native | Space::Rgb => image.depth,
        Space::Yuv { .. } => unband_image::Depth::F32,
    };
    let coded = findings.lossy || matches!(findings.cause, Cause::Coded | Cause::Jpeg);
    let mut plans = Vec::new();
    for (i, (&source, grid)) in sources.iter().zip(&findings.grids).enumerate() {
        let samples: &[f32] = match source {
            PlaneSource::Stored { plane, .. } => &image.planes[plane].data,
            PlaneSource::Yuv { .. } => &[],
        };
        let chroma = is_yuv && i > 0;
        let Some(mut intervals) = Intervals::new(findings.cause, grid, depth, samples) else {
            return Vec::new();
        };
        if let (Intervals::Even(step), Cause::Coded) = (&mut intervals, findings.cause) {
            *step = step.min(CODED[usize::from(chroma)]);
        }
        let (w, h) = source.size(image);
        let wide = chroma && grid.step_codes > 2.0;
        let neutral = (wide && sources.len() == 3).then(|| {
            let mut neutral = Neutral::new(grid.step_codes, sources[3 - i], findings.grids[3 - i].step_codes);
            neutral.measure(ctx, image, source, grid.step_codes);
            neutral
        });
        plans.push(PlanePlan {
            source,
            intervals,
            coarse: None,
            levels: surface::level_count(w, h),
            pull: if chroma { surface::PULL_OF_COLOUR } else { surface::PULL }
                .map(|pull| pull / strength.max(1.0)),
            neutral,
            lift: if is_yuv && i == 0 { findings.darkened_codes } else { 0.0 },
            follows: (chroma && !wide && !coded).then_some(0),
        });
    }
    plans
}
