//! Mean, median and how sure the mean is.

use serde::Serialize;
use unband_image::Rng;

/// What several values say together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Values.
    pub count: usize,
    /// Their mean; infinite when one of them is.
    pub mean: f64,
    /// Half of them lie below.
    pub median: f64,
    /// Lower end of the 95 % interval of the mean.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

const RESAMPLES: u32 = 1000;
const SEED: u64 = 0;

/// The summary of values that are numbers; nothing for none. The interval is the percentile bootstrap of the mean with a
/// fixed seed: equal values give an equal interval.
pub fn summary(values: &[f64]) -> Option<Summary> {
    if values.is_empty() {
        return None;
    }
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let (mut sum, mut count) = (0.0, 0usize);
        for value in values {
            sum += value;
            count += 1;
        }
        sum / count as f64
    };
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (half, n) = (values.len() / 2, values.len() as u64);
    let median =
        if values.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) };
    let rng = Rng::new(SEED);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|resample| {
            let draw = |i| values[((u64::from(rng.at(0, 0, i, resample)) * n) >> 32) as usize];
            mean(&mut (0..n as u32).map(draw))
        })
        .collect();
    means.sort_by(f64::total_cmp);
    // No interpolation: between infinite values there is no number.
    let rank = |share: f64| means[((share * f64::from(RESAMPLES)).ceil() as usize).clamp(1, means.len()) - 1];
    Some(Summary {
        count: values.len(),
        mean: mean(&mut values.iter().copied()),
        median,
        low: rank(0.025),
        high: rank(0.975),
    })
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
        // The mean of 400 tosses has a standard deviation of 0.025; 1.96 of them on both sides.
        let tosses: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let summary = summary(&tosses).unwrap();
        assert!((summary.low - 0.451).abs() < 0.006 && (summary.high - 0.549).abs() < 0.006, "{summary:?}");
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
