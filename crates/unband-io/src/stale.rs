//! Temporary files of killed programs: recognised by a lock that only a running program holds.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Beginning of their names.
pub(crate) const PREFIX: &str = ".unband-";
/// End of their names.
pub(crate) const SUFFIX: &str = ".tmp";

/// Folders whose stale files this program has removed.
static CLEANED: LazyLock<Mutex<HashSet<PathBuf>>> = LazyLock::new(Mutex::default);

/// Locks a temporary file of this program. Returns whether it is still there: another program may have taken
/// it for a stale one before it was locked.
pub fn hold(file: &File, path: &Path) -> bool {
    // Without locks on this file system nothing is ever removed.
    file.try_lock().is_err() || path.exists()
}

/// Removes temporary files of killed programs in a folder, once per folder. Files of other programs have
/// other names, and a running program holds a lock on its own.
pub fn remove(folder: &Path) {
    let known = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    if !CLEANED.lock().unwrap_or_else(PoisonError::into_inner).insert(known) {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        // Errors mean that it belongs to another user, or that there are no locks: then it stays.
        if File::options().write(true).open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_no_process_holds_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [".unband-dead.tmp", ".unband-held.tmp", ".unband-other", "a.tmp"] {
            fs::write(path(name), b"half").unwrap();
        }
        let held = File::options().write(true).open(path(".unband-held.tmp")).unwrap();
        assert!(hold(&held, &path(".unband-held.tmp")));
        remove(folder.path());
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".unband-held.tmp", ".unband-other", "a.tmp"]);
        fs::remove_file(path(".unband-held.tmp")).unwrap();
        assert!(!hold(&File::create(path("b")).unwrap(), &path(".unband-held.tmp")));
    }
}
