//! Max pooling along a row. Channels are innermost.
#![allow(clippy::inline_always)] // `dispatch!` needs it

use crate::dispatch;

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

#[inline(always)]
fn keep_larger_body(out: &mut [f32], row: &[f32]) {
    for (o, &v) in out.iter_mut().zip(row) {
        *o = larger(*o, v);
    }
}

#[inline(always)]
fn largest_across_body(out: &mut [f32], row: &[f32], channels: usize, kernel: usize, stride: usize) {
    let channels = channels.max(1);
    for (x, sample) in out.chunks_exact_mut(channels).enumerate() {
        sample.fill(f32::NEG_INFINITY);
        let from = &row[(x * stride * channels).min(row.len())..];
        for v in from.chunks_exact(channels).take(kernel) {
            for (o, &v) in sample.iter_mut().zip(v) {
                *o = larger(*o, v);
            }
        }
    }
}

dispatch! {
    /// The maximum of the current value and the row.
    pub fn keep_larger(level, out: &mut [f32], row: &[f32]) = keep_larger_body;
    /// `out[x, c]` = the maximum of `row[x · stride .. x · stride + kernel, c]`, clipped to the row.
    pub fn largest_across(
        level, out: &mut [f32], row: &[f32], channels: usize, kernel: usize, stride: usize,
    ) = largest_across_body;
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // these numbers are exact
mod tests {
    use super::*;
    use crate::Level;
    use crate::test_numbers::numbers;

    #[test]
    fn all_levels_give_equal_bits() {
        for channels in [1, 3, 16, 21] {
            let (a, b) = (numbers(31 * channels, 1), numbers(31 * channels, 2));
            let run = |level| {
                let mut all = a.clone();
                keep_larger(level, &mut all, &b);
                let mut few = vec![0.0; 16 * channels];
                largest_across(level, &mut few, &all, channels, 3, 2);
                few.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            let want = run(Level::Scalar);
            assert!(Level::all().all(|level| run(level) == want), "{channels} channels");
        }
    }

    #[test]
    fn windows_end_with_the_row() {
        let mut out = [0.0; 4];
        largest_across(Level::best(), &mut out, &[1.0, -1.0, 2.0, -2.0, 0.0, -3.0], 2, 2, 2);
        assert!(out == [2.0, -1.0, 0.0, -3.0]);
    }
}
