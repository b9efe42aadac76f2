//! Runs networks on a CPU.
#![forbid(unsafe_code)]

pub mod engine;
mod map;
pub mod reference;
mod run;

pub use engine::Engine;
pub use map::Map;
pub use run::{Mode, RunError};
