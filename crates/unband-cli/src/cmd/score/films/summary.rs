//! What the frames of a film or of a shot say together.

use std::ops::Range;

use unband::show::Value;
use unband_metrics::Metric;

use super::super::{Gate, Row, Verdict};
use super::frames::{Frame, Measured, is_worse};

/// A shot.
pub struct Shot {
    /// Its frames.
    pub frames: Range<usize>,
    /// When it begins and ends, in seconds.
    pub seconds: (f64, f64),
    /// Means of its frames, and the verdict of the worst.
    pub row: Row,
}

/// A film.
pub struct Scored {
    /// Its name.
    pub file: String,
    /// `FFmpeg`'s name of its codec.
    pub codec: String,
    /// All its frames.
    pub measured: Measured,
    /// Means of all frames, and the verdict of the worst; checks are about these.
    pub row: Row,
    /// Its shots.
    pub shots: Vec<Shot>,
    /// When it ends, in seconds.
    pub end: f64,
}

impl Scored {
    /// Sums up.
    pub fn new(
        file: String,
        codec: String,
        measured: Measured,
        metrics: &[&'static Metric],
        gates: &[Gate],
    ) -> Self {
        let all = &measured.frames;
        // The last frame is shown as long as the others on average.
        let first = all.first().map_or(0.0, |frame| frame.seconds);
        let last = all.last().map_or(0.0, |frame| frame.seconds);
        let end = last + (last - first) / all.len().saturating_sub(1).max(1) as f64;
        let row = |role: &str, frames: &[Frame], verdict: Verdict| Row {
            role: role.to_owned(),
            file: Some(file.clone()),
            depth: unband_image::Depth::Int(measured.format.pixels.bits),
            verdict,
            values: (0..metrics.len()).map(|m| mean(frames, m)).collect(),
            failed: Vec::new(),
        };
        let starts: Vec<usize> =
            (0..all.len()).filter(|&i| i == 0 || all[i].shot != all[i - 1].shot).chain([all.len()]).collect();
        let time = |i: usize| all.get(i).map_or(end, |frame| frame.seconds);
        // The first frame of each shot was looked at, so that each has its verdict.
        let shots = starts.windows(2).zip(&measured.verdicts).map(|(edge, verdict)| Shot {
            frames: edge[0]..edge[1],
            seconds: (time(edge[0]), time(edge[1])),
            row: row("shot", &all[edge[0]..edge[1]], verdict.clone()),
        });
        let shots: Vec<Shot> = shots.collect();
        let worst = measured.verdicts.iter().reduce(|a, b| if is_worse(b, a) { b } else { a }).cloned();
        let worst = worst.unwrap_or_else(|| Verdict::new(&unband::Findings::plain(1, 8)));
        let film = row("film", all, worst).checked(gates, metrics);
        Self { file, codec, row: film, shots, end, measured }
    }
}

/// The mean of the frames that have a value; where none has, why.
fn mean(frames: &[Frame], metric: usize) -> Value {
    let values = || frames.iter().filter_map(|frame| frame.values.get(metric));
    let (mut sum, mut count) = (0.0, 0usize);
    for value in values() {
        if let Value::Number(number) = value {
            sum += number;
            count += 1;
        }
    }
    if count > 0 {
        return Value::Number(sum / count as f64);
    }
    values().find(|value| matches!(value, Value::Missing(_))).cloned().unwrap_or(Value::Blank)
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
