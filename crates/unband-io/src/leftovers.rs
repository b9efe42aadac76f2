//! What must not stay behind when this program has to end in the middle: files half written, folders of other programs.
//!
//! Whoever makes one removes it in the end, whatever happens; this list is for an end that nobody's code comes back from.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

static ALL: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file or folder that is not finished. Until this is dropped, a signal that ends the program removes it.
#[derive(Debug)]
pub struct Leftover(PathBuf);

impl Leftover {
    /// Notes what is made there, or will be at once.
    pub fn new(path: &Path) -> Self {
        // The folder that a program works in may change.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        ALL.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
        Self(path)
    }
}

impl Drop for Leftover {
    fn drop(&mut self) {
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = all.iter().position(|path| *path == self.0) {
            all.swap_remove(at);
        }
    }
}

/// Removes all that is not finished.
pub(crate) fn remove() {
    for path in ALL.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
    }
}
