//! Results on their way to JavaScript.

use js_sys::{Float32Array, Uint8Array, Uint16Array};
use serde::Serialize;
use unband::calls::json;
use unband::{Context, Image, SampleArray, SampleData};
use wasm_bindgen::prelude::*;

/// A result: a file or samples, and its record as JSON.
#[wasm_bindgen]
#[derive(Debug)]
pub struct CallResult {
    content: Content,
    record: String,
}

#[derive(Debug)]
enum Content {
    /// Bytes of a file; empty where nothing was written.
    File(Vec<u8>),
    /// Samples of an image.
    Samples(SampleArray),
}

impl CallResult {
    /// A file and its record.
    pub(crate) fn file(bytes: Vec<u8>, record: String) -> Self {
        Self { content: Content::File(bytes), record }
    }

    /// Samples of an image and its record.
    pub(crate) fn samples(image: &Image, record: &impl Serialize, ctx: &Context<'_>) -> Self {
        Self { content: Content::Samples(SampleArray::from_image(image, false, ctx)), record: json(record) }
    }

    fn array(&self) -> Option<&SampleArray> {
        match &self.content {
            Content::File(_) => None,
            Content::Samples(samples) => Some(samples),
        }
    }
}

#[wasm_bindgen]
impl CallResult {
    /// The record, as JSON.
    pub fn record(&self) -> String {
        self.record.clone()
    }

    /// The bytes of the file, or the samples as an array of their type.
    pub fn data(&self) -> JsValue {
        match &self.content {
            Content::File(bytes) => Uint8Array::from(&bytes[..]).into(),
            Content::Samples(samples) => match samples.data() {
                SampleData::U8(codes) => Uint8Array::from(&codes[..]).into(),
                SampleData::U16(codes) => Uint16Array::from(&codes[..]).into(),
                SampleData::F32(values) => Float32Array::from(&values[..]).into(),
            },
        }
    }

    /// Columns; 0 for a file.
    pub fn width(&self) -> usize {
        self.array().map_or(0, SampleArray::width)
    }

    /// Rows; 0 for a file.
    pub fn height(&self) -> usize {
        self.array().map_or(0, SampleArray::height)
    }

    /// Samples of a pixel; 0 for a file.
    pub fn channels(&self) -> usize {
        self.array().map_or(0, SampleArray::channels)
    }

    /// Bits of a sample, 32 for floating point; 0 for a file.
    pub fn depth(&self) -> u8 {
        self.array().map_or(0, SampleArray::bits)
    }
}
