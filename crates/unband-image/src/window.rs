//! Rectangles of an image.

/// A rectangle of luma samples, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First column.
    pub x0: usize,
    /// First row.
    pub y0: usize,
    /// One past the last column.
    pub x1: usize,
    /// One past the last row.
    pub y1: usize,
}

impl Window {
    /// Width.
    pub fn width(self) -> usize {
        self.x1 - self.x0
    }

    /// Height.
    pub fn height(self) -> usize {
        self.y1 - self.y0
    }

    /// Grown by `halo` on each side, cut at the image's border.
    #[must_use]
    pub fn grown(self, halo: usize, width: usize, height: usize) -> Self {
        Self {
            x0: self.x0.saturating_sub(halo),
            y0: self.y0.saturating_sub(halo),
            x1: (self.x1 + halo).min(width),
            y1: (self.y1 + halo).min(height),
        }
    }

    /// Grown to multiples of `step`, cut at the image's border.
    #[must_use]
    pub fn aligned(self, step: usize, width: usize, height: usize) -> Self {
        Self {
            x0: self.x0 / step * step,
            y0: self.y0 / step * step,
            x1: self.x1.next_multiple_of(step).min(width),
            y1: self.y1.next_multiple_of(step).min(height),
        }
    }

    /// The same rectangle in the coordinates of one that contains it.
    #[must_use]
    pub fn inside(self, outer: Self) -> Self {
        let Self { x0, y0, .. } = outer;
        Self { x0: self.x0 - x0, y0: self.y0 - y0, x1: self.x1 - x0, y1: self.y1 - y0 }
    }

    /// The same rectangle after upscaling by a factor.
    #[must_use]
    pub fn times(self, scale: usize) -> Self {
        Self { x0: scale * self.x0, y0: scale * self.y0, x1: scale * self.x1, y1: scale * self.y1 }
    }

    /// The same rectangle on a plane that is subsampled by `sx`, `sy`. The upper left corner must be a
    /// multiple of both, the lower right one too unless it is the image's end.
    #[must_use]
    pub fn on_plane(self, sx: usize, sy: usize) -> Self {
        Self { x0: self.x0 / sx, y0: self.y0 / sy, x1: self.x1.div_ceil(sx), y1: self.y1.div_ceil(sy) }
    }
}
