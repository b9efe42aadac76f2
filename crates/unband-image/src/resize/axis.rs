//! Linear resampling map along one axis.

use std::ops::Range;

use unband_simd::Level;
use unband_simd::image::resize::{weighted_sums, weighted_sums_f64};

/// Border extension of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// Border sample repeated: `a a | a b c`.
    Repeat,
    /// Mirrored about the border sample, which is not repeated: `c b | a b c`.
    Mirror,
    /// Mirrored about the border, the border sample repeated: `b a | a b c`.
    Symmetric,
    /// Periodic: `b c | a b c`.
    Wrap,
}

impl Beyond {
    /// The index that position `i` refers to in a row of `len`, which is at least 1.
    #[inline]
    pub fn index(self, i: isize, len: usize) -> usize {
        let n = len.cast_signed();
        let folded = |period: isize, shift: isize| {
            let i = i.rem_euclid(period);
            if i < n { i } else { period - shift - i }
        };
        (match self {
            Self::Repeat => i.clamp(0, n - 1),
            Self::Wrap => i.rem_euclid(n),
            Self::Mirror if n == 1 => 0,
            Self::Mirror => folded(2 * n - 2, 0),
            Self::Symmetric => folded(2 * n, 1),
        }) as usize
    }
}

/// For each output sample, the input samples it depends on and their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    from: usize,
    /// Start of each output's taps, and the end of the last ones.
    begins: Vec<usize>,
    taps: Vec<(usize, f64)>,
}

impl Axis {
    /// A map from rows of `from` samples to `to`: `weights` adds position and weight of an output's taps to a
    /// list. Positions beyond the row are mapped into it by the border rule. Taps on the same sample are
    /// added up; taps of weight 0 are dropped.
    pub fn new(
        from: usize,
        to: usize,
        beyond: Beyond,
        mut weights: impl FnMut(usize, &mut Vec<(isize, f64)>),
    ) -> Self {
        let (mut begins, mut taps) = (Vec::with_capacity(to + 1), Vec::<(usize, f64)>::new());
        let (mut raw, mut own) = (Vec::new(), Vec::<(usize, f64)>::new());
        begins.push(0);
        for o in 0..to {
            raw.clear();
            weights(o, &mut raw);
            own.clear();
            own.extend(raw.iter().map(|(i, w)| (beyond.index(*i, from), *w)));
            own.sort_by_key(|(i, _)| *i);
            let first = taps.len();
            for &(i, w) in own.iter().filter(|(_, w)| *w != 0.0) {
                match taps[first..].last_mut() {
                    Some((last, sum)) if *last == i => *sum += w,
                    _ => taps.push((i, w)),
                }
            }
            begins.push(taps.len());
        }
        Self { from, begins, taps }
    }

    /// Identity.
    pub fn identity(size: usize) -> Self {
        Self::new(size, size, Beyond::Repeat, |o, taps| taps.push((o.cast_signed(), 1.0)))
    }

    /// Convolution with a kernel of odd length, keeping every `stride`-th sample from the first.
    pub fn convolution(from: usize, kernel: &[f64], beyond: Beyond, stride: usize) -> Self {
        let reach = (kernel.len() / 2).cast_signed();
        Self::new(from, from.div_ceil(stride.max(1)), beyond, |o, taps| {
            let centre = (o * stride.max(1)).cast_signed();
            let turned = kernel.iter().rev().zip(-reach..);
            taps.extend(turned.map(|(w, i)| (centre + i, *w)));
        })
    }

    /// Input samples per row.
    pub fn from(&self) -> usize {
        self.from
    }

    /// Output samples per row.
    pub fn to(&self) -> usize {
        self.begins.len() - 1
    }

    /// Is it the identity?
    pub(crate) fn is_identity(&self) -> bool {
        self.from == self.to()
            && self.taps.len() == self.from
            && self.taps.iter().enumerate().all(|(i, tap)| *tap == (i, 1.0))
    }

    fn taps(&self, o: usize) -> &[(usize, f64)] {
        let range: Range<usize> = self.begins[o]..self.begins[o + 1];
        &self.taps[range]
    }

    /// Applies the map along the columns of a table whose rows have `width` samples.
    ///
    /// # Panics
    /// When the table does not have [`Self::from`] rows.
    pub fn apply(&self, data: &[f32], width: usize) -> Vec<f32> {
        self.applied(data, width, |weight| weight as f32, weighted_sums)
    }

    /// As [`Self::apply`], in double precision.
    ///
    /// # Panics
    /// When the table does not have [`Self::from`] rows.
    pub fn apply_f64(&self, data: &[f64], width: usize) -> Vec<f64> {
        self.applied(data, width, |weight| weight, weighted_sums_f64)
    }

    fn applied<T: Copy + Default>(
        &self,
        data: &[T],
        width: usize,
        weight: impl Fn(f64) -> T,
        sums: impl Fn(Level, &mut [T], &[T], &[(usize, T)]),
    ) -> Vec<T> {
        assert_eq!(data.len(), self.from * width, "rows");
        let mut out = vec![T::default(); self.to() * width];
        let mut taps = Vec::new();
        for (o, row) in out.chunks_exact_mut(width.max(1)).enumerate() {
            taps.clear();
            taps.extend(self.taps(o).iter().map(|(i, w)| (i * width, weight(*w))));
            sums(Level::best(), row, data, &taps);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_continue_as_their_names_say() {
        let around = |beyond: Beyond| (-4..7).map(|i| beyond.index(i, 3)).collect::<Vec<_>>();
        assert_eq!(around(Beyond::Repeat), [0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2]);
        assert_eq!(around(Beyond::Mirror), [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]);
        assert_eq!(around(Beyond::Symmetric), [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]);
        assert_eq!(around(Beyond::Wrap), [2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
        assert!((-9..9).all(|i| Beyond::Mirror.index(i, 1) == 0 && Beyond::Symmetric.index(i, 1) == 0));
    }

    #[test]
    fn a_convolution_turns_its_kernel_and_keeps_every_other_sample() {
        let row = [0.0, 0.0, 1.0, 0.0, 0.0];
        let axis = Axis::convolution(5, &[0.5, 0.25, 0.125], Beyond::Repeat, 1);
        assert_eq!(axis.apply(&row, 1), [0.0, 0.5, 0.25, 0.125, 0.0]);
        let axis = Axis::convolution(5, &[0.5, 0.25, 0.125], Beyond::Repeat, 2);
        assert_eq!(axis.apply(&row, 1), [0.0, 0.25, 0.0]);
        assert!(!axis.is_identity() && Axis::identity(5).is_identity());
    }
}
