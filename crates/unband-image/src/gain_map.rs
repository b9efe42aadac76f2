//! Gain maps: the local brightness gain of an image for HDR displays, as a second image in its file.

use std::sync::Arc;

/// A gain map as a JPEG file stores it. Methods do not change it.
///
/// Source: Android's Ultra HDR Image Format 1.1; ISO 21496-1; CIPA DC-007 (Multi-Picture Format).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GainMap {
    /// The map: a JPEG file with metadata of its own, which say how it applies.
    pub jpeg: Arc<Vec<u8>>,
    /// Does the image's XMP announce it, by Adobe's and Google's names?
    pub in_xmp: bool,
    /// The image's own statement by ISO 21496-1, from the byte after its identifier on.
    pub iso: Option<Vec<u8>>,
    /// Exif orientation that the image was turned from, 1 to 8: the map still has it.
    pub orientation: u8,
}
