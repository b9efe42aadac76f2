//! Noise that dithered rounding leaves: its spectrum, and its correlation between channels.

use unband_image::{Image, Window};
use unband_simd::Level;
use unband_simd::filters::smooth::mix_row;

use super::{BLOCK, Undither};
use crate::area::Area;

/// Brightness and two colour differences, orthonormal, so that equal independent noise stays equal and
/// independent.
pub(super) const DIFFERENCES: [[f32; 3]; 3] = {
    const THIRD: f32 = 0.577_350_26;
    const HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
    const SIXTH: f32 = 0.408_248_3;
    [[THIRD; 3], [HALF, 0.0, -HALF], [SIXTH, -2.0 * SIXTH, SIXTH]]
};

/// The same matrix for the way back.
pub(super) const CHANNELS: [[f32; 3]; 3] = {
    let [a, b, c] = DIFFERENCES;
    [[a[0], b[0], c[0]], [a[1], b[1], c[1]], [a[2], b[2], c[2]]]
};

/// Weighted sums of three areas, one for each row of weights.
pub(super) fn mix(level: Level, [a, b, c]: [&Area; 3], weights: [[f32; 3]; 3], out: &mut [Area]) {
    for (out, weights) in out.iter_mut().zip(weights) {
        out.reshape(a.x0, a.y0, a.width, a.height);
        for y in 0..a.height {
            mix_row(level, out.row_mut(y), a.row(y), b.row(y), c.row(y), weights);
        }
    }
}

/// Thresholds as multiples of the noise, for ordered and for diffused dither. Errors of the latter follow the
/// image in places, so that more of them are far out.
const LIMIT: f32 = 2.6;
const LIMIT_DIFFUSED: f32 = 3.0;

/// Weights of the error that Floyd and Steinberg pass on: columns, rows, share.
///
/// Source: Floyd, Steinberg, "An adaptive algorithm for spatial greyscale" (1976).
const PASSED: [(i32, i32, f64); 4] =
    [(1, 0, 7.0 / 16.0), (-1, 1, 3.0 / 16.0), (0, 1, 5.0 / 16.0), (1, 1, 1.0 / 16.0)];

/// Blocks that are examined for the correlation.
const ENOUGH: usize = 4000;

/// Noise of each component, in 8-bit codes.
pub(super) struct Noise {
    /// Its deviation, if it were white.
    deviations: Vec<f32>,
}

impl Noise {
    /// From the correlation of the channels' residues in the flattest third of the blocks: grey areas have
    /// the same error in all channels.
    pub(super) fn measure(filter: &Undither, image: &Image) -> Self {
        let own: Vec<f32> = filter.planes.iter().map(|plane| plane.step / 12f32.sqrt()).collect();
        let [red, green, blue] = own[..] else { return Self { deviations: own } };
        if !filter.together {
            return Self { deviations: own };
        }
        let own = [red, green, blue];
        let correlation = correlation(filter, image);
        let deviation = |weights: [f32; 3]| {
            let mut sum = 0.0;
            for a in 0..3 {
                for b in 0..3 {
                    sum += weights[a] * weights[b] * own[a] * own[b] * correlation[a][b];
                }
            }
            // Rounding to the container's codes is noise too.
            sum.max(0.02 * own[1] * own[1]).sqrt()
        };
        Self { deviations: DIFFERENCES.map(deviation).to_vec() }
    }

    /// Thresholds of the coefficients of each component.
    pub(super) fn limits(&self, ordered: bool) -> impl Iterator<Item = [f32; 64]> {
        let shape =
            if ordered { [LIMIT; 64] } else { diffused_spectrum().map(|share| LIMIT_DIFFUSED * share) };
        self.deviations.iter().map(move |deviation| shape.map(|limit| limit * deviation))
    }
}

/// Correlation of the channels' residues in flat blocks.
fn correlation(filter: &Undither, image: &Image) -> [[f32; 3]; 3] {
    let (columns, rows) = (image.width() / BLOCK, image.height() / BLOCK);
    let every = (columns * rows).div_ceil(ENOUGH).max(1);
    let mut areas = [Area::default(), Area::default(), Area::default()];
    let mut blocks: Vec<(f32, [[f32; 3]; 3])> = Vec::new();
    for i in (every / 2..columns * rows).step_by(every) {
        let (x0, y0) = (i % columns * BLOCK, i / columns * BLOCK);
        if filter.regions.as_ref().is_some_and(|regions| !regions.holds_at(0, x0, y0)) {
            continue;
        }
        let window = Window { x0, y0, x1: x0 + BLOCK, y1: y0 + BLOCK };
        for (p, area) in areas.iter_mut().enumerate() {
            filter.fill(image, p, window, area);
        }
        blocks.push(residue(&areas));
    }
    blocks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut sums = [[0.0f32; 3]; 3];
    for (_, products) in &blocks[..blocks.len().div_ceil(3)] {
        for (sums, products) in sums.iter_mut().zip(products) {
            sums.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
        }
    }
    let scale = [0, 1, 2].map(|c: usize| sums[c][c].sqrt());
    std::array::from_fn(|a| {
        std::array::from_fn(|b| {
            let scale = scale[a] * scale[b];
            if scale > 0.0 { sums[a][b] / scale } else { f32::from(u8::from(a == b)) }
        })
    })
}

/// Energy of a block's residue, and its products between channels: samples less the mean of the four around.
fn residue(areas: &[Area; 3]) -> (f32, [[f32; 3]; 3]) {
    let mut products = [[0.0f32; 3]; 3];
    for y in 1..BLOCK - 1 {
        for x in 1..BLOCK - 1 {
            let rest = areas.each_ref().map(|area| {
                let (above, here, below) = (area.row(y - 1), area.row(y), area.row(y + 1));
                here[x] - 0.25 * ((here[x - 1] + here[x + 1]) + (above[x] + below[x]))
            });
            for (row, a) in products.iter_mut().zip(rest) {
                row.iter_mut().zip(rest).for_each(|(product, b)| *product += a * b);
            }
        }
    }
    (products[0][0] + products[1][1] + products[2][2], products)
}

/// Error of the diffusion as a filter of white noise, over 3×2 samples from `(-1, 0)` on.
fn diffused_filter() -> [[f64; 3]; 2] {
    let mut filter = [[0.0, 1.0, 0.0], [0.0; 3]];
    for (x, y, share) in PASSED {
        filter[y as usize][(x + 1) as usize] -= share;
    }
    filter
}

/// Deviation of each coefficient of a block under diffused noise, for white noise of 1.
pub(super) fn diffused_spectrum() -> [f32; 64] {
    let wave = |u: usize, x: usize| {
        let scale = if u == 0 { 0.125f64.sqrt() } else { 0.5 };
        scale * ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0).cos()
    };
    std::array::from_fn(|i| {
        let mut basis = vec![vec![0.0; BLOCK]; BLOCK];
        for (y, row) in basis.iter_mut().enumerate() {
            row.iter_mut().enumerate().for_each(|(x, out)| *out = wave(i / 8, y) * wave(i % 8, x));
        }
        diffused_energy(&basis).sqrt() as f32
    })
}

/// Energy that diffused noise leaves behind a filter, for white noise of 1.
pub(super) fn diffused_energy(kernel: &[Vec<f64>]) -> f64 {
    let filter = diffused_filter();
    let (height, width) = (kernel.len(), kernel.first().map_or(0, Vec::len));
    let mut sum = 0.0;
    // The product of both filters, at every place that they reach.
    for y in 0..=height {
        for x in 0..width + 2 {
            let mut value = 0.0;
            for (dy, row) in filter.iter().enumerate() {
                for (dx, share) in row.iter().enumerate() {
                    // The noise at (x, y) reaches samples further on.
                    let (kx, ky) = (x + dx, y + dy);
                    if (2..width + 2).contains(&kx) && (1..=height).contains(&ky) {
                        value += share * kernel[ky - 1][kx - 2];
                    }
                }
            }
            sum += value * value;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diffused_noise_has_little_energy_at_low_frequencies() {
        let spectrum = diffused_spectrum();
        // Twelfths of the squares: values of an independent integral over the spectrum.
        let values = [(0, 0.11), (9, 0.18), (63, 0.43), (7, 0.39), (56, 0.33)];
        for (i, expected) in values {
            let found = spectrum[i] / 12f32.sqrt();
            assert!((found - expected).abs() < 0.006, "{i}: {found}");
        }
        assert!((diffused_energy(&[vec![1.0]]) - (1.0 + 84.0 / 256.0)).abs() < 1e-12);
    }
}
