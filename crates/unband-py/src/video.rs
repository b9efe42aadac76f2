//! Videos: debanding from file to file, and frames in order.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use unband::files::Task;
use unband::frames::PackedFrame;
use unband::io::video::{Programs, Purpose, StreamChoice, probe};
use unband::video::{
    FrameSource, Temporal, TimeRange, VideoFrame, VideoOptions, VideoReport, check_video, deband_frames,
    deband_video as deband_to_file, decode_options, ending_programs,
};
use unband::{Context, ErrorKind, Upscaler, With};

use crate::fault::Fault;
use crate::image::Image;
use crate::options::Given;
use crate::wait::{self, LOOK, Stop};

/// Frames that are ready before they are asked for.
const AHEAD: usize = 2;

fn purpose(given: &Given<'_, '_>) -> Result<Purpose, Fault> {
    let Some(word) = given.value::<String>("purpose", "a word")? else { return Ok(Purpose::default()) };
    let known = Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == word);
    known.ok_or_else(|| {
        let all = Purpose::ALL.map(Purpose::as_str).join(", ");
        Fault::option("purpose", &format!("one of {all}"), format!("`{word}`"))
    })
}

/// Debands or upscales a video file.
#[pyfunction]
pub(crate) fn deband_video<'py>(
    py: Python<'py>,
    input: PathBuf,
    output: PathBuf,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let given = Given(options);
    let (how, job) = (video_options(&given)?, given.job(Stop::WithWork)?);
    let done = wait::run(py, &job, move |ctx| Ok(deband_to_file(&input, &output, &how, ctx)?))?;
    video_report(py, &done)
}

/// Options of a video job.
pub(crate) fn video_options(given: &Given<'_, '_>) -> Result<VideoOptions, Fault> {
    let (mut own, purpose) = (given.options()?, purpose(given)?);
    if given.value::<String>("dither", "a word")?.is_none() {
        own.dither = VideoOptions::dither_for(purpose, own.depth);
    }
    let mut options = VideoOptions::default();
    if given.switch("upscale")? {
        let upscaler = Arc::new(Upscaler::new(&given.upscaling()?).map_err(Fault::from)?);
        let debands = given.switch("deband")?;
        options.task = if debands { Task::DebandThenUpscale(upscaler) } else { Task::Upscale(upscaler) };
    }
    options.options = own;
    options.purpose = purpose;
    options.ffmpeg_args = given.value("ffmpeg_args", "a list of texts")?.unwrap_or_default();
    options.streams = StreamChoice::default();
    options.progressive = given.switch("progressive")?;
    options.keep_going = given.switch("keep_going")?;
    options.resume = given.switch("resume")?;
    options.overwrite = given.switch("overwrite")?;
    options.only_banded = given.switch("only_banded")?;
    options.temporal = given.word::<Temporal>("temporal")?.unwrap_or_default();
    options.keep_start = given.switch("keep_start")?;
    options.from = given.value("start", "a number of seconds")?;
    options.to = given.value("end", "a number of seconds")?;
    let ranges =
        given.value::<Vec<(Option<f64>, Option<f64>)>>("only", "a list of (start, end) in seconds")?;
    options.only = ranges.into_iter().flatten().map(|(from, to)| TimeRange { from, to }).collect();
    Ok(options)
}

/// The report of a video job as a dict.
pub(crate) fn video_report<'py>(py: Python<'py>, done: &VideoReport) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("output", (!done.left).then_some(&done.plan.output))?;
    row.set_item("encoder", &done.plan.encoder)?;
    row.set_item("depth", done.plan.bits)?;
    row.set_item("copied", done.copied)?;
    row.set_item("frames", done.frames)?;
    row.set_item("changed", done.changed)?;
    row.set_item("shots", done.shots)?;
    row.set_item("methods", &done.methods)?;
    row.set_item("notes", &done.plan.notes)?;
    row.set_item("bytes", done.bytes)?;
    row.set_item("seconds", done.seconds)?;
    row.set_item("size", done.plan.size())?;
    row.set_item("network_share", done.network_share)?;
    Ok(row)
}

/// A frame: seconds, whether a shot begins, and its image.
type Frame = (f64, bool, Image);

/// Frames of a video, in order; the work ends with it.
#[pyclass(frozen, module = "unband._unband")]
pub struct Frames {
    frames: Mutex<Receiver<Result<Frame, Fault>>>,
    cancel: Arc<AtomicBool>,
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::SeqCst);
    }
}

#[pymethods]
impl Frames {
    /// Opens a video. With `deband` its frames are debanded, else as they are decoded.
    #[new]
    fn new(input: PathBuf, deband: bool, options: &Bound<'_, PyDict>) -> PyResult<Self> {
        let given = Given(options);
        let (how, threads) = (video_options(&given)?, given.job(Stop::AtOnce)?.threads);
        let cancel = Arc::new(AtomicBool::new(false));
        let (send, frames) = sync_channel(AHEAD);
        let theirs = Arc::clone(&cancel);
        let work = move || {
            let own = Context::default();
            let ctx = own.but(|new| {
                new.threads = threads.unwrap_or(own.threads);
                new.cancel = &theirs;
            });
            let done =
                if deband { debanded(&input, &how, &send, &ctx) } else { decoded(&input, &how, &send, &ctx) };
            if let Err(fault) = done {
                let _ = send.send(Err(fault));
            }
        };
        let started = thread::Builder::new().name("unband frames".to_owned()).spawn(work);
        started.map_err(|error| Fault::new(ErrorKind::Limit, format!("cannot start a thread: {error}")))?;
        Ok(Self { frames: Mutex::new(frames), cancel })
    }

    fn __iter__(own: PyRef<'_, Self>) -> PyRef<'_, Self> {
        own
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Frame>> {
        loop {
            let next =
                py.detach(|| self.frames.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(LOOK));
            match next {
                Ok(frame) => return Ok(Some(frame?)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            }
        }
    }

    /// Ends the work; no frame comes any more.
    fn close(&self) {
        self.cancel.store(true, Ordering::SeqCst);
    }
}

type Sending<'a> = &'a SyncSender<Result<Frame, Fault>>;

/// Sends the frames of a video as they are decoded until no one receives them.
fn decoded(input: &Path, how: &VideoOptions, send: Sending<'_>, ctx: &Context<'_>) -> Result<(), Fault> {
    let programs = Programs::default();
    ending_programs(&programs, ctx.cancel, || {
        let file = probe(input, &programs).map_err(unband::Error::from)?;
        check_video(&file, how)?;
        let options = decode_options(&file, how)?.but(|new| new.programs = programs.clone());
        let mut source = FrameSource::of_video(&file, &options).map_err(unband::Error::from)?;
        let format = *source.format();
        while let Some(frame) = source.next_frame().map_err(unband::Error::from)? {
            ctx.check().map_err(unband::Error::from)?;
            let image = PackedFrame { format, bytes: frame.bytes }.to_image()?;
            if send.send(Ok((frame.seconds, frame.begins_shot, Image::from_image(image)))).is_err() {
                break;
            }
        }
        Ok(())
    })
}

/// Sends the frames of a video debanded until no one receives them.
fn debanded(input: &Path, how: &VideoOptions, send: Sending<'_>, ctx: &Context<'_>) -> Result<(), Fault> {
    let mut put = |frame: VideoFrame| {
        Ok(send.send(Ok((frame.seconds, frame.begins_shot, Image::from_image(frame.image)))).is_ok())
    };
    Ok(deband_frames(input, how, ctx, &mut put)?)
}
