//! Removal of banding (false contours) from images and video.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use unband::Image;
//!
//! // A grey ramp stored with six bits: steps of four codes.
//! let (width, height) = (256, 64);
//! let banded: Vec<u8> = (0..width * height).map(|i| ((i % width) / 4 * 255 / 63) as u8).collect();
//!
//! let image = Image::from_gray(width, height, &banded)?;
//! let smooth = unband::deband(&image)?; // same depth, blue-noise dithered
//! let codes: Vec<u8> = smooth.to_gray()?;
//!
//! assert_eq!(codes.len(), banded.len());
//! assert!(codes.iter().zip(&banded).all(|(a, b)| a.abs_diff(*b) <= 3)); // at most half a step and a code
//! # Ok(())
//! # }
//! ```
//!
//! [`deband_with`] takes [`Options`] and a [`Context`] (threads, progress, a cancel flag) and returns a
//! [`Report`] of findings and changes. The module `files` (feature `files`, on by default) does the same from
//! file to file. The feature `image` converts from and to the `image` crate's `DynamicImage`.
//!
//! All output of unband's own methods keeps one promise: no sample leaves the quantisation interval of its
//! source code, see [`faithful`]; [`prove`] checks it.
#![forbid(unsafe_code)]

#[cfg(feature = "files")]
pub mod batch;
mod choose;
#[cfg(feature = "evaluate")]
pub mod degrade;
mod error;
#[cfg(feature = "evaluate")]
pub mod evaluate;
pub mod faithful;
mod feed;
#[cfg(feature = "files")]
pub mod inputs;
#[cfg(feature = "files")]
pub mod io;
mod jobs;
mod methods;
pub mod metrics;
#[cfg(feature = "files")]
pub mod models;
pub mod nets;
pub mod networks;
mod notices;
mod options;
#[cfg(feature = "files")]
pub mod pairs;
mod precision;
mod proof;
#[cfg(feature = "evaluate")]
pub mod recipes;
mod report;
mod shipped;
pub mod verdict;
mod weights;

pub use choose::{Act, Choices, check, choose, find};
pub use error::Error;
pub use feed::{Order, Scale};
pub use jobs::check::check as check_planes;
#[cfg(feature = "files")]
pub use jobs::files;
pub use jobs::image::{deband, deband_found, deband_with};
pub use jobs::round::dithered;
pub use jobs::upscale::{UpscaleOptions, UpscaleReport, Upscaler};
#[cfg(feature = "files")]
pub use jobs::video;
pub use methods::{METHODS, filters, method, methods, parse_method};
pub use notices::NOTICES;
pub use options::{Alpha, Choice, Options, OutputDepth, TreatAs};
pub use precision::Precision;
pub use proof::{Proof, prove};
pub use report::{Reason, Report};
pub use weights::Weights;

pub use unband_detect::{Explanation, explain, inspect};
pub use unband_filters::smooth::ENTRY as SMOOTH;
pub use unband_image::context::{NoProgress, Progress};
pub use unband_image::dither::Dither;
pub use unband_image::findings::{self, Cause, Drawing, Findings};
pub use unband_image::params::spoken;
pub use unband_image::{
    Color, Context, Depth, Entry, Hint, Image, ImageError, Matrix, Metadata, Method, Model, ParamInfo,
    ParamKind, ParamValue, Plane, PlaneView, PlaneViewMut, Range, Resampling, Rng, Subsampling,
};
