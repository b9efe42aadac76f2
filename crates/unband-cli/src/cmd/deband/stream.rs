//! Frames of YUV4MPEG2 from standard input to standard output.

use std::io::{self, BufWriter, IsTerminal, Read, Write};

use unband::video::deband_stream;
use unband::{Context, Error};
use unband_io::Limits;

use crate::Outcome;
use crate::args::DebandArgs;
use crate::inputs::STDIO;
use crate::interrupt::{self, Busy};
use crate::pictures::threads;
use crate::piped::SHOWN;
use crate::result::stdout_failure;
use crate::settings;
use crate::talk::{Failure, Talk, counted};

/// Works on the stream that begins so.
pub fn run(args: &DebandArgs, begins: &[u8], talk: &Talk<'_>) -> Outcome {
    let elsewhere = args.pictures.output.as_ref().filter(|path| path.as_os_str() != STDIO);
    let checked = match elsewhere {
        Some(path) => {
            let message = format!("a stream of frames goes to standard output, not to {}", path.display());
            let hint = "write `-o -` and pipe it on, for example into `ffmpeg -i - …`";
            Err(Failure::usage(message, hint))
        }
        None if io::stdout().is_terminal() => {
            let hint = "pipe it on, for example into `x265 --y4m --output-depth 10 -`";
            Err(Failure::usage("frames do not belong on a terminal", hint))
        }
        None => settings::file_options(args),
    };
    let options = match checked {
        Ok(options) => options.options,
        Err(failure) => {
            talk.failure(&failure);
            return Outcome::Usage;
        }
    };
    let Some(_busy) = Busy::begin() else { return Outcome::Interrupted };
    let threads = threads(args.pictures.threads);
    let ctx = Context { threads, cancel: &interrupt::STOP, ..Context::default() };
    let input = begins.chain(io::stdin().lock());
    let mut output = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let done = deband_stream(input, &mut output, (&options, args.film.progressive), &Limits::default(), &ctx);
    let flushed = output.flush();
    match done {
        Ok(report) => {
            if let Err(error) = flushed {
                talk.failure(&stdout_failure(&error));
                return Outcome::SomeFailed;
            }
            if report.frames == 0 {
                talk.failure(&Failure::at(SHOWN.to_owned(), "there is no frame in it".to_owned(), None));
                return Outcome::SomeFailed;
            }
            talk.line(&format!(
                "{SHOWN}: {}, {}, {} changed → standard output",
                counted(report.frames, "frame"),
                counted(report.shots, "shot"),
                counted(report.changed, "frame")
            ));
            Outcome::Done
        }
        Err(Error::Cancelled) => Outcome::Interrupted,
        // Whoever read it has seen enough and needs no message, but the film did not arrive.
        Err(Error::File(unband_io::Error::Io { action: "write", source })) => {
            if source.kind() != io::ErrorKind::BrokenPipe {
                talk.failure(&stdout_failure(&source));
            }
            Outcome::SomeFailed
        }
        Err(error) => {
            talk.failure(&Failure::at(SHOWN.to_owned(), error.to_string(), error.hint()));
            Outcome::SomeFailed
        }
    }
}
