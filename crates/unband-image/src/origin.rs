//! Provenance of samples: the file's container and the last coding.

use std::sync::Arc;

use crate::color::Subsampling;
use crate::jpeg::JpegCoefficients;

/// Compression parameters of a JPEG file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct JpegOrigin {
    /// Luma quantiser steps, natural (row-major) order.
    pub luma: Option<[u16; 64]>,
    /// Chroma quantiser steps, natural order.
    pub chroma: Option<[u16; 64]>,
    /// Chroma sampling.
    pub subsampling: Option<Subsampling>,
    /// Estimated libjpeg quality, 1..=100.
    pub quality: Option<u8>,
    /// The stored coefficients, where the reader kept them.
    pub coefficients: Option<Arc<JpegCoefficients>>,
}

/// The last coding of the samples.
#[allow(clippy::large_enum_variant)] // one per image
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Codec {
    /// Made in memory; nothing is known.
    #[default]
    Unknown,
    /// Stored without loss.
    Lossless,
    /// Stored without loss, as indices into a palette of this many colours.
    Palette(u16),
    /// Lossy JPEG.
    Jpeg(JpegOrigin),
    /// Another lossy codec, by name ("WebP").
    Lossy(&'static str),
}

/// History of the samples, as far as the file records it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Origin {
    /// The coding.
    pub codec: Codec,
    /// Name of the file format ("PNG"); empty for images made in memory.
    pub format: &'static str,
    /// Difference between the means of flat luma blocks that a lossy file's quantiser leaves, in 1/64 of an
    /// 8-bit code, where the reader knows it. For JPEG it follows from the tables.
    pub block_step: Option<u16>,
}

/// Means of flat blocks closer than this, in 1/64 of an 8-bit code, show no contour: three quarters of a
/// code. JPEG reaches it at quality 80 and below. On photos kept for choosing, repair gains above it and
/// loses below.
const SEEN: u16 = 48;

impl Origin {
    /// Was the last coding lossy?
    pub fn is_lossy(&self) -> bool {
        matches!(self.codec, Codec::Jpeg(_) | Codec::Lossy(_))
    }

    /// Is the quantiser of the file so fine that its coding leaves noise, and no visible contours? `false`
    /// where the file does not record it.
    pub fn leaves_noise(&self) -> bool {
        match &self.codec {
            // Block means are an eighth of the first step apart; a step of chroma is less visible.
            Codec::Jpeg(jpeg) => {
                let fine =
                    |table: Option<[u16; 64]>, seen: u16| table.is_none_or(|t| 8 * t[0].min(999) < seen);
                jpeg.luma.is_some() && fine(jpeg.luma, SEEN) && fine(jpeg.chroma, 2 * SEEN)
            }
            Codec::Lossy(_) => self.block_step.is_some_and(|step| step < SEEN),
            Codec::Unknown | Codec::Lossless | Codec::Palette(_) => false,
        }
    }
}
