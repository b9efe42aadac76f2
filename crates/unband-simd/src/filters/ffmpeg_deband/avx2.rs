//! AVX2 version: all samples of a block with the same distance are looked up at once, 16 positions at a time.

#[allow(clippy::wildcard_imports)] // a long list of one-time names otherwise
use std::arch::x86_64::*;

use super::{Around, Closeness, Level, MARGIN_AFTER, MARGIN_BEFORE, Offsets, Row};

/// Can the loop below run: the instructions, distances below 16, and readable margins?
pub fn usable(level: Level, count: usize, around: &Around<'_, u8>, offsets: &Offsets) -> bool {
    let (rx, ry) = offsets.reach();
    // `check` found these sums to be small.
    let far = ry * around.stride;
    level.supported() >= Level::Avx2
        && rx.max(ry) < 16
        && around.start >= far + MARGIN_BEFORE
        && around.start + count + far + MARGIN_AFTER <= around.samples.len()
}

/// Samples of a block.
const BLOCK: usize = 32;

/// Each lane's index in its half of a register.
static LANES: [u8; BLOCK] = {
    let mut lanes = [0; BLOCK];
    let mut i = 0;
    while i < BLOCK {
        lanes[i] = i as u8 % 16;
        i += 1;
    }
    lanes
};

/// All distances, in every lane.
static DISTANCES: [[u8; BLOCK]; 16] = {
    let mut distances = [[0; BLOCK]; 16];
    let mut i = 0;
    while i < 16 {
        distances[i] = [i as u8; BLOCK];
        i += 1;
    }
    distances
};

/// Loads a block from a slice that may be shorter; the rest is 0.
#[inline(always)]
fn first_of(slice: &[u8]) -> [u8; BLOCK] {
    slice.first_chunk().copied().unwrap_or_else(|| filled_up(slice))
}

#[cold]
fn filled_up(slice: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..slice.len()].copy_from_slice(slice);
    block
}

/// Stores a block to a slice that may be shorter.
#[inline(always)]
fn put(to: &mut [u8], block: [u8; BLOCK]) {
    match to.first_chunk_mut() {
        Some(all) => *all = block,
        None => put_part(to, &block),
    }
}

#[cold]
fn put_part(to: &mut [u8], block: &[u8]) {
    to.copy_from_slice(&block[..to.len()]);
}

/// # Safety
/// [`usable`], and the conditions of `check`.
#[target_feature(enable = "avx2,bmi1,bmi2")]
pub unsafe fn row_u8(
    out: &mut [u8],
    mut pass: Option<&mut [u8]>,
    around: &Around<'_, u8>,
    offsets: &Offsets,
    at: (usize, usize),
    close: Closeness<u8>,
) {
    let Row::Halves(table) = offsets.row(at, out.len()) else { return };
    let (_, ry) = offsets.reach();
    let stride = around.stride;
    // Each half of a register looks up the 16 samples before its own, its own, and the 16 after. A lookup
    // uses the lower four bits of an index and gives 0 where the highest bit is set: this sets that bit for
    // all other positions.
    let before = _mm256_set1_epi8(0x70);
    let sixteen = _mm256_set1_epi8(16);
    let lower_half = _mm256_set1_epi8(15);
    let ones = _mm256_set1_epi8(1);
    let below = _mm256_set1_epi8(close.below as i8);
    // SAFETY: 32 bytes each.
    let load = |block: &[u8; BLOCK]| unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
    let lanes = load(&LANES);
    for (b, out) in out.chunks_mut(BLOCK).enumerate() {
        let x = b * BLOCK;
        let both = load(&first_of(&table[x..]));
        let upper = _mm256_srli_epi16::<4>(both);
        let (dx, dy) = (_mm256_and_si256(both, lower_half), _mm256_and_si256(upper, lower_half));
        // Indices to the right are relative to the lane's own 16 samples, those to the left to the 16 before.
        let (right, left) = (_mm256_add_epi8(lanes, dx), _mm256_sub_epi8(lanes, dx));
        let right = [_mm256_add_epi8(right, before), _mm256_sub_epi8(right, sixteen)];
        let left = [_mm256_add_epi8(_mm256_add_epi8(left, sixteen), before), left];
        let find = |one, other, places: [__m256i; 2]| {
            _mm256_or_si256(_mm256_shuffle_epi8(one, places[0]), _mm256_shuffle_epi8(other, places[1]))
        };
        // SAFETY: `usable` keeps 64 samples before and 192 after each row within reach; a block starts inside
        // the row, so the samples read from 16 before to 48 behind its start exist.
        let three = |row: *const u8| unsafe {
            let load = |row: *const u8| _mm256_loadu_si256(row.cast());
            (load(row.sub(16)), load(row), load(row.add(16)))
        };
        // SAFETY: the row starts inside `samples`, and so does the block.
        let middle = unsafe { around.samples.as_ptr().add(around.start + x) };
        let (low, own, high) = three(middle);
        let (mut a, mut c) = (find(own, high, right), find(low, own, left));
        let (mut b, mut d) = (a, c);
        let (mut lower, mut upper) = (middle, middle);
        for distance in &DISTANCES[1..=ry] {
            let here = _mm256_cmpeq_epi8(dy, load(distance));
            // SAFETY: as above; at most `ry` rows away.
            (lower, upper) = unsafe { (lower.add(stride), upper.sub(stride)) };
            let ((low0, low1, low2), (up0, up1, up2)) = (three(lower), three(upper));
            a = _mm256_blendv_epi8(a, find(low1, low2, right), here);
            b = _mm256_blendv_epi8(b, find(up1, up2, right), here);
            c = _mm256_blendv_epi8(c, find(up0, up1, left), here);
            d = _mm256_blendv_epi8(d, find(low0, low1, left), here);
        }
        let sum = |one, other| _mm256_maddubs_epi16(one, other);
        let low =
            _mm256_add_epi16(sum(_mm256_unpacklo_epi8(a, b), ones), sum(_mm256_unpacklo_epi8(c, d), ones));
        let high =
            _mm256_add_epi16(sum(_mm256_unpackhi_epi8(a, b), ones), sum(_mm256_unpackhi_epi8(c, d), ones));
        let mean = _mm256_packus_epi16(_mm256_srli_epi16::<2>(low), _mm256_srli_epi16::<2>(high));
        let apart = |v| _mm256_or_si256(_mm256_subs_epu8(v, own), _mm256_subs_epu8(own, v));
        let most = if close.each {
            _mm256_max_epu8(_mm256_max_epu8(apart(a), apart(b)), _mm256_max_epu8(apart(c), apart(d)))
        } else {
            apart(mean)
        };
        let kept = _mm256_cmpeq_epi8(_mm256_max_epu8(most, below), most);
        let bytes = |v| {
            let mut block = [0; BLOCK];
            // SAFETY: 32 bytes.
            unsafe { _mm256_storeu_si256(block.as_mut_ptr().cast(), v) };
            block
        };
        if let Some(pass) = pass.as_deref_mut() {
            let pass = &mut pass[x..x + out.len()];
            put(pass, bytes(_mm256_andnot_si256(kept, load(&first_of(pass)))));
            put(out, bytes(mean));
        } else {
            put(out, bytes(_mm256_blendv_epi8(mean, own, kept)));
        }
    }
}
