//! How much a job changed, counted so that neither threads nor tiles show in the sums.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

/// Parts of an 8-bit code that sums are counted in: whole numbers add up to the same in any order.
const PARTS: f32 = (1 << 20) as f32;

/// Sums over all samples of a picture.
pub(super) struct Tally {
    moved: AtomicU64,
    largest: AtomicU32,
    shift: Vec<AtomicI64>,
}

impl Tally {
    pub(super) fn new(planes: usize) -> Self {
        let shift = (0..planes).map(|_| AtomicI64::new(0)).collect();
        Self { moved: AtomicU64::new(0), largest: AtomicU32::new(0), shift }
    }

    /// Counts part of a row.
    pub(super) fn count(&self, plane: usize, values: &[f32], source: &[f32]) {
        let (mut moved, mut largest, mut shift) = (0u64, 0.0f32, 0i64);
        // Short pieces keep their own sums small enough for quick integers.
        for (values, source) in values.chunks(64).zip(source.chunks(64)) {
            let (mut m, mut sum) = (0u32, 0i64);
            for (&v, &s) in values.iter().zip(source) {
                let codes = (v - s) * 255.0;
                m += u32::from(v.to_bits() != s.to_bits());
                largest = largest.max(codes.abs());
                sum += i64::from((codes * PARTS) as i32);
            }
            moved += u64::from(m);
            shift += sum;
        }
        if moved > 0 {
            self.moved.fetch_add(moved, Ordering::Relaxed);
            // Bits of positive floats are ordered as the floats are.
            self.largest.fetch_max(largest.to_bits(), Ordering::Relaxed);
            self.shift[plane].fetch_add(shift, Ordering::Relaxed);
        }
    }

    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    /// The largest change of a sample, in 8-bit codes.
    pub(super) fn max_change_codes(&self) -> f32 {
        f32::from_bits(self.largest.load(Ordering::Relaxed))
    }

    /// Mean shift of each plane, in 8-bit codes, given how many samples each has.
    pub(super) fn mean_shifts_codes(&self, samples: impl Iterator<Item = usize>) -> Vec<f32> {
        let mean = |(sum, n): (&AtomicI64, usize)| {
            (sum.load(Ordering::Relaxed) as f64 / (f64::from(PARTS) * n.max(1) as f64)) as f32
        };
        self.shift.iter().zip(samples).map(mean).collect()
    }
}
