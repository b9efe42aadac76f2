//! Debanding of the frames of a source in order: the loop of files, streams and callers.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::scope;

use unband_image::Image;
use unband_video::VideoFile;

use super::VideoOptions;
use super::boundaries::Boundaries;
use super::plan::{bits_of_video, check_video, opened, with_bits};
use super::shots::{Ahead, TimedShot};
use super::source::{FrameSource, Span, source};
use super::stop::with_programs;
use super::upscaling::{LastStep, in_size, inspects, of_video, options_for};
use super::zones::Zones;
use crate::frames::{Finished, FrameProcessor, PackedFrame, Shot};
use crate::{Context, Error};

/// A frame's place in a video.
#[derive(Clone, Copy, Debug)]
pub(super) struct FramePlace {
    /// Time in ticks, and in seconds from the first moment.
    pub(super) ticks: i64,
    pub(super) seconds: f64,
    pub(super) begins_segment: bool,
}

/// Processes packed frames with their places.
pub(super) type Processor<'a> = FrameProcessor<'a, PackedFrame, FramePlace>;
/// A finished frame at its place.
pub(super) type Placed = Finished<PackedFrame, FramePlace>;

/// Debands all frames of a source. `segments`: the video, if each of its segments is independent of the
/// others: a resumed run then makes the same frames, and so does another machine. `zones`: the frames to
/// repair. `shot_at`: the shot at a time in ticks, if known. `put` gets each result; false ends the work.
///
/// # Errors
/// As [`FrameProcessor::push`], those of `put`, and those of the source, after the results of all earlier
/// frames.
pub(super) fn deband_all(
    source: &mut FrameSource<'_>,
    mut frames: Processor<'_>,
    segments: Option<&VideoFile>,
    zones: &Zones,
    shot_at: &dyn Fn(i64) -> Option<Arc<Shot>>,
    put: &mut dyn FnMut(Placed, &mut Processor<'_>) -> Result<bool, Error>,
) -> Result<(), Error> {
    let (format, mut boundaries) = (*source.format(), Boundaries::default());
    loop {
        let (last, failed) = match source.next_frame() {
            Ok(Some(mut frame)) => {
                let begins_segment = segments.is_some_and(|file| boundaries.begins_with(&frame, file));
                if begins_segment {
                    frames.restart();
                    source.restart(&mut frame);
                }
                let shot = shot_at(frame.ticks);
                let place = FramePlace { ticks: frame.ticks, seconds: frame.seconds, begins_segment };
                let packed = PackedFrame { format, bytes: frame.bytes };
                let repairs = zones.contain(frame.ticks);
                frames.push_known(place, packed, frame.begins_shot, shot.as_ref(), repairs)?;
                (false, None)
            }
            Ok(None) => (true, None),
            Err(error) => (true, Some(error)),
        };
        if last {
            frames.finish();
        }
        while let Some(mut finished) = frames.next()? {
            source.recycle(std::mem::take(&mut finished.source.bytes));
            if !put(finished, &mut frames)? {
                return Ok(());
            }
        }
        if last {
            return failed.map_or(Ok(()), |error| Err(error.into()));
        }
    }
}

/// A debanded frame of a video.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VideoFrame {
    /// Presentation time in seconds from the first moment of the video, as players show it.
    pub seconds: f64,
    /// Is it the first frame of a shot?
    pub begins_shot: bool,
    /// Does any sample differ?
    pub changed: bool,
    /// The result, with alpha.
    pub image: Image,
}

/// Shots that another thread finds.
struct ComingShots {
    latest: Option<TimedShot>,
    /// `None` at the end of the work: the other thread does not wait to send any more.
    coming: Option<Receiver<TimedShot>>,
}

impl ComingShots {
    /// The shot at a time not before the last one asked for, once it is known: its first time, and itself.
    fn at(&mut self, ticks: i64) -> Option<(i64, Arc<Shot>)> {
        while self.latest.as_ref().is_none_or(|shot| shot.last < ticks) {
            self.latest = Some(self.coming.as_ref()?.recv().ok()?);
        }
        let shot = self.latest.as_ref().filter(|shot| shot.first <= ticks)?;
        Some((shot.first, Arc::clone(&shot.shot)))
    }
}

/// Shots that may be known before the frames of a video come.
const SHOTS_AHEAD: usize = 4;

/// Debands a video's frames in order, as [`deband_video`](super::deband_video) does, without encoding. `put`
/// gets each one; false ends the work.
///
/// The video is decoded twice at once: a shot is inspected as a whole before its first frame comes.
///
/// # Errors
/// As [`deband_video`](super::deband_video), and those of `put`.
pub fn deband_frames(
    input: &Path,
    options: &VideoOptions,
    ctx: &Context<'_>,
    put: &mut dyn FnMut(VideoFrame) -> Result<bool, Error>,
) -> Result<(), Error> {
    with_programs(ctx, |programs| {
        let file = opened(input, options, programs)?;
        check_video(&file, options)?;
        let zones = Zones::of_video(&file, options)?;
        let source_of = || source(&file, options, Span::default(), programs);
        let frames = source_of()?;
        let bits = bits_of_video(&file, options)?;
        let to = in_size(with_bits(frames.format(), bits)?, of_video(&file, options));
        let how = options_for(options, to.pixels.bits, frames.format());
        let mut last = LastStep::new(options, frames.format(), to);
        let looked = inspects(options, &how).then(source_of).transpose()?;
        let (send, coming) = sync_channel(SHOTS_AHEAD);
        let shots = Mutex::new(ComingShots { latest: None, coming: Some(coming) });
        let shots = || shots.lock().unwrap_or_else(PoisonError::into_inner);
        let shot_at = |ticks| shots().at(ticks);
        let ended = AtomicBool::new(false);
        scope(|scope| {
            let (file, zones, ended) = (&file, &zones, &ended);
            let how_of_shots = Arc::new(how.clone());
            let look = move |looked| {
                let ahead = Ahead {
                    file,
                    how: &how_of_shots,
                    inspects: true,
                    zones,
                    put: &mut |shot| send.send(shot).map_err(|_| Error::Cancelled),
                    on_frame: &mut |_| !ended.load(Ordering::Relaxed),
                };
                ahead.look_over(looked, ctx)
            };
            let look = looked.map(|looked| scope.spawn(move || look(looked)));
            let known = |ticks| shot_at(ticks).map(|(first, _)| first == ticks);
            let mut frames = frames.with_shots(known).ahead(scope);
            let mut put_image = |mut done: Placed, frames: &mut Processor<'_>| {
                let begins = done.tag.begins_segment;
                last.run(&mut done, begins, &mut |frame| frames.recycle(frame), ctx)?;
                let image = done.frame.to_image()?;
                last.recycle(done.frame, &mut |frame| frames.recycle(frame));
                let (seconds, done) = (done.tag.seconds, done.done);
                put(VideoFrame { seconds, begins_shot: done.begins_shot, changed: done.changed, image })
            };
            let shot_at = |ticks| Some(shot_at(ticks)?.1);
            let processor = FrameProcessor::new(how, ctx);
            let done = deband_all(&mut frames, processor, Some(file), zones, &shot_at, &mut put_image);
            ended.store(true, Ordering::Relaxed);
            shots().coming = None;
            drop(frames);
            let looked =
                look.map(|look| look.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            match looked {
                Some(Err(error)) if !matches!(error, Error::Cancelled) => Err(error),
                _ => done,
            }
        })
    })
}
