//! Degradations and datasets: integration tests in one program, which links once.
#![allow(missing_docs, clippy::unwrap_used)]

mod blurs;
mod bsrgan;
mod causes;
mod codecs;
mod dataset;
mod degradations;
mod golden;
mod mixes;
mod scene;
mod tools;
