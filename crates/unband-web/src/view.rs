//! Views of an image for the page: pixels of a window, lines, histograms, previews.
#![allow(clippy::too_many_arguments)] // calls of JavaScript pass numbers one by one

use js_sys::{Float32Array, Uint8ClampedArray};
use unband::Window;
use unband::calls::Surroundings;
use wasm_bindgen::prelude::*;

use crate::fault::Fault;
use crate::job;
use crate::loaded_image::LoadedImage;

/// Smooth means of a window, and the factor of contrast that they are for.
#[wasm_bindgen]
#[derive(Clone, Debug)]
pub struct Around {
    means: Surroundings,
    factor: f32,
}

#[wasm_bindgen]
impl Around {
    /// As [`LoadedImage::view`], with more contrast to these surroundings.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn view(
        &self,
        source: &LoadedImage,
        x0: usize,
        y0: usize,
        x1: usize,
        y1: usize,
        every: usize,
    ) -> Result<Uint8ClampedArray, JsValue> {
        source.drawn(Window { x0, y0, x1, y1 }, every, Some((self.factor, &self.means)))
    }

    /// As [`LoadedImage::preview`], with more contrast to these surroundings.
    ///
    /// # Errors
    /// As [`LoadedImage::preview`].
    pub fn preview(
        &self,
        source: &mut LoadedImage,
        x0: usize,
        y0: usize,
        x1: usize,
        y1: usize,
        options: &str,
    ) -> Result<Uint8ClampedArray, JsValue> {
        source.previewed(Window { x0, y0, x1, y1 }, Some((self.factor, &self.means)), options)
    }
}

#[wasm_bindgen(js_class = Source)]
impl LoadedImage {
    /// A window as RGBA of 8 bits, each pixel the mean of `every × every`.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn view(
        &self,
        x0: usize,
        y0: usize,
        x1: usize,
        y1: usize,
        every: usize,
    ) -> Result<Uint8ClampedArray, JsValue> {
        self.drawn(Window { x0, y0, x1, y1 }, every, None)
    }

    /// A window of the result with these options, at full size.
    ///
    /// # Errors
    /// Unknown options; options out of range; a window outside the image.
    pub fn preview(
        &mut self,
        x0: usize,
        y0: usize,
        x1: usize,
        y1: usize,
        options: &str,
    ) -> Result<Uint8ClampedArray, JsValue> {
        self.previewed(Window { x0, y0, x1, y1 }, None, options)
    }

    /// The surroundings in a window, for this factor of contrast.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn around(&self, x0: usize, y0: usize, x1: usize, y1: usize, factor: f32) -> Result<Around, JsValue> {
        let means = job::run(None, |ctx| self.0.surroundings(Window { x0, y0, x1, y1 }, factor, ctx));
        Ok(Around { means: means.map_err(Fault::from)?, factor })
    }

    /// Values of a row in codes of 8 bits, one channel after the other.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn line(&self, y: usize, x0: usize, x1: usize) -> Result<Float32Array, JsValue> {
        let values = job::run(None, |ctx| self.0.line(y, x0, x1, ctx));
        Ok(Float32Array::from(&values.map_err(Fault::from)?[..]))
    }

    /// Samples by codes of 8 bits, 256 of each channel.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn histogram(&self) -> Result<Vec<u32>, JsValue> {
        Ok(job::run(None, |ctx| self.0.histogram(ctx)).map_err(Fault::from)?)
    }
}

/// A factor of contrast, and the surroundings that it keeps.
type Contrast<'a> = Option<(f32, &'a Surroundings)>;

impl LoadedImage {
    fn drawn(
        &self,
        window: Window,
        every: usize,
        contrast: Contrast<'_>,
    ) -> Result<Uint8ClampedArray, JsValue> {
        let pixels = job::run(None, |ctx| self.0.pixels(window, every, contrast, ctx));
        Ok(Uint8ClampedArray::from(&pixels.map_err(Fault::from)?[..]))
    }

    fn previewed(
        &mut self,
        window: Window,
        contrast: Contrast<'_>,
        options: &str,
    ) -> Result<Uint8ClampedArray, JsValue> {
        let pixels = job::run(None, |ctx| self.0.preview(window, contrast, options, ctx));
        Ok(Uint8ClampedArray::from(&pixels.map_err(Fault::from)?[..]))
    }
}
