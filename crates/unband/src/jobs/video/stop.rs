//! Ctrl-C while programs are at work: whoever waits for one that hangs cannot look whether people asked to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use unband_io::video::Programs;

/// How often it is looked.
const EACH: Duration = Duration::from_millis(50);

/// Does the work; the programs are ended once `cancel` is set, and the work then fails where it waits for one.
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
