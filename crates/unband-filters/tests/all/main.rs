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

use unband_image::Image;

/// Sum of squared differences.
fn error(a: &Image, b: &Image) -> f64 {
    let pairs = a.planes.iter().zip(&b.planes).flat_map(|(a, b)| a.data.iter().zip(&b.data));
    pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
}
