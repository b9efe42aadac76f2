//! Several files as one: a ZIP archive, stored, as images are compressed already.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::error::CallError;

/// An archive that grows.
pub struct Archive(ZipWriter<Cursor<Vec<u8>>>);

impl Default for Archive {
    fn default() -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::new())))
    }
}

impl Archive {
    /// Adds a file.
    ///
    /// # Errors
    /// A name that is there already; more than 4 GiB.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), CallError> {
        let how = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let error = |error: &dyn std::fmt::Display| CallError::input(format!("{name}: {error}"));
        self.0.start_file(name, how).map_err(|fault| error(&fault))?;
        self.0.write_all(bytes).map_err(|fault| error(&fault))
    }

    /// The bytes of the archive.
    ///
    /// # Errors
    /// More than 4 GiB.
    pub fn finish(self) -> Result<Vec<u8>, CallError> {
        let all = self.0.finish().map_err(|fault| CallError::input(fault.to_string()))?;
        Ok(all.into_inner())
    }
}
