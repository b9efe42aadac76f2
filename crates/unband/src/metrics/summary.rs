//! Mean, median and bootstrap interval of values.

use std::collections::BTreeMap;

use unband_image::Rng;
use unband_metrics::Metric;

use super::{Scores, Value};

/// Summary of several values.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// Number of values.
    pub count: usize,
    /// Mean; infinite if a value is.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// Lower end of the 95 % interval of the mean.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

const RESAMPLES: u32 = 1000;
const SEED: u64 = 0;

/// The summary of numeric values; `None` without any. The interval is the percentile bootstrap of the mean
/// with a fixed seed: equal values give equal intervals.
pub fn summary(values: &[f64]) -> Option<Summary> {
    let groups: Vec<&[f64]> = values.chunks(1).collect();
    summary_of_groups(&groups)
}

/// The same for values that depend on each other within groups, such as those of one image degraded in
/// several ways: the bootstrap resamples whole groups.
pub fn summary_of_groups(groups: &[&[f64]]) -> Option<Summary> {
    let groups: Vec<&[f64]> = groups.iter().copied().filter(|group| !group.is_empty()).collect();
    let mut sorted = groups.concat();
    if sorted.is_empty() {
        return None;
    }
    let mean = |groups: &mut dyn Iterator<Item = &[f64]>| {
        let (mut sum, mut count) = (0.0, 0usize);
        for value in groups.flatten() {
            sum += value;
            count += 1;
        }
        sum / count as f64
    };
    sorted.sort_by(f64::total_cmp);
    let (half, n) = (sorted.len() / 2, groups.len());
    let median =
        if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) };
    let rng = Rng::new(SEED);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|resample| {
            let draw = |i| groups[rng.below_at(n, 0, 0, i, resample)];
            mean(&mut (0..n as u32).map(draw))
        })
        .collect();
    means.sort_by(f64::total_cmp);
    // No interpolation: there is no value between infinite ones.
    let rank = |share: f64| means[((share * f64::from(RESAMPLES)).ceil() as usize).clamp(1, means.len()) - 1];
    Some(Summary {
        count: sorted.len(),
        mean: mean(&mut groups.iter().copied()),
        median,
        low: rank(0.025),
        high: rank(0.975),
    })
}

/// The summary of each metric over several images, by its name. Metrics without a value are omitted.
pub fn summaries<'a>(
    all: &(impl Iterator<Item = &'a Scores> + Clone),
    metrics: &'a [Metric],
) -> BTreeMap<&'a str, Summary> {
    let values = |m: usize| -> Vec<f64> {
        all.clone().filter_map(|scores| scores.values.get(m).and_then(Value::number)).collect()
    };
    metrics.iter().enumerate().filter_map(|(m, metric)| Some((metric.name(), summary(&values(m))?))).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_median_are_those_of_the_textbook() {
        let four = summary(&[1.0, 10.0, 2.0, 4.0]).unwrap();
        assert_eq!((four.count, four.mean, four.median), (4, 4.25, 3.0));
        let three = summary(&[3.0, 1.0, 9.0]).unwrap();
        assert_eq!((three.count, three.median), (3, 3.0));
        assert_eq!(summary(&[]), None);
        let one = summary(&[7.5]).unwrap();
        assert_eq!((one.mean, one.low, one.high), (7.5, 7.5, 7.5));
    }

    #[test]
    fn the_interval_of_a_coin_is_that_of_the_binomial() {
        // The mean of 400 tosses has a standard deviation of 0.025; the interval is 1.96 of them on each
        // side.
        let tosses: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let summary = summary(&tosses).unwrap();
        assert!((summary.low - 0.451).abs() < 0.006 && (summary.high - 0.549).abs() < 0.006, "{summary:?}");
    }

    #[test]
    fn groups_of_equal_values_count_once_for_the_interval() {
        let tosses: Vec<f64> = (0..100).map(|i| f64::from(i % 2)).collect();
        let groups: Vec<Vec<f64>> = tosses.iter().map(|&toss| vec![toss; 4]).collect();
        let groups: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
        let (alone, grouped) = (summary(&tosses).unwrap(), summary_of_groups(&groups).unwrap());
        assert_eq!((grouped.count, grouped.mean), (400, 0.5));
        assert_eq!((grouped.low, grouped.high), (alone.low, alone.high));
        // Treated as 400 independent tosses, the interval would be half as wide.
        assert!(grouped.high - grouped.low > 0.17, "{grouped:?}");
    }

    #[test]
    fn an_infinite_value_never_becomes_not_a_number() {
        let summary = summary(&[f64::INFINITY, f64::INFINITY, 40.0]).unwrap();
        assert_eq!(
            (summary.mean, summary.median, summary.high),
            (f64::INFINITY, f64::INFINITY, f64::INFINITY)
        );
        assert!(!summary.low.is_nan());
    }
}
