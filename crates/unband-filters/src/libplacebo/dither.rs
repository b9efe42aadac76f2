//! Dither patterns: offsets before rounding down.

use std::borrow::Cow;

use unband_image::dither::blue_noise_row;
use unband_simd::{Level, filters::libplacebo};

unband_image::words! {
    /// Dither at up to 8 bits; higher depths are always rounded to the nearest code.
    pub enum Dither {
        /// None: round to the nearest code.
        None = "none",
        /// A 64×64 blue-noise pattern: the least visible one.
        BlueNoise = "blue-noise",
        /// A 64×64 Bayer pattern.
        Ordered = "ordered",
        /// A 16×16 Bayer pattern with permuted columns.
        OrderedFixed = "ordered-fixed",
        /// The shader's own random numbers.
        WhiteNoise = "white-noise",
    }
}

/// Rounding of a value between two codes, by position.
#[derive(Clone, Debug, PartialEq)]
pub struct Bias(RoundingKind);

#[derive(Clone, Debug, PartialEq)]
enum RoundingKind {
    /// To the nearest, ties to even.
    Even,
    /// A value `v` in codes becomes code `floor(v + bias)`.
    Constant(f32),
    /// The same with a repeating pattern of biases.
    Matrix { width: usize, biases: Cow<'static, [f32]> },
    /// The same with random numbers.
    Noise,
}

impl Bias {
    /// The rounding of a dither to codes of `bits` bits. The blue-noise matrix is this project's own:
    /// libplacebo generates its matrix with C's random numbers at start-up. Ties without dither go up at 8
    /// bits and to even above, as on Mesa's software device.
    pub fn new(dither: Dither, bits: u8) -> Self {
        Self(match dither {
            _ if bits > 8 => RoundingKind::Even,
            Dither::None => RoundingKind::Constant(0.5),
            Dither::BlueNoise => {
                let rows = (0..64).flat_map(blue_noise_row).copied();
                RoundingKind::Matrix { width: 64, biases: rows.collect() }
            }
            Dither::Ordered => matrix(64, bayer),
            Dither::OrderedFixed => matrix(16, fixed),
            Dither::WhiteNoise => RoundingKind::Noise,
        })
    }

    /// A matrix of biases in `[0, 1)`, row by row, repeated in both directions; `None` without whole rows.
    pub fn matrix(width: usize, biases: Vec<f32>) -> Option<Self> {
        let whole = width > 0 && !biases.is_empty() && biases.len().is_multiple_of(width);
        whole.then_some(Self(RoundingKind::Matrix { width, biases: Cow::Owned(biases) }))
    }

    /// The biases of a row from a position on, in `out`; `None` where there are none.
    pub(super) fn row<'a>(
        &self,
        level: Level,
        out: &'a mut [f32],
        (x, y): (usize, usize),
    ) -> Option<&'a [f32]> {
        match &self.0 {
            RoundingKind::Even => return None,
            RoundingKind::Constant(bias) => out.fill(*bias),
            RoundingKind::Noise => libplacebo::noise_row(level, out, (x, y), 0),
            RoundingKind::Matrix { width, biases } => {
                let row = &biases[y % (biases.len() / width) * width..][..*width];
                let (tail, head) = row.split_at(x % width);
                let first = head.len().min(out.len());
                out[..first].copy_from_slice(&head[..first]);
                for out in out[first..].chunks_mut(*width) {
                    let tail = &tail[..tail.len().min(out.len())];
                    out[..tail.len()].copy_from_slice(tail);
                    let rest = out.len() - tail.len();
                    out[tail.len()..].copy_from_slice(&head[..rest]);
                }
            }
        }
        Some(out)
    }
}

fn matrix(side: usize, bias: fn(usize, usize) -> f32) -> RoundingKind {
    let biases = (0..side * side).map(|i| bias(i % side, i / side)).collect();
    RoundingKind::Matrix { width: side, biases }
}

/// The recursive matrix of Bayer, 1973: each bit of the position, from the lowest, has a quarter of the
/// weight.
fn bayer(x: usize, y: usize) -> f32 {
    let quarter = |bit: usize| match ((x >> bit) & 1, (y >> bit) & 1) {
        (0, 0) => 0u16,
        (1, 1) => 1,
        (1, 0) => 2,
        _ => 3,
    };
    f32::from((0..6).fold(0, |rank, bit| rank * 4 + quarter(bit))) / 4096.0
}

/// Interleaves the bits of `x ^ y` and of `y`, the lowest first.
fn fixed(x: usize, y: usize) -> f32 {
    let bit = |v: usize, i: usize| ((v >> i) & 1) as u8;
    let rank = (0..4).fold(0, |rank, i| rank << 2 | bit(x ^ y, i) << 1 | bit(y, i));
    f32::from(rank) / 256.0
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_of_a_pattern_occurs_equally_often() {
        for (dither, side) in [(Dither::BlueNoise, 64), (Dither::Ordered, 64), (Dither::OrderedFixed, 16)] {
            let mut seen = vec![0; side * side];
            let mut row = vec![0.0; side];
            for y in 0..side {
                let bias = Bias::new(dither, 8);
                let row = bias.row(Level::best(), &mut row, (0, y)).unwrap();
                for b in row {
                    seen[(b * (side * side) as f32) as usize] += 1;
                }
            }
            assert!(seen.iter().all(|&n| n == 1), "{dither:?}");
        }
    }

    #[test]
    fn a_row_repeats_from_any_place() {
        let bias = Bias::matrix(3, vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6]).unwrap();
        for x in 0..7 {
            for count in 0..12 {
                let mut row = vec![9.0; count];
                assert!(bias.row(Level::best(), &mut row, (x, 5)).is_some());
                let want: Vec<f32> = (x..x + count).map(|x| [0.4, 0.5, 0.6][x % 3]).collect();
                assert_eq!(row, want, "{x} {count}");
            }
        }
        assert_eq!(Bias::matrix(3, vec![0.0; 4]), None);
        assert_eq!(Bias::matrix(0, Vec::new()), None);
    }

    #[test]
    fn bayer_begins_as_published() {
        let ranks = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (3, 3)].map(|(x, y)| bayer(x, y) * 16.0);
        assert_eq!(ranks.map(|r| r as u32), [0, 8, 12, 4, 2, 5]);
    }
}
