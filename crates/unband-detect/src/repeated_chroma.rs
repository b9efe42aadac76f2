//! Detection of repeated half-size chroma from neighbours with equal colour differences.

use super::planes::Codes;
use super::spread::squares;

/// Number of neighbours with different colour differences, by parity of the first one's position.
#[derive(Clone, Copy, Debug, Default)]
struct Differences {
    across: [u64; 2],
    down: [u64; 2],
}

impl Differences {
    fn count(codes: &Codes) -> Self {
        let mut all = Self::default();
        for square in squares(codes.width, codes.height, ENOUGH) {
            for y in square.y0..square.y1 {
                let [r, g, b] = [0, 1, 2].map(|p| codes.row(p, y));
                // Only pairs within a square.
                let below = [0, 1, 2].map(|p| codes.row(p, (y + 1).min(square.y1 - 1)));
                let of = |c: u8, green: u8| i32::from(c) - i32::from(green);
                for x in square.x0..square.x1 {
                    let here = (of(r[x], g[x]), of(b[x], g[x]));
                    if x + 1 < square.x1 {
                        all.across[x % 2] +=
                            u64::from(here != (of(r[x + 1], g[x + 1]), of(b[x + 1], g[x + 1])));
                    }
                    let down = (of(below[0][x], below[1][x]), of(below[2][x], below[1][x]));
                    all.down[y % 2] += u64::from(here != down);
                }
            }
        }
        all
    }
}

/// Number of samples that is enough.
const ENOUGH: usize = 100_000;

/// Start of the first whole 2×2 block: 0, or 1 on an odd side of a mirrored image, whose single sample comes
/// first.
pub(super) fn block_start(codes: &Codes) -> (usize, usize) {
    if codes.width.is_multiple_of(2) && codes.height.is_multiple_of(2) {
        return (0, 0);
    }
    let Differences { across, down } = Differences::count(codes);
    let first = |side: usize, [even, odd]: [u64; 2]| usize::from(side % 2 == 1 && odd < even);
    (first(codes.width, across), first(codes.height, down))
}

/// How often neighbours within a pair differ in colour difference, relative to neighbours of different pairs:
/// near 0 when chroma was repeated, across or down, near 1 when it has full size.
pub(super) fn repeated_chroma(codes: &Codes) -> f64 {
    let Differences { across, down } = Differences::count(codes);
    let ratio = |side: usize, [even, odd]: [u64; 2]| {
        let ratio = |within: u64, between: u64| (within as f64 + 1.0) / (between as f64 + 1.0);
        // Pairs of an even side start at its ends.
        if side.is_multiple_of(2) { ratio(even, odd) } else { ratio(even, odd).min(ratio(odd, even)) }
    };
    ratio(codes.width, across).min(ratio(codes.height, down))
}
