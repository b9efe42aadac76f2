//! Banded deformable convolution as a Burn module, with the start of its authors' code.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor, TensorData};
use unband_nets::Net;
use unband_nets::layer::banded_deform_conv::{BandedDeformSpec, stretch_bias};

use crate::TrainError;
use crate::exec::deform::{Bend, bent};

/// Options of [`BandedDeformConv`]. The defaults are those of the authors' code.
#[derive(Config, Debug)]
pub struct BandedDeformConvConfig {
    /// Channels of the input and of the output.
    pub channels: [usize; 2],
    /// Rows and columns of the kernel; odd.
    #[config(default = "[3, 3]")]
    pub kernel_size: [usize; 2],
    /// Groups.
    #[config(default = "1")]
    pub groups: usize,
    /// Minimum and maximum stretch (`min_sscale`, `max_sscale`); `None` for any stretch.
    #[config(default = "Some([0.5, 3.0])")]
    pub limits: Option<[f32; 2]>,
    /// Whether the kernel may grow as a whole (`isReScale`).
    #[config(default = true)]
    pub rescale: bool,
    /// Initial rotation of the kernel, in degrees.
    #[config(default = 0.0)]
    pub init_angle: f32,
    /// Initial bias of `conv_whole`. From the authors' 0 it never learns, as the ReLU after it passes no
    /// gradient there; networks of unband start at 1e-3.
    #[config(default = 0.0)]
    pub init_whole: f32,
}

/// A convolution whose kernel is rotated and stretched at each position by three small convolutions of the
/// input. `[N, C, H, W] → [N, output, H, W]`. Its parameters have the names of the authors' layer.
///
/// ```
/// use burn::tensor::{Device, Distribution, Tensor};
/// use unband_train::BandedDeformConvConfig;
///
/// let device = Device::flex().autodiff();
/// let layer = BandedDeformConvConfig::new([16, 32])
///     .with_kernel_size([3, 5])
///     .with_init_angle(45.0)
///     .init(&device)?;
/// let image = Tensor::<4>::random([2, 16, 24, 24], Distribution::Default, &device);
/// let out = layer.forward(image);
/// assert_eq!(out.dims(), [2, 32, 24, 24]);
/// let gradients = out.mean().backward();
/// assert!(layer.conv_rotation.weight.val().grad(&gradients).is_some());
/// # Ok::<(), unband_train::TrainError>(())
/// ```
///
/// Source: Quan et al., Neural Networks 187 (2025) 107270, §3.3; `BDeformConv_layer.py` of csxyhe/BDINN.
#[derive(Module, Debug)]
pub struct BandedDeformConv {
    /// Kernel, `[output, input / groups, rows, columns]`; without bias.
    pub conv: Conv2d,
    /// Sine and cosine of the rotation.
    pub conv_rotation: Conv2d,
    /// Stretch of the rows.
    pub conv_stretch: Conv2d,
    /// Growth of the whole kernel.
    pub conv_whole: Option<Conv2d>,
    /// Minimum and maximum stretch.
    #[module(skip)]
    pub limits: Option<[f32; 2]>,
}

impl BandedDeformConvConfig {
    /// The layer with the authors' start: kernel as PyTorch's convolutions; rotation by the angle, stretch 1,
    /// scale 1 at every position.
    ///
    /// # Errors
    /// Even kernels, groups that do not divide the channels, limits in the wrong order, an angle that is not
    /// finite.
    pub fn init(&self, device: &Device) -> Result<BandedDeformConv, TrainError> {
        let limits = self.limits.map(|[min, max]| (min, max));
        self.check(limits)?;
        let [input, _] = self.channels;
        let generator = |outputs: usize, bias: Vec<f32>| {
            let same = PaddingConfig2d::Explicit(1, 1, 1, 1);
            let conv = Conv2dConfig::new([input, outputs], [3, 3]).with_padding(same).init(device);
            let weight = Tensor::<4>::zeros([outputs, input, 3, 3], device);
            let bias = Tensor::<1>::from_data(TensorData::new(bias, [outputs]), device);
            Conv2d { weight: Param::from_tensor(weight), bias: Some(Param::from_tensor(bias)), ..conv }
        };
        let (sine, cosine) = f64::from(self.init_angle).to_radians().sin_cos();
        Ok(BandedDeformConv {
            conv: Conv2dConfig::new(self.channels, self.kernel_size)
                .with_groups(self.groups)
                .with_bias(false)
                .init(device),
            conv_rotation: generator(2, vec![sine as f32, cosine as f32]),
            conv_stretch: generator(1, vec![stretch_bias(limits) as f32]),
            conv_whole: self.rescale.then(|| generator(1, vec![self.init_whole])),
            limits: self.limits,
        })
    }

    fn check(&self, limits: Option<(f32, f32)>) -> Result<(), TrainError> {
        let ([input, output], [rows, columns]) = (self.channels, self.kernel_size);
        let spec = BandedDeformSpec {
            kernel: (rows, columns),
            groups: self.groups,
            limits,
            rescale: self.rescale,
            init_angle: self.init_angle,
            init_whole: self.init_whole,
        };
        let mut net = Net::new("layer");
        let image = net.input("image", input);
        let out = net.banded_deform_conv("", image, output, spec);
        let built = net.finish(&[("image", out)]);
        built.map(|_| ()).map_err(|e| TrainError::Network { name: "banded layer".into(), what: e.what })
    }
}

impl BandedDeformConv {
    /// The convolution of a batch of images, zero outside them.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let bend = Bend {
            rotation: self.conv_rotation.forward(x.clone()),
            stretch: self.conv_stretch.forward(x.clone()),
            whole: self.conv_whole.as_ref().map(|whole| whole.forward(x.clone())),
            limits: self.limits.map(|[min, max]| (min, max)),
        };
        bent(x, bend, self.conv.weight.val(), self.conv.groups)
    }
}
