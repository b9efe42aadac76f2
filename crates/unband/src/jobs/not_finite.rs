//! Infinite and NaN samples of floating-point images.

use unband_image::{Depth, Image};

/// Non-finite samples of an image, removed so that they do not spoil their surroundings.
pub(super) struct NotFinite(Vec<(usize, usize, f32)>);

impl NotFinite {
    /// Replaces each by the finite sample before it, or by 0.
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

    /// Puts them back, unless the result has integer codes.
    pub(super) fn put_back(self, image: &mut Image) {
        if image.depth == Depth::F32 {
            for (p, i, value) in self.0 {
                image.planes[p].data[i] = value;
            }
        }
    }
}
