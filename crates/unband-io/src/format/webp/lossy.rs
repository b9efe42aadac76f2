//! The lossy encoder, libwebp.

use super::super::{When, WriteOptions};
use super::NAME;
use crate::Error;

pub(super) const WHEN: When = When::WithQuality;

const DEFAULT_QUALITY: u8 = 95;

/// A file without metadata, of 8-bit RGB or RGBA.
pub(super) fn encode(
    codes: &[u8],
    width: u32,
    height: u32,
    alpha: bool,
    options: &WriteOptions,
) -> Result<Vec<u8>, Error> {
    let mut config =
        webp::WebPConfig::new().map_err(|()| Error::encode(NAME, "libwebp has an incompatible version"))?;
    config.quality = f32::from(options.quality.unwrap_or(DEFAULT_QUALITY).clamp(1, 100));
    if let Some(effort) = options.effort {
        // libwebp's scale ends at 6; its default is 4.
        config.method = i32::from(effort.min(9)) * 6 / 9;
    }
    // Colours under full transparency are kept, and chroma is averaged in linear light.
    config.exact = 1;
    config.use_sharp_yuv = 1;
    let layout = if alpha { webp::PixelLayout::Rgba } else { webp::PixelLayout::Rgb };
    let coded = webp::Encoder::new(codes, layout, width, height).encode_advanced(&config);
    coded.map(|coded| coded.to_vec()).map_err(|error| Error::encode(NAME, format!("{error:?}")))
}
