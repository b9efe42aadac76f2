//! Connected regions of equal colour.

use unband_image::dither::Grid;
use unband_image::{Depth, Image, Model, Rng};

use super::{DisplayImage, ShowError};
use unband::check_planes as check;

/// An image cut into connected regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// For each pixel the index, row by row, of the first pixel of its region.
    pub first: Vec<u32>,
    /// Number of regions.
    pub count: usize,
}

/// Segments an image into regions of equal colour. Four-connected neighbours are joined when no plane differs
/// by more than `tolerance` codes of the image's depth (for floating point: 16-bit codes).
///
/// Large regions are flats, and rings of them are bands; in a dithered image nearly every pixel is its own
/// region.
///
/// # Errors
/// When the planes do not fit the model, or there are 2³² pixels or more.
pub fn segments(image: &Image, tolerance: u32) -> Result<Segments, ShowError> {
    check(image)?;
    let (width, height) = (image.width(), image.height());
    if u32::try_from(width * height).is_err() {
        return Err(ShowError::TooManyPixels { width, height });
    }
    let mut parent: Vec<u32> = (0..(width * height) as u32).collect();
    let (mut above, mut row) = (Vec::new(), Vec::new());
    for y in 0..height {
        std::mem::swap(&mut above, &mut row);
        codes(image, y, &mut row);
        let near = |a: [i32; 3], b: [i32; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= tolerance);
        for x in 0..width {
            let i = (y * width + x) as u32;
            if x > 0 && near(row[x], row[x - 1]) {
                join(&mut parent, i - 1, i);
            }
            if y > 0 && near(row[x], above[x]) {
                join(&mut parent, i - width as u32, i);
            }
        }
    }
    // A region's root is its first pixel, so it is final before all others.
    let mut count = 0;
    for i in 0..parent.len() {
        let root = parent[parent[i] as usize];
        parent[i] = root;
        count += usize::from(root as usize == i);
    }
    Ok(Segments { width, height, first: parent, count })
}

impl Segments {
    /// Every region in its own random colour, which depends on the seed and on the region's first pixel.
    pub fn image(&self, seed: u64) -> DisplayImage {
        let rng = Rng::new(seed);
        let width = self.width.max(1) as u32;
        let mut rgb = Vec::with_capacity(3 * self.first.len());
        for &first in &self.first {
            let bits = rng.at(0, 0, first % width, first / width);
            rgb.extend([bits, bits >> 8, bits >> 16].map(|byte| byte as u8));
        }
        DisplayImage { width: self.width, height: self.height, rgb }
    }
}

/// The codes of a row, at luma resolution.
fn codes(image: &Image, y: usize, out: &mut Vec<[i32; 3]>) {
    out.clear();
    out.resize(image.width(), [0; 3]);
    let bits = match image.depth {
        Depth::Int(bits) => bits,
        Depth::F32 => 16,
    };
    for (p, plane) in image.planes.iter().enumerate().take(3) {
        let grid = Grid::of_bits(image.color.model, p, bits);
        let (sx, sy) = match image.color.model {
            Model::Yuv { .. } => image.plane_scale(p),
            _ => (1, 1),
        };
        let row = plane.row((y / sy).min(plane.height - 1));
        for (x, out) in out.iter_mut().enumerate() {
            let code = row[(x / sx).min(plane.width - 1)] * grid.scale + grid.zero;
            out[p] = code.round() as i32;
        }
    }
}

fn root(parent: &mut [u32], mut i: u32) -> u32 {
    while parent[i as usize] != i {
        let next = parent[parent[i as usize] as usize];
        parent[i as usize] = next;
        i = next;
    }
    i
}

fn join(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parent, a), root(parent, b));
    parent[a.max(b) as usize] = a.min(b);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
