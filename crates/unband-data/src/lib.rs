//! Degradations: how clean pictures come to be banded, seeded and repeatable, for tests and training pairs.
//!
//! Each cause of banding is one entry of [`CAUSES`]. It starts from a pair whose two sides are the same clean
//! 16-bit picture and leaves in [`Pair::lq`] the banded 8-bit picture and in [`Pair::gt`] what a perfect repair
//! would give. Some causes run real encoders; where such a program is missing they say so.
#![forbid(unsafe_code)]

pub mod degrade;

pub use degrade::{CAUSES, Cause, Degradation, DegradeError, Pair, find};
