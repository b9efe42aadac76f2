//! Files in memory: the same job as the program's.

use js_sys::Function;
use unband::calls::{self, CallOptions};
use wasm_bindgen::prelude::*;

use crate::call_result::CallResult;
use crate::fault::Fault;
use crate::{job, limits};

/// Debands the bytes of a file; the result has those that the program would write. Its record is that of
/// `unband --json`.
///
/// # Errors
/// No image, a damaged or too large one; unknown options; cancelled.
#[wasm_bindgen(js_name = debandFile)]
pub fn deband_file(bytes: &[u8], options: &str, progress: Option<Function>) -> Result<CallResult, JsValue> {
    let options = CallOptions::parse(options).map_err(Fault::from)?;
    let made = job::run(progress, |ctx| calls::deband_file(bytes, &options, &limits(), ctx));
    let (bytes, record) = made.map_err(Fault::from)?;
    Ok(CallResult::file(bytes, record))
}

/// Upscales the bytes of a file, by default debanded before; the result has those that the program would
/// write.
///
/// # Errors
/// As [`deband_file`], and a network that was not provided.
#[wasm_bindgen(js_name = upscaleFile)]
pub fn upscale_file(bytes: &[u8], options: &str, progress: Option<Function>) -> Result<CallResult, JsValue> {
    let options = CallOptions::parse(options).map_err(Fault::from)?;
    let made = job::run(progress, |ctx| calls::upscale_file(bytes, &options, &limits(), ctx));
    let (bytes, record) = made.map_err(Fault::from)?;
    Ok(CallResult::file(bytes, record))
}

/// Rounds the bytes of a file to another depth, dithered; nothing is repaired.
///
/// # Errors
/// As [`deband_file`]; a depth that is not one of bits; a format that cannot hold the result.
#[wasm_bindgen(js_name = ditherFile)]
pub fn dither_file(bytes: &[u8], options: &str) -> Result<CallResult, JsValue> {
    let options = CallOptions::parse(options).map_err(Fault::from)?;
    let made = job::run(None, |ctx| calls::dither_file(bytes, &options, &limits(), ctx));
    Ok(CallResult::file(made.map_err(Fault::from)?, String::from("null")))
}
