//! Convolutions, transposed convolutions and linear layers.

use crate::param::{Form, ParamId};
use crate::shape::{Reach, Shape};

/// Cross-correlation with zero padding, as PyTorch's `Conv2d`; with a 1×1 kernel also `Linear`.
///
/// `out[o, y, x] = bias[o] + Σ weight[o, i, a, b] · in[i, y·stride + a·dilation − padding₀, x·stride +
/// b·dilation − padding₁]`,
/// i over the inputs of o's group.
#[derive(Clone, Debug, PartialEq)]
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

    pub(crate) fn word(&self) -> String {
        let (a, b) = self.kernel;
        let part = |word: &str, n: usize| if n > 1 { format!(" {word} {n}") } else { String::new() };
        let (stride, dilation) = (part("stride", self.stride), part("dilation", self.dilation));
        format!("conv {a}×{b}{stride}{dilation}{}", part("groups", self.groups))
    }

    pub(crate) fn shape(&self, x: Shape) -> Result<Shape, String> {
        if x.channels != self.input {
            return Err(format!("takes {} channels, got {}", self.input, x.channels));
        }
        let side = |n: usize, kernel: usize, padding: usize| {
            (n + 2 * padding).checked_sub(self.dilation * (kernel - 1) + 1).map(|room| room / self.stride + 1)
        };
        let small = || format!("a kernel of {}×{} does not fit into {x}", self.kernel.0, self.kernel.1);
        let height = side(x.height, self.kernel.0, self.padding.0).ok_or_else(small)?;
        let width = side(x.width, self.kernel.1, self.padding.1).ok_or_else(small)?;
        Ok(Shape::new(self.output, height, width))
    }

    pub(crate) fn multiply_adds_per_place(&self) -> u64 {
        (self.output * self.input / self.groups * self.kernel.0 * self.kernel.1) as u64
    }

    pub(crate) fn reach(&self) -> Reach {
        let far = |kernel: usize, padding: usize| {
            let taps = self.dilation * (kernel - 1);
            padding.max(taps - padding.min(taps))
        };
        let radius = far(self.kernel.0, self.padding.0).max(far(self.kernel.1, self.padding.1));
        Reach { radius: radius as f64, step: self.stride as f64, global: false }
    }
}

/// Transposed convolution as PyTorch's `ConvTranspose2d` with equal kernel, stride and padding on both axes.
///
/// Every input sample adds weight[i, o, a, b] · in[i, y, x] to out[o, y·stride + a − padding, x·stride + b −
/// padding].
#[derive(Clone, Debug, PartialEq)]
pub struct ConvTranspose {
    /// `[input, output, kernel, kernel]`.
    pub weight: ParamId,
    /// One per output channel.
    pub bias: Option<ParamId>,
    /// Input channels.
    pub input: usize,
    /// Output channels.
    pub output: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Samples of the result per sample of the input.
    pub stride: usize,
    /// Padding: samples cut off on every side of the result.
    pub padding: usize,
}

impl ConvTranspose {
    pub(crate) fn shape(&self, x: Shape) -> Result<Shape, String> {
        if x.channels != self.input {
            return Err(format!("takes {} channels, got {}", self.input, x.channels));
        }
        let side = |n: usize| {
            n.checked_sub(1).and_then(|n| (n * self.stride + self.kernel).checked_sub(2 * self.padding))
        };
        let small = || format!("{x} gives an empty result");
        let height = side(x.height).ok_or_else(small)?;
        Ok(Shape::new(self.output, height, side(x.width).ok_or_else(small)?))
    }

    pub(crate) fn multiply_adds_per_place(&self) -> u64 {
        (self.output * self.input * self.kernel * self.kernel) as u64
    }

    pub(crate) fn reach(&self) -> Reach {
        let radius = (self.kernel - 1).div_ceil(self.stride) as f64;
        Reach { radius, step: 1.0 / self.stride as f64, global: false }
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
