//! Removal of banding (false contours) from images and video: a tour from an image to a model.
//!
//! | task | start with | feature |
//! |---|---|---|
//! | [image](#image) | [`deband`], [`deband_with`], [`inspect`] | |
//! | bytes of a file | `io::read`, `io::write` | `codecs` |
//! | file | `files::run_file` | `files` |
//! | video | `video::deband_video` | `video` |
//! | [metrics](#metrics) | [`metrics::score_image`] | |
//! | evaluation | `evaluate::evaluate` | `evaluate` |
//! | degradation | `degrade::DegradationRecipe` | `evaluate` |
//! | models | `models::Shelf`, [`Upscaler`] | `files` |
//!
//! `codecs`, `files` and `video` build on each other; all are on by default. The feature `image` converts
//! from and to the `image` crate's `DynamicImage`. Without `embedded`, the built-in networks are files that a
//! program provides ([`network_files`]). Behind the tasks stand [`verdict`] (scores in words), `records`
//! (results as JSON), `calls` (options too), [`nets`], [`networks`] (graphs, weights), `recipes` (of tables
//! and trainings) and `io` (formats).
//!
//! # Image
//!
//! ```
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
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`deband_with`] takes [`Options`] and a [`Context`] (threads, progress, a cancel flag) and returns a
//! [`Report`] of findings and changes:
//!
//! ```
//! use unband::{Context, Image, Options, OutputDepth, With};
//!
//! let banded: Vec<u8> = (0..256 * 64).map(|i| ((i % 256) / 4 * 255 / 63) as u8).collect();
//! let image = Image::from_gray(256, 64, &banded)?;
//! let options = Options::with(|new| new.depth = OutputDepth::Bits(16));
//! let (smooth, report) = unband::deband_with(image, &options, &Context::default())?;
//! assert_eq!(smooth.depth.bits(), 16);
//! assert_eq!(report.findings.cause, unband::Cause::Levels);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Options, contexts and results may get more fields: [`With`] makes them, and matches of them end with `..`
//! or `_`.
//!
//! All output of unband's own methods keeps one promise: no sample leaves the quantisation interval of its
//! source code, see [`faithful`]; [`prove`] checks it.
//!
#![cfg_attr(feature = "files", doc = include_str!("tour/files.md"))]
//!
#![cfg_attr(feature = "video", doc = include_str!("tour/video.md"))]
//!
//! # Metrics
//!
//! ```
//! use unband::metrics::{Check, Scope, score_image};
//! use unband::{Context, Image};
//!
//! let codes: Vec<u8> = (0..512 * 256).map(|i| (60 + i % 512 / 32 * 2) as u8).collect();
//! let banded = Image::from_gray(512, 256, &codes)?;
//! let metrics = Scope::IMAGE.select(Some("cambi,bband"), None)?;
//! let scores = score_image(banded, &metrics, &Context::default())?;
//! assert!(Check::parse("banding>=visible", &Scope::IMAGE)?.fails(&metrics, &scores).is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Pairs, folders, videos and statistics: [`metrics`].
//!
#![cfg_attr(feature = "evaluate", doc = include_str!("tour/evaluate.md"))]
//!
#![cfg_attr(feature = "files", doc = include_str!("tour/models.md"))]
#![forbid(unsafe_code)]

#[cfg(feature = "files")]
pub mod batch;
#[cfg(feature = "files")]
pub mod calls;
mod choose;
#[cfg(feature = "evaluate")]
pub mod degrade;
#[cfg(feature = "files")]
pub mod devices;
mod error;
#[cfg(feature = "evaluate")]
pub mod evaluate;
pub mod faithful;
mod feed;
pub mod frames;
#[cfg(feature = "files")]
pub mod inputs;
#[cfg(feature = "codecs")]
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
#[cfg(feature = "files")]
pub mod records;
mod repair;
mod report;
mod shipped;
#[cfg(feature = "files")]
mod sibling;
pub mod verdict;
mod weights;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/rust.md")]
struct Guide;

pub use choose::{Act, Choices, check, choose, find, left};
pub use error::{Error, ErrorKind};
pub use feed::{Order, Scale};
pub use jobs::check::check as check_planes;
#[cfg(feature = "files")]
pub use jobs::files;
pub use jobs::image::{deband, deband_found, deband_with};
pub use jobs::memory::{PeakMemory, peak_memory};
pub use jobs::round::dithered;
pub use jobs::upscale::{Upscale, UpscaleOptions, UpscaleReport, UpscaleSize, UpscaledBy, Upscaler};
#[cfg(feature = "video")]
pub use jobs::video;
pub use jobs::window::deband_window;
pub use methods::{METHODS, filters, method, methods, parse_method};
pub use notices::NOTICES;
pub use options::{Alpha, Bands, Choice, Options, OutputDepth, TreatAs, Wrap};
pub use precision::Precision;
pub use proof::{Proof, prove};
pub use report::{Reason, Report};
pub use shipped::network_files;
#[cfg(feature = "files")]
pub use sibling::sibling;
pub use weights::Weights;

pub use unband_detect::{Explanation, explain, inspect};
pub use unband_filters::smooth::{ENTRY as SMOOTH, shader};
pub use unband_image::context::{NoProgress, Progress};
pub use unband_image::dither::Dither;
pub use unband_image::findings::{self, Cause, Drawing, Findings};
pub use unband_image::frame::FrameError;
pub use unband_image::params::spoken;
pub use unband_image::{Accelerator, AcceleratorError};
pub use unband_image::{Cicp, FloatCodes, GainMap, ParamError, Siting, image, jpeg, origin};
pub use unband_image::{
    Color, Context, Depth, Entry, Hint, Image, ImageError, Matrix, Metadata, Method, Model, ParamInfo,
    ParamKind, ParamValue, Plane, PlaneView, PlaneViewMut, Range, Resampling, Rng, SampleArray, SampleData,
    Subsampling, Window, With, end_threads, hint_with,
};
pub use unband_weights::NetworkFile;
