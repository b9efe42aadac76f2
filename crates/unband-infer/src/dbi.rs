//! The Deep Banding Index: how much of a picture a classifier of patches takes for banded.

use std::collections::HashMap;

use unband_nets::Shape;

use crate::Map;

/// Side of a patch.
pub const PATCH: usize = 235;

/// A patch counts as banded when the probability of banding is above this.
const BANDED: f64 = 0.2;

/// How cells of a grid are mixed with their neighbours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mixing {
    /// In place, row by row: neighbours above and to the left count as they are after mixing. Published scores were made
    /// that way.
    #[default]
    Feedback,
    /// All neighbours as they were.
    Plain,
}

/// A score.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// 0 to 1, more is more banding.
    pub value: f64,
    /// The same of each grid of patches: pushed to the upper left, lower left, upper right and lower right corner.
    pub grids: [f64; 4],
}

/// The index of a picture of so many rows and columns, from the probability that the patch at a row and column has **no**
/// banding, which is asked for once per patch. `None` for a picture smaller than a patch.
///
/// Four grids of patches side by side, one pushed to each corner; a cell is 1 where the patch counts as banded, else 0. A cell
/// becomes 32/40 of itself and 1/40 of each of its eight neighbours, with border cells standing in for those outside. The
/// score is the mean of all cells. Made for 1920×1080, where it is 4 · 32 patches; other sizes are an extension of ours.
///
/// Source: Kapoor, Sapra, Wang, ICASSP 2021; akshay-kap/Meng-699-Image-Banding-detection `Demo/predict.py`. Differs: nothing
/// is carried over from one picture to the next; patches are classified once, not up to nine times.
///
/// # Errors
/// What `probability` fails with.
pub fn score<E>(
    (height, width): (usize, usize),
    mixing: Mixing,
    mut probability: impl FnMut(usize, usize) -> Result<f32, E>,
) -> Result<Option<Score>, E> {
    let (rows, columns) = (height / PATCH, width / PATCH);
    if rows == 0 || columns == 0 {
        return Ok(None);
    }
    let (down, across) = (height % PATCH, width % PATCH);
    let mut known: HashMap<(usize, usize), f64> = HashMap::new();
    let mut grids = [0.0; 4];
    let mut sum = 0.0;
    for (grid, (top, left)) in grids.iter_mut().zip([(0, 0), (down, 0), (0, across), (down, across)]) {
        let mut cells = Vec::with_capacity(rows * columns);
        for i in 0..rows * columns {
            let at = (top + i / columns * PATCH, left + i % columns * PATCH);
            let cell = match known.get(&at) {
                Some(&cell) => cell,
                None => f64::from(u8::from(f64::from(1.0 - probability(at.0, at.1)?) > BANDED)),
            };
            known.insert(at, cell);
            cells.push(cell);
        }
        let mixed: f64 = mixed(&cells, columns, mixing).iter().sum();
        *grid = mixed / (rows * columns) as f64;
        sum += mixed;
    }
    Ok(Some(Score { value: sum / (4 * rows * columns) as f64, grids }))
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

/// The patch at a row and column of a picture `[3, H, W]`, as the classifier takes it; `None` where it does not fit.
pub fn patch<T: Copy>(picture: &Map<T>, row: usize, column: usize) -> Option<Map<T>> {
    let Shape { channels, height, width } = picture.shape;
    if row + PATCH > height || column + PATCH > width || picture.data.len() != picture.shape.len() {
        return None;
    }
    let mut data = Vec::with_capacity(channels * PATCH * PATCH);
    for plane in picture.data.chunks_exact(height * width) {
        for line in plane.chunks_exact(width).skip(row).take(PATCH) {
            data.extend_from_slice(&line[column..column + PATCH]);
        }
    }
    Some(Map { shape: Shape::new(channels, PATCH, PATCH), data })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn constant(size: (usize, usize), p: f32) -> Option<Score> {
        let known: Result<_, Infallible> = score(size, Mixing::Feedback, |_, _| Ok(p));
        known.unwrap_or_default()
    }

    #[test]
    fn nothing_banded_is_0_and_everything_is_1() {
        let none = constant((1080, 1920), 0.9);
        assert_eq!(none, Some(Score { value: 0.0, grids: [0.0; 4] }));
        let all = constant((1080, 1920), 0.1).unwrap_or(Score { value: 0.0, grids: [0.0; 4] });
        assert!((all.value - 1.0).abs() < 1e-12, "{all:?}");
    }

    #[test]
    fn a_picture_smaller_than_a_patch_has_no_score() {
        assert_eq!(constant((234, 1920), 0.1), None);
        assert_eq!(constant((1080, 10), 0.1), None);
        assert!(constant((PATCH, PATCH), 0.1).is_some());
    }

    #[test]
    fn each_patch_is_asked_for_once() {
        let mut asked = Vec::new();
        // Two rows fill the height, so that the lower grids are the upper ones.
        let done: Result<_, Infallible> = score((2 * PATCH, 500), Mixing::Plain, |row, column| {
            asked.push((row, column));
            Ok(0.0)
        });
        assert!(done.is_ok());
        assert_eq!(asked.len(), 8);
        asked.sort_unstable();
        asked.dedup();
        assert_eq!(asked.len(), 8);
    }

    #[test]
    fn a_fault_of_the_classifier_is_passed_on() {
        assert_eq!(score((1080, 1920), Mixing::Feedback, |_, _| Err::<f32, _>("no")), Err("no"));
    }
}
