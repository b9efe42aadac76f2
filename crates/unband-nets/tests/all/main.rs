//! Integration tests of networks and checkpoints, in one program that links once.
#![allow(missing_docs, clippy::unwrap_used)]

mod hostile;
mod matlab;
mod safetensors;
mod starts;
