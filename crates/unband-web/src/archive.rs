//! Several files as one: a ZIP archive, stored, as images are compressed already.

use std::io::{Cursor, Write};

use wasm_bindgen::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use unband::calls::CallError;

use crate::fault::Fault;

/// An archive that grows.
#[wasm_bindgen]
pub struct Archive(ZipWriter<Cursor<Vec<u8>>>);

#[wasm_bindgen]
impl Archive {
    /// Starts.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::new())))
    }

    /// Adds a file.
    ///
    /// # Errors
    /// A name that is there already; more than 4 GiB.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), JsValue> {
        let how = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let fault = |error: &dyn std::fmt::Display| Fault::from(CallError::input(format!("{name}: {error}")));
        self.0.start_file(name, how).map_err(|error| fault(&error))?;
        self.0.write_all(bytes).map_err(|error| fault(&error))?;
        Ok(())
    }

    /// The bytes of the archive.
    ///
    /// # Errors
    /// More than 4 GiB.
    pub fn finish(self) -> Result<Vec<u8>, JsValue> {
        let all = self.0.finish().map_err(|error| Fault::from(CallError::input(error.to_string())))?;
        Ok(all.into_inner())
    }
}
