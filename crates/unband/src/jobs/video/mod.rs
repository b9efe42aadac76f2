//! The main job from film to film: decoded, debanded and encoded in one pass, everything else copied.
//!
//! Three threads hand frames on: one reads them from `ffmpeg`, this one works on them, with more threads inside a frame, one
//! writes them to another `ffmpeg`. A few frames wait between them, so memory does not grow with the film.

mod alone;
mod encoded;
mod frames;
mod options;
mod plan;
mod shots;
mod steady;
mod stop;
mod stream;
mod tally;
mod work;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Instant;

use unband_image::cuts::Cuts;
use unband_io::Limits;
use unband_io::video::{self, DecodeOptions, Decoder, Encoder, FrameFormat, Programs, Segment, VideoError};

use self::frames::{Done, Frames};
use self::plan::{Plan, bits_of, bits_of_film, cut, opened};
use self::shots::Shots;
use self::tally::Tally;
use self::work::Work;
use crate::{Context, Error};

pub use self::alone::{Alone, check_film, deband_alone, decode_options};
pub use self::encoded::EncoderTrial;
pub use self::options::{FilmOptions, FilmReport};
pub use self::plan::{Disk, FilmPlan, ShotFound, plan_film};
pub use self::stop::ending_programs;
pub use self::stream::{StreamReport, deband_stream, deband_to_stream};

/// Frames that wait between two threads.
const WAITING: usize = 3;
/// A segment has at least so many seconds, and ends with a shot if there is an end in time.
const SEGMENT_SECONDS: f64 = 10.0;
/// After so many seconds a segment ends wherever it is.
const LONGEST_SEGMENT_SECONDS: f64 = 60.0;

/// Takes the banding out of a film. What is not banded stays as it was; sound, subtitles, chapters and all else are copied.
///
/// # Errors
/// [`Error::Video`] for everything about films, from a missing `ffmpeg` to a full disk; else as
/// [`crate::deband_with`]. Finished segments stay for a run with [`FilmOptions::resume`]; the result is there whole or not
/// at all.
pub fn deband_film(
    input: &Path,
    output: &Path,
    options: &FilmOptions,
    ctx: &Context<'_>,
) -> Result<FilmReport, Error> {
    deband_film_told(input, output, options, &|_| {}, ctx)
}

/// As [`deband_film`]; `tell` is told what is planned before the first frame.
///
/// # Errors
/// The same.
pub fn deband_film_told(
    input: &Path,
    output: &Path,
    options: &FilmOptions,
    tell: &dyn Fn(&FilmPlan),
    ctx: &Context<'_>,
) -> Result<FilmReport, Error> {
    let programs = Programs::default();
    let done =
        ending_programs(&programs, ctx.cancel, || work_on((input, output), options, tell, ctx, &programs));
    // What was ended fails, which is not why there is no film.
    done.or_else(|error| ctx.check().map_err(Error::from).and(Err(error)))
}

fn work_on(
    (input, output): (&Path, &Path),
    options: &FilmOptions,
    tell: &dyn Fn(&FilmPlan),
    ctx: &Context<'_>,
    programs: &Programs,
) -> Result<FilmReport, Error> {
    let start = Instant::now();
    let plan = Plan::settle(input, output, options, programs)?;
    plan.check()?;
    let mut told = plan.told()?;
    tell(&told);
    let shots = plan.look_over(ctx)?;
    told.found = shots.found(&plan.film);
    let mut work = if options.resume {
        Work::resume(output, &plan.film, &plan.key)?
    } else {
        Work::begin(output, &plan.film, &plan.key)?
    };
    if shots.leave_all() && work.segments.is_empty() && plan.may_stay() {
        let bytes = if options.only_banded { Some(0) } else { plan.copied(&work)? };
        if let Some(bytes) = bytes {
            work.remove();
            let frames = shots.0.iter().map(|shot| shot.frames).sum();
            return Ok(FilmReport {
                frames,
                changed: 0,
                worked: frames,
                shots: shots.0.len() as u64,
                methods: Vec::new(),
                left: options.only_banded,
                copied: !options.only_banded,
                source_bytes: plan.film.state().map_or(0, |(bytes, _)| bytes),
                bytes,
                shown: plan.seconds().unwrap_or(0.0),
                seconds: start.elapsed().as_secs_f64(),
                plan: told,
            });
        }
    }
    let mut worked = 0;
    let done = if work.complete { Ok(()) } else { plan.encode(&mut work, &shots, &mut worked, ctx) };
    let done = done
        .and_then(|()| Ok(ctx.check()?))
        .and_then(|()| if work.segments.is_empty() { Err(plan.empty()) } else { plan.finish(&work) });
    let bytes = match done {
        Ok(bytes) => bytes,
        Err(error) => {
            // Half a film only takes the room that the next attempt needs.
            let joined = work.joined();
            let _ = fs::remove_file(&joined).or_else(|_| fs::remove_dir_all(&joined));
            work.remove_if_empty();
            return Err(about(error, output));
        }
    };
    let report = FilmReport {
        frames: work.segments.iter().map(Segment::frames).sum(),
        changed: work.tally.changed,
        worked,
        shots: work.tally.shots,
        methods: work.tally.methods.clone(),
        left: false,
        copied: false,
        source_bytes: plan.film.state().map_or(0, |(bytes, _)| bytes),
        bytes,
        shown: plan.shown(&work.segments),
        seconds: start.elapsed().as_secs_f64(),
        plan: told,
    };
    work.remove();
    Ok(report)
}

/// The same error about the result that people asked for, where it names a part of it.
fn about(error: Error, output: &Path) -> Error {
    let path = output.to_owned();
    match error {
        Error::Video(VideoError::NotWritten { doing, message, .. }) => {
            VideoError::NotWritten { path, doing, message }.into()
        }
        Error::Video(VideoError::Frames { found, expected, .. }) => {
            VideoError::Frames { path, found, expected }.into()
        }
        other => other,
    }
}

/// Where unfinished work for a result waits, if there is any.
pub fn unfinished(output: &Path) -> Option<PathBuf> {
    let folder = work::folder_of(output);
    folder.is_dir().then_some(folder)
}

/// What goes to the thread that writes.
enum Made {
    /// A frame and its time; does a segment begin with it?
    Frame { ticks: i64, bytes: Vec<u8>, begins_segment: bool, done: Done, method: Option<&'static str> },
    /// There are no more.
    End,
}

/// A frame as it was decoded, with its time.
type Read = Result<(i64, Vec<u8>), VideoError>;

/// A segment that has all its frames and is still being encoded.
struct Ending<'scope> {
    segment: ScopedJoinHandle<'scope, Result<Segment, VideoError>>,
    /// What became of its frames.
    tally: Tally,
    /// Time of the frame after it, in ticks; nothing when there is none.
    next: Option<i64>,
}

impl Ending<'_> {
    /// Waits for it and notes it.
    fn settle(ending: Option<Self>, work: &mut Work) -> Result<(), VideoError> {
        let Some(Self { segment, tally, next }) = ending else { return Ok(()) };
        let segment = segment.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        work.add(segment, &tally, next)
    }
}

impl Plan<'_> {
    /// What is found in the film; nothing where what is done does not depend on it.
    fn look_over(&self, ctx: &Context<'_>) -> Result<Shots, Error> {
        if self.follows_findings() {
            Shots::look_over(&self.film, self.options, self.expected_frames(), self.programs, ctx)
        } else {
            Ok(Shots::default())
        }
    }

    /// Copies a film in which nothing is to be repaired; gives its bytes, or nothing where the container cannot hold its codec.
    fn copied(&self, work: &Work) -> Result<Option<u64>, Error> {
        let joined = work.joined();
        let same = self.film.path.extension() == self.output.extension() && self.others.all(&self.film);
        if same {
            let copied = fs::copy(&self.film.path, &joined).map(drop);
            copied.map_err(|source| unband_io::Error::Io { action: "copy to", source }.in_file(&joined))?;
        } else if let Err(error) = video::copy(&self.film, &self.others, &self.encoding, &joined) {
            let _ = fs::remove_file(&joined);
            return match error {
                VideoError::NotWritten { .. } | VideoError::Frames { .. } => Ok(None),
                other => Err(other.into()),
            };
        }
        self.placed(&joined).map(Some)
    }

    /// Decodes, works and encodes, from where the segments end.
    fn encode(
        &self,
        work: &mut Work,
        shots: &Shots,
        worked: &mut u64,
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        let decode = DecodeOptions {
            from: work.next.or(self.cut.map(|cut| cut.from)),
            to: self.cut.and_then(|cut| cut.to),
            keep_going: self.options.keep_going,
            key_frames_only: false,
            programs: self.programs.clone(),
        };
        let mut decoder = Decoder::open(&self.film, &decode, &Limits::default())?;
        let from = *decoder.format();
        let to = from.with_bits(self.encoding.bits).ok_or_else(|| Error::Option {
            name: "depth of a film",
            range: "what its pixel format has",
            got: self.encoding.bits.to_string(),
        })?;
        std::thread::scope(|scope| {
            let (to_work, read) = sync_channel::<Read>(WAITING);
            let (give_back, empty) = sync_channel::<Vec<u8>>(2 * WAITING);
            let (to_writer, made) = sync_channel::<Made>(WAITING);
            let (give_made, empty_made) = sync_channel::<Vec<u8>>(2 * WAITING);
            scope.spawn(move || read_all(&mut decoder, &to_work, &empty));
            let writer = scope.spawn(move || self.write_all(work, &to, &made, &give_made));
            let done =
                self.work(&read, &give_back, (&to_writer, &empty_made), (from, to), (shots, worked), ctx);
            // What hangs up here ends the other two.
            drop((read, to_writer));
            let written =
                writer.join().map_err(|_| Error::Image("the thread that writes failed".to_owned()))?;
            // A writer that failed is why the work ended.
            written?;
            done
        })
    }

    /// The middle: frames in order.
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
                // Nothing in a segment depends on another one: a run that goes on makes the same frames.
                segment = Some(ticks);
                frames.restart();
                if shot.is_none() {
                    cuts = Cuts::new();
                    begins_shot = begins(&mut cuts, &bytes, &from, &mut codes);
                }
            }
            frames.push((ticks, ends), bytes, begins_shot, shot.map(|shot| &shot.treatment))?;
            if !send(&mut frames, false)? {
                // The writer knows why.
                return Ok(());
            }
        }
        if !send(&mut frames, true)? {
            return Ok(());
        }
        ctx.check()?;
        // A writer that is gone knows why.
        let _ = made.send(Made::End);
        Ok(())
    }

    /// Encodes what comes, segment by segment. What an encoder still holds back when a segment ends comes out while the next
    /// one begins.
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
            // What is finished stays, whatever became of the segment after it.
            let settled = Ending::settle(ending, work);
            written.and(settled)
        })
    }

    /// The segment before the one that is being written is left in `ending`.
    fn write_segments<'scope>(
        &self,
        work: &mut Work,
        to: &FrameFormat,
        (made, give_back): (&Receiver<Made>, &SyncSender<Vec<u8>>),
        scope: &'scope Scope<'scope, '_>,
        ending: &mut Option<Ending<'scope>>,
    ) -> Result<(), VideoError> {
        let (mut encoder, mut tally): (Option<Encoder>, _) = (None, Tally::default());
        let mut ends =
            |encoder: Encoder, tally, next: Option<i64>, work: &mut Work| -> Result<(), VideoError> {
                Ending::settle(ending.take(), work)?;
                *ending = Some(Ending { segment: scope.spawn(move || encoder.finish()), tally, next });
                Ok(())
            };
        let mut number = work.segments.len();
        for made in made {
            let Made::Frame { ticks, bytes, begins_segment, done, method } = made else {
                return encoder.map_or(Ok(()), |encoder| ends(encoder, tally, None, work));
            };
            if begins_segment {
                if let Some(encoder) = encoder.take() {
                    ends(encoder, std::mem::take(&mut tally), Some(ticks), work)?;
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

    /// Not a single frame has come.
    fn empty(&self) -> Error {
        let path = self.film.path.clone();
        let Some(cut) = self.cut else {
            return VideoError::Damaged { path, message: "no frame of it can be decoded".to_owned() }.into();
        };
        let to = cut.to.map_or("its end".to_owned(), |to| format!("{} s", self.film.seconds(to)));
        VideoError::EmptyPart { path, from: self.film.seconds(cut.from), to }.into()
    }

    /// Puts the film together and in its place; gives its bytes.
    fn finish(&self, work: &Work) -> Result<u64, Error> {
        let joined = work.joined();
        video::join(
            &self.film,
            &work.segments,
            &self.others,
            self.cut,
            &self.encoding,
            &self.ffmpeg,
            &joined,
        )?;
        self.placed(&joined)
    }

    /// Puts a film that is written in its place; gives its bytes.
    fn placed(&self, joined: &Path) -> Result<u64, Error> {
        let moved = bytes_of(joined).and_then(|bytes| {
            video::put_in_place(joined, self.output, &self.film.path)?;
            Ok(bytes)
        });
        moved.map_err(|source| unband_io::Error::Io { action: "write", source }.in_file(self.output).into())
    }

    /// From when the first frame is shown until the last one ends, in seconds.
    fn shown(&self, segments: &[Segment]) -> f64 {
        let all = || segments.iter().flat_map(|segment| &segment.times);
        let (Some(first), Some(last)) = (all().min(), all().max()) else { return 0.0 };
        let steps = all().count().saturating_sub(1);
        let seconds = self.film.seconds(last - first);
        let (frames, of_seconds) = self.film.rate();
        // The last one lasts as long as the others on average.
        let each = if steps > 0 { seconds / steps as f64 } else { f64::from(of_seconds) / f64::from(frames) };
        seconds + each
    }
}

/// Bytes of a file, or of all files in a folder.
fn bytes_of(path: &Path) -> std::io::Result<u64> {
    if !path.is_dir() {
        return Ok(fs::metadata(path)?.len());
    }
    fs::read_dir(path)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}

/// Hands on all frames.
fn read_all(decoder: &mut Decoder, out: &SyncSender<Read>, empty: &Receiver<Vec<u8>>) {
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
fn begins(cuts: &mut Cuts, bytes: &[u8], format: &FrameFormat, codes: &mut Vec<u16>) -> bool {
    let Some((luma, (width, _))) = format.planes().into_iter().next() else { return false };
    let luma = &bytes[luma];
    if format.pixels.sample_bytes() == 1 {
        return cuts.begins_u8(luma, width);
    }
    codes.clear();
    codes.extend(luma.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
    cuts.begins_u16(codes, width, format.pixels.bits)
}
