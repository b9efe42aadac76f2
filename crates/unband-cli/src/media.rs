//! Commands on images and videos: which inputs are of which kind.

use unband::OutputDepth;
use unband::io::video::promises_video;

use crate::args::{ImageArgs, VideoArgs};
use crate::inputs::{Gather, Gathered, Input, STDIO, readable};
use crate::interrupt;
use crate::outcome::Outcome;
use crate::outputs;
use crate::piped;
use crate::reporter::{Failure, Reporter};
use crate::videos::{self, VideoJob};
use unband::With;

/// The work of a command on images and videos.
pub(crate) trait MediaCommand {
    /// Options of all commands that write images.
    fn images(&self) -> &ImageArgs;

    /// Options for videos.
    fn video(&self) -> &VideoArgs;

    /// Given options that apply to videos only.
    fn for_videos(&self) -> Vec<&'static str> {
        self.video().named()
    }

    /// Refuses options that videos do not have. Streams of frames ignore them.
    ///
    /// # Errors
    /// If one is given.
    fn check_options(&self) -> Result<(), Failure> {
        videos::check_options(self.images(), &[])
    }

    /// The job on videos. `no_copies`: nothing is written for those that need no repair.
    ///
    /// # Errors
    /// Options that are not valid for videos.
    fn job(&self, no_copies: bool) -> Result<VideoJob<'_>, Failure>;

    /// Processes the images. `begins`: bytes already read from standard input.
    fn run_images(
        &self,
        found: Gathered,
        begins: Vec<u8>,
        no_copies: bool,
        reporter: &Reporter<'_>,
    ) -> Outcome;
}

/// Runs a command.
pub(crate) fn run(command: &dyn MediaCommand, reporter: &Reporter<'_>) -> Outcome {
    let args = command.images();
    let on_frames = |no_copies: bool, work: &dyn Fn(&VideoJob<'_>) -> Outcome| {
        reporter.or_usage(command.job(no_copies)).map_or_else(|usage| usage, |job| work(&job))
    };
    let on_videos = |no_copies: bool, work: &dyn Fn(&VideoJob<'_>) -> Outcome| {
        let checked = reporter.or_usage(command.check_options());
        checked.map_or_else(|usage| usage, |()| on_frames(no_copies, work))
    };
    if let [only] = args.inputs.as_slice()
        && only.as_os_str() == STDIO
    {
        interrupt::listen();
        // To a pipe or a video, even a single frame is written as a stream.
        let elsewhere = args.output.as_ref().filter(|path| path.as_os_str() != STDIO);
        let to_video = elsewhere.is_some_and(|path| videos::is_named(path));
        return match piped::look(to_video || (elsewhere.is_none() && args.format.is_none())) {
            Ok(look) if look.is_video || (look.is_stream && to_video) => {
                on_videos(false, &|job| job.run_piped(&look.begins, reporter))
            }
            Ok(look) if look.is_stream => on_frames(false, &|job| job.run_stream(&look.begins, reporter)),
            Ok(look) => command.run_images(gather(args), look.begins, false, reporter),
            Err(error) => {
                reporter.failure(&piped::unreadable(&error));
                Outcome::SomeFailed
            }
        };
    }
    if videos::are_frames(args) {
        return on_videos(false, &|job| job.run_frames(reporter));
    }
    let mut found = gather(args);
    let no_copies = makes_no_copies(args, &found);
    let is_video = |input: &Input| {
        let path = &input.path;
        !input.is_stdin() && (videos::is_one(path) || videos::is_animation_for(args.output.as_deref(), path))
    };
    let (videos, stills) = std::mem::take(&mut found.inputs).into_iter().partition::<Vec<_>, _>(is_video);
    found.inputs = stills;
    let named = command.for_videos();
    if videos.is_empty() {
        if !named.is_empty() {
            let names = named.join("`, `");
            let are = if named.len() > 1 { "are" } else { "is" };
            reporter.note(&format_args!("`{names}` {are} for videos, but no video was named"));
        }
        return command.run_images(found, Vec::new(), no_copies, reporter);
    }
    // Options that request another coding or a part apply to all videos.
    let asked = !named.is_empty() || args.depth != OutputDepth::Keep;
    let outcome = on_videos(no_copies && !asked, &|job| job.run(&videos, reporter));
    if matches!(outcome, Outcome::Interrupted | Outcome::Usage) {
        return outcome;
    }
    outcome.max(command.run_images(found, Vec::new(), no_copies, reporter))
}

/// Is nothing written for images of a folder or pattern without banding? Copies complete a folder of results;
/// next to their originals they are of no use.
fn makes_no_copies(args: &ImageArgs, found: &Gathered) -> bool {
    found.several && args.output.is_none() && args.format.is_none()
}

/// All inputs, videos included.
fn gather(args: &ImageArgs) -> Gathered {
    let gather = Gather::new(&|path| readable(path) || promises_video(path)).but(|new| {
        new.recursive = args.recursive;
        new.output_folder = outputs::folder_of(args.output.as_deref(), &args.inputs);
        new.suffix = args.suffix.as_deref();
    });
    gather.run(&args.inputs)
}
