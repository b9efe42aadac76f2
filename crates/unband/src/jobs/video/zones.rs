//! Ranges of time to repair; frames outside keep their samples.

use std::fmt;

use unband_video::{TickRange, VideoError, VideoFile};

use super::VideoOptions;
use super::source::cut;
use crate::Error;

/// A range of time, in seconds from the first moment of a video, as players show it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeRange {
    /// Time of its first frame at the earliest; `None` for the start of the video.
    pub from: Option<f64>,
    /// Time after its last frame; `None` for the end of the video.
    pub to: Option<f64>,
}

impl TimeRange {
    /// Does it contain a time?
    pub fn contains(&self, seconds: f64) -> bool {
        seconds >= self.from.unwrap_or(0.0) && self.to.is_none_or(|to| seconds < to)
    }

    fn check(&self) -> Result<(), Error> {
        let from = self.from.unwrap_or(0.0);
        let ends = self.to.is_none_or(|to| to.is_finite() && to > from);
        if from.is_finite() && from >= 0.0 && ends {
            return Ok(());
        }
        let range = "ranges of time from 0 on that end after their start";
        Err(Error::Option { name: "only", range, got: self.to_string() })
    }
}

impl fmt::Display for TimeRange {
    /// "60 s to 90.5 s", "the start to 30 s", "60 s to the end".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: Option<f64>, end: &str| time.map_or(end.to_owned(), |time| format!("{time} s"));
        write!(f, "{} to {}", time(self.from, "the start"), time(self.to, "the end"))
    }
}

impl VideoOptions {
    /// Is a frame at this time to be repaired, in seconds as players show it?
    pub fn repairs_at(&self, seconds: f64) -> bool {
        self.only.is_empty() || self.only.iter().any(|range| range.contains(seconds))
    }
}

/// The frames to repair, by their times in ticks. Without a range: all frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Zones(Vec<TickRange>);

impl Zones {
    /// The ranges of the options. `ticks`: ticks of a time in seconds, as players show it.
    ///
    /// # Errors
    /// [`Error::Option`]: ranges that end before they start.
    pub(super) fn new(options: &VideoOptions, ticks: impl Fn(f64) -> i64) -> Result<Self, Error> {
        let range = |range: &TimeRange| {
            range.check()?;
            Ok(TickRange { from: range.from.map_or(i64::MIN, &ticks), to: range.to.map(&ticks) })
        };
        if !options.task.debands() {
            return Ok(Self(vec![TickRange { from: i64::MAX, to: Some(i64::MAX) }]));
        }
        Ok(Self(options.only.iter().map(range).collect::<Result<_, Error>>()?))
    }

    /// The ranges of the options, for a video.
    ///
    /// # Errors
    /// As [`Zones::new`], and ranges outside of the video or of its selected part.
    pub(super) fn of_video(file: &VideoFile, options: &VideoOptions) -> Result<Self, Error> {
        let zones = Self::new(options, |shown| file.ticks(shown + file.zero()))?;
        let part = cut(file, options)?;
        for (zone, range) in zones.0.iter().zip(&options.only) {
            let late = file.duration.filter(|&end| range.from.is_some_and(|from| from >= end));
            let outside = |part: &TickRange| {
                part.to.is_some_and(|to| zone.from >= to) || zone.to.is_some_and(|to| to <= part.from)
            };
            let holds = match (late, part.filter(outside)) {
                (Some(seconds), _) => format!("the video ends at {seconds:.3} s"),
                (None, Some(part)) => {
                    let shown = |ticks| Some(file.shown(ticks));
                    let part = TimeRange { from: shown(part.from), to: part.to.and_then(shown) };
                    format!("the selected part is {part}")
                }
                (None, None) => continue,
            };
            let (path, range) = (file.path.clone(), range.to_string());
            return Err(VideoError::OutsideVideo { path, range, holds }.into());
        }
        Ok(zones)
    }

    /// The error for ranges without a frame. `last`: time of the last frame.
    pub(super) fn outside(file: &VideoFile, options: &VideoOptions, last: i64) -> Error {
        let range = options.only.iter().map(TimeRange::to_string).collect::<Vec<_>>().join(", ");
        let holds = format!("no frame begins in it, the last one is at {:.3} s", file.shown(last));
        VideoError::OutsideVideo { path: file.path.clone(), range, holds }.into()
    }

    /// Is the frame at this time repaired?
    pub(super) fn contain(&self, ticks: i64) -> bool {
        self.meet(ticks, ticks)
    }

    /// May a frame between two times be repaired, both included?
    pub(super) fn meet(&self, first: i64, last: i64) -> bool {
        let meets = |zone: &TickRange| last >= zone.from && zone.to.is_none_or(|to| first < to);
        self.0.is_empty() || self.0.iter().any(meets)
    }

    /// A range of ticks, cut at the ends of the zones: its parts, and whether they are repaired.
    pub(super) fn parts(&self, from: i64, to: i64) -> Vec<((i64, i64), bool)> {
        let ends = self.0.iter().flat_map(|zone| [Some(zone.from), zone.to]).flatten();
        let mut cuts: Vec<i64> = ends.filter(|&end| from < end && end < to).chain([from, to]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts.windows(2).map(|pair| ((pair[0], pair[1]), self.contain(pair[0]))).collect()
    }

    /// The ranges, where there are some, as text for the comparison of jobs.
    pub(super) fn key(&self) -> String {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by_key(|zone| (zone.from, zone.to));
        if sorted.is_empty() { String::new() } else { format!(" only {sorted:?}") }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use unband_image::With;

    fn zones(only: &[(Option<f64>, Option<f64>)]) -> Result<Zones, Error> {
        let range = |&(from, to): &(_, _)| TimeRange { from, to };
        let options = VideoOptions::with(|new| new.only = only.iter().map(range).collect());
        Zones::new(&options, |seconds| (seconds * 10.0).round() as i64)
    }

    #[test]
    fn a_range_has_its_first_time_and_not_its_last() {
        let two = zones(&[(Some(1.0), Some(2.0)), (Some(5.0), None)]).unwrap();
        let inside: Vec<i64> = (-5..60).filter(|&ticks| two.contain(ticks)).collect();
        assert_eq!(inside, (10..20).chain(50..60).collect::<Vec<_>>());
        assert!(two.meet(0, 10) && two.meet(19, 30) && !two.meet(20, 49) && two.meet(20, 50));
        assert_eq!(two.parts(0, 15), [((0, 10), false), ((10, 15), true)]);
        assert_eq!(zones(&[]).unwrap().parts(3, 9), [((3, 9), true)]);
        let first = zones(&[(None, Some(0.5))]).unwrap();
        assert!(first.contain(-3) && first.contain(4) && !first.contain(5));
        assert!(zones(&[]).unwrap().contain(7) && zones(&[]).unwrap().key().is_empty());
        assert_eq!(zones(&[(Some(5.0), None), (Some(1.0), Some(2.0))]).unwrap().key(), two.key());
    }

    #[test]
    fn ranges_end_after_their_start() {
        let wrong = [(Some(2.0), Some(2.0)), (Some(3.0), Some(2.0)), (None, Some(0.0)), (Some(-1.0), None)];
        for range in wrong.into_iter().chain([(Some(f64::NAN), None), (None, Some(f64::INFINITY))]) {
            let error = zones(&[range]).unwrap_err().to_string();
            assert!(error.starts_with("only must be ranges of time"), "{error}");
        }
    }
}
