//! A film's values for people and for machines.

use std::fmt::Write;

use serde::Serialize;
use unband::show::{Timeline, Value};
use unband_metrics::Metric;

use super::super::record::{missing_cell, value_cell};
use super::super::{FailureRecord, MeasureRecord, Table, ValuesRecord, about, cell, number, reasons};
use super::summary::{Scored, clock};

/// A line about the film, a table of its shots, its worst frames.
pub fn text(film: &Scored, metrics: &[&'static Metric], lead: usize) -> String {
    let format = &film.measured.format;
    let frames = film.measured.frames.len();
    let partial = if film.measured.damage.is_some() { ", partial" } else { "" };
    let mut text = format!(
        "{}  {}×{} {}-bit {}, {frames} frames, {}, {} {}{partial}  {}\n",
        film.file,
        format.width,
        format.height,
        format.pixels.bits,
        film.codec,
        clock(film.end - film.measured.frames.first().map_or(0.0, |frame| frame.seconds)),
        film.shots.len(),
        if film.shots.len() == 1 { "shot" } else { "shots" },
        film.row.verdict.line,
    );
    let mut table = Table::new(2);
    let head = ["", "", "frames"].map(str::to_owned).into_iter();
    table.row(head.chain(metrics.iter().map(|metric| metric.name.to_owned())));
    let cells = |count: usize, values: &[Value]| {
        std::iter::once(count.to_string()).chain(values.iter().map(cell)).collect::<Vec<_>>()
    };
    let names = ["  film, mean".to_owned(), String::new()];
    table.row(names.into_iter().chain(cells(frames, &film.row.values)));
    for (i, shot) in film.shots.iter().enumerate().filter(|_| film.shots.len() > 1) {
        let time = format!("{} – {}", clock(shot.seconds.0), clock(shot.seconds.1));
        let names = [format!("  shot {}, mean", i + 1), time];
        table.row(names.into_iter().chain(cells(shot.frames.len(), &shot.row.values)));
    }
    let _ = write!(text, "{table}");
    let spots = film.measured.worst.spots();
    let spots: Vec<String> =
        spots.iter().map(|spot| format!("{} ({})", clock(spot.seconds), number(spot.value))).collect();
    if let (Some(metric), false) = (metrics.get(lead), spots.is_empty()) {
        let _ = writeln!(text, "  worst by {} ({}): {}", metric.name, about(metric), spots.join(", "));
    }
    text.push_str(&reasons(&film.file, &film.row, metrics));
    text
}

/// A table with a row for each frame.
///
/// # Errors
/// Never in practice: memory takes everything.
pub fn csv(films: &[Scored], metrics: &[&'static Metric]) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = ["file", "frame", "seconds", "shot", "banding", "share", "cause"].into_iter();
    table.write_record(head.chain(metrics.iter().map(|metric| metric.name)).chain(["missing"]))?;
    for film in films {
        for (i, frame) in film.measured.frames.iter().enumerate() {
            let banding = frame.banding;
            let mut cells = vec![
                film.file.clone(),
                i.to_string(),
                format!("{:.6}", frame.seconds),
                (frame.shot + 1).to_string(),
                banding.map_or_else(String::new, |banding| banding.grade.to_string()),
                banding.map_or_else(String::new, |banding| banding.share.to_string()),
                banding.and_then(|banding| banding.cause).unwrap_or_default().to_owned(),
            ];
            cells.extend(frame.values.iter().map(value_cell));
            cells.push(missing_cell(&frame.values, metrics));
            table.write_record(&cells)?;
        }
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

/// The lead over time.
pub fn timeline(film: &Scored, metric: &Metric, lead: usize) -> Timeline {
    let value = |value: Option<&Value>| match value {
        Some(Value::Number(number)) => *number,
        _ => f64::NAN,
    };
    Timeline {
        title: format!("{} of {}", metric.name, film.file),
        unit: format!("{} ({})", metric.name, about(metric)),
        values: film.measured.frames.iter().map(|f| (f.seconds, value(f.values.get(lead)))).collect(),
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

#[derive(Serialize)]
struct FilmRecord<'a> {
    file: &'a str,
    codec: &'a str,
    width: usize,
    height: usize,
    depth: u8,
    frames: usize,
    /// Did damage end it too early?
    partial: bool,
    #[serde(flatten)]
    values: ValuesRecord,
    shots: Vec<ShotRecord>,
    worst: Vec<SpotRecord>,
}

#[derive(Serialize)]
struct ShotRecord {
    first_frame: usize,
    frames: usize,
    from_seconds: f64,
    to_seconds: f64,
    #[serde(flatten)]
    values: ValuesRecord,
}

#[derive(Serialize)]
struct SpotRecord {
    frame: usize,
    seconds: f64,
    value: f64,
}

impl<'a> Record<'a> {
    /// Of all films.
    pub fn new(films: &'a [Scored], failures: Vec<FailureRecord>, metrics: &[&'static Metric]) -> Self {
        let film = |film: &'a Scored| FilmRecord {
            file: &film.file,
            codec: &film.codec,
            width: film.measured.format.width,
            height: film.measured.format.height,
            depth: film.measured.format.pixels.bits,
            frames: film.measured.frames.len(),
            partial: film.measured.damage.is_some(),
            values: ValuesRecord::new(&film.row, metrics),
            shots: film
                .shots
                .iter()
                .map(|shot| ShotRecord {
                    first_frame: shot.frames.start,
                    frames: shot.frames.len(),
                    from_seconds: shot.seconds.0,
                    to_seconds: shot.seconds.1,
                    values: ValuesRecord::new(&shot.row, metrics),
                })
                .collect(),
            worst: film
                .measured
                .worst
                .spots()
                .iter()
                .map(|spot| SpotRecord { frame: spot.frame, seconds: spot.seconds, value: spot.value })
                .collect(),
        };
        Self {
            schema: "unband-score-films/1",
            measures: MeasureRecord::all(metrics),
            films: films.iter().map(film).collect(),
            failures,
        }
    }
}
