//! Levels and histogram combs of samples with more than 8 bits, at their own depth.

use super::comb::Combs;
use super::levels::{self, Levels, space};
use super::spread::{places, stride};
use unband_image::depth::Depth;
use unband_image::image::{Image, Plane};

/// Histogram of a plane at its own depth (floating point: 16 bits).
fn histogram(plane: &Plane, depth: Depth) -> Vec<u32> {
    let depth = if depth == Depth::F32 { Depth::SIXTEEN } else { depth };
    let mut hist = vec![0u32; depth.max_code() as usize + 1];
    let every = stride(plane.width, plane.height, 1_000_000);
    let columns: Vec<usize> = places(plane.width, every).collect();
    for y in places(plane.height, every) {
        let row = plane.row(y);
        for &x in &columns {
            hist[depth.code(row[x]) as usize] += 1;
        }
    }
    hist
}

/// 8-bit codes per code of an image's own depth.
pub(super) fn unit(depth: Depth) -> f64 {
    let depth = if depth == Depth::F32 { Depth::SIXTEEN } else { depth };
    255.0 / f64::from(depth.max_code())
}

/// Level sets of 4 to 7 bits, in codes of the image's own depth.
pub(super) fn levels(image: &Image) -> Vec<Option<Levels>> {
    let hists: Vec<Vec<u32>> = image.planes.iter().map(|plane| histogram(plane, image.depth)).collect();
    levels::of_channels(&hists, 4..=7)
}

/// Combs at the image's own depth: a few widely spaced codes hold all samples.
pub(super) fn combs(image: &Image) -> Combs {
    let mut combs = Combs::default();
    for plane in &image.planes {
        let hist = histogram(plane, image.depth);
        let unit = 255.0 / (hist.len() - 1) as f32;
        combs.push(&hist, sparse(&hist, unit), (1.3 * unit).max(0.3));
    }
    combs
}

/// Spacing by code, in 8-bit codes, of a histogram with few occupied codes.
fn sparse(hist: &[u32], unit: f32) -> Vec<f32> {
    let mut spacing = vec![unit; hist.len()];
    let occupied: Vec<usize> = (0..hist.len()).filter(|&c| hist[c] > 0).collect();
    let total: u64 = hist.iter().map(|&n| u64::from(n)).sum();
    // Nearly as many codes as samples: a sparse histogram, not a grid. Nearly all codes occupied: no comb.
    let codes = occupied.len() as u64;
    if codes < 8 || codes * 40 > total || codes * 3 > hist.len() as u64 {
        return spacing;
    }
    space(&mut spacing, &occupied, unit);
    spacing
}
