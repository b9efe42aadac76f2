//! Degradations and datasets: integration tests in one program, which links once.
#![allow(missing_docs, clippy::unwrap_used)]

mod blurs;
mod bsrgan;
mod codecs;
mod dataset;
mod degradations;
mod fixed;
mod golden;
mod recipes;
mod scene;
mod tools;
