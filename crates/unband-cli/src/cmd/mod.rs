//! One module per command.

pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod dataset;
pub(crate) mod deband;
pub(crate) mod degrade;
pub(crate) mod devices;
pub(crate) mod eval;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod models;
pub(crate) mod score;
pub(crate) mod shader;
pub(crate) mod study;
pub(crate) mod train;
pub(crate) mod upscale;
pub(crate) mod view;
