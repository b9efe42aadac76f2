//! Max pooling and global reductions.

use crate::shape::{Reach, Shape};

/// Maximum of each window, as PyTorch's `MaxPool2d`; padding never wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool {
    /// Side of the window.
    pub kernel: usize,
    /// Stride.
    pub stride: usize,
    /// Whether a truncated last window is included (`ceil_mode`), provided that it begins inside.
    pub ceil: bool,
}

impl MaxPool {
    pub(crate) fn shape(self, x: Shape) -> Result<Shape, String> {
        let side = |n: usize| {
            let room = n.checked_sub(self.kernel.max(1))?;
            let cut = room.div_ceil(self.stride).min((n - 1) / self.stride);
            let steps = if self.ceil { cut } else { room / self.stride };
            Some(steps + 1)
        };
        let small = || format!("a window of {0}×{0} does not fit into {x}", self.kernel);
        let height = side(x.height).ok_or_else(small)?;
        Ok(Shape::new(x.channels, height, side(x.width).ok_or_else(small)?))
    }

    pub(crate) fn reach(self) -> Reach {
        Reach { radius: (self.kernel - 1) as f64, step: self.stride as f64, global: false }
    }
}

/// One value per channel from the whole image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// Mean.
    Mean,
    /// Largest.
    Max,
}

impl Reduce {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Mean => "global mean",
            Self::Max => "global max",
        }
    }
}
