//! Debanding of frames in order: frames in, finished frames out.

use std::collections::VecDeque;
use std::sync::Arc;

use unband_image::Context;
use unband_image::cuts::Cuts;

use super::shot::{Memory, State};
use super::{Frame, FrameOptions, Restored, Shot};
use crate::Error;

/// Frames between two inspections of a shot that was not inspected as a whole before.
const LOOK_EVERY: u32 = 24;

/// Result status of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoneFrame {
    /// Is it the first frame of a shot?
    pub begins_shot: bool,
    /// Does any sample differ?
    pub changed: bool,
}

/// A finished frame.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finished<F, T> {
    /// The caller's tag: time stamps, numbers.
    pub tag: T,
    /// The frame before the work.
    pub source: F,
    /// The result.
    pub frame: F,
    /// Its status.
    pub done: DoneFrame,
    /// The method that changed it; `None` if unchanged.
    pub method: Option<&'static str>,
}

/// Debands frames in order, each with a tag of the caller.
///
/// Cuts are found, frames that repeat the one before cost little, and a result comes out once the two frames
/// after it are known. Memory: five frames.
///
/// ```
/// use unband::frames::{FrameOptions, FrameProcessor};
/// use unband::{Context, Image};
///
/// let mut frames = FrameProcessor::new(FrameOptions::default(), &Context::default());
/// let mut times = Vec::new();
/// for n in 0..6 {
///     let codes: Vec<u8> = (0..96 * 64).map(|i| ((i % 96 + n) / 8 * 8) as u8).collect();
///     frames.push(n as f64 / 25.0, Image::from_gray(96, 64, &codes)?)?;
///     while let Some(done) = frames.next()? {
///         times.push(done.tag);
///     }
/// }
/// frames.finish();
/// while let Some(done) = frames.next()? {
///     times.push(done.tag);
/// }
/// assert_eq!(times.len(), 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FrameProcessor<'a, F, T> {
    how: Arc<FrameOptions>,
    ctx: Context<'a>,
    /// The current shot, and the number of frames since its inspection.
    shot: Option<(Arc<Shot>, u32)>,
    /// Number of the next frame since [`FrameProcessor::restart`].
    number: u32,
    /// Finished frames that serve as neighbours, then those that wait for neighbours.
    window: VecDeque<Held<F, T>>,
    out: usize,
    /// No more frames follow.
    ended: bool,
    cuts: Cuts,
    codes: Vec<u16>,
    memory: Memory<F>,
}

/// A frame in process.
struct Held<F, T> {
    tag: Option<T>,
    /// Is it independent of the frame before?
    begins: bool,
    begins_shot: bool,
    /// Is it repaired? Else it keeps its samples, and is restored only as a neighbour.
    repairs: bool,
    restored: Restored<F>,
    shot: Arc<Shot>,
}

impl<F, T> Held<F, T> {
    fn is_kept(&self) -> bool {
        matches!(self.restored.state, State::Kept(_))
    }
}

impl<'a, F: Frame, T> FrameProcessor<'a, F, T> {
    /// With options and a context; its progress is not used.
    pub fn new(how: FrameOptions, ctx: &Context<'a>) -> Self {
        Self {
            how: Arc::new(how),
            ctx: *ctx,
            shot: None,
            number: 0,
            window: VecDeque::new(),
            out: 0,
            ended: false,
            cuts: Cuts::new(),
            codes: Vec::new(),
            memory: Memory::default(),
        }
    }

    /// Resets the state: the next frame does not depend on earlier ones.
    pub fn restart(&mut self) {
        (self.shot, self.number) = (None, 0);
        self.cuts = Cuts::new();
    }

    /// Adds a frame. Whether it begins a shot is found by comparison with the frames before. The shot is
    /// inspected every 24 frames; once restored, it stays so to its end.
    ///
    /// # Errors
    /// Unknown methods and settings, methods that cannot process such frames, and cancelled.
    pub fn push(&mut self, tag: T, frame: F) -> Result<(), Error> {
        let begins = frame.begins_shot(&mut self.cuts, &mut self.codes);
        self.push_known(tag, frame, begins, None, true)
    }

    /// As [`FrameProcessor::push`], where it is known whether the frame begins a shot, and perhaps the shot.
    /// Without `repairs` it keeps its samples, and only its depth changes; the repaired frames around it are
    /// the same as with it.
    ///
    /// # Errors
    /// As [`FrameProcessor::push`].
    pub fn push_known(
        &mut self,
        tag: T,
        frame: F,
        begins_shot: bool,
        shot: Option<&Arc<Shot>>,
        repairs: bool,
    ) -> Result<(), Error> {
        self.ctx.check()?;
        let begins = begins_shot || self.number == 0;
        if begins {
            self.shot = None;
        }
        let shot = match (shot, self.shot.take()) {
            (Some(known), _) => (Arc::clone(known), 0),
            (None, Some((shot, age))) if age < LOOK_EVERY || !shot.leaves() => (shot, age + 1),
            _ => {
                let image = frame.read(self.memory.planes.pop().unwrap_or_default())?;
                let shot = Shot::of_frame(&image, &self.how, &self.ctx)?;
                self.memory.planes.push(image.planes);
                (Arc::new(shot), 1)
            }
        };
        let shot = Arc::clone(&self.shot.insert(shot).0);
        let near = !begins && self.meets_neighbours(shot.reach(), repairs)?;
        // Comparing with the previous frame costs little next to processing it.
        let last = self.window.back().filter(|last| !begins && last.is_kept());
        let is_same = |came: &F| came.is_same(&frame);
        let same = last.filter(|last| last.restored.source.as_ref().is_some_and(is_same));
        let again = same.and_then(|last| last.restored.again(self.how.temporal, &self.ctx));
        let restored = match again {
            _ if !repairs && !near => Restored::waiting(frame, self.number),
            Some(again) => Restored { source: Some(frame), ..again },
            None => shot.restore_in(frame, self.number, &mut self.memory, &self.ctx)?,
        };
        self.number += 1;
        self.window.push_back(Held { tag: Some(tag), begins, begins_shot, repairs, restored, shot });
        Ok(())
    }

    /// Is one of the last frames repaired, as far as they are neighbours of the next one? If the next one is,
    /// those before it that keep their samples are restored as its neighbours.
    fn meets_neighbours(&mut self, reach: usize, repairs: bool) -> Result<bool, Error> {
        let (mut near, mut begins) = (false, false);
        for held in self.window.iter_mut().rev().take(reach) {
            if std::mem::replace(&mut begins, held.begins) {
                break;
            }
            near |= held.repairs;
            if repairs && !held.repairs && !held.is_kept() && held.shot.reach() > 0 {
                let Some(source) = held.restored.source.take() else { break };
                let (number, memory) = (held.restored.number, &mut self.memory);
                held.restored = held.shot.restore_in(source, number, memory, &self.ctx)?;
            }
        }
        Ok(near)
    }

    /// No more frames follow: the frames that wait for neighbours come out.
    pub fn finish(&mut self) {
        self.ended = true;
    }

    /// The next finished frame; `None` if more frames must be pushed first.
    ///
    /// # Errors
    /// As [`FrameProcessor::push`].
    #[allow(clippy::should_implement_trait)] // more frames may follow `None`
    pub fn next(&mut self) -> Result<Option<Finished<F, T>>, Error> {
        let Some(held) = self.window.get(self.out) else { return Ok(None) };
        let reach = self.how.temporal.reach();
        // A frame that keeps its samples may become a neighbour.
        let awaited = if held.is_kept() || !held.repairs { held.shot.reach() } else { 0 };
        let belongs = |after: &&Held<F, T>| !after.begins && (after.is_kept() || !held.repairs);
        let with = self.window.range(self.out + 1..).take(awaited).take_while(belongs).count();
        if with < awaited && !self.ended && self.window.len() == self.out + 1 + with {
            return Ok(None);
        }
        let frame = if !held.repairs {
            Some(held.shot.unrepaired(&held.restored, &mut self.memory, &self.ctx)?)
        } else if held.is_kept() {
            Some(self.finished(with)?)
        } else {
            None
        };
        let Some(held) = self.window.get_mut(self.out) else { return Ok(None) };
        let changed = held.repairs && !held.shot.leaves();
        let done = DoneFrame { begins_shot: held.begins_shot, changed };
        let (tag, method) = (held.tag.take(), held.shot.method().filter(|_| changed));
        let (source, frame) = held.restored.taken(frame);
        self.out += 1;
        while self.out > reach {
            let Some(held) = self.window.pop_front() else { break };
            if let State::Kept(kept) = held.restored.state {
                self.memory.kept.push(kept);
            }
            self.out -= 1;
        }
        let finished = tag.zip(source.zip(frame));
        Ok(finished.map(|(tag, (source, frame))| Finished { tag, source, frame, done, method }))
    }

    /// Takes back the memory of a finished frame's result.
    pub fn recycle(&mut self, frame: F) {
        self.memory.frames.push(frame);
    }

    /// Finishes the next frame. `with` following frames belong to the same run.
    fn finished(&mut self, with: usize) -> Result<F, Error> {
        let at = self.out;
        let belongs = |i: &usize| !self.window[i + 1].begins && self.window[*i].is_kept();
        let first = at.saturating_sub(self.how.temporal.reach());
        let behind = (first..at).rev().take_while(belongs).count();
        let run = self.window.range(at - behind..=at + with).map(|held| &held.restored).collect::<Vec<_>>();
        self.window[at].shot.finish_in(&run, behind, &mut self.memory, &self.ctx)
    }
}
