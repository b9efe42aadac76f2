//! Element-wise sums and products. An operand with one sample per channel applies to all positions.

use serde::{Deserialize, Serialize};

use super::{OpRole, Operation};
use crate::onnx::Builder;
use crate::param::ParamId;
use crate::shape::Shape;
use crate::{Net, Op, Value};

/// Combination of two values, sample by sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Combine {
    /// Sum.
    Add,
    /// First minus second.
    Sub,
    /// Product.
    Mul,
    /// First plus the second times this factor.
    AddScaled(f64),
}

impl Operation for Combine {
    fn label(&self) -> String {
        match self {
            Self::Add => "add".into(),
            Self::Sub => "subtract".into(),
            Self::Mul => "multiply".into(),
            Self::AddScaled(factor) => format!("add × {factor}"),
        }
    }

    fn shape(&self, _: Shape, inputs: &[Shape]) -> Result<Shape, String> {
        let [a, b] = inputs else { return Err("takes two values".into()) };
        if a == b || (b.is_point() && a.channels == b.channels) {
            Ok(*a)
        } else if a.is_point() && a.channels == b.channels {
            Ok(*b)
        } else {
            Err(format!("{a} and {b} do not match"))
        }
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        match self {
            Self::Add => b.op("Add", x),
            Self::Sub => b.op("Sub", x),
            Self::Mul => b.op("Mul", x),
            Self::AddScaled(factor) => {
                let more = b.op_scalar("Mul", x[1], *factor as f32);
                b.op("Add", &[x[0], &more])
            }
        }
    }
}

/// scale · x + offset: constants for all samples, and learned or fixed vectors per channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

impl Operation for Affine {
    fn label(&self) -> String {
        "affine".into()
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        x.check_channels(self.channels.unwrap_or(x.channels))
    }

    fn params(&self) -> Vec<ParamId> {
        [self.scales, self.offsets].into_iter().flatten().collect()
    }

    fn role(&self) -> OpRole {
        OpRole::Other
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        // Runtimes drop a product with 1 and a sum with 0.
        let y = b.op_scalar("Mul", x[0], self.scale as f32);
        let mut y = b.op_scalar("Add", &y, self.offset as f32);
        for (kind, vector) in [("Mul", self.scales), ("Add", self.offsets)] {
            if let Some(vector) = vector {
                let vector = b.per_channel(vector);
                y = b.op(kind, &[&y, &vector]);
            }
        }
        y
    }
}

impl Net {
    /// Sum.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        self.two(Combine::Add, a, b)
    }

    /// a − b.
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        self.two(Combine::Sub, a, b)
    }

    /// Product.
    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        self.two(Combine::Mul, a, b)
    }

    /// factor · x + base.
    pub fn add_scaled(&mut self, x: Value, factor: f64, base: Value) -> Value {
        self.two(Combine::AddScaled(factor), base, x)
    }

    fn two(&mut self, combine: Combine, a: Value, b: Value) -> Value {
        let (ca, cb) = (self.channels(a), self.channels(b));
        if ca != cb {
            self.fault(format!("{}: {ca} and {cb} channels", combine.label()));
        }
        self.push(Op::Combine(combine), &[a, b], ca)
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
}
