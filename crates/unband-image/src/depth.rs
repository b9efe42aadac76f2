//! Bit depth and the grid of code values.

use std::fmt;

/// Bits per sample of a file or of an output: integer codes, or 32-bit floating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// Integer codes `0..2^bits`, 1 to 16 bits.
    Int(u8),
    /// Floating point; no grid.
    F32,
}

impl Depth {
    /// 8-bit codes.
    pub const EIGHT: Self = Self::Int(8);
    /// 16-bit codes.
    pub const SIXTEEN: Self = Self::Int(16);

    /// The highest code, for example 255; 0 for floating point.
    pub fn max_code(self) -> u32 {
        match self {
            Self::Int(bits) => (1u32 << bits) - 1,
            Self::F32 => 0,
        }
    }

    /// One code as a fraction of full scale (1/255 for 8 bits); 0 for floating point.
    pub fn step(self) -> f32 {
        match self {
            Self::Int(_) => 1.0 / self.max_code() as f32,
            Self::F32 => 0.0,
        }
    }

    /// Bits per sample: 1 to 16, or 32.
    pub fn bits(self) -> u8 {
        match self {
            Self::Int(bits) => bits,
            Self::F32 => 32,
        }
    }

    /// The exact value of a code, rounded the same way everywhere: `code / max_code` in `f32`.
    pub fn value(self, code: u32) -> f32 {
        code as f32 / self.max_code() as f32
    }

    /// The nearest code, clamped to the grid. NaN becomes 0.
    pub fn code(self, value: f32) -> u32 {
        let max = self.max_code() as f32;
        (value * max + 0.5).clamp(0.0, max) as u32
    }

    /// The nearest value on the grid, from 0 to 1; in floating point the value itself.
    pub fn nearest(self, value: f32) -> f32 {
        if self == Self::F32 { value } else { self.value(self.code(value)) }
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(bits) => write!(f, "{bits}-bit"),
            Self::F32 => write!(f, "32-bit float"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_every_depth_comes_back() {
        for bits in 1..=16 {
            let depth = Depth::Int(bits);
            for code in 0..=depth.max_code() {
                assert_eq!(depth.code(depth.value(code)), code, "{bits} bits, code {code}");
            }
        }
    }

    #[test]
    fn not_a_number_becomes_black() {
        assert_eq!(Depth::EIGHT.code(f32::NAN), 0);
        assert_eq!(Depth::EIGHT.code(f32::INFINITY), 255);
    }
}
