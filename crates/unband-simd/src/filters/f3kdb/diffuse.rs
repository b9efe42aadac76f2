//! Floyd–Steinberg error diffusion as in `f3kdb`: values are only rounded down, and each share of an error is
//! truncated to a whole 16-bit code.

use super::Code;
use crate::Level;

#[cfg(target_arch = "x86_64")]
#[path = "diffuse_x86.rs"]
mod x86;

/// Reduction of 16-bit codes to fewer bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounding {
    /// Lowest code, in 16 bits.
    pub low: u16,
    /// Highest code, in 16 bits.
    pub high: u16,
    /// Bits of the result, 1 to 16.
    pub bits: u8,
}

/// Rows that are processed side by side, each two samples behind the one above.
const ROWS: usize = 4;

/// Rounds the rows of a plane one after another and passes the remainders on to their neighbours.
#[derive(Clone, Debug)]
pub struct Diffusion {
    rounding: Rounding,
    /// Remainders of the last row, with a zero before and one after.
    above: Vec<u16>,
    /// Buffer for the next row's.
    below: Vec<u16>,
    /// Buffer for values of rows with margins.
    #[cfg(target_arch = "x86_64")]
    scratch: Vec<u16>,
}

impl Diffusion {
    /// Initial state for planes of `width` samples.
    pub fn new(width: usize, rounding: Rounding) -> Self {
        Self {
            rounding,
            above: vec![0; width + 2],
            below: vec![0; width + 2],
            #[cfg(target_arch = "x86_64")]
            scratch: Vec::new(),
        }
    }

    /// Rounds the next rows, in any number; sixteen at a time are quickest. Every level gives the same codes.
    ///
    /// # Panics
    /// When `out` and `values` differ in length.
    pub fn rows<T: Code>(&mut self, level: Level, mut out: &mut [T], mut values: &[u16]) {
        assert_eq!(out.len(), values.len());
        let _ = level;
        let width = self.above.len() - 2;
        while width > 0 && values.len() >= width {
            #[cfg(target_arch = "x86_64")]
            if let Some(lanes) = self.band_by_lanes(level, out, values) {
                (out, values) = (&mut std::mem::take(&mut out)[lanes * width..], &values[lanes * width..]);
                continue;
            }
            let rows = if values.len() >= ROWS * width && width >= 4 * ROWS { ROWS } else { 1 };
            let (now, later) = out.split_at_mut(rows * width);
            if rows == 1 {
                self.band::<T, 1>(now, values);
            } else {
                self.band::<T, ROWS>(now, values);
            }
            (out, values) = (later, &values[rows * width..]);
        }
    }

    /// The first rows as lanes of a vector, and their number; `None` where there is no such vector.
    #[cfg(target_arch = "x86_64")]
    fn band_by_lanes<T: Code>(&mut self, level: Level, out: &mut [T], values: &[u16]) -> Option<usize> {
        let count = x86::ROWS * (self.above.len() - 2);
        let has_vectors = matches!(level.supported(), Level::Avx2 | Level::Avx512);
        let fits = (x86::LEAST_BITS..=16).contains(&self.rounding.bits) && values.len() >= count;
        if !has_vectors || !fits {
            return None;
        }
        let (out, values, scratch) = (&mut out[..count], &values[..count], &mut self.scratch);
        // SAFETY: the instructions are there.
        unsafe { x86::band(out, values, &self.above, &mut self.below, self.rounding, scratch) };
        std::mem::swap(&mut self.above, &mut self.below);
        Some(x86::ROWS)
    }

    /// `N` rows, the first two samples ahead of the second and so on.
    fn band<T: Code, const N: usize>(&mut self, out: &mut [T], values: &[u16]) {
        let width = self.above.len() - 2;
        let Rounding { low, high, bits } = self.rounding;
        let down = 16 - u32::from(bits.clamp(1, 16));
        let cut = (1u32 << down) - 1;
        // Remainders of each row at its last three samples, the last one first.
        let mut errors = [[0u32; 3]; N];
        let one = |value: u16, above: [u32; 3], left: u32| {
            let handed = ((above[0] * 3) >> 4) + ((above[1] * 5) >> 4) + (above[2] >> 4) + ((left * 7) >> 4);
            let sum = (u32::from(value) + handed).min(65535);
            (sum & cut, T::narrow((sum as u16).max(low).min(high) >> down))
        };
        let lead = 2 * (N - 1);
        let (above, below) = (&self.above[..width + 2], &mut self.below[..width + 2]);
        // The ends of the rows, where only some of them have a sample.
        let step = |t: usize, errors: &mut [[u32; 3]; N], out: &mut [T], below: &mut [u16]| {
            for k in (0..N).rev() {
                let x = t.wrapping_sub(2 * k);
                let mut error = 0;
                if x < width {
                    let first = || [above[x + 2], above[x + 1], above[x]].map(u32::from);
                    let from = if k == 0 { first() } else { errors[k - 1] };
                    (error, out[k * width + x]) = one(values[k * width + x], from, errors[k][0]);
                    if k == N - 1 {
                        below[x + 1] = error as u16;
                    }
                }
                errors[k] = [error, errors[k][0], errors[k][1]];
            }
        };
        for t in 0..lead {
            step(t, &mut errors, out, below);
        }
        // The middle, where all of them have one.
        let middle = width.saturating_sub(lead);
        {
            let values: [&[u16]; N] = std::array::from_fn(|k| &values[k * width + lead - 2 * k..][..middle]);
            let mut rest = &mut out[..];
            let rows: [&mut [T]; N] = std::array::from_fn(|k| {
                let (row, later) = std::mem::take(&mut rest).split_at_mut(width);
                rest = later;
                &mut row[lead - 2 * k..][..middle]
            });
            let first: [&[u16]; 3] = std::array::from_fn(|i| &above[lead + 2 - i..][..middle]);
            let below = &mut below[1..][..middle];
            for x in 0..middle {
                for k in (0..N).rev() {
                    let from = if k == 0 { first.map(|part| part[x].into()) } else { errors[k - 1] };
                    let (error, code) = one(values[k][x], from, errors[k][0]);
                    rows[k][x] = code;
                    errors[k] = [error, errors[k][0], errors[k][1]];
                }
                below[x] = errors[N - 1][0] as u16;
            }
        }
        for t in width..width + lead {
            step(t, &mut errors, out, below);
        }
        std::mem::swap(&mut self.above, &mut self.below);
    }
}
