//! Samples that are infinite or not numbers, which floating-point images may hold.

use unband_image::{Depth, Image};

/// Such samples of an image, taken out so that nothing around them is spoilt.
pub(super) struct NotFinite(Vec<(usize, usize, f32)>);

impl NotFinite {
    /// Puts the finite sample before each in its place, 0 where there is none.
    pub(super) fn take(image: &mut Image) -> Self {
        let mut taken = Vec::new();
        if image.depth == Depth::F32 {
            for (p, plane) in image.planes.iter_mut().enumerate() {
                let mut last = 0.0;
                for (i, value) in plane.data.iter_mut().enumerate() {
                    if value.is_finite() {
                        last = *value;
                    } else {
                        taken.push((p, i, std::mem::replace(value, last)));
                    }
                }
            }
        }
        Self(taken)
    }

    /// Puts them back, where whole codes have not taken their place.
    pub(super) fn put_back(self, image: &mut Image) {
        if image.depth == Depth::F32 {
            for (p, i, value) in self.0 {
                image.planes[p].data[i] = value;
            }
        }
    }
}
