//! A still image as a codec decodes it, and the codec's trait.

use unband_image::{Cicp, Plane, Siting, Subsampling};

use super::container::{Container, HeifItem};
use crate::isobmff::BoxType;
use crate::{Error, Limits};

/// Coding of an image, known before it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::format) struct StillHeader {
    /// Bits per sample: 8, 10 or 12.
    pub(in crate::format) bits: u8,
    pub(in crate::format) mono: bool,
    pub(in crate::format) subsampling: Subsampling,
    pub(in crate::format) siting: Siting,
    pub(in crate::format) cicp: Cicp,
}

impl StillHeader {
    /// Whether samples of both mean the same.
    pub(super) fn is_coded_as(&self, other: &Self) -> bool {
        let coding = |header: &Self| (header.bits, header.mono, header.subsampling, header.cicp.full_range);
        coding(self) == coding(other)
    }
}

/// A codec of the images in a container.
pub(in crate::format) trait ItemCodec {
    /// Name of the format.
    const FORMAT: &'static str;
    /// Types of its items.
    const ITEMS: &'static [&'static BoxType];
    /// Shortest side of the tiles of a grid.
    const SMALLEST_TILE: u32 = 1;
    /// Whether alpha is of full range whatever its header says.
    const ALPHA_IS_FULL: bool = false;
    type Image: Decoded;

    /// The header of an item of that size. Nothing is allocated for its samples.
    ///
    /// # Errors
    /// Streams that are damaged, too short for the size, or beyond the limits.
    fn header(
        container: &Container<'_>,
        item: &HeifItem<'_>,
        size: (u32, u32),
        limits: &Limits,
    ) -> Result<StillHeader, Error>;

    /// An item of that size, and its header.
    ///
    /// # Errors
    /// As [`ItemCodec::header`], and images that differ from it.
    fn decode(
        container: &Container<'_>,
        item: &HeifItem<'_>,
        size: (u32, u32),
        limits: &Limits,
    ) -> Result<(StillHeader, Self::Image), Error>;
}

/// A decoded image.
pub(in crate::format) trait Decoded {
    /// Copies one component into a plane, with its first sample at `x`, `y`. Samples past the edges are
    /// ignored. `values` maps each code to its value.
    fn put(&self, component: usize, to: &mut Plane, x: usize, y: usize, values: &[f32]);
}
