//! Parallel frame reader: decoding in its own threads, analysis in all others, results in order.

use std::io::Read;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use unband_image::{Context, Image, With};
use unband_io::Y4mReader;
use unband_metrics::{Metric, cambi};
use unband_video::{FrameFormat, Programs, VideoError, VideoFile};

use crate::jobs::video::{FrameSource, RawFrame, ending_programs, send_all};
use crate::metrics::{FileFault, Forms, MetricsError, Subject, Value, score};

/// Frames per thread that are analysed together; as many again wait decoded.
const AHEAD: usize = 3;

/// A YUV4MPEG2 stream.
pub type Stream = Y4mReader<Box<dyn Read + Send>>;

/// A video that is decoded by threads of its own.
pub struct FrameReader {
    /// Sample layout of its frames.
    pub format: FrameFormat,
    receive: Receiver<Result<RawFrame, VideoError>>,
    /// The error that ended it early.
    pub damage: Option<VideoError>,
}

/// Runs `work` with the programs that it decodes with: a cancellation ends them, even if one hangs.
///
/// # Errors
/// [`MetricsError::Cancelled`], and those of the work.
pub fn decoding<'env, T>(
    ctx: &Context<'_>,
    work: impl for<'s> FnOnce(&'s Scope<'s, 'env>, &Programs) -> Result<T, MetricsError>,
) -> Result<T, MetricsError> {
    let programs = Programs::default();
    let done = ending_programs(&programs, ctx.cancel, || std::thread::scope(|scope| work(scope, &programs)));
    // Programs ended by a cancellation fail; that is not the reason.
    if ctx.cancelled() { Err(MetricsError::Cancelled) } else { done }
}

impl FrameReader {
    /// Starts decoding in a thread. For threads see [`in_order`].
    pub fn start<'s>(mut source: FrameSource<'s>, threads: usize, scope: &'s Scope<'s, '_>) -> Self {
        let (format, (send, receive)) = (*source.format(), sync_channel(AHEAD * threads.max(1)));
        scope.spawn(move || send_all(|| source.next_frame(), &send));
        Self { format, receive, damage: None }
    }

    /// Starts with a stream. For threads see [`in_order`].
    ///
    /// # Errors
    /// Depths without a frame format.
    pub fn stream(stream: Stream, threads: usize) -> Result<Self, VideoError> {
        let mut source = FrameSource::of_stream(stream)?;
        let (format, (send, receive)) = (*source.format(), sync_channel(AHEAD * threads.max(1)));
        // Not joined: the writer of the pipe may never send anything again.
        std::thread::spawn(move || send_all(|| source.next_frame(), &send));
        Ok(Self { format, receive, damage: None })
    }

    /// The next frame; `None` at the end, or where damage ends the video.
    pub fn next_frame(&mut self) -> Option<RawFrame> {
        match self.receive.recv() {
            Ok(Ok(frame)) => Some(frame),
            Ok(Err(error)) => {
                self.damage = Some(error);
                None
            }
            Err(_) => None,
        }
    }
}

/// Analyses all frames on all threads, each with its number from 0, and passes the results to `put` in order,
/// whatever the number of threads. Ends early when cancelled.
///
/// # Errors
/// The first error of `put`.
pub fn in_order<T: Sync, R: Send>(
    ctx: &Context<'_>,
    next: &mut dyn FnMut() -> Option<T>,
    look: &(dyn Fn(&T, usize, &Context<'_>) -> R + Sync),
    put: &mut dyn FnMut(T, R) -> Result<(), MetricsError>,
) -> Result<(), MetricsError> {
    let at_once = AHEAD * ctx.threads.max(1);
    let one = (*ctx).but(|new| new.threads = 1);
    let mut first = 0;
    loop {
        let batch: Vec<T> = std::iter::from_fn(&mut *next).take(at_once).collect();
        if batch.is_empty() || ctx.cancelled() {
            return Ok(());
        }
        let seen = ctx.map(batch.len(), |i| look(&batch[i], first + i, &one));
        first += batch.len();
        for (item, seen) in batch.into_iter().zip(seen) {
            put(item, seen)?;
        }
    }
}

/// All values of a frame: of its stored luma where the metric is defined on luma, else of red, green and
/// blue.
///
/// # Errors
/// Luma and chroma that do not match.
pub(super) fn values_of(
    stored: &Image,
    metrics: &[Metric],
    ctx: &Context<'_>,
) -> Result<Vec<Value>, FileFault> {
    // The conversion costs more than CAMBI, which is computed for every frame.
    let converted =
        if metrics.iter().all(cambi::is_one) { None } else { Some(stored.clone().into_rgb(ctx)?) };
    let forms = Forms { rgb: converted.as_ref().unwrap_or(stored), stored };
    Ok(score(&[Subject::alone(forms)], metrics, usize::MAX, ctx).concat())
}

/// Estimated number of frames, for progress; 0 if unknown.
pub fn expected_frames(video: &VideoFile) -> usize {
    let rate = video.video.average_rate.map(|(n, d)| f64::from(n) / f64::from(d.max(1)));
    let guess = || Some((video.duration? * rate?).round().max(0.0) as u64);
    video.video.frames.or_else(guess).unwrap_or(0) as usize
}
