//! An image in memory for a page: findings, pixels of a window, lines, histograms, previews.

use std::borrow::Cow;

use super::contrast::{Samples, Surroundings, coarse, code};
use super::error::CallError;
use super::{CallOptions, json};
use crate::io::Limits;
use crate::records::InspectRecord;
use crate::verdict::{Grade, grade};
use crate::{Context, Depth, Findings, Image, Plane, TreatAs, Window};

/// Values of a histogram, for each channel.
const BINS: usize = 256;

/// An image, and what is known about it.
#[derive(Clone, Debug)]
pub struct ViewedImage {
    image: Image,
    format: &'static str,
    /// Findings, once they were needed.
    findings: Option<Findings>,
}

impl ViewedImage {
    /// From an image that was not a file.
    pub fn new(image: Image) -> Self {
        Self { image, format: "", findings: None }
    }

    /// From the bytes of a file.
    ///
    /// # Errors
    /// No image, a damaged one, or one above the limits.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, CallError> {
        let image = crate::io::read(bytes, limits)?;
        let format = crate::io::detect(bytes).map_or("", |format| format.name);
        Ok(Self { image, format, findings: None })
    }

    /// The image.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Findings as JSON, as `unband inspect --json` prints them.
    ///
    /// # Errors
    /// Unknown options.
    pub fn inspect(&mut self, options: &str, ctx: &Context<'_>) -> Result<String, CallError> {
        let options = CallOptions::parse(options)?;
        let (findings, explanation) = crate::explain(&self.image, ctx);
        let record = InspectRecord::new(String::new(), self.format, &self.image, &findings);
        self.findings = Some(findings);
        Ok(json(&if options.explain() { record.explained(explanation) } else { record }))
    }

    /// The grade of its banding.
    pub fn grade(&mut self, ctx: &Context<'_>) -> Grade {
        let image = &self.image;
        grade(self.findings.get_or_insert_with(|| crate::inspect(image, ctx)))
    }

    /// The surroundings in a window, for this factor of contrast.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn surroundings(
        &self,
        window: Window,
        factor: f32,
        ctx: &Context<'_>,
    ) -> Result<Surroundings, CallError> {
        let window = inside(&self.image, window);
        Ok(Surroundings::new(&sampled(&self.image, window, coarse(window), ctx)?, factor))
    }

    /// A window as RGBA of 8 bits, each pixel the mean of `every × every`; with more contrast to these
    /// surroundings.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn pixels(
        &self,
        window: Window,
        every: usize,
        contrast: Option<(f32, &Surroundings)>,
        ctx: &Context<'_>,
    ) -> Result<Vec<u8>, CallError> {
        let samples = sampled(&self.image, inside(&self.image, window), every.max(1), ctx)?;
        Ok(drawn(&samples, contrast))
    }

    /// As [`ViewedImage::pixels`] at full size, of the result with these options.
    ///
    /// # Errors
    /// Unknown options; options out of range; a window outside the image; cancelled.
    pub fn preview(
        &mut self,
        window: Window,
        contrast: Option<(f32, &Surroundings)>,
        options: &str,
        ctx: &Context<'_>,
    ) -> Result<Vec<u8>, CallError> {
        let options = CallOptions::parse(options)?.options()?;
        // Findings depend on stated bands and on the treatment; those of the detector are kept.
        let plain = options.bands.is_none() && !options.truncated && options.treat_as == TreatAs::Auto;
        let image = &self.image;
        let findings = if plain {
            self.findings.get_or_insert_with(|| crate::inspect(image, ctx)).clone()
        } else {
            crate::find(image, &options, ctx)
        };
        let window = inside(image, window);
        let made = crate::deband_window(image, &findings, window, &options, ctx)?;
        let samples = sampled(&made, whole(&made), 1, ctx)?;
        Ok(drawn(&Samples { window, ..samples }, contrast))
    }

    /// Values of the columns `x0..x1` of row `y` in codes of 8 bits, one channel after the other.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn line(&self, y: usize, x0: usize, x1: usize, ctx: &Context<'_>) -> Result<Vec<f32>, CallError> {
        let window = inside(&self.image, Window { x0, y0: y, x1, y1: y + 1 });
        if window.height() == 0 {
            return Ok(Vec::new());
        }
        let (image, window) = shown(&self.image, window, ctx)?;
        let row = |plane: &Plane| plane.row(window.y0)[window.x0..window.x1].to_vec();
        Ok(image.planes.iter().flat_map(row).map(|value| 255.0 * value).collect())
    }

    /// Samples by codes of 8 bits, 256 of each channel.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn histogram(&self, ctx: &Context<'_>) -> Result<Vec<u32>, CallError> {
        let (image, _) = shown(&self.image, whole(&self.image), ctx)?;
        let mut counts = vec![0; BINS * image.planes.len()];
        for (plane, counts) in image.planes.iter().zip(counts.chunks_exact_mut(BINS)) {
            for &value in &plane.data {
                counts[Depth::EIGHT.code(value) as usize] += 1;
            }
        }
        Ok(counts)
    }
}

/// A window of an image in RGB or grey, with its place there. Luma and chroma are converted, others only
/// looked at.
fn shown<'a>(
    image: &'a Image,
    window: Window,
    ctx: &Context<'_>,
) -> Result<(Cow<'a, Image>, Window), CallError> {
    if !image.is_yuv() {
        return Ok((Cow::Borrowed(image), window));
    }
    let outer = window.grown(2, image.width(), image.height()).aligned(4, image.width(), image.height());
    let part = image.cut(outer);
    Ok((Cow::Owned(part.into_rgb(ctx)?), window.inside(outer)))
}

fn whole(image: &Image) -> Window {
    Window { x0: 0, y0: 0, x1: image.width(), y1: image.height() }
}

/// The part of a window that is inside the image.
fn inside(image: &Image, window: Window) -> Window {
    let (x1, y1) = (window.x1.min(image.width()), window.y1.min(image.height()));
    Window { x0: window.x0.min(x1), y0: window.y0.min(y1), x1, y1 }
}

fn drawn(samples: &Samples, contrast: Option<(f32, &Surroundings)>) -> Vec<u8> {
    match contrast {
        None => samples.values.iter().flat_map(|value| value.map(code)).collect(),
        Some((factor, surroundings)) => surroundings.amplified(samples, factor),
    }
}

fn sampled(image: &Image, window: Window, every: usize, ctx: &Context<'_>) -> Result<Samples, CallError> {
    let (image, at) = shown(image, window, ctx)?;
    let (width, height) = (window.width().div_ceil(every), window.height().div_ceil(every));
    let mut values = vec![[1.0; 4]; width * height];
    let planes: Vec<&Plane> = match &image.planes[..] {
        [grey] => vec![grey; 3],
        planes => planes.iter().take(3).collect(),
    };
    let mut sums = vec![0.0_f32; width];
    for (channel, plane) in planes.into_iter().chain(&image.alpha).enumerate() {
        for (row, values) in values.chunks_exact_mut(width.max(1)).enumerate() {
            sums.fill(0.0);
            let (top, bottom) = (at.y0 + row * every, (at.y0 + (row + 1) * every).min(at.y1));
            for y in top..bottom {
                for (sum, values) in sums.iter_mut().zip(plane.row(y)[at.x0..at.x1].chunks(every)) {
                    *sum += values.iter().sum::<f32>();
                }
            }
            for (column, (value, sum)) in values.iter_mut().zip(&sums).enumerate() {
                let across = every.min(window.width() - column * every);
                value[channel] = sum / (across * (bottom - top)) as f32;
            }
        }
    }
    Ok(Samples { window, every, width, height, values })
}
