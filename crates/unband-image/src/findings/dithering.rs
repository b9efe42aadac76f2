//! The dither that an image was quantised with.

use crate::turn::Turn;

/// The kind of dither that an image was quantised with.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Dithering {
    /// Ordered: a tile was added before the samples were rounded.
    Tile(DitherTile),
    /// Ordered, by a formula that does not repeat.
    GradientNoise(GradientNoise),
    /// Error diffusion: the mean of a neighbourhood is kept, the sample is not.
    Diffused,
}

/// A tile that repeats from the image's corner on, as measured.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DitherTile {
    /// Samples across.
    pub columns: usize,
    /// Samples down.
    pub rows: usize,
    /// For each plane the value that was added, in 8-bit codes, row by row. Its mean is 0.
    pub codes: Vec<Vec<f32>>,
}

impl DitherTile {
    /// A square tile of planes with `side * side` values each.
    pub fn square(side: usize, codes: Vec<Vec<f32>>) -> Self {
        Self { columns: side, rows: side, codes }
    }
}

/// Interleaved gradient noise: `frac(52.9829189 · frac(across · x + down · y + start)) − ½`, times a step.
///
/// Source: Jimenez, "Next generation post processing in Call of Duty: Advanced Warfare" (SIGGRAPH 2014), p.
/// 123.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GradientNoise {
    /// Growth of the inner term per sample across.
    pub across: f64,
    /// Growth per sample down.
    pub down: f64,
    /// The inner term at the image's corner.
    pub start: f64,
    /// For each plane, its step in 8-bit codes.
    pub codes: Vec<f32>,
}

impl GradientNoise {
    /// Growth of the inner term per sample across and down.
    pub(crate) const GROWTH: (f64, f64) = (0.067_110_56, 0.005_837_15);
    const FACTOR: f64 = 52.982_918_9;

    /// The noise of an image whose corner has this inner term.
    pub fn starting(start: f64, codes: Vec<f32>) -> Self {
        Self { across: Self::GROWTH.0, down: Self::GROWTH.1, start, codes }
    }

    /// The noise at a sample, −½ to ½.
    pub fn at(&self, x: usize, y: usize) -> f32 {
        // `rem_euclid(1.0)` has the same result, by a division that takes ten times as long.
        let fraction = |value: f64| value - value.floor();
        let inner = fraction(self.across * x as f64 + self.down * y as f64 + self.start);
        (fraction(Self::FACTOR * inner) - 0.5) as f32
    }
}

impl Dithering {
    /// Is it added before rounding, so that samples have intervals of their own?
    pub fn is_ordered(&self) -> bool {
        !matches!(self, Self::Diffused)
    }

    /// Writes the values that were added to a row of a plane, from sample `(x0, y)` on, in 8-bit codes; 0 for
    /// error diffusion. A plane beyond the known ones has the values of the last.
    pub fn row(&self, plane: usize, (x0, y): (usize, usize), out: &mut [f32]) {
        match self {
            Self::Tile(tile) => {
                let codes = tile.codes.get(plane).or(tile.codes.last());
                let line = codes.and_then(|codes| codes.get(y % tile.rows.max(1) * tile.columns..));
                let line = line.and_then(|line| line.get(..tile.columns)).unwrap_or_default();
                if line.is_empty() {
                    out.fill(0.0);
                    return;
                }
                let start = x0 % line.len();
                out.iter_mut().zip(line.iter().cycle().skip(start)).for_each(|(out, value)| *out = *value);
            }
            Self::GradientNoise(noise) => {
                let step = noise.codes.get(plane).or(noise.codes.last()).copied().unwrap_or(0.0);
                out.iter_mut().enumerate().for_each(|(i, out)| *out = step * noise.at(x0 + i, y));
            }
            Self::Diffused => out.fill(0.0),
        }
    }

    /// The value that was added to a sample, in 8-bit codes.
    pub fn at(&self, plane: usize, at: (usize, usize)) -> f32 {
        let mut value = [0.0];
        self.row(plane, at, &mut value);
        value[0]
    }

    /// The dither that at least half of several frames have in common, with the mean of their tiles. `None`
    /// where it differs from frame to frame, as noise does. The order of the frames does not matter.
    pub fn shared(frames: &[Option<&Self>]) -> Option<Self> {
        let having = || frames.iter().copied().flatten();
        let like = |one: &'_ Self| having().filter(|other| one.is_like(other)).collect::<Vec<_>>();
        let group = having().map(like).max_by_key(Vec::len)?;
        if 2 * group.len() < frames.len() {
            return None;
        }
        let tiles = group.iter().map(|dither| match dither {
            Self::Tile(tile) => Some(tile),
            Self::GradientNoise(_) | Self::Diffused => None,
        });
        let tiles: Option<Vec<&DitherTile>> = tiles.collect();
        Some(tiles.map_or_else(|| group[0].clone(), |tiles| Self::Tile(DitherTile::mean(&tiles))))
    }

    /// Is the same added to all samples, but for errors of its estimate?
    fn is_like(&self, other: &Self) -> bool {
        /// Side of the square that is compared.
        const SIDE: usize = 64;
        /// Greatest side of a matrix with many samples for each place.
        const SMALL: usize = 16;
        // Bayer's matrix of 4×4 has 0.92 with itself two samples further on, blue noise 0 and less accurate
        // estimates.
        let least = match (self, other) {
            (Self::Diffused, Self::Diffused) => return true,
            (Self::Tile(a), Self::Tile(b)) if (a.columns, a.rows) == (b.columns, b.rows) => {
                if a.columns <= SMALL { 0.95 } else { 0.7 }
            }
            (Self::GradientNoise(_), Self::GradientNoise(_)) => 0.7,
            _ => return false,
        };
        let (mut a, mut b) = ([0.0; SIDE], [0.0; SIDE]);
        let mut sums = [0.0f32; 3];
        for (plane, y) in (0..3).flat_map(|plane| (0..SIDE).map(move |y| (plane, y))) {
            self.row(plane, (0, y), &mut a);
            other.row(plane, (0, y), &mut b);
            // A plane without a known tile agrees with any.
            if a.iter().all(|a| *a == 0.0) || b.iter().all(|b| *b == 0.0) {
                continue;
            }
            for (a, b) in a.iter().zip(&b) {
                [a * a, a * b, b * b].into_iter().zip(&mut sums).for_each(|(term, sum)| *sum += term);
            }
        }
        sums[1] > 0.0 && sums[1] >= least * (sums[0] * sums[2]).sqrt()
    }

    /// The same dither for an image of that size after the change of orientation.
    #[must_use]
    pub fn turned(&self, turn: Turn, (width, height): (usize, usize)) -> Self {
        match self {
            Self::Tile(tile) => Self::Tile(tile.turned(turn, (width, height))),
            Self::GradientNoise(noise) => {
                let mut noise = noise.clone();
                if turn.across {
                    noise.start += noise.across * (width as f64 - 1.0);
                    noise.across = -noise.across;
                }
                if turn.down {
                    noise.start += noise.down * (height as f64 - 1.0);
                    noise.down = -noise.down;
                }
                if turn.transposed {
                    std::mem::swap(&mut noise.across, &mut noise.down);
                }
                Self::GradientNoise(noise)
            }
            Self::Diffused => Self::Diffused,
        }
    }

    /// "a 4×4 tile", "interleaved gradient noise", "error diffusion".
    pub fn words(&self) -> String {
        match self {
            Self::Tile(tile) => {
                let article = if matches!(tile.columns, 8 | 11 | 18 | 80..=89) { "an" } else { "a" };
                format!("{article} {}×{} tile", tile.columns, tile.rows)
            }
            Self::GradientNoise(_) => "interleaved gradient noise".to_owned(),
            Self::Diffused => "error diffusion".to_owned(),
        }
    }

    /// Samples of a tile, across and down; `None` where nothing repeats.
    pub fn side(&self) -> Option<(usize, usize)> {
        match self {
            Self::Tile(tile) => Some((tile.columns, tile.rows)),
            Self::GradientNoise(_) | Self::Diffused => None,
        }
    }

    /// Identifier for machine-readable output.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Tile(_) => "tile",
            Self::GradientNoise(_) => "gradient-noise",
            Self::Diffused => "error-diffusion",
        }
    }
}

impl DitherTile {
    /// The mean of tiles of one size, for each plane of those that have values there.
    fn mean(tiles: &[&Self]) -> Self {
        let Some(first) = tiles.first() else { return Self::square(0, Vec::new()) };
        let plane = |p: usize| {
            let codes = tiles.iter().filter_map(|tile| tile.codes.get(p));
            let known: Vec<&Vec<f32>> = codes.filter(|codes| codes.iter().any(|v| *v != 0.0)).collect();
            let value = |at: usize| {
                let mut each: Vec<f32> = known.iter().filter_map(|codes| codes.get(at).copied()).collect();
                // One order of summing for all orders of the frames.
                each.sort_by(f32::total_cmp);
                each.iter().sum::<f32>() / each.len().max(1) as f32
            };
            (0..first.columns * first.rows).map(value).collect()
        };
        Self { codes: (0..first.codes.len()).map(plane).collect(), ..(*first).clone() }
    }

    fn turned(&self, turn: Turn, (width, height): (usize, usize)) -> Self {
        let (columns, rows) = (self.columns, self.rows);
        if columns == 0 || rows == 0 {
            return self.clone();
        }
        // The place in this tile of a sample of the mirrored image.
        let back = |i: usize, mirrored: bool, size: usize, side: usize| {
            if mirrored { (size + side * side - 1 - i) % side } else { i }
        };
        let turned = |codes: &Vec<f32>| {
            let value = |x: usize, y: usize| {
                let (x, y) = (back(x, turn.across, width, columns), back(y, turn.down, height, rows));
                codes.get(y * columns + x).copied().unwrap_or(0.0)
            };
            if turn.transposed {
                (0..columns * rows).map(|i| value(i / rows, i % rows)).collect()
            } else {
                (0..columns * rows).map(|i| value(i % columns, i / columns)).collect()
            }
        };
        let (columns, rows) = if turn.transposed { (rows, columns) } else { (columns, rows) };
        Self { columns, rows, codes: self.codes.iter().map(turned).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dither_of_a_turned_image_is_at_the_same_samples() {
        let tile = DitherTile { columns: 3, rows: 4, codes: vec![(0..12).map(|i| i as f32).collect()] };
        let noise = GradientNoise::starting(0.3, vec![2.0]);
        for size in [(7, 9), (12, 5), (3, 4)] {
            for dither in [Dithering::Tile(tile.clone()), Dithering::GradientNoise(noise.clone())] {
                for turn in Turn::ALL {
                    let turned = dither.turned(turn, size);
                    for (x, y) in (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y))) {
                        let to = (
                            if turn.across { size.0 - 1 - x } else { x },
                            if turn.down { size.1 - 1 - y } else { y },
                        );
                        let to = if turn.transposed { (to.1, to.0) } else { to };
                        let (before, after) = (dither.at(0, (x, y)), turned.at(0, to));
                        assert!((before - after).abs() < 1e-4, "{turn:?} {size:?} {x} {y} {before} {after}");
                    }
                }
            }
        }
    }

    #[test]
    fn frames_share_the_mean_of_their_tiles() {
        let tile = |codes: [f32; 4]| Dithering::Tile(DitherTile::square(2, vec![codes.to_vec(); 3]));
        let (a, b) = (tile([-3.0, 1.0, 3.0, -1.0]), tile([-3.2, 1.2, 2.8, -0.8]));
        let moved = tile([1.0, -3.0, -1.0, 3.0]);
        let mean = tile([-3.1, 1.1, 2.9, -0.9]);
        for frames in
            [vec![Some(&a), Some(&b), None, Some(&moved)], vec![Some(&moved), Some(&b), None, Some(&a)]]
        {
            let Some(Dithering::Tile(shared)) = Dithering::shared(&frames) else { panic!("no tile") };
            let same = |p: usize, i: usize| (shared.codes[p][i] - mean.at(p, (i % 2, i / 2))).abs() < 1e-6;
            assert!((0..12).all(|i| same(i / 4, i % 4)), "{shared:?}");
        }
        assert_eq!(Dithering::shared(&[Some(&a), Some(&moved), None]), None);
        let noise = |start: f64| Dithering::GradientNoise(GradientNoise::starting(start, vec![8.0; 3]));
        assert_eq!(Dithering::shared(&[Some(&noise(0.2)), Some(&noise(0.5)), Some(&noise(0.9))]), None);
        assert!(Dithering::shared(&[Some(&noise(0.2)), Some(&noise(0.2001)), None]).is_some());
        assert_eq!(Dithering::shared(&[None, Some(&Dithering::Diffused)]), Some(Dithering::Diffused));
    }

    #[test]
    fn rows_begin_anywhere_in_the_tile() {
        let dither = Dithering::Tile(DitherTile::square(2, vec![vec![0.0, 1.0, 2.0, 3.0]]));
        let mut row = [0.0; 5];
        dither.row(2, (3, 5), &mut row);
        assert_eq!(row.map(|v| v as u8), [3, 2, 3, 2, 3]);
    }
}
