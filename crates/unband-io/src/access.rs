//! Permissions of results: users who may not read an input must not be able to read what was made of it.

use std::fs::File;
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
    pub fn of<P: AsRef<Path>>(inputs: impl IntoIterator<Item = P>) -> Self {
        let mut access = Self::default();
        for input in inputs {
            access.restrict(input.as_ref());
        }
        access
    }

    #[cfg(unix)]
    fn restrict(&mut self, input: &Path) {
        use std::os::unix::fs::PermissionsExt;
        if let Ok(metadata) = std::fs::metadata(input)
            && !metadata.is_dir()
        {
            self.mode &= metadata.permissions().mode();
        }
    }

    #[cfg(not(unix))]
    #[allow(clippy::unused_self)] // as above
    fn restrict(&mut self, _: &Path) {}

    /// Removes all other permissions from a file. Its owner keeps access, even if the inputs were read-only.
    ///
    /// # Errors
    /// Operating-system errors.
    #[cfg(unix)]
    pub fn narrow(self, file: &File) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let own = file.metadata()?.permissions().mode();
        let narrowed = own & (self.mode | 0o700);
        if narrowed == own {
            return Ok(());
        }
        match file.set_permissions(std::fs::Permissions::from_mode(narrowed)) {
            // A file system without permissions.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
            done => done,
        }
    }

    #[cfg(not(unix))]
    #[allow(missing_docs, clippy::missing_errors_doc)] // as above
    #[allow(clippy::unnecessary_wraps, clippy::unused_self)]
    pub fn narrow(self, _: &File) -> io::Result<()> {
        Ok(())
    }
}
