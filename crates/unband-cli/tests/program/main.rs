//! The real program on real small files.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod batch;
mod bounds;
mod clean;
mod commands;
mod compare;
mod compare_films;
mod dataset;
mod degrade;
mod drawings;
mod eval;
mod faults;
mod films;
mod guide;
mod hostile;
mod interrupt;
mod json;
mod kept;
mod killed;
mod manners;
mod models;
mod naming;
mod networks;
mod pipes;
mod pixels;
mod pytorch;
mod readme;
mod score;
mod score_films;
mod stage;
mod strangers;
mod streams;
mod study;
#[cfg(unix)]
mod train;
mod upscale;
