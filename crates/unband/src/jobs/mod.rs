//! The jobs, one file each.

#[cfg(feature = "files")]
pub mod files;
pub mod image;
#[cfg(feature = "files")]
mod not_finite;
mod rgb;
mod tally;
