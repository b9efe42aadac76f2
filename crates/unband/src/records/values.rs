//! Records of metrics and their values.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metrics::{Better, Metric, Scores, Summary, Value, summaries};
use crate::verdict::{Grade, Verdict};

/// Description of a metric in the JSON.
#[derive(Debug, Serialize)]
pub struct MetricRecord {
    name: String,
    title: &'static str,
    unit: &'static str,
    better: &'static str,
    range: &'static str,
}

impl MetricRecord {
    /// All metrics that were computed.
    pub fn all(metrics: &[Metric]) -> Vec<Self> {
        let better = |metric: &Metric| if metric.better == Better::Higher { "higher" } else { "lower" };
        metrics
            .iter()
            .map(|metric| Self {
                name: metric.name().to_owned(),
                title: metric.title,
                unit: metric.unit,
                better: better(metric),
                range: metric.range,
            })
            .collect()
    }
}

/// The values of one image. A value that is not finite is `null`, with its cause in `reasons`.
#[derive(Debug, Serialize)]
pub struct ValuesRecord {
    banding: VerdictRecord,
    values: BTreeMap<String, Option<f64>>,
    reasons: BTreeMap<String, String>,
    failed_checks: Vec<String>,
}

impl ValuesRecord {
    /// The record of an image.
    pub fn new(scores: &Scores, metrics: &[Metric]) -> Self {
        let (mut values, mut reasons) = (BTreeMap::new(), BTreeMap::new());
        for (metric, value) in metrics.iter().zip(&scores.values) {
            match value {
                Value::Number(number) => {
                    values.insert(metric.name().to_owned(), number.is_finite().then_some(*number));
                    if !number.is_finite() {
                        reasons.insert(metric.name().to_owned(), "infinite".to_owned());
                    }
                }
                Value::Missing(reason) => {
                    values.insert(metric.name().to_owned(), None);
                    reasons.insert(metric.name().to_owned(), reason.clone());
                }
                Value::Blank => {}
            }
        }
        Self {
            banding: VerdictRecord::new(&scores.verdict),
            values,
            reasons,
            failed_checks: scores.failed.clone(),
        }
    }
}

/// A file that could not be measured.
#[derive(Clone, Debug, Serialize)]
pub struct FailureRecord {
    /// The file, or both of a pair.
    pub file: String,
    /// The error.
    pub error: String,
    /// The hint.
    pub hint: Option<String>,
}

/// The verdict on an image.
#[derive(Debug, Serialize)]
struct VerdictRecord {
    #[serde(serialize_with = "word")]
    grade: Grade,
    share: f32,
    cause: Option<&'static str>,
    finding: FindingRecord,
}

#[derive(Debug, Serialize)]
struct FindingRecord {
    share: f32,
    cause: &'static str,
    sentence: String,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the signature is serde's
fn word<S: serde::Serializer>(grade: &Grade, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(grade.as_str())
}

impl VerdictRecord {
    fn new(verdict: &Verdict) -> Self {
        let finding = &verdict.finding;
        Self {
            grade: verdict.grade,
            share: verdict.share,
            cause: verdict.cause,
            finding: FindingRecord {
                share: finding.share,
                cause: finding.cause,
                sentence: finding.sentence.clone(),
            },
        }
    }
}

/// Statistics of a metric over several images.
#[derive(Debug, Serialize)]
pub struct SummaryRecord {
    count: usize,
    mean: f64,
    median: f64,
    low: f64,
    high: f64,
}

impl SummaryRecord {
    /// Those of all metrics, by name.
    pub fn all<'a>(
        images: &(impl Iterator<Item = &'a Scores> + Clone),
        metrics: &'a [Metric],
    ) -> BTreeMap<String, Self> {
        let of = |Summary { count, mean, median, low, high, .. }| Self { count, mean, median, low, high };
        summaries(images, metrics).into_iter().map(|(name, summary)| (name.to_owned(), of(summary))).collect()
    }
}
