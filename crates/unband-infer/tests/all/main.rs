//! Integration tests of the inference engine, in one program that links once.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../shared/banded_options.rs"]
mod banded_options;
mod card;
mod checkpoints;
mod engine;
mod goldens;
mod onnx;
#[path = "../shared/reference/mod.rs"]
mod reference;
mod upscalers;
