//! Upscaling of clips, frame by frame.

use std::ffi::c_int;

use unband::{Context, Model, UpscaleOptions, Upscaler, With};

use super::api::{GRAY, RGB, VsVideoFormat, VsVideoInfo};
use super::filter::{Asked, Filter, Step};
use super::host::Host;
use super::layout;
use crate::frame::{FrameLayout, HostFrame};
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
        let format = host.format(family, depth == unband::Depth::F32, depth.bits(), [0, 0]);
        let format = format.ok_or("`depth` must be 8 to 16, or 32 for floating point")?;
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
        let ctx = &Context::with(|new| new.threads = self.threads);
        let image = frame.to_image().map_err(message)?;
        let (image, _) = self.upscaler.upscale(image, &self.options, ctx).map_err(message)?;
        let (width, height) = (image.width(), image.height());
        let layout = FrameLayout { width, height, color: image.color, depth: image.depth, ..frame.layout };
        let memory = frame.memory.empty(&self.format, width, height).map_err(message)?;
        let mut made = HostFrame { layout, memory };
        made.write(&image).map_err(message)?;
        let mut properties = made.memory.properties_mut();
        if was_yuv {
            properties.int("_Matrix", 0);
            properties.int("_ColorRange", 0);
            properties.delete("_ChromaLocation");
        }
        Ok(Step::Done(made.memory))
    }
}
