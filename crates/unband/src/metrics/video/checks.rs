//! Checks of videos: overall value, worst frame, shots, percentiles.

use std::ops::Range;

use unband_metrics::Metric;

use super::{FrameValue, Shot};
use crate::metrics::{Check, CheckOf, Scores, Value, clock};
use crate::verdict::Grade;

/// Values of frames for percentiles, in order of the frames.
#[derive(Clone, Debug, Default)]
pub(super) struct PercentileValues {
    /// One list per metric; empty if no percentile of it is needed.
    pub values: Vec<Vec<(usize, f64)>>,
    /// Verdicts of the frames that were analysed.
    pub grades: Vec<(usize, Grade)>,
}

/// A video, or a shot treated as a video.
pub(super) struct Span<'a> {
    /// Values of its frames together.
    pub scores: &'a Scores,
    /// Its worst frame by each metric.
    pub worst: &'a [Option<FrameValue>],
    /// Its frames.
    pub frames: Range<usize>,
}

/// Why a video or a shot fails a check; `None` when it passes. `shots`: those of the video; empty for a shot.
pub(super) fn why(
    check: &Check,
    metrics: &[Metric],
    span: &Span<'_>,
    kept: &PercentileValues,
    shots: &[Shot],
) -> Option<String> {
    let at = check.metric().and_then(|metric| metrics.iter().position(|known| known.name() == metric.name()));
    let name = check.name();
    match (check.of(), at) {
        (CheckOf::Worst, Some(at)) => match span.worst.get(at).copied().flatten() {
            Some(place) => {
                let what = format!("{name} of frame {} at {}", place.frame, clock(place.seconds));
                check.value(&Value::Number(place.value), &what)
            }
            None => check.fails(metrics, span.scores),
        },
        (CheckOf::Percentile(percent), Some(at)) => {
            let values = kept.values.get(at).map(|values| inside(values, &span.frames)).unwrap_or_default();
            match percentile(values, percent, f64::total_cmp) {
                Some(value) => check.value(&Value::Number(value), &format!("percentile {percent} of {name}")),
                None => check.fails(metrics, span.scores),
            }
        }
        (CheckOf::Percentile(percent), None) => {
            let grade = percentile(inside(&kept.grades, &span.frames), percent, Grade::cmp)?;
            check.grade(grade, &format!("percentile {percent} of {name}"))
        }
        (CheckOf::Shot, _) if !shots.is_empty() => {
            let mut failed = shots.iter().enumerate().filter_map(|(i, shot)| {
                let (from, to) = shot.seconds;
                let what = format!("{name} of shot {} ({} – {})", i + 1, clock(from), clock(to));
                check.of_scores(metrics, &shot.scores, &what)
            });
            let first = failed.next()?;
            Some(match failed.count() {
                0 => first,
                more => format!("{first}, and {more} further shot{}", if more == 1 { "" } else { "s" }),
            })
        }
        // The verdict is that of the worst frame in any case.
        _ => check.fails(metrics, span.scores),
    }
}

/// Those of these frames.
fn inside<T: Copy>(all: &[(usize, T)], frames: &Range<usize>) -> Vec<T> {
    all.iter().filter(|(frame, _)| frames.contains(frame)).map(|&(_, value)| value).collect()
}

/// The least value that this percentage of all values does not exceed.
fn percentile<T: Copy>(
    mut values: Vec<T>,
    percent: f64,
    order: impl FnMut(&T, &T) -> std::cmp::Ordering,
) -> Option<T> {
    values.sort_by(order);
    let rank = (percent / 100.0 * values.len() as f64).ceil() as usize;
    values.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_there() {
        let of = |values: &[f64], percent| percentile(values.to_vec(), percent, f64::total_cmp);
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!([of(&hundred, 95.0), of(&hundred, 5.0)], [Some(95.0), Some(5.0)]);
        assert_eq!([of(&hundred, 0.0), of(&hundred, 100.0)], [Some(1.0), Some(100.0)]);
        assert_eq!(of(&[4.0, 2.0], 50.0), Some(2.0));
        assert_eq!(of(&[], 50.0), None);
        assert_eq!(inside(&[(0, 'a'), (3, 'b'), (7, 'c')], &(3..7)), ['b']);
    }
}
