//! unband in JavaScript, compiled to WebAssembly: images as bytes or samples in, results and records out.
//!
//! A thin layer: it converts and reports. Functions for users, their types and workers are in `npm/`; the
//! page that stands on them is in `web/`. Options and records are JSON.
#![forbid(unsafe_code)]
// Functions for JavaScript must be public, and nothing in Rust reaches them.
#![allow(unreachable_pub)]

mod archive;
mod bytes;
mod call_result;
mod fault;
mod job;
mod lists;
mod loaded_image;
mod view;

use std::sync::{Mutex, PoisonError};

use wasm_bindgen::prelude::*;

use fault::Fault;
use unband::With;
use unband::calls::CallError;
use unband::io::Limits;

/// Most pixels of an image: WebAssembly has 4 GiB of memory.
const MOST_PIXELS: u64 = 100_000_000;

/// Size limits of images here.
fn limits() -> Limits {
    Limits::with(|new| (new.max_pixels, new.max_bytes) = (MOST_PIXELS, 16 * MOST_PIXELS))
}

/// Text of the last panic. It ends the instance, which can still say so.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// Notes the text of a panic.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string();
    }));
}

/// Text of the panic that ended this instance; empty without one.
#[wasm_bindgen(js_name = lastPanic)]
pub fn last_panic() -> String {
    PANIC.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Version of the library.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Provides the file of a network, by its name without the extension.
///
/// # Errors
/// No network of that name.
#[wasm_bindgen]
pub fn provide(name: &str, bytes: Vec<u8>) -> Result<(), JsValue> {
    let file = unband::network_files().find(|file| file.name == name);
    let file =
        file.ok_or_else(|| Fault::from(CallError::option("network", "one that is part of unband", name)))?;
    file.provide(bytes);
    Ok(())
}

/// Bytes of this instance's memory, which never shrinks.
#[wasm_bindgen(js_name = memoryBytes)]
pub fn memory_bytes() -> f64 {
    #[cfg(target_arch = "wasm32")]
    let pages = core::arch::wasm32::memory_size(0);
    #[cfg(not(target_arch = "wasm32"))]
    let pages = 0;
    65536.0 * pages as f64
}

/// Panics, for tests of the recovery.
///
/// # Panics
/// Always.
#[wasm_bindgen(js_name = panicForTest)]
pub fn panic_for_test() {
    panic!("a panic for a test");
}
