//! The most banded frames of a video.

use std::sync::Arc;

use unband::io::video::{DecodeOptions, FrameFormat, VideoFile};
use unband::metrics::cambi;
use unband::metrics::video::{
    FrameReader, FrameValue, WorstFrame, WorstFrames, decoding, expected_frames, in_order, moment,
};
use unband::metrics::{FileFault, MetricsError, Subject, Value, score_one};
use unband::video::{FrameSource, RawFrame};
use unband::{Context, With};

use crate::args::failure;
use crate::interrupt::Busy;
use crate::reporter::Failure;

/// Up to this number of frames, the whole video is decoded; beyond it only the key frames, as shots begin
/// with one.
const SHORT: usize = 3000;
/// Maximum number of frames for which CAMBI is computed; it takes longer than decoding.
const MEASURED: f64 = 600.0;
/// Frames closer in time than this look alike, in seconds.
const NEAR: f64 = 0.24;
/// The chosen frames, in order of time.
pub(crate) struct ChosenFrames {
    /// Their format.
    pub format: FrameFormat,
    /// The frames.
    pub spots: Vec<WorstFrame>,
}

/// Gets the number of frames read and expected.
pub(crate) type Advance<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// May a frame at this time be shown, in seconds?
pub(crate) type Within<'a> = dyn Fn(f64) -> bool + Sync + 'a;

/// Finds the frames with the highest CAMBI: one per shot, more where there are too few shots. `None` when
/// interrupted.
pub(crate) fn worst_frames(
    video_file: &VideoFile,
    part: &DecodeOptions,
    within: &Within<'_>,
    count: usize,
    advance: &Advance<'_>,
    ctx: &Context<'_>,
) -> Result<Option<ChosenFrames>, Failure> {
    let seconds = video_file.duration.unwrap_or(0.0);
    let (from, to) =
        (part.from.map_or(0.0, |t| video_file.shown(t)), part.to.map_or(seconds, |t| video_file.shown(t)));
    let share = if seconds > 0.0 { ((to.min(seconds) - from) / seconds).clamp(0.0, 1.0) } else { 1.0 };
    let total = (expected_frames(video_file) as f64 * share) as usize;
    let apart = ((to - from) / MEASURED).max(NEAR);
    if total > SHORT {
        let keys = part.clone().but(|new| new.key_frames_only = true);
        let searched = search(video_file, (&keys, within), count, apart, (advance, 0), ctx)?;
        match searched {
            // Enough candidates.
            Some(searched) if searched.measured >= 4 * count => return Ok(Some(searched.found(count))),
            None => return Ok(None),
            Some(_) => {}
        }
    }
    let searched = search(video_file, (part, within), count, apart, (advance, total), ctx)?;
    match searched {
        Some(searched) if searched.measured == 0 => {
            let message = "no frames between `--from` and `--to`, or in `--only`".to_owned();
            Err(Failure::at(video_file.path.display().to_string(), message, None))
        }
        searched => Ok(searched.map(|searched| searched.found(count))),
    }
}

/// The result of a pass over the video.
struct Searched {
    format: FrameFormat,
    measured: usize,
    of_shots: WorstFrames,
    of_times: WorstFrames,
}

impl Searched {
    fn found(self, count: usize) -> ChosenFrames {
        let mut spots: Vec<WorstFrame> = self.of_shots.frames().to_vec();
        for spot in self.of_times.frames() {
            let known = spots.iter().any(|other| other.place.frame == spot.place.frame);
            if spots.len() < count && !known {
                spots.push(spot.clone());
            }
        }
        spots.sort_by_key(|spot| spot.place.frame);
        ChosenFrames { format: self.format, spots }
    }
}

fn search(
    video_file: &VideoFile,
    (options, within): (&DecodeOptions, &Within<'_>),
    count: usize,
    apart: f64,
    (advance, total): (&Advance<'_>, usize),
    ctx: &Context<'_>,
) -> Result<Option<Searched>, Failure> {
    let name = || video_file.path.display().to_string();
    let file = |fault: FileFault| MetricsError::File { name: name(), fault };
    // Decoding programs must end before this one.
    let Some(_busy) = Busy::begin() else { return Ok(None) };
    let searched = decoding(ctx, |scope, programs| {
        let options = options.clone().but(|new| new.programs = programs.clone());
        let source = FrameSource::of_video(video_file, &options).map_err(|error| file(error.into()))?;
        let mut reader = FrameReader::start(source, ctx.threads, scope);
        let format = reader.format;
        // Without CAMBI all frames are alike, and the shown ones spread over time.
        let has_cambi = cambi::is_large_enough(format.width, format.height);
        let mut out = Searched {
            format,
            measured: 0,
            of_shots: WorstFrames::new(count),
            of_times: WorstFrames::new(count),
        };
        let (mut read, mut shot, mut last) = (0usize, 0i64, f64::NEG_INFINITY);
        let mut next = || loop {
            let raw = reader.next_frame()?;
            read += 1;
            advance(read, total.max(read));
            shot += i64::from(raw.begins_shot);
            if within(raw.seconds) && (raw.seconds - last >= apart || raw.seconds < last) {
                last = raw.seconds;
                return Some((raw, shot, read - 1));
            }
        };
        let look = |(raw, ..): &(RawFrame, i64, usize), _: usize, ctx: &Context<'_>| {
            if !has_cambi {
                return Ok(Value::Number(0.0));
            }
            Ok::<_, FileFault>(score_one(Subject::alone(&format.read(&raw.bytes)?), &cambi::ENTRY, ctx))
        };
        let mut put = |(raw, shot, frame): (RawFrame, i64, usize), value: Result<Value, FileFault>| {
            let value = match value.map_err(file)? {
                Value::Number(value) => value,
                Value::Missing(reason) => return Err(file(FileFault::NoValue { reason })),
                Value::Blank => return Ok(()),
            };
            let place = FrameValue { frame, seconds: raw.seconds, value };
            let bytes = Arc::new(raw.bytes);
            out.of_shots.put(shot, place, &bytes);
            out.of_times.put(moment(raw.seconds), place, &bytes);
            out.measured += 1;
            Ok(())
        };
        in_order(ctx, &mut next, &look, &mut put)?;
        reader.damage.take().map_or(Ok(out), |damage| Err(file(damage.into())))
    });
    match searched {
        Err(MetricsError::Cancelled) => Ok(None),
        searched => searched.map(Some).map_err(failure),
    }
}
