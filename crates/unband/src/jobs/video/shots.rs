//! Inspection pass over a video: shot boundaries and the treatment of each shot.
//!
//! A shot gets one treatment from its first frame to its last. It does not depend on codec, container or the
//! frame at which the file starts.

use std::sync::Arc;

use unband_video::{FrameFormat, VideoError, VideoFile};

use super::boundaries::Boundaries;
use super::plan::{Plan, ShotFound};
use super::source::{FrameSource, RawFrame, Span, source};
use super::upscaling;
use super::zones::Zones;
use crate::frames::{FrameOptions, Shot};
use crate::{Context, Error};

/// Frames between two inspections; the last frame of a shot is inspected too.
const EVERY: u64 = 24;
/// Duration of the inspection pass in the progress, as a share of a frame's processing time.
pub(super) const SHARE: usize = 12;

/// A shot at its place in the video.
pub(super) struct TimedShot {
    /// Time of its first frame, in ticks.
    pub(super) first: i64,
    /// Time of its last frame.
    pub(super) last: i64,
    /// Number of frames.
    pub(super) frames: u64,
    /// Is any of its frames repaired? False outside the selected ranges of time.
    pub(super) inside: bool,
    pub(super) shot: Arc<Shot>,
}

/// The shots of a video, or of its selected part.
#[derive(Default)]
pub(super) struct Shots(pub(super) Vec<TimedShot>);

/// The first pass over a video.
#[derive(Default)]
pub(super) struct Overview {
    /// Its shots and findings; empty where the treatment does not depend on them.
    pub(super) shots: Shots,
    /// Times of the first frames of its segments, in ticks.
    pub(super) starts: Vec<i64>,
}

impl Plan<'_> {
    /// Decodes a video, and inspects it where the treatment depends on findings. For damaged videos the shots
    /// before the damage are returned; the processing pass reports the error.
    ///
    /// # Errors
    /// Frames that change in the middle, unknown methods and settings, and cancelled.
    pub(super) fn look_over(&self, ctx: &Context<'_>) -> Result<Overview, Error> {
        let source = source(&self.file, self.options, Span::default(), self.programs)?;
        let (how, expected, mut shots) = (self.frame_options(), self.expected_frames(), Vec::new());
        let mut put = |shot| {
            shots.push(shot);
            Ok(())
        };
        let ahead = Ahead {
            file: &self.file,
            how: &how,
            inspects: upscaling::inspects(self.options, &how),
            zones: &self.zones,
            put: &mut put,
            on_frame: &mut |n| {
                ctx.progress.advance(expected.min(n) / SHARE, expected + expected / SHARE);
                true
            },
        };
        let starts = ahead.look_over(source, ctx)?;
        // The container may not state the length, or that of longer sound.
        if let Some(last) = shots.last().filter(|_| shots.iter().all(|shot| !shot.inside)) {
            return Err(Zones::outside(&self.file, self.options, last.last));
        }
        Ok(Overview { shots: Shots(shots), starts })
    }
}

/// The inspection pass over a source.
pub(super) struct Ahead<'a> {
    pub(super) file: &'a VideoFile,
    pub(super) how: &'a Arc<FrameOptions>,
    /// Inspect, or only find segments?
    pub(super) inspects: bool,
    pub(super) zones: &'a Zones,
    /// Receives each shot at its end.
    pub(super) put: &'a mut dyn FnMut(TimedShot) -> Result<(), Error>,
    /// Gets the number of each frame; false ends the pass.
    pub(super) on_frame: &'a mut dyn FnMut(usize) -> bool,
}

impl Ahead<'_> {
    /// Decodes all frames; returns the times of the first frames of the segments, in ticks.
    pub(super) fn look_over(self, source: FrameSource<'_>, ctx: &Context<'_>) -> Result<Vec<i64>, Error> {
        let Self { file, how, inspects, zones, put, on_frame } = self;
        std::thread::scope(|scope| {
            let mut source = source.ahead(scope);
            let mut looker = Looker { format: *source.format(), how, zones, ctx, put, open: None };
            let (mut boundaries, mut starts) = (Boundaries::default(), Vec::new());
            for number in 0.. {
                let read = source.next_frame();
                ctx.check()?;
                let mut frame = match read {
                    Ok(Some(frame)) => frame,
                    // It is refused in any case: no time is spent on the frames before.
                    Err(error @ VideoError::Changes { .. }) => return Err(error.into()),
                    Ok(None) | Err(_) => break,
                };
                let begins = boundaries.begins_with(&frame, file);
                if begins {
                    starts.push(frame.ticks);
                }
                if !inspects {
                    if begins {
                        source.restart(&mut frame);
                    }
                    source.recycle(frame.bytes);
                } else if let Some(old) = looker.put(frame)? {
                    source.recycle(old);
                }
                if !on_frame(number) {
                    return Err(Error::Cancelled);
                }
            }
            looker.end()?;
            Ok(starts)
        })
    }
}

impl Shots {
    /// The shot that contains a frame; `None` after the last known one.
    pub(super) fn at(&self, ticks: i64) -> Option<&TimedShot> {
        let after = self.0.partition_point(|shot| shot.first <= ticks);
        self.0.get(after.checked_sub(1)?)
    }

    /// The shots that have frames in a range of time, in ticks; `to` is exclusive.
    pub(super) fn within(&self, from: i64, to: Option<i64>) -> impl Iterator<Item = &TimedShot> {
        let first = self.0.partition_point(|shot| shot.first <= from).saturating_sub(1);
        self.0.iter().skip(first).take_while(move |shot| to.is_none_or(|to| shot.first < to))
    }

    /// The findings for the report.
    pub(super) fn found(&self, file: &VideoFile) -> Vec<ShotFound> {
        let found = |TimedShot { first, frames, shot, inside, .. }: &TimedShot| ShotFound {
            begins: file.shown(*first),
            frames: *frames,
            grade: shot.grade(),
            finding: shot.findings().sentence(),
            method: shot.method().filter(|_| *inside),
            outside: !inside,
        };
        self.0.iter().map(found).collect()
    }

    /// Does the whole video stay unchanged? False without an inspection.
    pub(super) fn leave_all(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|timed| !timed.inside || timed.shot.leaves())
    }
}

/// Inspects frames in order.
struct Looker<'a> {
    format: FrameFormat,
    how: &'a Arc<FrameOptions>,
    zones: &'a Zones,
    ctx: &'a Context<'a>,
    put: &'a mut dyn FnMut(TimedShot) -> Result<(), Error>,
    open: Option<Open>,
}

/// The current shot.
struct Open {
    times: (i64, i64),
    frames: u64,
    /// Is one of its frames repaired?
    inside: bool,
    last: Vec<u8>,
    looks: Vec<Shot>,
}

impl Open {
    /// May a frame of it be repaired? Behind the last range one look is enough.
    fn may_repair(&self, zones: &Zones) -> bool {
        zones.meet(self.times.0, i64::MAX)
    }
}

impl Looker<'_> {
    /// Adds a frame; returns memory for reuse.
    fn put(&mut self, frame: RawFrame) -> Result<Option<Vec<u8>>, Error> {
        if frame.begins_shot {
            self.end()?;
        }
        let open = self.open.get_or_insert_with(|| Open {
            times: (frame.ticks, frame.ticks),
            frames: 0,
            inside: false,
            last: Vec::new(),
            looks: Vec::new(),
        });
        let wanted = open.frames.is_multiple_of(EVERY) && (open.frames == 0 || open.may_repair(self.zones));
        open.frames += 1;
        open.times.1 = frame.ticks;
        open.inside |= self.zones.contain(frame.ticks);
        let old = std::mem::replace(&mut open.last, frame.bytes);
        if wanted {
            self.look()?;
        }
        Ok((!old.is_empty()).then_some(old))
    }

    /// Inspects the last frame.
    fn look(&mut self) -> Result<(), Error> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let image = self.format.read(&open.last).map_err(|error| Error::Image(error.to_string()))?;
        open.looks.push(Shot::of_frame(&image, self.how, self.ctx)?);
        Ok(())
    }

    /// Ends the current shot.
    fn end(&mut self) -> Result<(), Error> {
        let looks = |open: &Open| open.frames % EVERY != 1 && open.may_repair(self.zones);
        if self.open.as_ref().is_some_and(looks) {
            self.look()?;
        }
        let Some(open) = self.open.take() else { return Ok(()) };
        let Some(shot) = Shot::settled(open.looks) else { return Ok(()) };
        let (first, last) = open.times;
        let (frames, inside) = (open.frames, open.inside);
        (self.put)(TimedShot { first, last, frames, inside, shot: Arc::new(shot) })
    }
}
