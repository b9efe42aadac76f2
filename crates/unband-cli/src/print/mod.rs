//! Printing of metrics: text, tables, CSV, JSON, pages and drawings.

pub(crate) mod csv;
pub(crate) mod drawings;
pub(crate) mod frames;
pub(crate) mod means;
pub(crate) mod page;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod video;
