//! Ctrl-C: finish tidily, leave no half file.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Set once people asked to stop; every job looks at it.
pub static STOP: AtomicBool = AtomicBool::new(false);

/// How many jobs may have a file half written.
static WRITING: AtomicUsize = AtomicUsize::new(0);

/// Signals that come so soon after the first are the same wish: `timeout` sends one to the program and one to its group, some
/// terminals and process managers do likewise.
const SAME: Duration = Duration::from_secs(1);

/// Listens for Ctrl-C and requests to terminate. The first one lets the running jobs clean up behind
/// themselves; when none runs (waiting for standard input, say) it ends the program at once, and so does a
/// later one: other programs are ended and files that are half written removed before.
pub fn listen() {
    let mut first = None;
    // Without a handler the system's default ends the program, which is no reason not to start.
    let _ = ctrlc::set_handler(move || {
        STOP.store(true, Ordering::SeqCst);
        let again = first.get_or_insert_with(Instant::now).elapsed() >= SAME;
        if again || WRITING.load(Ordering::SeqCst) == 0 {
            unband_io::leave_nothing();
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
