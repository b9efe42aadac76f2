//! Image type and shared concepts of unband: planar samples with everything needed to interpret them and to
//! write them back; colour, code grids, tiles, dither, random numbers, parameters, and the [`Restorer`] that
//! maps a window to a better one.
//!
//! Nothing here reads files, prints, or depends on a particular filter.
#![forbid(unsafe_code)]

pub mod accelerator;
mod code_restorer;
pub mod color;
pub mod context;
#[cfg(feature = "image")]
mod convert;
pub mod cuts;
pub mod depth;
pub mod dither;
pub mod fill;
pub mod findings;
mod float_codes;
pub mod frame;
mod gain_map;
mod hint;
pub mod image;
pub mod jpeg;
mod light_codes;
pub mod method;
pub mod origin;
pub mod params;
pub mod plateaus;
mod pool;
pub mod process;
pub mod resize;
pub mod restorer;
pub mod rng;
mod sample_array;
mod spare_pool;
mod strided;
pub mod tile;
mod to_rgb;
mod to_yuv;
mod turn;
mod whole_steps;
mod window;
mod with;

pub use accelerator::{Accelerator, AcceleratorError};
pub use code_restorer::{CodePlane, CodeRestorer, Codes, CodesMut};
pub use color::{Cicp, Color, Matrix, Model, Range, Siting, Subsampling};
pub use context::{Context, RestoreError};
pub use cuts::Cuts;
pub use depth::Depth;
pub use float_codes::FloatCodes;
pub use gain_map::GainMap;
pub use hint::{Hint, hint_with};
pub use image::{
    AuxiliaryImage, Colorimetry, Density, DensityUnit, Image, ImageError, Mastering, Metadata, Plane,
    TiffData, TiffTag, is_transparent,
};
pub use jpeg::{JpegCoefficients, JpegPlane};
pub use light_codes::{LightCodes, LightCurve};
pub use method::{Entry, Method};
pub use origin::{Codec, JpegOrigin, Origin};
pub use params::{ParamError, ParamInfo, ParamKind, ParamValue, Params};
pub use pool::end_threads;
pub use resize::Resampling;
pub use restorer::{Needs, Restorer, TileIn, TileOut};
pub use rng::Rng;
pub use sample_array::{SampleArray, SampleData};
pub use spare_pool::SparePool;
pub use strided::{PlaneView, PlaneViewMut};
pub use turn::Turn;
pub use whole_steps::WholeSteps;
pub use window::Window;
pub use with::With;
