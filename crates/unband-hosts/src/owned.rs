//! Frames in memory of unband's own, for hosts whose frames live for one call.

use std::sync::Arc;

use unband::Error;
use unband_image::frame::FrameError;

use crate::frame::{FrameLayout, FrameMemory, PlaneBytes, PlaneBytesMut};

/// Planes without padding.
#[derive(Clone)]
pub(crate) struct OwnedMemory(Arc<Vec<Vec<u16>>>);

/// Bytes of a plane's row.
fn row_bytes(layout: &FrameLayout, plane: usize) -> usize {
    layout.size_of(plane).0 * layout.sample_bytes()
}

impl OwnedMemory {
    /// Planes of zeros.
    ///
    /// # Errors
    /// Not enough memory.
    pub(crate) fn new(layout: &FrameLayout) -> Result<Self, Error> {
        let mut planes = Vec::with_capacity(layout.planes());
        for p in 0..layout.planes() {
            let (width, height) = layout.size_of(p);
            // Words, so that samples of two bytes are aligned.
            let words = (row_bytes(layout, p) * height).div_ceil(2);
            let enough = Vec::<u16>::new().try_reserve_exact(words);
            enough.map_err(|_| FrameError::Memory { width, height })?;
            planes.push(vec![0; words]);
        }
        Ok(Self(Arc::new(planes)))
    }
}

impl FrameMemory for OwnedMemory {
    fn plane(&self, layout: &FrameLayout, plane: usize) -> PlaneBytes<'_> {
        PlaneBytes { bytes: bytemuck::cast_slice(&self.0[plane]), stride: row_bytes(layout, plane) }
    }

    fn planes_mut(&mut self, layout: &FrameLayout) -> Vec<PlaneBytesMut<'_>> {
        let mut views = Vec::with_capacity(layout.planes());
        for (p, plane) in Arc::make_mut(&mut self.0).iter_mut().enumerate() {
            views
                .push(PlaneBytesMut { stride: row_bytes(layout, p), bytes: bytemuck::cast_slice_mut(plane) });
        }
        views
    }

    fn like(&self, layout: &FrameLayout) -> Result<Self, Error> {
        Self::new(layout)
    }
}
