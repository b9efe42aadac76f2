//! Computing metrics of images, in parallel.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use unband_image::context::NoProgress;
use unband_image::findings::Findings;
use unband_image::{Context, Image, ImageError, With};
use unband_metrics::{ComparedWith, Metric, cambi};

use super::{Check, Value};
use crate::verdict::Verdict;

/// An image that was inspected, in the forms that metrics use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspected {
    /// As RGB or grey, which most metrics use.
    pub image: Image,
    /// As stored in its file, if that is luma and chroma.
    pub stored: Option<Image>,
    /// The findings in it, as stored in its file.
    pub findings: Findings,
}

impl Inspected {
    /// Inspects an image.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn new(stored: Image, ctx: &Context<'_>) -> Result<Self, ImageError> {
        let findings = crate::inspect(&stored, ctx);
        Self::with_findings(stored, findings, ctx)
    }

    /// An image whose findings are known.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn with_findings(stored: Image, findings: Findings, ctx: &Context<'_>) -> Result<Self, ImageError> {
        if !stored.is_yuv() {
            return Ok(Self { image: stored, stored: None, findings });
        }
        Ok(Self { image: stored.clone().into_rgb(ctx)?, stored: Some(stored), findings })
    }

    /// As stored in its file.
    pub fn as_stored(&self) -> &Image {
        self.stored.as_ref().unwrap_or(&self.image)
    }
}

/// An image in the two forms that metrics use.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Forms<'a> {
    /// RGB or grey.
    pub rgb: &'a Image,
    /// As stored in its file.
    pub stored: &'a Image,
}

impl<'a> Forms<'a> {
    fn for_metric(self, metric: &Metric) -> &'a Image {
        if cambi::is_one(metric) { self.stored } else { self.rgb }
    }
}

impl<'a> From<&'a Image> for Forms<'a> {
    fn from(image: &'a Image) -> Self {
        Self { rgb: image, stored: image }
    }
}

impl<'a> From<&'a Inspected> for Forms<'a> {
    fn from(image: &'a Inspected) -> Self {
        Self { rgb: &image.image, stored: image.as_stored() }
    }
}

/// An image to measure, with the images that metrics compare it with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Subject<'a> {
    /// The image.
    pub image: Forms<'a>,
    /// The clean image.
    pub reference: Option<Forms<'a>>,
    /// The image before its restoration.
    pub input: Option<Forms<'a>>,
}

impl<'a> Subject<'a> {
    /// Without other images.
    pub fn alone(image: impl Into<Forms<'a>>) -> Self {
        Self { image: image.into(), reference: None, input: None }
    }

    /// Compared with its reference.
    pub fn against(image: impl Into<Forms<'a>>, reference: impl Into<Forms<'a>>) -> Self {
        Self { image: image.into(), reference: Some(reference.into()), input: None }
    }

    /// The image that a metric compares with.
    fn other(&self, metric: &Metric) -> Option<&'a Image> {
        match metric.compared_with {
            ComparedWith::Nothing => None,
            ComparedWith::Reference => self.reference,
            ComparedWith::Input => self.input,
        }
        .map(|forms| forms.for_metric(metric))
    }

    fn takes(&self, metric: &Metric) -> bool {
        metric.compared_with == ComparedWith::Nothing || self.other(metric).is_some()
    }
}

/// Verdict and values of an image, or of a video's frames together.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scores {
    /// The verdict.
    pub verdict: Verdict,
    /// One per metric.
    pub values: Vec<Value>,
    /// Failed checks, as typed.
    pub failed: Vec<String>,
}

impl Scores {
    /// Without checks.
    pub fn new(verdict: Verdict, values: Vec<Value>) -> Self {
        Self { verdict, values, failed: Vec::new() }
    }

    /// The same with the checks that it fails.
    #[must_use]
    pub fn checked(mut self, checks: &[Check], metrics: &[Metric]) -> Self {
        let failed = checks.iter().filter(|check| check.fails(metrics, &self).is_some());
        self.failed = failed.map(|check| check.text.clone()).collect();
        self
    }
}

/// Metrics without a value, with the reason, in order.
pub fn missing<'a>(values: &'a [Value], metrics: &'a [Metric]) -> impl Iterator<Item = (&'a str, &'a str)> {
    metrics.iter().zip(values).filter_map(|(metric, value)| match value {
        Value::Missing(reason) => Some((metric.name(), reason.as_str())),
        Value::Number(_) | Value::Blank => None,
    })
}

/// Inspects an image and computes its metrics.
///
/// # Errors
/// Luma and chroma that do not match.
pub fn score_image(image: Image, metrics: &[Metric], ctx: &Context<'_>) -> Result<Scores, ImageError> {
    let image = Inspected::new(image, ctx)?;
    let values = score(&[Subject::alone(&image)], metrics, usize::MAX, ctx).concat();
    Ok(Scores::new(Verdict::new(&image.findings), values))
}

/// One metric of one image.
pub fn score_one(subject: Subject<'_>, metric: &Metric, ctx: &Context<'_>) -> Value {
    score(&[subject], std::slice::from_ref(metric), usize::MAX, ctx).concat().remove(0)
}

/// Pixels of which metrics running in parallel may hold copies, of about 60 bytes each.
const PIXELS_AT_ONCE: usize = 64_000_000;

/// All metrics of all images: a row per image, a value per metric. As many are computed in parallel as
/// threads and memory allow: together they hold copies of at most `at_once` pixels. Metrics without the image
/// that they compare with are blank. Reports progress in metrics.
pub fn score(
    subjects: &[Subject<'_>],
    metrics: &[Metric],
    at_once: usize,
    ctx: &Context<'_>,
) -> Vec<Vec<Value>> {
    // The progress is in metrics, not in their inner steps.
    let mut silent = (*ctx).but(|new| new.progress = &NoProgress);
    let pixels = |subject: &Subject<'_>| subject.image.rgb.width() * subject.image.rgb.height();
    let largest = subjects.iter().map(pixels).max().unwrap_or(0).max(1);
    let mut side_by_side = *ctx;
    let room = (PIXELS_AT_ONCE.min(at_once) / largest).max(1);
    if room < ctx.threads {
        // Where memory limits the number of metrics at a time, each gets several threads.
        side_by_side.threads = room;
        silent.threads = ctx.threads - room + 1;
    }
    let all = (0..subjects.len()).flat_map(|s| (0..metrics.len()).map(move |m| (s, m)));
    let taken: Vec<(usize, usize)> = all.filter(|&(s, m)| subjects[s].takes(&metrics[m])).collect();
    let done = AtomicUsize::new(0);
    let values = side_by_side.map(taken.len(), |i| {
        let (s, m) = taken[i];
        let value = value(&subjects[s], &metrics[m], &silent);
        ctx.progress.advance(done.fetch_add(1, Ordering::Relaxed) + 1, taken.len());
        value
    });
    let mut rows = vec![vec![Value::Blank; metrics.len()]; subjects.len()];
    for ((s, m), value) in taken.into_iter().zip(values) {
        rows[s][m] = value;
    }
    rows
}

fn value(subject: &Subject<'_>, metric: &Metric, ctx: &Context<'_>) -> Value {
    let other = subject.other(metric);
    let score = catch_unwind(AssertUnwindSafe(|| metric.score(subject.image.for_metric(metric), other, ctx)));
    match score {
        Ok(Ok(score)) => Value::Number(score.value),
        Ok(Err(error)) => Value::Missing(error.to_string()),
        Err(_) => {
            Value::Missing(format!("{} failed; please report it, if possible with the image", metric.name()))
        }
    }
}
