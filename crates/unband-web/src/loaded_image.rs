//! An image in memory, for calls on samples and for views.

use js_sys::{Float32Array, Function, Uint8Array, Uint16Array};
use serde::Serialize;
use unband::calls::{self, CallError, CallOptions, ViewedImage, json};
use unband::files::deband_as_written;
use unband::metrics::{Inspected, Metric, Scope, Scores, Subject, score, score_image};
use unband::records::{MetricRecord, ValuesRecord};
use unband::verdict::Verdict;
use unband::{Image, SampleArray, SampleData, Upscaler};
use wasm_bindgen::prelude::*;

use crate::call_result::CallResult;
use crate::fault::Fault;
use crate::{job, limits};

/// An image, and what is known about it.
#[wasm_bindgen(js_name = Source)]
#[derive(Debug)]
pub struct LoadedImage(pub(crate) ViewedImage);

/// Values of metrics.
#[derive(Serialize)]
struct ScoreRecord {
    schema: &'static str,
    metrics: Vec<MetricRecord>,
    #[serde(flatten)]
    values: ValuesRecord,
}

impl ScoreRecord {
    fn new(schema: &'static str, scores: &Scores, metrics: &[Metric]) -> Self {
        Self { schema, metrics: MetricRecord::all(metrics), values: ValuesRecord::new(scores, metrics) }
    }
}

/// The record of a call on samples.
#[derive(Serialize)]
struct SamplesRecord {
    method: &'static str,
    reason: &'static str,
    changed: bool,
    finding: String,
    cause: &'static str,
    visible: bool,
    banded_share: f32,
    mean_shift_codes: f32,
    max_change_codes: f32,
    samples_moved: u64,
}

/// The record of upscaled samples.
#[derive(Serialize)]
struct UpscaledRecord {
    network: &'static str,
    scale: usize,
    network_share: f32,
}

#[wasm_bindgen(js_class = Source)]
impl LoadedImage {
    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// No image, a damaged one, or one of more than 100 megapixels.
    pub fn read(bytes: &[u8]) -> Result<Self, JsValue> {
        Ok(Self(ViewedImage::read(bytes, &limits()).map_err(Fault::from)?))
    }

    /// Takes samples of whole pixels: `Uint8Array`, `Uint16Array`, or `Float32Array` of 0 to 1. `depth`: bits
    /// of their codes.
    ///
    /// # Errors
    /// Another length than the size needs; codes above the depth.
    pub fn of_samples(
        data: &JsValue,
        width: usize,
        height: usize,
        channels: usize,
        depth: Option<u8>,
    ) -> Result<Self, JsValue> {
        let (data, bits) = if let Some(codes) = data.dyn_ref::<Uint16Array>() {
            (SampleData::U16(codes.to_vec()), depth.unwrap_or(16))
        } else if let Some(values) = data.dyn_ref::<Float32Array>() {
            (SampleData::F32(values.to_vec()), 32)
        } else if let Some(codes) = data.dyn_ref::<Uint8Array>() {
            (SampleData::U8(codes.to_vec()), depth.unwrap_or(8))
        } else {
            let types = "a Uint8Array, Uint16Array or Float32Array";
            return Err(Fault::from(CallError::option("data", types, "another type")).into());
        };
        let limits = limits();
        limits.check(width as u64, height as u64, channels as u64).map_err(Fault::from)?;
        let samples = SampleArray::new(data, (height, width, channels), false, bits).map_err(Fault::from)?;
        Ok(Self(ViewedImage::new(job::run(None, |ctx| samples.image(ctx)))))
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.image().width()
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.image().height()
    }

    /// Bits of a sample; 32 for floating point.
    pub fn depth(&self) -> u8 {
        self.image().depth.bits()
    }

    /// The image as a PNG file with its metadata.
    ///
    /// # Errors
    /// An image that PNG cannot hold.
    pub fn png(&self) -> Result<Vec<u8>, JsValue> {
        Ok(calls::encoded(self.image(), None).map_err(Fault::from)?)
    }

    /// Findings as JSON, as `unband inspect --json` prints them.
    ///
    /// # Errors
    /// Unknown options.
    pub fn inspect(&mut self, options: &str) -> Result<String, JsValue> {
        Ok(job::run(None, |ctx| self.0.inspect(options, ctx)).map_err(Fault::from)?)
    }

    /// The grade of its banding.
    pub fn grade(&mut self) -> String {
        job::run(None, |ctx| self.0.grade(ctx)).to_string()
    }

    /// Values of metrics as JSON.
    ///
    /// # Errors
    /// Unknown options and metrics.
    pub fn score(&self, options: &str, progress: Option<Function>) -> Result<String, JsValue> {
        let given = CallOptions::parse(options).map_err(Fault::from)?;
        let metrics = select(Scope::IMAGE, &given)?;
        let scores = job::run(progress, |ctx| score_image(self.image().clone(), &metrics, ctx))
            .map_err(Fault::from)?;
        Ok(json(&ScoreRecord::new("unband-score/1", &scores, &metrics)))
    }

    /// Values of metrics that compare it with a reference, as JSON.
    ///
    /// # Errors
    /// Unknown options and metrics; images of different sizes.
    pub fn compare(
        &self,
        reference: &Self,
        options: &str,
        progress: Option<Function>,
    ) -> Result<String, JsValue> {
        Ok(self.compared(reference, None, options, progress)?)
    }

    /// As [`LoadedImage::compare`], with the image before its repair.
    ///
    /// # Errors
    /// As [`LoadedImage::compare`].
    #[wasm_bindgen(js_name = compareRepaired)]
    pub fn compare_repaired(
        &self,
        reference: &Self,
        input: &Self,
        options: &str,
        progress: Option<Function>,
    ) -> Result<String, JsValue> {
        Ok(self.compared(reference, Some(input), options, progress)?)
    }

    /// Debands samples.
    ///
    /// # Errors
    /// Unknown options; options out of range; cancelled.
    pub fn deband(&self, options: &str, progress: Option<Function>) -> Result<CallResult, JsValue> {
        let options =
            CallOptions::parse(options).and_then(|options| options.options()).map_err(Fault::from)?;
        let made = job::run(progress, |ctx| {
            let findings = unband::find(self.image(), &options, ctx);
            let (image, report) = deband_as_written(self.image(), findings, &options, ctx)?;
            let record = SamplesRecord {
                method: report.method,
                reason: report.reason.as_str(),
                changed: report.changed,
                finding: report.findings.sentence(),
                cause: report.findings.cause_word(),
                visible: report.findings.visible,
                banded_share: report.findings.visible_share(),
                mean_shift_codes: report.mean_shift_codes,
                max_change_codes: report.max_change_codes,
                samples_moved: report.samples_moved,
            };
            Ok(CallResult::samples(&image, &record, ctx))
        });
        Ok(made.map_err(|error: unband::Error| Fault::from(error))?)
    }

    /// Upscales samples.
    ///
    /// # Errors
    /// As [`LoadedImage::deband`], and a network that was not provided.
    pub fn upscale(&self, options: &str, progress: Option<Function>) -> Result<CallResult, JsValue> {
        let options =
            CallOptions::parse(options).and_then(|options| options.upscaling()).map_err(Fault::from)?;
        let made = job::run(progress, |ctx| {
            let (image, report) = Upscaler::new(&options)?.upscale(self.image().clone(), &options, ctx)?;
            let record = UpscaledRecord {
                network: report.work.network,
                scale: report.work.scale,
                network_share: report.by.network_share(),
            };
            Ok(CallResult::samples(&image, &record, ctx))
        });
        Ok(made.map_err(|error: unband::Error| Fault::from(error))?)
    }

    /// Rounds samples to another depth, dithered; nothing is repaired.
    ///
    /// # Errors
    /// Unknown options; a depth that is not one of bits.
    pub fn dither(&self, options: &str) -> Result<CallResult, JsValue> {
        let options = CallOptions::parse(options).map_err(Fault::from)?;
        let made = job::run(None, |ctx| {
            let made = calls::dithered(self.image().clone(), &options, ctx)?;
            Ok(CallResult::samples(&made, &(), ctx))
        });
        Ok(made.map_err(|error: CallError| Fault::from(error))?)
    }
}

impl LoadedImage {
    fn compared(
        &self,
        reference: &Self,
        input: Option<&Self>,
        options: &str,
        progress: Option<Function>,
    ) -> Result<String, Fault> {
        let given = CallOptions::parse(options).map_err(Fault::from)?;
        let scope = if input.is_some() { Scope::RESTORED } else { Scope::PAIR };
        let metrics = select(scope, &given)?;
        let size = |image: &Image| (image.width(), image.height());
        for other in [Some(reference.image()), input.map(Self::image)].into_iter().flatten() {
            if size(other) != size(self.image()) {
                let ((w, h), (width, height)) = (size(self.image()), size(other));
                let what = format!("the images must have one size, got {w}×{h} and {width}×{height}");
                return Err(CallError::input(what).into());
            }
        }
        let scores = job::run(progress, |ctx| {
            let of = |image: &Image| Inspected::new(image.clone(), ctx);
            let (own, reference) = (of(self.image())?, of(reference.image())?);
            let input = input.map(|input| of(input.image())).transpose()?;
            let mut subject = Subject::against(&own, &reference);
            subject.input = input.as_ref().map(Into::into);
            let values = score(&[subject], &metrics, usize::MAX, ctx).concat();
            Ok::<_, unband::ImageError>(Scores::new(Verdict::new(&own.findings), values))
        })?;
        Ok(json(&ScoreRecord::new("unband-compare/1", &scores, &metrics)))
    }

    pub(crate) fn image(&self) -> &Image {
        self.0.image()
    }
}

fn select(scope: Scope, given: &CallOptions) -> Result<Vec<Metric>, Fault> {
    let selected = scope.select(given.metrics(), None);
    selected.map_err(|error| CallError::from_error(unband::ErrorKind::Option, &error).into())
}
