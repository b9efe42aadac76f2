//! Element-wise sums and products. An operand with one sample per channel applies to all positions.

use crate::param::ParamId;
use crate::shape::Shape;

/// first + factor · second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AddScaled {
    /// Factor of the second.
    pub factor: f64,
}

/// scale · x + offset: constants for all samples, and learned or fixed vectors per channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// For all samples.
    pub scale: f64,
    /// For all samples.
    pub offset: f64,
    /// Factor per channel.
    pub scales: Option<ParamId>,
    /// Offset per channel.
    pub offsets: Option<ParamId>,
    /// Number of channels of the vectors, if there are any.
    pub channels: Option<usize>,
}

impl Affine {
    pub(crate) fn shape(&self, x: Shape) -> Result<Shape, String> {
        match self.channels {
            Some(channels) if channels != x.channels => {
                Err(format!("takes {channels} channels, got {}", x.channels))
            }
            _ => Ok(x),
        }
    }
}

pub(crate) fn joined(inputs: &[Shape]) -> Result<Shape, String> {
    let [a, b] = inputs else { return Err("takes two values".into()) };
    if a == b || (b.is_point() && a.channels == b.channels) {
        Ok(*a)
    } else if a.is_point() && a.channels == b.channels {
        Ok(*b)
    } else {
        Err(format!("{a} and {b} do not match"))
    }
}
