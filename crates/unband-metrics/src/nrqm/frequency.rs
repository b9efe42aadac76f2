//! Local frequency features: statistics of block DCT coefficients.

use unband_image::Context;

use super::shape::Shapes;
use crate::field::Field;

/// Number of features of an image at one scale.
pub(super) const COUNT: usize = 6;

/// Stride of the blocks, and their side: two samples of margin on all sides.
const STEP: usize = 3;
const SIDE: usize = 7;
const MARGIN: usize = 2;
const AREA: usize = SIDE * SIDE;

/// Rows of blocks per work item.
const BAND: usize = 8;

/// Coefficients by direction as row and column, starting at 0: across, diagonal, down.
const DIRECTIONS: [[(usize, usize); 16]; 3] = {
    const ACROSS: [(usize, usize); 16] = [
        (0, 1),
        (0, 2),
        (0, 3),
        (0, 4),
        (0, 5),
        (0, 6),
        (1, 2),
        (1, 3),
        (1, 4),
        (1, 5),
        (1, 6),
        (2, 4),
        (2, 5),
        (2, 6),
        (3, 5),
        (3, 6),
    ];
    const DIAGONAL: [(usize, usize); 16] = [
        (1, 1),
        (2, 2),
        (2, 3),
        (3, 2),
        (3, 3),
        (3, 4),
        (4, 3),
        (4, 4),
        (4, 5),
        (4, 6),
        (5, 4),
        (5, 5),
        (5, 6),
        (6, 4),
        (6, 5),
        (6, 6),
    ];
    let (mut down, mut i) = (ACROSS, 0);
    while i < down.len() {
        down[i] = (ACROSS[i].1, ACROSS[i].0);
        i += 1;
    }
    [ACROSS, DIAGONAL, down]
};

/// Statistics of a block.
#[derive(Clone, Copy)]
struct Block {
    /// Shape of its coefficients' distribution.
    shape: f64,
    /// Standard deviation of their magnitudes divided by the mean magnitude.
    variation: f64,
    /// Variance of that over the three directions.
    direction: f64,
}

/// Means over all blocks and over a tenth of them. For shapes: the lowest tenth, then all. For variations and
/// their variance over directions: the highest tenth, then all. `field` is 0 black to 1 white, padded with
/// black.
pub(super) fn features(field: &Field, shapes: &Shapes, ctx: &Context<'_>) -> [f64; COUNT] {
    let (columns, rows) = (field.width.div_ceil(STEP), field.height.div_ceil(STEP));
    let cosines = cosines();
    let bands = ctx.map(rows.div_ceil(BAND), |band| {
        let places = (band * BAND..((band + 1) * BAND).min(rows))
            .flat_map(|row| (0..columns).map(move |column| (row, column)));
        places.map(|(row, column)| measured(&transformed(field, row, column, &cosines), shapes)).collect()
    });
    let blocks: Vec<Block> = bands.into_iter().flat_map(|band: Vec<Block>| band).collect();
    let sorted = |of: fn(&Block) -> f64| {
        let mut values: Vec<f64> = blocks.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let count = blocks.len() as f64;
    // As in the original, indices start at 1 and the highest tenth includes the sample at nine tenths.
    let (lowest, highest) = ((count * 0.1).ceil() as usize, ((count * 0.9) as usize).max(1) - 1);
    let shape = sorted(|block| block.shape);
    let variation = sorted(|block| block.variation);
    let direction = sorted(|block| block.direction);
    [
        mean(&shape[..lowest]),
        mean(&shape),
        mean(&variation[highest..]),
        mean(&variation),
        mean(&direction[highest..]),
        mean(&direction),
    ]
}

/// Rows of the orthonormal cosine transform.
fn cosines() -> [[f64; SIDE]; SIDE] {
    let side = SIDE as f64;
    std::array::from_fn(|k| {
        let scale = if k == 0 { (1.0 / side).sqrt() } else { (2.0 / side).sqrt() };
        std::array::from_fn(|i| {
            scale * (std::f64::consts::PI * (2 * i + 1) as f64 * k as f64 / (2.0 * side)).cos()
        })
    })
}

/// The cosine transform of a block.
fn transformed(
    field: &Field,
    row: usize,
    column: usize,
    cosines: &[[f64; SIDE]; SIDE],
) -> [[f64; SIDE]; SIDE] {
    let (top, left) = (row * STEP, column * STEP);
    let block: [[f64; SIDE]; SIDE] = std::array::from_fn(|y| {
        let y = (top + y).checked_sub(MARGIN).filter(|&y| y < field.height);
        std::array::from_fn(|x| {
            let x = (left + x).checked_sub(MARGIN).filter(|&x| x < field.width);
            y.zip(x).map_or(0.0, |(y, x)| field.row(y)[x])
        })
    });
    // Down, then across.
    let down: [[f64; SIDE]; SIDE] = cosines.map(|weights| {
        std::array::from_fn(|x| weights.iter().zip(&block).map(|(weight, row)| weight * row[x]).sum())
    });
    down.map(|row| cosines.map(|weights| weights.iter().zip(row).map(|(weight, v)| weight * v).sum()))
}

fn measured(block: &[[f64; SIDE]; SIDE], shapes: &Shapes) -> Block {
    let all: [f64; AREA] = std::array::from_fn(|i| block[i / SIDE][i % SIDE]);
    // The DC coefficient is skipped.
    let changes = &all[1..];
    let directions = DIRECTIONS.map(|places| variation(&places.map(|(y, x)| block[y][x]), 1e-8));
    Block {
        shape: shapes.of(changes.iter()),
        variation: variation(changes, 1e-7),
        direction: variance(&directions),
    }
}

/// Standard deviation of the magnitudes divided by their mean plus `least`.
fn variation(values: &[f64], least: f64) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().map(|v| v.abs()).sum::<f64>() / count;
    let squares: f64 = values.iter().map(|v| (v.abs() - mean).powi(2)).sum();
    (squares / (count - 1.0)).sqrt() / (mean + least)
}

/// Sample variance: divided by one less than the count.
fn variance(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_keeps_lengths_and_finds_waves() {
        let field = Field { width: 9, height: 9, data: (0..81).map(|i| f64::from(i * i % 17)).collect() };
        let block = transformed(&field, 1, 1, &cosines());
        let energy = |rows: std::ops::Range<usize>| -> f64 {
            rows.clone().flat_map(|y| field.row(y)[rows.clone()].iter()).map(|v| v * v).sum()
        };
        let got: f64 = block.iter().flatten().map(|v| v * v).sum();
        assert!((got - energy(1..8)).abs() < 1e-9, "{got}");
        // A wave across is one coefficient of the first row; the block begins at the second sample.
        let wave = |x: usize| (std::f64::consts::PI * (2 * x + 1) as f64 * 3.0 / 14.0).cos();
        let field = Field { width: 9, height: 9, data: (0..81).map(|i| wave((i + 8) % 9)).collect() };
        for (i, v) in transformed(&field, 1, 1, &cosines()).iter().flatten().enumerate() {
            // √7 times √(7/2): its lengths down and across.
            let want = if i == 3 { (7.0 * 3.5_f64).sqrt() } else { 0.0 };
            assert!((v - want).abs() < 1e-12, "{i}: {v}");
        }
    }

    #[test]
    fn directions_share_no_coefficient() {
        let mut all: Vec<_> = DIRECTIONS.concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 48);
        assert!(!all.contains(&(0, 0)));
    }
}
