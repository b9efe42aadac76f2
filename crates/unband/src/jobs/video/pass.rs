//! One pass over a video: decode, deband, encode, segment by segment.
//!
//! Three threads pass frames along: one reads them from `ffmpeg`, one processes them with more threads inside
//! a frame, one writes them to another `ffmpeg`. Only a few frames wait between them, so memory does not grow
//! with the video.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use unband_image::cuts::Cuts;
use unband_io::video::{Decoder, Encoder, FrameFormat, Segment, VideoError};

use super::frames::{Done, Frames};
use super::plan::{Plan, decoder, with_bits};
use super::shots::{self, Shots};
use super::tally::Tally;
use super::work::Work;
use crate::{Context, Error};

/// Frames in the queue between two threads.
pub(super) const WAITING: usize = 3;
/// Minimum length of a segment, in seconds; it then ends with a shot if one ends in time.
const SEGMENT_SECONDS: f64 = 10.0;
/// Maximum length of a segment, in seconds.
const LONGEST_SEGMENT_SECONDS: f64 = 60.0;

/// Message to the writing thread.
enum Made {
    /// A frame and its time; does it start a segment?
    Frame { ticks: i64, bytes: Vec<u8>, begins_segment: bool, done: Done, method: Option<&'static str> },
    /// End of the frames.
    End,
}

/// A decoded frame with its time.
type Read = Result<(i64, Vec<u8>), VideoError>;

/// A segment whose frames are all queued, but still in the encoder.
struct Ending<'scope> {
    segment: ScopedJoinHandle<'scope, Result<Segment, VideoError>>,
    /// Counts of its frames.
    tally: Tally,
    /// Time of the following frame, in ticks; `None` for the last segment.
    next: Option<i64>,
}

impl Ending<'_> {
    /// Waits until it is encoded and records it.
    fn settle(ending: Option<Self>, work: &mut Work) -> Result<(), VideoError> {
        let Some(Self { segment, tally, next }) = ending else { return Ok(()) };
        let segment = segment.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        work.add(segment, &tally, next)
    }
}

impl Plan<'_> {
    /// Decodes, debands and encodes, starting after the last finished segment.
    pub(super) fn encode(
        &self,
        work: &mut Work,
        shots: &Shots,
        worked: &mut u64,
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        let mut decoder = decoder(&self.film, self.options, work.next, self.programs)?;
        let from = *decoder.format();
        let to = with_bits(&from, self.encoding.bits)?;
        std::thread::scope(|scope| {
            let (to_work, read) = sync_channel::<Read>(WAITING);
            let (give_back, empty) = sync_channel::<Vec<u8>>(2 * WAITING);
            let (to_writer, made) = sync_channel::<Made>(WAITING);
            let (give_made, empty_made) = sync_channel::<Vec<u8>>(2 * WAITING);
            scope.spawn(move || read_all(&mut decoder, &to_work, &empty));
            let writer = scope.spawn(move || self.write_all(work, &to, &made, &give_made));
            let done =
                self.work(&read, &give_back, (&to_writer, &empty_made), (from, to), (shots, worked), ctx);
            // Closing this channel ends the other two threads.
            drop((read, to_writer));
            let written = writer.join().map_err(|_| Error::Image("the writing thread failed".to_owned()))?;
            // If the writer failed, its error is the reason.
            written?;
            done
        })
    }

    /// The processing thread: frames in order.
    fn work(
        &self,
        read: &Receiver<Read>,
        give_back: &SyncSender<Vec<u8>>,
        (made, empty): (&SyncSender<Made>, &Receiver<Vec<u8>>),
        (from, to): (FrameFormat, FrameFormat),
        (shots, worked): (&Shots, &mut u64),
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        let mut frames = Frames::new(&self.options.options, (from, to), ctx);
        let (mut cuts, mut codes) = (Cuts::new(), Vec::new());
        let mut segment: Option<i64> = None;
        let total = self.expected_frames();
        let looked = if shots.0.is_empty() { 0 } else { total / shots::SHARE };
        let mut send = |frames: &mut Frames<'_, (i64, bool)>, last: bool| -> Result<bool, Error> {
            loop {
                let mut out = empty.try_recv().unwrap_or_default();
                let Some(finished) = frames.pop(last, &mut out)? else { return Ok(true) };
                let _ = give_back.try_send(finished.bytes);
                let ((ticks, begins_segment), done) = (finished.tag, finished.done);
                let frame = Made::Frame { ticks, bytes: out, begins_segment, done, method: finished.method };
                if made.send(frame).is_err() {
                    return Ok(false);
                }
                *worked += 1;
                let done = *worked as usize;
                ctx.progress.advance(looked + done, looked + total.max(done));
            }
        };
        for frame in read {
            let (ticks, bytes) = frame?;
            let shot = shots.at(ticks);
            let mut begins_shot = match shot {
                Some(shot) => shot.first == ticks,
                None => begins(&mut cuts, &bytes, &from, &mut codes),
            };
            let age = segment.map(|first| self.film.seconds(ticks - first));
            let ends = age
                .is_none_or(|age| (begins_shot && age >= SEGMENT_SECONDS) || age >= LONGEST_SEGMENT_SECONDS);
            if ends {
                // Segments are independent: a resumed run makes the same frames.
                segment = Some(ticks);
                frames.restart();
                if shot.is_none() {
                    cuts = Cuts::new();
                    begins_shot = begins(&mut cuts, &bytes, &from, &mut codes);
                }
            }
            frames.push((ticks, ends), bytes, begins_shot, shot.map(|shot| &shot.treatment))?;
            if !send(&mut frames, false)? {
                // The writer has the error.
                return Ok(());
            }
        }
        if !send(&mut frames, true)? {
            return Ok(());
        }
        ctx.check()?;
        // A stopped writer has the error.
        let _ = made.send(Made::End);
        Ok(())
    }

    /// Encodes the queue, segment by segment. Frames still buffered in an encoder at the end of a segment
    /// come out while the next one starts.
    fn write_all(
        &self,
        work: &mut Work,
        to: &FrameFormat,
        made: &Receiver<Made>,
        give_back: &SyncSender<Vec<u8>>,
    ) -> Result<(), VideoError> {
        std::thread::scope(|scope| {
            let mut ending = None;
            let written = self.write_segments(work, to, (made, give_back), scope, &mut ending);
            // Finished segments stay, whatever happens to the next one.
            let settled = Ending::settle(ending, work);
            written.and(settled)
        })
    }

    /// The segment before the one being written is kept in `ending`.
    fn write_segments<'scope>(
        &self,
        work: &mut Work,
        to: &FrameFormat,
        (made, give_back): (&Receiver<Made>, &SyncSender<Vec<u8>>),
        scope: &'scope Scope<'scope, '_>,
        ending: &mut Option<Ending<'scope>>,
    ) -> Result<(), VideoError> {
        let (mut encoder, mut tally): (Option<Encoder>, _) = (None, Tally::default());
        let ends = |ending: &mut Option<Ending<'scope>>, encoder: Encoder, tally, next, work: &mut Work| {
            Ending::settle(ending.take(), work)?;
            *ending = Some(Ending { segment: scope.spawn(move || encoder.finish()), tally, next });
            Ok::<(), VideoError>(())
        };
        let mut number = work.segments.len();
        for made in made {
            let Made::Frame { ticks, bytes, begins_segment, done, method } = made else {
                return encoder.map_or(Ok(()), |encoder| ends(ending, encoder, tally, None, work));
            };
            if ending.as_ref().is_some_and(|ending| ending.segment.is_finished()) {
                // Listed at once, it is not lost if this program is killed.
                Ending::settle(ending.take(), work)?;
            }
            if begins_segment {
                if let Some(encoder) = encoder.take() {
                    ends(ending, encoder, std::mem::take(&mut tally), Some(ticks), work)?;
                }
                number += 1;
                let path = work.path_of(number);
                encoder = Some(Encoder::new(&self.film, to, &self.encoding, &path, self.programs)?);
            }
            if let Some(encoder) = &mut encoder {
                encoder.write_frame(ticks, &bytes)?;
            }
            tally.put(done, self.named_method().or(method));
            let _ = give_back.try_send(bytes);
        }
        Ok(())
    }
}

/// Passes on all frames.
pub(super) fn read_all(decoder: &mut Decoder, out: &SyncSender<Read>, empty: &Receiver<Vec<u8>>) {
    loop {
        let mut buffer = empty.try_recv().unwrap_or_default();
        let read = match decoder.next_frame(&mut buffer) {
            Ok(None) => return,
            Ok(Some(ticks)) => Ok((ticks, buffer)),
            Err(error) => Err(error),
        };
        let failed = read.is_err();
        if out.send(read).is_err() || failed {
            return;
        }
    }
}

/// Is this frame the first of a shot?
pub(super) fn begins(cuts: &mut Cuts, bytes: &[u8], format: &FrameFormat, codes: &mut Vec<u16>) -> bool {
    let Some((luma, (width, _))) = format.planes().into_iter().next() else { return false };
    let luma = &bytes[luma];
    if format.pixels.sample_bytes() == 1 {
        return cuts.begins_u8(luma, width);
    }
    codes.clear();
    codes.extend(luma.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
    cuts.begins_u16(codes, width, format.pixels.bits)
}
