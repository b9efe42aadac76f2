//! Segments of one video for many machines: the plan of its segments, each segment by itself, and their join.
//!
//! All machines use the same folder of unfinished work, next to the result. Segments there are those of a
//! local job, which can resume them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use unband_image::findings::Findings;
use unband_video::{FrameFormat, Segment, VideoError};

use super::folder::{folder_of, io};
use super::plan::Plan;
use super::shots::{Overview, Shots, TimedShot};
use super::source::{Span, source};
use super::stop::with_programs;
use super::tally::Tally;
use super::unfinished::{Segments, is_of, line, note_of, parse, path_of};
use super::{Begun, VideoOptions, VideoPlan, VideoReport};
use crate::frames::Shot;
use crate::verdict::{Grade, GradedFindings};
use crate::{Context, Error};

/// A video job that is planned here, while its segments may be made anywhere.
///
/// It holds the right to write the result until [`SegmentJob::join`]. Finished segments stay for a job with
/// [`VideoOptions::resume`].
pub struct SegmentJob {
    input: PathBuf,
    output: PathBuf,
    options: VideoOptions,
    begun: Begun,
    overview: Overview,
}

impl SegmentJob {
    /// Plans a job: decodes the video once, finds its shots and their banding, and cuts it into segments,
    /// most of them at the beginning of a shot after 10 to 60 s.
    ///
    /// # Errors
    /// Those of [`super::deband_video`] before its first frame.
    pub fn plan(
        input: &Path,
        output: &Path,
        options: &VideoOptions,
        ctx: &Context<'_>,
    ) -> Result<Self, Error> {
        with_programs(ctx, |programs| {
            let (plan, mut begun) = Begun::new(input, output, options, programs)?;
            let overview =
                if begun.unfinished.complete { Ok(Overview::default()) } else { plan.look_over(ctx) };
            let overview = match overview {
                Ok(overview) => overview,
                Err(error) => {
                    begun.unfinished.remove_if_empty();
                    return Err(error);
                }
            };
            begun.announced.found = overview.shots.found(&plan.file);
            let (input, output, options) = (input.to_owned(), output.to_owned(), options.clone());
            let kept = begun.unfinished.segments.is_empty() && overview.shots.leave_all() && plan.may_stay();
            let starts = if kept { Vec::new() } else { overview.starts };
            Ok(Self { input, output, options, begun, overview: Overview { starts, ..overview } })
        })
    }

    /// Properties of the video and its planned result.
    pub fn plan_of_result(&self) -> &VideoPlan {
        &self.begun.announced
    }

    /// The segments that are not made yet, in order. None where nothing needs repair.
    pub fn missing(&self) -> Vec<VideoSegment> {
        let Overview { shots, starts } = &self.overview;
        let made = self.begun.unfinished.segments.len();
        let segment = |(number, &from): (usize, &i64)| {
            let to = starts.get(number + 1).copied();
            let shots = shots.within(from, to).map(FoundShot::from_shot).collect();
            VideoSegment { number, from, to, shots }
        };
        starts.iter().enumerate().skip(made).map(segment).collect()
    }

    /// Ends the job without a result. Finished segments stay; without any, the folder is removed.
    pub fn close(self) {
        self.begun.unfinished.remove_if_empty();
    }

    /// Joins the segments with everything else of the video, and moves the result to its place. Missing or
    /// damaged segments are made here.
    ///
    /// # Errors
    /// Those of [`super::deband_video`].
    pub fn join(self, ctx: &Context<'_>) -> Result<VideoReport, Error> {
        let Self { input, output, options, mut begun, overview } = self;
        with_programs(ctx, |programs| {
            let plan = Plan::settle(&input, &output, &options, programs)?;
            plan.check_free()?;
            let folder = folder_of(&output);
            for (number, &start) in overview.starts.iter().enumerate().skip(begun.unfinished.segments.len()) {
                let Some((segment, tally)) = made(&folder, number, start) else { break };
                begun.unfinished.add(segment, &tally, overview.starts.get(number + 1).copied())?;
            }
            let shots = (!overview.shots.0.is_empty()).then_some(overview.shots);
            begun.end(&plan, shots, ctx)
        })
    }
}

/// A segment to be made, as data that can be sent to another machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoSegment {
    /// Number of the segment, from 0.
    pub number: usize,
    /// Time of its first frame, in ticks of the video.
    pub from: i64,
    /// Time of the frame after it, in ticks; `None` for the last segment.
    pub to: Option<i64>,
    shots: Vec<FoundShot>,
}

/// A shot with the findings that its treatment follows from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FoundShot {
    first: i64,
    last: i64,
    frames: u64,
    findings: Findings,
}

impl FoundShot {
    fn from_shot(timed: &TimedShot) -> Self {
        Self {
            first: timed.first,
            last: timed.last,
            frames: timed.frames,
            findings: timed.shot.findings().clone(),
        }
    }
}

/// Report on one segment.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MadeSegment {
    /// Frames.
    pub frames: u64,
    /// Changed frames.
    pub changed: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// Time taken.
    pub seconds: f64,
    /// Did it exist already?
    pub present: bool,
}

impl VideoSegment {
    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From JSON.
    ///
    /// # Errors
    /// [`Error::Option`]: not a segment.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| Error::Option {
            name: "segment",
            range: "a segment of a plan",
            got: error.to_string(),
        })
    }

    /// Makes the segment in the folder of unfinished work. Paths and options are those of the plan. A segment
    /// that exists is not made again.
    ///
    /// # Errors
    /// [`VideoError::Unfinished`] where the folder is of another job; else those of [`super::deband_video`].
    pub fn make(
        &self,
        input: &Path,
        output: &Path,
        options: &VideoOptions,
        ctx: &Context<'_>,
    ) -> Result<MadeSegment, Error> {
        let start = Instant::now();
        let folder = folder_of(output);
        let report = |segment: &Segment, tally: &Tally, present| {
            let bytes = fs::metadata(&segment.path).map_or(0, |data| data.len());
            let (frames, changed, seconds) = (segment.frames(), tally.changed, start.elapsed().as_secs_f64());
            MadeSegment { frames, changed, bytes, seconds, present }
        };
        with_programs(ctx, |programs| {
            let plan = Plan::settle(input, output, options, programs)?;
            if !is_of(&folder, &plan.file, &plan.key)? {
                return Err(VideoError::Unfinished { path: folder.clone() }.into());
            }
            if let Some((segment, tally)) = made(&folder, self.number, self.from) {
                return Ok(report(&segment, &tally, true));
            }
            // Two machines may make the same segment, where one is taken for lost.
            let own = tempfile::Builder::new().prefix("making-").tempdir_in(&folder);
            let own = own.map_err(|error| io("make a folder in", &folder, error))?;
            let mut one = One { path: path_of(own.path(), self.number), made: None };
            let span = Span { from: Some(self.from), to: self.to };
            let source = source(&plan.file, options, span, programs)?;
            let shots = self.shots(&plan, source.format())?;
            plan.encode(&mut one, source, &shots, &mut 0, ctx)?;
            ctx.check()?;
            let Some((segment, tally)) = one.made else { return Err(plan.empty()) };
            let segment = publish(segment, &tally, self, own.path(), &folder)?;
            Ok(report(&segment, &tally, false))
        })
    }

    /// Its shots.
    fn shots(&self, plan: &Plan<'_>, format: &FrameFormat) -> Result<Shots, Error> {
        let blank = format.read(&vec![0; format.frame_bytes()]);
        let blank = blank.map_err(|error| Error::Image(error.to_string()))?;
        let how = plan.frame_options();
        let shot = |found: &FoundShot| {
            let seen = GradedFindings { findings: found.findings.clone(), grade: Grade::None };
            let shot = Arc::new(Shot::new(&blank, seen, &how)?);
            let FoundShot { first, last, frames, .. } = *found;
            Ok(TimedShot { first, last, frames, inside: plan.zones.meet(first, last), shot })
        };
        Ok(Shots(self.shots.iter().map(shot).collect::<Result<_, Error>>()?))
    }
}

/// Receives a single segment.
struct One {
    path: PathBuf,
    made: Option<(Segment, Tally)>,
}

impl Segments for One {
    fn next_path(&self, _open: usize) -> PathBuf {
        self.path.clone()
    }

    fn add(&mut self, segment: Segment, tally: &Tally, _next: Option<i64>) -> Result<(), VideoError> {
        self.made = Some((segment, tally.clone()));
        Ok(())
    }
}

/// A finished, undamaged segment.
fn made(folder: &Path, number: usize, first: i64) -> Option<(Segment, Tally)> {
    let note: Value = serde_json::from_slice(&fs::read(note_of(folder, number)).ok()?).ok()?;
    let (segment, tally, _) = parse(&note, folder)?;
    (segment.first() == first && segment.is_whole()).then_some((segment, tally))
}

/// Moves a finished segment and then the file about it from a folder to another one.
fn publish(
    segment: Segment,
    tally: &Tally,
    of: &VideoSegment,
    from: &Path,
    to: &Path,
) -> Result<Segment, VideoError> {
    let path = path_of(to, of.number);
    let note = note_of(from, of.number);
    fs::write(&note, line(&segment, tally, of.to).to_string()).map_err(|error| io("write", &note, error))?;
    fs::rename(&segment.path, &path).map_err(|error| io("write", &path, error))?;
    let listed = note_of(to, of.number);
    fs::rename(&note, &listed).map_err(|error| io("write", &listed, error))?;
    Ok(Segment { path, ..segment })
}
