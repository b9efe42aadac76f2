//! Runs networks on a CPU.
#![forbid(unsafe_code)]

pub mod reference;
