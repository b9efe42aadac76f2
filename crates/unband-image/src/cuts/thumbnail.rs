//! Frame thumbnails and their differences.

/// Maximum columns and rows of a thumbnail.
const MOST: (usize, usize) = (96, 54);
/// Rows of a frame that are read for each row of its thumbnail: enough for a mean that is stable under grain.
const ROWS: usize = 4;
/// Contrast, in 8-bit codes, that is treated as none: the residue of rounding and grain in a thumbnail.
const NO_CONTRAST: f32 = 1.0;

/// Means of blocks of a frame, in 8-bit codes.
#[derive(Clone, Debug)]
pub(super) struct Thumbnail {
    /// Size of the frame.
    size: (usize, usize),
    pub width: usize,
    pub height: usize,
    pub means: Vec<f32>,
}

/// Sums for the correlation of two sets of samples.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CorrelationSums {
    count: f32,
    a: f32,
    b: f32,
    aa: f32,
    bb: f32,
    ab: f32,
}

impl CorrelationSums {
    /// Adds pairs of samples.
    pub(super) fn add(&mut self, a: &[f32], b: &[f32]) {
        self.count += a.len().min(b.len()) as f32;
        for (&a, &b) in a.iter().zip(b) {
            // Centred on mid-grey, so that the squares keep small differences.
            let (a, b) = (a - 128.0, b - 128.0);
            self.a += a;
            self.b += b;
            self.aa += a * a;
            self.bb += b * b;
            self.ab += a * b;
        }
    }

    /// Share of contrast that no gain and offset explain: `sqrt(1 - r²)` of the correlation, 1 for opposites.
    pub(super) fn unexplained(&self) -> f32 {
        let n = self.count.max(1.0);
        let spread = |xx: f32, x: f32| (xx / n - (x / n) * (x / n)).max(0.0) + NO_CONTRAST * NO_CONTRAST;
        // Added here too, so that two frames without contrast are treated as alike.
        let common = self.ab / n - (self.a / n) * (self.b / n) + NO_CONTRAST * NO_CONTRAST;
        let r = common / (spread(self.aa, self.a) * spread(self.bb, self.b)).sqrt();
        (1.0 - r.clamp(0.0, 1.0).powi(2)).sqrt()
    }
}

impl Thumbnail {
    /// Thumbnail of codes of `bits` bits, row by row; empty for a width of 0.
    pub(super) fn new<S: Copy + Into<u32>>(luma: &[S], width: usize, bits: u8) -> Self {
        let rows = luma.len().checked_div(width).unwrap_or(0);
        let (w, h) = (width.min(MOST.0), rows.min(MOST.1));
        let scale = 255.0 / ((1u32 << bits.min(16)) - 1) as f32;
        let edges: Vec<usize> = (0..=w).map(|i| i * width / w.max(1)).collect();
        let mut columns = vec![0u32; width];
        let mut means = Vec::with_capacity(w * h);
        for j in 0..h {
            let (top, bottom) = (j * rows / h, (j + 1) * rows / h);
            let count = ROWS.min(bottom - top);
            columns.fill(0);
            for k in 0..count {
                let row = &luma[(top + (2 * k + 1) * (bottom - top) / (2 * count)) * width..][..width];
                columns.iter_mut().zip(row).for_each(|(sum, &code)| *sum += code.into());
            }
            means.extend(edges.windows(2).map(|edge| {
                let block = &columns[edge[0]..edge[1]];
                block.iter().sum::<u32>() as f32 * scale / (block.len() * count) as f32
            }));
        }
        Self { size: (width, rows), width: w, height: h, means }
    }

    /// Do both come from frames of the same size?
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.size == other.size
    }

    /// Mean absolute difference, in 8-bit codes.
    pub(super) fn step(&self, other: &Self) -> f32 {
        let sum: f32 = self.means.iter().zip(&other.means).map(|(a, b)| (a - b).abs()).sum();
        sum / self.means.len().max(1) as f32
    }

    /// [`CorrelationSums::unexplained`] of both thumbnails, sample by sample.
    pub(super) fn unexplained(&self, other: &Self) -> f32 {
        let mut sums = CorrelationSums::default();
        sums.add(&self.means, &other.means);
        sums.unexplained()
    }
}
