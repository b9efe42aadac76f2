//! Release of freed memory by the program's allocator.

use std::sync::OnceLock;

static RELEASE: OnceLock<fn(bool)> = OnceLock::new();

/// Names the function that sets when freed memory goes back to the system, given whether work of the same
/// size follows: soon, which is set at once, or late.
pub fn set_release(release: fn(bool)) {
    release(false);
    let _ = RELEASE.set(release);
}

/// Frames of a video follow, each of which needs the memory of the one before. Call it before other threads
/// exist.
pub fn frames_follow() {
    if let Some(release) = RELEASE.get() {
        release(true);
    }
}
