//! Metrics of videos: frame by frame, by shots, and as a whole.
//!
//! Frames are decoded in threads of their own and measured on all threads of the context; sums are made in
//! order, so that values do not depend on the number of threads.

mod checks;
mod compare;
mod parts;
mod reader;
mod score;
mod tally;
mod worst;

use std::ops::{ControlFlow, Range};

use super::{Scores, Value};
use crate::verdict::Verdict;

pub use compare::{Apart, ComparedVideo, VideoPairPlan, compare_videos, scope_of_pair, videos_of_one_size};
pub use parts::{ScorePart, ScoredPart, score_of_parts, score_part, score_parts};
pub use reader::{FrameReader, Stream, decoding, expected_frames, in_order};
pub use score::{ScoredVideo, VideoInput, VideoScorePlan, score_video};
pub use worst::{WorstFrame, WorstFrames, moment};

/// Default interval of the frames that are measured by all metrics.
pub const EVERY: usize = 15;

/// Gets each frame in order; may stop the work, which then fails as cancelled.
pub type OnFrame<'a> = dyn FnMut(&FrameScores) -> ControlFlow<()> + 'a;

/// The values of a frame.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FrameScores {
    /// Its number, from 0.
    pub number: usize,
    /// Presentation time in seconds.
    pub seconds: f64,
    /// Number of its shot, from 1.
    pub shot: usize,
    /// One per metric; blank if it was not computed.
    pub values: Vec<Value>,
    /// The verdict, if the frame was analysed: at least the first one of each shot.
    pub verdict: Option<Verdict>,
}

/// A frame with its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameValue {
    /// Frame number, from 0.
    pub frame: usize,
    /// Its time in seconds.
    pub seconds: f64,
    /// Its value.
    pub value: f64,
}

/// A shot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Shot {
    /// Its frames.
    pub frames: Range<usize>,
    /// Its start and end, in seconds.
    pub seconds: (f64, f64),
    /// Values of its frames together, and the verdict of the worst.
    pub scores: Scores,
    /// The frame that is worst by the leading metric.
    pub worst: Option<FrameValue>,
}

/// The values of a video.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VideoScores {
    /// Values of all frames together, and the verdict of the worst; checks use these.
    pub scores: Scores,
    /// The mean over frames, for metrics whose value of a video is something else; otherwise blank.
    pub means: Vec<Value>,
    /// Reasons of the failed checks.
    pub why: Vec<String>,
    /// Its shots.
    pub shots: Vec<Shot>,
    /// The frame that is worst by the leading metric.
    pub worst: Option<FrameValue>,
    /// Number of frames.
    pub frames: usize,
    /// Time of the first frame and end of the last one, in seconds.
    pub seconds: (f64, f64),
    /// Seconds and leading metric of each frame; NaN where it has no value.
    pub line: Vec<(f64, f64)>,
}
