//! Averaging of quantisation noise over shifted blocks: image content survives in blocks at other offsets,
//! noise does not.

use unband_simd::Level;
use unband_simd::filters::jpeg_bounds::add_sparse_blocks;

use crate::area::{Area, reflected};

/// Offsets of the shifted blocks, across and down: every row and column offset once, never the coded blocks
/// themselves. Sixteen offsets would gain 0.05 dB and double the run time.
const SHIFTS: [(usize, usize); 8] = {
    let mut out = [(0, 0); 8];
    let mut i = 0;
    while i < 8 {
        out[i] = ((3 * i + 1) % 8, i);
        i += 1;
    }
    out
};

/// Noise threshold of a coefficient, as a multiple of the quantisation noise at its position.
const LIMIT: f32 = 2.2;

/// Thresholds of each component and shift.
pub(crate) struct Averager {
    limits: Vec<[[f32; 64]; SHIFTS.len()]>,
}

/// Working memory of one averaging.
#[derive(Default)]
pub(crate) struct Scratch {
    padded: Area,
    scale: Area,
    sums: Vec<f32>,
    weights: Vec<f32>,
}

impl Averager {
    /// For components whose coefficients, in blocks at no offset, have this noise.
    pub(crate) fn of_blocks(noise: impl IntoIterator<Item = [f32; 64]>) -> Self {
        let spread = spread();
        let limits = |noise: [f32; 64]| SHIFTS.map(|shift| limits(&noise, shift, &spread));
        Self { limits: noise.into_iter().map(limits).collect() }
    }

    /// For components with the same noise at all offsets, and these thresholds.
    pub(crate) fn everywhere(limits: impl IntoIterator<Item = [f32; 64]>) -> Self {
        Self { limits: limits.into_iter().map(|limits| [limits; SHIFTS.len()]).collect() }
    }

    /// Averages `samples`, which have a margin of eight samples around `out` unless the component ends there.
    /// The thresholds are multiplied by the root of the mean of `variance` over each block, where given.
    pub(crate) fn average(
        &self,
        level: Level,
        index: usize,
        variance: Option<&Area>,
        samples: &Area,
        out: &mut Area,
        s: &mut Scratch,
    ) {
        mirrored(&mut s.padded, samples, out);
        if let Some(variance) = variance {
            mirrored(&mut s.scale, variance, out);
        }
        let (stride, n) = (s.padded.width, s.padded.data.len());
        s.sums.clear();
        s.sums.resize(n, 0.0);
        s.weights.clear();
        s.weights.resize(n, 0.0);
        for (&(sx, sy), limits) in SHIFTS.iter().zip(&self.limits[index]) {
            // Blocks at offset 0 start with the output area, others before it.
            let first = |shift: usize| if shift == 0 { 8 } else { shift };
            let count = |shift: usize, size: usize| size / 8 + usize::from(shift != 0);
            let blocks = count(sx, out.width);
            for row in 0..count(sy, out.height) {
                let at = (first(sy) + 8 * row) * stride + first(sx);
                // Eight rows; the last one ends with its last block.
                let end = at + 7 * stride + 8 * blocks;
                let (sums, weights) = (&mut s.sums[at..end], &mut s.weights[at..end]);
                let padded = &s.padded.data[at..end];
                if variance.is_none() {
                    add_sparse_blocks(level, sums, weights, padded, stride, blocks, limits);
                    continue;
                }
                for x in (0..8 * blocks).step_by(8) {
                    let rows = (0..8).map(|y| &s.scale.data[at + y * stride + x..][..8]);
                    let scale = (rows.map(|row| row.iter().sum::<f32>()).sum::<f32>() / 64.0).sqrt();
                    let limits = limits.map(|limit| limit * scale);
                    let (sums, weights) = (&mut sums[x..], &mut weights[x..]);
                    add_sparse_blocks(level, sums, weights, &padded[x..], stride, 1, &limits);
                }
            }
        }
        for y in 0..out.height {
            let at = (y + 8) * stride + 8;
            let (sums, weights) = (&s.sums[at..], &s.weights[at..]);
            for ((out, sum), weight) in out.row_mut(y).iter_mut().zip(sums).zip(weights) {
                *out = sum / weight;
            }
        }
    }
}

/// `samples` over `out` with a margin of eight samples, mirrored at the component's borders.
fn mirrored(padded: &mut Area, samples: &Area, out: &Area) {
    padded.reshape(0, 0, out.width + 16, out.height + 16);
    let inside = |i: usize, start: usize, from: usize, len: usize| {
        // The first sample beyond an end repeats the last one.
        let (at, begin) = (i + start, from + 8);
        let at = if at < begin { begin - 1 - at } else { at - begin };
        reflected(at, len).min(len - 1)
    };
    let left = (8 + samples.x0).saturating_sub(out.x0);
    for y in 0..padded.height {
        let source = samples.row(inside(y, out.y0, samples.y0, samples.height));
        let row = padded.row_mut(y);
        row[left..left + source.len()].copy_from_slice(source);
        for x in (0..left).chain(left + source.len()..row.len()) {
            row[x] = source[inside(x, out.x0, samples.x0, source.len())];
        }
    }
}

/// `spread()[s][u][k]`: share of the energy of coefficient `k` of two neighbouring blocks that goes to
/// coefficient `u` of a block shifted by `s` samples, along one axis.
fn spread() -> [[[f32; 8]; 8]; 8] {
    let wave = |u: usize, x: usize| {
        let scale = if u == 0 { 0.125f64.sqrt() } else { 0.5 };
        scale * ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0).cos()
    };
    std::array::from_fn(|s| {
        std::array::from_fn(|u| {
            std::array::from_fn(|k| {
                let part = |from: usize, to: usize, offset: usize| -> f64 {
                    (from..to).map(|x| wave(u, x) * wave(k, x + s - offset)).sum()
                };
                (part(0, 8 - s, 0).powi(2) + part(8 - s, 8, 8).powi(2)) as f32
            })
        })
    })
}

/// The thresholds of one shift: the combined noise of all coefficients that contribute to each.
fn limits(noise: &[f32; 64], (sx, sy): (usize, usize), spread: &[[[f32; 8]; 8]; 8]) -> [f32; 64] {
    std::array::from_fn(|i| {
        let (v, u) = (i / 8, i % 8);
        let mut sum = 0.0;
        for (k, &noise) in noise.iter().enumerate() {
            sum += spread[sy][v][k / 8] * spread[sx][u][k % 8] * noise * noise;
        }
        LIMIT * sum.sqrt()
    })
}
