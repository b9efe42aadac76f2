//! Several files as one.

use unband::calls;
use wasm_bindgen::prelude::*;

use crate::fault::Fault;

/// An archive that grows.
#[wasm_bindgen]
#[derive(Default)]
pub struct Archive(calls::Archive);

#[wasm_bindgen]
impl Archive {
    /// Starts.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    ///
    /// # Errors
    /// A name that is there already; more than 4 GiB.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), JsValue> {
        Ok(self.0.add(name, bytes).map_err(Fault::from)?)
    }

    /// The bytes of the archive.
    ///
    /// # Errors
    /// More than 4 GiB.
    pub fn finish(self) -> Result<Vec<u8>, JsValue> {
        Ok(self.0.finish().map_err(Fault::from)?)
    }
}
