//! Smoothest surface of a palette image: all channels at once, inside the Voronoi regions of its colours.

use unband_image::{Context, Image, TileIn, TileOut, Window};
use unband_simd::Level;

use super::density::{Density, Raster};
use super::gate::{NEAR, NEAR_AXIS, WIDE, WIDE_AXIS};
use super::grid::Grid;
use super::surface::{PULL, level_count};
use crate::palette_colours::{PaletteColours, Rgb, difference, dot, link};

/// Sweeps of the two finest levels, and of the others, which are cheap.
const SWEEPS: [usize; 2] = [6, 16];

/// Radius of influence: the sweeps at full and at half size, and the interpolation between. The wide box of
/// the gates needs 13.
const RIM: usize = 20;

/// Least-squares factor between the surface's correction and the true error, for luma, per density of steps
/// near (rows) and wide (columns), in intervals. Fitted on training photos of 64 and 128 colours by two
/// quantisers.
const LUMA: [[f32; 12]; 9] = [
    [1.2, 1.2, 1.1, 1.04, 0.6, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [1.25, 1.22, 1.2, 1.16, 0.96, 0.74, 0.5, 0.45, 0.3, 0.1, 0.0, 0.0],
    [1.2, 1.2, 1.19, 1.16, 0.97, 0.82, 0.68, 0.61, 0.52, 0.28, 0.1, 0.0],
    [1.2, 1.2, 1.18, 1.1, 0.93, 0.79, 0.7, 0.6, 0.57, 0.44, 0.29, 0.0],
    [1.1, 1.1, 1.05, 1.02, 0.87, 0.73, 0.68, 0.59, 0.53, 0.46, 0.37, 0.1],
    [1.0, 1.0, 1.0, 0.95, 0.7, 0.62, 0.62, 0.6, 0.51, 0.44, 0.34, 0.15],
    [0.8, 0.8, 0.8, 0.75, 0.5, 0.45, 0.45, 0.5, 0.5, 0.41, 0.31, 0.2],
    [0.4, 0.4, 0.4, 0.4, 0.3, 0.3, 0.3, 0.33, 0.32, 0.33, 0.25, 0.18],
    [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.06, 0.12, 0.07],
];

/// The same for the difference from luma: a small palette quantises it far more coarsely, so it is right in
/// texture too.
const CHROMA: [[f32; 12]; 9] = [
    [1.5, 1.5, 1.5, 1.5, 1.15, 0.67, 0.4, 0.3, 0.1, 0.0, 0.0, 0.0],
    [1.5, 1.4, 1.33, 1.35, 1.12, 0.96, 0.85, 0.7, 0.45, 0.4, 0.4, 0.3],
    [1.4, 1.3, 1.25, 1.3, 1.15, 1.04, 0.98, 0.85, 0.66, 0.62, 0.6, 0.5],
    [1.25, 1.25, 1.24, 1.23, 1.16, 1.05, 1.01, 0.93, 0.84, 0.77, 0.71, 0.7],
    [1.2, 1.2, 1.18, 1.17, 1.12, 1.06, 1.02, 0.95, 0.86, 0.79, 0.74, 0.74],
    [1.15, 1.15, 1.15, 1.15, 1.05, 1.0, 0.98, 0.96, 0.89, 0.84, 0.82, 0.8],
    [1.1, 1.1, 1.1, 1.08, 1.05, 0.93, 0.88, 0.9, 0.9, 0.87, 0.86, 0.8],
    [1.0, 1.0, 1.0, 1.0, 1.0, 0.92, 0.92, 0.94, 0.91, 0.9, 0.89, 0.81],
    [0.85, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85, 0.83, 0.83, 0.84, 0.76],
];

/// Luma weights.
const LUMA_WEIGHTS: Rgb = [0.299, 0.587, 0.114];

/// One level of the pyramid: colours and the widths of their intervals, in codes.
#[derive(Clone, Default)]
struct Means {
    width: usize,
    height: usize,
    rgb: Vec<Rgb>,
    gap: Vec<f32>,
}

impl Means {
    fn new(colours: &PaletteColours, window: Window) -> Self {
        let (width, height) = (window.width(), window.height());
        let mut rgb = Vec::with_capacity(width * height);
        let mut gap = Vec::with_capacity(width * height);
        for y in window.y0..window.y1 {
            for &i in &colours.row(window.x0, y)[..width] {
                rgb.push(colours.rgb[usize::from(i)]);
                gap.push(colours.gap[usize::from(i)]);
            }
        }
        Self { width, height, rgb, gap }
    }

    /// 2×2 means; an odd last row or column repeats.
    fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let (mut rgb, mut gap) = (Vec::with_capacity(width * height), Vec::with_capacity(width * height));
        for y in 0..height {
            let (top, bottom) = (2 * y * self.width, (2 * y + 1).min(self.height - 1) * self.width);
            for x in 0..width {
                let (left, right) = (2 * x, (2 * x + 1).min(self.width - 1));
                let [a, b, c, d] = [top + left, top + right, bottom + left, bottom + right];
                let mean = |v: [f32; 4]| ((v[0] + v[3]) + (v[1] + v[2])) * 0.25;
                rgb.push(std::array::from_fn(|p| mean([a, b, c, d].map(|i| self.rgb[i][p]))));
                gap.push(mean([a, b, c, d].map(|i| self.gap[i])));
            }
        }
        Self { width, height, rgb, gap }
    }

    /// Links to the right and to the lower neighbours, 0 where there are none.
    fn links(&self, linked: impl Fn(usize, usize) -> f32) -> [Vec<f32>; 2] {
        let all = self.rgb.len();
        let right = |i: usize| if (i + 1).is_multiple_of(self.width) { 0.0 } else { linked(i, i + 1) };
        let below = |i: usize| if i + self.width < all { linked(i, i + self.width) } else { 0.0 };
        [(0..all).map(right).collect(), (0..all).map(below).collect()]
    }

    /// Distance of two samples in intervals.
    fn cells(&self, i: usize, j: usize) -> f32 {
        let d = difference(self.rgb[i], self.rgb[j]);
        dot(d, d).sqrt() / (0.5 * (self.gap[i] + self.gap[j]))
    }

    /// Start of the sweeps: the coarser surface where it is inside the interval, less of it outside.
    fn start(&self, surface: &mut [Rgb]) {
        for (i, u) in surface.iter_mut().enumerate() {
            let d = difference(*u, self.rgb[i]);
            let cells = dot(d, d).sqrt() / self.gap[i];
            let part = ((0.65 - cells) * (1.0 / 0.15)).clamp(0.0, 1.0) * (0.5 / cells.max(1e-9)).min(1.0);
            *u = std::array::from_fn(|c| self.rgb[i][c] + part * d[c]);
        }
    }

    /// Sweeps a surface, each sample clamped by `hold`.
    fn sweep(
        &self,
        surface: &mut Vec<Rgb>,
        links: &[Vec<f32>; 2],
        (pull, sweeps): (f32, usize),
        hold: impl Fn(usize, Rgb) -> Rgb,
    ) {
        let w = self.width;
        let mut next = surface.clone();
        for _ in 0..sweeps {
            for (i, out) in next.iter_mut().enumerate() {
                let (left, above) = (i.wrapping_sub(1), i.wrapping_sub(w));
                let weight = |links: &[f32], i: usize| links.get(i).copied().unwrap_or(0.0);
                // A row's last sample has no link to the right, so the next row gets none from it.
                let near = [
                    (i + 1, links[0][i]),
                    (left, weight(&links[0], left)),
                    (i + w, links[1][i]),
                    (above, weight(&links[1], above)),
                ];
                let here = surface[i];
                let (mut sides, mut weights) = ([[0.0f32; 3]; 2], [0.0f32; 2]);
                for (n, (at, k)) in near.into_iter().enumerate() {
                    if k > 0.0 {
                        let other = surface[at];
                        let side = &mut sides[n / 2];
                        *side = std::array::from_fn(|c| side[c] + k * other[c]);
                        weights[n / 2] += k;
                    }
                }
                let scale = (1.0 - pull) / (1.0 + (weights[0] + weights[1]));
                let keep = 1.0 - pull;
                let v = self.rgb[i];
                let change =
                    std::array::from_fn(|c| (here[c] + (sides[0][c] + sides[1][c])) * scale - v[c] * keep);
                let change = hold(i, change);
                *out = std::array::from_fn(|c| v[c] + change[c]);
            }
            std::mem::swap(surface, &mut next);
        }
    }

    /// Clamps a change to half an interval.
    fn ball(&self, i: usize, change: Rgb) -> Rgb {
        let length = dot(change, change).sqrt();
        let part = (0.5 * self.gap[i] / length.max(1e-9)).min(1.0);
        change.map(|d| d * part)
    }

    fn solve(&self, surface: &mut Vec<Rgb>, pull: f32, sweeps: usize) {
        let links = self.links(|i, j| link(self.cells(i, j)));
        self.sweep(surface, &links, (pull, sweeps), |i, d| self.ball(i, d));
    }
}

/// Bilinear ×2: fine columns `x0..`, rows `y0..` (both even) of a coarse surface.
fn doubled(coarse: &[Rgb], cw: usize, ch: usize, window: Window) -> Vec<Rgb> {
    let place = |at: usize, end: usize| {
        let near = at / 2;
        (near, if at % 2 == 1 { (near + 1).min(end - 1) } else { near.saturating_sub(1) })
    };
    let blend = |a: Rgb, b: Rgb| -> Rgb { std::array::from_fn(|c| 0.75 * a[c] + 0.25 * b[c]) };
    let mut out = Vec::with_capacity(window.width() * window.height());
    for y in window.y0..window.y1 {
        let (near, far) = place(y, ch);
        for x in window.x0..window.x1 {
            let (here, next) = place(x, cw);
            let row = |y: usize| blend(coarse[y * cw + here], coarse[y * cw + next]);
            out.push(blend(row(near), row(far)));
        }
    }
    out
}

/// The surface of one image.
pub(super) struct PaletteSurface {
    colours: PaletteColours,
    size: (usize, usize),
    /// The second pyramid level, for the whole image.
    coarse: Option<(Vec<Rgb>, (usize, usize))>,
    levels: usize,
    pull: [f32; 6],
    gates: [Raster; 2],
}

impl PaletteSurface {
    /// `None` for images without an 8-bit palette.
    pub(super) fn new(image: &Image, strength: f32, ctx: &Context<'_>) -> Option<Self> {
        const STRIP: usize = 64;
        let colours = PaletteColours::new(image)?;
        let (width, height) = (image.width(), image.height());
        let levels = level_count(width, height);
        let pull = PULL.map(|pull| pull / strength.max(1.0));
        let shape = |g: f32| if strength <= 1.0 { g * strength } else { g.powf(1.0 / (strength * strength)) };
        let gates = [&LUMA, &CHROMA].map(|table| Raster::new(&NEAR_AXIS, &WIDE_AXIS, table, shape));
        let mut made = Self { colours, size: (width, height), coarse: None, levels, pull, gates };
        if levels >= 3 {
            let strips = ctx.map(height.div_ceil(STRIP), |s| {
                let (y0, y1) = (s * STRIP, ((s + 1) * STRIP).min(height));
                Means::new(&made.colours, Window { x0: 0, y0, x1: width, y1 }).halved().halved()
            });
            let mut first = Means { width: width.div_ceil(2).div_ceil(2), ..Means::default() };
            for strip in strips {
                first.height += strip.height;
                first.rgb.extend(strip.rgb);
                first.gap.extend(strip.gap);
            }
            let mut pyramid = vec![first];
            for l in 3..levels {
                pyramid.push(pyramid[l - 3].halved());
            }
            let mut surface = Vec::new();
            let mut size = (0, 0);
            for (l, means) in pyramid.iter().enumerate().rev() {
                let whole = Window { x0: 0, y0: 0, x1: means.width, y1: means.height };
                surface = if surface.is_empty() {
                    means.rgb.clone()
                } else {
                    doubled(&surface, size.0, size.1, whole)
                };
                means.start(&mut surface);
                means.solve(&mut surface, made.pull[l + 2], SWEEPS[1]);
                size = (means.width, means.height);
            }
            made.coarse = Some((surface, size));
        }
        Some(made)
    }

    /// Writes the samples of a window.
    pub(super) fn restore(&self, input: &TileIn<'_>, output: &mut TileOut, level: Level) {
        let core = input.core;
        let (width, height) = self.size;
        let outer = core.grown(RIM, width, height).aligned(4, width, height);
        let fine = Means::new(&self.colours, outer);
        let (w, h) = (fine.width, fine.height);
        let places: Vec<u8> =
            (outer.y0..outer.y1).flat_map(|y| &self.colours.row(outer.x0, y)[..w]).copied().collect();
        let mut surface = if self.levels > 1 {
            let half = fine.halved();
            let at = Window {
                x0: outer.x0 / 2,
                y0: outer.y0 / 2,
                x1: outer.x0 / 2 + half.width,
                y1: outer.y0 / 2 + half.height,
            };
            let mut surface = match &self.coarse {
                &Some((ref coarse, (width, height))) => doubled(coarse, width, height, at),
                None => half.rgb.clone(),
            };
            half.start(&mut surface);
            half.solve(&mut surface, self.pull[1], SWEEPS[0]);
            doubled(&surface, half.width, half.height, Window { x0: 0, y0: 0, x1: w, y1: h })
        } else {
            fine.rgb.clone()
        };
        fine.start(&mut surface);
        let links = fine.links(|i, j| self.colours.link(places[i], places[j]));
        fine.sweep(&mut surface, &links, (self.pull[0], SWEEPS[0]), |i, d| {
            self.colours.hold(places[i], d, 1)
        });
        let inner = core.inside(outer);
        let mut density = Density::default();
        density.fill(w, h, |i| {
            // Each of two samples gets half of the step between them.
            let (x, here) = (i % w, places[i]);
            let step = |there: bool, j: usize| if there { self.colours.step(here, places[j]) } else { 0.0 };
            let across = step(x > 0, i.wrapping_sub(1)) + step(x + 1 < w, i + 1);
            let down = step(i >= w, i.wrapping_sub(w)) + step(i + w < places.len(), i + w);
            0.5 * (across + down)
        });
        let (mut near, mut wide) = (Grid::default(), Grid::default());
        let scale = self.gates[0].scale;
        density.means(level, &mut near, inner, NEAR, scale.0);
        density.means(level, &mut wide, inner, WIDE, scale.1);
        let n = core.width();
        let (mut luma, mut chroma) = (vec![0.0; n], vec![0.0; n]);
        for y in 0..core.height() {
            self.gates[0].look_up(level, &mut luma, near.row(y), wide.row(y));
            self.gates[1].look_up(level, &mut chroma, near.row(y), wide.row(y));
            for x in 0..n {
                let i = (inner.y0 + y) * w + inner.x0 + x;
                let d = difference(surface[i], fine.rgb[i]);
                let light = dot(d, LUMA_WEIGHTS);
                let change = d.map(|d| light * luma[x] + (d - light) * chroma[x]);
                let change = self.colours.hold(places[i], change, 2);
                let halves = self.colours.halves().iter().zip(fine.rgb[i]);
                for ((plane, (halves, code)), change) in output.planes.iter_mut().zip(halves).zip(change) {
                    let half = halves[code as usize];
                    plane.row_mut(y)[x] += change.clamp(-half, half) * (1.0 / 255.0);
                }
            }
        }
    }
}
