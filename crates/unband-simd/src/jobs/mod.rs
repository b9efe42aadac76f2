//! Loops of the jobs.

pub mod faithful;
