//! `unband score VIDEO…`: banding metrics of videos, frame by frame.

use std::io::{Cursor, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use unband::io::video::{is_video, promises_video};
use unband::metrics::Metric;
use unband::metrics::video::{EVERY, ScoredVideo, VideoInput, VideoScorePlan, score_video};
use unband::metrics::{Check, Scope, clock};
use unband::{Context, With, models};
use unband_report::DisplayImage;

use super::ScoreArgs;
use crate::args::{MetricArgs, failure};
use crate::inputs::{Gather, exact, failures, readable};
use crate::interrupt::{self, Busy};
use crate::outcome::Outcome;
use crate::piped::SHOWN;
use crate::print::frames::FrameRows;
use crate::print::video::{self as print, Frames, PLOT, Steps, VideoRecord, VideosRecord};
use crate::reporter::{Failure, Reporter};
use crate::result::print_json;
use crate::runner;
use crate::streams;
use unband::records::FailureRecord;

/// Options for videos only.
#[derive(Debug, Args)]
pub(crate) struct VideoArgs {
    /// Analyse every N-th frame and the first of each shot [default: 15]
    ///
    /// CAMBI is computed for every frame.
    #[arg(long, value_name = "N", help_heading = "Videos")]
    pub every: Option<NonZeroUsize>,
    /// Plot CAMBI over time, with the shots, as SVG
    #[arg(long, value_name = "FILE.svg", value_hint = clap::ValueHint::FilePath, help_heading = "Videos")]
    pub plot: Option<PathBuf>,
    /// Write the worst frames as PNG into this folder, named by their times
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath, help_heading = "Videos")]
    pub thumbnails: Option<PathBuf>,
}

/// The kinds of files among the inputs, if one is a video.
pub(super) struct Sorted {
    videos: Vec<VideoInput>,
    failures: Vec<Failure>,
    /// The first input that is not a video.
    other: Option<PathBuf>,
}

impl Sorted {
    /// Scores frames from standard input; `begins` are the bytes already read.
    ///
    /// # Errors
    /// An invalid header.
    pub(super) fn piped(begins: Vec<u8>) -> Result<Self, Failure> {
        interrupt::listen();
        let input = Cursor::new(begins).chain(streams::Input);
        let piped = VideoInput::stream(Path::new(SHOWN), input).map_err(failure)?;
        Ok(Self { videos: vec![piped], failures: Vec::new(), other: None })
    }
}

/// The inputs, if one is a video or a folder of videos only.
pub(super) fn sort(args: &ScoreArgs) -> Option<Sorted> {
    let is_one = |path: &Path| path.is_file() && is_video(path);
    let gather = Gather::new(&|path| readable(path) || promises_video(path)).but(|new| {
        new.recursive = args.measure.recursive;
        new.results_too = true;
    });
    let found = gather.run(&args.inputs);
    let named = args.inputs.iter().any(|path| is_one(path));
    let (videos, rest): (Vec<PathBuf>, Vec<PathBuf>) =
        found.inputs.into_iter().map(|input| input.path).partition(|path| is_one(path));
    if videos.is_empty() || !(named || rest.is_empty()) {
        return None;
    }
    // Nothing is written yet, so Ctrl-C ends the program and its child processes.
    interrupt::listen();
    let mut sorted =
        Sorted { videos: Vec::new(), failures: failures(&found.failures), other: rest.into_iter().next() };
    for path in &videos {
        match VideoInput::open(path) {
            Ok(video) => sorted.videos.push(video),
            Err(error) => sorted.failures.push(failure(error)),
        }
    }
    Some(sorted)
}

impl VideoArgs {
    /// The first given option that applies to images only.
    pub(crate) fn named(&self) -> Option<&'static str> {
        let all = [
            ("--every", self.every.is_some()),
            ("--plot", self.plot.is_some()),
            ("--thumbnails", self.thumbnails.is_some()),
        ];
        all.into_iter().find_map(|(option, given)| given.then_some(option))
    }
}

/// A measured video.
struct VideoResult {
    file: String,
    scored: ScoredVideo,
    damage: Option<Failure>,
    /// `FFmpeg`'s name of its codec.
    codec: String,
}

/// A job that scores videos.
pub(super) struct ScoreVideosJob<'a> {
    args: &'a MetricArgs,
    video: &'a VideoArgs,
    videos: Vec<VideoInput>,
    metrics: Vec<Metric>,
    checks: Vec<Check>,
    models: Option<PathBuf>,
}

impl<'a> ScoreVideosJob<'a> {
    /// Checks everything before the first frame is decoded.
    pub(super) fn new(
        args: &'a ScoreArgs,
        sorted: Sorted,
    ) -> Result<(Self, Vec<Failure>), (Outcome, Failure)> {
        let usage = |message: String, hint: &str| Err((Outcome::Usage, Failure::usage(message, hint)));
        let Sorted { videos, failures, other } = sorted;
        if let Some(other) = other {
            let message = format!("{} is not a video, others are", other.display());
            return usage(message, "score videos and images separately");
        }
        let measure = &args.measure;
        let report = measure.report.as_ref().map(|_| "--report");
        if let Some(option) = measure.of_one_image().or(report) {
            return usage(
                format!("`{option}` applies to images, but videos were named"),
                "for videos, use `--plot`, `--thumbnails` or `--csv`",
            );
        }
        measure.for_images_only().map_err(|failure| (Outcome::Usage, failure))?;
        let video = &args.video;
        if video.plot.is_some() && videos.len() > 1 {
            return usage("`--plot` draws one video, several were named".to_owned(), "name one video");
        }
        let models = models::folder();
        let (metrics, checks) = measure
            .selected(&Scope::VIDEO, models.as_deref())
            .map_err(|failure| (Outcome::Usage, failure))?;
        let paths: Vec<&Path> = videos.iter().map(VideoInput::path).collect();
        measure.check_outputs_and(video.plot.as_ref(), &paths)?;
        Ok((Self { args: measure, video, videos, metrics, checks, models }, failures))
    }

    fn plan(&self) -> VideoScorePlan<'_> {
        let every = self.video.every.map_or(EVERY, NonZeroUsize::get);
        VideoScorePlan::new(&self.metrics).but(|new| {
            new.checks = &self.checks;
            new.every = every;
        })
    }

    /// `None` when interrupted.
    fn one(
        &self,
        input: &VideoInput,
        rows: Option<&mut FrameRows>,
        steps: &Steps<'_>,
        ctx: &Context<'_>,
    ) -> Result<Option<VideoResult>, Failure> {
        // Decoding programs must end before this one.
        let Some(_busy) = Busy::begin() else { return Ok(None) };
        let ctx = (*ctx).but(|new| new.models = self.models.as_deref());
        let (file, codec) = (exact(input.path()), input.codec().to_owned());
        let mut frames = Frames { steps, rows, file: &file, metrics: &self.metrics, failure: None };
        let scored = score_video(input, &self.plan(), &mut |frame| frames.put(frame), &ctx);
        let Some(mut scored) = frames.end(scored)? else { return Ok(None) };
        let damage = scored.damage.take().map(failure);
        Ok(Some(VideoResult { file, scored, damage, codec }))
    }

    /// Writes the plot and the worst frames.
    fn draw(&self, done: &VideoResult, ctx: &Context<'_>) -> Result<(), Failure> {
        let VideoResult { file, scored, .. } = done;
        let lead = self.metrics.get(self.plan().lead());
        if let (Some(path), Some(metric)) = (&self.video.plot, lead) {
            let plot = print::timeline(file, &scored.scores, metric);
            self.args.write(path, plot.svg(PLOT).as_bytes(), ctx)?;
        }
        let Some(folder) = &self.video.thumbnails else { return Ok(()) };
        let failed = |text: String| Failure::at(folder.display().to_string(), text, None);
        std::fs::create_dir_all(folder).map_err(|error| failed(crate::inputs::reason(&error)))?;
        let stem = Path::new(file).file_stem().map_or_else(String::new, |s| s.to_string_lossy().into());
        for frame in &scored.worst {
            let image = scored.format.read(&frame.bytes).map_err(|error| failed(error.to_string()))?;
            let png = DisplayImage::from_image(&image, ctx).and_then(|still| still.png());
            let png = png.map_err(|error| failed(error.to_string()))?;
            // Some systems do not allow colons in names.
            let time = clock(frame.place.seconds).replace(':', "-");
            self.args.write(&folder.join(format!("{stem}_{time}.png")), &png, ctx)?;
        }
        Ok(())
    }

    fn text(&self, done: &VideoResult) -> String {
        let VideoResult { file, scored: ScoredVideo { scores, worst, format, .. }, damage, codec } = done;
        let head = print::head(file, codec, format, scores, damage.is_some());
        print::text(file, &head, scores, worst, &self.metrics, self.plan().lead())
    }

    fn record<'r>(&self, done: &'r VideoResult) -> VideoRecord<'r> {
        let VideoResult { file, scored: ScoredVideo { scores, worst, format, .. }, damage, codec } = done;
        VideoRecord::new(file, scores, (codec, None), format, damage.is_some(), worst, &self.metrics)
    }
}

impl runner::MetricJob for ScoreVideosJob<'_> {
    /// The number of frames, for the bar.
    fn count(&self) -> usize {
        self.videos.iter().map(VideoInput::expected_frames).sum::<usize>().max(2)
    }

    fn run(&self, failures: &[Failure], reporter: &Reporter<'_>, ctx: &Context<'_>) -> Outcome {
        let mut failed: Vec<FailureRecord> = Vec::new();
        let mut fail = |failure: &Failure| {
            reporter.failure(failure);
            failed.push(failure.record());
        };
        failures.iter().for_each(&mut fail);
        let mut rows = match FrameRows::new(self.args, &self.metrics) {
            Ok(rows) => rows,
            Err(failure) => {
                reporter.failure(&failure);
                return Outcome::SomeFailed;
            }
        };
        let (mut all, step) = (Vec::new(), Steps::new(reporter, self.count()));
        for video in &self.videos {
            let done = match self.one(video, rows.as_mut(), &step, ctx) {
                Ok(Some(done)) => done,
                Ok(None) => {
                    reporter.note(&format!("interrupted after {} frames", step.done()));
                    return Outcome::Interrupted;
                }
                Err(failure) => {
                    fail(&failure);
                    continue;
                }
            };
            if !self.args.json {
                reporter.values(&self.text(&done));
            }
            if let Some(damage) = &done.damage {
                fail(damage);
            }
            if let Err(failure) = self.draw(&done, ctx) {
                fail(&failure);
            }
            all.push(done);
        }
        reporter.bar.finish();
        let mut outcome = if failed.is_empty() { Outcome::Done } else { Outcome::SomeFailed };
        if self.args.json {
            let videos = all.iter().map(|done| self.record(done)).collect();
            outcome = outcome.max(print_json(&VideosRecord::new(
                "unband-score-videos/1",
                videos,
                failed,
                &self.metrics,
            )));
        }
        outcome = outcome.max(rows.map_or(Outcome::Done, |rows| rows.write(self.args, reporter, ctx)));
        if ctx.cancelled() {
            return Outcome::Interrupted;
        }
        for VideoResult { file, scored, .. } in &all {
            outcome = outcome.max(print::report_failed(file, &scored.scores, reporter));
        }
        outcome
    }
}
