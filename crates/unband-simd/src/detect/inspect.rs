//! Row kernels of the detector: samples to 8-bit codes, codes to luma and colour-difference planes in 1/64
//! codes, and statistics of 3×3 windows. All integers, so every level gives the same bits.

// Bodies are compiled once per level inside their caller; branches would prevent vectorisation.
#![allow(clippy::inline_always, clippy::needless_bitwise_bool, clippy::too_many_arguments)]

use crate::Bound;
use crate::dispatch;

dispatch! {
    /// `v * scale + offset`, rounded to the nearest of 0..=255; NaN becomes 0.
    pub fn quantise_row(level, out: &mut [u8], v: &[f32], scale: f32, offset: f32) = quantise_body;

    /// `(weights · rgb + add) >> 10` per sample: a weighted sum of three rows of codes, in 1/64 codes when
    /// the weights are in 1/65536.
    pub fn weigh_row(level, out: &mut [i16], r: &[u8], g: &[u8], b: &[u8], weights: [i32; 3],
        add: i32) = weigh_body;

    /// Codes converted to 1/64 codes.
    pub fn sixty_fourths(level, out: &mut [i16], codes: &[u8]) = sixty_fourths_body;

    /// As [`weigh_row`] for sums of four codes (`>> 12`).
    pub fn weigh_sums(level, out: &mut [i16], r: &[u16], g: &[u16], b: &[u16], weights: [i32; 3], add: i32)
        = weigh_sums_body;

    /// Sum of each whole 2×2 block of two rows.
    pub fn sum_blocks(level, out: &mut [u16], top: &[u8], bottom: &[u8]) = sum_blocks_body;

    /// Per column of three rows: the maximum, the minimum and the sum.
    pub fn columns3(level, high: &mut [i16], low: &mut [i16], sum: &mut [i32], above: &[i16], here: &[i16],
        below: &[i16])
        = columns3_body;

    /// From the results of [`columns3`]: the range (maximum minus minimum) and the mean of each 3×3 window.
    /// `range` and `mean` are two values shorter; their first value belongs to the second column.
    pub fn windows3(level, range: &mut [i16], mean: &mut [i16], high: &[i16], low: &[i16],
        sum: &[i32]) = windows3_body;

    /// Adds a row to the maximum, the minimum and the sum of each column.
    pub fn add_to_columns(level, high: &mut [i16], low: &mut [i16], sum: &mut [i32],
        row: &[i16]) = add_to_columns_body;

    /// `mean = rough` where `range >= limit`.
    pub fn mask_rough(level, mean: &mut [i16], range: &[i16], limit: i16, rough: i16) = mask_rough_body;

    /// For each group of 32 values: whether any `|a − b|` is more than `low` and less than `high`.
    pub fn any_steps(level, found: &mut [u8], a: &[i16], b: &[i16], low: i16, high: i16) = any_steps_body;

    /// `a − b` per value.
    pub fn subtract(level, out: &mut [i16], a: &[i16], b: &[i16]) = subtract_body;

    /// Adds to `counts[i % 8]` the number of neighbours `i`, `i + 1` that differ by more than `low` and less
    /// than `high`.
    pub fn count_steps_across(level, counts: &mut [u32; 8], row: &[i16], low: i16,
        high: i16) = steps_across_body;

    /// Steps between two rows of codes: `|a − b|`, at most `255 >> shift`, times `2^shift`.
    pub fn steps_of_codes(level, out: &mut [u8], a: &[u8], b: &[u8], shift: u32) = steps_of_codes_body;

    /// Steps between two rows in 1/64 codes: `|a − b| >> shift`, at most 255.
    pub fn steps_of_sixty_fourths(level, out: &mut [u8], a: &[i16], b: &[i16],
        shift: u32) = steps_of_sixty_fourths_body;

    /// The largest of three rows of steps, value by value.
    pub fn largest3(level, out: &mut [u8], a: &[u8], b: &[u8], c: &[u8]) = largest3_body;

    /// Sets a mark (1) on the samples before and after each step of `low..=high` between two flats: `before`
    /// and `after` hold the largest step inside the flats and must not exceed `flat`.
    pub fn mark_contours(
        level, first: &mut [u8], second: &mut [u8], before: &[u8], steps: &[u8], after: &[u8],
        flat: u8, low: u8, high: u8,
    ) = mark_contours_body;

    /// As [`mark_contours`] with both marks in one row: `marks[i]` before and `marks[i + 1]` after step `i`.
    pub fn mark_contours_across(
        level, marks: &mut [u8], before: &[u8], steps: &[u8], after: &[u8], flat: u8, low: u8, high: u8,
    ) = mark_across_body;

    /// Number of steps of at least `low`, and of contours among them, as defined in [`mark_contours`].
    pub fn count_contours(
        level, before: &[u8], steps: &[u8], after: &[u8], flat: u8, low: u8, high: u8,
    ) -> (u32, u32) = count_contours_body;

    /// `marks |= more`, each of `more` for two neighbours.
    pub fn spread_marks(level, marks: &mut [u8], more: &[u8]) = spread_marks_body;

    /// `marks |= more`.
    pub fn join_marks(level, marks: &mut [u8], more: &[u8]) = join_marks_body;

    /// Number of marks that are set.
    pub fn count_marks(level, marks: &[u8]) -> u32 = count_marks_body;

    /// Number of samples of two rows that differ by more than `low` and less than `high`.
    pub fn count_steps_down(level, a: &[i16], b: &[i16], low: i16, high: i16) -> u32 = steps_down_body;
}

/// Values per step. Rows of the detector's squares have about a hundred values; with vectors as wide as the
/// compiler prefers, a third of them would be left to the scalar loop.
const BLOCK: usize = 16;

/// `f` of each value.
#[inline(always)]
fn map1<A: Copy, O>(out: &mut [O], a: &[A], f: impl Fn(A) -> O) {
    let n = out.len().min(a.len());
    let (blocks, rest) = out[..n].as_chunks_mut::<BLOCK>();
    let (a, a_rest) = a[..n].as_chunks::<BLOCK>();
    for (out, a) in blocks.iter_mut().zip(a) {
        for i in 0..BLOCK {
            out[i] = f(a[i]);
        }
    }
    rest.iter_mut().zip(a_rest).for_each(|(out, &a)| *out = f(a));
}

/// `f` of the values of two rows.
#[inline(always)]
fn map2<A: Copy, O>(out: &mut [O], a: &[A], b: &[A], f: impl Fn(A, A) -> O) {
    let n = out.len().min(a.len()).min(b.len());
    let (blocks, rest) = out[..n].as_chunks_mut::<BLOCK>();
    let ((a, a_rest), (b, b_rest)) = (a[..n].as_chunks::<BLOCK>(), b[..n].as_chunks::<BLOCK>());
    for ((out, a), b) in blocks.iter_mut().zip(a).zip(b) {
        for i in 0..BLOCK {
            out[i] = f(a[i], b[i]);
        }
    }
    rest.iter_mut().zip(a_rest).zip(b_rest).for_each(|((out, &a), &b)| *out = f(a, b));
}

/// `f` of the values of three rows.
#[inline(always)]
fn map3<A: Copy, O>(out: &mut [O], a: &[A], b: &[A], c: &[A], f: impl Fn(A, A, A) -> O) {
    let n = out.len().min(a.len()).min(b.len()).min(c.len());
    let (blocks, rest) = out[..n].as_chunks_mut::<BLOCK>();
    let (a, a_rest) = a[..n].as_chunks::<BLOCK>();
    let (b, b_rest) = b[..n].as_chunks::<BLOCK>();
    let (c, c_rest) = c[..n].as_chunks::<BLOCK>();
    for (((out, a), b), c) in blocks.iter_mut().zip(a).zip(b).zip(c) {
        for i in 0..BLOCK {
            out[i] = f(a[i], b[i], c[i]);
        }
    }
    let rest = rest.iter_mut().zip(a_rest).zip(b_rest).zip(c_rest);
    rest.for_each(|(((out, &a), &b), &c)| *out = f(a, b, c));
}

#[inline(always)]
fn sixty_fourths_body(out: &mut [i16], codes: &[u8]) {
    map1(out, codes, |code| (code as i16) << 6);
}

#[inline(always)]
#[allow(clippy::manual_clamp)] // clamp keeps NaN
fn quantise_body(out: &mut [u8], v: &[f32], scale: f32, offset: f32) {
    for (o, &v) in out.iter_mut().zip(v) {
        // `max` turns NaN into 0; adding 2^23 rounds to the last bit of the mantissa.
        let code = (v * scale + offset).at_least(0.0).at_most(255.0) + 8_388_608.0;
        *o = code.to_bits() as u8;
    }
}

#[inline(always)]
fn weigh_body(out: &mut [i16], r: &[u8], g: &[u8], b: &[u8], weights: [i32; 3], add: i32) {
    let weigh = |r, g, b| {
        ((r as i32 * weights[0] + g as i32 * weights[1] + b as i32 * weights[2] + add) >> 10) as i16
    };
    map3(out, r, g, b, weigh);
}

#[inline(always)]
fn weigh_sums_body(out: &mut [i16], r: &[u16], g: &[u16], b: &[u16], weights: [i32; 3], add: i32) {
    let weigh = |r, g, b| {
        ((r as i32 * weights[0] + g as i32 * weights[1] + b as i32 * weights[2] + add) >> 12) as i16
    };
    map3(out, r, g, b, weigh);
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
    map3(high, a, h, b, |a, h, b| a.max(h).max(b));
    map3(low, a, h, b, |a, h, b| a.min(h).min(b));
    map3(sum, a, h, b, |a, h, b| a as i32 + h as i32 + b as i32);
}

#[inline(always)]
fn add_to_columns_body(high: &mut [i16], low: &mut [i16], sum: &mut [i32], row: &[i16]) {
    for (((high, low), sum), &value) in high.iter_mut().zip(low).zip(sum).zip(row) {
        *high = value.max(*high);
        *low = value.min(*low);
        *sum += value as i32;
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
    map3(range, high, &high[1..], &high[2..], |a, b, c| a.max(b).max(c));
    map3(mean, low, &low[1..], &low[2..], |a, b, c| a.min(b).min(c));
    // Differences of codes in 1/64 fit sixteen bits.
    range.iter_mut().zip(&*mean).for_each(|(range, &low)| *range = range.wrapping_sub(low));
    // Sums reach 9 * 16384 at most, so the product stays below 2^31; 7282 = 65536 / 9.
    map3(mean, sum, &sum[1..], &sum[2..], |a, b, c| (((a + b + c) * 7282 + 32768) >> 16) as i16);
}

#[inline(always)]
fn mask_rough_body(mean: &mut [i16], range: &[i16], limit: i16, rough: i16) {
    for (mean, &range) in mean.iter_mut().zip(range) {
        *mean = if range < limit { *mean } else { rough };
    }
}

#[inline(always)]
fn any_steps_body(found: &mut [u8], a: &[i16], b: &[i16], low: i16, high: i16) {
    for ((found, a), b) in found.iter_mut().zip(a.chunks(32)).zip(b.chunks(32)) {
        let is_step = |a: i16, b: i16| {
            let d = a.wrapping_sub(b).wrapping_abs();
            i16::from((d > low) & (d < high))
        };
        let n = a.len().min(b.len());
        let ((a, a_rest), (b, b_rest)) = (a[..n].as_chunks::<8>(), b[..n].as_chunks::<8>());
        let mut any = [0i16; 8];
        for (a, b) in a.iter().zip(b) {
            for i in 0..8 {
                any[i] |= is_step(a[i], b[i]);
            }
        }
        let rest = a_rest.iter().zip(b_rest).fold(0, |all, (&a, &b)| all | is_step(a, b));
        *found = any.iter().fold(rest, |all, any| all | any) as u8;
    }
}

#[inline(always)]
fn subtract_body(out: &mut [i16], a: &[i16], b: &[i16]) {
    map2(out, a, b, i16::wrapping_sub);
}

#[inline(always)]
fn steps_across_body(counts: &mut [u32; 8], row: &[i16], low: i16, high: i16) {
    let n = row.len().saturating_sub(1);
    let (left, right) = (&row[..n], &row[row.len() - n..]);
    // Sixteen-bit counters use whole vectors; they are flushed before they can overflow.
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
fn steps_of_codes_body(out: &mut [u8], a: &[u8], b: &[u8], shift: u32) {
    let most = 255 >> shift;
    for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *o = a.abs_diff(b).min(most) << shift;
    }
}

#[inline(always)]
fn steps_of_sixty_fourths_body(out: &mut [u8], a: &[i16], b: &[i16], shift: u32) {
    for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *o = (a.wrapping_sub(b).unsigned_abs() >> shift).min(255) as u8;
    }
}

#[inline(always)]
fn largest3_body(out: &mut [u8], a: &[u8], b: &[u8], c: &[u8]) {
    for (((o, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
        *o = a.max(b).max(c);
    }
}

#[inline(always)]
fn is_contour(before: u8, step: u8, after: u8, flat: u8, low: u8, high: u8) -> u8 {
    u8::from((before.max(after) <= flat) & (step >= low) & (step <= high))
}

#[inline(always)]
fn mark_contours_body(
    first: &mut [u8],
    second: &mut [u8],
    before: &[u8],
    steps: &[u8],
    after: &[u8],
    flat: u8,
    low: u8,
    high: u8,
) {
    let rows = first.iter_mut().zip(second).zip(before).zip(steps).zip(after);
    for ((((first, second), &before), &step), &after) in rows {
        let found = is_contour(before, step, after, flat, low, high);
        *first |= found;
        *second |= found;
    }
}

#[inline(always)]
fn count_contours_body(before: &[u8], steps: &[u8], after: &[u8], flat: u8, low: u8, high: u8) -> (u32, u32) {
    let (mut all, mut contours) = (0, 0);
    for ((before, steps), after) in before.chunks(128).zip(steps.chunks(128)).zip(after.chunks(128)) {
        let (mut part, mut found) = (0u8, 0u8);
        for ((&before, &step), &after) in before.iter().zip(steps).zip(after) {
            part += u8::from(step >= low);
            found += is_contour(before, step, after, flat, low, high);
        }
        all += u32::from(part);
        contours += u32::from(found);
    }
    (all, contours)
}

#[inline(always)]
fn mark_across_body(
    marks: &mut [u8],
    before: &[u8],
    steps: &[u8],
    after: &[u8],
    flat: u8,
    low: u8,
    high: u8,
) {
    let n = before.len().min(steps.len()).min(after.len()).min(marks.len().saturating_sub(1));
    let mut found = [0u8; 256];
    for start in (0..n).step_by(256) {
        let count = (n - start).min(256);
        let (b, s, a) = (&before[start..][..count], &steps[start..][..count], &after[start..][..count]);
        for (((f, &b), &s), &a) in found.iter_mut().zip(b).zip(s).zip(a) {
            *f = is_contour(b, s, a, flat, low, high);
        }
        for shift in [0, 1] {
            for (mark, found) in marks[start + shift..][..count].iter_mut().zip(&found) {
                *mark |= found;
            }
        }
    }
}

#[inline(always)]
fn spread_marks_body(marks: &mut [u8], more: &[u8]) {
    for (pair, &m) in marks.chunks_exact_mut(2).zip(more) {
        pair[0] |= m;
        pair[1] |= m;
    }
}

#[inline(always)]
fn join_marks_body(marks: &mut [u8], more: &[u8]) {
    for (mark, &m) in marks.iter_mut().zip(more) {
        *mark |= m;
    }
}

#[inline(always)]
fn count_marks_body(marks: &[u8]) -> u32 {
    marks.chunks(255).map(|part| u32::from(part.iter().fold(0u8, |sum, &m| sum + m.min(1)))).sum()
}

#[cfg(test)]
mod tests;
