//! Pool of spare values: working memory that one task leaves for the next. New memory costs a page fault per
//! page.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values that are not in use: at most as many as were in use at once.
#[derive(Debug, Default)]
pub struct SparePool<T>(Mutex<Vec<T>>);

impl<T> SparePool<T> {
    /// One of them, if any.
    pub fn take(&self) -> Option<T> {
        self.lock().pop()
    }

    /// Keeps a value for the next task.
    pub fn give(&self, value: T) {
        self.lock().push(value);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
