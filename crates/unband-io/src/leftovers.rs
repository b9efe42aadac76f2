//! Temporary files and folders to delete when the program is terminated.
//!
//! Whoever creates one normally removes it. This list is for a termination after which no other code runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static ALL: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn all() -> MutexGuard<'static, Vec<PathBuf>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An unfinished file or folder. Until this is dropped, a signal that terminates the program removes it.
#[derive(Debug)]
pub struct Leftover(PathBuf);

impl Leftover {
    /// Registers a path that exists or is about to be created.
    pub fn new(path: &Path) -> Self {
        // The working directory may change.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        all().push(path.clone());
        Self(path)
    }
}

impl Drop for Leftover {
    fn drop(&mut self) {
        let mut all = all();
        if let Some(at) = all.iter().position(|path| *path == self.0) {
            all.swap_remove(at);
        }
    }
}

/// Removes everything unfinished.
pub(crate) fn remove() {
    for path in all().drain(..) {
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
    }
}
