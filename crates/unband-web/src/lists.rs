//! Lists of methods and metrics as JSON.

use wasm_bindgen::prelude::*;

/// Methods that need no weights file, as JSON.
#[wasm_bindgen]
pub fn methods() -> String {
    unband::calls::methods()
}

/// Metrics of an image, or of a result with its reference and the image before its repair, as JSON.
#[wasm_bindgen]
pub fn metrics(reference: bool, input: bool) -> String {
    unband::calls::metrics(reference, input)
}
