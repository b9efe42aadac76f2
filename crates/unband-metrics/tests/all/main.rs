//! Metrics: integration tests in one program, which links once.
#![allow(missing_docs, clippy::unwrap_used)]

mod bad_input;
mod banding_classifier;
mod bband;
mod cambi;
mod full_reference;
mod golden;
mod networks;
mod niqe;
mod nrqm;
mod own_metrics;
mod registry;
