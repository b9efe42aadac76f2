//! Lock on the folder of unfinished work, which allows one run at a time for each result.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use unband_io::Leftover;
use unband_video::VideoError;

use super::folder::{folder_of, io, make};

/// Name of the lock in the folder. The system releases it when a process ends, however it ends.
const LOCK: &str = "lock";

/// The right to work on a result.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    folder: PathBuf,
    /// Present if there was no earlier work: then a signal removes everything.
    made: Option<Leftover>,
}

impl Lock {
    /// Takes the lock of a result; makes the folder if there is none.
    ///
    /// # Errors
    /// [`VideoError::Busy`] if another run has it, and errors of the operating system.
    pub(super) fn take(output: &Path) -> Result<Self, VideoError> {
        let folder = folder_of(output);
        let path = folder.join(LOCK);
        loop {
            let made = match make(&folder) {
                Ok(()) => Some(Leftover::new(&folder)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => None,
                Err(error) => return Err(io("make the folder", &folder, error)),
            };
            let options = File::options().read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = match options {
                Ok(file) => file,
                // Another run has just removed the folder.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && made.is_none() => continue,
                Err(error) => return Err(io("write", &path, error)),
            };
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    let _ = file.take(64).read_to_string(&mut holder);
                    let process = holder.trim().parse().ok();
                    return Err(VideoError::Busy { path: output.to_owned(), process });
                }
                // File systems without locks: as before there were any.
                Ok(()) | Err(TryLockError::Error(_)) => {}
            }
            if !is_at(&file, &path) {
                continue;
            }
            let written = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
            written.map_err(|error| io("write", &path, error))?;
            return Ok(Self { file, folder, made });
        }
    }

    /// Keeps what is in the folder from now on, also after a signal.
    pub(super) fn keep(&mut self) {
        self.made = None;
    }

    /// Removes everything else in the folder.
    ///
    /// # Errors
    /// Errors of the operating system.
    pub(super) fn clear(&self) -> Result<(), VideoError> {
        let remove = || -> std::io::Result<()> {
            for entry in fs::read_dir(&self.folder)? {
                let entry = entry?;
                if entry.file_name() == LOCK {
                    continue;
                }
                let path = entry.path();
                if entry.file_type()?.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
            }
            Ok(())
        };
        remove().map_err(|error| io("remove", &self.folder, error))
    }

    /// Ends without work: a folder that was made for it is removed.
    pub(super) fn give_up(self) {
        if self.made.is_some() {
            self.remove();
        }
    }

    /// Removes the folder. It is removed under the lock where the system allows it, so that it is not
    /// another run's.
    pub(super) fn remove(self) {
        let Self { file, folder, made } = self;
        if cfg!(unix) {
            let _ = fs::remove_dir_all(&folder);
            drop(file);
        } else {
            drop(file);
            let _ = fs::remove_dir_all(&folder);
        }
        drop(made);
    }
}

/// Whether a path still leads to an opened file: another run may have removed it in between.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let number = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino());
    matches!((file.metadata(), fs::metadata(path)), (Ok(a), Ok(b)) if number(&a) == number(&b))
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}
