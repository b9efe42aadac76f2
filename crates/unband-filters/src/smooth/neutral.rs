//! Prior for wide chroma intervals: the most likely value inside the interval.
//!
//! Neutral grey is not a level of the usual coarse chroma grids, so greys have a constant cast that smoothing
//! cannot detect. Chroma values of images roughly follow `exp(-|x|/tau)`; its mean over the interval is a
//! better estimate than the centre.

use unband_image::{Context, Image};
use unband_simd::{Level, filters::smooth as rows};

use super::grid::Grid;
use super::source::PlaneSource;

/// Narrowest density, in codes.
const TAU_MIN: f32 = 1.0;
/// Growth of the density's width with the other plane's strength nearby.
const BY_OTHER: f32 = 0.8;
/// Growth with the plane's own strength farther around, for intervals of 5 bits (over 6 codes) and narrower
/// ones.
const BY_OWN: [f32; 2] = [3.0, 0.5];
/// Side of the blocks for the plane's own strength.
const BLOCK: usize = 16;

/// Expected offset from the interval's centre, by position in the interval and width of the density.
pub(super) struct Neutral {
    /// By position in the interval (rows) and inverse width (columns), 64 × 64.
    raster: Box<[f32; 4096]>,
    /// The other chroma plane, and its threshold for grey, in codes.
    other: PlaneSource,
    floor_codes: f32,
    /// The plane's own strength beyond the interval of grey, in codes of tau; per block, over 3×3 blocks.
    own: Grid,
}

impl Neutral {
    /// For intervals of `step_codes` (8-bit codes), given another chroma plane with intervals of
    /// `other_codes`.
    pub(super) fn new(step_codes: f32, other: PlaneSource, other_codes: f32) -> Self {
        let mut raster = Box::new([0.0; 4096]);
        for (i, value) in raster.iter_mut().enumerate() {
            // Evenly spaced in 1/tau from 0 (flat density) to the narrowest.
            let rate = f64::from(step_codes / TAU_MIN) * (i % 64) as f64 / 63.0;
            *value = offset((i / 64) as f64 / 63.0 * 0.5, rate) as f32;
        }
        let floor_codes = if other_codes > 2.0 { other_codes / 2.0 } else { 0.6 };
        Self { raster, other, floor_codes, own: Grid::new(1, 1) }
    }

    /// Measures the strength of the plane itself; its intervals are `step_codes` wide.
    pub(super) fn measure(&mut self, ctx: &Context<'_>, image: &Image, plane: PlaneSource, step_codes: f32) {
        let (width, height) = plane.size(image);
        let columns = width.div_ceil(BLOCK);
        let weight = BY_OWN[usize::from(step_codes <= 6.0)];
        let blocks = ctx.map(height.div_ceil(BLOCK), |row| {
            let mut codes = Grid::new(width, BLOCK.min(height - row * BLOCK));
            plane.fill(ctx.level, image, 0, row * BLOCK, 1.0, &mut codes);
            let mut sums = vec![0.0f32; columns];
            for y in 0..codes.height {
                for (sum, block) in sums.iter_mut().zip(codes.row(y).chunks(BLOCK)) {
                    *sum += block.iter().map(|v| (v.abs() - 0.5 * step_codes).max(0.0)).sum::<f32>();
                }
            }
            let size = |column: usize| BLOCK.min(width - column * BLOCK) * codes.height;
            sums.iter()
                .enumerate()
                .map(|(column, sum)| weight * sum / size(column) as f32)
                .collect::<Vec<_>>()
        });
        self.own = Grid::new(columns, blocks.len());
        for y in 0..blocks.len() {
            let rows = &blocks[y.saturating_sub(1)..(y + 2).min(blocks.len())];
            for (x, own) in self.own.row_mut(y).iter_mut().enumerate() {
                let (a, b) = (x.saturating_sub(1), (x + 2).min(columns));
                let sum: f32 = rows.iter().map(|row| row[a..b].iter().sum::<f32>()).sum();
                *own = sum / (rows.len() * (b - a)) as f32;
            }
        }
        self.own.pad();
    }

    /// Fills `m` with the preferred values (interval units) of a window of samples `v` that starts at `at`;
    /// the other two grids are working memory. Valid from two samples inside the window, or up to the image's
    /// border.
    pub(super) fn fill(
        &self,
        level: Level,
        image: &Image,
        at: (usize, usize),
        v: &Grid,
        [m, other, spare]: [&mut Grid; 3],
    ) {
        other.reshape(v.width, v.height);
        self.other.fill(level, image, at.0, at.1, 1.0, other);
        spread(level, m, other, self.floor_codes, spare);
        // The plane's own strength, bilinear between block centres: columns once, then row by row.
        let columns: Vec<(usize, f32)> = (0..v.width)
            .map(|x| {
                let place = (at.0 + x) as f32 / BLOCK as f32 + 0.5;
                (place as usize, place - place.floor())
            })
            .collect();
        let mut own = vec![0.0; v.width];
        for y in 0..v.height {
            let place = (at.1 + y) as f32 / BLOCK as f32 - 0.5;
            let top = (place.max(0.0) as usize).min(self.own.height - 1);
            let down = (place - top as f32).clamp(0.0, 1.0);
            let (upper, lower) = (self.own.padded(top), self.own.padded((top + 1).min(self.own.height - 1)));
            for (own, &(left, right)) in own.iter_mut().zip(&columns) {
                let blend = |row: &[f32]| row[left] * (1.0 - right) + row[left + 1] * right;
                *own = blend(upper) * (1.0 - down) + blend(lower) * down;
            }
            rows::prefer_row(level, m.row_mut(y), v.row(y), &own, TAU_MIN, BY_OTHER, &self.raster);
        }
    }
}

/// Mean of `exp(-|x| rate)` over `[q - 0.5, q + 0.5]`, minus `q`; `q` in 0..=0.5.
fn offset(q: f64, rate: f64) -> f64 {
    if rate < 1e-6 {
        return 0.0;
    }
    let tau = 1.0 / rate;
    // Mass and first moment over [0, b].
    let part = |b: f64| {
        let e = (-b * rate).exp();
        (1.0 - e, tau - (b + tau) * e)
    };
    let ((m1, f1), (m2, f2)) = (part(q + 0.5), part((0.5 - q).max(0.0)));
    (f1 - f2) / (m1 + m2) - q
}

/// 5×5 means of `max(0, |other| - floor_codes)` over a grid of codes around 0: the spread for
/// [`Neutral::fill`]. Valid from two samples inside the grid, or up to the plane's border, where the nearest
/// sample repeats.
fn spread(level: Level, out: &mut Grid, other: &Grid, floor_codes: f32, along: &mut Grid) {
    let (w, h) = (other.width, other.height);
    along.reshape(w, h);
    out.reshape(w, h);
    let mut strength = vec![0.0; w + 4];
    for y in 0..h {
        rows::strength_row(level, &mut strength[2..w + 2], other.row(y), floor_codes);
        let (first, last) = (strength[2], strength[w + 1]);
        strength[..2].fill(first);
        strength[w + 2..].fill(last);
        rows::five_along(level, along.row_mut(y), &strength);
    }
    for y in 0..h {
        let near = [y.saturating_sub(2), y.saturating_sub(1), y, (y + 1).min(h - 1), (y + 2).min(h - 1)];
        rows::five_down(level, out.row_mut(y), near.map(|y| along.row(y)), 1.0 / 25.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The preferred value for a plane of `v`, given another of strength 0, in a density of this width.
    fn target(v: f32, tau_codes: f32) -> f32 {
        let other = PlaneSource::Stored { plane: 1, zero: 0.5 };
        let neutral = Neutral::new(9.0, other, 1.0);
        let mut m = [0.0];
        rows::prefer_row(
            Level::best(),
            &mut m,
            &[v],
            &[tau_codes - TAU_MIN],
            TAU_MIN,
            BY_OTHER,
            &neutral.raster,
        );
        m[0]
    }

    #[test]
    fn a_cell_around_grey_is_drawn_to_grey_and_a_far_one_hardly() {
        assert!(target(0.45, TAU_MIN) < 0.25, "{}", target(0.45, TAU_MIN));
        assert!((target(0.45, 80.0) - 0.45).abs() < 0.05);
        assert!(target(0.0, TAU_MIN).abs() < 1e-6);
        assert!((target(-0.3, 2.0) + target(0.3, 2.0)).abs() < 1e-6);
    }
}
