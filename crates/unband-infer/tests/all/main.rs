//! Integration tests of the inference engine, in one program that links once.
#![allow(missing_docs, clippy::unwrap_used)]

mod checkpoints;
mod engine;
mod goldens;
mod onnx;
