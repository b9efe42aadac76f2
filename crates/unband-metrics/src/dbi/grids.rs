//! Grids of patches for the Deep Banding Index, its score, and its map, from the patches' probabilities.

use unband_infer::Map;
use unband_nets::Shape;
use unband_nets::arch::dbi::PATCH;

/// A patch is banded if its probability of banding exceeds this.
const BANDED: f64 = 0.2;
/// Stride of the windows of [`banding_map`], and side of its blocks.
const STEP: usize = 5;

/// Smoothing of grid entries with their neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mixing {
    /// In place, row by row: neighbours above and to the left enter with their smoothed values. Published
    /// scores were computed this way.
    Feedback,
    /// All neighbours enter with their original values, as in a golden value.
    #[cfg(test)]
    Plain,
}

/// The index of an image.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IndexScore {
    /// 0 to 1; higher means more banding.
    pub value: f64,
    /// The score of each grid of patches: aligned to the upper left, lower left, upper right and lower right
    /// corner.
    pub grids: [f64; 4],
}

/// Rows and columns of the patches in an image's four grids, each once; empty for an image smaller than a
/// patch.
pub(crate) fn patches(size: (usize, usize)) -> Vec<(usize, usize)> {
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

/// The index of an image of this size, from the probabilities that its [`patches`] have **no** banding.
/// `None` for an image smaller than a patch, and for another number of probabilities.
///
/// Four grids of patches side by side, one aligned to each corner. An entry is 1 if the patch is banded, else
/// 0. It becomes 32/40 of itself and 1/40 of each of its eight neighbours; border entries replace those
/// outside. The score is the mean of all entries. Designed for 1920×1080, where it has 4 · 32 patches; other
/// sizes are unband's extension.
///
/// Source: akshay-kap/Meng-699-Image-Banding-detection `Demo/predict.py`. Differs: nothing is carried over
/// from one image to the next; patches are classified once, not up to nine times.
pub(super) fn score(size: (usize, usize), mixing: Mixing, clean_probabilities: &[f32]) -> Option<IndexScore> {
    let places = patches(size);
    if places.is_empty() || places.len() != clean_probabilities.len() {
        return None;
    }
    let mut means = [0.0; 4];
    let (mut sum, mut count) = (0.0, 0);
    for (mean, grid) in means.iter_mut().zip(grids(size)) {
        let cell = |place: &(usize, usize)| {
            let p = clean_probabilities[places.binary_search(place).ok()?];
            Some(f64::from(u8::from(f64::from(1.0 - p) > BANDED)))
        };
        let cells: Vec<f64> = grid.iter().map(cell).collect::<Option<_>>()?;
        let mixed: f64 = mixed(&cells, size.1 / PATCH, mixing).iter().sum();
        *mean = mixed / cells.len() as f64;
        sum += mixed;
        count += cells.len();
    }
    Some(IndexScore { value: sum / count as f64, grids: means })
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

/// Rows and columns of the windows of [`banding_map`], row by row.
pub(super) fn windows((height, width): (usize, usize)) -> Vec<(usize, usize)> {
    let along = |side: usize| (0..(side + 1).saturating_sub(PATCH)).step_by(STEP);
    along(height).flat_map(|row| along(width).map(move |column| (row, column))).collect()
}

/// Map of the probability of banding: `[1, H, W]`, 0 to 1, from the probabilities that the [`windows`] of an
/// image of this size have **no** banding. `None` for an image smaller than a patch, and for another number
/// of probabilities.
///
/// Windows of a patch's size have a stride of 5 samples (57,460 for 1920×1080). A block of 5×5 samples gets
/// the mean probability of banding over the windows that contain its second row and column, or end just
/// before it. The rest at the right and at the bottom is 0.
///
/// Source: akshay-kap/Meng-699-Image-Banding-detection `src/Deep_Banding_Map.py`. Differs: the original
/// includes a zero in every mean, which halves the corners, and truncates values to 8 bits.
pub(super) fn banding_map((height, width): (usize, usize), clean_probabilities: &[f32]) -> Option<Map<f32>> {
    if height < PATCH || width < PATCH {
        return None;
    }
    let (rows, columns) = ((height - PATCH) / STEP + 1, (width - PATCH) / STEP + 1);
    if clean_probabilities.len() != rows * columns {
        return None;
    }
    // Summed-area table of the windows, with a leading row and column of zeroes.
    let wide = columns + 1;
    let mut sums = vec![0.0; (rows + 1) * wide];
    for (row, clean) in clean_probabilities.chunks_exact(columns).enumerate() {
        let mut line = 0.0;
        for (column, clean) in clean.iter().enumerate() {
            line += f64::from(1.0 - clean);
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
    Some(map)
}

#[cfg(test)]
mod tests;
