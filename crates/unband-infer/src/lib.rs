//! Runs networks on a CPU.
#![forbid(unsafe_code)]

pub mod dbi;
pub mod deepdeband;
pub mod engine;
pub mod indi;
pub mod lpips;
mod map;
pub mod models;
mod net_restorer;
pub mod reference;
mod run;

pub use engine::Engine;
pub use map::Map;
pub use net_restorer::{NetRestorer, Way};
pub use run::{Mode, RunError};
