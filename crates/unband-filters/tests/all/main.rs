//! Integration tests of the filters in one program, to link once.
#![allow(missing_docs, clippy::unwrap_used)]

mod adadeband;
mod bband;
mod bband_golden;
mod chroma_guide;
mod codes;
mod f3kdb;
mod fcdr;
mod golden;
mod jpeg_bounds;
mod libplacebo;
mod palette;
mod registry;
mod smooth;
