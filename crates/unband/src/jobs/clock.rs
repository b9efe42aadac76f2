//! Wall-clock time of a job.

use std::time::Instant;

/// A clock that started with a job. In browsers the standard library has no clock: there it stands still.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Option<Instant>);

impl Clock {
    /// Starts.
    pub(crate) fn start() -> Self {
        Self((!cfg!(target_family = "wasm")).then(Instant::now))
    }

    /// Seconds since the start.
    pub(crate) fn seconds(self) -> f64 {
        self.0.map_or(0.0, |start| start.elapsed().as_secs_f64())
    }
}
