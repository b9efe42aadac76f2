//! Sums over the frames of a video and of its shots.
//!
//! Memory does not grow with the frames, except for shots and for one value per frame.

use std::ops::Range;

use unband_image::findings::Findings;
use unband_metrics::{Better, Metric, video_psnr};

use super::checks::{PercentileValues, Span, why};
use super::{FrameScores, FrameValue, Shot, VideoScores};
use crate::metrics::{Check, CheckOf, Scores, Value};
use crate::verdict::Verdict;

/// Accumulates a video, frame by frame.
pub(super) struct Tally<'a> {
    metrics: &'a [Metric],
    checks: &'a [Check],
    lead: usize,
    video: FrameSums,
    shots: Vec<ShotSums>,
    kept: PercentileValues,
    last: f64,
    line: Vec<(f64, f64)>,
}

/// Frames of the current shot.
struct ShotSums {
    first: usize,
    begins: f64,
    sums: FrameSums,
    verdict: Option<Verdict>,
}

impl<'a> Tally<'a> {
    /// Starts without frames. `lead`: the index of the metric that determines the worst frame.
    pub(super) fn new(metrics: &'a [Metric], checks: &'a [Check], lead: usize) -> Self {
        let kept = PercentileValues { values: vec![Vec::new(); metrics.len()], grades: Vec::new() };
        let (video, shots, line) = (FrameSums::new(metrics.len()), Vec::new(), Vec::new());
        Self { metrics, checks, lead, video, shots, kept, last: 0.0, line }
    }

    /// Number of frames so far.
    pub(super) fn frames(&self) -> usize {
        self.video.frames
    }

    /// Adds the next frame, in order of time, and returns it with its number and its shot.
    pub(super) fn put(
        &mut self,
        seconds: f64,
        begins_shot: bool,
        (values, verdict): (Vec<Value>, Option<Verdict>),
    ) -> FrameScores {
        let number = self.video.frames;
        if begins_shot || self.shots.is_empty() {
            let sums = FrameSums::new(self.metrics.len());
            self.shots.push(ShotSums { first: number, begins: seconds, sums, verdict: None });
        }
        let frame = FrameScores { number, seconds, shot: self.shots.len(), values, verdict };
        self.line.push((seconds, frame.values.get(self.lead).and_then(Value::number).unwrap_or(f64::NAN)));
        self.keep(&frame);
        let place = |value| FrameValue { frame: number, seconds, value };
        self.video.put(self.metrics, &frame.values, &place);
        self.last = seconds;
        if let Some(shot) = self.shots.last_mut() {
            shot.sums.put(self.metrics, &frame.values, &place);
            if let Some(verdict) = &frame.verdict
                && shot.verdict.as_ref().is_none_or(|known| verdict.is_worse(known))
            {
                shot.verdict = Some(verdict.clone());
            }
        }
        frame
    }

    /// Keeps the values that percentiles need.
    fn keep(&mut self, frame: &FrameScores) {
        let number = frame.number;
        for check in self.checks.iter().filter(|check| matches!(check.of(), CheckOf::Percentile(_))) {
            let at =
                check.metric().and_then(|metric| self.metrics.iter().position(|m| m.name() == metric.name()));
            match (at, &frame.verdict) {
                (Some(at), _) => {
                    let values = &mut self.kept.values[at];
                    if let Some(&Value::Number(value)) = frame.values.get(at)
                        && values.last().is_none_or(|&(last, _)| last < number)
                    {
                        values.push((number, value));
                    }
                }
                (None, Some(verdict)) => {
                    let grades = &mut self.kept.grades;
                    if grades.last().is_none_or(|&(last, _)| last < number) {
                        grades.push((number, verdict.grade));
                    }
                }
                (None, None) => {}
            }
        }
    }

    /// The whole video with its failed checks. A shot fails the checks that it would fail as a video. `bits`:
    /// those of a sample.
    pub(super) fn finish(self, bits: u8) -> VideoScores {
        let frames = self.video.frames;
        let first = self.shots.first().map_or(0.0, |shot| shot.begins);
        // The last frame is assumed to last as long as the others on average.
        let end = self.last + (self.last - first) / frames.saturating_sub(1).max(1) as f64;
        let worst = self.shots.iter().filter_map(|shot| shot.verdict.as_ref());
        let worst = worst.reduce(|a, b| if b.is_worse(a) { b } else { a });
        let mut whole = self.scores(&self.video, worst, bits);
        let mean = |(metric, sum): (&Metric, &Sum)| {
            if video_psnr::is_one(metric) { sum.mean() } else { Value::Blank }
        };
        let means = self.metrics.iter().zip(&self.video.metrics).map(mean).collect();
        let ends: Vec<(usize, f64)> =
            self.shots.iter().skip(1).map(|shot| (shot.first, shot.begins)).chain([(frames, end)]).collect();
        let shots = self.shots.iter().zip(ends).map(|(shot, (next, ends))| {
            let mut scores = self.scores(&shot.sums, shot.verdict.as_ref(), bits);
            (scores.failed, _) = self.failed(&scores, &shot.sums, shot.first..next, &[]);
            let worst = self.worst(&shot.sums);
            Shot { frames: shot.first..next, seconds: (shot.begins, ends), scores, worst }
        });
        let shots: Vec<Shot> = shots.collect();
        let (failed, why) = self.failed(&whole, &self.video, 0..frames, &shots);
        whole.failed = failed;
        let worst = self.worst(&self.video);
        VideoScores {
            scores: whole,
            means,
            why,
            shots,
            worst,
            frames,
            seconds: (first, end),
            line: self.line,
        }
    }

    fn scores(&self, sums: &FrameSums, verdict: Option<&Verdict>, bits: u8) -> Scores {
        let plain = || Verdict::new(&Findings::plain(1, bits));
        let values = self.metrics.iter().zip(&sums.metrics).map(|(metric, sum)| sum.value(metric)).collect();
        Scores::new(verdict.cloned().unwrap_or_else(plain), values)
    }

    /// The checks that fail, as typed, and the reasons.
    fn failed(
        &self,
        scores: &Scores,
        sums: &FrameSums,
        frames: Range<usize>,
        shots: &[Shot],
    ) -> (Vec<String>, Vec<String>) {
        let worst: Vec<_> = sums.metrics.iter().map(|sum| sum.worst).collect();
        let span = Span { scores, worst: &worst, frames };
        let fails = |check: &Check| why(check, self.metrics, &span, &self.kept, shots);
        self.checks.iter().filter_map(|check| Some((check.text.clone(), fails(check)?))).unzip()
    }

    fn worst(&self, sums: &FrameSums) -> Option<FrameValue> {
        sums.metrics.get(self.lead).and_then(|sum| sum.worst)
    }
}

/// Frames so far.
struct FrameSums {
    frames: usize,
    metrics: Vec<Sum>,
}

/// One metric of them.
#[derive(Clone, Default)]
struct Sum {
    total: f64,
    count: usize,
    global: video_psnr::Global,
    /// The frame with the worst value; the first of equals.
    worst: Option<FrameValue>,
    /// The reason of the first frame without a value.
    missing: Option<String>,
}

impl FrameSums {
    fn new(metrics: usize) -> Self {
        Self { frames: 0, metrics: vec![Sum::default(); metrics] }
    }

    fn put(&mut self, metrics: &[Metric], values: &[Value], place: &dyn Fn(f64) -> FrameValue) {
        self.frames += 1;
        for ((sum, value), metric) in self.metrics.iter_mut().zip(values).zip(metrics) {
            match value {
                Value::Number(number) => {
                    let worse = |than: FrameValue| match metric.better {
                        Better::Higher => *number < than.value,
                        Better::Lower => *number > than.value,
                    };
                    if !number.is_nan() && sum.worst.is_none_or(worse) {
                        sum.worst = Some(place(*number));
                    }
                    sum.total += number;
                    sum.count += 1;
                    sum.global.put(*number);
                }
                Value::Missing(reason) => {
                    sum.missing.get_or_insert_with(|| reason.clone());
                }
                Value::Blank => {}
            }
        }
    }
}

impl Sum {
    /// The value of all frames together.
    fn value(&self, metric: &Metric) -> Value {
        match self.global.psnr().filter(|_| video_psnr::is_one(metric)) {
            Some(psnr) => Value::Number(psnr),
            None => self.mean(),
        }
    }

    /// The mean of the frames with a value; without any, the reason.
    fn mean(&self) -> Value {
        match &self.missing {
            _ if self.count > 0 => Value::Number(self.total / self.count as f64),
            Some(reason) => Value::Missing(reason.clone()),
            None => Value::Blank,
        }
    }
}
