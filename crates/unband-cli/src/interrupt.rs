//! Ctrl-C and termination signals: stop without half-written files.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use unband::{Context, With};

use crate::{card, streams};

/// Set once a stop was requested; jobs check it as the cancel flag of their context.
static STOP: AtomicBool = AtomicBool::new(false);

/// Number of jobs that may have a half-written file.
static WRITING: AtomicUsize = AtomicUsize::new(0);

/// Signals within this time of the first are the same request: `timeout` sends one to the program and one to
/// its group; some terminals and process managers do the same.
const SAME: Duration = Duration::from_secs(1);

/// Installs the handler for Ctrl-C and termination. The first signal lets running jobs clean up. If none runs
/// (waiting for standard input, say) it ends the program at once, as does any later signal; child processes
/// are ended and half-written files removed first.
///
/// Nothing is installed for a host: it owns the signals of its process and calls [`stop`].
pub(crate) fn listen() {
    if streams::lent() {
        return;
    }
    let mut first = None;
    // If the handler cannot be installed, the system's default ends the program.
    let _ = ctrlc::set_handler(move || {
        STOP.store(true, Ordering::SeqCst);
        let again = first.get_or_insert_with(Instant::now).elapsed() >= SAME;
        if again || WRITING.load(Ordering::SeqCst) == 0 {
            unband::io::leave_nothing();
            #[allow(clippy::exit)] // A blocked read cannot be interrupted otherwise.
            std::process::exit(crate::outcome::Outcome::Interrupted as i32);
        }
    });
}

/// Requests a stop of the run of a host, as the first signal does.
pub fn stop() {
    STOP.store(true, Ordering::SeqCst);
}

/// Forgets earlier requests.
pub(crate) fn forget() {
    STOP.store(false, Ordering::SeqCst);
}

/// A context with this number of threads that a signal cancels; [`listen`]s from now on.
pub(crate) fn context(threads: usize) -> Context<'static> {
    listen();
    Context::with(|new| {
        new.threads = threads;
        new.cancel = &STOP;
        new.accelerator = card::accelerator();
    })
}

/// Guard of a job that cleans up after itself.
pub(crate) struct Busy(());

impl Busy {
    /// Begins such a job; `None` if a stop was requested before.
    pub(crate) fn begin() -> Option<Self> {
        WRITING.fetch_add(1, Ordering::SeqCst);
        let busy = Self(());
        // Checked after counting: a handler that saw no job has already ended the program.
        if STOP.load(Ordering::SeqCst) { None } else { Some(busy) }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        WRITING.fetch_sub(1, Ordering::SeqCst);
    }
}
