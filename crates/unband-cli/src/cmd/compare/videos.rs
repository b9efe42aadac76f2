//! `unband compare REFERENCE RESULT` for videos: frame-by-frame metrics.

use std::path::{Path, PathBuf};

use clap::Args;
use unband::io::video::{self, Programs, VideoFile, is_video};
use unband::metrics::video::{
    ComparedVideo, EVERY, VideoPairPlan, compare_videos, expected_frames, scope_of_pair, videos_of_one_size,
};
use unband::metrics::{Check, clock};
use unband::metrics::{Metric, video_psnr};
use unband::{Context, With, models};

use super::CompareArgs;
use crate::args::{MetricArgs, failure};
use crate::inputs::exact;
use crate::interrupt::{self, Busy};
use crate::outcome::Outcome;
use crate::print::frames::FrameRows;
use crate::print::text::reasons;
use crate::print::video::{self as print, Frames, PLOT, Steps, VideoRecord, VideosRecord};
use crate::reporter::{Failure, Reporter};
use crate::result::print_json;
use crate::runner;

/// Options for videos only.
#[derive(Debug, Args)]
pub(crate) struct VideoArgs {
    /// Plot the first metric over time, with the reference's shots, as SVG
    #[arg(long, value_name = "FILE.svg", value_hint = clap::ValueHint::FilePath, help_heading = "Videos")]
    pub plot: Option<PathBuf>,
    /// Compare the frames that both videos have, if one is shorter or damaged
    #[arg(long, help_heading = "Videos")]
    pub keep_going: bool,
}

impl VideoArgs {
    /// The first given option that applies to images only.
    pub(crate) fn named(&self) -> Option<&'static str> {
        let all = [("--plot", self.plot.is_some()), ("--keep-going", self.keep_going)];
        all.into_iter().find_map(|(option, given)| given.then_some(option))
    }
}

/// The two paths, if either is a video.
pub(super) fn named(args: &CompareArgs) -> Option<[&Path; 2]> {
    let both = [args.reference.as_deref()?, args.second.as_deref()?];
    both.into_iter().any(|path| path.is_file() && is_video(path)).then_some(both)
}

/// A job that compares two videos.
pub(super) struct CompareVideosJob<'a> {
    args: &'a MetricArgs,
    video: &'a VideoArgs,
    videos: [VideoFile; 2],
    metrics: Vec<Metric>,
    checks: Vec<Check>,
    models: Option<PathBuf>,
}

impl<'a> CompareVideosJob<'a> {
    /// Checks everything before the first frame is decoded.
    pub(super) fn new(
        args: &'a CompareArgs,
        paths: [&Path; 2],
    ) -> Result<(Self, Vec<Failure>), (Outcome, Failure)> {
        let usage = |message: String, hint: &str| Err((Outcome::Usage, Failure::usage(message, hint)));
        let measure = &args.measure;
        let of_images = [
            ("--pairs", args.pairs.is_some()),
            ("--input", args.input.is_some()),
            ("--method", !args.method.is_empty()),
            ("--report", measure.report.is_some()),
            ("--save-difference", args.save_difference.is_some()),
        ];
        let given = of_images.into_iter().find_map(|(option, given)| given.then_some(option));
        if let Some(option) = measure.of_one_image().or(given) {
            return usage(
                format!("`{option}` applies to images, but videos were named"),
                "for videos, use `--plot`, `--csv` or `--json`",
            );
        }
        measure.for_images_only().map_err(|failure| (Outcome::Usage, failure))?;
        let video_and_other = |a: &Path, b: &Path| {
            let message = format!("{} is not a video, {} is", b.display(), a.display());
            usage(message, "compare two videos, or two images")
        };
        match paths.map(is_video) {
            [true, false] => return video_and_other(paths[0], paths[1]),
            [false, true] => return video_and_other(paths[1], paths[0]),
            _ => {}
        }
        // Nothing is written yet, so Ctrl-C ends the program and its child processes.
        interrupt::listen();
        let failed = |error| (Outcome::SomeFailed, failure(error));
        let probe = |path: &Path| {
            let video = video::probe(path, &Programs::default());
            video.map_err(|error| {
                (Outcome::SomeFailed, Failure::from_error(path.display().to_string(), &error))
            })
        };
        let videos = [probe(paths[0])?, probe(paths[1])?];
        videos_of_one_size(&videos).map_err(failed)?;
        let models = models::folder();
        let (metrics, checks) = measure
            .selected(&scope_of_pair(&videos[0]), models.as_deref())
            .map_err(|failure| (Outcome::Usage, failure))?;
        measure.check_outputs_and(args.video.plot.as_ref(), &paths)?;
        Ok((Self { args: measure, video: &args.video, videos, metrics, checks, models }, Vec::new()))
    }

    /// `None` when interrupted.
    fn compared(
        &self,
        rows: Option<&mut FrameRows>,
        steps: &Steps<'_>,
        ctx: &Context<'_>,
    ) -> Result<Option<ComparedVideo>, Failure> {
        // Decoding programs must end before this one.
        let Some(_busy) = Busy::begin() else { return Ok(None) };
        let ctx = (*ctx).but(|new| new.models = self.models.as_deref());
        let plan = VideoPairPlan::new(&self.metrics).but(|new| {
            new.checks = &self.checks;
            new.every = EVERY;
            new.keep_going = self.video.keep_going;
        });
        let file = exact(&self.videos[1].path);
        let mut frames = Frames { steps, rows, file: &file, metrics: &self.metrics, failure: None };
        let done = compare_videos(&self.videos, &plan, &mut |frame| frames.put(frame), &ctx);
        let Some(done) = frames.end(done)? else { return Ok(None) };
        // Metrics asked for come first, in the order of the request.
        if let (Some(path), Some(metric)) = (&self.video.plot, self.metrics.first()) {
            let plot = print::timeline(&file, &done.scores, metric);
            self.args.write(path, plot.svg(PLOT).as_bytes(), &ctx)?;
        }
        Ok(Some(done))
    }

    fn text(&self, done: &ComparedVideo) -> String {
        let file = exact(&self.videos[1].path);
        let name = format!("{file} against {}", self.videos[0].path.display());
        let codec = &self.videos[1].video.codec;
        let mut text = print::head(&name, codec, &done.format, &done.scores, done.longer.is_some());
        text += &print::table(&done.scores, &self.metrics, true);
        if self.metrics.iter().any(video_psnr::is_one) {
            text +=
                "  video-psnr of the video and of shots: from the mean squared error of all their frames\n";
        }
        text + &reasons(&file, &done.scores.scores, &self.metrics)
    }

    fn notes(&self, done: &ComparedVideo, reporter: &Reporter<'_>) {
        let names = [0, 1].map(|i| self.videos[i].path.display().to_string());
        if let Some(apart) = done.apart {
            reporter.note(&format!(
                "{}: frame {} is shown at {}, in {} at {}; frames are compared by number",
                names[1],
                apart.frame,
                clock(apart.result),
                names[0],
                clock(apart.reference),
            ));
        }
        if done.other_colors {
            reporter.note(&format!(
                "{}: its colour tags differ from those of {}; planes are compared as stored",
                names[1], names[0],
            ));
        }
        if let Some(longer) = done.longer {
            let frames = done.scores.frames;
            reporter.note(&format!("{} has more than the {frames} frames of the other video", names[longer]));
        }
    }
}

impl runner::MetricJob for CompareVideosJob<'_> {
    /// The number of frames, for the bar.
    fn count(&self) -> usize {
        expected_frames(&self.videos[0]).max(2)
    }

    fn run(&self, _: &[Failure], reporter: &Reporter<'_>, ctx: &Context<'_>) -> Outcome {
        let step = Steps::new(reporter, self.count());
        let rows = FrameRows::new(self.args, &self.metrics);
        let done = rows.and_then(|mut rows| {
            let done = self.compared(rows.as_mut(), &step, ctx)?;
            Ok(done.map(|done| (done, rows)))
        });
        reporter.bar.finish();
        let (done, rows) = match done {
            Ok(Some(done)) => done,
            Ok(None) => {
                reporter.note(&format!("interrupted after {} frames", step.done()));
                return Outcome::Interrupted;
            }
            Err(failure) => {
                reporter.failure(&failure);
                if self.args.json {
                    let failures = vec![failure.record()];
                    print_json(&VideosRecord::new(SCHEMA, Vec::new(), failures, &self.metrics));
                }
                return Outcome::SomeFailed;
            }
        };
        self.notes(&done, reporter);
        let file = exact(&self.videos[1].path);
        let mut outcome = if self.args.json {
            let reference = exact(&self.videos[0].path);
            let names = (self.videos[1].video.codec.as_str(), Some(reference.as_str()));
            let (scores, partial) = (&done.scores, done.longer.is_some());
            let video = VideoRecord::new(&file, scores, names, &done.format, partial, &[], &self.metrics);
            print_json(&VideosRecord::new(SCHEMA, vec![video], Vec::new(), &self.metrics))
        } else {
            reporter.values(&self.text(&done))
        };
        outcome = outcome.max(rows.map_or(Outcome::Done, |rows| rows.write(self.args, reporter, ctx)));
        if ctx.cancelled() {
            return Outcome::Interrupted;
        }
        outcome.max(print::report_failed(&file, &done.scores, reporter))
    }
}

const SCHEMA: &str = "unband-compare-videos/1";
