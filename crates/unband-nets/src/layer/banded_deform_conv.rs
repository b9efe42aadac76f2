//! Banded deformable convolution: a convolution with a kernel rotated and stretched per position.

use serde::{Deserialize, Serialize};

use super::Operation;
use crate::onnx::Builder;
use crate::onnx::sample::{Weighing, generated, taps_from_centre, weighed};
use crate::param::ParamId;
use crate::shape::{Reach, Shape};
use crate::state::init::InitRole;
use crate::{Net, Op, Value};

/// A convolution whose taps are rotated and stretched by the outputs of three small convolutions of the
/// input.
///
/// At each position, with taps (a, b) and (u, v) = (a − kh div 2, b − kw div 2): sine and cosine (s, c) =
/// `conv_rotation`,
/// divided by √(s² + c² + 1e-6); stretch r = tanh(`conv_stretch`) · (max − min) / 2 + (max + min) / 2, or
/// relu without
/// limits; scale w = 1 + relu(`conv_whole`), or 1. With u′ = w·r·u and v′ = w·v the tap reads at (row,
/// column) offset
/// (c·u′ + s·v′, −s·u′ + c·v′), bilinear, zero outside; no bias.
///
/// Source: Quan et al., "Image debanding using cross-scale invertible networks with banded deformable
/// convolutions",
/// Neural Networks 187 (2025) 107270, §3.3; `BDeformConv_layer.py` of csxyhe/BDINN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BandedDeformConv {
    /// `conv.weight`: `[output, input / groups, kh, kw]`.
    pub weight: ParamId,
    /// `conv_rotation.{weight,bias}`: `[2, input, 3, 3]`, `[2]`.
    pub rotation: [ParamId; 2],
    /// `conv_stretch.{weight,bias}`: `[1, input, 3, 3]`, `[1]`.
    pub stretch: [ParamId; 2],
    /// `conv_whole.{weight,bias}`, of the same shapes; without it w = 1.
    pub whole: Option<[ParamId; 2]>,
    /// Input channels.
    pub input: usize,
    /// Output channels.
    pub output: usize,
    /// Rows and columns of the kernel.
    pub kernel: (usize, usize),
    /// Groups.
    pub groups: usize,
    /// Minimum and maximum stretch.
    pub limits: Option<(f32, f32)>,
    /// Initial rotation of the kernel, in degrees.
    pub init_angle: f32,
    /// Initial bias of `conv_whole`.
    pub init_whole: f32,
}

impl Operation for BandedDeformConv {
    fn label(&self) -> String {
        format!("banded deformable conv {}×{}", self.kernel.0, self.kernel.1)
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        Ok(x.check_channels(self.input)?.with_channels(self.output))
    }

    fn params(&self) -> Vec<ParamId> {
        let whole = self.whole.into_iter().flatten();
        [self.weight].into_iter().chain(self.rotation).chain(self.stretch).chain(whole).collect()
    }

    /// Generators: stretch 1, scale 1, turned by the given angle.
    fn init(&self) -> Vec<(ParamId, InitRole)> {
        let generators = [Some(self.rotation), Some(self.stretch), self.whole].into_iter().flatten();
        let weights = generators.map(|[weight, _]| (weight, InitRole::Fixed(0.0)));
        let rotation = (self.rotation[1], InitRole::Angle(self.init_angle));
        let stretch = (self.stretch[1], InitRole::Fixed(stretch_bias(self.limits)));
        let whole = self.whole.map(|[_, bias]| (bias, InitRole::Fixed(f64::from(self.init_whole))));
        weights.chain([rotation, stretch]).chain(whole).collect()
    }

    /// Papers' tables omit the generators, but they are convolutions all the same.
    fn multiply_adds(&self, _: &[Shape], output: Shape) -> u64 {
        let taps = self.kernel.0 * self.kernel.1;
        let generators = 9 * self.input * (3 + usize::from(self.whole.is_some()));
        output.area() * (self.output * self.input / self.groups * taps + generators) as u64
    }

    /// Its offsets have no bound.
    fn reach(&self) -> Reach {
        Reach::GLOBAL
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let (sine, cosine) = self.direction(b, x[0]);
        let stretch = generated(b, x[0], self.stretch, self.input);
        let stretch = match self.limits {
            Some((min, max)) => {
                let bent = b.op("Tanh", &[&stretch]);
                let bent = b.op_scalar("Mul", &bent, (max - min) / 2.0);
                b.op_scalar("Add", &bent, f32::midpoint(max, min))
            }
            None => b.op("Relu", &[&stretch]),
        };
        let (rows, columns) = taps_from_centre(b, self.kernel.0, self.kernel.1);
        let mut u = b.op("Mul", &[&stretch, &rows]);
        let mut v = columns;
        if let Some(whole) = self.whole {
            let whole = generated(b, x[0], whole, self.input);
            let whole = b.op("Relu", &[&whole]);
            let whole = b.op_scalar("Add", &whole, 1.0);
            u = b.op("Mul", &[&whole, &u]);
            v = b.op("Mul", &[&whole, &v]);
        }
        let turned = |b: &mut Builder<'_>, kind: &str, p: [&str; 2], q: [&str; 2]| {
            let (p, q) = (b.op("Mul", &p), b.op("Mul", &q));
            b.op(kind, &[&p, &q])
        };
        let down = turned(b, "Add", [&cosine, &u], [&sine, &v]);
        let across = turned(b, "Sub", [&cosine, &v], [&sine, &u]);
        let (input, output, kernel, groups) = (self.input, self.output, self.kernel, self.groups);
        weighed(b, x[0], &down, &across, &Weighing { weight: self.weight, input, output, kernel, groups })
    }
}

impl BandedDeformConv {
    /// Sine and cosine at every position, `[N, 1, H, W]` each.
    fn direction(&self, b: &mut Builder<'_>, x: &str) -> (String, String) {
        let rotation = generated(b, x, self.rotation, self.input);
        let [sine, cosine] = [0, 1].map(|from| b.slice(&rotation, 1, from, from + 1));
        let [s, c] = [&sine, &cosine].map(|x| b.op("Mul", &[x, x]));
        let square = b.op("Add", &[&s, &c]);
        let square = b.op_scalar("Add", &square, 1e-6);
        let length = b.op("Sqrt", &[&square]);
        (b.op("Div", &[&sine, &length]), b.op("Div", &[&cosine, &length]))
    }
}

impl Net {
    /// A banded deformable convolution with the authors' parameter names below `NAME`. `[C, H, W] → [output,
    /// H, W]`.
    ///
    /// ```
    /// use unband_nets::{Net, layer::banded_deform_conv::BandedDeformSpec};
    /// let mut net = Net::new("mine");
    /// let image = net.input("image", 3);
    /// let features = net.conv3x3("head", image, 16);
    /// let features = net.banded_deform_conv("bend", features, 16, BandedDeformSpec::default());
    /// let out = net.conv3x3("tail", features, 3);
    /// let graph = net.finish(&[("image", out)]).unwrap();
    /// assert!(graph.params.iter().any(|p| p.name == "bend.conv_rotation.weight"));
    /// ```
    pub fn banded_deform_conv(
        &mut self,
        name: impl AsRef<str>,
        x: Value,
        output: usize,
        spec: BandedDeformSpec,
    ) -> Value {
        self.scope(name, |net| {
            let input = net.channels(x);
            let (rows, columns) = spec.kernel;
            if rows % 2 == 0 || columns % 2 == 0 {
                net.fault(format!("a banded kernel is odd, got {rows}×{columns}"));
            }
            if spec.groups == 0 || input % spec.groups != 0 || !output.is_multiple_of(spec.groups) {
                net.fault(format!("{input} and {output} channels do not divide into {} groups", spec.groups));
            }
            if spec.limits.is_some_and(|(min, max)| !(min < max && min.is_finite() && max.is_finite())) {
                net.fault(format!("the least stretch is below the largest, got {:?}", spec.limits));
            }
            if !spec.init_angle.is_finite() {
                net.fault(format!("the first angle is a number of degrees, got {}", spec.init_angle));
            }
            let groups = spec.groups.max(1);
            net.integer("base_offset", &[1, 1, 1, 2, rows * columns]);
            let weight = net.trainable("conv.weight", &[output, input / groups, rows, columns]);
            let mut generator = |name: &str, n: usize| {
                [
                    net.trainable(format!("{name}.weight"), &[n, input, 3, 3]),
                    net.trainable(format!("{name}.bias"), &[n]),
                ]
            };
            let rotation = generator("conv_rotation", 2);
            let stretch = generator("conv_stretch", 1);
            let whole = spec.rescale.then(|| generator("conv_whole", 1));
            let conv = BandedDeformConv {
                weight,
                rotation,
                stretch,
                whole,
                input,
                output,
                kernel: spec.kernel,
                groups,
                limits: spec.limits,
                init_angle: spec.init_angle,
                init_whole: spec.init_whole,
            };
            net.push(Op::BandedDeformConv(conv), &[x], output)
        })
    }
}

/// The bias of `conv_stretch` that makes the stretch 1, or as near to it as limits that exclude 1 allow.
pub fn stretch_bias(limits: Option<(f32, f32)>) -> f64 {
    let Some((min, max)) = limits else { return 1.0 };
    let (min, max) = (f64::from(min), f64::from(max));
    ((2.0 - max - min) / (max - min)).clamp(-0.9999, 0.9999).atanh()
}

/// The published options of the layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandedDeformSpec {
    /// Rows and columns; odd.
    pub kernel: (usize, usize),
    /// Groups.
    pub groups: usize,
    /// `min_sscale` and `max_sscale`; `None` for any stretch.
    pub limits: Option<(f32, f32)>,
    /// `is_rescale`: whether the kernel may grow as a whole.
    pub rescale: bool,
    /// Initial rotation of the kernel, in degrees; finite.
    pub init_angle: f32,
    /// Initial bias of `conv_whole`. From the authors' 0 it never learns: the ReLU after it passes no
    /// gradient there.
    pub init_whole: f32,
}

impl Default for BandedDeformSpec {
    /// 3×5, stretch between 0.5 and 3, growing, not rotated: as in the paper.
    fn default() -> Self {
        Self {
            kernel: (3, 5),
            groups: 1,
            limits: Some((0.5, 3.0)),
            rescale: true,
            init_angle: 0.0,
            init_whole: 1e-3,
        }
    }
}
