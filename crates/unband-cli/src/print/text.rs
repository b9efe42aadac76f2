//! Values of images as text: statistics, reasons of missing values, failed checks.

use std::collections::BTreeMap;
use std::fmt::Write;

use unband::metrics::Metric;
use unband::metrics::{Check, Scores, Summary, missing, number, summaries};

use super::table::{MISSING, Table};
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter, printable};

/// The least number of images with statistics: fewer say nothing about others.
pub(crate) const ENOUGH: usize = 5;

/// Mean, interval and median of each metric as the last rows of a table, for groups of images: the words of
/// the text columns after the first, and the images. Nothing for fewer than [`ENOUGH`] images.
pub(crate) fn summary_rows(table: &mut Table, metrics: &[Metric], groups: &[(&[&str], Vec<&Scores>)]) {
    if groups.iter().all(|(_, images)| images.len() < ENOUGH) {
        return;
    }
    let summaries: Vec<_> =
        groups.iter().map(|(_, images)| summaries(&images.iter().copied(), metrics)).collect();
    let mut part = |name: &str, part: &dyn Fn(&Summary) -> String| {
        for ((lead, _), summaries) in groups.iter().zip(&summaries) {
            let values =
                metrics.iter().map(|metric| summaries.get(metric.name()).map_or_else(String::new, part));
            let lead = lead.iter().map(|&word| word.to_owned());
            table.row(std::iter::once(name.to_owned()).chain(lead).chain(values));
        }
    };
    let whole = |((_, images), summaries): (&(_, Vec<&Scores>), &BTreeMap<_, Summary>)| {
        summaries.values().all(|summary| summary.count == images.len())
    };
    if !groups.iter().zip(&summaries).all(whole) {
        part("values", &|summary| summary.count.to_string());
    }
    part("mean ± 95 %", &mean_and_interval);
    part("median", &|summary| number(summary.median));
}

/// "48.52 ±0.41": the mean and half of its 95 % interval, to two digits; only the mean if the interval has no
/// width or no end.
fn mean_and_interval(summary: &Summary) -> String {
    let half = (summary.high - summary.low) / 2.0;
    if !half.is_finite() || half <= 0.0 {
        return number(summary.mean);
    }
    let digits = (1.0 - half.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{} ±{half:.digits$}", number(summary.mean))
}

/// The reasons of missing values, a line each.
pub(crate) fn reasons(name: &str, scores: &Scores, metrics: &[Metric]) -> String {
    let mut groups: Vec<(Vec<&str>, &str)> = Vec::new();
    for (metric, reason) in missing(&scores.values, metrics) {
        let reason = reason.strip_prefix(metric).map_or(reason, str::trim_start);
        match groups.iter_mut().find(|(_, known)| *known == reason) {
            Some((metrics, _)) => metrics.push(metric),
            None => groups.push((vec![metric], reason)),
        }
    }
    let name = printable(name);
    groups.iter().fold(String::new(), |mut text, (metrics, reason)| {
        let colon = if metrics.len() > 1 { ":" } else { "" };
        let _ = writeln!(text, "{MISSING} {name}: {}{colon} {reason}", metrics.join(", "));
        text
    })
}

/// Reports an image that failed checks.
pub(crate) fn report_failed(
    name: &str,
    scores: &Scores,
    metrics: &[Metric],
    checks: &[Check],
    reporter: &Reporter<'_>,
) -> Outcome {
    if scores.failed.is_empty() {
        return Outcome::Done;
    }
    for why in checks.iter().filter_map(|check| check.fails(metrics, scores)) {
        reporter.failure(&Failure::at(name.to_owned(), format!("check failed, {why}"), None));
    }
    Outcome::CheckFailed
}
