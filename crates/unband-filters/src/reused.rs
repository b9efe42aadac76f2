//! Working memory that windows leave for the next ones.

use std::sync::Mutex;

/// Values that are not in use: as many as windows are restored at once.
pub(crate) struct Reused<T>(Mutex<Vec<T>>);

impl<T> Default for Reused<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Default> Reused<T> {
    /// One of them, or a new one. A thread that panicked costs the memory, not the result.
    pub(crate) fn take(&self) -> T {
        self.0.lock().ok().and_then(|mut spare| spare.pop()).unwrap_or_default()
    }

    /// Keeps a value for the next window.
    pub(crate) fn give(&self, value: T) {
        if let Ok(mut spare) = self.0.lock() {
            spare.push(value);
        }
    }
}
