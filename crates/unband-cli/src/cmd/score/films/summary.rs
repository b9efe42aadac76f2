//! What the frames of a film and of its shots say together. Frames are summed up as they come: of a long film there is no more in
//! memory than of a short one, but for its shots and, where it is drawn, a number per frame.

use std::ops::Range;

use unband::show::Value;
use unband_image::Depth;
use unband_metrics::{Better, Metric, film_psnr};

use super::super::{Gate, Row, Verdict};
use super::rows::Rows;
use crate::talk::Failure;

/// What was seen in a frame.
pub struct Frame {
    /// When it is shown, in seconds.
    pub seconds: f64,
    /// Does a shot begin with it?
    pub begins: bool,
    /// One per measure; blank where it was not taken.
    pub values: Vec<Value>,
    /// What was found in it, where it was looked at: in the first frame of each shot at least.
    pub verdict: Option<Verdict>,
}

/// A frame by its value.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its number, from 0.
    pub frame: usize,
    /// Its time.
    pub seconds: f64,
    /// Its value.
    pub value: f64,
}

/// A shot.
pub struct Shot {
    /// Its frames.
    pub frames: Range<usize>,
    /// When it begins and ends, in seconds.
    pub seconds: (f64, f64),
    /// What its frames say together, and the verdict of the worst.
    pub row: Row,
    /// The frame that is worst by the lead.
    pub worst: Option<Place>,
}

/// A film.
pub struct Scored {
    /// Its name.
    pub file: String,
    /// What all frames say together, and the verdict of the worst; checks are about these.
    pub row: Row,
    /// Of the measures whose values of a film are not the mean of its frames, that mean; else blank.
    pub means: Vec<Value>,
    /// Its shots.
    pub shots: Vec<Shot>,
    /// The frame that is worst by the lead.
    pub worst: Option<Place>,
    /// How many frames it has.
    pub frames: usize,
    /// When its first frame is shown and its last one ends, in seconds.
    pub seconds: (f64, f64),
    /// Seconds and the lead of each frame, where it is to be drawn.
    pub line: Vec<(f64, f64)>,
}

/// Sums up a film, frame after frame.
pub struct Tally<'a> {
    metrics: &'a [&'static Metric],
    lead: usize,
    film: Sums,
    shots: Vec<Part>,
    worst: Option<Place>,
    last: f64,
    line: Option<Vec<(f64, f64)>>,
    rows: Option<&'a mut Rows>,
    file: String,
}

/// Frames of a shot so far.
struct Part {
    first: usize,
    begins: f64,
    sums: Sums,
    verdict: Option<Verdict>,
    worst: Option<Place>,
}

impl<'a> Tally<'a> {
    /// Of no frame yet. `lead` is the measure that tells which frame is worst, `draw`: keep its values; `rows` gets a row of each
    /// frame, under the film's name.
    pub fn new(
        file: String,
        metrics: &'a [&'static Metric],
        lead: usize,
        draw: bool,
        rows: Option<&'a mut Rows>,
    ) -> Self {
        let film = Sums::new(metrics.len());
        Self {
            metrics,
            lead,
            film,
            shots: Vec::new(),
            worst: None,
            last: 0.0,
            line: draw.then(Vec::new),
            rows,
            file,
        }
    }

    /// How many there were.
    pub fn frames(&self) -> usize {
        self.film.frames
    }

    /// The next one, in order of time.
    ///
    /// # Errors
    /// The table cannot be written.
    pub fn put(&mut self, frame: Frame) -> Result<(), Failure> {
        let number = self.film.frames;
        if frame.begins || self.shots.is_empty() {
            let sums = Sums::new(self.metrics.len());
            let begins = frame.seconds;
            self.shots.push(Part { first: number, begins, sums, verdict: None, worst: None });
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
        self.film.put(&frame.values);
        self.last = frame.seconds;
        let Some(shot) = self.shots.last_mut() else { return Ok(()) };
        shot.sums.put(&frame.values);
        if let Some(verdict) = frame.verdict
            && shot.verdict.as_ref().is_none_or(|known| is_worse(&verdict, known))
        {
            shot.verdict = Some(verdict);
        }
        let place = Place { frame: number, seconds: frame.seconds, value: lead };
        let higher = self.metrics.get(self.lead).is_some_and(|metric| metric.better == Better::Higher);
        for worst in [&mut shot.worst, &mut self.worst] {
            let worse = |than: &Place| if higher { lead < than.value } else { lead > than.value };
            if !lead.is_nan() && worst.as_ref().is_none_or(worse) {
                *worst = Some(place);
            }
        }
        Ok(())
    }

    /// All together, with the checks that fail.
    pub fn finish(self, depth: Depth, gates: &[Gate]) -> Scored {
        let Self { metrics, film, shots, worst: place, last, line, file, .. } = self;
        let frames = film.frames;
        let first = shots.first().map_or(0.0, |shot| shot.begins);
        // The last frame is shown as long as the others on average.
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
        let worst = shots.iter().filter_map(|shot| shot.verdict.as_ref());
        let worst = worst.reduce(|a, b| if is_worse(b, a) { b } else { a });
        let whole = row("film", &film, worst).checked(gates, metrics);
        let means = metrics
            .iter()
            .zip(&film.measures)
            .map(|(metric, sum)| if film_psnr::is_one(metric) { sum.mean() } else { Value::Blank });
        let means = means.collect();
        let ends: Vec<(usize, f64)> =
            shots.iter().skip(1).map(|shot| (shot.first, shot.begins)).chain([(frames, end)]).collect();
        let shots = shots.iter().zip(ends).map(|(shot, (next, ends))| Shot {
            frames: shot.first..next,
            seconds: (shot.begins, ends),
            row: row("shot", &shot.sums, shot.verdict.as_ref()),
            worst: shot.worst,
        });
        let shots = shots.collect();
        Scored {
            row: whole,
            means,
            shots,
            worst: place,
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

/// One measure of them.
#[derive(Clone, Default)]
struct Sum {
    total: f64,
    count: usize,
    global: film_psnr::Global,
    /// Why the first that has no value has none.
    missing: Option<String>,
}

impl Sums {
    fn new(measures: usize) -> Self {
        Self { frames: 0, measures: vec![Sum::default(); measures] }
    }

    fn put(&mut self, values: &[Value]) {
        self.frames += 1;
        for (sum, value) in self.measures.iter_mut().zip(values) {
            match value {
                Value::Number(number) => {
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
    /// What frames of that measure say together.
    fn value(&self, metric: &Metric) -> Value {
        match self.global.psnr().filter(|_| film_psnr::is_one(metric)) {
            Some(psnr) => Value::Number(psnr),
            None => self.mean(),
        }
    }

    /// The mean of the frames that have a value; where none has, why.
    fn mean(&self) -> Value {
        match &self.missing {
            _ if self.count > 0 => Value::Number(self.total / self.count as f64),
            Some(reason) => Value::Missing(reason.clone()),
            None => Value::Blank,
        }
    }
}

/// A time as people write it: "1:02.250", "1:00:02.250".
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
