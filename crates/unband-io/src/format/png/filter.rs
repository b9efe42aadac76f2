//! PNG row filters, which predict each byte from its neighbours before deflate.
//!
//! Source: Portable Network Graphics (PNG) Specification, Third Edition, 9.

/// A filter for all rows, or one chosen per row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// No filter: deflate finds repeated patterns, such as those of a dither.
    None,
    /// Minus the pixel to the left.
    Sub,
    /// Minus the pixel above.
    Up,
    /// Minus whichever of left, above and above left is nearest to left + above − above left.
    Paeth,
    /// For each row, the one of PNG's five filters with the least sum of absolute signed bytes.
    LeastSum,
}

impl Filter {
    pub(super) const ALL: [Self; 5] = [Self::None, Self::Sub, Self::Up, Self::Paeth, Self::LeastSum];
}

/// Filters a row, given the row above and the bytes per pixel.
type RowFilter = fn(&[u8], &[u8], usize, &mut [u8]);

/// The filters by their code in the file.
const KINDS: [RowFilter; 5] = [
    |row, _, _, out| out.copy_from_slice(row),
    |row, _, bpp, out| {
        out[..bpp].copy_from_slice(&row[..bpp]);
        for ((out, x), left) in out[bpp..].iter_mut().zip(&row[bpp..]).zip(row) {
            *out = x.wrapping_sub(*left);
        }
    },
    |row, above, _, out| {
        for ((out, x), up) in out.iter_mut().zip(row).zip(above) {
            *out = x.wrapping_sub(*up);
        }
    },
    |row, above, bpp, out| {
        for ((out, x), up) in out.iter_mut().zip(row).zip(above).take(bpp) {
            *out = x.wrapping_sub(up / 2);
        }
        for (((out, x), left), up) in out[bpp..].iter_mut().zip(&row[bpp..]).zip(row).zip(&above[bpp..]) {
            // The mean, computed without a ninth bit.
            *out = x.wrapping_sub((left & up) + ((left ^ up) >> 1));
        }
    },
    |row, above, bpp, out| {
        KINDS[2](&row[..bpp], &above[..bpp], bpp, &mut out[..bpp]);
        let neighbours = row.iter().zip(&above[bpp..]).zip(above);
        for ((out, x), ((left, up), corner)) in out[bpp..].iter_mut().zip(&row[bpp..]).zip(neighbours) {
            *out = x.wrapping_sub(nearest(*left, *up, *corner));
        }
    },
];

/// Paeth's predictor.
fn nearest(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let (to_left, to_up) = ((b - c).abs(), (a - c).abs());
    let to_corner = (a + b - 2 * c).abs();
    let other = if to_up <= to_corner { up } else { corner };
    if to_left <= to_up && to_left <= to_corner { left } else { other }
}

/// Buffers for the rows compared.
#[derive(Default)]
pub(super) struct Candidates {
    best: Vec<u8>,
    next: Vec<u8>,
}

impl Candidates {
    /// Appends the filtered row, preceded by its filter code. `above` is as long as the row, all 0 for the
    /// first row. `bpp`: bytes from a sample to the same sample of the next pixel, at least 1.
    pub(super) fn put(&mut self, filter: Filter, row: &[u8], above: &[u8], bpp: usize, out: &mut Vec<u8>) {
        let code = match filter {
            Filter::None => 0,
            Filter::Sub => 1,
            Filter::Up => 2,
            Filter::Paeth => 4,
            Filter::LeastSum => {
                let code = self.least_sum(row, above, bpp);
                out.push(code);
                out.extend_from_slice(&self.best);
                return;
            }
        };
        out.push(code);
        let start = out.len();
        out.resize(start + row.len(), 0);
        KINDS[usize::from(code)](row, above, bpp, &mut out[start..]);
    }

    /// Leaves the filtered row in `best`.
    fn least_sum(&mut self, row: &[u8], above: &[u8], bpp: usize) -> u8 {
        self.best.resize(row.len(), 0);
        self.next.resize(row.len(), 0);
        let (mut least, mut found) = (u64::MAX, 0);
        for (code, kind) in (0..).zip(KINDS) {
            kind(row, above, bpp, &mut self.next);
            let sum = sum_of_sizes(&self.next);
            if sum < least {
                (least, found) = (sum, code);
                std::mem::swap(&mut self.best, &mut self.next);
            }
        }
        found
    }
}

fn sum_of_sizes(bytes: &[u8]) -> u64 {
    // Short sums stay in narrow SIMD lanes.
    let some = |some: &[u8]| some.iter().map(|&b| u32::from(b.min(b.wrapping_neg()))).sum::<u32>();
    bytes.chunks(1 << 14).map(|part| u64::from(some(part))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The filters written out as in the specification.
    fn spelt_out(code: u8, row: &[u8], above: &[u8], bpp: usize) -> Vec<u8> {
        let at = |bytes: &[u8], i: usize| if i >= bpp { i32::from(bytes[i - bpp]) } else { 0 };
        let predicted = |i: usize| {
            let (a, b, c) = (at(row, i), i32::from(above[i]), at(above, i));
            match code {
                0 => 0,
                1 => a,
                2 => b,
                3 => i32::midpoint(a, b),
                _ => {
                    let p = a + b - c;
                    let (pa, pb, pc) = ((p - a).abs(), (p - b).abs(), (p - c).abs());
                    if pa <= pb && pa <= pc {
                        a
                    } else if pb <= pc {
                        b
                    } else {
                        c
                    }
                }
            }
        };
        (0..row.len()).map(|i| row[i].wrapping_sub(predicted(i) as u8)).collect()
    }

    #[test]
    fn filters_are_those_of_the_specification() {
        let mut seed = 1u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        for bpp in [1, 2, 3, 4, 6, 8] {
            for pixels in [1, 2, 5, 40] {
                let (row, above): (Vec<u8>, Vec<u8>) = (0..bpp * pixels).map(|_| (noise(), noise())).unzip();
                let mut all = Vec::new();
                for code in 0..5u8 {
                    let mut out = vec![0; row.len()];
                    KINDS[usize::from(code)](&row, &above, bpp, &mut out);
                    assert_eq!(out, spelt_out(code, &row, &above, bpp), "filter {code}, {bpp} bytes");
                    all.push(out);
                }
                let sum = |row: &Vec<u8>| {
                    row.iter().map(|&b| u32::from(b.cast_signed().unsigned_abs())).sum::<u32>()
                };
                let mut out = Vec::new();
                Candidates::default().put(Filter::LeastSum, &row, &above, bpp, &mut out);
                assert_eq!(out[1..], all[usize::from(out[0])]);
                assert_eq!(sum(&out[1..].to_vec()), all.iter().map(sum).min().unwrap_or_default());
            }
        }
    }
}
