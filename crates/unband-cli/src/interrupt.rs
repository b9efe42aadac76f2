//! Ctrl-C: finish tidily, leave no half file.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Set once people asked to stop; every job looks at it.
pub static STOP: AtomicBool = AtomicBool::new(false);

/// How many jobs may have a file half written.
static WRITING: AtomicUsize = AtomicUsize::new(0);

/// Listens for Ctrl-C and requests to terminate. The first one lets the running jobs clean up behind
/// themselves; when none runs (waiting for standard input, say) it ends the program at once, and so does a
/// second one.
pub fn listen() {
    // Without a handler the system's default ends the program, which is no reason not to start.
    let _ = ctrlc::set_handler(|| {
        let again = STOP.swap(true, Ordering::SeqCst);
        if again || WRITING.load(Ordering::SeqCst) == 0 {
            #[allow(clippy::exit)] // A blocked read cannot be left in another way.
            std::process::exit(crate::Outcome::Interrupted as i32);
        }
    });
}

/// Has anybody asked to stop?
pub fn asked() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// Held while a job runs that cleans up behind itself.
pub struct Busy(());

impl Busy {
    /// Begins such a job; nothing when people asked to stop before.
    pub fn begin() -> Option<Self> {
        WRITING.fetch_add(1, Ordering::SeqCst);
        let busy = Self(());
        // Asked after counting: a handler that saw no job has ended the program already.
        if asked() { None } else { Some(busy) }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        WRITING.fetch_sub(1, Ordering::SeqCst);
    }
}
