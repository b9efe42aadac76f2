//! Datasets: the published set in small, with all its oddities, and pairs of ours.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod boxes;
mod clean;
mod folder;
mod kapoor;
mod set;
