//! Detection of 8-bit `YCbCr` behind an RGB image from the lattice of its colours.

use std::f64::consts::TAU;

use super::planes::Codes;
use super::repeated_chroma::repeated_chroma;
use super::spread::{places, stride};
use unband_image::color::{Matrix, Range};

/// Matrices and ranges that are tried.
pub(super) const KINDS: [(Matrix, Range); 4] = [
    (Matrix::Bt601, Range::Limited),
    (Matrix::Bt601, Range::Full),
    (Matrix::Bt709, Range::Limited),
    (Matrix::Bt709, Range::Full),
];

/// Distinct colours that are enough for a mean: up to twice as many are kept.
const ENOUGH: usize = 16384;
/// Pixels that are read to find them.
const PIXELS: usize = 1 << 18;

/// Distinct colours of an image.
pub(super) struct Colours {
    /// The colours used for the lattice: without greys and without those that touch 0 or 255.
    pub list: Vec<[u8; 3]>,
    /// Number of all distinct colours, greys and clipped ones included.
    pub all: usize,
    /// Number of greys among them.
    pub greys: usize,
    /// Largest difference between two channels of any of them.
    pub spread: u8,
    /// Was every pixel read?
    pub complete: bool,
}

impl Colours {
    /// Mean distance to the nearest other colour, by the channel that differs most. Near 1 where each channel
    /// was rounded by itself; a palette's colours are further apart.
    pub(crate) fn apart(&self) -> f64 {
        let distance = |a: &[u8; 3], b: &[u8; 3]| (0..3).map(|c| a[c].abs_diff(b[c])).max().unwrap_or(0);
        let nearest = |a: &[u8; 3]| self.list.iter().filter(|b| *b != a).map(|b| distance(a, b)).min();
        let sum: f64 = self.list.iter().filter_map(nearest).map(f64::from).sum();
        sum / self.list.len().max(1) as f64
    }
}

/// Collects distinct colours from all over the image.
pub(super) fn colours(codes: &Codes) -> Colours {
    let (w, h) = (codes.width, codes.height);
    let all = stride(w, h, PIXELS);
    let mut out = Colours { list: Vec::new(), all: 0, greys: 0, spread: 0, complete: all == 1 };
    let mut seen = vec![0u64; 1 << 18];
    // A quarter of the pixels first: mostly these have enough colours.
    for step in [2 * all, all] {
        let columns: Vec<usize> = places(w, step).collect();
        for y in places(h, step) {
            let [r, g, b] = [0, 1, 2].map(|p| codes.row(p, y));
            for &x in &columns {
                let (r, g, b) = (r[x], g[x], b[x]);
                let key = key([r, g, b]);
                let (word, bit) = (&mut seen[key >> 6], 1u64 << (key & 63));
                if *word & bit == 0 {
                    *word |= bit;
                    out.all += 1;
                    out.greys += usize::from(r == g && g == b);
                    out.spread = out.spread.max(r.max(g).max(b) - r.min(g).min(b));
                    let inside = r.min(g).min(b) > 0 && r.max(g).max(b) < 255;
                    if inside && (r != g || g != b) {
                        out.list.push([r, g, b]);
                    }
                }
            }
        }
        if out.list.len() >= ENOUGH {
            out.complete &= step == 1;
            break;
        }
    }
    // When there are too many, the choice depends on the colours alone, not on their order in the image.
    let every = out.list.len() / ENOUGH;
    if every > 1 {
        out.list.retain(|&colour| key(colour).wrapping_mul(0x9e37_79b1) >> 7 & 0xffff < 0x1_0000 / every);
    }
    out
}

fn key([r, g, b]: [u8; 3]) -> usize {
    usize::from(r) << 16 | usize::from(g) << 8 | usize::from(b)
}

/// The lattice of 8-bit `YCbCr` behind an image's colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lattice {
    pub matrix: Matrix,
    pub range: Range,
    /// About 0.5 when there is one, otherwise 0.
    pub strength: f64,
    /// Converted by truncation, each chroma sample repeated for 2×2 pixels, as libswscale does unless it is
    /// asked for accurate rounding. The colours are then off the lattice by a known phase.
    pub truncated: bool,
}

impl Lattice {
    pub(crate) fn found(self) -> bool {
        self.truncated || self.strength >= 0.2
    }

    pub(crate) fn none() -> Self {
        Self { matrix: Matrix::Bt601, range: Range::Limited, strength: 0.0, truncated: false }
    }
}

/// Phases of truncation in the phasors of the full and the limited range, in turns. They were measured on
/// frames that libswscale converted from limited range.
const TRUNCATED: [(Matrix, f64, f64); 2] = [(Matrix::Bt601, 0.22, -0.09), (Matrix::Bt709, 0.13, -0.165)];

/// The most likely lattice.
pub(super) fn lattice(colours: &Colours, codes: &Codes) -> Lattice {
    let mut best = Lattice::none();
    if colours.list.len() < 300 {
        return best;
    }
    let phasors = KINDS.map(|(matrix, range)| phasor(&colours.list, matrix, range));
    for ((matrix, range), (real, _)) in KINDS.into_iter().zip(phasors) {
        // BT.709 with all codes is not used in practice; a few colours of a render may look like it.
        let rare = (matrix, range) == (Matrix::Bt709, Range::Full);
        if real > best.strength && !(rare && colours.list.len() < 2000) {
            best = Lattice { matrix, range, strength: real, truncated: false };
        }
    }
    if best.strength >= 0.2 {
        return best;
    }
    let along = |(re, im): (f64, f64), turns: f64| {
        let (s, c) = (turns * TAU).sin_cos();
        re * c + im * s
    };
    let least = 0.08 + 1.5 / (colours.list.len() as f64).sqrt();
    for (i, (matrix, full, limited)) in TRUNCATED.into_iter().enumerate() {
        let strength = along(phasors[2 * i + 1], full) + along(phasors[2 * i], limited);
        if strength > least && strength > best.strength {
            best = Lattice { matrix, range: Range::Limited, strength, truncated: true };
        }
    }
    if best.truncated && repeated_chroma(codes) > 0.4 { Lattice::none() } else { best }
}

/// Phasor of the colours' luma for a period of one code.
fn phasor(list: &[[u8; 3]], matrix: Matrix, range: Range) -> (f64, f64) {
    // Luma in 1/2^16 codes; sine and cosine from a table of 1024 steps.
    let table: Vec<(f64, f64)> = (0..1024)
        .map(|i| {
            let (s, c) = ((f64::from(i) + 0.5) / 1024.0 * TAU).sin_cos();
            (c, s)
        })
        .collect();
    let (kr, kb) = matrix.weights();
    let (kr, kb) = (f64::from(kr), f64::from(kb));
    let scale = 65536.0 / f64::from(range.unit_codes(false));
    let w = [kr, 1.0 - kr - kb, kb].map(|k| (k * scale).round() as u32);
    let (re, im) = list.iter().fold((0.0, 0.0), |(re, im), &[r, g, b]| {
        let y = w[0] * u32::from(r) + w[1] * u32::from(g) + w[2] * u32::from(b);
        let (c, s) = table[(y >> 6 & 1023) as usize];
        (re + c, im + s)
    });
    (re / list.len() as f64, im / list.len() as f64)
}

/// Are single codes missing at the distances caused by expanding limited to full range, 36 of 256?
pub(super) fn limited_gaps(hist: &[u32]) -> bool {
    let Some(first) = hist.iter().position(|&n| n > 20) else { return false };
    let last = hist.iter().rposition(|&n| n > 20).unwrap_or(first);
    let mut at = Vec::new();
    for c in first + 1..last {
        let near = hist[c - 1].min(hist[c + 1]);
        if near > 20 && hist[c] * 20 < near {
            at.push(c);
        }
    }
    // A coarser grid leaves more gaps than these single ones.
    let occupied = hist[first..=last].iter().filter(|&&n| n > 0).count();
    if occupied * 5 < (last - first + 1) * 4 {
        return false;
    }
    let regular = at.windows(2).filter(|w| (5..=9).contains(&(w[1] - w[0]))).count();
    at.len() >= 4
        && regular * 10 >= (at.len() - 1) * 7
        && at.len() * 10 >= last - first
        && at.len() * 5 <= last - first
}
