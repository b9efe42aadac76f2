//! Deterministic test values.

/// Between -1 and 1, 2003 different values.
pub(crate) fn numbers(n: usize, seed: usize) -> Vec<f32> {
    scaled(n, seed, 1.0)
}

/// The same between -size and size.
pub(crate) fn scaled(n: usize, seed: usize, size: f32) -> Vec<f32> {
    (0..n).map(|i| (((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0) * size).collect()
}

/// Between -1 and 1, without a pattern.
pub(crate) fn random(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..n).map(|_| next()).collect()
}
