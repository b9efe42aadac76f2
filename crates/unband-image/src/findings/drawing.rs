//! Kinds of images with intentional plateaus.

use std::fmt;

/// The kind of an image whose plateaus are intentional.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Drawing {
    /// Flat colours with sharp or anti-aliased outlines: interfaces, maps, charts, posters, cel shading.
    FlatColours,
    /// Hand-picked colours: pixel art, step wedges, ramps of up to 16 colours.
    FewColours,
    /// Every pixel repeated by this factor across and down.
    Upscaled(u16),
    /// A colour lookup table: a strip, tiles, or a Hald image.
    LookupTable,
    /// A normal map: unit vectors stored as colours.
    NormalMap,
}

impl Drawing {
    /// Identifier for machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FlatColours => "flat-colours",
            Self::FewColours => "few-colours",
            Self::Upscaled(_) => "enlarged",
            Self::LookupTable => "lookup-table",
            Self::NormalMap => "normal-map",
        }
    }
}

impl fmt::Display for Drawing {
    /// "flat colours with sharp outlines".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FlatColours => f.write_str("flat colours with sharp outlines"),
            Self::FewColours => f.write_str("a few hand-picked colours"),
            Self::Upscaled(factor) => write!(f, "pixels repeated {factor} times"),
            Self::LookupTable => f.write_str("a colour lookup table"),
            Self::NormalMap => f.write_str("a normal map"),
        }
    }
}
