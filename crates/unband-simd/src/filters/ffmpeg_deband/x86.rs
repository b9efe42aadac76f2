//! Kernel of `deband` with AVX-512 VBMI: all samples of a block with the same distance are looked up at once.

#[allow(clippy::wildcard_imports)] // a long list of one-time names otherwise
use std::arch::x86_64::*;

use super::{Around, Closeness, Level, MARGIN_AFTER, MARGIN_BEFORE, Offsets, TableRow};

/// Can the loop below run: the instructions, a reach that two registers span, and readable margins?
pub(super) fn usable(level: Level, count: usize, around: &Around<'_, u8>, offsets: &Offsets) -> bool {
    let (rx, ry) = offsets.reach();
    // `check` found these sums to be small.
    let far = ry * around.stride;
    level.supported() >= Level::Avx512
        && is_x86_feature_detected!("avx512vbmi")
        && rx <= 32
        && around.start >= far + MARGIN_BEFORE
        && around.start + count + far + MARGIN_AFTER <= around.samples.len()
}

/// The lanes of 64 that are still inside the row.
fn tail(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

/// # Safety
/// [`usable`], and the conditions of `check`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub(super) unsafe fn row_u8(
    out: &mut [u8],
    mut pass: Option<&mut [u8]>,
    around: &Around<'_, u8>,
    offsets: &Offsets,
    at: (usize, usize),
    close: Closeness<u8>,
) {
    let count = out.len();
    let table = offsets.row(at, count);
    let (_, ry) = offsets.reach();
    let stride = around.stride;
    // Lane i of a block is at position i + 32 of the 128 samples in two registers.
    let lanes: [u8; 64] = std::array::from_fn(|i| i as u8 + 32);
    // SAFETY: 64 bytes.
    let lanes = unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
    let ones = _mm512_set1_epi8(1);
    let lower_half = _mm512_set1_epi8(15);
    let below = _mm512_set1_epi8(close.below as i8);
    let mut x = 0;
    while x < count {
        let inside = tail(count - x);
        // SAFETY: masked to the row's length, which the slices have.
        let part = |slice: &[u8]| unsafe { _mm512_maskz_loadu_epi8(inside, slice.as_ptr().add(x).cast()) };
        let (dx, dy) = match table {
            TableRow::Halves(both) => {
                let both = part(both);
                let upper = _mm512_srli_epi16::<4>(both);
                (_mm512_and_si512(both, lower_half), _mm512_and_si512(upper, lower_half))
            }
            TableRow::Bytes(across, down) => (part(across), part(down)),
        };
        let (right, left) = (_mm512_add_epi8(lanes, dx), _mm512_sub_epi8(lanes, dx));
        // Each of these holds the lookup indices until the iteration of the lane's own distance; from then on
        // the sample found there.
        let (mut a, mut b, mut c, mut d) = (right, right, left, left);
        // SAFETY: `usable` keeps 64 samples before and 192 after each row within reach; a block starts inside
        // the row, so its 128 samples from 32 before end less than 96 after the row.
        let middle = unsafe { around.samples.as_ptr().add(around.start + x - 32) };
        for distance in 0..=ry {
            let here = _mm512_cmpeq_epi8_mask(dy, _mm512_set1_epi8(distance as i8));
            // SAFETY: as above.
            let (low0, low1, up0, up1) = unsafe {
                let (low, up) = (middle.add(distance * stride), middle.sub(distance * stride));
                (
                    _mm512_loadu_si512(low.cast()),
                    _mm512_loadu_si512(low.add(64).cast()),
                    _mm512_loadu_si512(up.cast()),
                    _mm512_loadu_si512(up.add(64).cast()),
                )
            };
            a = _mm512_mask2_permutex2var_epi8(low0, a, here, low1);
            b = _mm512_mask2_permutex2var_epi8(up0, b, here, up1);
            c = _mm512_mask2_permutex2var_epi8(up0, c, here, up1);
            d = _mm512_mask2_permutex2var_epi8(low0, d, here, low1);
        }
        let sum = |one, other| _mm512_maddubs_epi16(one, other);
        let low =
            _mm512_add_epi16(sum(_mm512_unpacklo_epi8(a, b), ones), sum(_mm512_unpacklo_epi8(c, d), ones));
        let high =
            _mm512_add_epi16(sum(_mm512_unpackhi_epi8(a, b), ones), sum(_mm512_unpackhi_epi8(c, d), ones));
        let mean = _mm512_packus_epi16(_mm512_srli_epi16::<2>(low), _mm512_srli_epi16::<2>(high));
        // SAFETY: as above.
        let own = unsafe { _mm512_loadu_si512(middle.add(32).cast()) };
        let apart = |v| _mm512_or_si512(_mm512_subs_epu8(v, own), _mm512_subs_epu8(own, v));
        let most = if close.each {
            _mm512_max_epu8(_mm512_max_epu8(apart(a), apart(b)), _mm512_max_epu8(apart(c), apart(d)))
        } else {
            apart(mean)
        };
        let ok = _mm512_cmplt_epu8_mask(most, below);
        // SAFETY: masked to the length of `out` and of `pass`.
        unsafe {
            if let Some(pass) = pass.as_deref_mut() {
                let place = pass.as_mut_ptr().add(x).cast();
                let before = _mm512_maskz_loadu_epi8(inside, place);
                _mm512_mask_storeu_epi8(place, inside, _mm512_maskz_mov_epi8(ok, before));
                _mm512_mask_storeu_epi8(out.as_mut_ptr().add(x).cast(), inside, mean);
            } else {
                let result = _mm512_mask_mov_epi8(own, ok, mean);
                _mm512_mask_storeu_epi8(out.as_mut_ptr().add(x).cast(), inside, result);
            }
        }
        x += 64;
    }
}
