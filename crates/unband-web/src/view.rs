//! Views of an image for the page: pixels of a window, lines, histograms, previews.
#![allow(clippy::too_many_arguments)] // calls of JavaScript pass numbers one by one

use std::borrow::Cow;

use js_sys::{Float32Array, Uint8ClampedArray};
use unband::{Image, Window};
use wasm_bindgen::prelude::*;

use crate::fault::Fault;
use crate::job;
use crate::loaded_image::LoadedImage;
use crate::options::Given;

/// Values of a histogram, for each channel.
const BINS: usize = 256;

#[wasm_bindgen(js_class = Source)]
impl LoadedImage {
    /// A window as RGBA of 8 bits, each pixel the mean of `every × every`, with more contrast around `middle`
    /// (0 to 1).
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
        contrast: f32,
        middle: f32,
    ) -> Result<Uint8ClampedArray, JsValue> {
        let (image, window) = shown(&self.image, inside(&self.image, Window { x0, y0, x1, y1 }))?;
        Ok(rgba(&image, window, every.max(1), contrast, middle))
    }

    /// As [`LoadedImage::view`] at full size, of the result with these options.
    ///
    /// # Errors
    /// Unknown options; options out of range; a window outside the image.
    pub fn preview(
        &mut self,
        x0: usize,
        y0: usize,
        x1: usize,
        y1: usize,
        contrast: f32,
        middle: f32,
        options: &str,
    ) -> Result<Uint8ClampedArray, JsValue> {
        let options = Given::parse(options)?.options()?;
        // Findings depend on stated bands and on the treatment; those of the detector are kept.
        let plain =
            options.bands.is_none() && !options.truncated && options.treat_as == unband::TreatAs::Auto;
        let findings = if plain {
            self.findings()
        } else {
            job::run(None, |ctx| unband::find(&self.image, &options, ctx))
        };
        let window = inside(&self.image, Window { x0, y0, x1, y1 });
        let made = job::run(None, |ctx| unband::deband_window(&self.image, &findings, window, &options, ctx));
        let made = made.map_err(Fault::from)?;
        let (made, window) = shown(&made, whole(&made))?;
        Ok(rgba(&made, window, 1, contrast, middle))
    }

    /// Values of a row in codes of 8 bits, one channel after the other.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn line(&self, y: usize, x0: usize, x1: usize) -> Result<Float32Array, JsValue> {
        let (image, window) = shown(&self.image, inside(&self.image, Window { x0, y0: y, x1, y1: y + 1 }))?;
        let row = |plane: &unband::Plane| plane.row(window.y0)[window.x0..window.x1].to_vec();
        let values: Vec<f32> = image.planes.iter().flat_map(row).map(|value| 255.0 * value).collect();
        Ok(Float32Array::from(&values[..]))
    }

    /// Samples by codes of 8 bits, 256 of each channel.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn histogram(&self) -> Result<Vec<u32>, JsValue> {
        let (image, _) = shown(&self.image, whole(&self.image))?;
        let mut counts = vec![0; BINS * image.planes.len()];
        for (plane, counts) in image.planes.iter().zip(counts.chunks_exact_mut(BINS)) {
            for &value in &plane.data {
                counts[unband::Depth::EIGHT.code(value) as usize] += 1;
            }
        }
        Ok(counts)
    }
}

/// A window of an image in RGB or grey, with its place there. Luma and chroma are converted, others only
/// looked at.
fn shown(image: &Image, window: Window) -> Result<(Cow<'_, Image>, Window), Fault> {
    if !image.is_yuv() {
        return Ok((Cow::Borrowed(image), window));
    }
    let outer = window.grown(2, image.width(), image.height()).aligned(4, image.width(), image.height());
    let part = image.cut(outer);
    Ok((Cow::Owned(job::run(None, |ctx| part.into_rgb(ctx))?), window.inside(outer)))
}

fn whole(image: &Image) -> Window {
    Window { x0: 0, y0: 0, x1: image.width(), y1: image.height() }
}

/// The part of a window that is inside the image.
fn inside(image: &Image, window: Window) -> Window {
    let (x1, y1) = (window.x1.min(image.width()), window.y1.min(image.height()));
    Window { x0: window.x0.min(x1), y0: window.y0.min(y1), x1, y1 }
}

fn rgba(image: &Image, window: Window, every: usize, contrast: f32, middle: f32) -> Uint8ClampedArray {
    let (width, height) = (window.width().div_ceil(every), window.height().div_ceil(every));
    let mut pixels = vec![255_u8; 4 * width * height];
    let planes: Vec<&unband::Plane> = match &image.planes[..] {
        [grey] => vec![grey; 3],
        planes => planes.iter().take(3).collect(),
    };
    let mut sums = vec![0.0_f32; width];
    for (channel, plane) in planes.into_iter().chain(&image.alpha).enumerate() {
        let (contrast, middle) = if channel == 3 { (1.0, 0.0) } else { (contrast, middle) };
        for row in 0..height {
            sums.fill(0.0);
            let (top, bottom) = (window.y0 + row * every, (window.y0 + (row + 1) * every).min(window.y1));
            for y in top..bottom {
                let values = &plane.row(y)[window.x0..window.x1];
                for (sum, values) in sums.iter_mut().zip(values.chunks(every)) {
                    *sum += values.iter().sum::<f32>();
                }
            }
            for (column, sum) in sums.iter().enumerate() {
                let across = every.min(window.width() - column * every);
                let value = sum / (across * (bottom - top)) as f32;
                let value = middle + contrast * (value - middle);
                pixels[4 * (row * width + column) + channel] = (255.0 * value + 0.5).clamp(0.0, 255.0) as u8;
            }
        }
    }
    Uint8ClampedArray::from(&pixels[..])
}
