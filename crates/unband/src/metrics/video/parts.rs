//! Metrics of one video in parts for many machines: the plan of its parts, each part by itself, and their
//! sum.

use serde::{Deserialize, Serialize};
use unband_image::findings::{BandingMap, Findings};
use unband_image::{Context, With};
use unband_video::DecodeOptions;

use super::reader::{FrameReader, decoding, expected_frames, in_order};
use super::score::{Looked, look, verdict_of};
use super::tally::Tally;
use super::{VideoInput, VideoScorePlan, VideoScores};
use crate::jobs::video::{Boundaries, FrameSource, RawFrame};
use crate::metrics::{FileFault, MetricsError, Value};
use crate::verdict::{Grade, GradedFindings};

/// A part of a video to be measured, as data that can be sent to another machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScorePart {
    /// Number of its first frame in the video, from 0.
    pub first: usize,
    /// Time of that frame, in ticks; `None` for the first frame of the video.
    from: Option<i64>,
    /// Time of the frame after the part, in ticks; `None` for the last part.
    to: Option<i64>,
    /// Times of the first frames of its shots, in ticks.
    shots: Vec<i64>,
}

/// The values of a part, as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoredPart {
    /// Bits of a sample.
    bits: u8,
    frames: Vec<ScoredFrame>,
}

impl ScoredPart {
    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.frames.len()
    }
}

/// A frame. Numbers are stored as their bits: JSON has neither infinity nor NaN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ScoredFrame {
    seconds: u64,
    begins_shot: bool,
    values: Vec<StoredValue>,
    seen: Option<(Findings, Grade)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum StoredValue {
    #[serde(rename = "n")]
    Number(u64),
    #[serde(rename = "m")]
    Missing(String),
    #[serde(rename = "b")]
    Blank,
}

impl ScoredFrame {
    fn new(raw: &RawFrame, (values, seen): Looked) -> Self {
        let stored = |value| match value {
            Value::Number(number) => StoredValue::Number(number.to_bits()),
            Value::Missing(reason) => StoredValue::Missing(reason),
            Value::Blank => StoredValue::Blank,
        };
        let values = values.into_iter().map(stored).collect();
        // The verdict does not use the map.
        let seen = seen.map(|seen| (seen.findings.but(|new| new.map = BandingMap::default()), seen.grade));
        Self { seconds: raw.seconds.to_bits(), begins_shot: raw.begins_shot, values, seen }
    }

    fn looked(self) -> Looked {
        let value = |stored| match stored {
            StoredValue::Number(bits) => Value::Number(f64::from_bits(bits)),
            StoredValue::Missing(reason) => Value::Missing(reason),
            StoredValue::Blank => Value::Blank,
        };
        let seen = self.seen.map(|(findings, grade)| GradedFindings { findings, grade });
        (self.values.into_iter().map(value).collect(), seen)
    }
}

/// Cuts a video file into parts of 10 to 60 s, most of them at the beginning of a shot. Decodes it once; a
/// video whose times do not grow is one part.
///
/// # Errors
/// Damaged videos; streams, which only one machine can read; cancellation.
pub fn score_parts(input: &VideoInput, ctx: &Context<'_>) -> Result<Vec<ScorePart>, MetricsError> {
    let named = |fault: FileFault| fault.of(input.path().display().to_string());
    let VideoInput::File(file) = input else { return Err(named(FileFault::ReadBefore)) };
    let expected = expected_frames(file);
    decoding(ctx, |scope, programs| {
        let options = DecodeOptions::with(|new| new.programs = programs.clone());
        let source =
            FrameSource::of_video(file, &options).map_err(|error| named(FileFault::Partial(error)))?;
        let mut reader = FrameReader::start(source, 1, scope);
        let (mut boundaries, mut parts, mut last) = (Boundaries::default(), Vec::<ScorePart>::new(), None);
        let mut grow = true;
        for number in 0.. {
            let Some(frame) = reader.next_frame().filter(|_| !ctx.cancelled()) else { break };
            grow &= last.is_none_or(|last| frame.ticks > last);
            last = Some(frame.ticks);
            if boundaries.begins_with(&frame, file) {
                if let Some(part) = parts.last_mut() {
                    part.to = Some(frame.ticks);
                }
                let from = (number > 0).then_some(frame.ticks);
                parts.push(ScorePart { first: number, from, to: None, shots: Vec::new() });
            }
            if let Some(part) = parts.last_mut().filter(|_| frame.begins_shot) {
                part.shots.push(frame.ticks);
            }
            ctx.progress.advance(number, expected.max(number));
        }
        match reader.damage.take() {
            Some(damage) => return Err(named(FileFault::Partial(damage))),
            None if parts.is_empty() => return Err(named(FileFault::NoFrames)),
            None => {}
        }
        if !grow {
            let shots = parts.into_iter().flat_map(|part| part.shots).collect();
            return Ok(vec![ScorePart { first: 0, from: None, to: None, shots }]);
        }
        Ok(parts)
    })
}

/// Measures one part of a video file. The plan's checks do not matter here.
///
/// # Errors
/// Damaged videos, cancellation.
pub fn score_part(
    input: &VideoInput,
    plan: &VideoScorePlan<'_>,
    part: &ScorePart,
    ctx: &Context<'_>,
) -> Result<ScoredPart, MetricsError> {
    let named = |fault: FileFault| fault.of(input.path().display().to_string());
    let VideoInput::File(file) = input else { return Err(named(FileFault::ReadBefore)) };
    decoding(ctx, |scope, programs| {
        let options = DecodeOptions::with(|new| {
            new.from = part.from;
            new.to = part.to;
            new.programs = programs.clone();
        });
        let shots = part.shots.clone();
        let source = FrameSource::of_video(file, &options)
            .map_err(|error| named(FileFault::Partial(error)))?
            .with_shots(move |ticks| Some(shots.binary_search(&ticks).is_ok()));
        let mut reader = FrameReader::start(source, ctx.threads, scope);
        let format = reader.format;
        let looked = |raw: &RawFrame, number: usize, ctx: &Context<'_>| {
            look(raw, part.first + number, &format, plan, ctx)
        };
        let mut frames = Vec::new();
        let mut put = |raw: RawFrame, looked: Result<Looked, FileFault>| {
            frames.push(ScoredFrame::new(&raw, looked.map_err(named)?));
            Ok(())
        };
        in_order(ctx, &mut || reader.next_frame(), &looked, &mut put)?;
        match reader.damage.take() {
            Some(damage) => Err(named(FileFault::Partial(damage))),
            None => Ok(ScoredPart { bits: format.pixels.bits, frames }),
        }
    })
}

/// The values of a video whose parts were measured with this plan, in order: those of
/// [`super::score_video`].
pub fn score_of_parts(parts: Vec<ScoredPart>, plan: &VideoScorePlan<'_>) -> VideoScores {
    let mut tally = Tally::new(plan.metrics, plan.checks, plan.lead());
    let bits = parts.first().map_or(8, |part| part.bits);
    for frame in parts.into_iter().flat_map(|part| part.frames) {
        let (seconds, begins_shot) = (f64::from_bits(frame.seconds), frame.begins_shot);
        tally.put(seconds, begins_shot, verdict_of(frame.looked()));
    }
    tally.finish(bits)
}
