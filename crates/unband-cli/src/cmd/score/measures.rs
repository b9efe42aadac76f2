//! Metric selection and evaluation.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;
use unband::show::{Direction, HeatMap, MetricRow, Value};
use unband::verdict::{Grade, Seen};
use unband::{Context, Findings, Image};
use unband_image::Depth;
use unband_metrics::{Against, Better, FILM_METRICS, METRICS, Metric, cambi};

use super::grade;
use crate::talk::Failure;

/// The metrics that a command can compute.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// Names of the default metrics; unavailable ones are skipped.
    pub defaults: &'static [&'static str],
    /// Is there a reference?
    pub reference: bool,
    /// Is there an image from before the repair?
    pub input: bool,
    /// Names of metrics that are defined only for pairs of videos.
    pub film: &'static [&'static str],
    /// Are videos measured, with values of frames and of shots?
    pub films: bool,
}

/// The metric of that name, for images or videos.
pub fn find(name: &str) -> Option<&'static Metric> {
    unband_metrics::find(name).or_else(|| FILM_METRICS.iter().find(|metric| metric.name == name))
}

impl Use {
    fn takes(&self, metric: &Metric) -> bool {
        let there = match metric.against {
            Against::Nothing => true,
            Against::Reference => self.reference,
            Against::Input => self.input,
        };
        let of_films = FILM_METRICS.iter().any(|film| film.name == metric.name);
        there && (!of_films || self.film.contains(&metric.name))
    }

    /// The metric of that name, if the command can compute it.
    pub fn takes_named(&self, name: &str) -> Option<&'static Metric> {
        find(name).filter(|metric| self.takes(metric))
    }

    /// All metrics that the command can compute, including those that need a network.
    fn all(&self) -> impl Iterator<Item = &'static Metric> {
        METRICS.iter().chain(FILM_METRICS).filter(|metric| self.takes(metric))
    }

    /// Names of all metrics that the command can compute.
    pub fn known(&self) -> Vec<&'static str> {
        self.all().map(|metric| metric.name).collect()
    }

    /// The metrics that `--metrics` names: `a,b,c`, `all`, or the default. `all` skips metrics whose networks
    /// are not imported.
    ///
    /// # Errors
    /// Unknown names, and metrics that need an image which is not given.
    pub fn choose(&self, text: Option<&str>, models: Option<&Path>) -> Result<Vec<&'static Metric>, Failure> {
        let Some(text) = text else {
            return Ok(self.defaults.iter().filter_map(|name| self.takes_named(name)).collect());
        };
        let mut chosen: Vec<&'static Metric> = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if name == "all" {
                chosen.extend(self.all().filter(|metric| metric.ready(models).is_ok()));
            } else {
                chosen.push(self.named(name)?);
            }
        }
        let mut seen = Vec::new();
        chosen.retain(|metric| {
            !seen.contains(&metric.name) && {
                seen.push(metric.name);
                true
            }
        });
        if chosen.is_empty() {
            let hint = format!("the metrics are {}, or all", self.known().join(", "));
            return Err(Failure::usage("`--metrics` names no metric", hint));
        }
        Ok(chosen)
    }

    fn named(&self, name: &str) -> Result<&'static Metric, Failure> {
        let Some(metric) = find(name) else {
            let hint = format!("the metrics are {}, or all", self.known().join(", "));
            return Err(Failure::usage(format!("there is no metric `{name}`"), hint));
        };
        if self.takes(metric) {
            return Ok(metric);
        }
        if unband_metrics::find(name).is_none() {
            let hint = format!("the metrics are {}, or all", self.known().join(", "));
            return Err(Failure::usage(format!("`{name}` compares the frames of two videos"), hint));
        }
        Err(if metric.against == Against::Reference {
            Failure::usage(
                format!("`{name}` compares an image with a reference"),
                format!("`unband compare --metrics {name} REFERENCE RESULT` does that"),
            )
        } else {
            Failure::usage(
                format!("`{name}` compares a result with the image before its repair"),
                format!("`unband compare --metrics {name} --input BEFORE REFERENCE RESULT` does that"),
            )
        })
    }
}

/// The verdict on an image.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The grade of the banding.
    #[serde(serialize_with = "word")]
    pub grade: Grade,
    /// Share of the smooth area in bands, 0 to 1; 0 where the grade is `none`.
    pub share: f32,
    /// The cause as a word; `None` where the grade is `none`.
    pub cause: Option<&'static str>,
    /// The traces that were found, even if they are not banding.
    pub finding: Finding,
    /// The line for people.
    #[serde(skip)]
    pub line: String,
    /// Where it is.
    #[serde(skip)]
    pub map: HeatMap,
}

/// Traces in an image, visible or not.
#[derive(Clone, Debug, Serialize)]
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
        Self::graded(findings, unband::verdict::grade(findings))
    }

    /// For a frame of a video, as the debanding of videos sees it.
    pub fn of_frame(frame: &Image, ctx: &Context<'_>) -> Self {
        let Seen { findings, grade } = unband::verdict::look_at_frame(frame, ctx);
        Self::graded(&findings, grade)
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
            line: grade::line(findings, grade),
            map: HeatMap::of(findings),
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the signature is serde's
fn word<S: serde::Serializer>(grade: &Grade, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(grade.word())
}

/// One image and its values.
#[derive(Clone, Debug)]
pub struct Row {
    /// `picture`, `reference`, `input`, `result`, or a method.
    pub role: String,
    /// Its file, if there is one.
    pub file: Option<String>,
    /// Bits of its samples.
    pub depth: Depth,
    /// Its verdict.
    pub verdict: Verdict,
    /// One per metric.
    pub values: Vec<Value>,
    /// Failed checks, as typed.
    pub failed: Vec<String>,
}

impl Row {
    /// Metrics without a value, with the reason, in order.
    pub fn missing<'a>(
        &'a self,
        metrics: &'a [&'static Metric],
    ) -> impl Iterator<Item = (&'static str, &'a str)> {
        missing(&self.values, metrics)
    }
}

/// Metrics without a value, with the reason, in order.
pub fn missing<'a>(
    values: &'a [Value],
    metrics: &'a [&'static Metric],
) -> impl Iterator<Item = (&'static str, &'a str)> {
    metrics.iter().zip(values).filter_map(|(metric, value)| match value {
        Value::Missing(reason) => Some((metric.name, reason.as_str())),
        _ => None,
    })
}

/// An image in the two forms that metrics use.
#[derive(Clone, Copy)]
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

/// An image to measure, with its references.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The image.
    pub image: Forms<'a>,
    /// The clean image.
    pub reference: Option<Forms<'a>>,
    /// The image before its repair.
    pub input: Option<Forms<'a>>,
}

impl<'a> Subject<'a> {
    /// Without references.
    pub fn alone(image: impl Into<Forms<'a>>) -> Self {
        Self { image: image.into(), reference: None, input: None }
    }

    /// The image that a metric compares with.
    fn other(&self, metric: &Metric) -> Option<&'a Image> {
        match metric.against {
            Against::Nothing => None,
            Against::Reference => self.reference,
            Against::Input => self.input,
        }
        .map(|forms| forms.for_metric(metric))
    }

    fn takes(&self, metric: &Metric) -> bool {
        metric.against == Against::Nothing || self.other(metric).is_some()
    }
}

/// One metric of one image.
pub fn measure_one(subject: Subject<'_>, metric: &'static Metric, ctx: &Context<'_>) -> Value {
    measure(&[subject], &[metric], ctx).concat().remove(0)
}

/// Pixels of which metrics running in parallel may hold copies, of about 60 bytes each.
const PIXELS_AT_ONCE: usize = 64_000_000;

/// Computes all metrics of all images, as many in parallel as threads and memory allow. Metrics without the
/// image that they compare with stay blank.
pub fn measure(subjects: &[Subject<'_>], metrics: &[&'static Metric], ctx: &Context<'_>) -> Vec<Vec<Value>> {
    measure_within(subjects, metrics, usize::MAX, ctx)
}

/// The same, with metrics in parallel that hold copies of at most this number of pixels.
pub fn measure_within(
    subjects: &[Subject<'_>],
    metrics: &[&'static Metric],
    at_once: usize,
    ctx: &Context<'_>,
) -> Vec<Vec<Value>> {
    // The bar counts metrics, not their inner steps.
    let mut silent = Context { progress: &unband::NoProgress, ..*ctx };
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
    let taken: Vec<(usize, usize)> = all.filter(|&(s, m)| subjects[s].takes(metrics[m])).collect();
    let done = AtomicUsize::new(0);
    let values = side_by_side.map(taken.len(), |i| {
        let (s, m) = taken[i];
        let value = value(&subjects[s], metrics[m], &silent);
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
            Value::Missing(format!("{} failed; please report it, if possible with the image", metric.name))
        }
    }
}

/// "dB, higher is better".
pub fn about(metric: &Metric) -> String {
    let better = better(metric);
    if metric.unit.is_empty() { better.to_owned() } else { format!("{}, {better}", metric.unit) }
}

/// "higher is better".
pub fn better(metric: &Metric) -> &'static str {
    match metric.better {
        Better::Higher => "higher is better",
        Better::Lower => "lower is better",
    }
}

/// The range as text: "0 to 1".
pub fn range(metric: &Metric) -> String {
    metric.range.replace("..=", " to ")
}

/// The rows of a page's table: one per metric, one value per image.
pub fn page_rows(metrics: &[&'static Metric], rows: &[&Row]) -> Vec<MetricRow> {
    metrics
        .iter()
        .enumerate()
        .map(|(m, metric)| MetricRow {
            name: metric.name.to_owned(),
            unit: metric.unit.to_owned(),
            better: match metric.better {
                Better::Higher => Direction::Higher,
                Better::Lower => Direction::Lower,
            },
            meaning: format!("{} ({})", metric.title, range(metric)),
            values: rows.iter().map(|row| row.values.get(m).cloned().unwrap_or(Value::Blank)).collect(),
        })
        .collect()
}
