//! Banding heat maps.

use unband_image::findings::{BandingMap, Findings};

use super::{DisplayImage, ShowError};

/// Values per cell of a grid over an image: 0 without banding, higher with more.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    columns: usize,
    rows: usize,
    /// Pixels of the image per map cell, across and down, above 0.
    pub(super) cell: (f32, f32),
    values: Vec<f32>,
    /// The value of the strongest colour.
    most: f32,
}

/// Share of samples on contours with the strongest colour: a contour every four samples, with both its sides
/// marked.
const MOST_CONTOURS: f32 = 0.5;

impl HeatMap {
    /// The map of [`inspect`](unband::inspect): the share of samples on false contours per square. Empty
    /// where they are not visible: every image has steps of one code.
    pub fn from_findings(findings: &Findings) -> Self {
        if !findings.visible {
            return Self::empty();
        }
        let BandingMap { columns, rows, share, .. } = &findings.map;
        let side = BandingMap::SIDE as f32;
        Self {
            columns: *columns,
            rows: *rows,
            cell: (side, side),
            values: share.clone(),
            most: MOST_CONTOURS,
        }
    }

    /// A map of another metric over an image of `size` pixels: `columns * rows` values, row by row, one per
    /// pixel or fewer.
    ///
    /// `most` is the value of the strongest colour; use the same one for all compared images. NaN is treated
    /// as 0.
    ///
    /// # Errors
    /// When the number of values is not `columns * rows`, or 0.
    pub fn new(
        columns: usize,
        rows: usize,
        values: Vec<f32>,
        size: (usize, usize),
        most: f32,
    ) -> Result<Self, ShowError> {
        if columns == 0 || rows == 0 {
            return Err(unband::ImageError::Empty { width: columns, height: rows }.into());
        }
        let expected = columns.saturating_mul(rows);
        if values.len() != expected {
            let got = values.len();
            return Err(unband::ImageError::Length { width: columns, height: rows, expected, got }.into());
        }
        let cell = (size.0.max(1) as f32 / columns as f32, size.1.max(1) as f32 / rows as f32);
        Ok(Self { columns, rows, cell, values, most })
    }

    /// An empty map: no banding anywhere.
    pub fn empty() -> Self {
        Self { columns: 0, rows: 0, cell: (1.0, 1.0), values: Vec::new(), most: 1.0 }
    }

    /// Strength of a map cell, 0..=1; 0 outside.
    pub(super) fn cell_strength(&self, column: usize, row: usize) -> f32 {
        if column >= self.columns || self.most <= 0.0 {
            return 0.0;
        }
        let value = self.values.get(row * self.columns + column).copied().unwrap_or(0.0) / self.most;
        if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Strength at a point of the image, 0..=1, interpolated between the centres of map cells.
    pub fn strength(&self, x: f32, y: f32) -> f32 {
        if self.columns == 0 || self.rows == 0 {
            return 0.0;
        }
        let (column, a, s) = between(x / self.cell.0, self.columns);
        let (row, b, t) = between(y / self.cell.1, self.rows);
        let mix = |u: f32, v: f32, s: f32| u + s * (v - u);
        let top = mix(self.cell_strength(column, row), self.cell_strength(a, row), s);
        mix(top, mix(self.cell_strength(column, b), self.cell_strength(a, b), s), t)
    }

    /// Colour and opacity as a separate RGBA image, to overlay on another of the same shape.
    pub(super) fn layer(&self, size: (usize, usize), width: usize, height: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 * width * height);
        let scale = |n: usize, to: usize| n as f32 / to.max(1) as f32;
        let (sx, sy) = (scale(size.0, width), scale(size.1, height));
        for y in 0..height {
            for x in 0..width {
                let v = self.strength((x as f32 + 0.5) * sx, (y as f32 + 0.5) * sy);
                // Few levels compress well and look the same.
                let v = (v * 63.0).round() / 63.0;
                out.extend(heat_color(v));
                out.push((255.0 * opacity(v)).round() as u8);
            }
        }
        out
    }
}

/// The two map cells around a position, and the weight of the second.
fn between(at: f32, count: usize) -> (usize, usize, f32) {
    let at = (at - 0.5).clamp(0.0, (count - 1) as f32);
    let first = at as usize;
    (first, (first + 1).min(count - 1), at - first as f32)
}

/// Opacity of the map at a strength.
fn opacity(v: f32) -> f32 {
    0.75 * (v * 4.0).min(1.0)
}

/// The colour of a strength 0..=1: dark violet, magenta, orange, yellow. Its lightness rises monotonically,
/// so it is readable without telling red from green, and in grey.
///
/// Source: nine points of matplotlib's "plasma" (van der Walt and Smith, 2015; CC0), linear in between.
pub(crate) fn heat_color(strength: f32) -> [u8; 3] {
    const POINTS: [[u8; 3]; 9] = [
        [13, 8, 135],
        [76, 2, 161],
        [126, 3, 168],
        [170, 35, 149],
        [204, 71, 120],
        [230, 108, 92],
        [248, 149, 64],
        [253, 197, 39],
        [240, 249, 33],
    ];
    let at = if strength.is_finite() { strength.clamp(0.0, 1.0) * 8.0 } else { 0.0 };
    let i = (at as usize).min(7);
    let share = at - i as f32;
    [0, 1, 2].map(|c| {
        let (a, b) = (f32::from(POINTS[i][c]), f32::from(POINTS[i + 1][c]));
        (a + share * (b - a)).round() as u8
    })
}

/// A map over an image: the image in subdued grey, banding in colour.
pub fn overlay(image: &DisplayImage, map: &HeatMap) -> DisplayImage {
    let mut rgb = Vec::with_capacity(image.rgb.len());
    for (y, row) in image.rgb.chunks_exact(3 * image.width.max(1)).enumerate() {
        for (x, c) in row.chunks_exact(3).enumerate() {
            let [r, g, b] = [c[0], c[1], c[2]].map(f32::from);
            let grey = 20.0 + 0.75 * (0.299 * r + 0.587 * g + 0.114 * b);
            let v = map.strength(x as f32 + 0.5, y as f32 + 0.5);
            let share = opacity(v);
            rgb.extend(heat_color(v).map(|c| (grey + share * (f32::from(c) - grey)).round() as u8));
        }
    }
    DisplayImage { width: image.width, height: image.height, rgb }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_becomes_lighter_all_the_way() {
        let light = |i: u16| {
            let [r, g, b] = heat_color(f32::from(i) / 100.0).map(|c| (f64::from(c) / 255.0).powf(2.2));
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        assert!((1..=100).all(|i| light(i) > light(i - 1)));
    }

    #[test]
    fn no_banding_leaves_grey_and_banding_is_coloured_where_it_is() {
        let image = DisplayImage::filled(4, 2, [200, 100, 50]);
        let grey = overlay(&image, &HeatMap::empty());
        assert!(grey.rgb.chunks(3).all(|c| c[0] == c[1] && c[1] == c[2] && c[0] == grey.rgb[0]));
        let values = vec![0.0, 0.0, 0.0, 7.0, 0.0, 0.0, f32::NAN, 0.0];
        let map = HeatMap::new(4, 2, values, (4, 2), 7.0).unwrap();
        let shown = overlay(&image, &map);
        for y in 0..2 {
            for x in 0..4 {
                let same = shown.at(x, y) == grey.at(x, y);
                assert_eq!(same, (x, y) != (3, 0), "{x}, {y}");
            }
        }
    }

    #[test]
    fn maps_of_another_length_are_refused() {
        assert!(HeatMap::new(3, 2, vec![0.0; 5], (30, 20), 1.0).is_err());
        assert!(HeatMap::new(0, 2, vec![], (30, 20), 1.0).is_err());
    }

    #[test]
    fn strength_is_the_cells_at_their_centres_and_between_them_elsewhere() {
        let map = HeatMap::new(2, 1, vec![0.0, 1.0], (20, 10), 1.0).unwrap();
        assert_eq!(map.strength(5.0, 5.0), 0.0);
        assert_eq!(map.strength(15.0, 2.0), 1.0);
        assert!((map.strength(10.0, 9.0) - 0.5).abs() < 1e-6);
    }
}
