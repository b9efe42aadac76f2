//! Luma and colour-difference planes behind an image, row by row in 1/64 of the plane's own codes, and their
//! 3×3 windows.

use super::spread::squares;
use unband_image::color::{Matrix, Range};
use unband_image::image::Plane;
use unband_image::{Context, Window};
use unband_simd::{Level, detect::inspect as rows};

/// Units per code of an `i16` plane.
pub(super) const UNIT: i32 = 64;

/// 8-bit codes of planes of one size.
pub(super) struct Codes {
    /// Samples in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// One per channel.
    pub planes: Vec<Vec<u8>>,
}

impl Codes {
    /// Row `y` of a plane; the last plane replaces missing ones.
    pub(crate) fn row(&self, plane: usize, y: usize) -> &[u8] {
        let data = &self.planes[plane.min(self.planes.len() - 1)];
        &data[y * self.width..][..self.width]
    }

    /// Samples in a plane.
    pub(crate) fn len(&self) -> usize {
        self.width * self.height
    }
}

/// A plane of more than 8 bits in 1/64 of 8-bit codes, which keeps the precision that 8-bit codes would round
/// away.
#[derive(Default)]
pub(super) struct Fine {
    width: usize,
    data: Vec<i16>,
}

impl Fine {
    /// Samples `value * scale + offset` in 8-bit codes.
    pub(crate) fn new(plane: &Plane, scale: f32, offset: f32) -> Self {
        let unit = UNIT as f32;
        let fine = |value: &f32| ((value * scale + offset) * unit).round().clamp(0.0, 255.0 * unit) as i16;
        Self { width: plane.width, data: plane.data.iter().map(fine).collect() }
    }
}

impl Fine {
    /// Means of the whole blocks of `side` × `side` samples, and their size.
    pub(crate) fn blocks(&self, side: u16) -> (Self, Codes) {
        let (side, count) = (usize::from(side), i32::from(side).pow(2));
        let (width, height) =
            (self.width / side, self.data.len().checked_div(self.width).unwrap_or(0) / side);
        let mut data = Vec::with_capacity(width * height);
        for y in 0..height {
            let sum = |x: usize| {
                let rows =
                    (y * side..(y + 1) * side).map(|y| &self.data[y * self.width + x * side..][..side]);
                rows.flatten().map(|&value| i32::from(value)).sum::<i32>()
            };
            data.extend((0..width).map(|x| (sum(x) / count) as i16));
        }
        (Self { width, data }, Codes { width, height, planes: Vec::new() })
    }
}

/// Luma or a colour difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Luma,
    Blue,
    Red,
}

impl Channel {
    pub(crate) const ALL: [Self; 3] = [Self::Luma, Self::Blue, Self::Red];

    pub(crate) fn is_chroma(self) -> bool {
        self != Self::Luma
    }
}

/// Conversion of rows of codes to a plane.
#[derive(Clone, Copy)]
pub(super) struct Recipe {
    weights: [i32; 3],
    /// The plane's code of black, or of neutral.
    zero: f64,
    /// Half size: means of 2×2 blocks.
    half: bool,
}

impl Recipe {
    /// A plane behind RGB codes, in codes of its range (chroma around 128).
    pub(crate) fn new(channel: Channel, matrix: Matrix, range: Range, half: bool) -> Self {
        let (kr, kb) = matrix.weights();
        let (kr, kb) = (f64::from(kr), f64::from(kb));
        let kg = 1.0 - kr - kb;
        let unit = |chroma| 1.0 / f64::from(range.unit_codes(chroma));
        let (w, zero) = match channel {
            Channel::Luma => {
                let s = unit(false);
                ([kr * s, kg * s, kb * s], if range == Range::Limited { 16.0 } else { 0.0 })
            }
            Channel::Blue => {
                let s = unit(true) / (2.0 * (1.0 - kb));
                ([-kr * s, -kg * s, (1.0 - kb) * s], 128.0)
            }
            Channel::Red => {
                let s = unit(true) / (2.0 * (1.0 - kr));
                ([(1.0 - kr) * s, -kg * s, -kb * s], 128.0)
            }
        };
        // Chroma weights must add up to exactly zero, luma's to its whole scale.
        let rounded = w.map(|w| (w * 65536.0).round() as i32);
        let whole = ((w[0] + w[1] + w[2]) * 65536.0).round() as i32;
        let weights = [rounded[0], whole - rounded[0] - rounded[2], rounded[2]];
        Self { weights, zero, half }
    }

    /// The plane as stored, in its own codes.
    pub(crate) fn stored() -> Self {
        Self { weights: [65536, 0, 0], zero: 0.0, half: false }
    }
}

/// A plane computed row by row on demand.
#[derive(Clone, Copy)]
pub(super) struct LazyPlane<'a> {
    codes: &'a Codes,
    fine: Option<&'a Fine>,
    sums: Option<&'a BlockSums>,
    recipe: Recipe,
    first: usize,
    stored: bool,
    level: Level,
}

/// Sums of the whole 2×2 blocks of three channels.
pub(super) struct BlockSums {
    width: usize,
    height: usize,
    planes: Vec<Vec<u16>>,
}

impl BlockSums {
    /// Blocks start at the first sample, or one later where an odd side was mirrored (`block_start`).
    pub(crate) fn new(codes: &Codes, ctx: &Context<'_>) -> Self {
        let (width, height) = (codes.width / 2, codes.height / 2);
        let (left, top) = super::repeated_chroma::block_start(codes);
        let planes = ctx.map(codes.planes.len(), |p| {
            let mut out = vec![0u16; width * height];
            if width > 0 {
                for (y, out) in out.chunks_exact_mut(width).enumerate() {
                    let row = |y: usize| &codes.row(p, top + y)[left..];
                    rows::sum_blocks(ctx.level, out, row(2 * y), row(2 * y + 1));
                }
            }
            out
        });
        Self { width, height, planes }
    }
}

impl<'a> LazyPlane<'a> {
    /// A plane behind the three channels of `codes`; `sums` serve planes of half size.
    pub(crate) fn new(codes: &'a Codes, sums: &'a BlockSums, recipe: Recipe, level: Level) -> Self {
        Self { codes, fine: None, sums: recipe.half.then_some(sums), recipe, first: 0, stored: false, level }
    }

    /// One plane of `codes`, unchanged.
    pub(crate) fn stored(codes: &'a Codes, plane: usize, level: Level) -> Self {
        Self { codes, fine: None, sums: None, recipe: Recipe::stored(), first: plane, stored: true, level }
    }

    /// A plane of more than 8 bits; `codes` are the same samples in 8.
    pub(crate) fn fine(fine: &'a Fine, codes: &'a Codes, level: Level) -> Self {
        Self { fine: Some(fine), stored: false, ..Self::stored(codes, 0, level) }
    }

    pub(crate) fn width(&self) -> usize {
        self.sums.map_or(self.codes.width, |s| s.width)
    }

    pub(crate) fn height(&self) -> usize {
        self.sums.map_or(self.codes.height, |s| s.height)
    }

    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// The stored codes, when the plane is one of them.
    pub(crate) fn codes(&self) -> Option<(&'a Codes, usize)> {
        self.stored.then_some((self.codes, self.first))
    }

    /// Writes row `y` in 1/64 codes.
    pub(crate) fn fill(&self, y: usize, out: &mut [i16]) {
        self.fill_from(0, y, out);
    }

    /// Writes row `y` from column `x` on, `out.len()` samples.
    pub(crate) fn fill_from(&self, x: usize, y: usize, out: &mut [i16]) {
        let columns = x..x + out.len();
        if let Some(fine) = self.fine {
            out.copy_from_slice(&fine.data[y * fine.width..][..fine.width][columns]);
        } else if let Some(sums) = self.sums {
            let add = (self.recipe.zero * 4.0 * 65536.0) as i32 + 2048;
            let row = |p: usize| {
                &sums.planes[p.min(sums.planes.len() - 1)][y * sums.width..][..sums.width][columns.clone()]
            };
            rows::weigh_sums(self.level, out, row(0), row(1), row(2), self.recipe.weights, add);
        } else if self.stored {
            rows::sixty_fourths(self.level, out, &self.codes.row(self.first, y)[columns]);
        } else {
            let add = (self.recipe.zero * 65536.0) as i32 + 512;
            let row = |p: usize| &self.codes.row(self.first + p, y)[columns.clone()];
            rows::weigh_row(self.level, out, row(0), row(1), row(2), self.recipe.weights, add);
        }
    }

    /// Evenly spread squares with about `enough` samples: [`spread::squares`](super::spread::squares).
    pub(crate) fn squares(&self, enough: usize) -> Vec<Window> {
        squares(self.width(), self.height(), enough)
    }

    /// Ranges and means of the 3×3 windows centred in a square.
    pub(crate) fn windows(&self, square: Window, out: &mut Windows) {
        let Window { x0, y0, x1, y1 } = square.grown(1, self.width(), self.height());
        let w = x1 - x0;
        let inner = w.saturating_sub(2);
        let count = (y1 - y0).saturating_sub(2);
        out.width = inner;
        out.rows = if inner == 0 { 0 } else { count };
        out.range.clear();
        out.range.resize(inner * count, 0);
        out.mean.clear();
        out.mean.resize(inner * count, 0);
        out.deviation.clear();
        out.deviation.resize(inner * count, 0);
        if out.rows == 0 {
            return;
        }
        out.lines.resize(3 * w, 0);
        out.high.resize(w, 0);
        out.low.resize(w, 0);
        out.sum.resize(w, 0);
        for y in y0..y0 + 2 {
            self.fill_from(x0, y, &mut out.lines[(y % 3) * w..][..w]);
        }
        for i in 0..count {
            let y = y0 + 2 + i;
            self.fill_from(x0, y, &mut out.lines[(y % 3) * w..][..w]);
            let line = |y: usize| &out.lines[(y % 3) * w..][..w];
            rows::columns3(
                self.level,
                &mut out.high[..w],
                &mut out.low[..w],
                &mut out.sum[..w],
                line(y - 2),
                line(y - 1),
                line(y),
            );
            let at = i * inner..(i + 1) * inner;
            rows::windows3(
                self.level,
                &mut out.range[at.clone()],
                &mut out.mean[at.clone()],
                &out.high[..w],
                &out.low[..w],
                &out.sum[..w],
            );
            let middle = &line(y - 1)[1..=inner];
            rows::subtract(self.level, &mut out.deviation[at.clone()], middle, &out.mean[at]);
        }
    }
}

/// 3×3 windows of a part of a plane, in 1/64 codes, with scratch space.
#[derive(Default)]
pub(super) struct Windows {
    /// Windows in a row.
    pub width: usize,
    /// Rows of windows.
    pub rows: usize,
    /// Maximum minus minimum.
    pub range: Vec<i16>,
    /// Mean.
    pub mean: Vec<i16>,
    /// Centre sample minus mean.
    pub deviation: Vec<i16>,
    lines: Vec<i16>,
    high: Vec<i16>,
    low: Vec<i16>,
    sum: Vec<i32>,
}
