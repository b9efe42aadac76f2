//! Debanding from video to video: decoded, debanded and encoded in one pass, everything else copied.
//!
//! Steps: the plan (plan.rs), inspection of all shots (shots.rs), then one pass over the frames (pass.rs).

mod boundaries;
mod encoded;
mod estimate;
mod folder;
mod in_order;
mod lock;
mod options;
mod pass;
mod plan;
mod segments;
mod shots;
mod single_frames;
mod source;
mod stop;
mod stream;
mod tally;
mod unfinished;
mod upscaling;
mod zones;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use unband_video::{Programs, Segment, VideoError};

use self::lock::Lock;
use self::plan::Plan;
use self::shots::Shots;
use self::source::{Span, source};
use self::unfinished::Unfinished;
use crate::{Context, Error};

pub(crate) use self::boundaries::Boundaries;
pub use self::encoded::EncoderTrial;
pub use self::estimate::Estimate;
pub use self::in_order::{VideoFrame, deband_frames};
pub use self::options::{VideoOptions, VideoReport};
pub use self::plan::{Disk, ShotFound, VideoPlan, check_video, plan_video};
pub use self::segments::{MadeSegment, SegmentJob, VideoSegment};
pub use self::single_frames::{SingleFrame, deband_single};
pub use self::source::{FrameSource, RawFrame, decode_options, send_all};
pub use self::stop::ending_programs;
pub use self::stream::{StreamReport, deband_stream, deband_to_stream};
pub use self::zones::TimeRange;
pub use crate::frames::Temporal;

/// Debands a video. Shots without banding stay unchanged; audio, subtitles, chapters and all else are copied.
///
/// # Errors
/// [`Error::Video`] for everything about videos, from a missing `ffmpeg` to a full disk; else as
/// [`crate::deband_with`].
///
/// Finished segments stay for a run with [`VideoOptions::resume`]. The result is written completely or not at
/// all.
pub fn deband_video(
    input: &Path,
    output: &Path,
    options: &VideoOptions,
    ctx: &Context<'_>,
) -> Result<VideoReport, Error> {
    deband_video_with(input, output, options, &|_| {}, ctx)
}

/// As [`deband_video`]; `on_plan` gets the plan before the first frame.
///
/// # Errors
/// As [`deband_video`].
pub fn deband_video_with(
    input: &Path,
    output: &Path,
    options: &VideoOptions,
    on_plan: &dyn Fn(&VideoPlan),
    ctx: &Context<'_>,
) -> Result<VideoReport, Error> {
    stop::with_programs(ctx, |programs| {
        let (plan, begun) = Begun::new(input, output, options, programs)?;
        on_plan(&begun.announced);
        begun.end(&plan, None, ctx)
    })
}

/// A job that has begun: the right to write its result, and its finished segments.
struct Begun {
    start: Instant,
    announced: VideoPlan,
    unfinished: Unfinished,
}

impl Begun {
    /// Plans the job and takes the lock of its result.
    fn new<'a>(
        input: &Path,
        output: &'a Path,
        options: &'a VideoOptions,
        programs: &'a Programs,
    ) -> Result<(Plan<'a>, Self), Error> {
        let start = Instant::now();
        let plan = Plan::settle(input, output, options, programs)?;
        plan.check_free()?;
        let lock = Lock::take(output)?;
        let announced = match plan.check().and_then(|()| plan.announcement()) {
            Ok(announced) => announced,
            Err(error) => {
                lock.give_up();
                return Err(error);
            }
        };
        let unfinished = if options.resume {
            Unfinished::resume(output, &plan.file, &plan.key, lock)?
        } else {
            Unfinished::begin(output, &plan.file, &plan.key, lock)?
        };
        Ok((plan, Self { start, announced, unfinished }))
    }

    /// Makes the missing segments, joins all, and moves the result to its place. `shots`: those of the video,
    /// if known.
    fn end(self, plan: &Plan<'_>, shots: Option<Shots>, ctx: &Context<'_>) -> Result<VideoReport, Error> {
        let Self { start, mut announced, mut unfinished } = self;
        let mut worked = 0;
        let (end, bytes) = match plan.make(&mut unfinished, shots, &mut announced, &mut worked, ctx) {
            Ok(done) => done,
            Err(error) => {
                let joined = unfinished.joined();
                let error = plan.kept_unverified(error, &joined);
                // A partial video only takes room that the next attempt needs.
                let _ = fs::remove_file(&joined).or_else(|_| fs::remove_dir_all(&joined));
                unfinished.remove_if_empty();
                return Err(about(error, plan.output));
            }
        };
        match end {
            End::Encoded => {}
            // Only whole streams can be missing.
            End::Copied => {
                announced.notes.retain(|note| plan.other_streams.notes(&plan.encoding).contains(note));
            }
            End::Left => announced.notes.clear(),
        }
        let segments = &unfinished.segments;
        let report = VideoReport {
            frames: match end {
                End::Encoded => segments.iter().map(Segment::frames).sum(),
                End::Copied | End::Left => worked,
            },
            changed: unfinished.tally.changed,
            worked,
            shots: unfinished.tally.shots,
            methods: unfinished.tally.methods.clone(),
            network_share: unfinished.tally.network_share(),
            left: end == End::Left,
            copied: end == End::Copied,
            source_bytes: plan.file.state().map_or(0, |(bytes, _)| bytes),
            bytes,
            shown: if end == End::Encoded { plan.shown(segments) } else { plan.seconds().unwrap_or(0.0) },
            seconds: start.elapsed().as_secs_f64(),
            plan: announced,
        };
        unfinished.remove();
        Ok(report)
    }
}

/// The way in which a video's result was made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Encoded,
    /// Nothing to repair: the coded frames are copied.
    Copied,
    /// Nothing to repair, and nothing was written.
    Left,
}

/// The same error with the path of the result, where it names a part of it.
fn about(error: Error, output: &Path) -> Error {
    let path = output.to_owned();
    match error {
        Error::Video(VideoError::NotWritten { doing, message, .. }) => {
            VideoError::NotWritten { path, doing, message }.into()
        }
        Error::Video(VideoError::Frames { found, expected, .. }) => {
            VideoError::Frames { path, found, expected }.into()
        }
        Error::Video(VideoError::Times { what, kept, .. }) => VideoError::Times { path, what, kept }.into(),
        other => other,
    }
}

/// Folder of unfinished work for a result, if it exists.
pub fn unfinished(output: &Path) -> Option<PathBuf> {
    let folder = folder::folder_of(output);
    folder.is_dir().then_some(folder)
}

impl Plan<'_> {
    /// Makes the video, starting after earlier work; returns its size in bytes.
    fn make(
        &self,
        unfinished: &mut Unfinished,
        shots: Option<Shots>,
        announced: &mut VideoPlan,
        worked: &mut u64,
        ctx: &Context<'_>,
    ) -> Result<(End, u64), Error> {
        if !unfinished.complete {
            let shots = shots.map_or_else(|| self.found(ctx), Ok)?;
            announced.found = shots.found(&self.file);
            if unfinished.segments.is_empty()
                && shots.leave_all()
                && self.may_stay()
                && let Some(done) = self.kept(unfinished)?
            {
                (*worked, unfinished.tally.shots) =
                    (shots.0.iter().map(|shot| shot.frames).sum(), shots.0.len() as u64);
                return Ok(done);
            }
            let missing = Span { from: unfinished.next, to: None };
            let source = source(&self.file, self.options, missing, self.programs)?;
            self.encode(unfinished, source, &shots, worked, ctx)?;
        }
        ctx.check()?;
        if unfinished.segments.is_empty() {
            return Err(self.empty());
        }
        Ok((End::Encoded, self.finish(unfinished)?))
    }

    /// The result for a video that needs no repair; `None` where it must be encoded anyway.
    fn kept(&self, unfinished: &Unfinished) -> Result<Option<(End, u64)>, Error> {
        if self.options.only_banded {
            return Ok(Some((End::Left, 0)));
        }
        Ok(self.copied(unfinished)?.map(|bytes| (End::Copied, bytes)))
    }

    /// The video's shots and findings; empty where the treatment does not depend on them.
    fn found(&self, ctx: &Context<'_>) -> Result<Shots, Error> {
        if upscaling::inspects(self.options, &self.frame_options()) {
            Ok(self.look_over(ctx)?.shots)
        } else {
            Ok(Shots::default())
        }
    }

    /// Copies a video that needs no repair; returns its size in bytes, or `None` where the container cannot
    /// hold its codec.
    fn copied(&self, unfinished: &Unfinished) -> Result<Option<u64>, Error> {
        let joined = unfinished.joined();
        let timeline = &self.file.timeline;
        let same = self.file.path.extension() == self.output.extension()
            && self.other_streams.all(&self.file)
            && !timeline.moves();
        if !same && (timeline.jumps() || self.hides_frames()) {
            return Ok(None);
        }
        if same {
            let copied = fs::copy(&self.file.path, &joined).map(drop);
            copied.map_err(|source| unband_io::Error::Io { action: "copy to", source }.in_file(&joined))?;
        } else if let Err(error) =
            unband_video::copy(&self.file, &self.other_streams, &self.encoding, &joined)
        {
            let _ = fs::remove_file(&joined);
            return match error {
                VideoError::NotWritten { .. } | VideoError::Frames { .. } | VideoError::Times { .. } => {
                    Ok(None)
                }
                other => Err(other.into()),
            };
        }
        self.placed(&joined).map(Some)
    }

    /// Does the video's container hide coded frames, as edit lists do? Only a container with such lists can
    /// copy it.
    fn hides_frames(&self) -> bool {
        self.file.timeline.hides(self.file.video.stream) && !matches!(self.encoding.muxer(), "mp4" | "mov")
    }

    /// The error for a video without a single frame.
    fn empty(&self) -> Error {
        let path = self.file.path.clone();
        let Some(cut) = self.cut else {
            return VideoError::Damaged { path, message: "no frame can be decoded".to_owned() }.into();
        };
        let to = cut.to.map_or("its end".to_owned(), |to| format!("{} s", self.file.shown(to)));
        VideoError::EmptyPart { path, from: self.file.shown(cut.from), to }.into()
    }

    /// Joins the video and moves it to its place; returns its size in bytes.
    fn finish(&self, unfinished: &Unfinished) -> Result<u64, Error> {
        let joined = unfinished.joined();
        unband_video::join(
            &self.result,
            &unfinished.segments,
            &self.other_streams,
            self.cut,
            &self.encoding,
            &self.ffmpeg,
            &joined,
        )?;
        self.placed(&joined)
    }

    /// Keeps a result whose check failed under a name of its own: all its frames are there.
    fn kept_unverified(&self, error: Error, joined: &Path) -> Error {
        let Error::Video(VideoError::Times { path, what, kept: None }) = error else { return error };
        let mut name = self.output.file_stem().unwrap_or_default().to_os_string();
        name.push(".unverified.");
        name.push(self.output.extension().unwrap_or_default());
        let kept = self.output.with_file_name(name);
        let moved = joined.is_file() && unband_video::put_in_place(joined, &kept, &self.file.path).is_ok();
        VideoError::Times { path, what, kept: moved.then_some(kept) }.into()
    }

    /// Moves a written video to its place; returns its size in bytes.
    fn placed(&self, joined: &Path) -> Result<u64, Error> {
        let moved = bytes_of(joined).and_then(|bytes| {
            unband_video::put_in_place(joined, self.output, &self.file.path)?;
            Ok(bytes)
        });
        moved.map_err(|source| unband_io::Error::Io { action: "write", source }.in_file(self.output).into())
    }

    /// Time from the start of the first frame to the end of the last, in seconds.
    fn shown(&self, segments: &[Segment]) -> f64 {
        let all = || segments.iter().flat_map(|segment| &segment.times);
        let (Some(first), Some(last)) = (all().min(), all().max()) else { return 0.0 };
        let steps = all().count().saturating_sub(1);
        let seconds = self.file.seconds(last - first);
        let (frames, of_seconds) = self.file.rate();
        // The last frame gets the average duration of the others.
        let each = if steps > 0 { seconds / steps as f64 } else { f64::from(of_seconds) / f64::from(frames) };
        seconds + each
    }
}

/// Bytes of a file, or of all files in a folder.
fn bytes_of(path: &Path) -> std::io::Result<u64> {
    if !path.is_dir() {
        return Ok(fs::metadata(path)?.len());
    }
    fs::read_dir(path)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}
