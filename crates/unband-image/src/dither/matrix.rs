//! Tiled threshold matrices: Bayer and blue noise.

/// Side of every matrix here, after repetition.
pub(super) const SIDE: usize = 64;

/// Side of Bayer's matrix before repetition.
pub(super) const BAYER_SIDE: usize = 16;

/// `SIDE * SIDE` thresholds in (0, 1); each rank of the matrix occurs equally often.
pub(super) type Matrix = [f32; SIDE * SIDE];

/// Blue noise by void and cluster; made by `tools/make_blue_noise.py`.
pub(super) static BLUE_NOISE: Matrix = blue_noise();

/// Bayer's 16×16 matrix, tiled. Source: Bayer, "An optimum method for two-level rendition of continuous-tone
/// images", 1973, in the recursive form.
pub(super) static BAYER: Matrix = bayer();

const fn blue_noise() -> Matrix {
    let bytes = include_bytes!("blue_noise_64.bin");
    let mut out = [0.0; SIDE * SIDE];
    let mut i = 0;
    while i < out.len() {
        let rank = u16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]]);
        out[i] = (rank as f32 + 0.5) / (SIDE * SIDE) as f32;
        i += 1;
    }
    out
}

const fn bayer() -> Matrix {
    let mut out = [0.0; SIDE * SIDE];
    let mut i = 0;
    while i < out.len() {
        let (x, y) = (i % SIDE, i / SIDE);
        // Quadrant by quadrant, the finest first: diagonal, then across, then down.
        let (mut rank, mut bit) = (0, 0);
        while bit < 4 {
            let (bx, by) = ((x >> bit) & 1, (y >> bit) & 1);
            let quarter = match (bx, by) {
                (0, 0) => 0,
                (1, 1) => 1,
                (1, 0) => 2,
                _ => 3,
            };
            rank = rank * 4 + quarter;
            bit += 1;
        }
        out[i] = (rank as f32 + 0.5) / 256.0;
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(matrix: &Matrix, count: usize) -> Vec<usize> {
        let mut seen = vec![0; count];
        for &t in matrix {
            assert!(t > 0.0 && t < 1.0);
            seen[(t * count as f32) as usize] += 1;
        }
        seen
    }

    #[test]
    fn every_rank_occurs_equally_often() {
        assert!(ranks(&BLUE_NOISE, 4096).iter().all(|&n| n == 1));
        assert!(ranks(&BAYER, 256).iter().all(|&n| n == 16));
    }

    #[test]
    fn bayer_starts_as_published() {
        // 4×4 corner of the recursive matrix, in sixteenths: 0 8 2 10 / 12 4 14 6 / …
        let coarse: Vec<usize> = [0, 1, 64, 65].iter().map(|&i| (BAYER[i] * 4.0) as usize).collect();
        assert_eq!(coarse, [0, 2, 3, 1]);
        assert_eq!([BAYER[0], BAYER[8 + 8 * 64]].map(|t| (t * 256.0) as usize), [0, 1]);
    }

    /// Power of the low quarter of frequencies (radius below 8 of 32) relative to white noise.
    fn low_power(matrix: &Matrix) -> f64 {
        let (mut low, mut count) = (0.0, 0);
        let turn = std::f64::consts::TAU / SIDE as f64;
        for u in -8i32..=8 {
            for v in -8i32..=8 {
                if (u, v) == (0, 0) || u * u + v * v > 64 {
                    continue;
                }
                let (mut re, mut im) = (0.0, 0.0);
                for (i, &t) in matrix.iter().enumerate() {
                    let angle = turn * (f64::from(u) * (i % SIDE) as f64 + f64::from(v) * (i / SIDE) as f64);
                    re += (t as f64 - 0.5) * angle.cos();
                    im += (t as f64 - 0.5) * angle.sin();
                }
                low += re * re + im * im;
                count += 1;
            }
        }
        low / count as f64 / (SIDE * SIDE) as f64 * 12.0
    }

    #[test]
    fn blue_noise_has_little_at_low_frequencies() {
        let power = low_power(&BLUE_NOISE);
        assert!(power < 0.03, "{power} of white noise");
        let mut white = BLUE_NOISE;
        let rng = crate::Rng::new(1);
        white.sort_by_key(|t| rng.at(0, 0, t.to_bits(), 0));
        assert!(low_power(&white) > 0.7);
    }
}
