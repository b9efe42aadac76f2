//! Row-wise max pooling.

use unband_nets::layer::pool::MaxPool;
use unband_simd::infer::pool;

use super::strip::Strip;

/// Vertically first, then horizontally.
pub fn max_pool(pool: MaxPool, strip: &Strip<'_>) -> impl FnMut(usize, &mut [f32]) {
    let from = strip.from();
    let mut largest = vec![0.0; from.width * from.channels];
    let mut fetched = largest.clone();
    move |y, line| {
        let top = y * pool.stride;
        strip.fetch.row(strip.input, top, &mut largest);
        for y in top + 1..(top + pool.kernel).min(from.height) {
            let kept = strip.fetch.kept(strip.input, y);
            let row = kept.unwrap_or_else(|| {
                strip.fetch.row(strip.input, y, &mut fetched);
                &fetched
            });
            pool::keep_larger(strip.fetch.level, &mut largest, row);
        }
        pool::largest_across(strip.fetch.level, line, &largest, from.channels, pool.kernel, pool.stride);
    }
}
