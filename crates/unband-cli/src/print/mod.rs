//! Printing of metrics: text, tables, CSV, JSON, pages and drawings.

pub mod csv;
pub mod drawings;
pub mod frames;
pub mod json;
pub mod means;
pub mod page;
pub mod table;
pub mod text;
pub mod video;
