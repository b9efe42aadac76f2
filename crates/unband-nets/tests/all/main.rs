//! Network descriptions and checkpoints: integration tests in one program, which links once.
#![allow(missing_docs, clippy::unwrap_used)]

mod hostile;
mod matlab;
mod safetensors;
mod starts;
