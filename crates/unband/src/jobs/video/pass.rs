//! One pass over a video: decode, deband, encode, segment by segment.
//!
//! Three threads pass frames along: one reads them from `ffmpeg`, one processes them with more threads inside
//! a frame, one writes them to another `ffmpeg`. Only a few frames wait between them, so memory does not grow
//! with the video.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use unband_io::video::{Encoder, FrameFormat, Segment, VideoError};

use super::frames::{DoneFrame, Frames};
use super::plan::{Plan, with_bits};
use super::shots::{self, Shots};
use super::source::{FrameSource, WAITING, source};
use super::tally::Tally;
use super::unfinished::Unfinished;
use crate::{Context, Error};

/// Minimum length of a segment, in seconds; it then ends with a shot if one ends in time.
const SEGMENT_SECONDS: f64 = 10.0;
/// Maximum length of a segment, in seconds.
const LONGEST_SEGMENT_SECONDS: f64 = 60.0;

/// A result for the writing thread.
struct Made {
    ticks: i64,
    bytes: Vec<u8>,
    begins_segment: bool,
    done: DoneFrame,
    method: Option<&'static str>,
}

impl Plan<'_> {
    /// Decodes, debands and encodes, starting after the last finished segment.
    pub(super) fn encode(
        &self,
        unfinished: &mut Unfinished,
        shots: &Shots,
        worked: &mut u64,
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        let source = source(&self.file, self.options, unfinished.next, self.programs)?;
        let source = source.with_shots(|ticks| shots.at(ticks).map(|shot| shot.first == ticks));
        let from = *source.format();
        let to = with_bits(&from, self.encoding.bits)?;
        std::thread::scope(|scope| {
            let (made, to_write) = sync_channel(WAITING);
            let (give_back, empty) = sync_channel(2 * WAITING);
            let source = source.ahead(scope);
            let writer = scope.spawn(move || self.write_all(unfinished, &to, &to_write, &give_back));
            let frames = Frames::new((&self.options.options, self.options.temporal), from, to, ctx);
            // Its end closes the channels, which ends the other two threads.
            let done = Worker { plan: self, shots, frames, made, empty, worked, ctx }.unfinished(source);
            let written = writer.join().map_err(|_| Error::Image("the writing thread failed".to_owned()))?;
            // If the writer failed, its error is the reason.
            written?;
            done
        })
    }

    /// Encodes the queue, segment by segment.
    fn write_all(
        &self,
        unfinished: &mut Unfinished,
        to: &FrameFormat,
        made: &Receiver<Option<Made>>,
        give_back: &SyncSender<Vec<u8>>,
    ) -> Result<(), VideoError> {
        std::thread::scope(|scope| {
            let mut writer = Writer { plan: self, unfinished, to, scope, open: None, ending: None };
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
    /// Tags: the time, and whether a segment begins.
    frames: Frames<'c, (i64, bool)>,
    /// To the writing thread; `None` at the end of all frames.
    made: SyncSender<Option<Made>>,
    empty: Receiver<Vec<u8>>,
    worked: &'a mut u64,
    ctx: &'a Context<'c>,
}

impl Worker<'_, '_> {
    /// Debands all frames, in order.
    fn unfinished(mut self, mut source: FrameSource<'_>) -> Result<(), Error> {
        let mut segment: Option<i64> = None;
        while let Some(mut frame) = source.next_frame()? {
            let age = segment.map(|first| self.plan.file.seconds(frame.ticks - first));
            let ends = age.is_none_or(|age| {
                (frame.begins_shot && age >= SEGMENT_SECONDS) || age >= LONGEST_SEGMENT_SECONDS
            });
            if ends {
                // Segments are independent: a resumed run makes the same frames.
                segment = Some(frame.ticks);
                self.frames.restart();
                source.restart(&mut frame);
            }
            let treatment = self.shots.at(frame.ticks).map(|shot| &shot.treatment);
            self.frames.push((frame.ticks, ends), frame.bytes, frame.begins_shot, treatment)?;
            if !self.send(&mut source, false)? {
                // The writer has the error.
                return Ok(());
            }
        }
        if self.send(&mut source, true)? {
            self.ctx.check()?;
            // A stopped writer has the error.
            let _ = self.made.send(None);
        }
        Ok(())
    }

    /// Passes on finished frames; false if the writer has stopped. `last`: no more frames follow.
    fn send(&mut self, source: &mut FrameSource<'_>, last: bool) -> Result<bool, Error> {
        let total = self.plan.expected_frames();
        let looked = if self.shots.0.is_empty() { 0 } else { total / shots::SHARE };
        loop {
            let mut bytes = self.empty.try_recv().unwrap_or_default();
            let Some(finished) = self.frames.pop(last, &mut bytes)? else { return Ok(true) };
            source.recycle(finished.bytes);
            let ((ticks, begins_segment), done, method) = (finished.tag, finished.done, finished.method);
            if self.made.send(Some(Made { ticks, bytes, begins_segment, done, method })).is_err() {
                return Ok(false);
            }
            *self.worked += 1;
            let done = *self.worked as usize;
            self.ctx.progress.advance(looked + done, looked + total.max(done));
        }
    }
}

/// The writing thread. Frames still buffered in an encoder at the end of a segment come out while the next
/// one starts.
struct Writer<'a, 's> {
    plan: &'a Plan<'a>,
    unfinished: &'a mut Unfinished,
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
    fn write(&mut self, made: Made) -> Result<Vec<u8>, VideoError> {
        if self.ending.as_ref().is_some_and(|ending| ending.segment.is_finished()) {
            // Listed at once, it is not lost if this program is killed.
            self.settle()?;
        }
        let Plan { file, encoding, programs, .. } = self.plan;
        if made.begins_segment {
            self.end(Some(made.ticks))?;
            let number = self.unfinished.segments.len() + 1 + usize::from(self.ending.is_some());
            let encoder = Encoder::new(file, self.to, encoding, &self.unfinished.path_of(number), programs)?;
            self.open = Some((encoder, Tally::default()));
        }
        if let Some((encoder, tally)) = &mut self.open {
            encoder.write_frame(made.ticks, &made.bytes)?;
            tally.put(made.done, self.plan.named_method().or(made.method));
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
        self.unfinished.add(segment, &tally, next)
    }
}
