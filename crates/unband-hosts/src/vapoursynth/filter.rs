//! Filters: clips whose frames a function of unband makes.

use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use unband::{Context, With};

use super::api::{
    ANY_FRAMES, BEGINS, PARALLEL, READY, SAME_FRAME, VsApi, VsCore, VsFilterDependency, VsFrame,
    VsFrameContext, VsMap, VsVideoInfo,
};
use super::host::{Clip, Host, Request, VsMemory, c_text};
use super::layout;
use crate::frame::HostFrame;
use crate::guard::caught;

/// The context of a call.
pub(super) fn context(threads: usize) -> Context<'static> {
    Context::with(|new| new.threads = threads)
}

/// The work of a filter on its clip.
pub(super) trait Filter: Send + Sync {
    /// Frames of the clip that result `n` needs first; `n` alone by default.
    fn needs(&self, n: c_int) -> Vec<c_int> {
        vec![n]
    }

    /// Result `n`, or the frames that it needs besides those asked for.
    fn frame(&self, n: c_int, source: Asked<'_>) -> Result<Step, String>;
}

/// A step towards a result.
pub(super) enum Step {
    Done(VsMemory),
    Needs(Vec<c_int>),
}

/// The frames that were asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    request: Request,
    clip: &'a Clip,
}

impl Asked<'_> {
    /// A frame; `None` if it was not asked for yet.
    pub(super) fn get(self, n: c_int) -> Option<VsMemory> {
        self.request.frame(self.clip, n)
    }

    /// A frame that was asked for.
    pub(super) fn frame(self, n: c_int) -> Result<VsMemory, String> {
        self.get(n).ok_or_else(|| format!("frame {n} is missing"))
    }

    /// A frame that was asked for, with its layout; `lossy` as [`layout::framed`] takes it.
    pub(super) fn read(self, n: c_int, lossy: Option<bool>) -> Result<HostFrame<VsMemory>, String> {
        layout::framed(self.frame(n)?, lossy).map_err(|what| format!("frame {n}: {what}"))
    }
}

/// A filter, its clip, and the format of its results.
pub(super) struct NewFilter {
    pub(super) clip: Clip,
    pub(super) info: VsVideoInfo,
    /// Result n needs frame n alone.
    pub(super) same: bool,
    pub(super) filter: Box<dyn Filter>,
}

struct Instance {
    name: &'static str,
    clip: Clip,
    filter: Box<dyn Filter>,
}

/// Adds a filter to the results of a call.
///
/// # Safety
/// The result map of a call.
pub(super) unsafe fn add(host: Host, out: *mut VsMap, name: &'static str, new: NewFilter) {
    let NewFilter { clip, info, same, filter } = new;
    let pattern = if same { SAME_FRAME } else { ANY_FRAMES };
    let needs = VsFilterDependency { source: clip.node, pattern };
    let instance = Box::into_raw(Box::new(Instance { name, clip, filter }));
    // SAFETY: the core copies names, formats and dependencies, and frees the instance by `free`.
    unsafe {
        (host.api.create_filter)(
            out,
            c_text(name).as_ptr(),
            &raw const info,
            get_frame,
            free,
            PARALLEL,
            &raw const needs,
            1,
            instance.cast(),
            host.core,
        );
    }
}

unsafe extern "C" fn get_frame(
    n: c_int,
    reason: c_int,
    instance: *mut c_void,
    _: *mut *mut c_void,
    context: *mut VsFrameContext,
    core: *mut VsCore,
    api: *const VsApi,
) -> *const VsFrame {
    // SAFETY: the core passes what `add` gave it, and its own pointers.
    let (Instance { name, clip, filter }, host) =
        unsafe { (&*instance.cast::<Instance>(), Host::new(api, core)) };
    let request = Request { host, context };
    let run = || match reason {
        BEGINS => Ok(Step::Needs(filter.needs(n))),
        READY => filter.frame(n, Asked { request, clip }),
        _ => Ok(Step::Needs(Vec::new())),
    };
    match caught(run) {
        Ok(Step::Done(frame)) => return frame.into_raw(),
        Ok(Step::Needs(frames)) => frames.into_iter().for_each(|frame| request.ask(clip, frame)),
        Err(message) => request.fail(&format!("unband.{name}: {message}")),
    }
    ptr::null()
}

unsafe extern "C" fn free(instance: *mut c_void, _: *mut VsCore, _: *const VsApi) {
    // SAFETY: made by `add`, freed once.
    let instance = unsafe { Box::from_raw(instance.cast::<Instance>()) };
    let _ = catch_unwind(AssertUnwindSafe(|| drop(instance)));
}
