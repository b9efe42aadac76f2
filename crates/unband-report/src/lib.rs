//! Visualisations of banding, the HTML page that shows them, and [viewing tests](study).
//!
//! Everything here makes a visualisation from an [`Image`](unband::Image) and its findings, and is a pure
//! function: the same input gives the same bytes on any number of threads.
//!
//! | | |
//! |---|---|
//! | [`overlay`] | a map of banding ([`HeatMap`]) over the image in grey |
//! | [`Profile`] | the codes along a line, as SVG or as an image, with banded places magnified |
//! | [`segments`] | connected regions of equal colour in random colours |
//! | [`Difference`] | an image minus another, amplified around mid-grey |
//! | [`worst_spots`], [`stretched`] | the most banded places, and the same with more contrast |
//! | [`before_after`] | frames of a video before and after, with those places |
//! | [`Timeline`] | a value over a video's time, as SVG |
//! | [`Page`] | all of it in one self-contained HTML file |
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use unband::{Context, Image, deband, inspect};
//! use unband_report::{HeatMap, Line, Profile, Series};
//!
//! let banded: Vec<u8> = (0..256 * 256).map(|i| (i % 256 / 8 * 8) as u8).collect();
//! let input = Image::from_gray(256, 256, &banded)?;
//! let result = deband(&input)?;
//! let map = HeatMap::from_findings(&inspect(&input, &Context::default()));
//!
//! let images = [Series::new("input", &input), Series::new("result", &result)];
//! let profile = Profile::along(Line::worst(&input, &map), &images)?;
//! assert_eq!(profile.codes[0].len(), profile.line.len());
//! std::fs::write(std::env::temp_dir().join("profile.svg"), profile.svg(960)?)?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod before_after;
mod canvas;
mod difference;
mod display_image;
mod fill;
mod heat;
mod line;
mod local_mean;
mod page;
mod plot;
mod profile;
mod raster;
mod segments;
mod spots;
pub mod study;
mod svg;
mod table;
mod timeline;

pub use before_after::{Moment, before_after};
pub use difference::Difference;
pub use display_image::DisplayImage;
use display_image::uri;
use heat::heat_color;
pub use heat::{HeatMap, overlay};
pub use line::Line;
pub use page::{Page, Section, SectionHtml, Side};
pub use profile::{Profile, Series};
pub use segments::{Segments, segments};
pub use spots::{Spot, Stretch, stretched, worst_spots};
pub use table::{Column, Direction, Listing, ListingCell, ListingRow, MetricRow};
pub use timeline::Timeline;

/// Why a visualisation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShowError {
    /// The planes do not fit the model or each other.
    #[error(transparent)]
    Planes(#[from] unband::Error),
    /// Colour cannot be converted.
    #[error(transparent)]
    Color(#[from] unband::ImageError),
    /// Images to compare differ in size.
    #[error("{name} has {width}×{height} pixels, {expected_width}×{expected_height} are needed")]
    Size {
        /// Name of the image.
        name: String,
        /// Its width.
        width: usize,
        /// Its height.
        height: usize,
        /// Width of the first image.
        expected_width: usize,
        /// Height of the first image.
        expected_height: usize,
    },
    /// More pixels than region labels.
    #[error("{width}×{height} pixels are more than 4294967295")]
    TooManyPixels {
        /// Width.
        width: usize,
        /// Height.
        height: usize,
    },
    /// A profile needs an image.
    #[error("no image was given")]
    NoImage,
    /// PNG could not be written.
    #[error(transparent)]
    Png(#[from] png::EncodingError),
    /// JPEG could not be written.
    #[error(transparent)]
    Jpeg(#[from] jpeg_encoder::EncodingError),
}
