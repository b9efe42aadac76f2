//! Error diffusion of sixteen rows side by side, with AVX2: each row is a lane, two samples behind the one
//! above.

use std::arch::x86_64::{
    __m128i, __m256i, _mm_cvtsi32_si128, _mm_unpackhi_epi16, _mm_unpackhi_epi32, _mm_unpackhi_epi64,
    _mm_unpacklo_epi16, _mm_unpacklo_epi32, _mm_unpacklo_epi64, _mm256_add_epi16, _mm256_adds_epu16,
    _mm256_alignr_epi8, _mm256_and_si256, _mm256_castsi256_si128, _mm256_extract_epi16,
    _mm256_extracti128_si256, _mm256_insert_epi16, _mm256_max_epu16, _mm256_min_epu16, _mm256_mullo_epi16,
    _mm256_permute2x128_si256, _mm256_set1_epi16, _mm256_setzero_si256, _mm256_srl_epi16, _mm256_srli_epi16,
};

use super::{Code, Rounding};

/// Rows side by side.
pub(super) const ROWS: usize = 16;
/// Samples between the first and the last row.
const LEAD: usize = 2 * (ROWS - 1);
/// Steps at a time.
const BLOCK: usize = 8;
/// Zeros before and after each row of values: what lanes outside of the row read.
const MARGIN: usize = LEAD + BLOCK;

/// Fewest bits of a result for which shares of errors fit 16 bits.
pub(super) const LEAST_BITS: u8 = 4;

type Eight = [__m128i; 8];

/// Rows to columns.
#[target_feature(enable = "avx2")]
fn transposed(rows: Eight) -> Eight {
    let pairs =
        |a: usize, b: usize| (_mm_unpacklo_epi16(rows[a], rows[b]), _mm_unpackhi_epi16(rows[a], rows[b]));
    let ((a, b), (c, d), (e, f), (g, h)) = (pairs(0, 1), pairs(2, 3), pairs(4, 5), pairs(6, 7));
    let (i, j, k, l) = (
        _mm_unpacklo_epi32(a, c),
        _mm_unpackhi_epi32(a, c),
        _mm_unpacklo_epi32(b, d),
        _mm_unpackhi_epi32(b, d),
    );
    let (m, n, o, p) = (
        _mm_unpacklo_epi32(e, g),
        _mm_unpackhi_epi32(e, g),
        _mm_unpacklo_epi32(f, h),
        _mm_unpackhi_epi32(f, h),
    );
    [
        _mm_unpacklo_epi64(i, m),
        _mm_unpackhi_epi64(i, m),
        _mm_unpacklo_epi64(j, n),
        _mm_unpackhi_epi64(j, n),
        _mm_unpacklo_epi64(k, o),
        _mm_unpackhi_epi64(k, o),
        _mm_unpacklo_epi64(l, p),
        _mm_unpackhi_epi64(l, p),
    ]
}

/// All ones in the lanes of rows that have a sample at step `t`.
fn inside(t: usize, width: usize) -> [u16; ROWS] {
    std::array::from_fn(|k| if t >= 2 * k && t < width + 2 * k { u16::MAX } else { 0 })
}

/// The lanes at `BLOCK` steps from `start`: row k of `scratch` is 2k samples behind. Its rows have margins.
#[target_feature(enable = "avx2")]
fn columns(scratch: &[u16], stride: usize, start: usize) -> [__m256i; BLOCK] {
    let row = |k: usize| {
        let at = k * stride + MARGIN + start - 2 * k;
        let eight: &[u16; 8] = scratch[at..at + 8].try_into().unwrap_or(&[0; 8]);
        // SAFETY: 16 bytes of plain numbers.
        unsafe { std::mem::transmute::<[u16; 8], __m128i>(*eight) }
    };
    let [low, high] = [0, 8].map(|first| transposed(std::array::from_fn(|k| row(first + k))));
    // SAFETY: two halves of 16 bytes are 32 bytes of plain numbers.
    std::array::from_fn(|i| unsafe { std::mem::transmute::<[__m128i; 2], __m256i>([low[i], high[i]]) })
}

/// The inverse of [`columns`]: the steps of each row.
#[target_feature(enable = "avx2")]
fn rows(columns: [__m256i; BLOCK]) -> [[u16; BLOCK]; ROWS] {
    let low = transposed(columns.map(|column| _mm256_castsi256_si128(column)));
    let high = transposed(columns.map(|column| _mm256_extracti128_si256::<1>(column)));
    // SAFETY: twice eight times 16 bytes of plain numbers.
    unsafe { std::mem::transmute::<[Eight; 2], [[u16; BLOCK]; ROWS]>([low, high]) }
}

/// Sixteen rows: `above` and `below` have the remainders of the row before the first and of the last, with a
/// zero before and one after. `scratch` is a buffer.
///
/// # Panics
/// When a length is wrong, or the result has fewer than [`LEAST_BITS`].
#[target_feature(enable = "avx2")]
pub(super) fn band<T: Code>(
    out: &mut [T],
    values: &[u16],
    above: &[u16],
    below: &mut [u16],
    rounding: Rounding,
    scratch: &mut Vec<u16>,
) {
    let width = above.len() - 2;
    assert!(out.len() == ROWS * width && values.len() == ROWS * width && below.len() == width + 2);
    let Rounding { low, high, bits } = rounding;
    assert!((LEAST_BITS..=16).contains(&bits) && width > 0);
    let down = 16 - u32::from(bits);
    let stride = width + 2 * MARGIN;
    scratch.clear();
    scratch.resize(ROWS * stride, 0);
    for (to, from) in scratch.chunks_exact_mut(stride).zip(values.chunks_exact(width)) {
        to[MARGIN..MARGIN + width].copy_from_slice(from);
    }
    let all = |value: u16| _mm256_set1_epi16(value.cast_signed());
    let (cut, low, high) = (all(((1u32 << down) - 1) as u16), all(low), all(high));
    let (three, five, seven) = (all(3), all(5), all(7));
    let shift = _mm_cvtsi32_si128(down.cast_signed());
    // Remainders of the rows at the last step, and those of the rows above each, three steps back.
    let mut left = _mm256_setzero_si256();
    let mut from = [_mm256_setzero_si256(); 3];
    from[1] = _mm256_insert_epi16::<0>(from[1], above[1].cast_signed());
    for start in (0..width + LEAD).step_by(BLOCK) {
        let mut columns = columns(scratch, stride, start);
        let whole = start >= LEAD && start + BLOCK <= width;
        for (i, column) in columns.iter_mut().enumerate() {
            let t = start + i;
            // The row above the first one: its sample after the next. Behind its end there are zeros.
            let next = above.get(t + 2).copied().unwrap_or(0);
            // Remainders of the row above each: its lane moves up by one.
            let low_half = _mm256_permute2x128_si256::<0x08>(left, left);
            let moved = _mm256_alignr_epi8::<14>(left, low_half);
            from[0] = _mm256_insert_epi16::<0>(moved, next.cast_signed());
            let share =
                |error: __m256i, weight: __m256i| _mm256_srli_epi16::<4>(_mm256_mullo_epi16(error, weight));
            let early = _mm256_add_epi16(share(from[1], five), _mm256_srli_epi16::<4>(from[2]));
            let late = _mm256_add_epi16(share(from[0], three), share(left, seven));
            let sum = _mm256_adds_epu16(*column, _mm256_add_epi16(early, late));
            let mut error = _mm256_and_si256(sum, cut);
            if !whole {
                // SAFETY: 32 bytes of plain numbers.
                let mask = unsafe { std::mem::transmute::<[u16; ROWS], __m256i>(inside(t, width)) };
                error = _mm256_and_si256(error, mask);
            }
            *column = _mm256_srl_epi16(_mm256_min_epu16(_mm256_max_epu16(sum, low), high), shift);
            if let Some(x) = t.checked_sub(LEAD).filter(|&x| x < width) {
                below[x + 1] = _mm256_extract_epi16::<15>(error) as u16;
            }
            (from[2], from[1], left) = (from[1], from[0], error);
        }
        let rows = rows(columns);
        for k in 0..ROWS {
            let codes = rows[k];
            let row = &mut out[k * width..][..width];
            if whole {
                let to = &mut row[start - 2 * k..][..BLOCK];
                to.iter_mut().zip(&codes).for_each(|(to, &code)| *to = T::narrow(code));
            } else {
                for (i, &code) in codes.iter().enumerate() {
                    if let Some(to) = (start + i).checked_sub(2 * k).and_then(|x| row.get_mut(x)) {
                        *to = T::narrow(code);
                    }
                }
            }
        }
    }
}
