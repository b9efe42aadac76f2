//! Values of a video as text, tables and JSON.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::ControlFlow;

use serde::Serialize;
use unband::io::video::FrameFormat;
use unband::metrics::Metric;
use unband::metrics::video::{FrameScores, FrameValue, Shot, VideoScores, WorstFrame};
use unband::metrics::{MetricsError, Value, clock, number};
use unband_report::Timeline;

use super::frames::FrameRows;
use super::table::{Table, cell};
use super::text::reasons;
use crate::args::failure;
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter, counted, printable};
use unband::records::{FailureRecord, MetricRecord, ValuesRecord};

/// Width of a plot, in pixels.
pub(crate) const PLOT: usize = 1200;

/// Counts frames on the bar.
pub(crate) struct Steps<'a> {
    reporter: &'a Reporter<'a>,
    done: Cell<usize>,
    total: usize,
}

impl<'a> Steps<'a> {
    /// Starts with this total.
    pub(crate) fn new(reporter: &'a Reporter<'a>, total: usize) -> Self {
        Self { reporter, done: Cell::new(0), total }
    }

    /// One more frame.
    fn put(&self) {
        self.done.set(self.done.get() + 1);
        drop(self.reporter.bar.image());
        self.reporter.bar.done(self.done.get(), self.total.max(self.done.get()));
    }

    /// Frames so far.
    pub(crate) fn done(&self) -> usize {
        self.done.get()
    }
}

/// Gets the frames of a video: counts them, and adds them to the table that was asked for.
pub(crate) struct Frames<'a> {
    /// The counter.
    pub steps: &'a Steps<'a>,
    /// The table.
    pub rows: Option<&'a mut FrameRows>,
    /// The video's name in the table.
    pub file: &'a str,
    /// Its metrics.
    pub metrics: &'a [Metric],
    /// Why the table could not be written.
    pub failure: Option<Failure>,
}

impl Frames<'_> {
    /// The next frame; stops at a failure.
    pub(crate) fn put(&mut self, frame: &FrameScores) -> ControlFlow<()> {
        if let Some(rows) = &mut self.rows
            && let Err(failure) = rows.put(self.file, frame, self.metrics)
        {
            self.failure = Some(failure);
            return ControlFlow::Break(());
        }
        self.steps.put();
        ControlFlow::Continue(())
    }

    /// The result of the work that gave the frames; `None` when interrupted.
    ///
    /// # Errors
    /// A failure of the table, or of the work.
    pub(crate) fn end<T>(self, done: Result<T, MetricsError>) -> Result<Option<T>, Failure> {
        match (self.failure, done) {
            (Some(failure), _) => Err(failure),
            (None, Err(MetricsError::Cancelled)) => Ok(None),
            (None, done) => done.map(Some).map_err(failure),
        }
    }
}

/// The first line about a video: "video.mkv  1280×720 8-bit h264, 72 frames, 0:03.000, 2 shots  visible
/// banding …".
pub(crate) fn head(
    name: &str,
    codec: &str,
    format: &FrameFormat,
    video: &VideoScores,
    partial: bool,
) -> String {
    let name = printable(name);
    format!(
        "{name}  {}×{} {}-bit {codec}, {}, {}, {}{}  {}\n",
        format.width,
        format.height,
        format.pixels.bits,
        counted(video.frames as u64, "frame"),
        clock(video.seconds.1 - video.seconds.0),
        counted(video.shots.len() as u64, "shot"),
        if partial { ", partial" } else { "" },
        video.scores.verdict.line,
    )
}

/// A row for the video and, if there are several shots, one for each. `worst`: add the worst frame of each.
pub(crate) fn table(video: &VideoScores, metrics: &[Metric], worst: bool) -> String {
    let mut table = Table::new(2);
    let head = ["", "", "frames"].map(str::to_owned).into_iter();
    let last = |text: String| worst.then_some(text);
    let names = metrics.iter().map(|metric| metric.name().to_owned());
    table.row(head.chain(names).chain(last("worst frame".into())));
    let mut row = |name: String, time: String, count: usize, values: &[Value], place: Option<FrameValue>| {
        let cells = [name, time, count.to_string()].into_iter().chain(values.iter().map(cell));
        let place = place.map_or_else(String::new, |place| {
            format!("{} at {} ({})", place.frame, clock(place.seconds), number(place.value))
        });
        table.row(cells.chain(last(place)));
    };
    let several = video.shots.len() > 1;
    let global = !video.means.iter().all(|value| matches!(value, Value::Blank));
    let what = if global { "  video" } else { "  video, mean" };
    row(what.to_owned(), String::new(), video.frames, &video.scores.values, video.worst);
    if global {
        row("  mean of frames".to_owned(), String::new(), video.frames, &video.means, None);
    }
    for (i, shot) in video.shots.iter().enumerate().filter(|_| several) {
        let time = format!("{} – {}", clock(shot.seconds.0), clock(shot.seconds.1));
        let name = format!("  shot {}{}", i + 1, if global { "" } else { ", mean" });
        row(name, time, shot.frames.len(), &shot.scores.values, shot.worst);
    }
    if worst { table.left_last() } else { table }.to_string()
}

/// A line about the video, a table of its shots, its worst frames.
pub(crate) fn text(
    file: &str,
    head: &str,
    video: &VideoScores,
    worst: &[WorstFrame],
    metrics: &[Metric],
    lead: usize,
) -> String {
    let mut text = head.to_owned() + &table(video, metrics, false);
    let worst: Vec<String> = worst
        .iter()
        .map(|frame| format!("{} ({})", clock(frame.place.seconds), number(frame.place.value)))
        .collect();
    if let (Some(metric), false) = (metrics.get(lead), worst.is_empty()) {
        let _ =
            writeln!(text, "  worst frames by {} ({}): {}", metric.name(), metric.about(), worst.join(", "));
    }
    text.push_str(&reasons(file, &video.scores, metrics));
    text
}

/// Reports a video that failed checks.
pub(crate) fn report_failed(file: &str, video: &VideoScores, reporter: &Reporter<'_>) -> Outcome {
    for why in &video.why {
        reporter.failure(&Failure::at(file.to_owned(), format!("check failed, {why}"), None));
    }
    if video.why.is_empty() { Outcome::Done } else { Outcome::CheckFailed }
}

/// The leading metric over time.
pub(crate) fn timeline(file: &str, video: &VideoScores, metric: &Metric) -> Timeline {
    Timeline {
        title: format!("{} of {file}", metric.name()),
        unit: format!("{} ({})", metric.name(), metric.about()),
        values: video.line.clone(),
        shots: video.shots.iter().map(|shot| shot.seconds.0).collect(),
    }
}

/// The object of `--json`.
#[derive(Serialize)]
pub(crate) struct VideosRecord<'a> {
    schema: &'static str,
    metrics: Vec<MetricRecord>,
    videos: Vec<VideoRecord<'a>>,
    failures: Vec<FailureRecord>,
}

/// A video in it.
#[derive(Serialize)]
pub(crate) struct VideoRecord<'a> {
    file: &'a str,
    /// The reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    codec: &'a str,
    width: usize,
    height: usize,
    depth: u8,
    frames: usize,
    /// Does it have more frames that were not measured?
    partial: bool,
    #[serde(flatten)]
    values: ValuesRecord,
    /// Mean over frames, for metrics whose `values` are something else.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    mean_of_frames: BTreeMap<String, Option<f64>>,
    shots: Vec<ShotRecord>,
    worst: Vec<PlaceRecord>,
}

#[derive(Serialize)]
struct ShotRecord {
    first_frame: usize,
    frames: usize,
    from_seconds: f64,
    to_seconds: f64,
    #[serde(flatten)]
    values: ValuesRecord,
    /// By CAMBI, or else the first metric.
    worst: Option<PlaceRecord>,
}

#[derive(Serialize)]
struct PlaceRecord {
    frame: usize,
    seconds: f64,
    /// `None` where it is infinite.
    value: Option<f64>,
}

impl PlaceRecord {
    fn new(place: FrameValue) -> Self {
        let value = Some(place.value).filter(|value| value.is_finite());
        Self { frame: place.frame, seconds: place.seconds, value }
    }
}

impl<'a> VideoRecord<'a> {
    /// Of a video by itself, or of one that was compared.
    pub(crate) fn new(
        file: &'a str,
        video: &VideoScores,
        (codec, reference): (&'a str, Option<&'a str>),
        format: &FrameFormat,
        partial: bool,
        worst: &[WorstFrame],
        metrics: &[Metric],
    ) -> Self {
        let shot = |shot: &Shot| ShotRecord {
            first_frame: shot.frames.start,
            frames: shot.frames.len(),
            from_seconds: shot.seconds.0,
            to_seconds: shot.seconds.1,
            values: ValuesRecord::new(&shot.scores, metrics),
            worst: shot.worst.map(PlaceRecord::new),
        };
        let means = metrics.iter().zip(&video.means).filter_map(|(metric, mean)| match mean {
            Value::Number(mean) => {
                Some((metric.name().to_owned(), Some(*mean).filter(|mean| mean.is_finite())))
            }
            _ => None,
        });
        Self {
            file,
            reference,
            codec,
            width: format.width,
            height: format.height,
            depth: format.pixels.bits,
            frames: video.frames,
            partial,
            values: ValuesRecord::new(&video.scores, metrics),
            mean_of_frames: means.collect(),
            shots: video.shots.iter().map(shot).collect(),
            worst: match reference {
                Some(_) => video.worst.into_iter().map(PlaceRecord::new).collect(),
                None => worst.iter().map(|frame| PlaceRecord::new(frame.place)).collect(),
            },
        }
    }
}

impl<'a> VideosRecord<'a> {
    /// Of all videos.
    pub(crate) fn new(
        schema: &'static str,
        videos: Vec<VideoRecord<'a>>,
        failures: Vec<FailureRecord>,
        metrics: &[Metric],
    ) -> Self {
        Self { schema, metrics: MetricRecord::all(metrics), videos, failures }
    }
}
