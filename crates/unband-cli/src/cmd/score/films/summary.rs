//! Streaming summary of frames, shots and videos.
//!
//! Memory does not grow with the frames, except for shots and, for a plot, one value per frame.

use std::ops::Range;

use unband::show::Value;
use unband_image::Depth;
use unband_metrics::{Better, Metric, film_psnr};

use super::super::gates::{Gate, Of};
use super::super::{Row, Verdict};
use super::checks::{Kept, Span, why};
use super::rows::Rows;
use crate::talk::Failure;

/// The measurements of a frame.
pub struct Frame {
    /// Presentation time in seconds.
    pub seconds: f64,
    /// Does a shot begin with it?
    pub begins: bool,
    /// One per metric; blank if it was not computed.
    pub values: Vec<Value>,
    /// The verdict, if the frame was analysed: at least the first one of each shot.
    pub verdict: Option<Verdict>,
}

/// A frame with its value.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Frame number, from 0.
    pub frame: usize,
    /// Its time.
    pub seconds: f64,
    /// Its value.
    pub value: f64,
}

/// A shot.
#[derive(Clone)]
pub struct Shot {
    /// Its frames.
    pub frames: Range<usize>,
    /// Its start and end, in seconds.
    pub seconds: (f64, f64),
    /// Values of its frames together, and the verdict of the worst.
    pub row: Row,
    /// The frame that is worst by the leading metric.
    pub worst: Option<Place>,
}

/// A video.
pub struct Scored {
    /// Its name.
    pub file: String,
    /// Values of all frames together, and the verdict of the worst; checks use these.
    pub row: Row,
    /// The mean over frames, for metrics whose value of a video is something else; otherwise blank.
    pub means: Vec<Value>,
    /// Failed checks.
    pub why: Vec<String>,
    /// Its shots.
    pub shots: Vec<Shot>,
    /// The frame that is worst by the leading metric.
    pub worst: Option<Place>,
    /// Number of frames.
    pub frames: usize,
    /// Time of the first frame and end of the last one, in seconds.
    pub seconds: (f64, f64),
    /// Seconds and leading metric of each frame, for a plot.
    pub line: Vec<(f64, f64)>,
}

/// Accumulates a video, frame by frame.
pub struct Tally<'a> {
    metrics: &'a [&'static Metric],
    gates: &'a [Gate],
    lead: usize,
    film: Sums,
    shots: Vec<Part>,
    kept: Kept,
    last: f64,
    line: Option<Vec<(f64, f64)>>,
    rows: Option<&'a mut Rows>,
    file: String,
}

/// Frames of the current shot.
struct Part {
    first: usize,
    begins: f64,
    sums: Sums,
    verdict: Option<Verdict>,
}

impl<'a> Tally<'a> {
    /// Starts without frames. `gates`: the checks; `lead`: the metric that determines the worst frame;
    /// `draw`: keep its values; `rows` gets a row of each frame, under the video's name.
    pub fn new(
        file: String,
        metrics: &'a [&'static Metric],
        gates: &'a [Gate],
        lead: usize,
        draw: bool,
        rows: Option<&'a mut Rows>,
    ) -> Self {
        let film = Sums::new(metrics.len());
        Self {
            metrics,
            gates,
            lead,
            film,
            shots: Vec::new(),
            kept: Kept { values: vec![Vec::new(); metrics.len()], grades: Vec::new() },
            last: 0.0,
            line: draw.then(Vec::new),
            rows,
            file,
        }
    }

    /// Number of frames so far.
    pub fn frames(&self) -> usize {
        self.film.frames
    }

    /// Adds the next frame, in order of time.
    ///
    /// # Errors
    /// The table cannot be written.
    pub fn put(&mut self, frame: Frame) -> Result<(), Failure> {
        let number = self.film.frames;
        if frame.begins || self.shots.is_empty() {
            let sums = Sums::new(self.metrics.len());
            let begins = frame.seconds;
            self.shots.push(Part { first: number, begins, sums, verdict: None });
        }
        let shots = self.shots.len();
        if let Some(rows) = &mut self.rows {
            let names = [self.file.clone(), number.to_string()];
            rows.put(names, frame.seconds, shots, &frame, self.metrics)?;
        }
        let lead = match frame.values.get(self.lead) {
            Some(Value::Number(value)) => *value,
            _ => f64::NAN,
        };
        if let Some(line) = &mut self.line {
            line.push((frame.seconds, lead));
        }
        self.keep(number, &frame);
        let place = |value| Place { frame: number, seconds: frame.seconds, value };
        self.film.put(self.metrics, &frame.values, &place);
        self.last = frame.seconds;
        let Some(shot) = self.shots.last_mut() else { return Ok(()) };
        shot.sums.put(self.metrics, &frame.values, &place);
        if let Some(verdict) = frame.verdict
            && shot.verdict.as_ref().is_none_or(|known| is_worse(&verdict, known))
        {
            shot.verdict = Some(verdict);
        }
        Ok(())
    }

    /// Keeps the values that percentiles need.
    fn keep(&mut self, number: usize, frame: &Frame) {
        for gate in self.gates.iter().filter(|gate| matches!(gate.of(), Of::Percentile(_))) {
            let at = gate.metric().and_then(|metric| self.metrics.iter().position(|m| m.name == metric.name));
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

    /// The whole video with its failed checks. A shot fails the checks that it would fail as a video.
    pub fn finish(self, depth: Depth) -> Scored {
        let Self { metrics, gates, lead, film, shots, kept, last, line, file, .. } = self;
        let frames = film.frames;
        let first = shots.first().map_or(0.0, |shot| shot.begins);
        // The last frame is assumed to last as long as the others on average.
        let end = last + (last - first) / frames.saturating_sub(1).max(1) as f64;
        let row = |role: &str, sums: &Sums, verdict: Option<&Verdict>| Row {
            role: role.to_owned(),
            file: Some(file.clone()),
            depth,
            verdict: verdict
                .cloned()
                .unwrap_or_else(|| Verdict::new(&unband::Findings::plain(1, depth.bits()))),
            values: metrics.iter().zip(&sums.measures).map(|(metric, sum)| sum.value(metric)).collect(),
            failed: Vec::new(),
        };
        let failed = |row: &mut Row, sums: &Sums, frames: Range<usize>, shots: &[Shot]| {
            let worst: Vec<_> = sums.measures.iter().map(|sum| sum.worst).collect();
            let span = Span { row, worst: &worst, frames };
            let all: Vec<(String, String)> = gates
                .iter()
                .filter_map(|gate| Some((gate.text.clone(), why(gate, metrics, &span, &kept, shots)?)))
                .collect();
            let (texts, whys) = all.into_iter().unzip();
            row.failed = texts;
            whys
        };
        let worst = shots.iter().filter_map(|shot| shot.verdict.as_ref());
        let worst = worst.reduce(|a, b| if is_worse(b, a) { b } else { a });
        let mut whole = row("film", &film, worst);
        let means = metrics
            .iter()
            .zip(&film.measures)
            .map(|(metric, sum)| if film_psnr::is_one(metric) { sum.mean() } else { Value::Blank });
        let means = means.collect();
        let ends: Vec<(usize, f64)> =
            shots.iter().skip(1).map(|shot| (shot.first, shot.begins)).chain([(frames, end)]).collect();
        let place = |sums: &Sums| sums.measures.get(lead).and_then(|sum| sum.worst);
        let shots = shots.iter().zip(ends).map(|(shot, (next, ends))| {
            let mut row = row("shot", &shot.sums, shot.verdict.as_ref());
            let _: Vec<String> = failed(&mut row, &shot.sums, shot.first..next, &[]);
            Shot { frames: shot.first..next, seconds: (shot.begins, ends), row, worst: place(&shot.sums) }
        });
        let shots: Vec<Shot> = shots.collect();
        let why = failed(&mut whole, &film, 0..frames, &shots);
        Scored {
            row: whole,
            means,
            why,
            shots,
            worst: place(&film),
            frames,
            seconds: (first, end),
            line: line.unwrap_or_default(),
            file,
        }
    }
}

/// Is there more banding?
fn is_worse(verdict: &Verdict, than: &Verdict) -> bool {
    (verdict.grade, verdict.share) > (than.grade, than.share)
}

/// Frames so far.
struct Sums {
    frames: usize,
    measures: Vec<Sum>,
}

/// One metric of them.
#[derive(Clone, Default)]
struct Sum {
    total: f64,
    count: usize,
    global: film_psnr::Global,
    /// The frame with the worst value; the first of equals.
    worst: Option<Place>,
    /// The reason of the first frame without a value.
    missing: Option<String>,
}

impl Sums {
    fn new(measures: usize) -> Self {
        Self { frames: 0, measures: vec![Sum::default(); measures] }
    }

    fn put(&mut self, metrics: &[&'static Metric], values: &[Value], place: &dyn Fn(f64) -> Place) {
        self.frames += 1;
        for ((sum, value), metric) in self.measures.iter_mut().zip(values).zip(metrics) {
            match value {
                Value::Number(number) => {
                    let worse = |than: Place| match metric.better {
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
        match self.global.psnr().filter(|_| film_psnr::is_one(metric)) {
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

/// A formatted time: "1:02.250", "1:00:02.250".
pub fn clock(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let thousandths = (seconds.abs() * 1000.0).round() as u64;
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    let (hours, minutes, whole) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{sign}{hours}:{minutes:02}:{whole:02}.{rest:03}")
    } else {
        format!("{sign}{minutes}:{whole:02}.{rest:03}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_players_do() {
        assert_eq!(clock(62.25), "1:02.250");
        assert_eq!(clock(3602.9996), "1:00:03.000");
        assert_eq!(clock(-0.5), "-0:00.500");
    }
}
