//! Colour models and the conversion between RGB and luma with two colour differences.

use crate::params::{ParamKind, ParamValue};

/// Luma coefficients of red and blue; green has the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Matrix {
    /// ITU-R BT.601, also JPEG's.
    Bt601,
    /// ITU-R BT.709.
    Bt709,
    /// ITU-R BT.2020, non-constant luminance.
    Bt2020,
}

impl Matrix {
    /// `(kr, kb)`.
    pub fn weights(self) -> (f32, f32) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
        }
    }

    /// `[R, G, B]` to `[Y, U, V]`, U and V around 0; same scale in and out.
    #[inline]
    pub fn to_yuv(self, rgb: [f32; 3]) -> [f32; 3] {
        let (kr, kb) = self.weights();
        let [r, g, b] = rgb;
        let y = r * kr + g * (1.0 - kr - kb) + b * kb;
        [y, (b - y) / (2.0 * (1.0 - kb)), (r - y) / (2.0 * (1.0 - kr))]
    }

    /// The inverse of [`Matrix::to_yuv`].
    #[inline]
    pub fn to_rgb(self, yuv: [f32; 3]) -> [f32; 3] {
        let (kr, kb) = self.weights();
        let [y, u, v] = yuv;
        let r = y + 2.0 * (1.0 - kr) * v;
        let b = y + 2.0 * (1.0 - kb) * u;
        [r, (y - kr * r - kb * b) / (1.0 - kr - kb), b]
    }

    /// Weights of red, green and blue in luma (0) or a colour difference (U 1, V 2).
    pub fn weights_of(self, component: usize) -> [f32; 3] {
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(|rgb| self.to_yuv(rgb)[component])
    }

    /// Code of the colour primaries of BT.2020.
    pub(crate) const BT2020_PRIMARIES: u8 = 9;

    /// The matrix of a code point (ITU-T H.273, matrix coefficients).
    fn of_cicp(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Bt709),
            5 | 6 => Some(Self::Bt601),
            9 => Some(Self::Bt2020),
            _ => None,
        }
    }

    /// The matrix of declared code points, if it is one of these; where none is declared (2),
    /// [`Matrix::assumed`]. 12 takes that of the primaries.
    pub fn declared(matrix: u8, primaries: u8, size: (usize, usize)) -> Option<Self> {
        match matrix {
            2 => Some(Self::assumed(size.0, size.1, primaries == Self::BT2020_PRIMARIES)),
            // Matrices have the numbers of the primaries that they derive from.
            12 => Self::of_cicp(primaries),
            other => Self::of_cicp(other),
        }
    }

    /// The matrix that players assume where none is stated: BT.2020 with its primaries, BT.709 for images
    /// larger than 1279 × 576, else BT.601.
    pub fn assumed(width: usize, height: usize, bt2020_primaries: bool) -> Self {
        match bt2020_primaries {
            true => Self::Bt2020,
            false if width > 1279 || height > 576 => Self::Bt709,
            false => Self::Bt601,
        }
    }

    /// Name, such as "BT.601".
    pub fn name(self) -> &'static str {
        match self {
            Self::Bt601 => "BT.601",
            Self::Bt709 => "BT.709",
            Self::Bt2020 => "BT.2020",
        }
    }
}

impl ParamValue for Matrix {
    const KIND: ParamKind = ParamKind::Word(&["bt601", "bt709", "bt2020"]);

    fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "bt601" => Some(Self::Bt601),
            "bt709" => Some(Self::Bt709),
            "bt2020" => Some(Self::Bt2020),
            _ => None,
        }
    }

    fn show(&self) -> String {
        self.name().to_lowercase().replace('.', "")
    }
}

/// Codes of black and white.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Range {
    /// 8 bits: luma 16..=235, chroma 16..=240; higher depths shifted.
    Limited,
    /// All codes.
    Full,
}

impl ParamValue for Range {
    const KIND: ParamKind = ParamKind::Word(&["limited", "full"]);

    fn parse(text: &str) -> Option<Self> {
        [Self::Limited, Self::Full].into_iter().find(|range| range.name() == text.trim())
    }

    fn show(&self) -> String {
        self.name().to_owned()
    }
}

impl Range {
    /// Number of 8-bit full-range codes spanned by one 8-bit code of this range: luma, then chroma.
    pub fn unit_codes(self, chroma: bool) -> f32 {
        match (self, chroma) {
            (Self::Full, _) => 1.0,
            (Self::Limited, false) => 255.0 / 219.0,
            (Self::Limited, true) => 255.0 / 224.0,
        }
    }

    /// "limited" or "full".
    pub fn name(self) -> &'static str {
        match self {
            Self::Limited => "limited",
            Self::Full => "full",
        }
    }
}

/// Chroma subsampling: luma samples per chroma sample, across and down; 1 and 1 for 4:4:4, 2 and 2 for 4:2:0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subsampling {
    /// Across: 1, 2 or 4.
    pub x: u8,
    /// Down: 1, 2 or 4.
    pub y: u8,
}

impl std::fmt::Display for Subsampling {
    /// The J:a:b notation: "4:2:0".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let notation = match (self.x, self.y) {
            (1, 1) => "4:4:4",
            (2, 1) => "4:2:2",
            (2, 2) => "4:2:0",
            (1, 2) => "4:4:0",
            (4, 1) => "4:1:1",
            (4, 4) => "4:1:0",
            (x, y) => return write!(f, "chroma of every {x}×{y} pixels"),
        };
        f.write_str(notation)
    }
}

impl Subsampling {
    /// 4:4:4.
    pub const NONE: Self = Self { x: 1, y: 1 };
    /// 4:2:0.
    pub const HALF: Self = Self { x: 2, y: 2 };

    /// Size of a chroma plane for a luma plane of this size (rounded up).
    pub fn chroma_size(self, width: usize, height: usize) -> (usize, usize) {
        (width.div_ceil(self.x as usize), height.div_ceil(self.y as usize))
    }
}

/// Chroma siting: positions of a smaller chroma plane's samples relative to luma.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Siting {
    /// On a luma sample across, between two of them down: MPEG-2 and later, the default where nothing is
    /// declared.
    #[default]
    Left,
    /// Between the luma samples both ways: MPEG-1 and JPEG.
    Center,
    /// On a luma sample both ways: BT.2020 and DV.
    TopLeft,
}

/// Meaning of the planes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    /// One plane.
    Gray,
    /// Three planes of equal size.
    Rgb,
    /// Luma and two colour differences, stored around 0.5.
    Yuv {
        /// Luma weights.
        matrix: Matrix,
        /// Code range of the file.
        range: Range,
        /// Size of the chroma planes.
        subsampling: Subsampling,
    },
}

/// Coding-independent code points (ITU-T H.273), passed through unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cicp {
    /// Colour primaries.
    pub primaries: u8,
    /// Transfer characteristics.
    pub transfer: u8,
    /// Matrix coefficients.
    pub matrix: u8,
    /// Full range?
    pub full_range: bool,
}

impl Cicp {
    /// Transfer characteristics of linear light.
    pub const LINEAR: u8 = 8;

    /// Are the samples linear light?
    pub fn is_linear(self) -> bool {
        self.transfer == Self::LINEAR
    }
}

/// Colour of an image: the meaning of its planes, and the code points declared by the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    /// Meaning of the planes.
    pub model: Model,
    /// Declared code points, if any.
    pub cicp: Option<Cicp>,
    /// Chroma siting; relevant only for subsampled planes.
    pub siting: Siting,
}

impl Color {
    /// Colour of a model, with no declared code points.
    pub fn new(model: Model) -> Self {
        Self { model, cicp: None, siting: Siting::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_components_are_those_of_bt_601() {
        // ITU-R BT.601-7, 2.5.1 and 2.5.2: the colour differences divided by 1.772 and 1.402.
        let want = [
            [0.299, 0.587, 0.114],
            [-0.299 / 1.772, -0.587 / 1.772, 0.5],
            [0.5, -0.587 / 1.402, -0.114 / 1.402],
        ];
        for (component, want) in want.iter().enumerate() {
            let got = Matrix::Bt601.weights_of(component);
            assert!(
                got.iter().zip(want).all(|(got, want): (&f32, &f32)| (got - want).abs() < 1e-6),
                "{component}: {got:?}"
            );
        }
    }

    #[test]
    fn yuv_and_back_is_the_same_colour() {
        for matrix in [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020] {
            for rgb in [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.2, 0.9, 0.4], [1.0, 0.0, 0.5]] {
                let back = matrix.to_rgb(matrix.to_yuv(rgb));
                for c in 0..3 {
                    assert!((back[c] - rgb[c]).abs() < 1e-6, "{matrix:?} {rgb:?} {back:?}");
                }
            }
        }
    }
}
