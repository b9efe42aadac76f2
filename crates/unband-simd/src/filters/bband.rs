//! Row kernels of the banding metric BBAND and of the filter based on it: gradients, bit maps, means and
//! variances of windows, and the filter's random numbers.
//!
//! A row of bits stores sample `x` in bit `x % 64` of word `x / 64`. Rows that are read with their neighbours
//! have one more word before and one after; bits past the last sample are 0.

// Bodies must be inlined into each level's function to be compiled for it.
#![allow(clippy::inline_always)]

/// The value that [`even_row`] writes where the variance is exactly at the limit.
pub const TIE: u8 = u8::MAX;

crate::dispatch! {
    /// Sobel gradient of the middle row: `gx` to the right with weights 1, 2, 1 down, `gy` down with 1, 2, 1
    /// across. The three rows have one more sample on each side than the results.
    pub fn sobel_row(level, gx: &mut [f32], gy: &mut [f32], rows: [&[f32]; 3]) = sobel_body;

    /// Where `gx² + gy²` is below `limits[0]`, and where it is above `limits[1]`, as bits.
    pub fn classes_row(level, calm: &mut [u64], rough: &mut [u64], gx: &[f32], gy: &[f32], limits: [f32; 2])
        = classes_body;

    /// Where two rows of codes differ, as bits.
    pub fn differs_row(level, out: &mut [u64], a: &[u8], b: &[u8]) = differs_body;

    /// Bits set in at least five of the nine samples of a 3×3 window. Rows have one more word on each side.
    pub fn majority_row(level, out: &mut [u64], rows: [&[u64]; 3]) = majority_body;

    /// Bits set anywhere up to four samples to the left or right. The row has one more word on each side.
    pub fn widen_row(level, out: &mut [u64], row: &[u64]) = widen_body;

    /// One sub-pass of Guo and Hall's thinning: the middle row without the bits that the sub-pass deletes;
    /// returns whether there were any. Rows have one more word on each side.
    ///
    /// Source: Z. Guo, R. W. Hall, "Parallel thinning with two-subiteration algorithms", CACM 32(3), 1989.
    pub fn thin_row(level, out: &mut [u64], rows: [&[u64]; 3], second: bool) -> bool = thin_body;

    /// Set bits that end a line (the ring of eight around them changes exactly twice), that are on a junction
    /// (it changes at least six times), and that are isolated. Rows have one more word on each side.
    pub fn shapes_row(level, ends: &mut [u64], junctions: &mut [u64], alone: &mut [u64], rows: [&[u64]; 3])
        = shapes_body;

    /// `out[x] = Σ weights[k] · rows[k][x]` and the same of the squares.
    pub fn weigh_down(level, out: &mut [f64], squares: &mut [f64], rows: &[&[f32]; 9], weights: &[f64; 9])
        = weigh_down_body;

    /// `out[x] = Σ weights[k] · a[x + k]`; `a` has eight more values than `out`.
    pub fn weigh_along(level, out: &mut [f64], a: &[f64], weights: &[f64; 9]) = weigh_along_body;

    /// `out = |y − mean| / (sqrt|square − mean²| + 1)`.
    pub fn contrast_row(level, out: &mut [f64], y: &[f32], mean: &[f64], square: &[f64]) = contrast_body;

    /// Sum of `sqrt(gx² + gy²)`, and of the squares, each in eight interleaved parts.
    pub fn magnitude_sums(level, gx: &[f32], gy: &[f32]) -> [f64; 2] = magnitude_sums_body;

    /// Sets `out` to `half` where it is 0 and the unbiased variance of the window of `2·half + 1` samples
    /// squared is below 4, and to [`TIE`] where it is 0 and the variance is exactly 4. Returns whether there
    /// is a tie.
    ///
    /// `sums` and `squares` are rows of summed-area tables of integer codes up to 255, modulo 2³²: the row
    /// above the window and its last row. They start at the sample before the first window's first and have
    /// `out.len() + 2·half + 1` values.
    pub fn even_row(level, out: &mut [u8], half: u8, sums: [&[u32]; 2], squares: [&[u32]; 2]) -> bool
        = even_body;

    /// The next 624 words of the Mersenne Twister MT19937.
    ///
    /// Source: M. Matsumoto, T. Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998.
    pub fn twist(level, words: &mut [u32; 624]) = twist_body;

    /// Numbers of 53 bits between 0 and 1, each from two of the generator's words.
    pub fn draw_row(level, out: &mut [f64], words: &[u32]) = draw_body;
}

#[inline(always)]
fn sobel_body(gx: &mut [f32], gy: &mut [f32], rows: [&[f32]; 3]) {
    let n = gx.len();
    let gy = &mut gy[..n];
    let [a, b, c] = rows.map(|row| &row[..n + 2]);
    for i in 0..n {
        gx[i] = (a[i + 2] - a[i]) + 2.0 * (b[i + 2] - b[i]) + (c[i + 2] - c[i]);
        gy[i] = (c[i] - a[i]) + 2.0 * (c[i + 1] - a[i + 1]) + (c[i + 2] - a[i + 2]);
    }
}

/// Packs eight bytes of 0 or 1 into eight bits.
#[inline(always)]
fn pack(flags: &[u8; 64]) -> u64 {
    let mut word = 0;
    for (i, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        let byte = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word |= byte << (8 * i);
    }
    word
}

#[inline(always)]
fn classes_body(calm: &mut [u64], rough: &mut [u64], gx: &[f32], gy: &[f32], limits: [f32; 2]) {
    let words = calm.iter_mut().zip(rough).zip(gx.chunks(64).zip(gy.chunks(64)));
    for ((calm, rough), (gx, gy)) in words {
        let (mut low, mut high) = ([0; 64], [0; 64]);
        for (((low, high), gx), gy) in low.iter_mut().zip(&mut high).zip(gx).zip(gy) {
            let square = gx * gx + gy * gy;
            *low = u8::from(square < limits[0]);
            *high = u8::from(square > limits[1]);
        }
        (*calm, *rough) = (pack(&low), pack(&high));
    }
}

#[inline(always)]
fn differs_body(out: &mut [u64], a: &[u8], b: &[u8]) {
    for (out, (a, b)) in out.iter_mut().zip(a.chunks(64).zip(b.chunks(64))) {
        let mut flags = [0; 64];
        for ((flag, a), b) in flags.iter_mut().zip(a).zip(b) {
            *flag = u8::from(a != b);
        }
        *out = pack(&flags);
    }
}

/// The bits of word `i + 1`, with their neighbours to the left and to the right.
#[inline(always)]
fn across(row: &[u64], i: usize) -> [u64; 3] {
    let (before, here, after) = (row[i], row[i + 1], row[i + 2]);
    [here << 1 | before >> 63, here, here >> 1 | after << 63]
}

/// Bitwise full adder: three bits as a two-bit sum.
#[inline(always)]
fn add3([a, b, c]: [u64; 3]) -> [u64; 2] {
    [a ^ b ^ c, (a & b) | (c & (a ^ b))]
}

#[inline(always)]
fn majority_body(out: &mut [u64], rows: [&[u64]; 3]) {
    let n = out.len();
    let rows = rows.map(|row| &row[..n + 2]);
    for (i, out) in out.iter_mut().enumerate() {
        let [[a0, a1], [b0, b1], [c0, c1]] = rows.map(|row| add3(across(row, i)));
        let [ones, carry] = add3([a0, b0, c0]);
        // The sum is ones + 2 (carry + a1 + b1 + c1).
        let [low, high] = add3([a1, b1, c1]);
        let twos = low ^ carry;
        let more = low & carry;
        let (fours, eights) = (high ^ more, high & more);
        *out = eights | (fours & (twos | ones));
    }
}

#[inline(always)]
fn widen_body(out: &mut [u64], row: &[u64]) {
    let n = out.len();
    let row = &row[..n + 2];
    for (i, out) in out.iter_mut().enumerate() {
        let (before, here, after) = (row[i], row[i + 1], row[i + 2]);
        let mut wide = here;
        for by in 1..=4 {
            wide |= here << by | before >> (64 - by) | here >> by | after << (64 - by);
        }
        *out = wide;
    }
}

/// Tests on four bits: exactly one set, at least two, all.
#[inline(always)]
fn count4([a, b, c, d]: [u64; 4]) -> [u64; 3] {
    let (one, both) = (a ^ b, a & b);
    let (other, others) = (c ^ d, c & d);
    let several = both | others | (one & other);
    [(one ^ other) & !several, several, both & others]
}

#[inline(always)]
fn thin_body(out: &mut [u64], rows: [&[u64]; 3], second: bool) -> bool {
    let n = out.len();
    let rows = rows.map(|row| &row[..n + 2]);
    let mut any = 0;
    for (i, out) in out.iter_mut().enumerate() {
        let [[nw, n, ne], [w, here, e], [sw, s, se]] = rows.map(|row| across(row, i));
        let [crossing, _, _] = count4([!e & (ne | n), !n & (nw | w), !w & (sw | s), !s & (se | e)]);
        let [_, some, full] = count4([e | ne, n | nw, w | sw, s | se]);
        let [_, others, all] = count4([ne | n, nw | w, sw | s, se | e]);
        let side = if second { (sw | s | !nw) & w } else { (ne | n | !se) & e };
        let delete = here & crossing & some & others & !(full & all) & !side;
        any |= delete;
        *out = here & !delete;
    }
    any != 0
}

#[inline(always)]
fn shapes_body(ends: &mut [u64], junctions: &mut [u64], alone: &mut [u64], rows: [&[u64]; 3]) {
    let n = ends.len();
    let rows = rows.map(|row| &row[..n + 2]);
    let (junctions, alone) = (&mut junctions[..n], &mut alone[..n]);
    for i in 0..n {
        let [[nw, n, ne], [w, here, e], [sw, s, se]] = rows.map(|row| across(row, i));
        // Half of the changes around the ring are from 0 to 1; there are at most four.
        let rises = [(!nw & n, !n & ne), (!ne & e, !e & se), (!se & s, !s & sw), (!sw & w, !w & nw)];
        // Both of a pair cannot be set at once.
        let pairs = rises.map(|(a, b)| a | b);
        let [one, several, _] = count4(pairs);
        let [a, b, c, d] = pairs;
        let three = (a & b & (c | d)) | (c & d & (a | b));
        debug_assert!(three & !several == 0);
        ends[i] = here & one;
        junctions[i] = here & three;
        alone[i] = here & !(nw | n | ne | w | e | sw | s | se);
    }
}

#[inline(always)]
fn weigh_down_body(out: &mut [f64], squares: &mut [f64], rows: &[&[f32]; 9], weights: &[f64; 9]) {
    let n = out.len();
    let squares = &mut squares[..n];
    let rows = rows.map(|row| &row[..n]);
    for i in 0..n {
        let (mut sum, mut square) = (0.0, 0.0);
        for (row, weight) in rows.iter().zip(weights) {
            let y = f64::from(row[i]);
            sum += weight * y;
            square += weight * (y * y);
        }
        (out[i], squares[i]) = (sum, square);
    }
}

#[inline(always)]
fn weigh_along_body(out: &mut [f64], a: &[f64], weights: &[f64; 9]) {
    let n = out.len();
    let a = &a[..n + 8];
    for i in 0..n {
        let mut sum = 0.0;
        for (k, weight) in weights.iter().enumerate() {
            sum += weight * a[i + k];
        }
        out[i] = sum;
    }
}

#[inline(always)]
fn contrast_body(out: &mut [f64], y: &[f32], mean: &[f64], square: &[f64]) {
    let n = out.len();
    let (y, mean, square) = (&y[..n], &mean[..n], &square[..n]);
    for i in 0..n {
        let deviation = (square[i] - mean[i] * mean[i]).abs().sqrt();
        out[i] = (f64::from(y[i]) - mean[i]).abs() / (deviation + 1.0);
    }
}

#[inline(always)]
fn magnitude_sums_body(gx: &[f32], gy: &[f32]) -> [f64; 2] {
    let (mut sums, mut squares) = ([0.0; 8], [0.0; 8]);
    for (gx, gy) in gx.chunks(8).zip(gy.chunks(8)) {
        for (((sum, total), &gx), &gy) in sums.iter_mut().zip(&mut squares).zip(gx).zip(gy) {
            let (gx, gy) = (f64::from(gx), f64::from(gy));
            let square = gx * gx + gy * gy;
            *sum += square.sqrt();
            *total += square;
        }
    }
    [sums.iter().sum(), squares.iter().sum()]
}

#[inline(always)]
fn even_body(out: &mut [u8], half: u8, sums: [&[u32]; 2], squares: [&[u32]; 2]) -> bool {
    let n = out.len();
    let side = 2 * usize::from(half) + 1;
    let [sa, sb] = sums.map(|row| (&row[..n], &row[side..side + n]));
    let [qa, qb] = squares.map(|row| (&row[..n], &row[side..side + n]));
    let count = (side * side) as f64;
    let limit = 4.0 * count * (count - 1.0);
    // Windows hold at most 16641 codes: their sums are non-negative and fit 31 bits.
    let window = |(al, ar): (&[u32], &[u32]), (bl, br): (&[u32], &[u32]), i: usize| {
        let sum = br[i].wrapping_sub(bl[i]).wrapping_sub(ar[i]).wrapping_add(al[i]);
        f64::from(sum.cast_signed())
    };
    let mut ties = 0;
    for (i, out) in out.iter_mut().enumerate() {
        let (sum, square) = (window(sa, sb, i), window(qa, qb, i));
        // Integers below 2^53.
        let spread = count * square - sum * sum;
        let beyond = spread - limit;
        let open = u8::from(*out == 0);
        let (even, tie) = (open & u8::from(beyond < -0.5), open & u8::from(beyond.abs() < 0.5));
        ties |= tie;
        *out |= even.wrapping_neg() & half | tie.wrapping_neg() & TIE;
    }
    ties != 0
}

#[inline(always)]
fn twist_body(words: &mut [u32; 624]) {
    let mix = |far: u32, high: u32, low: u32| {
        let joined = (high & 0x8000_0000) | (low & 0x7fff_ffff);
        far ^ (joined >> 1) ^ ((joined & 1).wrapping_neg() & 0x9908_b0df)
    };
    let old = *words;
    for i in 0..227 {
        words[i] = mix(old[i + 397], old[i], old[i + 1]);
    }
    // Words from 227 on need new ones, which are 227 positions back.
    for start in [227, 454] {
        let end = (start + 227).min(623);
        let (new, rest) = words.split_at_mut(start);
        let new = &new[start - 227..];
        for (i, word) in rest[..end - start].iter_mut().enumerate() {
            *word = mix(new[i], old[start + i], old[start + i + 1]);
        }
    }
    words[623] = mix(words[396], old[623], words[0]);
}

#[inline(always)]
fn draw_body(out: &mut [f64], words: &[u32]) {
    let temper = |mut y: u32| {
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    };
    for (out, &[high, low]) in out.iter_mut().zip(words.as_chunks::<2>().0) {
        let (high, low) = (temper(high) >> 5, temper(low) >> 6);
        let sum = f64::from(high.cast_signed()) * 67_108_864.0 + f64::from(low.cast_signed());
        *out = sum * (1.0 / 9_007_199_254_740_992.0);
    }
}

#[cfg(test)]
mod tests;
