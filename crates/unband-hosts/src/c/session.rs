//! Work on the images and videos of one format.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, TryLockError};

use unband::findings::Findings;
use unband::frames::{FrameProcessor, Shot};
use unband::verdict::Verdict;
use unband::{Context, With, deband_with};

use super::format::{CallMemory, settle};
use super::options::CallOptions;
use super::status::CallFailure;
use crate::frame::{FrameLayout, HostFrame};
use crate::owned::OwnedMemory;

/// `unband_session`.
pub(crate) struct Session {
    pub(crate) layout: FrameLayout,
    /// Layout of results.
    pub(crate) results: FrameLayout,
    options: CallOptions,
    /// The treatment by a reimplemented method, which is the same for all frames.
    shot: OnceLock<Shot>,
    video: Mutex<Video>,
    /// After the video, which reads it.
    cancel: Flag,
}

type OwnedFrame = HostFrame<OwnedMemory>;

/// Frames of a video on their way.
#[derive(Default)]
struct Video {
    processor: Option<FrameProcessor<'static, OwnedFrame, i64>>,
    ended: bool,
    /// A result that was made and not taken.
    next: Option<(i64, OwnedFrame)>,
}

/// A flag that its owner's other fields refer to.
struct Flag(*mut AtomicBool);

// SAFETY: an atomic may be used from any thread.
unsafe impl Send for Flag {}
// SAFETY: as above.
unsafe impl Sync for Flag {}

impl Flag {
    fn new() -> Self {
        Self(Box::into_raw(Box::new(AtomicBool::new(false))))
    }

    /// # Safety
    /// The reference must end before the flag.
    unsafe fn get(&self) -> &'static AtomicBool {
        // SAFETY: made by `new`, freed by `drop`.
        unsafe { &*self.0 }
    }
}

impl Drop for Flag {
    fn drop(&mut self) {
        // SAFETY: made by `new`; no reference is left.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

impl Session {
    pub(crate) fn new(options: &CallOptions, layout: FrameLayout) -> Result<Self, CallFailure> {
        unband::check(&options.options)?;
        let results = FrameLayout { depth: options.options.depth.resolve(layout.depth), ..layout };
        let (options, video) = (options.clone(), Mutex::default());
        Ok(Self { layout, results, options, shot: OnceLock::new(), video, cancel: Flag::new() })
    }

    fn flag(&self) -> &'static AtomicBool {
        // SAFETY: calls end before the session; the video's processor is dropped before the flag.
        unsafe { self.cancel.get() }
    }

    /// Work in progress ends soon, later work at once, until [`Session::reset`].
    pub(crate) fn cancel(&self) {
        self.flag().store(true, Ordering::SeqCst);
    }

    /// Forgets the video's frames, and that work was cancelled.
    pub(crate) fn reset(&self) -> Result<(), CallFailure> {
        *self.video()? = Video::default();
        self.flag().store(false, Ordering::SeqCst);
        Ok(())
    }

    fn context(&self) -> Context<'static> {
        Context::with(|new| {
            new.threads = self.options.thread_count();
            new.cancel = self.flag();
        })
    }

    /// An image by itself, written to the frame for its result. `number`: that of a frame, for methods with
    /// noise of their own.
    pub(crate) fn process(&self, frame: HostFrame<CallMemory>, number: u32) -> Result<(), CallFailure> {
        let options = &self.options.options;
        let ctx = &self.context();
        let how = self.options.for_frames();
        let by_findings = how.follows_findings();
        if by_findings && self.layout.is_image() {
            let (made, _) = deband_with(frame.to_image()?, options, ctx)?;
            frame.of_image(&made)?;
            return Ok(());
        }
        let look = || Shot::inspect(&[&frame], &Arc::new(how), ctx);
        let own;
        let shot = if by_findings {
            own = look()?;
            &own
        } else if let Some(shot) = self.shot.get() {
            shot
        } else {
            let shot = look()?;
            self.shot.get_or_init(|| shot)
        };
        let restored = shot.restore(frame, number, ctx)?;
        settle(&shot.finish(&[&restored], 0, ctx)?)?;
        Ok(())
    }

    fn video(&self) -> Result<MutexGuard<'_, Video>, CallFailure> {
        match self.video.try_lock() {
            Ok(video) => Ok(video),
            Err(TryLockError::Poisoned(video)) => Ok(video.into_inner()),
            Err(TryLockError::WouldBlock) => {
                Err(CallFailure::argument("the session works in another thread: use one per thread"))
            }
        }
    }

    /// Adds a frame of a video. `begins_shot`: whether it does, if that is known.
    pub(crate) fn push(
        &self,
        frame: &HostFrame<CallMemory>,
        tag: i64,
        begins: Option<bool>,
    ) -> Result<(), CallFailure> {
        let mut video = self.video()?;
        if video.ended {
            return Err(CallFailure::argument(
                "no frame may follow `unband_finish`; `unband_reset` begins another video",
            ));
        }
        let mut own = HostFrame { layout: self.layout, memory: OwnedMemory::new(&self.layout)? };
        own.copy(frame);
        let new = || FrameProcessor::new(self.options.for_frames(), &self.context());
        let processor = video.processor.get_or_insert_with(new);
        match begins {
            None => processor.push(tag, own)?,
            Some(begins) => processor.push_known(tag, own, begins, None, true)?,
        }
        Ok(())
    }

    /// Hands the next result to `take`; `false` where more frames must be pushed first. A result that `take`
    /// refuses stays.
    pub(crate) fn pull(
        &self,
        take: impl FnOnce(i64, &OwnedFrame) -> Result<(), CallFailure>,
    ) -> Result<bool, CallFailure> {
        let mut video = self.video()?;
        if video.next.is_none() {
            let Some(processor) = &mut video.processor else { return Ok(false) };
            video.next = processor.next()?.map(|finished| (finished.tag, finished.frame));
        }
        let Some((tag, frame)) = &video.next else { return Ok(false) };
        take(*tag, frame)?;
        video.next = None;
        Ok(true)
    }

    /// No more frames follow.
    pub(crate) fn finish(&self) -> Result<(), CallFailure> {
        let mut video = self.video()?;
        video.ended = true;
        if let Some(processor) = &mut video.processor {
            processor.finish();
        }
        Ok(())
    }

    /// The findings on a frame: as an image, or as a frame of a video.
    pub(crate) fn inspect(
        &self,
        frame: &HostFrame<CallMemory>,
        is_image: bool,
    ) -> Result<(Findings, Verdict), CallFailure> {
        let ctx = &self.context();
        let stopped = |_| CallFailure::from(unband::Error::Cancelled);
        ctx.check().map_err(stopped)?;
        let found = frame.inspected(is_image, ctx)?;
        ctx.check().map_err(stopped)?;
        Ok(found)
    }
}
