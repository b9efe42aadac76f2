//! Calls with options and records as JSON: the engine behind pages, in a browser and from `unband view`.
//!
//! Options have JavaScript's spelling (`bandStep`), and so have the hints of errors.

mod archive;
mod contrast;
mod error;
mod files;
mod lists;
mod options;
mod viewed_image;

pub use archive::Archive;
pub use contrast::Surroundings;
pub use error::CallError;
pub use files::{deband_file, dither_file, dithered, encoded, upscale_file};
pub use lists::{methods, metrics};
pub use options::CallOptions;
pub use viewed_image::ViewedImage;

use serde::Serialize;

/// A record as JSON. Records consist of numbers and text, which always serialise.
pub fn json(record: &impl Serialize) -> String {
    serde_json::to_string(record).unwrap_or_default()
}
