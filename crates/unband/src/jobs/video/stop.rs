//! Cancellation of external programs: a thread that waits for a blocked one cannot check the flag itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use unband_video::Programs;

use crate::{Context, Error};

/// Polling interval of the flag.
const EACH: Duration = Duration::from_millis(50);

/// Runs `work`. Once `cancel` is set, the programs are terminated, and `work` fails where it waits for one.
pub fn ending_programs<T>(programs: &Programs, cancel: &AtomicBool, work: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        let (working, ended) = channel::<()>();
        scope.spawn(move || {
            while ended.recv_timeout(EACH) == Err(RecvTimeoutError::Timeout) {
                if cancel.load(Ordering::SeqCst) {
                    programs.end();
                    return;
                }
            }
        });
        let done = work();
        drop(working);
        done
    })
}

/// As [`ending_programs`], with programs of its own.
///
/// # Errors
/// Those of `work`; [`Error::Cancelled`] if it failed after the cancellation.
pub(super) fn with_programs<T>(
    ctx: &Context<'_>,
    work: impl FnOnce(&Programs) -> Result<T, Error>,
) -> Result<T, Error> {
    let programs = Programs::default();
    let done = ending_programs(&programs, ctx.cancel, || work(&programs));
    // A terminated program fails; report the cancellation instead.
    done.or_else(|error| ctx.check().map_err(Error::from).and(Err(error)))
}
