//! Jobs on videos: one after the other, as each uses all processors.

mod names;
mod stream;
mod text;
pub(crate) mod worst;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use unband::files::Task;
use unband::io::video::{Images, Purpose, StreamChoice, VideoError, container_of, is_animation, is_video};
use unband::video::{VideoOptions, VideoPlan, VideoReport, deband_video_with, plan_video};
use unband::{Context, Error, Hint, Options, Progress, With};

pub(crate) use self::names::default_output;
use self::text::{VideoRecord, kept};
use crate::args::{ImageArgs, VideoArgs};
use crate::bar::Bar;
use crate::images::refused;
use crate::inputs::{Input, STDIO, exact};
use crate::interrupt::{self, Busy};
use crate::memory;
use crate::outcome::Outcome;
use crate::piped::{self, SHOWN};
use crate::reporter::{Failure, Loudness, Reporter, printable};
use crate::result::{print_json, print_text};
use unband::records::{FileRecord, Schema};

/// A job on videos.
pub(crate) struct VideoJob<'a> {
    pub(crate) images: &'a ImageArgs,
    pub(crate) video: &'a VideoArgs,
    /// Text after the names of results next to their videos.
    pub(crate) suffix: String,
    pub(crate) options: VideoOptions,
    /// Schema of its `--json` objects.
    pub(crate) schema: Schema,
}

/// Is this file a video?
pub(crate) fn is_one(path: &Path) -> bool {
    path.is_file() && is_video(path)
}

/// Is this an animated image whose result shall be a video?
pub(crate) fn is_animation_for(output: Option<&Path>, path: &Path) -> bool {
    output.is_some_and(is_named) && path.is_file() && is_animation(path)
}

/// Is this the name of a video, and not a folder?
pub(crate) fn is_named(output: &Path) -> bool {
    container_of(output).is_some() && !output.is_dir()
}

/// Default frame rate of image sequences.
const FPS: (u32, u32) = (24, 1);

/// Is the input an image sequence that becomes a video: a pattern, or a folder of images with a video's name
/// as output?
pub(crate) fn are_frames(args: &ImageArgs) -> bool {
    let [only] = args.inputs.as_slice() else { return false };
    if !Images::are_named(only) || !only.is_dir() {
        return Images::are_named(only);
    }
    let output = args.output.as_deref();
    let video = output.is_some_and(|path| container_of(path).is_some() && !path.is_dir());
    let holds_video = || {
        let mut files = std::fs::read_dir(only).into_iter().flatten().flatten();
        files.any(|file| is_one(&file.path()))
    };
    video && !holds_video() && !matches!(Images::find(only, FPS), Ok(None))
}

/// The library's options for videos; `task` and `options`: the work on the frames.
///
/// # Errors
/// Options that are not valid for videos.
pub(crate) fn options(
    images: &ImageArgs,
    video: &VideoArgs,
    task: Task,
    options: Options,
) -> Result<VideoOptions, Failure> {
    let ffmpeg_args = match &video.ffmpeg_args {
        None => Vec::new(),
        Some(text) => shlex::split(text).ok_or_else(|| {
            Failure::usage(format!("`--ffmpeg-args {text}` has an unclosed quote"), "close it")
        })?,
    };
    let purpose = if video.lossless { Purpose::Archive } else { video.purpose.unwrap_or_default() };
    let dither = images.dither.unwrap_or_else(|| VideoOptions::dither_for(purpose, options.depth));
    Ok(VideoOptions::with(|new| {
        new.options = options.but(|new| new.dither = dither);
        new.task = task;
        new.purpose = purpose;
        new.ffmpeg_args = ffmpeg_args;
        new.drop_dynamic_hdr = video.drop_dynamic_hdr;
        new.streams = StreamChoice::with(|new| {
            new.only = video.streams.clone();
            new.dropped = video.drop_stream.clone();
        });
        new.progressive = video.progressive;
        new.keep_going = video.keep_going;
        new.resume = video.resume;
        new.overwrite = images.overwrite;
        new.keep_start = video.keep_start;
        new.from = video.from;
        new.to = video.to;
    }))
}

/// Refuses options that videos do not have; `more`: those of the command, and whether they are given.
///
/// # Errors
/// If one is given.
pub(crate) fn check_options(images: &ImageArgs, more: &[(bool, &str)]) -> Result<(), Failure> {
    let own = [
        (images.format.is_some(), "--format"),
        (images.quality.is_some(), "--quality"),
        (images.effort.is_some(), "--effort"),
    ];
    match own.iter().chain(more).find(|(given, _)| *given) {
        Some((_, option)) => {
            let hint = "set the format with `-o`, the quality with `--for` or `--ffmpeg-args`";
            Err(Failure::usage(format!("`{option}` applies to images, not to videos"), hint))
        }
        None => Ok(()),
    }
}

impl VideoJob<'_> {
    fn context(&self) -> Context<'static> {
        memory::frames_follow();
        interrupt::context(self.images.resources.threads.count())
    }

    /// Processes a video from standard input, from a private copy; `begins` are the bytes already read.
    pub(crate) fn run_piped(&self, begins: &[u8], reporter: &Reporter<'_>) -> Outcome {
        if self.images.output.is_none() {
            let hint = "name the result, `-o film.mkv`, or `-o -` for frames of YUV4MPEG2";
            let failure = Failure::usage("standard input is a video, but no output is named", hint);
            reporter.failure(&failure);
            return Outcome::Usage;
        }
        let spool = match piped::spool(begins) {
            Ok(spool) => spool,
            Err(failure) => {
                reporter.failure(&failure);
                return Outcome::SomeFailed;
            }
        };
        self.run_as(&[Input::new(spool.path().to_owned(), "stdin")], Some(SHOWN), reporter)
    }

    /// Processes the videos.
    pub(crate) fn run(&self, videos: &[Input], reporter: &Reporter<'_>) -> Outcome {
        self.run_as(videos, None, reporter)
    }

    /// Processes a stream from standard input; `begins` are the bytes already read.
    pub(crate) fn run_stream(&self, begins: &[u8], reporter: &Reporter<'_>) -> Outcome {
        stream::run(self, begins, reporter)
    }

    /// Processes the videos; messages have this name instead of their paths.
    fn run_as(&self, videos: &[Input], name: Option<&str>, reporter: &Reporter<'_>) -> Outcome {
        let shown = |path: &Path| name.map_or_else(|| exact(path), str::to_owned);
        if self.video.fps.is_some() {
            let message = "`--fps` applies to image sequences; videos have a frame rate";
            reporter.failure(&Failure::usage(message, "drop it"));
            return Outcome::Usage;
        }
        let piped = self.images.output.as_deref().is_some_and(|path| path.as_os_str() == STDIO);
        if let (true, [video]) = (piped, videos) {
            return stream::run_video(self, &self.options, &video.path, &shown(&video.path), reporter);
        }
        let Ok(targets) = reporter.or_usage(self.targets(videos, reporter)) else { return Outcome::Usage };
        let ctx = self.context();
        let mut outcome = Outcome::Done;
        for (done, (input, output)) in videos.iter().zip(&targets).enumerate() {
            let this =
                self.one(&self.options, &input.path, output, shown(&input.path), reporter.loudness, &ctx);
            outcome = outcome.max(this);
            if ctx.cancelled() {
                let done = done + usize::from(this != Outcome::Interrupted);
                if videos.len() > 1 {
                    reporter.note(&format!("interrupted: {done} of {} videos done", videos.len()));
                }
                return Outcome::Interrupted;
            }
        }
        outcome
    }

    /// Processes an image sequence.
    pub(crate) fn run_frames(&self, reporter: &Reporter<'_>) -> Outcome {
        let input = &self.images.inputs[0];
        let shown = exact(input);
        let Ok((options, output)) = reporter.or_usage(self.frames(input, &shown, reporter)) else {
            return Outcome::Usage;
        };
        if output.as_os_str() == STDIO {
            return stream::run_video(self, &options, input, &shown, reporter);
        }
        self.one(&options, input, output, shown, reporter.loudness, &self.context())
    }

    /// The options for an image sequence, and its result.
    fn frames(
        &self,
        input: &Path,
        shown: &str,
        reporter: &Reporter<'_>,
    ) -> Result<(VideoOptions, &Path), Failure> {
        let Some(output) = self.images.output.as_deref().filter(|path| !path.is_dir()) else {
            let message = format!("{shown} is an image sequence, but no output video is named");
            return Err(Failure::usage(message, "name the video, `-o film.mkv`"));
        };
        let images = Images::find(input, self.video.fps.unwrap_or(FPS))
            .map_err(|error| Failure { hint: error.hint(), ..Failure::usage(error.to_string(), "") })?;
        let Some(images) = images else {
            let message = format!("{shown}: not an image sequence");
            let hint = "file names must differ only in a number, such as `shot_0001.png`; for separate images name a folder, `-o out/`";
            return Err(Failure::usage(message, hint));
        };
        if self.video.fps.is_none() {
            let count = images.count();
            reporter.note(&format_args!("{shown}: {count} frames at 24 fps; `--fps` sets another rate"));
        }
        Ok((self.options.clone().but(|new| new.images = Some(images)), output))
    }

    /// Processes a video.
    fn one(
        &self,
        options: &VideoOptions,
        input: &Path,
        output: &Path,
        shown: String,
        loudness: Loudness,
        ctx: &Context<'_>,
    ) -> Outcome {
        let bar = Bar::video(loudness > Loudness::Quiet);
        let reporter = Reporter { loudness, bar: &bar };
        let finish = |record: FileRecord, outcome: Outcome| {
            let record = FileRecord { schema: self.schema, ..record };
            if self.images.json { outcome.max(print_json(&record)) } else { outcome }
        };
        if self.images.skip_existing && output.is_file() {
            reporter.line(&format!("{shown}: skipped, {} exists", output.display()));
            return finish(FileRecord::skipped(shown, output), Outcome::Done);
        }
        let Some(_busy) = Busy::begin() else { return Outcome::Interrupted };
        let progress = VideoBar { bar: &bar, reached: AtomicUsize::new(0), frames: AtomicUsize::new(0) };
        let ctx = (*ctx).but(|new| new.progress = &progress);
        let fail = |error: &Error| match error {
            Error::Cancelled => {
                reporter.note(&format!("{shown}: interrupted{}", kept(output)));
                Outcome::Interrupted
            }
            error => {
                let named = matches!(error, Error::Video(_) | Error::File(_));
                let waits = matches!(
                    error,
                    Error::Video(
                        VideoError::Waiting { .. } | VideoError::Unfinished { .. } | VideoError::Busy { .. }
                    )
                );
                let message = error.to_string().replace(&exact(input), &shown);
                let message = format!("{message}{}", if waits { String::new() } else { kept(output) });
                let failure =
                    Failure { subject: (!named).then(|| shown.clone()), message, hint: error.hint() };
                reporter.failure(&failure);
                finish(failure.file_record(shown.clone()), Outcome::SomeFailed)
            }
        };
        if self.images.dry_run {
            return match plan_video(input, output, options, &ctx) {
                Ok(plan) if self.images.json => print_json(&VideoRecord::planned(self.schema, &shown, &plan)),
                Ok(plan) => {
                    let outcome = print_text(&text::plan_text(&printable(&shown), &plan));
                    if plan.taken {
                        reporter.note(&refused(&shown, output));
                    }
                    outcome
                }
                Err(error) => fail(&error),
            };
        }
        let begins = |plan: &VideoPlan| {
            progress.frames.store(usize::try_from(plan.frames).unwrap_or(0), Ordering::Relaxed);
            if let Some(disk) = text::disk(plan) {
                reporter.note(&format!("{shown}: {disk}"));
            }
        };
        let done = deband_video_with(input, output, options, &begins, &ctx);
        bar.finish();
        match done {
            Ok(report) => {
                print_report(&reporter, &shown, &report);
                if !self.images.json {
                    return Outcome::Done;
                }
                print_json(&VideoRecord::done(self.schema, &shown, &report))
            }
            Err(error) => fail(&error),
        }
    }
}

/// The lines about a video that is done.
fn print_report(reporter: &Reporter<'_>, shown: &str, report: &VideoReport) {
    reporter.line(&text::line(shown, report));
    for detail in text::details(report) {
        reporter.detail(&detail);
    }
    for note in &report.plan.notes {
        reporter.note(&format_args!("{shown}: {note}"));
    }
}

/// Forwards the number of frames to the bar.
struct VideoBar<'a> {
    bar: &'a Bar,
    reached: AtomicUsize,
    /// Frames of the video, once known. The job's steps are more: it looks at the frames first.
    frames: AtomicUsize,
}

impl Progress for VideoBar<'_> {
    fn advance(&self, done: usize, total: usize) {
        // The progress within a frame is not shown.
        let before = self.reached.fetch_max(done, Ordering::Relaxed);
        if done > before {
            let frames = match self.frames.load(Ordering::Relaxed) {
                0 => total,
                frames => frames,
            };
            self.bar.frames((done * frames).checked_div(total).unwrap_or(done), frames);
        }
    }
}
