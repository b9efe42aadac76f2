//! Values of images in the table of a page.

use unband::metrics::Value;
use unband::metrics::{Better, Metric};
use unband_report::{Direction, MetricRow};

/// The rows of a page's table: one per metric, one value per image.
pub(crate) fn metric_rows(metrics: &[Metric], images: &[&[Value]]) -> Vec<MetricRow> {
    metrics
        .iter()
        .enumerate()
        .map(|(m, metric)| MetricRow {
            name: metric.name().to_owned(),
            unit: metric.unit.to_owned(),
            better: match metric.better {
                Better::Higher => Direction::Higher,
                Better::Lower => Direction::Lower,
            },
            meaning: format!("{} ({})", metric.title, metric.range_words()),
            values: images.iter().map(|values| values.get(m).cloned().unwrap_or(Value::Blank)).collect(),
        })
        .collect()
}
