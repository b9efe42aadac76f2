//! HEIF, the container of AVIF and HEIC: items, grids, alpha and all properties.
//!
//! Source: ISO/IEC 23008-12 (HEIF), ISO/IEC 23000-22 (MIAF).

#[cfg(any(feature = "avif", feature = "heic"))]
mod bits;
mod boxes;
#[cfg(any(feature = "avif", feature = "heic"))]
mod container;
#[cfg(any(feature = "avif", feature = "heic"))]
mod grid;
#[cfg(any(feature = "avif", feature = "heic"))]
mod properties;
#[cfg(any(feature = "avif", feature = "heic"))]
mod read;
#[cfg(any(feature = "avif", feature = "heic"))]
mod still;
mod unread;

#[cfg(any(feature = "avif", feature = "heic"))]
pub(super) use self::{
    bits::Bits,
    container::{Container, HeifItem},
    read::read,
    still::{Decoded, ItemCodec, StillHeader},
};
pub(super) use unread::names;
