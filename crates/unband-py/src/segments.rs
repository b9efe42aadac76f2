//! One video in segments, for several processes and machines: debanding and metrics.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use unband::metrics::Metric;
use unband::metrics::video::{
    FrameScores, ScorePart, ScoredPart, VideoInput, VideoScorePlan, VideoScores, score_of_parts, score_part,
    score_parts, score_video as measure,
};
use unband::metrics::{MetricsError, Scope};
use unband::models;
use unband::video::{SegmentJob, VideoSegment};
use unband::{Context, ErrorKind, With};

use crate::fault::Fault;
use crate::options::Given;
use crate::video::{video_options, video_report};
use crate::wait::{self, Stop};

/// A video job that is planned, and whose segments may be made anywhere.
#[pyclass(frozen, module = "unband._unband")]
pub struct VideoJob(Mutex<Option<SegmentJob>>);

impl VideoJob {
    fn with<T>(&self, look: impl FnOnce(&SegmentJob) -> T) -> Result<T, Fault> {
        let job = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        job.as_ref().map(look).ok_or_else(ended)
    }
}

fn ended() -> Fault {
    Fault::new(ErrorKind::Option, "the job has ended").hint("plan it again")
}

#[pymethods]
impl VideoJob {
    /// Plans a job.
    #[new]
    fn new(py: Python<'_>, input: PathBuf, output: PathBuf, options: &Bound<'_, PyDict>) -> PyResult<Self> {
        let given = Given(options);
        let (how, job) = (video_options(&given)?, given.job(Stop::WithWork)?);
        let made = wait::run(py, &job, move |ctx| Ok(SegmentJob::plan(&input, &output, &how, ctx)?))?;
        Ok(Self(Mutex::new(Some(made))))
    }

    /// The segments that are not made yet: number, seconds of the first frame, and the segment as JSON.
    fn missing(&self) -> PyResult<Vec<(usize, f64, String)>> {
        let all = self.with(|job| {
            let file = &job.plan_of_result().file;
            let row = |segment: VideoSegment| (segment.number, file.shown(segment.from), segment.to_json());
            job.missing().into_iter().map(row).collect()
        })?;
        Ok(all)
    }

    /// Joins the segments; missing ones are made here.
    fn join<'py>(&self, py: Python<'py>, options: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyDict>> {
        let job = Given(options).job(Stop::WithWork)?;
        let planned = self.0.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(ended)?;
        let done = wait::run(py, &job, move |ctx| Ok(planned.join(ctx)?))?;
        video_report(py, &done)
    }

    /// Gives up the right to write the result; finished segments stay.
    fn close(&self) {
        if let Some(job) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            job.close();
        }
    }
}

/// Makes one segment of a planned job.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // Python has no slices of texts
pub(crate) fn make_segment<'py>(
    py: Python<'py>,
    input: PathBuf,
    output: PathBuf,
    segment: String,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let given = Given(options);
    let (how, job) = (video_options(&given)?, given.job(Stop::WithWork)?);
    let segment = VideoSegment::from_json(&segment).map_err(Fault::from)?;
    let made = wait::run(py, &job, move |ctx| Ok(segment.make(&input, &output, &how, ctx)?))?;
    let row = PyDict::new(py);
    row.set_item("frames", made.frames)?;
    row.set_item("changed", made.changed)?;
    row.set_item("bytes", made.bytes)?;
    row.set_item("seconds", made.seconds)?;
    row.set_item("present", made.present)?;
    Ok(row)
}

impl From<MetricsError> for Fault {
    fn from(error: MetricsError) -> Self {
        match &error {
            MetricsError::Cancelled => Self::from_error(ErrorKind::Cancelled, &error),
            MetricsError::File { .. } => Self::from_error(ErrorKind::Input, &error),
            _ => Self::from_error(ErrorKind::Option, &error).about("metrics"),
        }
    }
}

/// Metrics by name, and the interval of frames.
struct Asked {
    metrics: Vec<Metric>,
    every: usize,
}

impl Asked {
    fn from_given(given: &Given<'_, '_>) -> Result<Self, Fault> {
        let names: Option<Vec<String>> = given.value("metrics", "a list of names")?;
        let names = names.map(|names| names.join(","));
        let folder = models::folder();
        let metrics = Scope::VIDEO.select(names.as_deref(), folder.as_deref())?;
        let every = given.value("every", "a whole number from 1")?.unwrap_or(unband::metrics::video::EVERY);
        if every == 0 {
            return Err(Fault::option("every", "a whole number from 1", 0));
        }
        Ok(Self { metrics, every })
    }

    fn plan(&self) -> VideoScorePlan<'_> {
        VideoScorePlan::new(&self.metrics).but(|new| new.every = self.every)
    }
}

/// With the folder of imported models.
fn on_models<T>(ctx: &Context<'_>, work: impl FnOnce(&Context<'_>) -> T) -> T {
    let folder = models::folder();
    work(&(*ctx).but(|new| new.models = folder.as_deref()))
}

/// Metrics of a video.
#[pyfunction]
pub(crate) fn score_video<'py>(
    py: Python<'py>,
    input: PathBuf,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let given = Given(options);
    let (asked, job) = (Asked::from_given(&given)?, given.job(Stop::AtOnce)?);
    let (asked, scores) = wait::run(py, &job, move |ctx| {
        let video = VideoInput::open(&input)?;
        let keep_on = &mut |_: &FrameScores| ControlFlow::Continue(());
        let scored = on_models(ctx, |ctx| measure(&video, &asked.plan(), keep_on, ctx))?;
        match scored.damage {
            Some(damage) => Err(damage.into()),
            None => Ok((asked, scored.scores)),
        }
    })?;
    shown(py, &asked, &scores)
}

/// The parts of a video as JSON.
#[pyfunction]
pub(crate) fn video_parts(
    py: Python<'_>,
    input: PathBuf,
    options: &Bound<'_, PyDict>,
) -> PyResult<Vec<String>> {
    let job = Given(options).job(Stop::AtOnce)?;
    wait::run(py, &job, move |ctx| {
        let parts = score_parts(&VideoInput::open(&input)?, ctx)?;
        Ok(parts.iter().map(json).collect())
    })
}

/// The values of a part, both as JSON, and its number of frames.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // Python has no slices of texts
pub(crate) fn score_video_part(
    py: Python<'_>,
    input: PathBuf,
    part: String,
    options: &Bound<'_, PyDict>,
) -> PyResult<(String, usize)> {
    let given = Given(options);
    let (asked, job) = (Asked::from_given(&given)?, given.job(Stop::AtOnce)?);
    let part: ScorePart = parsed(&part)?;
    wait::run(py, &job, move |ctx| {
        let video = VideoInput::open(&input)?;
        let scored = on_models(ctx, |ctx| score_part(&video, &asked.plan(), &part, ctx))?;
        Ok((json(&scored), scored.frames()))
    })
}

/// Metrics of a video from the values of all its parts, in order.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // Python has no slices
pub(crate) fn score_of_video_parts<'py>(
    py: Python<'py>,
    parts: Vec<String>,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let asked = Asked::from_given(&Given(options))?;
    let parts = parts.iter().map(|part| parsed(part)).collect::<Result<Vec<ScoredPart>, Fault>>()?;
    let scores = py.detach(|| score_of_parts(parts, &asked.plan()));
    shown(py, &asked, &scores)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::new(ErrorKind::Option, error.to_string()).about("part"))
}

fn shown<'py>(py: Python<'py>, asked: &Asked, scores: &VideoScores) -> PyResult<Bound<'py, PyDict>> {
    let values = |all: &[unband::metrics::Value]| {
        let values = PyDict::new(py);
        for (metric, value) in asked.metrics.iter().zip(all) {
            values.set_item(metric.name(), value.number())?;
        }
        Ok::<_, PyErr>(values)
    };
    let made = PyDict::new(py);
    made.set_item("metrics", values(&scores.scores.values)?)?;
    made.set_item("grade", scores.scores.verdict.grade.as_str())?;
    made.set_item("verdict", &scores.scores.verdict.line)?;
    made.set_item("frames", scores.frames)?;
    made.set_item("seconds", scores.seconds)?;
    made.set_item("line", &scores.line)?;
    let shots = PyList::empty(py);
    for shot in &scores.shots {
        let grade = shot.scores.verdict.grade.as_str();
        let frames = (shot.frames.start, shot.frames.end);
        shots.append((frames, shot.seconds, grade, values(&shot.scores.values)?))?;
    }
    made.set_item("shots", shots)?;
    Ok(made)
}
