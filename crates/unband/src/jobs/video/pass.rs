//! Decoding, debanding and encoding of a video in one pass, segment by segment.
//!
//! Three threads pass frames along: one reads them from `ffmpeg`, one processes them with more threads inside
//! a frame, one writes them to another `ffmpeg`. Only a few frames wait between them, so memory does not grow
//! with the video.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use unband_image::With;
use unband_image::context::NoProgress;
use unband_video::{Encoder, FrameFormat, Segment, VideoError};

use super::in_order::{FramePlace, Placed, Processor, deband_all};
use super::plan::{Plan, with_bits};
use super::shots::{self, Shots};
use super::source::{FrameSource, WAITING};
use super::tally::Tally;
use super::unfinished::Segments;
use super::upscaling::{LastStep, in_size};
use crate::frames::{DoneFrame, FrameProcessor, PackedFrame};
use crate::jobs::upscale::UpscaledBy;
use crate::{Context, Error};

/// Bytes of the results that may wait for the writing thread.
const QUEUE: usize = 96 << 20;

/// Results that may wait: few large ones.
fn waiting(format: &FrameFormat) -> usize {
    (QUEUE / format.frame_bytes().max(1)).clamp(1, WAITING)
}

/// A result for the writing thread.
struct FinishedFrame {
    ticks: i64,
    bytes: Vec<u8>,
    begins_segment: bool,
    done: DoneFrame,
    method: Option<&'static str>,
    by: Option<UpscaledBy>,
}

impl Plan<'_> {
    /// Debands and encodes the segments of a source, which starts at the first frame of one.
    pub(super) fn encode(
        &self,
        segments: &mut dyn Segments,
        source: FrameSource<'_>,
        shots: &Shots,
        worked: &mut u64,
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        self.check_encoder()?;
        let source = source.with_shots(|ticks| shots.at(ticks).map(|shot| shot.first == ticks));
        let to = in_size(with_bits(source.format(), self.encoding.bits)?, self.upscale);
        let waiting = waiting(&to);
        std::thread::scope(|scope| {
            let (made, to_write) = sync_channel(waiting);
            let (give_back, empty) = sync_channel(2 * waiting);
            let last = LastStep::new(self.options, source.format(), to);
            let source = source.ahead(scope);
            let writer = scope.spawn(move || self.write_all(segments, &to, &to_write, &give_back));
            // Its end closes the channels, which ends the other two threads.
            let done = Worker { plan: self, shots, last, made, empty, worked, ctx }.work(source);
            let written = writer.join().map_err(|_| Error::Image("the writing thread failed".to_owned()))?;
            // If the writer failed, its error is the reason.
            written?;
            done
        })
    }

    /// Encodes the queue, segment by segment.
    fn write_all(
        &self,
        segments: &mut dyn Segments,
        to: &FrameFormat,
        made: &Receiver<Option<FinishedFrame>>,
        give_back: &SyncSender<Vec<u8>>,
    ) -> Result<(), VideoError> {
        std::thread::scope(|scope| {
            let mut writer = Writer { plan: self, segments, to, scope, open: None, ending: None };
            let written = made.iter().try_for_each(|made| {
                let Some(made) = made else { return writer.end(None) };
                let _ = give_back.try_send(writer.write(made)?);
                Ok(())
            });
            // Finished segments stay, whatever happens to the next one.
            let settled = writer.settle();
            written.and(settled)
        })
    }
}

/// The processing thread.
struct Worker<'a, 'c> {
    plan: &'a Plan<'a>,
    shots: &'a Shots,
    last: LastStep<'a>,
    /// To the writing thread; `None` at the end of all frames.
    made: SyncSender<Option<FinishedFrame>>,
    empty: Receiver<Vec<u8>>,
    worked: &'a mut u64,
    ctx: &'a Context<'c>,
}

impl Worker<'_, '_> {
    /// Debands all frames, in order.
    fn work(self, mut source: FrameSource<'_>) -> Result<(), Error> {
        let Self { plan, shots, mut last, made, empty, worked, ctx } = self;
        let total = plan.expected_frames();
        let looked = if shots.0.is_empty() { 0 } else { total / shots::SHARE };
        let how = plan.frame_options();
        let processor = FrameProcessor::new((*how).clone(), ctx);
        let shot_at = |ticks| shots.at(ticks).map(|timed| Arc::clone(&timed.shot));
        // The progress is that of whole frames.
        let one = (*ctx).but(|new| new.progress = &NoProgress);
        let mut stopped = false;
        let mut put = |mut finished: Placed, frames: &mut Processor<'_>| {
            let begins = finished.tag.begins_segment;
            let by = last.run(&mut finished, begins, &mut |frame| frames.recycle(frame), &one)?;
            let Placed { tag: FramePlace { ticks, begins_segment, .. }, frame, done, method, .. } = finished;
            let format = frame.format;
            let frame = FinishedFrame { ticks, bytes: frame.bytes, begins_segment, done, method, by };
            // The writer has the error.
            stopped = made.send(Some(frame)).is_err();
            for bytes in empty.try_iter() {
                last.recycle(PackedFrame { format, bytes }, &mut |frame| frames.recycle(frame));
            }
            *worked += 1;
            let done = *worked as usize;
            ctx.progress.advance(looked + done, looked + total.max(done));
            Ok(!stopped)
        };
        deband_all(&mut source, processor, Some(&plan.file), &plan.zones, &shot_at, &mut put)?;
        if !stopped {
            ctx.check()?;
            // A stopped writer has the error.
            let _ = made.send(None);
        }
        Ok(())
    }
}

/// The writing thread. Frames still buffered in an encoder at the end of a segment come out while the next
/// one starts.
struct Writer<'a, 's> {
    plan: &'a Plan<'a>,
    segments: &'a mut dyn Segments,
    to: &'a FrameFormat,
    scope: &'s Scope<'s, 'a>,
    /// The encoder of the current segment, and the counts of its frames.
    open: Option<(Encoder, Tally)>,
    /// The segment before it.
    ending: Option<Ending<'s>>,
}

/// A segment whose frames are all queued, but still in the encoder.
struct Ending<'s> {
    segment: ScopedJoinHandle<'s, Result<Segment, VideoError>>,
    tally: Tally,
    /// Time of the following frame, in ticks; `None` for the last segment.
    next: Option<i64>,
}

impl Writer<'_, '_> {
    /// Encodes a frame; returns its memory.
    fn write(&mut self, made: FinishedFrame) -> Result<Vec<u8>, VideoError> {
        if self.ending.as_ref().is_some_and(|ending| ending.segment.is_finished()) {
            // Listed at once, it is not lost if this program is killed.
            self.settle()?;
        }
        let Plan { result, encoding, programs, .. } = self.plan;
        if made.begins_segment {
            self.end(Some(made.ticks))?;
            let path = self.segments.next_path(usize::from(self.ending.is_some()));
            let encoder = Encoder::new(result, self.to, encoding, &path, programs)?;
            self.open = Some((encoder, Tally::default()));
        }
        if let Some((encoder, tally)) = &mut self.open {
            encoder.write_frame(made.ticks, &made.bytes)?;
            tally.put(made.done, self.plan.named_method().or(made.method), made.by);
        }
        Ok(made.bytes)
    }

    /// Ends the current segment. `next`: time of the following frame.
    fn end(&mut self, next: Option<i64>) -> Result<(), VideoError> {
        let Some((encoder, tally)) = self.open.take() else { return Ok(()) };
        self.settle()?;
        let segment = self.scope.spawn(move || encoder.finish());
        self.ending = Some(Ending { segment, tally, next });
        Ok(())
    }

    /// Waits until the segment before the current one is encoded and records it.
    fn settle(&mut self) -> Result<(), VideoError> {
        let Some(Ending { segment, tally, next }) = self.ending.take() else { return Ok(()) };
        let segment = segment.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        self.segments.add(segment, &tally, next)
    }
}
