//! Classical debanding filters, and the parser of recipes for other programs.
//!
//! Every filter is a [`Restorer`](unband_image::Restorer) with an entry in [`FILTERS`]. The exact
//! reimplementations also work on plain planes of integer codes: [`ffmpeg_deband::deband_plane`],
//! [`gradfun::gradfun_plane`]. Some also work on whole images of codes
//! ([`CodeRestorer`](unband_image::CodeRestorer)).
#![forbid(unsafe_code)]

pub mod adadeband;
mod area;
pub mod bband;
pub mod chroma_guide;
mod codes;
pub mod f3kdb;
pub mod fcdr;
pub mod ffmpeg_deband;
mod gaussian;
pub mod gradfun;
pub mod grid;
pub mod jpeg_bounds;
pub mod libplacebo;
pub mod palette_colours;
mod recipe;
mod shifted_blocks;
pub mod smooth;
pub mod undither;

use unband_image::Entry;

pub use recipe::{RecipeError, parse_method};

/// All filters. Help, documentation and shared tests are derived from it.
pub static FILTERS: &[Entry] = &[
    smooth::ENTRY,
    undither::ENTRY,
    ffmpeg_deband::ENTRY,
    gradfun::ENTRY,
    libplacebo::ENTRY,
    fcdr::ENTRY,
    f3kdb::ENTRY,
    adadeband::ENTRY,
];

/// Why a plane of codes cannot be processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaneError {
    /// A buffer is too small for the size.
    #[error("{width}×{height} needs {} samples, the buffer holds {got}", .width.saturating_mul(*.height))]
    Length {
        /// Number of columns.
        width: usize,
        /// Number of rows.
        height: usize,
        /// Samples in the buffer.
        got: usize,
    },
    /// The table was built for a smaller image.
    #[error("the table of distances is for a plane smaller than {width}×{height}")]
    Table {
        /// Width of the plane.
        width: usize,
        /// Height of the plane.
        height: usize,
    },
    /// The window is outside the plane, or its surroundings are not readable.
    #[error("needs the samples within the method's radius around the window")]
    Window,
    /// The sample type does not fit the depth.
    #[error("{bits}-bit samples come in the other integer type (8 bits in u8, all else in u16)")]
    Depth {
        /// Bits per sample.
        bits: u8,
    },
}
