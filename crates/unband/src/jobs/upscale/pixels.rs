//! Pixel art: images of few colours whose edges are not smoothed. Repeating each pixel keeps them crisp.

use std::collections::HashSet;

use unband_image::{Image, Plane, Resampling};

/// Colours of pixel art; two colours only in small images, since large ones are scans.
const COLOURS: usize = 256;
const SMALL: usize = 512;
/// Least difference of an edge, of 1: smaller ones are shades.
const EDGE: f32 = 8.0 / 255.0;
/// Largest share of shades among the changes between neighbours.
const SHADES: f32 = 0.2;
/// Largest share of changes that lead over a colour in between.
const SMOOTHED: f32 = 0.05;
/// Least share of equal neighbours: below it the image is dithered or noisy.
const EQUAL: f32 = 0.4;

/// Counts over pairs of neighbours.
#[derive(Default)]
struct Counts {
    pairs: usize,
    edges: usize,
    shades: usize,
    smoothed: usize,
}

/// Is it pixel art?
pub(super) fn is_art(image: &Image) -> bool {
    let planes: Vec<&Plane> = image.planes.iter().chain(&image.alpha).collect();
    let (width, height) = (image.width(), image.height());
    let Some(colours) = colours(&planes) else { return false };
    if colours < 2 || colours == 2 && width.max(height) > SMALL {
        return false;
    }
    let mut counts = Counts::default();
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            if x + 1 < width {
                counts.add(&planes, at, 1, x > 0);
            }
            if y + 1 < height {
                counts.add(&planes, at, width, y > 0);
            }
        }
    }
    let changes = (counts.edges + counts.shades) as f32;
    counts.edges > 0
        && counts.shades as f32 <= SHADES * changes
        && counts.smoothed as f32 <= SMOOTHED * counts.edges as f32
        && changes <= (1.0 - EQUAL) * counts.pairs as f32
}

/// Number of colours, `None` where there are more than pixel art has.
fn colours(planes: &[&Plane]) -> Option<usize> {
    let mut seen: HashSet<[u32; 4]> = HashSet::new();
    let mut last = None;
    for at in 0..planes[0].data.len() {
        let mut colour = [0; 4];
        colour.iter_mut().zip(planes).for_each(|(value, plane)| *value = plane.data[at].to_bits());
        if last.replace(colour) != Some(colour) && seen.insert(colour) && seen.len() > COLOURS {
            return None;
        }
    }
    Some(seen.len())
}

impl Counts {
    /// The pair of a sample and the next one in a direction; `before`: there is one on its other side.
    fn add(&mut self, planes: &[&Plane], at: usize, step: usize, before: bool) {
        self.pairs += 1;
        let change = planes.iter().map(|plane| (plane.data[at + step] - plane.data[at]).abs());
        let change = change.fold(0.0, f32::max);
        if change == 0.0 {
            return;
        }
        if change < EDGE {
            self.shades += 1;
            return;
        }
        self.edges += 1;
        // All planes go on in the direction in which they came.
        let between = |plane: &&Plane| {
            let (a, b, c) = (plane.data[at - step], plane.data[at], plane.data[at + step]);
            a <= b && b <= c || a >= b && b >= c
        };
        let came =
            before && planes.iter().any(|plane| plane.data[at - step].to_bits() != plane.data[at].to_bits());
        self.smoothed += usize::from(came && planes.iter().all(between));
    }
}

/// The plane in another size: each sample repeated, and means of areas where the size is not a multiple.
pub(super) fn repeated(plane: &Plane, width: usize, height: usize) -> Plane {
    let times = width.div_ceil(plane.width).max(height.div_ceil(plane.height));
    let mut data = Vec::with_capacity(plane.data.len() * times * times);
    for y in 0..plane.height {
        let row: Vec<f32> =
            plane.row(y).iter().flat_map(|&value| std::iter::repeat_n(value, times)).collect();
        (0..times).for_each(|_| data.extend_from_slice(&row));
    }
    let large = Plane { width: plane.width * times, height: plane.height * times, data };
    if (large.width, large.height) == (width, height) {
        return large;
    }
    large.resized(width, height, Resampling::Area)
}

#[cfg(test)]
mod tests {
    use unband_image::{Depth, Model};

    use super::*;

    type Code = Box<dyn Fn(usize, usize) -> usize>;

    /// An image of one plane by a function of column and row, in codes.
    fn made(side: usize, code: impl Fn(usize, usize) -> usize) -> Image {
        let data = (0..side * side).map(|i| code(i % side, i / side) as f32 / 255.0).collect();
        Image::new(vec![Plane { width: side, height: side, data }], Model::Gray, Depth::EIGHT)
    }

    #[test]
    fn only_images_with_hard_edges_are_pixel_art() {
        let disc = |x: usize, y: usize| (x as f32 - 31.5).hypot(y as f32 - 31.5);
        let rows: [(&str, Code, bool); 6] = [
            ("squares", Box::new(|x, y| (x / 5 * 7 + y / 3 * 11) % 5 * 50), true),
            (
                "a disc without smooth edges",
                Box::new(move |x, y| if disc(x, y) < 20.0 { 200 } else { 30 }),
                true,
            ),
            (
                "a disc with smooth edges",
                Box::new(move |x, y| (230.0 - 100.0 * (disc(x, y) - 19.0).clamp(0.0, 2.0)) as usize),
                false,
            ),
            ("a slope", Box::new(|x, _| x * 2), false),
            ("dither", Box::new(|x, y| (x * 7 + y * 13) % 3 * 90), false),
            ("one colour", Box::new(|_, _| 7), false),
        ];
        for (name, code, art) in rows {
            assert_eq!(is_art(&made(64, code)), art, "{name}");
        }
    }

    #[test]
    fn samples_are_repeated_or_averaged() {
        let plane = Plane { width: 2, height: 1, data: vec![0.0, 1.0] };
        assert_eq!(repeated(&plane, 4, 2).data, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
        assert_eq!(repeated(&plane, 3, 1).data, [0.0, 0.5, 1.0]);
    }
}
