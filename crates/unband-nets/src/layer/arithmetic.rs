//! Element-wise sums and products. An operand with one sample per channel applies to all positions.

use crate::net::Net;
use crate::param::ParamId;
use crate::shape::Shape;
use crate::{Op, Value};

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

impl Net {
    /// Sum.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        self.two(Op::Add, a, b)
    }

    /// a − b.
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        self.two(Op::Sub, a, b)
    }

    /// Product.
    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        self.two(Op::Mul, a, b)
    }

    /// factor · x + base.
    pub fn add_scaled(&mut self, x: Value, factor: f64, base: Value) -> Value {
        self.two(Op::AddScaled(AddScaled { factor }), base, x)
    }

    /// scale · x + offset.
    pub fn affine(&mut self, x: Value, scale: f64, offset: f64) -> Value {
        let channels = self.channels(x);
        let affine = Affine { scale, offset, scales: None, offsets: None, channels: None };
        self.push(Op::Affine(affine), &[x], channels)
    }

    /// (x − mean) / deviation per channel, with constants.
    pub fn normalise(&mut self, x: Value, mean: &[f32], deviation: &[f32]) -> Value {
        let channels = self.channels(x);
        if mean.len() != channels || deviation.len() != channels {
            self.fault(format!("{} means and {} deviations for {channels}", mean.len(), deviation.len()));
        }
        let scale: Vec<f32> = deviation.iter().map(|d| 1.0 / d).collect();
        let offset: Vec<f32> = mean.iter().zip(deviation).map(|(m, d)| -m / d).collect();
        let scales = Some(self.constant("scale", &[scale.len()], scale));
        let offsets = Some(self.constant("offset", &[offset.len()], offset));
        let affine = Affine { scale: 1.0, offset: 0.0, scales, offsets, channels: Some(channels) };
        self.push(Op::Affine(affine), &[x], channels)
    }

    fn two(&mut self, op: Op, a: Value, b: Value) -> Value {
        let (ca, cb) = (self.channels(a), self.channels(b));
        if ca != cb {
            self.fault(format!("{}: {ca} and {cb} channels", op.word()));
        }
        self.push(op, &[a, b], ca)
    }
}
