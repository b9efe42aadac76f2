//! YUV4MPEG2 frames on standard output, from standard input or a video.

use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use unband::files::Task;
use unband::io::{Limits, Y4mReader};
use unband::video::{StreamReport, VideoOptions, deband_stream, deband_to_stream};
use unband::{Context, Error, Hint, With};

use super::VideoJob;
use crate::inputs::STDIO;
use crate::interrupt::Busy;
use crate::outcome::Outcome;
use crate::piped::SHOWN;
use crate::reporter::{Failure, Reporter, counted};
use crate::result::stdout_failure;
use crate::streams::{self, Output};

/// Processes a stream; `begins` are the bytes already read.
pub(super) fn run(job: &VideoJob<'_>, begins: &[u8], reporter: &Reporter<'_>) -> Outcome {
    let elsewhere = job.images.output.as_ref().filter(|path| path.as_os_str() != STDIO);
    let checked = match elsewhere {
        Some(path) => {
            let message = format!(
                "a stream of frames can only be written to standard output or a video, not to {}",
                path.display()
            );
            let hint =
                "name a video, `-o film.mkv`, or use `-o -` and a pipe, for example to `ffmpeg -i - …`";
            Err(Failure::usage(message, hint))
        }
        None if Output::is_terminal() => {
            let hint = "use a pipe, for example to `x265 --y4m --output-depth 10 -`";
            Err(Failure::usage("frames are not written to a terminal", hint))
        }
        None => Ok(()),
    };
    if let Err(usage) = reporter.or_usage(checked) {
        return usage;
    }
    let dither = job.images.dither.unwrap_or_default();
    let options = job.options.clone().but(|new| new.options.dither = dither);
    let progressive = job.video.progressive;
    piped(job, SHOWN, reporter, |output, ctx| {
        let (input, limits) = (begins.chain(streams::Input), Limits::default());
        let open = if progressive { Y4mReader::of_any } else { Y4mReader::new };
        deband_stream(open(input, &limits)?, output, &options, ctx)
    })
}

/// Writes the frames of a video to standard output.
pub(super) fn run_video(
    job: &VideoJob<'_>,
    options: &VideoOptions,
    input: &Path,
    shown: &str,
    reporter: &Reporter<'_>,
) -> Outcome {
    let video = &job.video;
    let fault = [
        ("--json", job.images.json),
        ("--for", video.purpose.is_some()),
        ("--lossless", video.lossless),
        ("--ffmpeg-args", video.ffmpeg_args.is_some()),
        ("--resume", video.resume),
    ];
    let hint = "name a file with `-o` for an encoded video";
    let failure = if Output::is_terminal() {
        let hint = "use a pipe, for example to `x265 --y4m --output-depth 10 -`, or name a file with `-o`";
        Some(Failure::usage("frames are not written to a terminal", hint))
    } else {
        let given = fault.into_iter().find_map(|(option, given)| given.then_some(option));
        given.map(|option| {
            Failure::usage(format!("`{option}` does not apply to frames on standard output"), hint)
        })
    };
    if let Some(failure) = failure {
        reporter.failure(&failure);
        return Outcome::Usage;
    }
    piped(job, shown, reporter, |output, ctx| {
        let (video, report) = deband_to_stream(input, output, options, ctx)?;
        if video.video.variable {
            reporter.note(&format_args!(
                "{shown}: variable frame rate; the output uses the average, as YUV4MPEG2 stores no times"
            ));
        }
        Ok(report)
    })
}

/// Runs a job that writes frames to standard output.
fn piped(
    job: &VideoJob<'_>,
    shown: &str,
    reporter: &Reporter<'_>,
    work: impl FnOnce(&mut (dyn Write + Send), &Context<'_>) -> Result<StreamReport, Error>,
) -> Outcome {
    let ctx = job.context();
    let Some(_busy) = Busy::begin() else { return Outcome::Interrupted };
    let mut output = BufWriter::with_capacity(1 << 20, Output);
    let done = work(&mut output, &ctx);
    let flushed = output.flush();
    match done {
        Ok(report) => {
            if let Err(error) = flushed {
                reporter.failure(&stdout_failure(&error));
                return Outcome::SomeFailed;
            }
            if report.frames == 0 {
                reporter.failure(&Failure::at(shown.to_owned(), "it has no frames".to_owned(), None));
                return Outcome::SomeFailed;
            }
            let (frames, shots) = (counted(report.frames, "frame"), counted(report.shots, "shot"));
            let changed = counted(report.changed, "frame");
            let did = match job.options.task {
                Task::Upscale(_) => "upscaled".to_owned(),
                Task::DebandThenUpscale(_) => format!("{changed} debanded, upscaled"),
                _ => format!("{changed} changed"),
            };
            reporter.line(&format!("{shown}: {frames}, {shots}, {did} → standard output"));
            Outcome::Done
        }
        Err(Error::Cancelled) => Outcome::Interrupted,
        // The reader has closed the pipe and needs no message, but the output is incomplete.
        Err(Error::File(unband::io::Error::Io { action: "write", source })) => {
            if source.kind() != io::ErrorKind::BrokenPipe {
                reporter.failure(&stdout_failure(&source));
            }
            Outcome::SomeFailed
        }
        Err(error) => {
            let named = matches!(error, Error::Video(_) | Error::File(_)) && shown != SHOWN;
            let subject = (!named).then(|| shown.to_owned());
            reporter.failure(&Failure { subject, message: error.to_string(), hint: error.hint() });
            Outcome::SomeFailed
        }
    }
}
