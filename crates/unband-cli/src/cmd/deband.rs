//! `unband deband FILE…`, also `unband FILE…`: debanding of images and videos.

mod films;
mod pictures;
mod preview;
mod report;
mod stream;

use unband::io::video::promises_video;

use crate::args::DebandArgs;
use crate::bar::Bar;
use crate::inputs::{Gather, Gathered, Input, STDIO, readable};
use crate::interrupt;
use crate::outcome::Outcome;
use crate::outputs;
use crate::piped;
use crate::talk::{Loudness, Talk};

/// Runs the command.
pub fn run(args: &DebandArgs) -> Outcome {
    let quiet_bar = Bar::none();
    let loudness = Loudness::new(args.pictures.talk.quiet, args.pictures.talk.verbose);
    let talk = Talk { loudness, bar: &quiet_bar };
    if let Some(count) = args.film.preview {
        return preview::run(args, count.into(), &talk);
    }
    if let [only] = args.pictures.inputs.as_slice()
        && only.as_os_str() == STDIO
    {
        interrupt::listen();
        // To a pipe, even a single frame is written as a stream.
        let elsewhere = args.pictures.output.as_ref().is_some_and(|path| path.as_os_str() != STDIO);
        return match piped::look(!elsewhere && args.pictures.format.is_none()) {
            Ok(look) if look.is_stream => stream::run(args, &look.begins, &talk),
            Ok(look) => pictures::run(args, gather(args), look.begins, &talk),
            Err(error) => {
                talk.failure(&piped::unreadable(&error));
                Outcome::SomeFailed
            }
        };
    }
    if films::are_frames(args) {
        return films::run_frames(args, &talk);
    }
    let mut found = gather(args);
    let is_video = |input: &Input| !input.is_stdin() && films::is_one(&input.path);
    let (films, others) = std::mem::take(&mut found.inputs).into_iter().partition(is_video);
    found.inputs = others;
    if films.is_empty() {
        let named = args.film.named();
        if !named.is_empty() {
            let names = named.join("`, `");
            let are = if named.len() > 1 { "are" } else { "is" };
            talk.note(&format_args!("`{names}` {are} for videos, but no video was named"));
        }
        return pictures::run(args, found, Vec::new(), &talk);
    }
    let outcome = films::run(args, &films, &talk);
    if matches!(outcome, Outcome::Interrupted | Outcome::Usage) {
        return outcome;
    }
    outcome.max(pictures::run(args, found, Vec::new(), &talk))
}

/// All inputs, videos included.
fn gather(args: &DebandArgs) -> Gathered {
    let gather = Gather {
        recursive: args.pictures.recursive,
        output_folder: outputs::folder_of(args.pictures.output.as_deref(), &args.pictures.inputs),
        results_too: false,
        readable: &|path| readable(path) || promises_video(path),
    };
    gather.run(&args.pictures.inputs)
}
