//! Scores of single images, and their table rows.

use std::fmt::Write;

use unband_image::{Context, Image};
use unband_metrics::{Clean, Fault, MetricError, false_steps, flat_psnr, psnr, ssim};

/// PSNR of equal images in dB, so that means exist.
const MOST_DB: f64 = 100.0;

/// Scores of one image.
#[derive(Clone, Copy, Default)]
pub(crate) struct Scores {
    /// PSNR over RGB.
    pub psnr: f64,
    /// SSIM over RGB.
    pub ssim: Option<f64>,
    /// PSNR where the clean image is smooth, if that area is large enough.
    pub flat: Option<f64>,
    /// False steps per 1,000 smooth samples, likewise.
    pub steps: Option<f64>,
}

impl Scores {
    /// Scores an image; only its PSNR if `fast`.
    pub(crate) fn new(image: &Image, gt: &Image, clean: &Clean, fast: bool) -> Result<Self, MetricError> {
        let mut scores = Self { psnr: capped_psnr(image, gt)?, ..Self::default() };
        if !fast {
            scores.ssim = Some(ssim::ENTRY.score(image, Some(gt), &Context::default())?.value);
            scores.flat = optional(flat_psnr::flat_psnr(image, clean))?.map(|v| v.min(MOST_DB));
            scores.steps = optional(false_steps::false_steps(image, clean))?.map(|s| s.per_thousand);
        }
        Ok(scores)
    }
}

/// PSNR over RGB, at most 100 dB.
pub(crate) fn capped_psnr(image: &Image, gt: &Image) -> Result<f64, MetricError> {
    Ok(psnr::ENTRY.score(image, Some(gt), &Context::default())?.value.min(MOST_DB))
}

fn optional<T>(result: Result<T, MetricError>) -> Result<Option<T>, MetricError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(MetricError { fault: Fault::TooFew { .. }, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Means over the photos of one degradation and method.
pub(crate) struct Row {
    /// Method.
    pub label: String,
    /// Scores, one per photo.
    pub scores: Vec<Scores>,
    /// The input's scores, one per photo.
    pub input: Vec<Scores>,
    /// Notes.
    pub note: String,
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0), |(s, n), v| (s + v, n + 1));
    (n > 0).then(|| sum / n as f64)
}

fn shown(value: Option<f64>, digits: usize) -> String {
    value.map_or("n/a".into(), |v| format!("{v:.digits$}"))
}

impl Row {
    /// Mean gain over the input in dB.
    pub(crate) fn gain(&self) -> f64 {
        mean(self.pairs().map(|(a, b)| a.psnr - b.psnr)).unwrap_or(0.0)
    }

    fn pairs(&self) -> impl Iterator<Item = (&Scores, &Scores)> {
        self.scores.iter().zip(&self.input)
    }

    /// The table header.
    pub(crate) const HEAD: &str = "\
| degradation | method | PSNR dB | gain | SSIM | flat PSNR | false steps | of input's | photos lower, worst | settings |
|---|---|---|---|---|---|---|---|---|---|";

    /// One table line.
    pub(crate) fn line(&self, cause: &str) -> String {
        let steps = mean(self.scores.iter().filter_map(|s| s.steps));
        let before = mean(self.input.iter().filter_map(|s| s.steps));
        let share = steps.zip(before).filter(|(_, b)| *b > 0.0).map(|(a, b)| 100.0 * a / b);
        let share = share.map_or("n/a".into(), |s| format!("{s:.0}%"));
        let losses = self.pairs().filter(|(a, b)| a.psnr < b.psnr - 0.005).count();
        let worst = self.pairs().map(|(a, b)| a.psnr - b.psnr).fold(f64::INFINITY, f64::min);
        let mut line = String::new();
        write!(
            line,
            "| {cause:<14} | {:<26} | {:>6.2} | {:>+6.2} | {:>7} | {:>6} | {:>6} | {:>5} | {losses:>2}, {worst:+.2} |{}",
            self.label,
            mean(self.scores.iter().map(|s| s.psnr)).unwrap_or(0.0),
            self.gain(),
            shown(mean(self.scores.iter().filter_map(|s| s.ssim)), 5),
            shown(mean(self.scores.iter().filter_map(|s| s.flat)), 2),
            shown(steps, 1),
            share,
            self.note,
        )
        .ok();
        line
    }
}
