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
    /// Distance of the means of flat blocks of luma that the quantiser of a lossy file leaves, in 1/64 of an 8-bit code, where
    /// its reader knows. JPEG has it in its tables.
    pub block_step: Option<u16>,
}

/// Means of flat blocks that are nearer than this, in 1/64 of an 8-bit code, show no contour: three quarters of a code, what
/// JPEG leaves from quality 80 down. On photos kept for choosing, repair gains above it and loses below.
const SEEN: u16 = 48;

impl Origin {
    /// Did the last coding lose anything?
    pub fn is_lossy(&self) -> bool {
        matches!(self.codec, Codec::Jpeg(_) | Codec::Lossy(_))
    }

    /// Is the quantiser of the file so fine that its coding leaves noise, and no contours that could be seen? `false` where
    /// the file does not say.
    pub fn leaves_noise(&self) -> bool {
        match &self.codec {
            // Block means lie an eighth of the first step apart; a step of chroma is seen less.
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
