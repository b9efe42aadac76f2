//! Metrics of two videos, frame by frame.

use unband_image::context::NoProgress;
use unband_image::{Context, Image, With};
use unband_metrics::video_psnr::{self, Errors};
use unband_metrics::{Metric, cambi};
use unband_video::{DecodeOptions, FrameFormat, Samples, VideoFile};

use super::reader::{FrameReader, decoding, expected_frames, in_order};
use super::tally::Tally;
use super::{EVERY, OnFrame, VideoScores};
use crate::jobs::video::{FrameSource, RawFrame};
use crate::metrics::{Check, FileFault, MetricsError, Scope, Subject, Value, score_one};
use crate::verdict::Verdict;

/// Metrics of frames in luma and chroma, without the plane suffixes.
const YUV: &[&str] = &[
    "video-psnr",
    "video-psnr-y",
    "video-psnr-u",
    "video-psnr-v",
    "flat-psnr",
    "cambi",
    "cambi-reference",
    "cambi-full-reference",
];
const GREY: &[&str] =
    &["video-psnr", "video-psnr-y", "flat-psnr", "cambi", "cambi-reference", "cambi-full-reference"];
const RGB: &[&str] = &[
    "video-psnr",
    "video-psnr-r",
    "video-psnr-g",
    "video-psnr-b",
    "flat-psnr",
    "cambi",
    "cambi-reference",
    "cambi-full-reference",
];

/// The metrics of a pair of videos with the planes of this reference.
pub fn scope_of_pair(reference: &VideoFile) -> Scope {
    let names = match reference.video.samples {
        Some(Samples::Rgb) => RGB,
        Some(Samples::Gray) => GREY,
        _ => YUV,
    };
    Scope { defaults: names, video_pair: names, video: true, ..Scope::PAIR }
}

/// Metrics of two videos, their checks and their sampling.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct VideoPairPlan<'a> {
    /// Metrics of every frame; the first one leads.
    pub metrics: &'a [Metric],
    /// Checks of the values.
    pub checks: &'a [Check],
    /// The verdict covers frames whose number is a multiple of this, and the first frame of each shot. At
    /// least 1.
    pub every: usize,
    /// Compare only the frames that both videos have.
    pub keep_going: bool,
}

impl<'a> VideoPairPlan<'a> {
    /// Without checks, at the default interval, for videos of the same length.
    pub fn new(metrics: &'a [Metric]) -> Self {
        Self { metrics, checks: &[], every: EVERY, keep_going: false }
    }
}

/// The comparison of two videos.
#[derive(Debug)]
#[non_exhaustive]
pub struct ComparedVideo {
    /// Values of the result.
    pub scores: VideoScores,
    /// Sample layout of the result's frames.
    pub format: FrameFormat,
    /// The first frame that the videos show at different times.
    pub apart: Option<Apart>,
    /// Do the videos have different colour tags?
    pub other_colors: bool,
    /// Which video has further frames, if only the common ones were compared: 0 is the reference.
    pub longer: Option<usize>,
}

/// A frame with different times in the two videos, in seconds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Apart {
    /// Frame number, from 0.
    pub frame: usize,
    /// Time in the reference.
    pub reference: f64,
    /// Time in the result.
    pub result: f64,
}

/// Two frames of the same number.
struct Pair {
    reference: RawFrame,
    result: RawFrame,
}

/// Compares all frames of the second video with those of the first; `on_frame` gets each of them. Reports
/// progress in frames. The result does not depend on the number of threads.
///
/// # Errors
/// Videos that do not match, that have different lengths, or that are damaged; cancellation.
pub fn compare_videos(
    videos: &[VideoFile; 2],
    plan: &VideoPairPlan<'_>,
    on_frame: &mut OnFrame<'_>,
    ctx: &Context<'_>,
) -> Result<ComparedVideo, MetricsError> {
    let (expected, near) = (expected_frames(&videos[0]), tolerance(videos));
    let mut tally = Tally::new(plan.metrics, plan.checks, 0);
    let (mut apart, mut extra) = (None, [0usize; 2]);
    let (formats, longer) = decoding(ctx, |scope, programs| {
        let (keep_going, programs) = (plan.keep_going, programs.clone());
        let options = DecodeOptions::with(|new| {
            new.keep_going = keep_going;
            new.programs = programs;
        });
        let start = |i: usize| {
            let source = FrameSource::of_video(&videos[i], &options);
            let source = source.map_err(|error| FileFault::from(error).of(name(&videos[i])))?;
            // Only the reference's shots are used.
            let source = if i == 0 { source } else { source.with_shots(|_| Some(false)) };
            Ok::<_, MetricsError>(FrameReader::start(source, ctx.threads, scope))
        };
        let mut readers = [start(0)?, start(1)?];
        let formats = [readers[0].format, readers[1].format];
        fit(videos, formats)?;
        let mut next = || match readers.each_mut().map(FrameReader::next_frame) {
            [Some(reference), Some(result)] => Some(Pair { reference, result }),
            more => {
                extra.iter_mut().zip(&more).for_each(|(extra, more)| *extra += usize::from(more.is_some()));
                None
            }
        };
        let look = |pair: &Pair, number: usize, ctx: &Context<'_>| look(pair, number, &formats, plan, ctx);
        let mut put = |pair: Pair, looked: Result<Looked, FileFault>| {
            let (reference, result) = (pair.reference.seconds, pair.result.seconds);
            if apart.is_none() && (reference - result).abs() > near {
                apart = Some(Apart { frame: tally.frames(), reference, result });
            }
            let looked = looked.map_err(|fault| fault.of(name(&videos[1])))?;
            let frame = tally.put(reference, pair.reference.begins_shot, looked);
            ctx.progress.advance(tally.frames(), expected.max(tally.frames()));
            if on_frame(&frame).is_break() { Err(MetricsError::Cancelled) } else { Ok(()) }
        };
        let silent = (*ctx).but(|new| new.progress = &NoProgress);
        in_order(&silent, &mut next, &look, &mut put)?;
        let longer = match plan.keep_going {
            _ if ctx.cancelled() => None,
            true => extra.iter().position(|&more| more > 0),
            false => {
                rest(videos, &mut readers, extra, tally.frames(), ctx)?;
                None
            }
        };
        Ok((formats, longer))
    })?;
    if tally.frames() == 0 {
        return Err(FileFault::NothingInCommon.of(name(&videos[1])));
    }
    let scores = tally.finish(formats[1].pixels.bits);
    let other_colors = formats[0].color != formats[1].color;
    Ok(ComparedVideo { scores, format: formats[1], apart, other_colors, longer })
}

fn name(video: &VideoFile) -> String {
    video.path.display().to_string()
}

/// Reads frames that only one video has to the end; an error with both counts if there are any.
fn rest(
    videos: &[VideoFile; 2],
    readers: &mut [FrameReader; 2],
    mut extra: [usize; 2],
    both: usize,
    ctx: &Context<'_>,
) -> Result<(), MetricsError> {
    for ((reader, extra), video) in readers.iter_mut().zip(&mut extra).zip(videos) {
        while reader.damage.is_none() && !ctx.cancelled() && reader.next_frame().is_some() {
            *extra += 1;
        }
        if let Some(damage) = reader.damage.take() {
            return Err(FileFault::from(damage).of(name(video)));
        }
    }
    if extra == [0, 0] || ctx.cancelled() {
        return Ok(());
    }
    let (frames, reference_frames) = (both + extra[1], both + extra[0]);
    let fault = FileFault::OtherLength { frames, reference: name(&videos[0]), reference_frames };
    Err(fault.of(name(&videos[1])))
}

/// An error unless both videos have the same size.
///
/// # Errors
/// Both sizes, reported for the second video.
pub fn videos_of_one_size(videos: &[VideoFile; 2]) -> Result<(), MetricsError> {
    let [reference, result] = videos;
    let size = |video: &VideoFile| (video.video.width, video.video.height);
    if size(reference) == size(result) {
        return Ok(());
    }
    let say = |video: &VideoFile| format!("{}×{}", video.video.width, video.video.height);
    let fault =
        FileFault::OtherSize { is: say(result), reference: name(reference), reference_is: say(reference) };
    Err(fault.of(name(result)))
}

/// An error unless both frames have the same size and planes. File headers were checked before; streams may
/// differ from them.
fn fit(videos: &[VideoFile; 2], [reference, result]: [FrameFormat; 2]) -> Result<(), MetricsError> {
    let about = |format: &FrameFormat| {
        let samples = match format.pixels.samples {
            Samples::Gray => "grey".to_owned(),
            Samples::Rgb => "RGB".to_owned(),
            Samples::Yuv(subsampling) => subsampling.to_string(),
        };
        format!("{}×{} {samples}", format.width, format.height)
    };
    let of = |format: &FrameFormat| (format.width, format.height, format.pixels.samples);
    if of(&reference) == of(&result) {
        return Ok(());
    }
    let (is, reference_is) = (about(&result), about(&reference));
    Err(FileFault::OtherPlanes { is, reference: name(&videos[0]), reference_is }.of(name(&videos[1])))
}

/// Tolerance for frame times in seconds: times rounded to the ticks of two videos differ by this much; too
/// little to be visible.
fn tolerance(videos: &[VideoFile; 2]) -> f64 {
    let ticks: f64 = videos.iter().map(|video| video.seconds(1)).sum();
    (ticks / 2.0).min(2e-3) + 1e-6
}

type Looked = (Vec<Value>, Option<Verdict>);

fn look(
    pair: &Pair,
    number: usize,
    formats: &[FrameFormat; 2],
    plan: &VideoPairPlan<'_>,
    ctx: &Context<'_>,
) -> Result<Looked, FileFault> {
    let reference = formats[0].read(&pair.reference.bytes)?;
    let result = formats[1].read(&pair.result.bytes)?;
    let wanted = pair.reference.begins_shot || number.is_multiple_of(plan.every.max(1));
    let verdict = wanted.then(|| Verdict::of_frame(&result, ctx));
    // Grey videos get added chroma planes.
    let planes = if formats[0].pixels.samples == Samples::Gray { 1 } else { 3 };
    let needed = plan.metrics.iter().any(video_psnr::is_one);
    let errors = needed.then(|| Errors::new(&result, &reference, planes).map_err(|error| error.to_string()));
    // CAMBI takes most of the time and three metrics need it. It works on luma as stored.
    let asked = |metric: &Metric| plan.metrics.iter().any(|one| one.name() == metric.name());
    let both = asked(&cambi::ENTRY_FULL_REFERENCE);
    let alone = |image: &Image, wanted| {
        if wanted { score_one(Subject::alone(image), &cambi::ENTRY, ctx) } else { Value::Blank }
    };
    let of_result = alone(&result, both || asked(&cambi::ENTRY));
    let of_reference = alone(&reference, both || asked(&cambi::ENTRY_REFERENCE));
    let of_images = |metric: &Metric| !video_psnr::is_one(metric) && !cambi::is_one(metric);
    let images = if plan.metrics.iter().any(of_images) {
        Some([reference.into_rgb(ctx)?, result.into_rgb(ctx)?])
    } else {
        None
    };
    let values = plan.metrics.iter().map(|metric| match metric.name() {
        name if name == cambi::ENTRY.name() => of_result.clone(),
        name if name == cambi::ENTRY_REFERENCE.name() => of_reference.clone(),
        name if name == cambi::ENTRY_FULL_REFERENCE.name() => match (&of_result, &of_reference) {
            (Value::Number(result), Value::Number(reference)) => {
                Value::Number(cambi::worse_by(*result, *reference))
            }
            (Value::Number(_), missing) | (missing, _) => missing.clone(),
        },
        _ if video_psnr::is_one(metric) => match &errors {
            Some(Ok(errors)) => video_psnr::value(metric, errors).map_or(Value::Blank, Value::Number),
            Some(Err(reason)) => Value::Missing(reason.clone()),
            None => Value::Blank,
        },
        _ => images.as_ref().map_or(Value::Blank, |[reference, result]| {
            score_one(Subject::against(result, reference), metric, ctx)
        }),
    });
    Ok((values.collect(), verdict))
}
