//! Convolutions and linear layers.

use serde::{Deserialize, Serialize};

use super::Operation;
use crate::onnx::{Attribute, Builder};
use crate::param::{Form, ParamId};
use crate::shape::{Reach, Shape};
use crate::{Net, Op, Value};

/// Cross-correlation with zero padding, as PyTorch's `Conv2d`; with a 1×1 kernel also `Linear`.
///
/// `out[o, y, x] = bias[o] + Σ weight[o, i, a, b] · in[i, y·stride + a·dilation − padding₀, x·stride +
/// b·dilation − padding₁]`,
/// i over the inputs of o's group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conv {
    /// `[output, input / groups, rows, columns]`, or `[output, input]` of a linear layer.
    pub weight: ParamId,
    /// One per output channel.
    pub bias: Option<ParamId>,
    /// Input channels.
    pub input: usize,
    /// Output channels.
    pub output: usize,
    /// Rows and columns of the kernel.
    pub kernel: (usize, usize),
    /// Stride, vertical and horizontal.
    pub stride: usize,
    /// Zero padding, vertical and horizontal.
    pub padding: (usize, usize),
    /// Dilation: samples between taps.
    pub dilation: usize,
    /// Number of channel groups; groups do not interact.
    pub groups: usize,
}

impl Conv {
    /// The convolution inside a deformable one that computes offsets or geometry: 3×3, of the input's size.
    pub fn generator([weight, bias]: [ParamId; 2], input: usize, output: usize) -> Self {
        Self {
            weight,
            bias: Some(bias),
            input,
            output,
            kernel: (3, 3),
            stride: 1,
            padding: (1, 1),
            dilation: 1,
            groups: 1,
        }
    }
}

impl Operation for Conv {
    fn label(&self) -> String {
        let (a, b) = self.kernel;
        let part = |word: &str, n: usize| if n > 1 { format!(" {word} {n}") } else { String::new() };
        let (stride, dilation) = (part("stride", self.stride), part("dilation", self.dilation));
        format!("conv {a}×{b}{stride}{dilation}{}", part("groups", self.groups))
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        x.check_channels(self.input)?;
        let side = |n: usize, kernel: usize, padding: usize| {
            (n + 2 * padding).checked_sub(self.dilation * (kernel - 1) + 1).map(|room| room / self.stride + 1)
        };
        let small = || format!("a kernel of {}×{} does not fit into {x}", self.kernel.0, self.kernel.1);
        let height = side(x.height, self.kernel.0, self.padding.0).ok_or_else(small)?;
        let width = side(x.width, self.kernel.1, self.padding.1).ok_or_else(small)?;
        Ok(Shape::new(self.output, height, width))
    }

    fn params(&self) -> Vec<ParamId> {
        [Some(self.weight), self.bias].into_iter().flatten().collect()
    }

    fn multiply_adds(&self, _: &[Shape], output: Shape) -> u64 {
        output.area() * (self.output * self.input / self.groups * self.kernel.0 * self.kernel.1) as u64
    }

    fn reach(&self) -> Reach {
        let far = |kernel: usize, padding: usize| {
            let taps = self.dilation * (kernel - 1);
            padding.max(taps - padding.min(taps))
        };
        let radius = far(self.kernel.0, self.padding.0).max(far(self.kernel.1, self.padding.1));
        Reach { radius: radius as f64, step: self.stride as f64, global: false }
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let (rows, columns) = self.kernel;
        let weight = b.param_as(self.weight, &[self.output, self.input / self.groups, rows, columns]);
        let bias = self.bias.map(|bias| b.param(bias));
        let mut inputs = vec![x[0], &weight];
        inputs.extend(bias.as_deref());
        let (down, across) = self.padding;
        let settings = vec![
            Attribute::ints("kernel_shape", &[rows, columns]),
            Attribute::ints("strides", &[self.stride; 2]),
            Attribute::ints("pads", &[down, across, down, across]),
            Attribute::ints("dilations", &[self.dilation; 2]),
            Attribute::int("group", self.groups),
        ];
        b.with("Conv", &inputs, settings)
    }
}

impl Net {
    /// A convolution with parameters `NAME.weight` and `NAME.bias`. `[C, H, W] → [output, …]`.
    pub fn conv(&mut self, name: impl AsRef<str>, x: Value, output: usize, spec: ConvSpec) -> Value {
        self.scope(name, |net| {
            let input = net.channels(x);
            if spec.groups == 0 || input % spec.groups != 0 || !output.is_multiple_of(spec.groups) {
                net.fault(format!("{input} and {output} channels do not divide into {} groups", spec.groups));
            }
            let groups = spec.groups.max(1);
            let weight = [output, input / groups, spec.kernel.0, spec.kernel.1];
            let weight = net.weight("weight", &weight, spec.form);
            let bias = spec.bias.then(|| net.trainable("bias", &[output]));
            let same = |kernel: usize| spec.dilation * (kernel / 2);
            let padding = spec.padding.unwrap_or((same(spec.kernel.0), same(spec.kernel.1)));
            let (kernel, stride, dilation) = (spec.kernel, spec.stride, spec.dilation);
            let conv = Conv { weight, bias, input, output, kernel, stride, padding, dilation, groups };
            net.push(Op::Conv(conv), &[x], output)
        })
    }

    /// A 3×3 convolution with bias that keeps the size.
    pub fn conv3x3(&mut self, name: impl AsRef<str>, x: Value, output: usize) -> Value {
        self.conv(name, x, output, ConvSpec::new(3))
    }

    /// A 1×1 convolution with bias.
    pub fn conv1x1(&mut self, name: impl AsRef<str>, x: Value, output: usize) -> Value {
        self.conv(name, x, output, ConvSpec::new(1))
    }

    /// A linear layer over channels: `NAME.weight` is `[output, input]`.
    pub fn linear(&mut self, name: impl AsRef<str>, x: Value, output: usize) -> Value {
        self.linear_in(name, x, output, Form::Plain)
    }

    /// [`Net::linear`] with the weight stored in another form.
    pub(crate) fn linear_in(&mut self, name: impl AsRef<str>, x: Value, output: usize, form: Form) -> Value {
        self.scope(name, |net| {
            let input = net.channels(x);
            let weight = net.weight("weight", &[output, input], form);
            let bias = Some(net.trainable("bias", &[output]));
            let (kernel, padding) = ((1, 1), (0, 0));
            let conv =
                Conv { weight, bias, input, output, kernel, stride: 1, padding, dilation: 1, groups: 1 };
            net.push(Op::Conv(conv), &[x], output)
        })
    }

    /// A convolution with fixed kernels `[output, input, rows, columns]`, which are part of the graph.
    pub(crate) fn fixed_conv(
        &mut self,
        name: impl AsRef<str>,
        x: Value,
        shape: [usize; 4],
        kernels: Vec<f32>,
    ) -> Value {
        self.scope(name, |net| {
            let [output, input, rows, columns] = shape;
            if input != net.channels(x) || kernels.len() != shape.iter().product::<usize>() {
                net.fault(format!("fixed kernels of {shape:?} do not fit"));
            }
            let weight = net.constant("weight", &shape, kernels);
            let (kernel, padding) = ((rows, columns), (rows / 2, columns / 2));
            let conv = Conv {
                weight,
                bias: None,
                input,
                output,
                kernel,
                stride: 1,
                padding,
                dilation: 1,
                groups: 1,
            };
            net.push(Op::Conv(conv), &[x], output)
        })
    }
}

/// Specification of a convolution: everything besides channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvSpec {
    /// Rows and columns of the kernel.
    pub kernel: (usize, usize),
    /// Stride.
    pub stride: usize,
    /// Zero padding; `None` keeps the size at stride 1.
    pub padding: Option<(usize, usize)>,
    /// Dilation.
    pub dilation: usize,
    /// Groups.
    pub groups: usize,
    /// Whether it has a bias.
    pub bias: bool,
    /// Form of the stored weight.
    pub form: Form,
}

impl ConvSpec {
    /// A square kernel with bias that keeps the size.
    pub fn new(kernel: usize) -> Self {
        Self {
            kernel: (kernel, kernel),
            stride: 1,
            padding: None,
            dilation: 1,
            groups: 1,
            bias: true,
            form: Form::Plain,
        }
    }

    /// With another stride.
    #[must_use]
    pub fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// With this zero padding on every side.
    #[must_use]
    pub fn padding(self, padding: usize) -> Self {
        Self { padding: Some((padding, padding)), ..self }
    }

    /// With another dilation.
    #[must_use]
    pub fn dilation(self, dilation: usize) -> Self {
        Self { dilation, ..self }
    }

    /// In groups.
    #[must_use]
    pub fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// Without bias.
    #[must_use]
    pub fn no_bias(self) -> Self {
        Self { bias: false, ..self }
    }

    /// With the weight stored in another form.
    #[must_use]
    pub fn form(self, form: Form) -> Self {
        Self { form, ..self }
    }
}
