//! Formats of the frames that a video is processed in.

use unband_image::color::Color;
use unband_image::frame::{FrameFormat, Layout, PixelFormat, Samples};
use unband_image::{Depth, Model, Subsampling};
use unband_io::{Error, Limits};

use super::nut::NutHeader;
use super::{VideoError, VideoFile};

/// The frames of a stream of raw video.
///
/// # Errors
/// Formats that are not planar, and sizes over the limits.
pub fn frame_format(
    header: &NutHeader,
    color: Color,
    lossy: bool,
    limits: &Limits,
) -> Result<FrameFormat, Error> {
    if header.format.layout != Layout::Planar {
        return Err(Error::unsupported("NUT", format!("`{}` frames", header.format.name)));
    }
    let (width, height) = (header.width as usize, header.height as usize);
    limits.check(width as u64, height as u64, header.format.channels() as u64)?;
    let color = match (color.model, header.format.samples) {
        (Model::Yuv { matrix, range, .. }, Samples::Yuv(subsampling)) => {
            Color { model: Model::Yuv { matrix, range, subsampling }, ..color }
        }
        _ => color,
    };
    Ok(FrameFormat { width, height, pixels: header.format, color, lossy })
}

/// The planar format for processing a video, and whether its frames already have it.
///
/// # Errors
/// [`VideoError::Color`] for samples without a planar format, such as floating point.
pub fn working_format(file: &VideoFile) -> Result<(&'static PixelFormat, bool), VideoError> {
    let video = &file.video;
    let own = PixelFormat::by_name(&video.pix_fmt).filter(|format| format.layout == Layout::Planar);
    if let Some(format) = own {
        return Ok((format, true));
    }
    let found = match (video.samples, video.depth) {
        (Some(samples), Depth::Int(bits)) => {
            let full = Samples::Yuv(Subsampling::NONE);
            let instead = || if matches!(samples, Samples::Yuv(_)) { Some(full) } else { None };
            let with = |samples| PixelFormat::planar(samples, bits, video.alpha);
            // Where two rows share chroma, some depths have no format: then chroma gets full resolution.
            with(samples).or_else(|| with(instead()?))
        }
        _ => None,
    };
    let what = || format!("the pixel format `{}`", video.pix_fmt);
    found
        .map(|format| (format, false))
        .ok_or_else(|| VideoError::Color { path: file.path.clone(), what: what() })
}
