//! Tables and JSON of a video's values.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use unband::show::{Timeline, Value};
use unband_io::video::FrameFormat;
use unband_metrics::Metric;

use super::super::{FailureRecord, MeasureRecord, Table, ValuesRecord, about, cell, number, reasons};
use super::summary::{Place, Scored, Shot, clock};
use super::worst::Spot;
use crate::outcome::Outcome;
use crate::talk::{Failure, Talk, counted, printable};

/// The first line about a video: "film.mkv  1280×720 8-bit h264, 72 frames, 0:03.000, 2 shots  visible
/// banding …".
pub fn head(name: &str, codec: &str, format: &FrameFormat, film: &Scored, partial: bool) -> String {
    let name = printable(name);
    format!(
        "{name}  {}×{} {}-bit {codec}, {}, {}, {}{}  {}\n",
        format.width,
        format.height,
        format.pixels.bits,
        counted(film.frames as u64, "frame"),
        clock(film.seconds.1 - film.seconds.0),
        counted(film.shots.len() as u64, "shot"),
        if partial { ", partial" } else { "" },
        film.row.verdict.line,
    )
}

/// A row for the video and, if there are several shots, one for each. `worst`: add the worst frame of each.
pub fn table(film: &Scored, metrics: &[&'static Metric], worst: bool) -> String {
    let mut table = Table::new(2);
    let head = ["", "", "frames"].map(str::to_owned).into_iter();
    let last = |text: String| worst.then_some(text);
    let names = metrics.iter().map(|metric| metric.name.to_owned());
    table.row(head.chain(names).chain(last("worst frame".into())));
    let mut row = |name: String, time: String, count: usize, values: &[Value], place: Option<Place>| {
        let cells = [name, time, count.to_string()].into_iter().chain(values.iter().map(cell));
        let place = place.map_or_else(String::new, |place| {
            format!("{} at {} ({})", place.frame, clock(place.seconds), number(place.value))
        });
        table.row(cells.chain(last(place)));
    };
    let several = film.shots.len() > 1;
    let global = !film.means.iter().all(|value| matches!(value, Value::Blank));
    let what = if global { "  video" } else { "  video, mean" };
    row(what.to_owned(), String::new(), film.frames, &film.row.values, film.worst);
    if global {
        row("  mean of frames".to_owned(), String::new(), film.frames, &film.means, None);
    }
    for (i, shot) in film.shots.iter().enumerate().filter(|_| several) {
        let time = format!("{} – {}", clock(shot.seconds.0), clock(shot.seconds.1));
        let name = format!("  shot {}{}", i + 1, if global { "" } else { ", mean" });
        row(name, time, shot.frames.len(), &shot.row.values, shot.worst);
    }
    if worst { table.left_last() } else { table }.to_string()
}

/// A line about the video, a table of its shots, its worst frames.
pub fn text(head: String, film: &Scored, spots: &[Spot], metrics: &[&'static Metric], lead: usize) -> String {
    let mut text = head + &table(film, metrics, false);
    let spots: Vec<String> = spots
        .iter()
        .map(|spot| format!("{} ({})", clock(spot.place.seconds), number(spot.place.value)))
        .collect();
    if let (Some(metric), false) = (metrics.get(lead), spots.is_empty()) {
        let _ = writeln!(text, "  worst frames by {} ({}): {}", metric.name, about(metric), spots.join(", "));
    }
    text.push_str(&reasons(&film.file, &film.row, metrics));
    text
}

/// Reports a video that failed checks.
pub fn failed(film: &Scored, talk: &Talk<'_>) -> Outcome {
    for why in &film.why {
        talk.failure(&Failure::at(film.file.clone(), format!("check failed, {why}"), None));
    }
    if film.why.is_empty() { Outcome::Done } else { Outcome::CheckFailed }
}

/// The leading metric over time.
pub fn timeline(film: &Scored, metric: &Metric) -> Timeline {
    Timeline {
        title: format!("{} of {}", metric.name, film.file),
        unit: format!("{} ({})", metric.name, about(metric)),
        values: film.line.clone(),
        shots: film.shots.iter().map(|shot| shot.seconds.0).collect(),
    }
}

/// The object of `--json`.
#[derive(Serialize)]
pub struct Record<'a> {
    schema: &'static str,
    measures: Vec<MeasureRecord>,
    films: Vec<FilmRecord<'a>>,
    failures: Vec<FailureRecord>,
}

/// A video in it.
#[derive(Serialize)]
pub struct FilmRecord<'a> {
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
    mean_of_frames: BTreeMap<&'static str, Option<f64>>,
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
    fn new(place: Place) -> Self {
        let value = Some(place.value).filter(|value| value.is_finite());
        Self { frame: place.frame, seconds: place.seconds, value }
    }
}

impl<'a> FilmRecord<'a> {
    /// Of a video by itself, or of one that was compared.
    pub fn new(
        film: &'a Scored,
        (codec, reference): (&'a str, Option<&'a str>),
        format: &FrameFormat,
        partial: bool,
        spots: &[Spot],
        metrics: &[&'static Metric],
    ) -> Self {
        let shot = |shot: &Shot| ShotRecord {
            first_frame: shot.frames.start,
            frames: shot.frames.len(),
            from_seconds: shot.seconds.0,
            to_seconds: shot.seconds.1,
            values: ValuesRecord::new(&shot.row, metrics),
            worst: shot.worst.map(PlaceRecord::new),
        };
        let means = metrics.iter().zip(&film.means).filter_map(|(metric, mean)| match mean {
            Value::Number(mean) => Some((metric.name, Some(*mean).filter(|mean| mean.is_finite()))),
            _ => None,
        });
        Self {
            file: &film.file,
            reference,
            codec,
            width: format.width,
            height: format.height,
            depth: format.pixels.bits,
            frames: film.frames,
            partial,
            values: ValuesRecord::new(&film.row, metrics),
            mean_of_frames: means.collect(),
            shots: film.shots.iter().map(shot).collect(),
            worst: match reference {
                Some(_) => film.worst.into_iter().map(PlaceRecord::new).collect(),
                None => spots.iter().map(|spot| PlaceRecord::new(spot.place)).collect(),
            },
        }
    }
}

impl<'a> Record<'a> {
    /// Of all videos.
    pub fn new(
        schema: &'static str,
        films: Vec<FilmRecord<'a>>,
        failures: Vec<FailureRecord>,
        metrics: &[&'static Metric],
    ) -> Self {
        Self { schema, measures: MeasureRecord::all(metrics), films, failures }
    }
}
