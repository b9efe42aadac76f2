//! Debanding of videos: one after the other, as each uses all processors.

mod tell;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use unband::io::video::{Images, Purpose, StreamChoice, VideoError, container_of, is_video};
use unband::video::{FilmOptions, FilmPlan, deband_film_told, plan_film};
use unband::{Context, Error, Hint, Progress};

use super::stream;
use crate::args::DebandArgs;
use crate::bar::Bar;
use crate::inputs::{Input, STDIO, exact};
use crate::interrupt::{self, Busy};
use crate::outcome::Outcome;
use crate::outputs::folder_of;
use crate::pictures::threads;
use crate::record::Record;
use crate::result::{print_json, print_text};
use crate::settings;
use crate::talk::{Failure, Loudness, Talk, printable};
use tell::{FilmRecord, kept};

/// Is this file a video?
pub fn is_one(path: &Path) -> bool {
    path.is_file() && is_video(path)
}

/// Processes the videos.
pub fn run(args: &DebandArgs, films: &[Input], talk: &Talk<'_>) -> Outcome {
    let rate = match args.film.fps {
        Some(_) => {
            Err(Failure::usage("`--fps` applies to image sequences; videos have a frame rate", "drop it"))
        }
        None => Ok(()),
    };
    let piped = args.pictures.output.as_deref().is_some_and(|path| path.as_os_str() == STDIO);
    if let (true, [film]) = (piped, films) {
        return match rate.and_then(|()| options(args)) {
            Ok(options) => stream::run_film(args, &options, &film.path, talk),
            Err(failure) => {
                talk.failure(&failure);
                Outcome::Usage
            }
        };
    }
    let settled = rate.and_then(|()| options(args)).and_then(|options| Ok((options, targets(args, films)?)));
    let (options, targets) = match settled {
        Ok(both) => both,
        Err(failure) => {
            talk.failure(&failure);
            return Outcome::Usage;
        }
    };
    let ctx = interrupt::context(threads(args.pictures.threads));
    let mut outcome = Outcome::Done;
    for (done, (input, output)) in films.iter().zip(&targets).enumerate() {
        let this = one(args, &options, (&input.path, output), talk.loudness, &ctx);
        outcome = outcome.max(this);
        if ctx.cancelled() {
            let done = done + usize::from(this != Outcome::Interrupted);
            if films.len() > 1 {
                talk.note(&format!("interrupted: {done} of {} videos done", films.len()));
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
pub fn are_frames(args: &DebandArgs) -> bool {
    let [only] = args.pictures.inputs.as_slice() else { return false };
    if !Images::are_named(only) || !only.is_dir() {
        return Images::are_named(only);
    }
    let output = args.pictures.output.as_deref();
    let film = output.is_some_and(|path| container_of(path).is_some() && !path.is_dir());
    let holds_film = || {
        let mut files = std::fs::read_dir(only).into_iter().flatten().flatten();
        files.any(|file| is_one(&file.path()))
    };
    film && !holds_film() && !matches!(Images::find(only, FPS), Ok(None))
}

/// Processes an image sequence.
pub fn run_frames(args: &DebandArgs, talk: &Talk<'_>) -> Outcome {
    let input = &args.pictures.inputs[0];
    let shown = exact(input);
    let settled = options(args).and_then(|options| {
        let Some(output) = args.pictures.output.as_deref().filter(|path| !path.is_dir()) else {
            let hint = "name the video, `-o film.mkv`";
            return Err(Failure::usage(format!("{shown} is an image sequence, but no output video is named"), hint));
        };
        let images = Images::find(input, args.film.fps.unwrap_or(FPS))
            .map_err(|error| Failure { hint: error.hint(), ..Failure::usage(error.to_string(), "") })?;
        let Some(images) = images else {
            let message = format!("{shown}: not an image sequence");
            let hint = "file names must differ only in a number, such as `shot_0001.png`; for separate images name a folder, `-o out/`";
            return Err(Failure::usage(message, hint));
        };
        if args.film.fps.is_none() {
            talk.note(&format_args!("{shown}: {} frames at 24 fps; `--fps` sets another rate", images.count()));
        }
        Ok((FilmOptions { images: Some(images), ..options }, output))
    });
    let (options, output) = match settled {
        Ok(both) => both,
        Err(failure) => {
            talk.failure(&failure);
            return Outcome::Usage;
        }
    };
    if output.as_os_str() == STDIO {
        return stream::run_film(args, &options, input, talk);
    }
    one(args, &options, (input, output), talk.loudness, &interrupt::context(threads(args.pictures.threads)))
}

/// The library's options for videos.
///
/// # Errors
/// Options that are not valid for videos.
pub fn options(args: &DebandArgs) -> Result<FilmOptions, Failure> {
    let film = &args.film;
    let pictures = settings::file_options(args)?;
    for (given, option) in [
        (args.pictures.format.is_some(), "--format"),
        (args.pictures.quality.is_some(), "--quality"),
        (args.pictures.effort.is_some(), "--effort"),
        (args.prove, "--prove"),
        (args.save_output.is_some(), "--save-output"),
    ] {
        if given {
            let hint = "set the format with `-o`, the quality with `--for` or `--ffmpeg-args`";
            return Err(Failure::usage(format!("`{option}` applies to images, not to videos"), hint));
        }
    }
    let ffmpeg_args = match &film.ffmpeg_args {
        None => Vec::new(),
        Some(text) => shlex::split(text).ok_or_else(|| {
            Failure::usage(format!("`--ffmpeg-args {text}` has an unclosed quote"), "close it")
        })?,
    };
    let purpose = if film.lossless { Purpose::Archive } else { film.purpose.unwrap_or_default() };
    let mut options = pictures.options;
    options.dither = args.pictures.dither.unwrap_or_else(|| FilmOptions::dither_for(purpose, options.depth));
    Ok(FilmOptions {
        options,
        purpose,
        ffmpeg_args,
        drop_dynamic_hdr: film.drop_dynamic_hdr,
        streams: StreamChoice { only: film.streams.clone(), dropped: film.drop_stream.clone() },
        images: None,
        progressive: film.progressive,
        keep_going: film.keep_going,
        resume: film.resume,
        overwrite: args.pictures.overwrite,
        only_banded: args.only_banded,
        temporal: film.temporal.unwrap_or_default(),
        start_at_zero: film.start_at_zero,
        from: film.from,
        to: film.to,
    })
}

/// The output path of each video: next to its input, in the output folder, or the file given by `-o`.
fn targets(args: &DebandArgs, films: &[Input]) -> Result<Vec<PathBuf>, Failure> {
    let named = args.pictures.output.as_deref().filter(|path| container_of(path).is_none() || path.is_dir());
    let folder = named.and_then(|path| folder_of(Some(path), &args.pictures.inputs));
    let y4m = |path: &&Path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("y4m"));
    if let (None, Some(path)) = (folder, args.pictures.output.as_deref().filter(y4m)) {
        let hint = format!("write `-o - > {}`", path.display());
        return Err(Failure::usage("YUV4MPEG2 frames can only be written to standard output", hint));
    }
    if let (None, Some(path), 2..) = (folder, &args.pictures.output, films.len()) {
        let message = format!("{} videos cannot be written to one file, {}", films.len(), path.display());
        return Err(Failure::usage(
            message,
            format!("name a folder, `-o {}/`", path.with_extension("").display()),
        ));
    }
    let target = |film: &Input| match (folder, &args.pictures.output) {
        (Some(folder), _) => folder.join(&film.below).with_extension(extension(args, &film.path)),
        (None, Some(path)) => path.clone(),
        (None, None) => beside(args, &film.path),
    };
    let targets: Vec<PathBuf> = films.iter().map(target).collect();
    for (i, (film, output)) in films.iter().zip(&targets).enumerate() {
        if let Some(other) = films.iter().find(|other| same(&other.path, output)) {
            let other = if other == film {
                "it".to_owned()
            } else {
                format!("{}, which is also an input", other.shown())
            };
            let message = format!("the result of {} would replace {other}", film.shown());
            return Err(Failure::usage(
                message,
                "choose another name or folder: input videos are never replaced",
            ));
        }
        if let Some(first) = targets[..i].iter().position(|target| target == output) {
            let message = format!(
                "{} and {} would both be written to {}",
                films[first].shown(),
                film.shown(),
                output.display()
            );
            return Err(Failure::usage(message, "run them separately with different `-o`"));
        }
    }
    if let Some(folder) = folder
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        let message = format!("cannot create the folder: {}", crate::inputs::reason(&error));
        return Err(Failure::at(folder.display().to_string(), message, None));
    }
    Ok(targets)
}

/// The extension of a video's result. Matroska replaces containers without FFV1 where that is needed, and
/// those that are read only.
fn extension<'a>(args: &DebandArgs, input: &'a Path) -> &'a str {
    let lossless = args.film.lossless || args.film.purpose == Some(Purpose::Archive);
    let own = input.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let keeps = container_of(input).is_some_and(|container| !lossless || container.ffv1);
    if keeps { own } else { "mkv" }
}

/// The default result of a video.
pub fn beside(args: &DebandArgs, input: &Path) -> PathBuf {
    let mut name = input.file_stem().unwrap_or_default().to_os_string();
    name.push(format!("_unband.{}", extension(args, input)));
    input.with_file_name(name)
}

fn same(a: &Path, b: &Path) -> bool {
    a == b || a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

fn one(
    args: &DebandArgs,
    options: &FilmOptions,
    (input, output): (&Path, &Path),
    loudness: Loudness,
    ctx: &Context<'_>,
) -> Outcome {
    let shown = exact(input);
    let bar = Bar::film(loudness > Loudness::Quiet);
    let talk = Talk { loudness, bar: &bar };
    let finish = |record: &Record, outcome: Outcome| {
        if args.pictures.json { outcome.max(print_json(record)) } else { outcome }
    };
    if args.pictures.skip_existing && output.is_file() {
        talk.line(&format!("{shown}: skipped, {} exists", output.display()));
        return finish(&Record::skipped(shown, output), Outcome::Done);
    }
    let Some(_busy) = Busy::begin() else { return Outcome::Interrupted };
    let progress = FilmBar { bar: &bar, reached: AtomicUsize::new(0) };
    let ctx = Context { progress: &progress, ..*ctx };
    let fail = |error: &Error| match error {
        Error::Cancelled => {
            talk.note(&format!("{shown}: interrupted{}", kept(output)));
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
            let message = format!("{error}{}", if waits { String::new() } else { kept(output) });
            let failure = Failure { subject: (!named).then(|| shown.clone()), message, hint: error.hint() };
            talk.failure(&failure);
            finish(&Record::failed(shown.clone(), &failure), Outcome::SomeFailed)
        }
    };
    if args.pictures.dry_run {
        return match plan_film(input, output, options, &ctx) {
            Ok(plan) if args.pictures.json => print_json(&FilmRecord::planned(&shown, &plan)),
            Ok(plan) => print_text(&tell::plan_text(&printable(&shown), &plan)),
            Err(error) => fail(&error),
        };
    }
    let begins = |plan: &FilmPlan| {
        if let Some(disk) = tell::disk(plan) {
            talk.note(&format!("{shown}: {disk}"));
        }
    };
    let done = deband_film_told(input, output, options, &begins, &ctx);
    bar.finish();
    match done {
        Ok(report) => {
            talk.line(&tell::line(&shown, &report));
            for detail in tell::details(&report) {
                talk.detail(&detail);
            }
            for note in &report.plan.notes {
                talk.note(&format_args!("{shown}: {note}"));
            }
            if !args.pictures.json {
                return Outcome::Done;
            }
            print_json(&FilmRecord::done(&shown, &report))
        }
        Err(error) => fail(&error),
    }
}

/// Forwards the number of frames to the bar.
struct FilmBar<'a> {
    bar: &'a Bar,
    reached: AtomicUsize,
}

impl Progress for FilmBar<'_> {
    fn advance(&self, done: usize, total: usize) {
        // The progress within a frame is not shown.
        let before = self.reached.fetch_max(done, Ordering::Relaxed);
        if done > before {
            self.bar.frames(done, total);
        }
    }
}
