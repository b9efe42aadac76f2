//! The eight orientations of an image, and a canonical orientation computed from its samples.

use std::cmp::Ordering;

use crate::context::Context;
use crate::image::{Image, Plane};

/// An orientation: mirrored across and down first, then transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Turn {
    /// Swap left and right.
    pub across: bool,
    /// Swap top and bottom.
    pub down: bool,
    /// Transpose afterwards.
    pub transposed: bool,
}

impl Turn {
    /// All eight; the first is the identity.
    pub const ALL: [Self; 8] = {
        let mut all = [Self { across: false, down: false, transposed: false }; 8];
        let mut i = 0;
        while i < 8 {
            all[i] = Self { across: i & 1 > 0, down: i & 2 > 0, transposed: i & 4 > 0 };
            i += 1;
        }
        all
    };

    /// The orientation that makes an image upright which is stored in an Exif orientation, 1 to 8: 1 and all
    /// other values are the identity.
    ///
    /// Source: CIPA DC-008 (Exif), tag Orientation.
    pub fn from_exif(orientation: u8) -> Self {
        Self {
            across: matches!(orientation, 2 | 3 | 7 | 8),
            down: matches!(orientation, 3 | 4 | 6 | 7),
            transposed: matches!(orientation, 5..=8),
        }
    }

    /// Is it the identity?
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Columns and rows of an image in this orientation.
    pub fn size(self, (width, height): (usize, usize)) -> (usize, usize) {
        if self.transposed { (height, width) } else { (width, height) }
    }

    /// The inverse.
    #[must_use]
    pub fn back(self) -> Self {
        let Self { across, down, transposed } = self;
        if transposed { Self { across: down, down: across, transposed } } else { self }
    }

    /// The orientation that brings an image and all its rotated and mirrored versions to the same samples:
    /// wider than high, with more light to the right and to the bottom. It depends on the samples alone, is
    /// exact, and hardly ever changes from one frame of a scene to the next. All planes must have the same
    /// size.
    ///
    /// Sums are of integers, so that their order does not matter. Where light is evenly distributed, the
    /// first differing sample decides; where no sample differs, the oriented images are identical.
    pub fn canonical(image: &Image, ctx: &Context<'_>) -> Self {
        let size = (image.width(), image.height());
        let (x, y) = moments(&image.planes[image.planes.len() / 2], ctx);
        let key = |turn: &Self| {
            let (x, y) = (if turn.across { -x } else { x }, if turn.down { -y } else { y });
            if turn.transposed { (y, x) } else { (x, y) }
        };
        let wide = |turn: &&Self| {
            let (width, height) = turn.size(size);
            width >= height
        };
        let all: Vec<&Self> = Self::ALL.iter().filter(wide).collect();
        let most = all.iter().map(|turn| key(turn)).max();
        let best = all.into_iter().filter(|turn| Some(key(turn)) == most);
        best.copied()
            .reduce(|a, b| if order(image, a, b) == Ordering::Less { b } else { a })
            .unwrap_or_default()
    }

    /// Applies the orientation to the planes of an image, transparency included; all metadata stays.
    /// Mirroring needs no memory, a transposition one more plane.
    pub fn apply(self, image: &mut Image, ctx: &Context<'_>) {
        // A transposed plane leaves its memory to the next.
        let mut spare = Vec::new();
        for plane in image.planes.iter_mut().chain(&mut image.alpha) {
            self.apply_to_plane(plane, &mut spare, ctx);
        }
    }

    /// Applies the orientation to one plane. A transposition needs as many samples in `spare`, which is
    /// extended where it is too short, and leaves the memory of the plane there.
    pub fn apply_to_plane(self, plane: &mut Plane, spare: &mut Vec<f32>, ctx: &Context<'_>) {
        let rows = plane.width.max(1);
        match self {
            _ if self.is_none() => {}
            Self { transposed: true, .. } => {
                spare.resize(plane.data.len(), 0.0);
                self.transpose(plane, spare, ctx);
                std::mem::swap(&mut plane.data, spare);
                (plane.width, plane.height) = (plane.height, plane.width);
            }
            Self { across: true, down: true, .. } => plane.data.reverse(),
            Self { across: true, .. } => plane.data.chunks_exact_mut(rows).for_each(<[f32]>::reverse),
            _ => {
                let (top, bottom) = plane.data.split_at_mut(plane.height / 2 * plane.width);
                let pairs = top.chunks_exact_mut(rows).zip(bottom.rchunks_exact_mut(rows));
                pairs.for_each(|(a, b)| a.swap_with_slice(b));
            }
        }
    }

    /// The samples of a plane, mirrored as requested and transposed.
    fn transpose(self, plane: &Plane, turned: &mut [f32], ctx: &Context<'_>) {
        /// Side of the tiles that are transposed at a time, so that rows of both planes stay in the cache.
        const SIDE: usize = 32;
        let width = plane.height.max(1);
        let bands: Vec<&mut [f32]> = turned.chunks_mut(SIDE * width).collect();
        ctx.map_parts(bands, |band, rows: &mut [f32]| {
            for x0 in (0..width).step_by(SIDE) {
                for (y, row) in rows.chunks_exact_mut(width).enumerate() {
                    let y = band * SIDE + y;
                    let from = if self.across { plane.width - 1 - y } else { y };
                    for (x, to) in row.iter_mut().enumerate().skip(x0).take(SIDE) {
                        let line = if self.down { plane.height - 1 - x } else { x };
                        *to = plane.data[line * plane.width + from];
                    }
                }
            }
        });
    }

    /// Position in the source plane of a sample of the oriented plane.
    fn place(self, plane: &Plane, (x, y): (usize, usize)) -> usize {
        let (x, y) = if self.transposed { (y, x) } else { (x, y) };
        let x = if self.across { plane.width - 1 - x } else { x };
        let y = if self.down { plane.height - 1 - y } else { y };
        y * plane.width + x
    }
}

/// First moments about the middle, across and down, of samples as integers with more bits than files have.
fn moments(plane: &Plane, ctx: &Context<'_>) -> (i128, i128) {
    /// Rows per thread, and samples per row, whose sums fit in 32 bits.
    const PART: (usize, usize) = (64, 512);
    let code = |v: f32| (v * 65_536.0).clamp(-1_048_576.0, 1_048_576.0) as i32;
    let parts = ctx.map(plane.height.div_ceil(PART.0), |part| {
        let rows = part * PART.0..((part + 1) * PART.0).min(plane.height);
        let mut columns = vec![0i32; plane.width];
        let sums = rows.map(|y| {
            let pieces = columns.chunks_mut(PART.1).zip(plane.row(y).chunks(PART.1));
            let sum = |(columns, row): (&mut [i32], &[f32])| {
                let mut sum = 0i32;
                for (column, &v) in columns.iter_mut().zip(row) {
                    let code = code(v);
                    *column += code;
                    sum += code;
                }
                i64::from(sum)
            };
            pieces.map(sum).sum()
        });
        (sums.collect::<Vec<i64>>(), columns)
    });
    let mut columns = vec![0i64; plane.width];
    for (_, part) in &parts {
        columns.iter_mut().zip(part).for_each(|(sum, &v)| *sum += i64::from(v));
    }
    let moment = |sums: &mut dyn Iterator<Item = i64>, n: usize| {
        sums.enumerate().map(|(i, sum)| (2 * i as i128 - (n as i128 - 1)) * i128::from(sum)).sum::<i128>()
    };
    let across = moment(&mut columns.iter().copied(), plane.width);
    let down = moment(&mut parts.iter().flat_map(|(rows, _)| rows).copied(), plane.height);
    (across, down)
}

/// Compares two orientations of an image, which give the same size, sample by sample.
fn order(image: &Image, a: Turn, b: Turn) -> Ordering {
    for plane in image.planes.iter().chain(&image.alpha) {
        let (width, height) = a.size((plane.width, plane.height));
        for y in 0..height {
            for x in 0..width {
                let [left, right] = [a, b].map(|turn| plane.data[turn.place(plane, (x, y))]);
                let order = left.total_cmp(&right);
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
    Ordering::Equal
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // tests check exact results
#[allow(clippy::unwrap_used)]
mod tests;
