//! Integration tests of the trainer, in one program that links once.
#![allow(missing_docs, clippy::unwrap_used)]

mod banded_layer;
#[path = "../../../unband-infer/tests/shared/banded_options.rs"]
mod banded_options;
mod classifier;
mod forward;
mod games;
mod gradients;
#[cfg(unix)]
mod guide;
mod kair;
mod learners;
mod learning;
mod losses;
mod nets;
mod network_gradients;
mod recipes;
#[path = "../../../unband-infer/tests/shared/reference/mod.rs"]
mod reference;
mod starts;
mod training;
