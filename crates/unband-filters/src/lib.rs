//! Classical debanding filters, one file each, and the reader of recipes written for other programs.
//!
//! Every filter is a [`Restorer`](unband_image::Restorer) with a line in [`FILTERS`]. The exact originals also
//! work on plain planes of whole codes: [`ffmpeg_deband::deband_plane`], [`gradfun::gradfun_plane`]; some of them on whole
//! images of such ([`CodeRestorer`](unband_image::CodeRestorer)).
#![forbid(unsafe_code)]

pub mod adadeband;
pub mod bband;
mod codes;
pub mod f3kdb;
pub mod fcdr;
pub mod ffmpeg_deband;
pub mod gradfun;
pub mod grid;
pub mod jpeg_bounds;
pub mod libplacebo;
pub mod recipe;
pub mod smooth;

use unband_image::Entry;

pub use recipe::{RecipeError, parse_method};

/// All filters. Help, documentation and shared tests derive from it.
pub static FILTERS: &[Entry] = &[
    smooth::ENTRY,
    ffmpeg_deband::ENTRY,
    gradfun::ENTRY,
    libplacebo::ENTRY,
    fcdr::ENTRY,
    f3kdb::ENTRY,
    adadeband::ENTRY,
];

/// Why a plane of codes cannot be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaneError {
    /// A buffer does not hold what the size asks for.
    #[error("{width}×{height} needs {} samples, the buffer holds {got}", .width.saturating_mul(*.height))]
    Length {
        /// Columns asked for.
        width: usize,
        /// Rows asked for.
        height: usize,
        /// Samples given.
        got: usize,
    },
    /// The table was built for a smaller image.
    #[error("the table of distances was built for less than {width}×{height}")]
    Table {
        /// Width of the plane.
        width: usize,
        /// Height of the plane.
        height: usize,
    },
    /// The window lies outside the plane, or what surrounds it cannot be read.
    #[error("needs the samples around the window, as far as the method reaches")]
    Window,
    /// The sample type does not fit the depth.
    #[error("{bits}-bit samples come in the other integer type (8 bits in u8, all else in u16)")]
    Depth {
        /// Bits per sample.
        bits: u8,
    },
}
