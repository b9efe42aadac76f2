//! Freed memory of the program's allocator.

use std::sync::OnceLock;

static KEEP: OnceLock<fn()> = OnceLock::new();

/// Names the function that makes the allocator keep freed memory for work of the same size.
pub fn on_frames(keep: fn()) {
    let _ = KEEP.set(keep);
}

/// Frames of a video follow, each of which needs the memory of the one before. Call it before other threads
/// exist.
pub(crate) fn frames_follow() {
    if let Some(keep) = KEEP.get() {
        keep();
    }
}
