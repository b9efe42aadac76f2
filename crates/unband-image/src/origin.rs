//! Where samples come from: what the container could hold, and whether it kept it.

use std::sync::Arc;

use crate::color::Subsampling;
use crate::jpeg::JpegCoefficients;

/// What a JPEG file says about its own losses.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct JpegOrigin {
    /// Luma quantiser steps, natural (row-major) order.
    pub luma: Option<[u16; 64]>,
    /// Chroma quantiser steps, natural order.
    pub chroma: Option<[u16; 64]>,
    /// Chroma sampling.
    pub subsampling: Option<Subsampling>,
    /// Estimated libjpeg quality, 1..=100.
    pub quality: Option<u8>,
    /// What the file stores, where its reader kept it.
    pub coefficients: Option<Arc<JpegCoefficients>>,
}

/// The coding that the samples went through last.
#[allow(clippy::large_enum_variant)] // one per image
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Codec {
    /// Made in memory; nothing is known.
    #[default]
    Unknown,
    /// Stored without loss.
    Lossless,
    /// Stored without loss, but as indices into so many colours.
    Palette(u16),
    /// Lossy JPEG.
    Jpeg(JpegOrigin),
    /// Another lossy codec, by name ("WebP").
    Lossy(&'static str),
}

/// History of the samples, as far as the file tells.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Origin {
    /// The coding.
    pub codec: Codec,
    /// Name of the file format ("PNG"); empty for images made in memory.
    pub format: &'static str,
}

impl Origin {
    /// Did the last coding lose anything?
    pub fn is_lossy(&self) -> bool {
        matches!(self.codec, Codec::Jpeg(_) | Codec::Lossy(_))
    }
}
