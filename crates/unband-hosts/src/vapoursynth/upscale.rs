//! Upscaling of clips, frame by frame.

use std::ffi::c_int;

use unband::{Model, UpscaleOptions, Upscaler};

use super::api::{GRAY, RGB, VsVideoFormat, VsVideoInfo};
use super::filter::{Asked, Filter, Step, context};
use super::host::Host;
use super::layout;
use crate::guard::message;

/// Upscales each frame by itself; YUV becomes RGB.
pub(super) struct Upscaling {
    upscaler: Upscaler,
    options: UpscaleOptions,
    format: VsVideoFormat,
    threads: usize,
}

impl Upscaling {
    /// A filter and the format and size of its frames.
    pub(super) fn new(
        host: Host,
        info: &VsVideoInfo,
        options: UpscaleOptions,
        threads: usize,
    ) -> Result<(Self, VsVideoInfo), String> {
        let upscaler = Upscaler::new(&options).map_err(message)?;
        let side = |side: c_int| usize::try_from(side).unwrap_or(0);
        let planned = upscaler.planned((side(info.width), side(info.height)));
        let depth = options.depth.resolve(layout::depth(&info.format));
        let family = if info.format.family == GRAY { GRAY } else { RGB };
        let format = host.output_format(family, depth, [0, 0])?;
        let (width, height) = (c_int::try_from(planned.width), c_int::try_from(planned.height));
        let (Ok(width), Ok(height)) = (width, height) else {
            return Err(format!("{}×{} is too large", planned.width, planned.height));
        };
        Ok((Self { upscaler, options, format, threads }, VsVideoInfo { format, width, height, ..*info }))
    }
}

impl Filter for Upscaling {
    fn frame(&self, n: c_int, source: Asked<'_>) -> Result<Step, String> {
        let mut frame = source.read(n, None)?;
        if frame.layout.luma_only {
            // A plane by itself keeps its range.
            frame.layout = frame.layout.as_gray();
        }
        let was_yuv = matches!(frame.layout.color.model, Model::Yuv { .. });
        let ctx = &context(self.threads);
        let image = frame.to_image().map_err(message)?;
        let (image, _) = self.upscaler.upscale(image, &self.options, ctx).map_err(message)?;
        let mut made = frame.memory.with_image(&self.format, &image).map_err(message)?;
        let mut properties = made.properties_mut();
        if was_yuv {
            properties.int("_Matrix", 0);
            properties.int("_ColorRange", 0);
            properties.delete("_ChromaLocation");
        }
        Ok(Step::Done(made))
    }
}
