//! CPU inference for neural networks.
#![forbid(unsafe_code)]

pub mod banded_deform_conv;
pub mod blocks;
pub mod card;
pub mod cells;
mod color_guard;
pub mod conditioning;
pub mod deepdeband;
mod engine;
mod guided;
mod guided_inputs;
pub mod indi;
pub mod lpips;
mod map;
pub mod models;
mod net_restorer;
mod run;
mod upscaler;
mod window;

pub use color_guard::ColorGuard;
pub use engine::Engine;
pub use guided::GuidedRestorer;
pub use map::Map;
pub use net_restorer::{Execution, NetRestorer};
pub use run::{Mode, RunError};
pub use upscaler::{TiledUpscaler, UpscaleError};
