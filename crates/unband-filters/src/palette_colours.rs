//! Palette analysis: neighbouring colours, and the Voronoi region of each colour.
//!
//! A quantiser maps each sample to the nearest colour, so a colour stands for the samples that are closer to
//! it than to any other: its Voronoi region in RGB, here its quantisation interval. Two colours are
//! neighbours where almost no other one is between them.

use std::collections::HashMap;

use unband_image::{Depth, Image, Model};

/// Neighbours farther apart than this, in codes, are an edge, not a gradient.
const WIDEST: f32 = 48.0;
/// The same where dither alternates between them.
const WIDEST_DITHERED: f32 = 150.0;
/// Greatest distance of a sample from its code, less the dither, as a multiple of that without dither.
const REACH_DITHERED: f32 = 2.0;
/// A colour is between two others when its squared distances to both add up to less than this share of
/// theirs: 1 is a sphere over the two.
const BETWEEN: f32 = 0.6;
/// Number of nearest neighbours that bound an interval.
const BOUNDS: usize = 12;
/// Number of virtual contours, with the whole image's mean, in the initial statistics of each colour.
const PRIOR: f32 = 8.0;

/// A colour or a difference of colours, in 8-bit codes.
pub type Rgb = [f32; 3];

/// `a - b`.
pub fn difference(a: Rgb, b: Rgb) -> Rgb {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// Scalar product.
pub(crate) fn dot(a: Rgb, b: Rgb) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The colours of an image of 8 bits and at most 256 colours.
pub struct PaletteColours {
    width: usize,
    index: Vec<u8>,
    /// The palette in codes.
    pub rgb: Vec<Rgb>,
    /// Distance between adjacent neighbours of a colour, in codes.
    pub gap: Vec<f32>,
    /// By pair of colours: 1 for neighbours and colours at most as far apart, 0 for edges.
    links: Vec<f32>,
    /// By pair of colours: distance in intervals, at most 2.
    steps: Vec<f32>,
    /// Directions to the bounding neighbours, and their squared lengths.
    bounds: Vec<Vec<(Rgb, f32)>>,
    /// Greatest squared length of a change that no neighbour bounds.
    inner: Vec<f32>,
    /// Mean products of the differences to adjacent neighbours.
    products: Vec<[Rgb; 3]>,
    /// Half the widest extent of any interval that contains a code, by channel and code.
    halves: [Vec<f32>; 3],
}

impl PaletteColours {
    /// `None` for other images.
    pub fn new(image: &Image) -> Option<Self> {
        Self::with_limits(image, WIDEST, 1.0)
    }

    /// Of an image with dither, which alternates between colours far apart.
    pub fn dithered(image: &Image) -> Option<Self> {
        Self::with_limits(image, WIDEST_DITHERED, REACH_DITHERED)
    }

    fn with_limits(image: &Image, widest: f32, reach: f32) -> Option<Self> {
        let (width, height) = (image.width(), image.height());
        let whole = image.planes.iter().all(|p| (p.width, p.height) == (width, height));
        if image.color.model != Model::Rgb
            || image.planes.len() != 3
            || image.depth != Depth::Int(8)
            || !whole
        {
            return None;
        }
        let mut seen: HashMap<[u8; 3], u8> = HashMap::new();
        let mut index = Vec::with_capacity(width * height);
        let mut codes: Vec<[u8; 3]> = Vec::new();
        let mut last = None;
        let [r, g, b] = [0, 1, 2].map(|p: usize| &image.planes[p].data);
        for ((&r, &g), &b) in r.iter().zip(g).zip(b) {
            let colour = [r, g, b].map(|v| image.depth.code(v) as u8);
            let at = match last {
                Some((same, at)) if same == colour => at,
                _ => {
                    let next = u8::try_from(codes.len()).ok();
                    if let Some(&at) = seen.get(&colour) {
                        at
                    } else {
                        seen.insert(colour, next?);
                        codes.push(colour);
                        next?
                    }
                }
            };
            last = Some((colour, at));
            index.push(at);
        }
        let rgb: Vec<Rgb> = codes.iter().map(|c| c.map(f32::from)).collect();
        let mut colours = Self {
            width,
            index,
            gap: Vec::new(),
            links: Vec::new(),
            steps: Vec::new(),
            bounds: Vec::new(),
            inner: Vec::new(),
            products: Vec::new(),
            halves: Default::default(),
            rgb,
        };
        colours.measure(&codes, widest, reach);
        Some(colours)
    }

    fn measure(&mut self, codes: &[[u8; 3]], widest: f32, reach: f32) {
        let n = self.rgb.len();
        let mut squares = vec![0.0f32; n * n];
        for (i, row) in squares.chunks_exact_mut(n.max(1)).enumerate() {
            for (square, &other) in row.iter_mut().zip(&self.rgb) {
                let d = difference(other, self.rgb[i]);
                *square = dot(d, d);
            }
        }
        let row = |i: usize| &squares[i * n..][..n];
        let adjacent = |i: usize, j: usize| {
            let between = BETWEEN * squares[i * n + j];
            let mut neighbours = row(i).iter().zip(row(j)).enumerate();
            i != j && neighbours.all(|(k, (a, b))| k == i || k == j || a + b >= between)
        };
        let mut near = vec![false; n * n];
        for i in 0..n {
            for j in 0..i {
                near[i * n + j] = adjacent(i, j);
                near[j * n + i] = near[i * n + j];
            }
        }
        let met = self.meetings();
        let gradient = |i: usize, j: usize| near[i * n + j] && squares[i * n + j] <= widest * widest;
        let sums = |i: usize| {
            (0..n).filter(|&j| gradient(i, j)).fold((0.0f32, 0.0f32), |(sum, count), j| {
                let met = met[i * n + j] as f32;
                (sum + met * squares[i * n + j].sqrt(), count + met)
            })
        };
        let each: Vec<(f32, f32)> = (0..n).map(sums).collect();
        let (sum, count) =
            each.iter().fold((0.0f64, 0.0f64), |(s, c), e| (s + f64::from(e.0), c + f64::from(e.1)));
        let mean = if count > 0.0 { (sum / count) as f32 } else { 1.0 };
        self.products = self.products(&met, gradient);
        self.gap = each.iter().map(|(sum, count)| (sum + PRIOR * mean) / (count + PRIOR)).collect();
        (self.links, self.steps) = (vec![1.0; n * n], vec![0.0; n * n]);
        for i in 0..n {
            for j in (0..n).filter(|&j| j != i) {
                let cells = squares[i * n + j].sqrt() / (0.5 * (self.gap[i] + self.gap[j]));
                let (link, step) = (link(cells), cells.min(2.0));
                (self.links[i * n + j], self.steps[i * n + j]) =
                    if gradient(i, j) { (1.0, step.min(1.0)) } else { (link, step) };
            }
            let mut neighbours: Vec<usize> = (0..n).filter(|&j| near[i * n + j]).collect();
            neighbours.sort_by(|&a, &b| squares[i * n + a].total_cmp(&squares[i * n + b]));
            neighbours.truncate(BOUNDS);
            let nearest = neighbours.first().map_or(f32::INFINITY, |&j| squares[i * n + j]);
            self.inner.push(0.99 * 0.25 * nearest);
            let bound = |&j: &usize| (difference(self.rgb[j], self.rgb[i]), squares[i * n + j]);
            self.bounds.push(neighbours.iter().map(bound).collect());
        }
        // An interval is at least one code of the container wide.
        self.halves = std::array::from_fn(|_| vec![reach * 0.499; 256]);
        for (i, code) in codes.iter().enumerate() {
            for j in (0..n).filter(|&j| gradient(i, j)) {
                let apart = difference(self.rgb[j], self.rgb[i]);
                for ((halves, &code), apart) in self.halves.iter_mut().zip(code).zip(apart) {
                    let half = &mut halves[usize::from(code)];
                    *half = half.max(reach * (0.499 * apart.abs()));
                }
            }
        }
    }

    /// Mean products of the differences to the neighbours that each colour meets.
    fn products(&self, met: &[u32], gradient: impl Fn(usize, usize) -> bool) -> Vec<[Rgb; 3]> {
        let n = self.rgb.len();
        let sums = |i: usize| {
            let mut sums = ([[0.0f32; 3]; 3], 0.0f32);
            for j in (0..n).filter(|&j| gradient(i, j)) {
                let (apart, met) = (difference(self.rgb[j], self.rgb[i]), met[i * n + j] as f32);
                sums.1 += met;
                for (row, a) in sums.0.iter_mut().zip(apart) {
                    row.iter_mut().zip(apart).for_each(|(sum, b)| *sum += met * a * b);
                }
            }
            sums
        };
        let each: Vec<([Rgb; 3], f32)> = (0..n).map(sums).collect();
        let count: f32 = each.iter().map(|(_, count)| count).sum();
        let mean: [Rgb; 3] = std::array::from_fn(|a| {
            std::array::from_fn(|b| each.iter().map(|(sums, _)| sums[a][b]).sum::<f32>() / count.max(1.0))
        });
        let of_colour = |(sums, count): ([Rgb; 3], f32)| {
            let value = |a: usize, b: usize| (sums[a][b] + PRIOR * mean[a][b]) / (count + PRIOR);
            std::array::from_fn(|a| std::array::from_fn(|b| value(a, b)))
        };
        each.into_iter().map(of_colour).collect()
    }

    /// For each colour, the mean square of a weighted sum of the channels' differences to the neighbours that
    /// it meets, in squared codes.
    pub fn spread(&self, weights: Rgb) -> Vec<f32> {
        let of_colour = |products: &[Rgb; 3]| dot(weights, products.map(|row| dot(weights, row)));
        self.products.iter().map(of_colour).collect()
    }

    /// Number of adjacent samples with each pair of colours, across and down.
    fn meetings(&self) -> Vec<u32> {
        let n = self.rgb.len();
        let mut met = vec![0u32; n * n];
        let mut meet = |a: u8, b: u8| {
            if a != b {
                met[usize::from(a) * n + usize::from(b)] += 1;
                met[usize::from(b) * n + usize::from(a)] += 1;
            }
        };
        let rows: Vec<&[u8]> = self.index.chunks_exact(self.width.max(1)).collect();
        for row in &rows {
            row.windows(2).for_each(|pair| meet(pair[0], pair[1]));
        }
        for pair in rows.windows(2) {
            pair[0].iter().zip(pair[1]).for_each(|(&a, &b)| meet(a, b));
        }
        met
    }

    /// Palette indices of the samples of a row, from column `x` on.
    pub fn row(&self, x: usize, y: usize) -> &[u8] {
        &self.index[y * self.width..][..self.width][x..]
    }

    /// Do two colours belong to one surface? 1 for yes, 0 for an edge.
    pub fn link(&self, a: u8, b: u8) -> f32 {
        self.links[usize::from(a) * self.rgb.len() + usize::from(b)]
    }

    /// Distance of two colours in intervals, at most 2.
    pub fn step(&self, a: u8, b: u8) -> f32 {
        self.steps[usize::from(a) * self.rgb.len() + usize::from(b)]
    }

    /// Projects a change of a colour into its interval, in `rounds` rounds.
    pub fn hold(&self, colour: u8, mut change: Rgb, rounds: usize) -> Rgb {
        if dot(change, change) <= self.inner[usize::from(colour)] {
            return change;
        }
        for _ in 0..rounds {
            for &(to, square) in &self.bounds[usize::from(colour)] {
                let beyond = dot(change, to) / square - 0.5;
                if beyond > 0.0 {
                    change = std::array::from_fn(|c| change[c] - beyond * to[c]);
                }
            }
        }
        change
    }

    /// By channel and code, the maximum distance of a sample from its code, in codes: half the distance to
    /// any neighbour of any colour with that code, or the whole distance with dither.
    pub fn halves(&self) -> &[Vec<f32>; 3] {
        &self.halves
    }
}

/// Link weight of two samples at a distance in intervals.
pub fn link(cells: f32) -> f32 {
    (3.2 - 2.0 * cells).clamp(0.0, 1.0)
}
