//! Classical debanding filters, one file each.
#![forbid(unsafe_code)]


pub mod smooth;
