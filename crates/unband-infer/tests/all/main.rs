//! The engine: integration tests in one program, which links once.
#![allow(missing_docs, clippy::unwrap_used)]

mod checkpoints;
mod engine;
mod goldens;
mod onnx;
