//! `unband deband FILE…`, also `unband FILE…`: debanding of images and videos.

mod images;
mod preview;
mod report;
mod stream;
mod videos;

use unband::io::video::{container_of, promises_video};
use unband::{OutputDepth, With};

use crate::args::DebandArgs;
use crate::bar::Bar;
use crate::inputs::{Gather, Gathered, Input, STDIO, readable};
use crate::interrupt;
use crate::outcome::Outcome;
use crate::outputs;
use crate::piped;
use crate::reporter::{Loudness, Reporter};

/// Runs the command.
pub(crate) fn run(args: &DebandArgs) -> Outcome {
    let quiet_bar = Bar::none();
    let loudness = Loudness::new(args.images.reporter.quiet, args.images.reporter.verbose);
    let reporter = Reporter { loudness, bar: &quiet_bar };
    if let Some(count) = args.video.preview {
        return preview::run(args, count.into(), &reporter);
    }
    if let [only] = args.images.inputs.as_slice()
        && only.as_os_str() == STDIO
    {
        interrupt::listen();
        // To a pipe or a video, even a single frame is written as a stream.
        let elsewhere = args.images.output.as_ref().filter(|path| path.as_os_str() != STDIO);
        let to_video = elsewhere.is_some_and(|path| container_of(path).is_some() && !path.is_dir());
        return match piped::look(to_video || (elsewhere.is_none() && args.images.format.is_none())) {
            Ok(look) if look.is_video || (look.is_stream && to_video) => {
                videos::run_piped(args, &look.begins, &reporter)
            }
            Ok(look) if look.is_stream => stream::run(args, &look.begins, &reporter),
            Ok(look) => images::run(args, gather(args), look.begins, &reporter),
            Err(error) => {
                reporter.failure(&piped::unreadable(&error));
                Outcome::SomeFailed
            }
        };
    }
    if videos::are_frames(args) {
        return videos::run_frames(args, &reporter);
    }
    let mut found = gather(args);
    let no_copies = makes_no_copies(args, &found);
    let with = |no_copies: bool| DebandArgs { only_banded: args.only_banded || no_copies, ..args.clone() };
    let stills_args = with(no_copies);
    let is_video = |input: &Input| !input.is_stdin() && videos::is_one(&input.path);
    let (videos, stills) = std::mem::take(&mut found.inputs).into_iter().partition(is_video);
    found.inputs = stills;
    let named = args.video.named();
    if videos.is_empty() {
        if !named.is_empty() {
            let names = named.join("`, `");
            let are = if named.len() > 1 { "are" } else { "is" };
            reporter.note(&format_args!("`{names}` {are} for videos, but no video was named"));
        }
        return images::run(&stills_args, found, Vec::new(), &reporter);
    }
    // Options that request another coding or a part apply to all videos.
    let asked = !named.is_empty() || args.images.depth != OutputDepth::Keep;
    let outcome = videos::run(&with(no_copies && !asked), &videos, &reporter);
    if matches!(outcome, Outcome::Interrupted | Outcome::Usage) {
        return outcome;
    }
    outcome.max(images::run(&stills_args, found, Vec::new(), &reporter))
}

/// Is nothing written for images of a folder or pattern without banding? Copies complete a folder of results;
/// next to their originals they are of no use.
fn makes_no_copies(args: &DebandArgs, found: &Gathered) -> bool {
    found.several && args.images.output.is_none() && args.images.format.is_none()
}

/// All inputs, videos included.
fn gather(args: &DebandArgs) -> Gathered {
    let gather = Gather::new(&|path| readable(path) || promises_video(path)).but(|new| {
        new.recursive = args.images.recursive;
        new.output_folder = outputs::folder_of(args.images.output.as_deref(), &args.images.inputs);
        new.suffix = args.images.suffix.as_deref();
    });
    gather.run(&args.images.inputs)
}
