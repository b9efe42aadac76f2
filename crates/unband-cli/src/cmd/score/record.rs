//! CSV and JSON output of values.

use std::collections::BTreeMap;

use serde::Serialize;
use unband::show::Value;
use unband_metrics::{Better, Metric};

use super::measures::{Row, Verdict, missing};
use super::stats::{Summary, summary};
use crate::talk::Failure;

/// Description of a metric in the JSON.
#[derive(Serialize)]
pub struct MeasureRecord {
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    better: &'static str,
    range: &'static str,
}

impl MeasureRecord {
    /// All metrics that were computed.
    pub fn all(metrics: &[&'static Metric]) -> Vec<Self> {
        let better = |metric: &Metric| if metric.better == Better::Higher { "higher" } else { "lower" };
        metrics
            .iter()
            .map(|metric| Self {
                name: metric.name,
                title: metric.title,
                unit: metric.unit,
                better: better(metric),
                range: metric.range,
            })
            .collect()
    }
}

/// The values of one image. A value that is not finite is `null`, with its cause in `reasons`.
#[derive(Serialize)]
pub struct ValuesRecord {
    banding: Verdict,
    values: BTreeMap<&'static str, Option<f64>>,
    reasons: BTreeMap<&'static str, String>,
    failed_checks: Vec<String>,
}

impl ValuesRecord {
    /// The record of a row.
    pub fn new(row: &Row, metrics: &[&'static Metric]) -> Self {
        let (mut values, mut reasons) = (BTreeMap::new(), BTreeMap::new());
        for (metric, value) in metrics.iter().zip(&row.values) {
            match value {
                Value::Number(number) => {
                    values.insert(metric.name, number.is_finite().then_some(*number));
                    if !number.is_finite() {
                        reasons.insert(metric.name, "infinite".to_owned());
                    }
                }
                Value::Missing(reason) => {
                    values.insert(metric.name, None);
                    reasons.insert(metric.name, reason.clone());
                }
                Value::Blank => {}
            }
        }
        Self { banding: row.verdict.clone(), values, reasons, failed_checks: row.failed.clone() }
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

impl FailureRecord {
    /// The record of a printed failure.
    pub fn new(failure: &Failure) -> Self {
        Self {
            file: failure.subject.clone().unwrap_or_default(),
            error: failure.message.clone(),
            hint: failure.hint.clone(),
        }
    }
}

/// The summary of each metric that has a value; infinite values become `null`.
pub fn summaries<'a>(
    rows: &(impl Iterator<Item = &'a Row> + Clone),
    metrics: &[&'static Metric],
) -> BTreeMap<&'static str, Summary> {
    let numbers = |m: usize| -> Vec<f64> {
        let value = |row: &Row| match row.values.get(m) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        };
        rows.clone().filter_map(value).collect()
    };
    metrics.iter().enumerate().filter_map(|(m, metric)| Some((metric.name, summary(&numbers(m))?))).collect()
}

/// A table of all rows. `names` is the header of the first columns, which come with each row. Infinity is
/// `inf`; the last column has the reasons of missing values.
///
/// # Errors
/// Never in practice: writes go to memory.
pub fn csv<'a>(
    names: &[&str],
    rows: impl Iterator<Item = (Vec<String>, &'a Row)>,
    metrics: &'a [&'static Metric],
) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = names.iter().copied().chain(["banding", "share", "cause"]);
    table.write_record(head.chain(metrics.iter().map(|metric| metric.name)).chain(["missing"]))?;
    for (cells, row) in rows {
        let mut cells: Vec<String> = cells.into_iter().map(name_cell).collect();
        let verdict = &row.verdict;
        cells.extend([
            verdict.grade.to_string(),
            verdict.share.to_string(),
            verdict.cause.unwrap_or_default().to_owned(),
        ]);
        cells.extend(row.values.iter().map(value_cell));
        cells.push(missing_cell(&row.values, metrics));
        table.write_record(&cells)?;
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

/// A name in a table. Spreadsheets evaluate text that begins like a formula, so such a file name gets a
/// folder prefix and still names the same file.
pub fn name_cell(name: String) -> String {
    if name.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("./{name}") } else { name }
}

/// A value in a table; empty if it is missing.
pub fn value_cell(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Missing(_) | Value::Blank => String::new(),
    }
}

/// The reasons of missing values, in one cell.
pub fn missing_cell(values: &[Value], metrics: &[&'static Metric]) -> String {
    let reasons = missing(values, metrics).map(|(name, reason)| format!("{name}: {reason}"));
    reasons.collect::<Vec<_>>().join("; ")
}
