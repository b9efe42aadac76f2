//! Work on a thread of its own, while Python's thread looks for Ctrl-C and reports progress.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use pyo3::prelude::*;
use unband::{Context, ErrorKind, Progress, With};

use crate::fault::Fault;

/// Time between two looks for signals. Ctrl-C is answered within a tenth of a second.
pub(crate) const LOOK: Duration = Duration::from_millis(20);

/// Resources of a call.
pub(crate) struct Job {
    /// Number of threads; all processors without it.
    pub threads: Option<usize>,
    /// Gets the finished and the total number of parts.
    pub progress: Option<Py<PyAny>>,
    /// The answer to Ctrl-C.
    pub stop: Stop,
    /// Does the work end within some milliseconds? Then it needs no thread.
    pub quick: bool,
}

impl Job {
    /// Work that may be quick; a caller who gets progress has a thread of its own for it.
    #[must_use]
    pub(crate) fn quick_if(self, quick: bool) -> Self {
        Self { quick: quick && self.progress.is_none(), ..self }
    }
}

/// The answer to Ctrl-C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The call ends at once. The work, which touches only its own memory, ends by itself soon after.
    AtOnce,
    /// The call ends with the work, so that no file remains half-written.
    WithWork,
}

/// State shared by the work and its caller.
#[derive(Default)]
struct Shared {
    cancel: AtomicBool,
    /// Finished parts in the upper half, all parts in the lower.
    progress: AtomicU64,
}

impl Progress for Shared {
    fn advance(&self, done: usize, total: usize) {
        let half = |n: usize| u64::from(u32::try_from(n).unwrap_or(u32::MAX));
        self.progress.store(half(done) << 32 | half(total), Ordering::Relaxed);
    }
}

/// Runs work without the interpreter's lock and returns its result.
///
/// # Errors
/// The work's own error, `KeyboardInterrupt` after Ctrl-C, or the exception that `progress` raised; both stop
/// the work. A panic becomes an `UnbandError`.
pub(crate) fn run<T: Send + 'static>(
    py: Python<'_>,
    job: &Job,
    work: impl FnOnce(&Context<'_>) -> Result<T, Fault> + Send + 'static,
) -> PyResult<T> {
    let shared = Arc::new(Shared::default());
    if job.quick {
        return py.detach(|| on(&shared, job.threads, work)).map_err(PyErr::from);
    }
    let (send, mut receive) = sync_channel(1);
    let (theirs, threads) = (Arc::clone(&shared), job.threads);
    let thread = std::thread::Builder::new().name("unband job".to_owned());
    let started = thread.spawn(move || {
        // No one receives it after Ctrl-C.
        let _ = send.send(on(&theirs, threads, work));
    });
    started.map_err(|error| Fault::new(ErrorKind::Limit, format!("cannot start a thread: {error}")))?;
    let mut reported = 0;
    loop {
        // Only an exclusive reference may leave the lock.
        let waiting = &mut receive;
        match py.detach(move || waiting.recv_timeout(LOOK)) {
            Ok(result) => {
                if result.is_ok() {
                    report(py, job, &shared, &mut reported)?;
                }
                return result.map_err(PyErr::from);
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Fault::new(ErrorKind::Other, "internal error: the work has no result").into());
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Err(raised) = py.check_signals().and_then(|()| report(py, job, &shared, &mut reported)) {
            shared.cancel.store(true, Ordering::Relaxed);
            if job.stop == Stop::WithWork {
                let last = &mut receive;
                let _ = py.detach(move || last.recv().is_ok());
            }
            return Err(raised);
        }
    }
}

/// Does the work; a panic becomes an error.
fn on<T>(
    shared: &Shared,
    threads: Option<usize>,
    work: impl FnOnce(&Context<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    // The number of processors takes longer to find than a small image: the system keeps limits in files.
    static PLAIN: OnceLock<Context<'static>> = OnceLock::new();
    let own = *PLAIN.get_or_init(Context::default);
    let ctx = own.but(|new| {
        new.threads = threads.unwrap_or(own.threads);
        new.cancel = &shared.cancel;
        new.progress = shared;
    });
    let result = catch_unwind(AssertUnwindSafe(|| work(&ctx)));
    result.unwrap_or_else(|panic| Err(Fault::panicked(&*panic)))
}

/// Calls `progress` if there is any since the last call.
fn report(py: Python<'_>, job: &Job, shared: &Shared, reported: &mut u64) -> PyResult<()> {
    let Some(progress) = &job.progress else { return Ok(()) };
    let now = shared.progress.load(Ordering::Relaxed);
    if now != *reported {
        *reported = now;
        progress.call1(py, (now >> 32, now & u64::from(u32::MAX)))?;
    }
    Ok(())
}
