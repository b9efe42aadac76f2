//! Bit masks of an image.

use unband_image::Context;

/// Bits row by row, with a zero word before and after each row and a zero row above and below.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bits {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Words of a row with bits.
    pub(crate) words: usize,
    data: Vec<u64>,
}

impl Bits {
    /// No bit set.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let words = width.div_ceil(64);
        Self { width, height, words, data: vec![0; (words + 2) * (height + 2)] }
    }

    /// From words of rows without padding, in parts of whole rows.
    pub(crate) fn from_parts(width: usize, height: usize, parts: &[Vec<u64>]) -> Self {
        let mut bits = Self::new(width, height);
        let words = bits.words.max(1);
        for (y, row) in parts.iter().flat_map(|part| part.chunks_exact(words)).take(height).enumerate() {
            bits.row_mut(y).copy_from_slice(row);
        }
        bits
    }

    /// The words of a row.
    pub(crate) fn row(&self, y: usize) -> &[u64] {
        &self.data[(y + 1) * (self.words + 2) + 1..][..self.words]
    }

    /// The words of a row, to write.
    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [u64] {
        &mut self.data[(y + 1) * (self.words + 2) + 1..][..self.words]
    }

    /// Row `y - 1` with an extra word on each side: 0 is the zero row above the first.
    fn padded(&self, y: usize) -> &[u64] {
        &self.data[y * (self.words + 2)..][..self.words + 2]
    }

    /// A row, the one above and the one below, each with an extra word on each side.
    pub(crate) fn around(&self, y: usize) -> [&[u64]; 3] {
        [self.padded(y), self.padded(y + 1), self.padded(y + 2)]
    }

    /// The bits of a row's last word that belong to samples; all ones in the other words.
    pub(crate) fn valid(&self, word: usize) -> u64 {
        let bits = self.width - 64 * word;
        if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
    }

    /// Bit of a sample inside or at most one outside.
    pub(crate) fn near(&self, x: i64, y: i64) -> bool {
        let stride = self.words.cast_signed() as i64 + 2;
        let at = (y + 1) * stride + 1 + (x >> 6);
        self.data[at as usize] >> (x & 63) & 1 == 1
    }

    pub(crate) fn get(&self, x: usize, y: usize) -> bool {
        self.row(y)[x / 64] >> (x % 64) & 1 == 1
    }

    pub(crate) fn set(&mut self, x: usize, y: usize) {
        self.row_mut(y)[x / 64] |= 1 << (x % 64);
    }

    pub(crate) fn clear(&mut self, x: usize, y: usize) {
        self.row_mut(y)[x / 64] &= !(1 << (x % 64));
    }

    /// Changes every row by a function of its index.
    pub(crate) fn for_rows(&mut self, mut change: impl FnMut(usize, &mut [u64])) {
        for y in 0..self.height {
            change(y, self.row_mut(y));
        }
    }

    /// Positions of the set bits, row by row.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.height).flat_map(move |y| ones(self.row(y)).map(move |x| (x, y)))
    }
}

/// Positions of the set bits of a row.
pub(crate) fn ones(row: &[u64]) -> impl Iterator<Item = usize> + '_ {
    row.iter().enumerate().flat_map(|(i, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                64 * i + bit
            })
        })
    })
}

/// Rows per part: enough parts for balanced threads, few enough to keep the double work at their borders
/// small.
pub(crate) fn piece(height: usize, ctx: &Context<'_>) -> usize {
    height.div_ceil(8 * ctx.threads.max(1)).max(64)
}

/// Splits rows into parts, processes them on the context's threads, and returns the results in order.
pub(crate) fn by_rows<T: Send>(
    height: usize,
    ctx: &Context<'_>,
    work: impl Fn(std::ops::Range<usize>) -> T + Sync,
) -> Vec<T> {
    let rows = piece(height, ctx);
    ctx.map(height.div_ceil(rows), |i| work(i * rows..((i + 1) * rows).min(height)))
}
