//! Cancellation of external programs: a thread that waits for a blocked one cannot check the flag itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use unband_io::video::Programs;

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
