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
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reference implementation: flood fill from pixel to pixel.
    fn flooded(width: usize, height: usize, data: &[u8], tolerance: u8) -> Vec<u32> {
        let mut first = vec![u32::MAX; data.len()];
        for start in 0..data.len() {
            if first[start] != u32::MAX {
                continue;
            }
            let mut todo = vec![start];
            first[start] = start as u32;
            while let Some(i) = todo.pop() {
                let (x, y) = (i % width, i / width);
                let mut visit = |j: usize| {
                    if first[j] == u32::MAX && data[i].abs_diff(data[j]) <= tolerance {
                        first[j] = start as u32;
                        todo.push(j);
                    }
                };
                if x > 0 {
                    visit(i - 1);
                }
                if x + 1 < width {
                    visit(i + 1);
                }
                if y > 0 {
                    visit(i - width);
                }
                if y + 1 < height {
                    visit(i + width);
                }
            }
        }
        first
    }

    proptest! {
        #[test]
        fn regions_are_what_a_flood_fill_finds(
            (width, height, data) in (1usize..24, 1usize..24)
                .prop_flat_map(|(w, h)| (Just(w), Just(h), prop::collection::vec(0u8..4, w * h))),
            tolerance in 0u8..3,
        ) {
            let image = Image::from_gray(width, height, &data).unwrap();
            let found = segments(&image, tolerance.into()).unwrap();
            let expected = flooded(width, height, &data, tolerance);
            let mut roots = expected.clone();
            roots.sort_unstable();
            roots.dedup();
            prop_assert_eq!(found.first, expected);
            prop_assert_eq!(found.count, roots.len());
        }
    }

    #[test]
    fn corners_do_not_connect_and_any_plane_distinguishes_colours() {
        let board = Image::from_gray(2, 2, &[0u8, 1, 1, 0]).unwrap();
        assert_eq!(segments(&board, 0).unwrap().count, 4);
        let rgb = Image::from_rgb8(3, 1, &[5, 5, 5, 5, 5, 5, 5, 5, 6]).unwrap();
        assert_eq!(segments(&rgb, 0).unwrap().count, 2);
        assert_eq!(segments(&rgb, 1).unwrap().count, 1);
    }

    #[test]
    fn colours_depend_on_the_seed_alone() {
        let data: Vec<u8> = (0..400).map(|i| (i * i % 7) as u8).collect();
        let found = segments(&Image::from_gray(20, 20, &data).unwrap(), 0).unwrap();
        assert_eq!(found.image(3), found.image(3));
        assert_ne!(found.image(3), found.image(4));
    }

    #[test]
    fn nan_samples_are_shown() {
        let mut image = Image::from_gray(3, 3, &[1u8; 9]).unwrap();
        image.planes[0].data[4] = f32::NAN;
        image.planes[0].data[8] = f32::INFINITY;
        image.planes[0].data[0] = f32::NEG_INFINITY;
        assert_eq!(segments(&image, 0).unwrap().count, 5);
    }
}
