//! Datasets: a small copy of the published set with its irregularities, and datasets from clean images.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod boxes;
mod clean;
mod folder;
mod kapoor;
mod set;
