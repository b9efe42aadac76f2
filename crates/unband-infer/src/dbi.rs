//! Patch classifier of the Deep Banding Index, run over an image: the share of an image that a classifier
//! takes for banded.

use std::collections::HashMap;

use unband_nets::Shape;

use crate::Map;

/// Side of a patch.
pub const PATCH: usize = 235;

/// A patch is banded if its probability of banding exceeds this.
const BANDED: f64 = 0.2;

/// Smoothing of grid entries with their neighbours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mixing {
    /// In place, row by row: neighbours above and to the left enter with their smoothed values. Published
    /// scores were computed this way.
    #[default]
    Feedback,
    /// All neighbours enter with their original values.
    Plain,
}

/// A score.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// 0 to 1; higher means more banding.
    pub value: f64,
    /// The score of each grid of patches: aligned to the upper left, lower left, upper right and lower right
    /// corner.
    pub grids: [f64; 4],
}

/// Rows and columns of the patches in an image's four grids, each once; empty for an image smaller than a
/// patch.
pub fn patches(size: (usize, usize)) -> Vec<(usize, usize)> {
    let mut all: Vec<(usize, usize)> = grids(size).into_iter().flatten().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The patches of the grids aligned to the upper left, lower left, upper right and lower right corner, row by
/// row.
fn grids((height, width): (usize, usize)) -> [Vec<(usize, usize)>; 4] {
    let (down, across) = (height % PATCH, width % PATCH);
    let along = |side: usize| (0..side / PATCH).map(|i| i * PATCH);
    [(0, 0), (down, 0), (0, across), (down, across)].map(|(top, left)| {
        along(height).flat_map(|row| along(width).map(move |column| (top + row, left + column))).collect()
    })
}

/// The index of an image of this size. `probability` returns the probability that the patch at a row and
/// column has **no** banding; it is called once per patch. `None` for an image smaller than a patch.
///
/// Four grids of patches side by side, one aligned to each corner. An entry is 1 if the patch is banded, else
/// 0. It becomes 32/40 of itself and 1/40 of each of its eight neighbours; border entries replace those
/// outside. The score is the mean of all entries. Designed for 1920×1080, where it has 4 · 32 patches; other
/// sizes are unband's extension.
///
/// Source: Kapoor, Sapra, Wang, ICASSP 2021; akshay-kap/Meng-699-Image-Banding-detection `Demo/predict.py`.
/// Differs: nothing is carried over from one image to the next; patches are classified once, not up to nine
/// times.
///
/// # Errors
/// The error of `probability`.
pub fn score<E>(
    (height, width): (usize, usize),
    mixing: Mixing,
    mut probability: impl FnMut(usize, usize) -> Result<f32, E>,
) -> Result<Option<Score>, E> {
    let (rows, columns) = (height / PATCH, width / PATCH);
    if rows == 0 || columns == 0 {
        return Ok(None);
    }
    let mut known: HashMap<(usize, usize), f64> = HashMap::new();
    let mut means = [0.0; 4];
    let mut sum = 0.0;
    for (mean, places) in means.iter_mut().zip(grids((height, width))) {
        let mut cells = Vec::with_capacity(places.len());
        for at in places {
            let cell = match known.get(&at) {
                Some(&cell) => cell,
                None => f64::from(u8::from(f64::from(1.0 - probability(at.0, at.1)?) > BANDED)),
            };
            known.insert(at, cell);
            cells.push(cell);
        }
        let mixed: f64 = mixed(&cells, columns, mixing).iter().sum();
        *mean = mixed / (rows * columns) as f64;
        sum += mixed;
    }
    Ok(Some(Score { value: sum / (4 * rows * columns) as f64, grids: means }))
}

fn mixed(cells: &[f64], columns: usize, mixing: Mixing) -> Vec<f64> {
    let mut out = cells.to_vec();
    let last = (cells.len() / columns - 1, columns - 1);
    for i in 0..cells.len() {
        let from = if mixing == Mixing::Feedback { &out } else { cells };
        let (row, column) = (i / columns, i % columns);
        let (above, below) = (row.saturating_sub(1), (row + 1).min(last.0));
        let (left, right) = (column.saturating_sub(1), (column + 1).min(last.1));
        let at = |row: usize, column: usize| from[row * columns + column];
        let straight = at(above, column) + at(row, left) + at(row, right) + at(below, column);
        let diagonal = at(above, left) + at(above, right) + at(below, left) + at(below, right);
        out[i] = 32.0 / 40.0 * cells[i] + 1.0 / 40.0 * straight + 1.0 / 40.0 * diagonal;
    }
    out
}

/// Stride of the windows of [`banding_map`], and side of its blocks.
const STEP: usize = 5;

/// Rows and columns of the windows of [`banding_map`], row by row.
pub fn windows((height, width): (usize, usize)) -> Vec<(usize, usize)> {
    let along = |side: usize| (0..(side + 1).saturating_sub(PATCH)).step_by(STEP);
    along(height).flat_map(|row| along(width).map(move |column| (row, column))).collect()
}

/// Map of the probability of banding: `[1, H, W]`, 0 to 1. `None` for an image smaller than a patch.
///
/// Windows of a patch's size have a stride of 5 samples; each is requested once, row by row (57,460 for
/// 1920×1080). A block of 5×5 samples gets the mean probability of banding over the windows that contain its
/// second row and column, or end just before it. The rest at the right and at the bottom is 0.
///
/// Source: akshay-kap/Meng-699-Image-Banding-detection `src/Deep_Banding_Map.py`. Differs: the original
/// includes a zero in every mean, which halves the corners, and truncates values to 8 bits.
///
/// # Errors
/// The error of `probability`.
pub fn banding_map<E>(
    height: usize,
    width: usize,
    mut probability: impl FnMut(usize, usize) -> Result<f32, E>,
) -> Result<Option<Map<f32>>, E> {
    if height < PATCH || width < PATCH {
        return Ok(None);
    }
    let (rows, columns) = ((height - PATCH) / STEP + 1, (width - PATCH) / STEP + 1);
    // Summed-area table of the windows, with a leading row and column of zeroes.
    let wide = columns + 1;
    let mut sums = vec![0.0; (rows + 1) * wide];
    for row in 0..rows {
        let mut line = 0.0;
        for column in 0..columns {
            line += f64::from(1.0 - probability(row * STEP, column * STEP)?);
            sums[(row + 1) * wide + column + 1] = sums[row * wide + column + 1] + line;
        }
    }
    // Windows that contain the second sample of a block.
    let holding = |cell: usize, windows: usize| {
        let first = (cell * STEP + 1).saturating_sub(PATCH).div_ceil(STEP);
        (first, (cell + 1).min(windows))
    };
    let cells = |windows: usize| ((windows - 1) * STEP + PATCH - 1).div_ceil(STEP);
    let mut map = Map::zeros(Shape::new(1, height, width));
    for cell_row in 0..cells(rows) {
        let (top, bottom) = holding(cell_row, rows);
        for cell_column in 0..cells(columns) {
            let (left, right) = holding(cell_column, columns);
            let at = |row: usize, column: usize| sums[row * wide + column];
            let sum = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
            let value = (sum / ((bottom - top) * (right - left)) as f64) as f32;
            for line in map.data.chunks_mut(width).skip(cell_row * STEP).take(STEP) {
                let from = cell_column * STEP;
                line[from..(from + STEP).min(width)].fill(value);
            }
        }
    }
    Ok(Some(map))
}

/// The patch at a row and column of an image `[3, H, W]`, in the classifier's format; `None` if it does not
/// fit.
pub fn patch<T: Copy>(image: &Map<T>, row: usize, column: usize) -> Option<Map<T>> {
    let Shape { channels, height, width } = image.shape;
    if row + PATCH > height || column + PATCH > width || image.data.len() != image.shape.len() {
        return None;
    }
    let mut data = Vec::with_capacity(channels * PATCH * PATCH);
    for plane in image.data.chunks_exact(height * width) {
        for line in plane.chunks_exact(width).skip(row).take(PATCH) {
            data.extend_from_slice(&line[column..column + PATCH]);
        }
    }
    Some(Map { shape: Shape::new(channels, PATCH, PATCH), data })
}

#[cfg(test)]
mod tests;
