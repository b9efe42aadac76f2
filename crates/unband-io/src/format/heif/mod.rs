//! HEIF, the container of AVIF and HEIC: items, grids, alpha and all properties.
//!
//! Source: ISO/IEC 23008-12 (HEIF), ISO/IEC 23000-22 (MIAF).

#[cfg(feature = "avif")]
mod bits;
#[cfg(feature = "avif")]
mod boxes;
#[cfg(feature = "avif")]
mod grid;
#[cfg(feature = "avif")]
mod properties;
#[cfg(feature = "avif")]
mod still;
mod unread;

#[cfg(feature = "avif")]
pub(super) use self::{
    bits::Bits,
    boxes::{Container, HeifItem},
    still::{Decoded, ItemCodec, StillHeader, read},
};
pub(super) use unread::names;
