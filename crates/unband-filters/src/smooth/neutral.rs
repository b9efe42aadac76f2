//! Wide chroma cells: where in the cell does the true value most likely lie?
//!
//! Neutral grey is no level of the usual coarse chroma grids, so greys carry a constant cast that no
//! smoothing can see. Chroma values of pictures follow roughly `exp(-|x|/tau)`; its mean over the cell is the
//! better guess than the middle.

use super::grid::Grid;

const ACROSS: usize = 33;
const SPREADS: usize = 65;
const TAU_MIN: f32 = 1.5;

/// Expected offset from the cell's middle, by place in the cell and spread of the density.
pub struct Neutral {
    table: Vec<f32>,
}

impl Neutral {
    /// For cells of `step_codes` (8-bit codes).
    pub fn new(step_codes: f32) -> Self {
        let mut table = Vec::with_capacity(ACROSS * SPREADS);
        for j in 0..SPREADS {
            // Regular in 1/tau from 0 (flat density) to the narrowest.
            let rate = f64::from(step_codes / TAU_MIN) * j as f64 / (SPREADS - 1) as f64;
            for i in 0..ACROSS {
                table.push(offset(i as f64 / (ACROSS - 1) as f64 * 0.5, rate) as f32);
            }
        }
        Self { table }
    }

    /// `v + offset` in cell units for a sample `v` (around 0), with `spread_codes` the mean strength of the
    /// other colour difference nearby.
    #[inline]
    pub fn target(&self, v: f32, spread_codes: f32) -> f32 {
        let tau = TAU_MIN + 0.8 * spread_codes;
        let a = (v.abs() * 2.0).min(1.0) * (ACROSS - 1) as f32;
        let b = TAU_MIN / tau * (SPREADS - 1) as f32;
        let (i, j) = ((a as usize).min(ACROSS - 2), (b as usize).min(SPREADS - 2));
        let (fa, fb) = (a - i as f32, b - j as f32);
        let at = |j: usize| {
            let row = &self.table[j * ACROSS + i..][..2];
            row[0] * (1.0 - fa) + row[1] * fa
        };
        v + (at(j) * (1.0 - fb) + at(j + 1) * fb) * v.signum()
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

/// 5×5 means of `max(0, |other| - floor_codes)` over a grid of codes around 0: the spread that
/// [`Neutral::target`] asks for. Valid two samples inside the grid, or up to the plane's border, where the
/// nearest sample repeats.
pub fn spread(out: &mut Grid, other: &Grid, floor_codes: f32, rows: &mut Grid) {
    let (w, h) = (other.width, other.height);
    rows.reshape(w, h);
    out.reshape(w, h);
    for y in 0..h {
        let row = other.row(y);
        let at = |x: usize| (row[x].abs() - floor_codes).max(0.0);
        let target = rows.row_mut(y);
        for (x, t) in target.iter_mut().enumerate() {
            let (a, b, d, e) =
                (x.saturating_sub(2), x.saturating_sub(1), (x + 1).min(w - 1), (x + 2).min(w - 1));
            *t = at(a) + at(b) + at(x) + at(d) + at(e);
        }
    }
    for y in 0..h {
        let near = [y.saturating_sub(2), y.saturating_sub(1), y, (y + 1).min(h - 1), (y + 2).min(h - 1)];
        let taps = near.map(|y| rows.row(y));
        for (x, o) in out.row_mut(y).iter_mut().enumerate() {
            *o = (taps[0][x] + taps[1][x] + taps[2][x] + taps[3][x] + taps[4][x]) * (1.0 / 25.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_around_grey_is_drawn_to_grey_and_a_far_one_hardly() {
        let neutral = Neutral::new(9.0);
        assert!(neutral.target(0.45, 0.0) < 0.25, "{}", neutral.target(0.45, 0.0));
        assert!((neutral.target(0.45, 100.0) - 0.45).abs() < 0.05);
        assert!((neutral.target(0.0, 0.0)).abs() < 1e-6);
        assert!((neutral.target(-0.3, 1.0) + neutral.target(0.3, 1.0)).abs() < 1e-6);
    }
}
