//! Search for the places with the worst banding.

use unband_image::{Context, Image, Plane};

use super::display_image::{quantised, rgb};
use super::local_mean::local_mean;
use super::{DisplayImage, HeatMap, ShowError};

/// A window of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Left edge.
    pub x: usize,
    /// Top edge.
    pub y: usize,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Mean strength of the map inside, 0..=1.
    pub strength: f32,
}

impl Spot {
    /// Usual side of a spot, in pixels.
    pub const SIDE: usize = 256;
}

/// Step of the search, in pixels.
const STEP: usize = 16;

/// Finds up to `count` disjoint windows with the most banding, the worst first, in an image of `size` pixels.
///
/// They are `side` pixels wide and high ([`Spot::SIDE`] is usual); smaller in small images, so that several
/// fit. Windows where the map is zero are not returned. Cost: a pass over the image in steps of 16 pixels per
/// window.
pub fn worst_spots(map: &HeatMap, size: (usize, usize), count: usize, side: usize) -> Vec<Spot> {
    let (width, height) = size;
    if width == 0 || height == 0 {
        return Vec::new();
    }
    let fit = |n: usize| side.clamp(1, (n / 2).max(64)).min(n);
    let (w, h) = (fit(width), fit(height));
    let sums = StrengthSums::new(map, width, height);
    let starts = |n: usize, side: usize| {
        let mut starts: Vec<usize> = (0..=n - side).step_by(STEP).collect();
        if starts.last() != Some(&(n - side)) {
            starts.push(n - side);
        }
        starts
    };
    let (xs, ys) = (starts(width, w), starts(height, h));
    let mut spots: Vec<Spot> = Vec::new();
    for _ in 0..count {
        let mut best: Option<Spot> = None;
        for &y in &ys {
            for &x in &xs {
                let apart =
                    |s: &Spot| x + w <= s.x || s.x + s.width <= x || y + h <= s.y || s.y + s.height <= y;
                let strength = sums.mean(x, y, w, h);
                if strength > best.map_or(1e-6, |b| b.strength + 1e-6) && spots.iter().all(apart) {
                    best = Some(Spot { x, y, width: w, height: h, strength });
                }
            }
        }
        let Some(best) = best else { break };
        spots.push(best);
    }
    spots
}

/// Integral image of the map's strength, by blocks.
struct StrengthSums {
    block: usize,
    columns: usize,
    rows: usize,
    corners: Vec<f64>,
}

impl StrengthSums {
    /// Side of a block in pixels: fine enough for windows in steps of sixteen.
    fn new(map: &HeatMap, width: usize, height: usize) -> Self {
        let block = 4;
        let (columns, rows) = (width.div_ceil(block), height.div_ceil(block));
        let mut sums = vec![0.0; (columns + 1) * (rows + 1)];
        for row in 0..rows {
            let mut line = 0.0;
            for column in 0..columns {
                line += block_strength(map, column * block, row * block, block);
                let above = sums[row * (columns + 1) + column + 1];
                sums[(row + 1) * (columns + 1) + column + 1] = above + line;
            }
        }
        Self { block, columns, rows, corners: sums }
    }

    fn mean(&self, x: usize, y: usize, w: usize, h: usize) -> f32 {
        let at = |column: usize, row: usize| {
            self.corners[row.min(self.rows) * (self.columns + 1) + column.min(self.columns)]
        };
        let (x0, y0) = (x / self.block, y / self.block);
        let (x1, y1) = ((x + w).div_ceil(self.block), (y + h).div_ceil(self.block));
        let sum = at(x1, y1) - at(x0, y1) - at(x1, y0) + at(x0, y0);
        (sum / ((x1 - x0) * (y1 - y0)).max(1) as f64) as f32
    }
}

/// Mean strength of the map cells that touch a block, without interpolation.
fn block_strength(map: &HeatMap, x: usize, y: usize, block: usize) -> f64 {
    let range = |from: usize, cell: f32| {
        let first = (from as f32 / cell) as usize;
        let last = ((from + block) as f32 / cell).ceil() as usize;
        first..last.max(first + 1)
    };
    let (columns, rows) = (range(x, map.cell.0), range(y, map.cell.1));
    let count = (columns.len() * rows.len()) as f64;
    let cells = rows.flat_map(|row| columns.clone().map(move |column| (column, row)));
    cells.map(|(column, row)| f64::from(map.cell_strength(column, row))).sum::<f64>() / count
}

/// Contrast stretch around the local mean of a place: `0.5 + gain · (sample − mean)`. The mean covers 24
/// pixels in each direction; without it a sky's own gradient would use up the range.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// The local mean of each plane.
    means: Vec<Plane>,
    gain: f32,
}

impl Stretch {
    /// The stretch that fills the range: the middle 90 % of the differences from the mean span 60 % of it.
    /// All planes share one gain, 1 to 24.
    ///
    /// # Errors
    /// When the planes do not fit the model.
    pub fn new(image: &Image, spot: &Spot, ctx: &Context<'_>) -> Result<Self, ShowError> {
        Ok(Self::of_part(&part(image, spot, ctx)?))
    }

    /// The gain.
    pub fn gain(&self) -> f32 {
        self.gain
    }

    pub(super) fn of_part(part: &Image) -> Self {
        let means: Vec<Plane> = part.planes.iter().map(local_mean).collect();
        let mut widest = 0.0f32;
        for (mean, plane) in means.iter().zip(&part.planes) {
            let mut values: Vec<f32> = plane.data.iter().zip(&mean.data).map(|(v, m)| v - m).collect();
            values.retain(|v| v.is_finite());
            values.sort_unstable_by(f32::total_cmp);
            let at = |share: f32| values[((values.len() - 1) as f32 * share) as usize];
            if !values.is_empty() {
                widest = widest.max(at(0.95) - at(0.05));
            }
        }
        Self { means, gain: (0.6 / widest.max(1e-6)).clamp(1.0, 24.0) }
    }
}

/// A place of an image at its own size with more contrast. Use the stretch of the input for result and
/// reference too, to make them comparable.
///
/// # Errors
/// When the planes do not fit the model.
pub fn stretched(
    image: &Image,
    spot: &Spot,
    stretch: &Stretch,
    ctx: &Context<'_>,
) -> Result<DisplayImage, ShowError> {
    Ok(apply(part(image, spot, ctx)?, stretch))
}

pub(super) fn apply(mut part: Image, stretch: &Stretch) -> DisplayImage {
    for (p, plane) in part.planes.iter_mut().enumerate() {
        // A grey image next to a colour one uses the planes that both have.
        let Some(mean) = stretch.means.get(p).or(stretch.means.last()) else { continue };
        for y in 0..plane.height.min(mean.height) {
            let row = plane.row_mut(y).iter_mut().zip(mean.row(y));
            row.for_each(|(v, m)| *v = 0.5 + stretch.gain * (*v - m));
        }
    }
    quantised(&part, true)
}

/// The samples of a place, RGB or grey; clipped to the image.
pub(super) fn part(image: &Image, spot: &Spot, ctx: &Context<'_>) -> Result<Image, ShowError> {
    let image = rgb(image, ctx)?;
    let (x0, y0) = (spot.x.min(image.width() - 1), spot.y.min(image.height() - 1));
    let width = spot.width.clamp(1, image.width() - x0);
    let height = spot.height.clamp(1, image.height() - y0);
    let planes = image.planes.iter().map(|plane| {
        let rows = (y0..y0 + height).flat_map(|y| plane.row(y)[x0..x0 + width].iter().copied());
        Plane { width, height, data: rows.collect() }
    });
    Ok(Image::new(planes.collect(), image.color.model, image.depth))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests;
