//! Values of a plane's 8×8 squares, interpolated between their centres.

/// Side of a square, in samples of a plane.
pub(super) const SIDE: usize = 8;

/// Number of squares of a plane.
pub(super) struct Squares {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

impl Squares {
    /// Weights along a row of samples into `out`, linear between the centres of squares: one per sample, or a
    /// few more.
    ///
    /// Returns false if all are 0. `mixed`: memory for reuse.
    pub(super) fn row(&self, shares: &[f32], y: usize, mixed: &mut Vec<f32>, out: &mut Vec<f32>) -> bool {
        let (above, below, down) = between(y, self.rows);
        let line = |row: usize| &shares[row * self.columns..][..self.columns];
        mixed.clear();
        mixed.extend(line(above).iter().zip(line(below)).map(|(a, b)| a + down * (b - a)));
        if mixed.iter().all(|&share| share == 0.0) {
            return false;
        }
        // From the centre of one square to that of the next; half a square at each end.
        out.resize((self.columns + 1) * SIDE, 0.0);
        let (first, rest) = out.split_at_mut(SIDE / 2);
        first.fill(mixed[0]);
        let (between, last) = rest.split_at_mut((self.columns - 1) * SIDE);
        for (out, pair) in between.as_chunks_mut::<SIDE>().0.iter_mut().zip(mixed.windows(2)) {
            for (i, out) in out.iter_mut().enumerate() {
                *out = pair[0] + ((i as f32 + 0.5) / SIDE as f32) * (pair[1] - pair[0]);
            }
        }
        last.fill(mixed[self.columns - 1]);
        true
    }
}

/// The squares whose centres are before and after a sample, and its relative position between them.
fn between(at: usize, squares: usize) -> (usize, usize, f32) {
    let place = ((at as f32 + 0.5) / SIDE as f32 - 0.5).clamp(0.0, (squares - 1) as f32);
    let before = place as usize;
    (before, (before + 1).min(squares - 1), place - before as f32)
}
