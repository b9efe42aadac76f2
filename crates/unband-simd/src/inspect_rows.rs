//! Row kernels of the detector: samples to 8-bit codes, codes to planes of luma and colour differences in
//! 1/64 codes, and what a 3×3 window holds. All integers, so every level gives the same bits.

use crate::dispatch;

dispatch! {
    /// `v * scale + offset`, rounded to the nearest of 0..=255; not a number becomes 0.
    pub fn quantise_row(level, out: &mut [u8], v: &[f32], scale: f32, offset: f32) = quantise_body;

    /// `(weights · rgb + add) >> 10` per sample: a weighted sum of three rows of codes, in 1/64 codes when the
    /// weights are in 1/65536.
    pub fn weigh_row(level, out: &mut [i16], r: &[u8], g: &[u8], b: &[u8], weights: [i32; 3], add: i32) = weigh_body;

    /// As [`weigh_row`] for sums of four codes (`>> 12`).
    pub fn weigh_sums(level, out: &mut [i16], r: &[u16], g: &[u16], b: &[u16], weights: [i32; 3], add: i32)
        = weigh_sums_body;

    /// Sum of each whole 2×2 block of two rows.
    pub fn sum_blocks(level, out: &mut [u16], top: &[u8], bottom: &[u8]) = sum_blocks_body;

    /// Of three rows: per column the largest, the smallest and the sum.
    pub fn columns3(level, high: &mut [i16], low: &mut [i16], sum: &mut [i32], above: &[i16], here: &[i16], below: &[i16])
        = columns3_body;

    /// From what [`columns3`] gave: the range (largest less smallest) and the mean of each 3×3 window;
    /// `range` and `mean` hold two values less, the first belongs to the second column.
    pub fn windows3(level, range: &mut [i16], mean: &mut [i16], high: &[i16], low: &[i16], sum: &[i32]) = windows3_body;

    /// `a − b` per value.
    pub fn subtract(level, out: &mut [i16], a: &[i16], b: &[i16]) = subtract_body;

    /// Adds to `counts[i % 8]` how many neighbours `i`, `i + 1` differ by more than `low` and less than `high`.
    pub fn count_steps_across(level, counts: &mut [u32; 8], row: &[i16], low: i16, high: i16) = steps_across_body;

    /// Marks (sets to 1) the samples `x` and `x + 1` between which a false contour runs: four samples on each side
    /// lie within `flat` of `x` and `x + 1`, and the step between these is at least `low` and at most `high`.
    pub fn mark_contours_across(level, marks: &mut [u8], row: &[i16], flat: i16, low: i16, high: i16)
        = contours_across_body;

    /// As [`mark_contours_across`] down the columns of eight rows; marks the samples above and below.
    pub fn mark_contours_down(
        level, above: &mut [u8], below: &mut [u8], rows: &[&[i16]; 8], flat: i16, low: i16, high: i16,
    ) = contours_down_body;

    /// How many samples of two rows differ by more than `low` and less than `high`.
    pub fn count_steps_down(level, a: &[i16], b: &[i16], low: i16, high: i16) -> u32 = steps_down_body;
}

#[inline(always)]
fn quantise_body(out: &mut [u8], v: &[f32], scale: f32, offset: f32) {
    for (o, &v) in out.iter_mut().zip(v) {
        // `max` turns not-a-number into 0; adding 2^23 rounds to the last bit of the mantissa.
        let code = (v * scale + offset).max(0.0).min(255.0) + 8_388_608.0;
        *o = code.to_bits() as u8;
    }
}

#[inline(always)]
fn weigh_body(out: &mut [i16], r: &[u8], g: &[u8], b: &[u8], weights: [i32; 3], add: i32) {
    for (((o, &r), &g), &b) in out.iter_mut().zip(r).zip(g).zip(b) {
        *o = ((r as i32 * weights[0] + g as i32 * weights[1] + b as i32 * weights[2] + add) >> 10) as i16;
    }
}

#[inline(always)]
fn weigh_sums_body(out: &mut [i16], r: &[u16], g: &[u16], b: &[u16], weights: [i32; 3], add: i32) {
    for (((o, &r), &g), &b) in out.iter_mut().zip(r).zip(g).zip(b) {
        *o = ((r as i32 * weights[0] + g as i32 * weights[1] + b as i32 * weights[2] + add) >> 12) as i16;
    }
}

#[inline(always)]
fn sum_blocks_body(out: &mut [u16], top: &[u8], bottom: &[u8]) {
    for ((o, t), b) in out.iter_mut().zip(top.chunks_exact(2)).zip(bottom.chunks_exact(2)) {
        *o = t[0] as u16 + t[1] as u16 + b[0] as u16 + b[1] as u16;
    }
}

#[inline(always)]
fn columns3_body(
    high: &mut [i16],
    low: &mut [i16],
    sum: &mut [i32],
    above: &[i16],
    here: &[i16],
    below: &[i16],
) {
    let n = above.len().min(here.len()).min(below.len());
    let (a, h, b) = (&above[..n], &here[..n], &below[..n]);
    let (high, low, sum) = (&mut high[..n], &mut low[..n], &mut sum[..n]);
    for i in 0..n {
        high[i] = a[i].max(h[i]).max(b[i]);
        low[i] = a[i].min(h[i]).min(b[i]);
        sum[i] = a[i] as i32 + h[i] as i32 + b[i] as i32;
    }
}

#[inline(always)]
fn windows3_body(range: &mut [i16], mean: &mut [i16], high: &[i16], low: &[i16], sum: &[i32]) {
    if high.len() < 3 {
        return;
    }
    let n = high.len() - 2;
    let (range, mean) = (&mut range[..n], &mut mean[..n]);
    let (high, low, sum) = (&high[..n + 2], &low[..n + 2], &sum[..n + 2]);
    for i in 0..n {
        range[i] = high[i].max(high[i + 1]).max(high[i + 2]) - low[i].min(low[i + 1]).min(low[i + 2]);
        // Sums reach 9 * 16384 at most, so the product stays below 2^31; 7282 = 65536 / 9.
        mean[i] = (((sum[i] + sum[i + 1] + sum[i + 2]) * 7282 + 32768) >> 16) as i16;
    }
}

#[inline(always)]
fn subtract_body(out: &mut [i16], a: &[i16], b: &[i16]) {
    for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *o = a.wrapping_sub(b);
    }
}

#[inline(always)]
fn steps_across_body(counts: &mut [u32; 8], row: &[i16], low: i16, high: i16) {
    let n = row.len().saturating_sub(1);
    let (left, right) = (&row[..n], &row[row.len() - n..]);
    // Sixteen-bit counters keep a whole vector busy; they are emptied before they can overflow.
    for (l, r) in left.chunks(8 * 8192).zip(right.chunks(8 * 8192)) {
        let mut part = [0u16; 8];
        let (l8, r8) = (l.chunks_exact(8), r.chunks_exact(8));
        for (i, (&l, &r)) in l8.remainder().iter().zip(r8.remainder()).enumerate() {
            let d = (r - l).abs();
            counts[i] += u32::from(d > low && d < high);
        }
        for (l, r) in l8.zip(r8) {
            for i in 0..8 {
                let d = (r[i] - l[i]).abs();
                part[i] += u16::from((d > low) & (d < high));
            }
        }
        for (count, part) in counts.iter_mut().zip(part) {
            *count += u32::from(part);
        }
    }
}

#[inline(always)]
fn steps_down_body(a: &[i16], b: &[i16], low: i16, high: i16) -> u32 {
    let mut total = 0;
    for (a, b) in a.chunks(16384).zip(b.chunks(16384)) {
        let mut part = 0u16;
        for (&a, &b) in a.iter().zip(b) {
            let d = (b - a).abs();
            part += u16::from((d > low) & (d < high));
        }
        total += u32::from(part);
    }
    total
}

#[inline(always)]
fn contour(v: [i16; 8], flat: i16, low: i16, high: i16) -> u8 {
    let apart = |a: i16, b: i16| (a - b).abs();
    let left = apart(v[0], v[3]).max(apart(v[1], v[3])).max(apart(v[2], v[3]));
    let right = apart(v[5], v[4]).max(apart(v[6], v[4])).max(apart(v[7], v[4]));
    let step = apart(v[3], v[4]);
    u8::from((left.max(right) <= flat) & (step >= low) & (step <= high))
}

#[inline(always)]
fn contours_across_body(marks: &mut [u8], row: &[i16], flat: i16, low: i16, high: i16) {
    let n = row.len().min(marks.len());
    if n < 8 {
        return;
    }
    let last = n - 7;
    let v: [&[i16]; 8] = std::array::from_fn(|k| &row[k..k + last]);
    let mut found = [0u8; 256];
    for start in (0..last).step_by(256) {
        let count = (last - start).min(256);
        for i in 0..count {
            let at = start + i;
            found[i] = contour(
                [v[0][at], v[1][at], v[2][at], v[3][at], v[4][at], v[5][at], v[6][at], v[7][at]],
                flat,
                low,
                high,
            );
        }
        for (mark, found) in marks[start + 3..][..count].iter_mut().zip(&found) {
            *mark |= found;
        }
        for (mark, found) in marks[start + 4..][..count].iter_mut().zip(&found) {
            *mark |= found;
        }
    }
}

#[inline(always)]
fn contours_down_body(
    above: &mut [u8],
    below: &mut [u8],
    rows: &[&[i16]; 8],
    flat: i16,
    low: i16,
    high: i16,
) {
    let n = rows.iter().map(|r| r.len()).min().unwrap_or(0).min(above.len()).min(below.len());
    let v: [&[i16]; 8] = std::array::from_fn(|k| &rows[k][..n]);
    let (above, below) = (&mut above[..n], &mut below[..n]);
    for i in 0..n {
        let found = contour(
            [v[0][i], v[1][i], v[2][i], v[3][i], v[4][i], v[5][i], v[6][i], v[7][i]],
            flat,
            low,
            high,
        );
        above[i] |= found;
        below[i] |= found;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    fn codes(n: usize, seed: u32) -> Vec<u8> {
        (0..n as u32).map(|i| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 13) as u8).collect()
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        for n in [0usize, 1, 2, 3, 7, 8, 9, 63, 64, 65, 1001] {
            let (r, g, b) = (codes(n, 1), codes(n, 77), codes(n, 991));
            let mut v: Vec<f32> = r.iter().map(|&c| c as f32 / 200.0 - 0.1).collect();
            if n > 8 {
                v[3] = f32::NAN;
                v[4] = f32::INFINITY;
                v[5] = f32::NEG_INFINITY;
            }
            let run = |level| {
                let mut q = vec![0u8; n];
                quantise_row(level, &mut q, &v, 255.0, 0.0);
                let mut rows = Vec::new();
                for add in [512, 4096, 1 << 20] {
                    let mut y = vec![0i16; n];
                    weigh_row(level, &mut y, &r, &g, &b, [19595, 38470, 7471], add);
                    rows.push(y);
                }
                let mut sums = vec![0u16; n / 2];
                sum_blocks(level, &mut sums, &r, &g);
                let mut chroma = vec![0i16; n / 2];
                weigh_sums(level, &mut chroma, &sums, &sums, &sums, [-11056, -21712, 32768], 1 << 22);
                let (mut high, mut low, mut sum) = (vec![0i16; n], vec![0i16; n], vec![0i32; n]);
                columns3(level, &mut high, &mut low, &mut sum, &rows[0], &rows[1], &rows[2]);
                let (mut range, mut mean) = (vec![0i16; n], vec![0i16; n]);
                windows3(level, &mut range, &mut mean, &high, &low, &sum);
                let mut counts = [0; 8];
                count_steps_across(level, &mut counts, &rows[0], 38, 2560);
                let down = count_steps_down(level, &rows[0], &rows[1], -1, 2);
                let (mut marks, mut more) = (vec![0u8; n], vec![0u8; n]);
                mark_contours_across(level, &mut marks, &rows[0], 16000, 300, 9000);
                let eight = std::array::from_fn(|k| &rows[k % 3][..]);
                let mut above = vec![0u8; n];
                mark_contours_down(level, &mut above, &mut more, &eight, 20000, 0, 3);
                (q, rows, chroma, range, mean, counts, down, [marks, above, more])
            };
            let scalar = run(Level::Scalar);
            for level in Level::all() {
                assert_eq!(run(level), scalar, "{level:?}, {n} samples");
            }
        }
    }

    #[test]
    fn a_window_of_one_value_has_no_range_and_that_mean() {
        for value in [0i16, 1, 8191, 16320] {
            let row = vec![value; 20];
            let (mut high, mut low, mut sum) = (vec![0; 20], vec![0; 20], vec![0; 20]);
            columns3(Level::best(), &mut high, &mut low, &mut sum, &row, &row, &row);
            let (mut range, mut mean) = (vec![9; 18], vec![9; 18]);
            windows3(Level::best(), &mut range, &mut mean, &high, &low, &sum);
            assert_eq!((range[7], mean[7]), (0, value));
        }
    }

    #[test]
    fn a_step_between_flats_is_marked_and_a_ramp_is_not() {
        let step: Vec<i16> = (0..20).map(|x| if x < 10 { 640 } else { 704 }).collect();
        let ramp: Vec<i16> = (0..20).map(|x| x * 64).collect();
        let mut marks = [0u8; 20];
        mark_contours_across(Level::best(), &mut marks, &ramp, 0, 1, 96);
        assert_eq!(marks, [0; 20]);
        mark_contours_across(Level::best(), &mut marks, &step, 0, 1, 96);
        assert_eq!(marks.iter().position(|&m| m == 1), Some(9));
        assert_eq!(marks.iter().map(|&m| u32::from(m)).sum::<u32>(), 2);
    }

    #[test]
    fn not_a_number_and_infinities_become_codes() {
        let mut out = [9u8; 4];
        quantise_row(Level::best(), &mut out, &[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.5], 255.0, 0.0);
        assert_eq!(out, [0, 255, 0, 128]);
    }
}
