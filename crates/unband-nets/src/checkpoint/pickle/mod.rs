//! Python's pickles, read without executing anything.
//!
//! A pickle is a program for a stack machine. This one keeps functions and classes as names, and calls as records of what
//! would have been called.

mod hostile;
mod machine;
mod torch;
mod value;

pub(super) use machine::run;
pub(super) use torch::{item, storage_sizes};
pub(super) use value::Value;
