//! Means over all images, for a page.

use unband::metrics::{Better, Metric};
use unband::metrics::{Scores, Summary, number, summaries};
use unband_report::{Listing, ListingCell, ListingRow};

use super::text::ENOUGH;

/// Mean and interval of each metric for groups of images. The best of each column is marked where `rivals`
/// says that groups compete. Empty for fewer than [`ENOUGH`] images.
pub(crate) fn listing(
    metrics: &[Metric],
    groups: &[(&str, Vec<&Scores>)],
    rivals: &dyn Fn(&str) -> bool,
) -> Option<Listing> {
    let images = groups.iter().map(|(_, rows)| rows.len()).max().filter(|&images| images >= ENOUGH)?;
    let all: Vec<_> = groups.iter().map(|(_, rows)| summaries(&rows.iter().copied(), metrics)).collect();
    let compete: Vec<bool> = groups.iter().map(|(name, _)| rivals(name)).collect();
    let several = compete.iter().filter(|&&rival| rival).count() > 1;
    let best = |metric: &Metric| {
        let means = all.iter().zip(&compete).filter(|(_, rival)| **rival);
        let means = means.filter_map(|(summaries, _)| Some(summaries.get(metric.name())?.mean));
        means.reduce(|a, b| if metric.better == Better::Higher { a.max(b) } else { a.min(b) })
    };
    let cell = |metric: &Metric, summary: Option<&Summary>, rival: bool| match summary {
        None => ListingCell { text: "–".to_owned(), ..ListingCell::default() },
        Some(summary) => ListingCell {
            text: number(summary.mean),
            interval: if summary.count > 1 {
                format!("{}–{}", number(summary.low), number(summary.high))
            } else {
                String::new()
            },
            best: several && rival && best(metric).is_some_and(|best| best.total_cmp(&summary.mean).is_eq()),
        },
    };
    let rows =
        groups.iter().zip(&all).zip(&compete).map(|(((name, _), summaries), &rival)| ListingRow::Measured {
            name: (*name).to_owned(),
            cells: metrics.iter().map(|metric| cell(metric, summaries.get(metric.name()), rival)).collect(),
        });
    let heading = |metric: &Metric| {
        format!("{} {}", metric.name(), if metric.better == Better::Higher { "↑" } else { "↓" })
    };
    Some(Listing {
        title: "Means".to_owned(),
        notes: vec![format!(
            "Means over {images} images, with the 95 % interval of the mean: percentile bootstrap over images."
        )],
        head: std::iter::once(String::new()).chain(metrics.iter().map(heading)).collect(),
        rows: rows.collect(),
    })
}
