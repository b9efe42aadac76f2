//! `unband deband FILE…`, also `unband FILE…`: debanding of images and videos.

mod images;
mod preview;
mod report;

use unband::With;
use unband::files::Task;
use unband::records::Schema;
use unband::video::VideoOptions;

use crate::args::{DebandArgs, ImageArgs, VideoArgs};
use crate::bar::Bar;
use crate::inputs::{Gathered, SUFFIX};
use crate::media::{self, MediaCommand};
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter};
use crate::settings;
use crate::videos::{self, VideoJob};

/// Runs the command.
pub(crate) fn run(args: &DebandArgs) -> Outcome {
    let quiet_bar = Bar::none();
    let loudness = args.images.reporter.loudness();
    let reporter = Reporter { loudness, bar: &quiet_bar };
    if let Some(count) = args.frames.preview {
        return preview::run(args, count.into(), &reporter);
    }
    media::run(args, &reporter)
}

impl MediaCommand for DebandArgs {
    fn images(&self) -> &ImageArgs {
        &self.images
    }

    fn video(&self) -> &VideoArgs {
        &self.video
    }

    fn for_videos(&self) -> Vec<&'static str> {
        [self.video.named(), self.frames.named()].concat()
    }

    fn check_options(&self) -> Result<(), Failure> {
        let own = [(self.prove, "--prove"), (self.save_output.is_some(), "--save-output")];
        videos::check_options(&self.images, &own)
    }

    fn job(&self, no_copies: bool) -> Result<VideoJob<'_>, Failure> {
        Ok(VideoJob {
            images: &self.images,
            video: &self.video,
            suffix: suffix(self).to_owned(),
            options: video_options(self)?.but(|new| new.only_banded |= no_copies),
            schema: Schema::default(),
        })
    }

    fn run_images(
        &self,
        found: Gathered,
        begins: Vec<u8>,
        no_copies: bool,
        reporter: &Reporter<'_>,
    ) -> Outcome {
        let args = Self { only_banded: self.only_banded || no_copies, ..self.clone() };
        images::run(&args, found, begins, reporter)
    }
}

/// Text after the names of videos' results.
fn suffix(args: &DebandArgs) -> &str {
    args.images.suffix.as_deref().unwrap_or(SUFFIX)
}

/// The library's options for videos.
fn video_options(args: &DebandArgs) -> Result<VideoOptions, Failure> {
    let options = settings::file_options(args)?.options;
    let options = videos::options(&args.images, &args.video, Task::Deband, options)?;
    Ok(options.but(|new| {
        new.only_banded = args.only_banded;
        new.temporal = args.frames.temporal.unwrap_or_default();
        new.only.clone_from(&args.frames.only);
    }))
}
