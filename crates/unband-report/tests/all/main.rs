//! Integration tests of visualisations, pages and viewing tests in one program, to link once.
#![allow(missing_docs, clippy::unwrap_used)]

mod show;
mod study;
