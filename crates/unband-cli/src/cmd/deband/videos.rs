//! Debanding of videos: one after the other, as each uses all processors.

mod text;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use unband::io::video::{Images, Purpose, StreamChoice, VideoError, container_of, is_video};
use unband::video::{VideoOptions, VideoPlan, deband_video_with, plan_video};
use unband::{Context, Error, Hint, Progress, With};

use super::stream;
use crate::args::DebandArgs;
use crate::bar::Bar;
use crate::images::{refused, threads};
use crate::inputs::{Input, STDIO, SUFFIX, exact};
use crate::interrupt::{self, Busy};
use crate::memory;
use crate::outcome::Outcome;
use crate::outputs::{folder_of, suffixed};
use crate::piped::{self, SHOWN};
use crate::record::FileRecord;
use crate::reporter::{Failure, Loudness, Reporter, printable};
use crate::result::{print_json, print_text};
use crate::settings;
use text::{VideoRecord, kept};

/// Is this file a video?
pub(super) fn is_one(path: &Path) -> bool {
    path.is_file() && is_video(path)
}

/// The context of a job on frames.
pub(super) fn context(args: &DebandArgs) -> Context<'static> {
    memory::frames_follow();
    interrupt::context(threads(args.images.threads))
}

/// Processes a video from standard input, from a private copy; `begins` are the bytes already read.
pub(super) fn run_piped(args: &DebandArgs, begins: &[u8], reporter: &Reporter<'_>) -> Outcome {
    let named = match &args.images.output {
        Some(_) => options(args).map(drop),
        None => Err(Failure::usage(
            "standard input is a video, but no output is named",
            "name the result, `-o film.mkv`, or `-o -` for frames of YUV4MPEG2",
        )),
    };
    if let Err(usage) = reporter.settled(named) {
        return usage;
    }
    let spool = match piped::spool(begins) {
        Ok(spool) => spool,
        Err(failure) => {
            reporter.failure(&failure);
            return Outcome::SomeFailed;
        }
    };
    run_as(args, &[Input::new(spool.path().to_owned(), "stdin")], Some(SHOWN), reporter)
}

/// Processes the videos.
pub(super) fn run(args: &DebandArgs, videos: &[Input], reporter: &Reporter<'_>) -> Outcome {
    run_as(args, videos, None, reporter)
}

/// Processes the videos; messages have this name instead of their paths.
fn run_as(args: &DebandArgs, videos: &[Input], name: Option<&str>, reporter: &Reporter<'_>) -> Outcome {
    let shown = |path: &Path| name.map_or_else(|| exact(path), str::to_owned);
    let rate = match args.video.fps {
        Some(_) => {
            Err(Failure::usage("`--fps` applies to image sequences; videos have a frame rate", "drop it"))
        }
        None => Ok(()),
    };
    let piped = args.images.output.as_deref().is_some_and(|path| path.as_os_str() == STDIO);
    if let (true, [video]) = (piped, videos) {
        let options = reporter.settled(rate.and_then(|()| options(args)));
        return options.map_or_else(
            |usage| usage,
            |o| stream::run_video(args, &o, (&video.path, &shown(&video.path)), reporter),
        );
    }
    let settled =
        rate.and_then(|()| options(args)).and_then(|options| Ok((options, targets(args, videos, reporter)?)));
    let Ok((options, targets)) = reporter.settled(settled) else { return Outcome::Usage };
    let ctx = context(args);
    let mut outcome = Outcome::Done;
    for (done, (input, output)) in videos.iter().zip(&targets).enumerate() {
        let paths = (&*input.path, &**output);
        let this = one(args, &options, paths, shown(&input.path), reporter.loudness, &ctx);
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

/// Default frame rate of image sequences.
const FPS: (u32, u32) = (24, 1);

/// Is the input an image sequence that becomes a video: a pattern, or a folder of images with a video's name
/// as output?
pub(super) fn are_frames(args: &DebandArgs) -> bool {
    let [only] = args.images.inputs.as_slice() else { return false };
    if !Images::are_named(only) || !only.is_dir() {
        return Images::are_named(only);
    }
    let output = args.images.output.as_deref();
    let video = output.is_some_and(|path| container_of(path).is_some() && !path.is_dir());
    let holds_video = || {
        let mut files = std::fs::read_dir(only).into_iter().flatten().flatten();
        files.any(|file| is_one(&file.path()))
    };
    video && !holds_video() && !matches!(Images::find(only, FPS), Ok(None))
}

/// Processes an image sequence.
pub(super) fn run_frames(args: &DebandArgs, reporter: &Reporter<'_>) -> Outcome {
    let input = &args.images.inputs[0];
    let shown = exact(input);
    let settled = options(args).and_then(|options| {
        let Some(output) = args.images.output.as_deref().filter(|path| !path.is_dir()) else {
            let hint = "name the video, `-o film.mkv`";
            return Err(Failure::usage(format!("{shown} is an image sequence, but no output video is named"), hint));
        };
        let images = Images::find(input, args.video.fps.unwrap_or(FPS))
            .map_err(|error| Failure { hint: error.hint(), ..Failure::usage(error.to_string(), "") })?;
        let Some(images) = images else {
            let message = format!("{shown}: not an image sequence");
            let hint = "file names must differ only in a number, such as `shot_0001.png`; for separate images name a folder, `-o out/`";
            return Err(Failure::usage(message, hint));
        };
        if args.video.fps.is_none() {
            reporter.note(&format_args!("{shown}: {} frames at 24 fps; `--fps` sets another rate", images.count()));
        }
        Ok((options.but(|new| new.images = Some(images)), output))
    });
    let Ok((options, output)) = reporter.settled(settled) else { return Outcome::Usage };
    if output.as_os_str() == STDIO {
        return stream::run_video(args, &options, (input, &shown), reporter);
    }
    one(args, &options, (input, output), shown, reporter.loudness, &context(args))
}

/// The library's options for videos.
///
/// # Errors
/// Options that are not valid for videos.
pub(super) fn options(args: &DebandArgs) -> Result<VideoOptions, Failure> {
    let video = &args.video;
    let stills = settings::file_options(args)?;
    for (given, option) in [
        (args.images.format.is_some(), "--format"),
        (args.images.quality.is_some(), "--quality"),
        (args.images.effort.is_some(), "--effort"),
        (args.prove, "--prove"),
        (args.save_output.is_some(), "--save-output"),
    ] {
        if given {
            let hint = "set the format with `-o`, the quality with `--for` or `--ffmpeg-args`";
            return Err(Failure::usage(format!("`{option}` applies to images, not to videos"), hint));
        }
    }
    let ffmpeg_args = match &video.ffmpeg_args {
        None => Vec::new(),
        Some(text) => shlex::split(text).ok_or_else(|| {
            Failure::usage(format!("`--ffmpeg-args {text}` has an unclosed quote"), "close it")
        })?,
    };
    let purpose = if video.lossless { Purpose::Archive } else { video.purpose.unwrap_or_default() };
    let mut options = stills.options;
    options.dither = args.images.dither.unwrap_or_else(|| VideoOptions::dither_for(purpose, options.depth));
    Ok(VideoOptions::with(|new| {
        new.options = options;
        new.purpose = purpose;
        new.ffmpeg_args = ffmpeg_args;
        new.drop_dynamic_hdr = video.drop_dynamic_hdr;
        new.streams = StreamChoice::with(|new| {
            new.only = video.streams.clone();
            new.dropped = video.drop_stream.clone();
        });
        new.images = None;
        new.progressive = video.progressive;
        new.keep_going = video.keep_going;
        new.resume = video.resume;
        new.overwrite = args.images.overwrite;
        new.only_banded = args.only_banded;
        new.temporal = video.temporal.unwrap_or_default();
        new.keep_start = video.keep_start;
        new.from = video.from;
        new.to = video.to;
        new.only.clone_from(&video.only);
    }))
}

/// The output path of each video: next to its input, in the output folder, or the file given by `-o`.
fn targets(args: &DebandArgs, videos: &[Input], reporter: &Reporter<'_>) -> Result<Vec<PathBuf>, Failure> {
    let named = args.images.output.as_deref().filter(|path| container_of(path).is_none() || path.is_dir());
    let folder = named.and_then(|path| folder_of(Some(path), &args.images.inputs));
    let y4m = |path: &&Path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("y4m"));
    if let (None, Some(path)) = (folder, args.images.output.as_deref().filter(y4m)) {
        let hint = format!("write `-o - > {}`", path.display());
        return Err(Failure::usage("YUV4MPEG2 frames can only be written to standard output", hint));
    }
    if let (None, Some(path), 2..) = (folder, &args.images.output, videos.len()) {
        let message = format!("{} videos cannot be written to one file, {}", videos.len(), path.display());
        return Err(Failure::usage(
            message,
            format!("name a folder, `-o {}/`", path.with_extension("").display()),
        ));
    }
    let suffix = args.images.suffix.as_deref();
    if let (None, Some(path), Some(suffix)) = (folder, &args.images.output, suffix) {
        let message = format!("`--suffix {suffix}` names files in a folder, and `-o` is {}", path.display());
        return Err(Failure::usage(message, "name a folder with `-o`, or drop `--suffix`"));
    }
    let target = |video: &Input| match (folder, &args.images.output) {
        (Some(folder), _) => {
            let stem = suffixed(&folder.join(&video.below), suffix.unwrap_or_default());
            with_end(&stem, extension(args, &video.path))
        }
        (None, Some(path)) => path.clone(),
        (None, None) => default_output(args, &video.path),
    };
    let mut targets: Vec<PathBuf> = videos.iter().map(target).collect();
    distinguish(args, videos, &mut targets, reporter);
    for (i, (video, output)) in videos.iter().zip(&targets).enumerate() {
        if let Some(other) = videos.iter().find(|other| same(&other.path, output)) {
            let other = if other == video {
                "it".to_owned()
            } else {
                format!("{}, which is also an input", other.shown())
            };
            let message = format!("the result of {} would replace {other}", video.shown());
            return Err(Failure::usage(
                message,
                "choose another name or folder: input videos are never replaced",
            ));
        }
        if let Some(first) = targets[..i].iter().position(|target| target == output) {
            let message = format!(
                "{} and {} would both be written to {}",
                videos[first].shown(),
                video.shown(),
                output.display()
            );
            return Err(Failure::usage(message, "run them separately with different `-o`"));
        }
    }
    if let Some(folder) = folder.filter(|_| !args.images.dry_run)
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        let message = format!("cannot create the folder: {}", crate::inputs::reason(&error));
        return Err(Failure::at(folder.display().to_string(), message, None));
    }
    Ok(targets)
}

/// The extension of a video's result. Matroska replaces containers without FFV1 where that is needed, and
/// those that are read only; editing programs and sites have their own.
fn extension<'a>(args: &DebandArgs, input: &'a Path) -> &'a str {
    let lossless = args.video.lossless || args.video.purpose == Some(Purpose::Archive);
    let own = input.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let uploaded = ["mp4", "m4v", "mov", "webm"].iter().any(|known| own.eq_ignore_ascii_case(known));
    match args.video.purpose {
        Some(Purpose::Edit) => return "mov",
        Some(Purpose::Youtube) if !uploaded => return "mp4",
        _ => {}
    }
    let keeps = container_of(input).is_some_and(|container| !lossless || container.ffv1);
    if keeps { own } else { "mkv" }
}

/// The default result of a video.
pub(super) fn default_output(args: &DebandArgs, input: &Path) -> PathBuf {
    let suffix = args.images.suffix.as_deref().unwrap_or(SUFFIX);
    with_end(&suffixed(input, suffix), extension(args, input))
}

/// The path with an extension behind its whole name.
fn with_end(stem: &Path, extension: &str) -> PathBuf {
    let mut name = stem.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(extension);
    stem.with_file_name(name)
}

/// Resolves name clashes between results, such as those of `a.mkv` and `a.hevc`: the whole input name becomes
/// part of the second one's, `a.hevc_unband.mkv`. Notes each.
fn distinguish(args: &DebandArgs, videos: &[Input], targets: &mut [PathBuf], reporter: &Reporter<'_>) {
    // A container that is kept has the short name.
    let kept = |i: usize, targets: &[PathBuf]| videos[i].path.extension() == targets[i].extension();
    let mut order: Vec<usize> = (0..videos.len()).collect();
    order.sort_by_key(|&i| !kept(i, targets));
    let mut taken: HashMap<PathBuf, usize> = HashMap::new();
    for i in order {
        let name = videos[i].path.file_name().unwrap_or_default();
        if let Some(&first) = taken.get(&targets[i])
            && videos[first].path.file_name() != Some(name)
        {
            let suffix = args.images.suffix.as_deref();
            let suffix = suffix.unwrap_or(if args.images.output.is_some() { "" } else { SUFFIX });
            let mut whole = name.to_owned();
            whole.push(suffix);
            let end = targets[i].extension().and_then(OsStr::to_str).unwrap_or_default();
            let whole = with_end(&targets[i].with_file_name(whole), end);
            let shown = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (first, second) = (videos[first].shown(), videos[i].shown());
            reporter.note(&format!(
                "{first} and {second} have the same name: the result of {second} becomes {shown}"
            ));
            targets[i] = whole;
        }
        taken.entry(targets[i].clone()).or_insert(i);
    }
}

fn same(a: &Path, b: &Path) -> bool {
    a == b || a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

fn one(
    args: &DebandArgs,
    options: &VideoOptions,
    (input, output): (&Path, &Path),
    shown: String,
    loudness: Loudness,
    ctx: &Context<'_>,
) -> Outcome {
    let bar = Bar::video(loudness > Loudness::Quiet);
    let reporter = Reporter { loudness, bar: &bar };
    let finish = |record: &FileRecord, outcome: Outcome| {
        if args.images.json { outcome.max(print_json(record)) } else { outcome }
    };
    if args.images.skip_existing && output.is_file() {
        reporter.line(&format!("{shown}: skipped, {} exists", output.display()));
        return finish(&FileRecord::skipped(shown, output), Outcome::Done);
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
            let failure = Failure { subject: (!named).then(|| shown.clone()), message, hint: error.hint() };
            reporter.failure(&failure);
            finish(&FileRecord::failed(shown.clone(), &failure), Outcome::SomeFailed)
        }
    };
    if args.images.dry_run {
        return match plan_video(input, output, options, &ctx) {
            Ok(plan) if args.images.json => print_json(&VideoRecord::planned(&shown, &plan)),
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
            reporter.line(&text::line(&shown, &report));
            for detail in text::details(&report) {
                reporter.detail(&detail);
            }
            for note in &report.plan.notes {
                reporter.note(&format_args!("{shown}: {note}"));
            }
            if !args.images.json {
                return Outcome::Done;
            }
            print_json(&VideoRecord::done(&shown, &report))
        }
        Err(error) => fail(&error),
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
