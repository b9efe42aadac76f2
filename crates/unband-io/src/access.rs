//! Permissions of results: users who may not read an input must not be able to read what was made of it.

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;

use std::fs::{File, Permissions};
use std::io;
use std::path::Path;

/// The permissions that a result may have at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Mode bits of the inputs.
    #[cfg(unix)]
    mode: u32,
}

impl Default for Access {
    /// No restriction.
    fn default() -> Self {
        Self {
            #[cfg(unix)]
            mode: u32::MAX,
        }
    }
}

impl Access {
    /// The permissions that all inputs have. A missing input, and `-` for standard input, impose no
    /// restriction.
    pub fn from_paths<P: AsRef<Path>>(inputs: impl IntoIterator<Item = P>) -> Self {
        let mut access = Self::default();
        for input in inputs {
            access.restrict(input.as_ref());
        }
        access
    }

    #[cfg(unix)]
    fn restrict(&mut self, input: &Path) {
        if let Ok(metadata) = std::fs::metadata(input)
            && !metadata.is_dir()
        {
            self.mode &= metadata.permissions().mode();
        }
    }

    #[cfg(not(unix))]
    #[allow(clippy::unused_self)] // as above
    fn restrict(&mut self, _: &Path) {}

    /// The same, and no more than these mode bits.
    #[must_use]
    #[cfg(unix)]
    pub fn within(self, mode: Option<u32>) -> Self {
        Self { mode: self.mode & mode.unwrap_or(u32::MAX) }
    }

    #[must_use]
    #[cfg(not(unix))]
    #[allow(missing_docs)] // as above
    pub fn within(self, _: Option<u32>) -> Self {
        self
    }

    /// Mode bits of a file; `None` for devices and pipes.
    #[cfg(unix)]
    pub(crate) fn mode_of(file: &std::fs::Metadata) -> Option<u32> {
        file.is_file().then(|| file.permissions().mode() & 0o777)
    }

    #[cfg(not(unix))]
    pub(crate) fn mode_of(_: &std::fs::Metadata) -> Option<u32> {
        None
    }

    /// Gives a finished temporary file the permissions of the file that it replaces, or else those of any new
    /// file in its folder, as far as the inputs have them. Until then only its owner can open it; where this
    /// fails, that is so afterwards.
    #[cfg(unix)]
    pub(crate) fn widen(self, file: &File, folder: &Path, replaced: Option<&Permissions>) {
        let wanted = match replaced {
            Some(permissions) => Some(permissions.mode()),
            None if self.mode & 0o077 != 0 => mode_of_new_files(folder),
            None => None,
        };
        if let Some(wanted) = wanted {
            let _ = set_mode(file, wanted & (self.mode | 0o700));
        }
    }

    #[cfg(not(unix))]
    #[allow(missing_docs, clippy::unused_self)] // as above
    pub(crate) fn widen(self, file: &File, _: &Path, replaced: Option<&Permissions>) {
        if let Some(permissions) = replaced {
            let _ = file.set_permissions(permissions.clone());
        }
    }

    /// Removes all other permissions from a file. Its owner keeps access, even if the inputs were read-only.
    ///
    /// # Errors
    /// Operating-system errors.
    #[cfg(unix)]
    pub fn narrow(self, file: &File) -> io::Result<()> {
        let own = file.metadata()?.permissions().mode();
        let narrowed = own & (self.mode | 0o700);
        if narrowed == own { Ok(()) } else { set_mode(file, narrowed) }
    }

    #[cfg(not(unix))]
    #[allow(missing_docs, clippy::missing_errors_doc)] // as above
    #[allow(clippy::unnecessary_wraps, clippy::unused_self)]
    pub fn narrow(self, _: &File) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    match file.set_permissions(Permissions::from_mode(mode)) {
        // A file system without permissions.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        done => done,
    }
}

/// Mode bits of a new file in a folder, by the process's mask or the folder's access list. An empty file
/// shows them: reading the mask alone would change it for all threads.
#[cfg(unix)]
fn mode_of_new_files(folder: &Path) -> Option<u32> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(crate::stale::PREFIX).suffix(crate::stale::SUFFIX);
    builder.permissions(Permissions::from_mode(0o666));
    let probe = builder.tempfile_in(folder).ok()?;
    Some(probe.as_file().metadata().ok()?.permissions().mode())
}
