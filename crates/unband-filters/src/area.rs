//! Samples of a rectangle of a component, and their means and interpolation by whole factors.

use unband_simd::Level;
use unband_simd::io::jpeg_chroma::{between_rows, twice_as_wide};

/// Samples of a rectangle of a component, in the component's coordinates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Area {
    pub x0: usize,
    pub y0: usize,
    pub width: usize,
    pub height: usize,
    pub data: Vec<f32>,
}

impl Area {
    /// Zeros at the origin.
    pub(crate) fn zeros(width: usize, height: usize) -> Self {
        Self { width, height, data: vec![0.0; width * height], ..Self::default() }
    }

    /// Moves and resizes the rectangle; the samples are then unspecified.
    pub(crate) fn reshape(&mut self, x0: usize, y0: usize, width: usize, height: usize) {
        (self.x0, self.y0, self.width, self.height) = (x0, y0, width, height);
        self.data.resize(width * height, 0.0);
    }

    pub(crate) fn row(&self, y: usize) -> &[f32] {
        &self.data[y * self.width..][..self.width]
    }

    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [f32] {
        &mut self.data[y * self.width..][..self.width]
    }

    /// Means over blocks of `sx` columns and `sy` rows; blocks at the end have fewer samples.
    pub(crate) fn reduced(&self, (sx, sy): (usize, usize)) -> Self {
        let (width, height) = (self.width.div_ceil(sx), self.height.div_ceil(sy));
        let mut out = Self { x0: self.x0 / sx, y0: self.y0 / sy, ..Self::zeros(width, height) };
        for y in 0..out.height {
            let lines = y * sy..((y + 1) * sy).min(self.height);
            let share = 1.0 / lines.len() as f32;
            let sums = out.row_mut(y);
            for line in lines {
                add_means(sums, self.row(line), sx);
            }
            for sum in sums {
                *sum *= share;
            }
        }
        out
    }

    /// Upsampled to `end` columns and rows.
    pub(crate) fn upsampled(&self, level: Level, by: Upsampling, end: (usize, usize)) -> Self {
        let mut out = Self::default();
        out.reshape(by.scale.0 * self.x0, by.scale.1 * self.y0, end.0, end.1);
        let mut tall = Vec::new();
        for y in 0..out.height {
            self.upsampled_row(level, by, y, &mut tall, out.row_mut(y));
        }
        out
    }

    /// Row `y` of [`Self::upsampled`]; `tall` is working memory.
    pub(crate) fn upsampled_row(
        &self,
        level: Level,
        by: Upsampling,
        y: usize,
        tall: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        let (sx, sy) = by.scale;
        let mut near = self.row(y / sy);
        if by.down {
            let far = if y % 2 == 1 { (y / 2 + 1).min(self.height - 1) } else { (y / 2).saturating_sub(1) };
            tall.resize(self.width, 0.0);
            between_rows(level, tall, near, self.row(far));
            near = tall;
        }
        if by.across {
            twice_as_wide(level, out, near);
        } else {
            repeat(out, near, sx);
        }
    }
}

/// Upsampling by whole factors: by a triangle filter for factors of two along the axes named by `across` and
/// `down`, where the outermost samples stay unchanged; by repetition otherwise.
///
/// Source: libjpeg-turbo `jdsample.c`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upsampling {
    /// Factors across and down.
    pub scale: (usize, usize),
    pub across: bool,
    pub down: bool,
}

impl Upsampling {
    pub(crate) fn repeating(scale: (usize, usize)) -> Self {
        Self { scale, across: false, down: false }
    }

    /// Interpolated along all axes with a factor of two.
    pub(crate) fn smooth(scale: (usize, usize)) -> Self {
        Self { scale, across: scale.0 == 2, down: scale.1 == 2 }
    }
}

/// The index of `len` that stands for `i`, where a row is mirrored at its end; the last sample repeats.
pub(crate) fn reflected(i: usize, len: usize) -> usize {
    if i < len { i } else { (2 * len - 1).saturating_sub(i) }
}

/// Repeats each sample.
pub(crate) fn repeat(out: &mut [f32], samples: &[f32], times: usize) {
    match times {
        2 => {
            let (pairs, rest) = out.as_chunks_mut::<2>();
            for (pair, v) in pairs.iter_mut().zip(samples) {
                *pair = [*v; 2];
            }
            if let ([last], Some(v)) = (rest, samples.get(pairs.len())) {
                *last = *v;
            }
        }
        _ => out.chunks_mut(times).zip(samples).for_each(|(part, v)| part.fill(*v)),
    }
}

/// Adds block means; blocks at the end have fewer samples.
pub(crate) fn add_means(sums: &mut [f32], samples: &[f32], of: usize) {
    match of {
        1 => sums.iter_mut().zip(samples).for_each(|(sum, v)| *sum += v),
        2 => {
            let (pairs, rest) = samples.as_chunks::<2>();
            for (sum, [a, b]) in sums.iter_mut().zip(pairs) {
                *sum += 0.5 * (a + b);
            }
            if let ([last], Some(sum)) = (rest, sums.get_mut(pairs.len())) {
                *sum += last;
            }
        }
        _ => {
            for (sum, part) in sums.iter_mut().zip(samples.chunks(of)) {
                *sum += part.iter().sum::<f32>() / part.len() as f32;
            }
        }
    }
}
