//! Python pickles, read without executing anything.
//!
//! A pickle is a program for a stack machine. This machine keeps functions and classes as names, and records
//! calls instead of making them.

mod hostile;
mod machine;
mod torch;
mod value;

pub(super) use machine::run;
pub(super) use torch::{item, storage_sizes};
pub(super) use value::Value;
