//! One module per command.

pub mod compare;
pub mod completions;
pub mod dataset;
pub mod deband;
pub mod degrade;
pub mod eval;
pub mod inspect;
pub mod list;
pub mod man;
pub mod models;
pub mod score;
pub mod study;
pub mod train;
pub mod upscale;
