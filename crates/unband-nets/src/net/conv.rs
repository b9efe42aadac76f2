//! Builders of convolutions and linear layers.

use crate::layer::banded_deform_conv::{BandedDeformConv, BandedDeformSpec};
use crate::layer::conv::{Conv, ConvSpec, ConvTranspose};
use crate::layer::deform_conv::DeformConv;
use crate::param::Form;
use crate::{Net, Op, Value};

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
            net.push(crate::Op::Conv(conv), &[x], output)
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
    pub fn linear_in(&mut self, name: impl AsRef<str>, x: Value, output: usize, form: Form) -> Value {
        self.scope(name, |net| {
            let input = net.channels(x);
            let weight = net.weight("weight", &[output, input], form);
            let bias = Some(net.trainable("bias", &[output]));
            let (kernel, padding) = ((1, 1), (0, 0));
            let conv =
                Conv { weight, bias, input, output, kernel, stride: 1, padding, dilation: 1, groups: 1 };
            net.push(crate::Op::Conv(conv), &[x], output)
        })
    }

    /// A convolution with fixed kernels `[output, input, rows, columns]`, which are part of the graph.
    pub fn fixed_conv(
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
            net.push(crate::Op::Conv(conv), &[x], output)
        })
    }

    /// A transposed convolution with `NAME.weight` and an optional `NAME.bias`.
    pub fn conv_transpose(
        &mut self,
        name: impl AsRef<str>,
        x: Value,
        output: usize,
        (kernel, stride, padding): (usize, usize, usize),
        bias: bool,
    ) -> Value {
        self.scope(name, |net| {
            let input = net.channels(x);
            let weight = net.trainable("weight", &[input, output, kernel, kernel]);
            let bias = bias.then(|| net.trainable("bias", &[output]));
            let conv = ConvTranspose { weight, bias, input, output, kernel, stride, padding };
            net.push(crate::Op::ConvTranspose(conv), &[x], output)
        })
    }

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

    /// A deformable convolution with parameters below `NAME`; kernels are odd. `[C, H, W] → [output, H, W]`.
    pub fn deform_conv(
        &mut self,
        name: impl AsRef<str>,
        x: Value,
        output: usize,
        kernel: (usize, usize),
    ) -> Value {
        self.scope(name, |net| {
            let input = net.channels(x);
            let (rows, columns) = kernel;
            if rows % 2 == 0 || columns % 2 == 0 {
                net.fault(format!("a deformable kernel is odd, got {rows}×{columns}"));
            }
            let weight = net.trainable("conv.weight", &[output, input, rows, columns]);
            let offset = [
                net.trainable("offset.weight", &[2 * rows * columns, input, 3, 3]),
                net.trainable("offset.bias", &[2 * rows * columns]),
            ];
            let conv = DeformConv { weight, offset, input, output, kernel };
            net.push(Op::DeformConv(conv), &[x], output)
        })
    }
}
