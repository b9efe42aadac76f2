//! Max pooling and global reductions.

use serde::{Deserialize, Serialize};

use super::Operation;
use crate::onnx::{Attribute, Builder};
use crate::shape::{Reach, Shape};
use crate::{Net, Op, Value};

/// Maximum of each window, as PyTorch's `MaxPool2d`; padding never wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxPool {
    /// Side of the window.
    pub kernel: usize,
    /// Stride.
    pub stride: usize,
    /// Whether a truncated last window is included (`ceil_mode`), provided that it begins inside.
    pub ceil: bool,
}

impl Operation for MaxPool {
    fn label(&self) -> String {
        format!("max pool {}", self.kernel)
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
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

    fn reach(&self) -> Reach {
        Reach { radius: (self.kernel - 1) as f64, step: self.stride as f64, global: false }
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let settings = vec![
            Attribute::ints("kernel_shape", &[self.kernel; 2]),
            Attribute::ints("strides", &[self.stride; 2]),
            Attribute::int("ceil_mode", usize::from(self.ceil)),
        ];
        b.with("MaxPool", x, settings)
    }
}

/// One value per channel from the whole image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reduce {
    /// Mean.
    Mean,
    /// Largest.
    Max,
}

impl Operation for Reduce {
    fn label(&self) -> String {
        let word = match self {
            Self::Mean => "global mean",
            Self::Max => "global max",
        };
        word.into()
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        Ok(Shape::new(x.channels, 1, 1))
    }

    fn reach(&self) -> Reach {
        Reach::GLOBAL
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        match self {
            Self::Mean => b.op("GlobalAveragePool", x),
            Self::Max => b.op("GlobalMaxPool", x),
        }
    }
}

impl Net {
    /// Largest of each window.
    pub fn max_pool(&mut self, x: Value, pool: MaxPool) -> Value {
        let channels = self.channels(x);
        self.push(Op::MaxPool(pool), &[x], channels)
    }

    /// Mean or largest of each channel. `[C, H, W] → [C, 1, 1]`.
    pub fn reduce(&mut self, x: Value, reduce: Reduce) -> Value {
        let channels = self.channels(x);
        self.push(Op::Reduce(reduce), &[x], channels)
    }
}
