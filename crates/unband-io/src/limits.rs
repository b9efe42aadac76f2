//! Size limits, checked before memory is allocated.

use crate::Error;
use unband_image::{Plane, frame};

/// Longest ICC profile that is kept, in bytes, and the most that the compressed texts of a file may unpack
/// to.
pub(crate) const LONGEST_PROFILE: usize = 16 << 20;

/// Limits on the images that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Pixels, width times height.
    pub max_pixels: u64,
    /// Bytes of the decoded planes, four per sample, and of JPEG coefficients, two each.
    pub max_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_pixels: 1 << 30, max_bytes: 8 << 30 }
    }
}

impl Limits {
    /// Limits on pixels and on bytes.
    pub const fn new(max_pixels: u64, max_bytes: u64) -> Self {
        Self { max_pixels, max_bytes }
    }

    /// Checks a declared size before anything is allocated for it.
    ///
    /// # Errors
    /// If the image is larger than allowed.
    pub fn check(&self, width: u64, height: u64, channels: u64) -> Result<(), Error> {
        self.check_with(width, height, channels, 0)
    }

    /// As [`Limits::check`], plus the bytes of data kept with the planes.
    pub(crate) fn check_with(&self, width: u64, height: u64, channels: u64, extra: u64) -> Result<(), Error> {
        let pixels = width.saturating_mul(height);
        let bytes = pixels.saturating_mul(channels).saturating_mul(4).saturating_add(extra);
        let (needs, limit) = if pixels > self.max_pixels {
            (format!("{pixels} pixels"), format!("{} pixels", self.max_pixels))
        } else if bytes > self.max_bytes {
            (format!("{} MiB", bytes >> 20), format!("{} MiB", self.max_bytes >> 20))
        } else {
            return Ok(());
        };
        Err(Error::Limit { width, height, bytes, needs, limit })
    }
}

/// Whether an image is large and its file too small to contain much of it. Codings that may skip samples
/// allow that, and a few bytes would cost gigabytes.
pub(crate) fn mostly_empty(width: usize, height: usize, bytes: usize) -> bool {
    const LARGE: u64 = 1 << 24;
    let pixels = (width as u64).saturating_mul(height as u64);
    pixels > LARGE && pixels / 4096 > bytes as u64
}

/// A plane of zeros, or an error if there is not enough memory.
pub(crate) fn new_plane(width: usize, height: usize) -> Result<Plane, Error> {
    Ok(frame::new_plane(width, height)?)
}
