//! Banded deformable convolution: a convolution with a kernel rotated and stretched per position.

use crate::param::ParamId;
use crate::shape::Shape;

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
#[derive(Clone, Debug, PartialEq)]
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

impl BandedDeformConv {
    pub(crate) fn shape(&self, x: Shape) -> Result<Shape, String> {
        if x.channels != self.input {
            return Err(format!("takes {} channels, got {}", self.input, x.channels));
        }
        Ok(x.with_channels(self.output))
    }

    pub(crate) fn multiply_adds_per_place(&self) -> u64 {
        // Papers' tables omit the generators, but they are convolutions all the same.
        let taps = self.kernel.0 * self.kernel.1;
        let generators = 9 * self.input * (3 + usize::from(self.whole.is_some()));
        (self.output * self.input / self.groups * taps + generators) as u64
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
