//! Lines through images for profiles.

use unband_image::Image;

use super::spots::worst_spots;
use super::{HeatMap, Spot};

/// A straight line from pixel to pixel, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Start: column, row.
    pub from: (usize, usize),
    /// End: column, row.
    pub to: (usize, usize),
}

/// Maximum length of an automatic line: each step is still visible on a page.
const LONGEST: usize = 640;

impl Line {
    /// A whole row of an image of that width.
    pub fn row(y: usize, width: usize) -> Self {
        Self { from: (0, y), to: (width.saturating_sub(1), y) }
    }

    /// A whole column of an image of that height.
    pub fn column(x: usize, height: usize) -> Self {
        Self { from: (x, 0), to: (x, height.saturating_sub(1)) }
    }

    /// The line through the worst banding: the row or column, up to 640 samples of it, that crosses most
    /// false contours in the window where the map is highest. Through the centre of the image where the map
    /// is zero.
    pub fn worst(image: &Image, map: &HeatMap) -> Self {
        let size @ (width, height) = image.planes.first().map_or((0, 0), |p| (p.width, p.height));
        let spot = worst_spots(map, size, 1, Spot::SIDE).first().copied().unwrap_or(Spot {
            x: width / 2,
            y: height / 2,
            width: 1,
            height: 1,
            strength: 0.0,
        });
        let across = |y: usize| {
            let (a, b) = around(spot.x + spot.width / 2, width);
            Self { from: (a, y), to: (b, y) }
        };
        let down = |x: usize| {
            let (a, b) = around(spot.y + spot.height / 2, height);
            Self { from: (x, a), to: (x, b) }
        };
        let mut best = (across(spot.y + spot.height / 2), 0);
        // Every eighth row and column of the window; among equals the one nearest to its centre.
        let from_middle = |from: usize, n: usize| {
            let mut all: Vec<usize> = (from..from + n).step_by(8).collect();
            all.sort_by_key(|at| at.abs_diff(from + n / 2));
            all.into_iter()
        };
        let rows = from_middle(spot.y, spot.height);
        let columns = from_middle(spot.x, spot.width);
        let inside_row = |y| Self { from: (spot.x, y), to: (spot.x + spot.width - 1, y) };
        let inside_column = |x| Self { from: (x, spot.y), to: (x, spot.y + spot.height - 1) };
        let candidates =
            rows.map(|y| (inside_row(y), across(y))).chain(columns.map(|x| (inside_column(x), down(x))));
        for (inside, whole) in candidates {
            let crossed = (0..image.planes.len()).map(|p| contours(&inside.values(image, p)).count()).sum();
            if crossed > best.1 {
                best = (whole, crossed);
            }
        }
        best.0
    }

    /// Number of samples on it, both ends included.
    #[allow(clippy::len_without_is_empty, reason = "a line has at least one sample")]
    pub fn len(&self) -> usize {
        self.from.0.abs_diff(self.to.0).max(self.from.1.abs_diff(self.to.1)) + 1
    }

    /// The pixels on it, in order: column, row.
    pub fn points(&self) -> impl Iterator<Item = (usize, usize)> + Clone + use<> {
        let Self { from, to } = *self;
        let last = self.len() - 1;
        let at = move |a: usize, b: usize, i: usize| {
            let share = if last == 0 { 0.0 } else { i as f64 / last as f64 };
            (a as f64 + share * (b as f64 - a as f64)).round() as usize
        };
        (0..=last).map(move |i| (at(from.0, to.0, i), at(from.1, to.1, i)))
    }

    /// The line clipped to an image of `size` pixels: ends outside move to the border.
    pub(super) fn within(self, size: (usize, usize)) -> Self {
        let end = |(x, y): (usize, usize)| (x.min(size.0.saturating_sub(1)), y.min(size.1.saturating_sub(1)));
        Self { from: end(self.from), to: end(self.to) }
    }

    /// The samples of a plane along it.
    pub(super) fn values(&self, image: &Image, plane: usize) -> Vec<f32> {
        let (sx, sy) = image.plane_scale(plane);
        let plane = &image.planes[plane];
        let value = |(x, y): (usize, usize)| {
            plane.row((y / sy.max(1)).min(plane.height - 1))[(x / sx.max(1)).min(plane.width - 1)]
        };
        self.points().map(value).collect()
    }
}

/// A range around a centre, shortened to fit.
fn around(middle: usize, size: usize) -> (usize, usize) {
    let length = LONGEST.min(size).max(1);
    let start = middle.saturating_sub(length / 2).min(size.saturating_sub(length));
    (start, start + length - 1)
}

/// Ends of flats before a small step: the index before each step. Three samples on either side must be equal
/// to within half of the step.
pub(super) fn contours(values: &[f32]) -> impl Iterator<Item = usize> {
    // More than a twentieth of the range is an edge of the scene.
    const LARGEST: f32 = 0.05;
    values.windows(8).enumerate().filter_map(|(i, w)| {
        let step = (w[4] - w[3]).abs();
        let flat = |part: &[f32]| part.windows(2).all(|p| (p[1] - p[0]).abs() < 0.5 * step);
        (step > 0.0 && step < LARGEST && flat(&w[..4]) && flat(&w[4..])).then_some(i + 3)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_line_visits_both_ends_and_neighbours_all_the_way(
            a in 0usize..50, b in 0usize..50, c in 0usize..50, d in 0usize..50,
        ) {
            let line = Line { from: (a, b), to: (c, d) };
            let points: Vec<_> = line.points().collect();
            prop_assert_eq!(points.len(), line.len());
            prop_assert_eq!((points[0], points[points.len() - 1]), (line.from, line.to));
            for pair in points.windows(2) {
                let (dx, dy) = (pair[0].0.abs_diff(pair[1].0), pair[0].1.abs_diff(pair[1].1));
                prop_assert_eq!(dx.max(dy), 1);
            }
        }
    }

    #[test]
    fn the_worst_line_crosses_the_bands() {
        for down in [false, true] {
            let data: Vec<u8> = (0..900 * 900)
                .map(|i| {
                    let (x, y) = if down { (i / 900, i % 900) } else { (i % 900, i / 900) };
                    // Bands on the left third, grain elsewhere.
                    if x < 300 { (x / 12 * 3) as u8 } else { ((x * 7919 + y * 104_729) % 97) as u8 }
                })
                .collect();
            let image = Image::from_gray(900, 900, &data).unwrap();
            let values = (0..225).map(|i| if down { i / 15 } else { i % 15 } < 5);
            let map = HeatMap::new(15, 15, values.map(f32::from).collect(), (900, 900), 1.0).unwrap();
            let line = Line::worst(&image, &map);
            assert_eq!(line.len(), LONGEST);
            assert_eq!(line.from.0 == line.to.0, down, "{line:?}");
            assert!(contours(&line.values(&image, 0)).count() > 20);
        }
    }

    #[test]
    fn without_banding_the_line_is_the_middle_row() {
        let image = Image::from_gray(30, 9, &[7u8; 270]).unwrap();
        assert_eq!(Line::worst(&image, &HeatMap::empty()), Line::row(4, 30));
    }
}
