//! Printing of metrics: text, tables, CSV, JSON and pages.

pub(crate) mod csv;
pub(crate) mod frames;
pub(crate) mod means;
pub(crate) mod page;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod video;
