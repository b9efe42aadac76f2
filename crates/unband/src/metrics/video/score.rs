//! Metrics of one video.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;

use unband_image::context::NoProgress;
use unband_image::{Context, With};
use unband_io::{Limits, Y4mReader};
use unband_metrics::Metric;
use unband_video::{DecodeOptions, FrameFormat, Programs, VideoFile};

use super::reader::{FrameReader, Stream, decoding, expected_frames, in_order, values_of};
use super::tally::Tally;
use super::worst::{WorstFrame, WorstFrames, moment};
use super::{EVERY, FrameValue, OnFrame, VideoScores};
use crate::jobs::video::{FrameSource, RawFrame};
use crate::metrics::{Check, FileFault, MetricsError, Value};
use crate::verdict::{GradedFindings, Verdict, look_at_frame};

/// Number of worst frames that are kept.
const WORST: usize = 6;
/// The metric of every frame: it is fast.
const LEAD: &str = "cambi";

/// The source of the frames.
#[non_exhaustive]
pub enum VideoInput {
    /// A file.
    File(Box<VideoFile>),
    /// A YUV4MPEG2 stream.
    Stream {
        /// Its name in messages.
        name: PathBuf,
        /// The frames; `None` once they were read.
        reader: Mutex<Option<Stream>>,
    },
}

impl VideoInput {
    /// A video file; reads its properties.
    ///
    /// # Errors
    /// Files that are not videos; a missing `ffprobe`.
    pub fn open(path: &Path) -> Result<Self, MetricsError> {
        let file = unband_video::probe(path, &Programs::default());
        file.map(|file| Self::File(Box::new(file)))
            .map_err(|error| FileFault::Partial(error).of(path.display().to_string()))
    }

    /// A YUV4MPEG2 stream, interlaced or not; reads its header.
    ///
    /// # Errors
    /// An invalid header.
    pub fn stream(name: &Path, input: impl Read + Send + 'static) -> Result<Self, MetricsError> {
        let input: Box<dyn Read + Send> = Box::new(input);
        let reader = Y4mReader::of_any(input, &Limits::default())
            .map_err(|error| FileFault::from(error).of(name.display().to_string()))?;
        Ok(Self::Stream { name: name.to_owned(), reader: Mutex::new(Some(reader)) })
    }

    /// Its path, or the name of the stream.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(file) => &file.path,
            Self::Stream { name, .. } => name,
        }
    }

    /// `FFmpeg`'s name of its codec.
    pub fn codec(&self) -> &str {
        match self {
            Self::File(file) => &file.video.codec,
            Self::Stream { .. } => "rawvideo",
        }
    }

    /// Estimated number of frames, for progress; 0 if unknown.
    pub fn expected_frames(&self) -> usize {
        match self {
            Self::File(file) => expected_frames(file),
            Self::Stream { .. } => 0,
        }
    }

    fn name(&self) -> String {
        self.path().display().to_string()
    }

    fn open_frames<'s>(
        &'s self,
        options: &DecodeOptions,
        threads: usize,
        scope: &'s Scope<'s, '_>,
    ) -> Result<FrameReader, FileFault> {
        match self {
            Self::File(file) => {
                let source = FrameSource::of_video(file, options).map_err(FileFault::Partial)?;
                Ok(FrameReader::start(source, threads, scope))
            }
            Self::Stream { reader, .. } => {
                let stream = reader.lock().unwrap_or_else(PoisonError::into_inner).take();
                FrameReader::stream(stream.ok_or(FileFault::ReadBefore)?, threads).map_err(FileFault::Partial)
            }
        }
    }
}

/// Metrics of a video, their checks and their sampling.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct VideoScorePlan<'a> {
    /// All metrics.
    pub metrics: &'a [Metric],
    /// Checks of the values.
    pub checks: &'a [Check],
    /// The leading metric covers every frame. The others and the verdict cover frames whose number is a
    /// multiple of this, and the first frame of each shot. At least 1.
    pub every: usize,
}

impl<'a> VideoScorePlan<'a> {
    /// Without checks, at the default interval.
    pub fn new(metrics: &'a [Metric]) -> Self {
        Self { metrics, checks: &[], every: EVERY }
    }

    /// Index of the leading metric: CAMBI, or else the first one.
    pub fn lead(&self) -> usize {
        self.metrics.iter().position(|metric| metric.name() == LEAD).unwrap_or(0)
    }
}

/// A measured video.
#[derive(Debug)]
#[non_exhaustive]
pub struct ScoredVideo {
    /// Its values.
    pub scores: VideoScores,
    /// The worst frames by the leading metric, from different times, the worst first.
    pub worst: Vec<WorstFrame>,
    /// Sample layout of the frames, with their size.
    pub format: FrameFormat,
    /// The error that ended the video early.
    pub damage: Option<MetricsError>,
}

/// Measures a video; `on_frame` gets each frame. Reports progress in frames. The result does not depend on
/// the number of threads.
///
/// # Errors
/// Videos without a decodable frame; cancellation.
pub fn score_video(
    input: &VideoInput,
    plan: &VideoScorePlan<'_>,
    on_frame: &mut OnFrame<'_>,
    ctx: &Context<'_>,
) -> Result<ScoredVideo, MetricsError> {
    let (mut tally, mut worst) =
        (Tally::new(plan.metrics, plan.checks, plan.lead()), WorstFrames::new(WORST));
    let expected = input.expected_frames();
    let (format, damage) = decoding(ctx, |scope, programs| {
        let options = DecodeOptions::with(|new| new.programs = programs.clone());
        let opened = input.open_frames(&options, ctx.threads, scope);
        let mut reader = opened.map_err(|fault| fault.of(input.name()))?;
        let format = reader.format;
        let look = |raw: &RawFrame, number: usize, ctx: &Context<'_>| look(raw, number, &format, plan, ctx);
        let mut put = |raw: RawFrame, looked: Result<Looked, FileFault>| {
            let looked = looked.map_err(|fault| fault.of(input.name()))?;
            let frame = tally.put(raw.seconds, raw.begins_shot, verdict_of(looked));
            if let Some(&Value::Number(value)) = frame.values.get(plan.lead()) {
                let place = FrameValue { frame: frame.number, seconds: frame.seconds, value };
                worst.put(moment(frame.seconds), place, &Arc::new(raw.bytes));
            }
            ctx.progress.advance(tally.frames(), expected.max(tally.frames()));
            if on_frame(&frame).is_break() { Err(MetricsError::Cancelled) } else { Ok(()) }
        };
        let silent = (*ctx).but(|new| new.progress = &NoProgress);
        in_order(&silent, &mut || reader.next_frame(), &look, &mut put)?;
        Ok((format, reader.damage.take()))
    })?;
    let damage = damage.map(|error| FileFault::Partial(error).of(input.name()));
    if tally.frames() == 0 {
        return Err(damage.unwrap_or_else(|| FileFault::NoFrames.of(input.name())));
    }
    let worst = worst.frames().to_vec();
    Ok(ScoredVideo { scores: tally.finish(format.pixels.bits), worst, format, damage })
}

/// The values of a frame, and its findings if it was analysed.
pub(super) type Looked = (Vec<Value>, Option<GradedFindings>);

/// The same with the verdict.
pub(super) fn verdict_of((values, seen): Looked) -> (Vec<Value>, Option<Verdict>) {
    (values, seen.map(|seen| Verdict::of_seen(&seen)))
}

/// Measures a frame; `number` is its number in the video.
pub(super) fn look(
    raw: &RawFrame,
    number: usize,
    format: &FrameFormat,
    plan: &VideoScorePlan<'_>,
    ctx: &Context<'_>,
) -> Result<Looked, FileFault> {
    let stored = format.read(&raw.bytes)?;
    let all = raw.begins_shot || number.is_multiple_of(plan.every.max(1));
    let seen = all.then(|| look_at_frame(&stored, ctx));
    let values = if all {
        values_of(&stored, plan.metrics, ctx)?
    } else {
        let (lead, mut values) = (plan.lead(), vec![Value::Blank; plan.metrics.len()]);
        if let Some(metric) = plan.metrics.get(lead) {
            values[lead] = values_of(&stored, std::slice::from_ref(metric), ctx)?.remove(0);
        }
        values
    };
    Ok((values, seen))
}
