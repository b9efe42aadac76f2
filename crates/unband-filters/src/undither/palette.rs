//! Palettes: noise differs from colour to colour, and intervals are the Voronoi regions of the colours.
//!
//! A ditherer adds the same tile to all channels, or passes errors on, and takes the nearest colour. So a
//! sample less its tile is in the region of its colour, and its error has the spread of the colours around.

use unband_image::findings::Dithering;
use unband_image::{Context, Image, Needs, RestoreError, Restorer, SparePool, TileIn, TileOut, Window};
use unband_simd::Level;
use unband_simd::filters::undither as rows;

use super::BLOCK;
use super::means::{AROUND, DiffusedMeans, FilterAreas};
use super::noise::{CHANNELS, DIFFERENCES, diffused_spectrum, mix};
use crate::area::{Area, reflected};
use crate::gaussian::{filter, gaussian};
use crate::palette_colours::{PaletteColours, Rgb, difference};
use crate::shifted_blocks::{Averager, Scratch as Averaging};

/// Samples around a window that influence it.
const HALO: usize = 88;
/// Variance of the error of the nearest colour, per mean square of its distances to neighbours.
const ORDERED: f32 = 1.0 / 6.0;
const DIFFUSED: f32 = 1.0 / 12.0;
/// Thresholds as multiples of the noise.
const LIMIT: f32 = 2.6;
const LIMIT_DIFFUSED: f32 = 2.8;
/// Spread of the window in which the tile's share is measured, in samples; a mean share, and its weight.
const RESPONSE: f64 = 8.0;
const USUAL: (f32, f32) = (0.85, 0.05);
/// Greatest residue that counts, in codes, and greatest share of the tile.
const RESIDUE: f32 = 40.0;
const SHARE: f32 = 1.1;
/// Rounds of smoothing inside regions.
const ROUNDS: usize = 24;
/// Noise and room of a surface, per mean square of the distances.
const SURFACE: (f32, f32) = (1.0 / 12.0, 0.06);
/// The same for means of diffused dither with a spread of 1; the room falls with the square of the spread.
const MEANS: (f32, f32) = (2.0 / 12.0, 0.001);
/// Room of the blocks' result.
const KEPT: f32 = 0.01;
/// Variance of diffused noise, per energy that is measured above the low frequencies.
const MEASURED: f32 = 0.8 / 1.2;
/// Undithering of one palette image.
pub(super) struct PaletteDither {
    colours: PaletteColours,
    size: (usize, usize),
    dithering: Dithering,
    averager: Averager,
    /// By colour, the mean square of the distances to neighbours, in brightness and colour differences.
    mixed: [Vec<f32>; 3],
    /// The same in red, green and blue.
    own: [Vec<f32>; 3],
    /// Mean square of the tile less the means of 5×5 samples, for each channel.
    squares: [f32; 3],
    filters: Filters,
    strength: f32,
    buffers: SparePool<Buffers>,
}

/// Symmetric filters: half of each, the middle first.
struct Filters {
    box5: [f32; 3],
    response: Vec<f32>,
    around: Vec<f32>,
    means: DiffusedMeans,
}

impl Filters {
    fn new() -> Self {
        Self {
            box5: [0.2; 3],
            response: gaussian(RESPONSE),
            around: gaussian(AROUND),
            means: DiffusedMeans::new(),
        }
    }
}

/// Working memory of one thread.
#[derive(Default)]
struct Buffers {
    /// Palette indices.
    places: Vec<u8>,
    /// Codes, codes less the whole tile, and less its measured share.
    codes: [Area; 3],
    whole: [Area; 3],
    samples: [Area; 3],
    mixed: [Area; 3],
    variances: [Area; 3],
    averaged: [Area; 3],
    results: [Area; 3],
    target: [Area; 3],
    next: [Area; 3],
    s: FilterAreas,
    averaging: Averaging,
}

impl PaletteDither {
    /// `None` for an image without a palette.
    pub(super) fn new(image: &Image, dithering: &Dithering, strength: f32) -> Option<Self> {
        let colours = PaletteColours::dithered(image)?;
        let limits = if dithering.is_ordered() {
            [LIMIT * ORDERED.sqrt(); 64]
        } else {
            diffused_spectrum().map(|share| LIMIT_DIFFUSED * share)
        };
        Some(Self {
            averager: Averager::everywhere([limits.map(|limit| limit * strength.max(1.0)); 3]),
            mixed: DIFFERENCES.map(|weights| colours.spread(weights)),
            own: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(|weights| colours.spread(weights)),
            size: (image.width(), image.height()),
            squares: [0, 1, 2].map(|c| varied_square(dithering, c)),
            dithering: dithering.clone(),
            filters: Filters::new(),
            colours,
            strength,
            buffers: SparePool::default(),
        })
    }

    /// Indices and codes of a window, a whole number of blocks: beyond the image they are mirrored.
    fn fill(&self, window: Window, b: &mut Buffers) {
        let (w, h) = (window.width(), window.height());
        let (width, height) = (w.next_multiple_of(BLOCK), h.next_multiple_of(BLOCK));
        for area in &mut b.codes {
            area.reshape(window.x0, window.y0, width, height);
        }
        b.places.clear();
        for y in 0..height {
            let row = self.colours.row(window.x0, window.y0 + reflected(y, h));
            b.places.extend((0..width).map(|x| row[reflected(x, w)]));
        }
        for (c, area) in b.codes.iter_mut().enumerate() {
            let codes = area.data.iter_mut().zip(&b.places);
            codes.for_each(|(code, &place)| *code = self.colours.rgb[usize::from(place)][c]);
        }
    }

    /// Subtracts the tile: as a whole, and by the share of it that the colours around let through.
    fn subtract(&self, level: Level, b: &mut Buffers) {
        let FilterAreas { target: mean, energy: products, across, padded, .. } = &mut b.s;
        for c in 0..3 {
            let codes = &b.codes[c];
            let (w, h) = (codes.width, codes.height);
            b.whole[c].clone_from(codes);
            b.samples[c].clone_from(codes);
            if !self.dithering.is_ordered() {
                continue;
            }
            let mut tile = Area { x0: codes.x0, y0: codes.y0, ..Area::zeros(w, h) };
            for y in 0..h {
                self.dithering.row(c, (codes.x0, codes.y0 + y), tile.row_mut(y));
            }
            let mut varied = Area::zeros(w, h);
            filter(level, &tile, &mut varied, across, padded, &self.filters.box5);
            for (varied, tile) in varied.data.iter_mut().zip(&tile.data) {
                *varied = tile - *varied;
            }
            let square = self.squares[c];
            filter(level, codes, mean, across, padded, &self.filters.box5);
            for ((mean, code), varied) in mean.data.iter_mut().zip(&codes.data).zip(&varied.data) {
                *mean = (code - *mean).clamp(-RESIDUE, RESIDUE) * varied;
            }
            filter(level, mean, products, across, padded, &self.filters.response);
            let (share, weight) = USUAL;
            let scale = 1.0 / (square * (1.0 + weight)).max(1e-6);
            let samples = b.whole[c].data.iter_mut().zip(&mut b.samples[c].data);
            for (((whole, sample), product), tile) in samples.zip(&products.data).zip(&tile.data) {
                let share = ((product + weight * square * share) * scale).clamp(0.0, SHARE);
                *whole -= tile;
                *sample -= share * tile;
            }
        }
    }

    /// Mean squares of the distances around each sample, by the table of each colour.
    fn variances(&self, level: Level, tables: &[Vec<f32>; 3], b: &mut Buffers) {
        for (table, out) in tables.iter().zip(&mut b.variances) {
            b.s.target.reshape(0, 0, b.codes[0].width, b.codes[0].height);
            let each = b.s.target.data.iter_mut().zip(&b.places);
            each.for_each(|(value, &place)| *value = table[usize::from(place)]);
            filter(level, &b.s.target, out, &mut b.s.across, &mut b.s.padded, &self.filters.box5);
            (out.x0, out.y0) = (b.codes[0].x0, b.codes[0].y0);
        }
    }

    /// The variance of diffused noise is at most what the samples vary.
    fn bounded(&self, level: Level, b: &mut Buffers) {
        let FilterAreas { target: a, energy, across, padded, .. } = &mut b.s;
        for (mixed, variance) in b.mixed.iter().zip(&mut b.variances) {
            filter(level, mixed, a, across, padded, &self.filters.box5);
            for (mean, sample) in a.data.iter_mut().zip(&mixed.data) {
                *mean = (sample - *mean) * (sample - *mean);
            }
            filter(level, a, energy, across, padded, &self.filters.around);
            for (variance, energy) in variance.data.iter_mut().zip(&energy.data) {
                *variance = (DIFFUSED * *variance).min(MEASURED * energy);
            }
        }
    }

    /// Drops the coefficients that the noise explains, in brightness and two colour differences.
    fn average(&self, level: Level, b: &mut Buffers) {
        mix(level, b.samples.each_ref(), DIFFERENCES, &mut b.mixed);
        self.variances(level, &self.mixed, b);
        if !self.dithering.is_ordered() {
            self.bounded(level, b);
        }
        for (i, (mixed, averaged)) in b.mixed.iter().zip(&mut b.averaged).enumerate() {
            averaged.reshape(mixed.x0, mixed.y0, mixed.width, mixed.height);
            let variance = Some(&b.variances[i]);
            self.averager.average(level, i, variance, mixed, averaged, &mut b.averaging);
        }
    }

    /// Takes back where low frequencies lost more than noise, then moves brightness and differences to means
    /// that the samples do not contradict.
    fn means(&self, level: Level, b: &mut Buffers) {
        let (means, most) = (&self.filters.means, self.strength.max(1.0));
        let noise = 12.0 * MEANS.0 * means.passed as f32;
        for ((mixed, averaged), variance) in b.mixed.iter().zip(&mut b.averaged).zip(&b.variances) {
            let variance = &variance.data;
            let mut values = mixed.clone();
            let mut move_to = |target: &Area, energy: &Area, room: f32| {
                let (values, room) = (&mut values.data, 12.0 * room * most);
                rows::blend_each(level, values, &target.data, &energy.data, variance, noise, room);
            };
            means.removed(level, mixed, averaged, &mut b.s);
            move_to(averaged, &b.s.energy, KEPT);
            means
                .each(level, mixed, &mut b.s, |mean, energy, square| move_to(mean, energy, MEANS.1 / square));
            averaged.data.copy_from_slice(&values.data);
        }
    }

    /// Keeps values in the regions of their colours.
    fn hold(&self, places: &[u8], whole: &[Area; 3], values: &mut [Area; 3], rounds: usize) {
        let [red, green, blue] = values;
        let values = red.data.iter_mut().zip(&mut green.data).zip(&mut blue.data);
        for (i, (((red, green), blue), &place)) in values.zip(places).enumerate() {
            let centre: Rgb = std::array::from_fn(|c| whole[c].data[i]);
            let held = self.colours.hold(place, difference([*red, *green, *blue], centre), rounds);
            [*red, *green, *blue] = std::array::from_fn(|c| centre[c] + held[c]);
        }
    }

    /// Moves the results to the smoothest surface inside the regions, as far as the samples allow.
    fn surface(&self, level: Level, b: &mut Buffers) {
        self.hold(&b.places, &b.whole, &mut b.results, 2);
        let third = [1.0 / 3.0; 2];
        b.target.clone_from(&b.results);
        for _ in 0..ROUNDS {
            for (from, to) in b.target.iter().zip(&mut b.next) {
                filter(level, from, to, &mut b.s.across, &mut b.s.padded, &third);
            }
            self.hold(&b.places, &b.whole, &mut b.next, 1);
            std::mem::swap(&mut b.target, &mut b.next);
        }
        self.variances(level, &self.own, b);
        let FilterAreas { target: square, energy, across, padded, .. } = &mut b.s;
        for c in 0..3 {
            let (target, whole) = (&b.target[c], &b.whole[c]);
            square.reshape(0, 0, target.width, target.height);
            rows::square_difference(level, &mut square.data, &whole.data, &target.data);
            filter(level, square, energy, across, padded, &self.filters.around);
            let (noise, room) = (SURFACE.0, SURFACE.1 * self.strength.max(1.0));
            let (values, variance) = (&mut b.results[c].data, &b.variances[c].data);
            rows::blend_each(level, values, &target.data, &energy.data, variance, noise, room);
        }
        self.hold(&b.places, &b.whole, &mut b.results, 2);
    }
}

/// Mean square of a tile less the means of 5×5 samples.
fn varied_square(dithering: &Dithering, channel: usize) -> f32 {
    /// Every tile of a palette repeats in it.
    const SIDE: usize = 64;
    let at = |x: usize, y: usize| dithering.at(channel, (x % SIDE, y % SIDE));
    let varied = |i: usize| {
        let (x, y) = (i % SIDE, i / SIDE);
        let around = (0..25).map(|k| at(x + SIDE + k % 5 - 2, y + SIDE + k / 5 - 2)).sum::<f32>();
        at(x, y) - around / 25.0
    };
    (0..SIDE * SIDE).map(|i| varied(i).powi(2)).sum::<f32>() / (SIDE * SIDE) as f32
}

impl Restorer for PaletteDither {
    fn needs(&self) -> Needs {
        Needs { align: BLOCK, ..Needs::halo(HALO) }
    }

    fn working_bytes(&self, (width, height): (usize, usize), at_once: usize, _: &Context<'_>) -> u64 {
        /// Planes of a window in use at once.
        const PLANES: usize = 36;
        (4 * PLANES * width * height * at_once) as u64
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        ctx.check()?;
        let mut b = self.buffers.take().unwrap_or_default();
        let core = input.core;
        let outer = core.grown(HALO, self.size.0, self.size.1).aligned(BLOCK, self.size.0, self.size.1);
        self.fill(outer, &mut b);
        self.subtract(ctx.level, &mut b);
        self.average(ctx.level, &mut b);
        ctx.check()?;
        if self.dithering.is_ordered() {
            mix(ctx.level, b.averaged.each_ref(), CHANNELS, &mut b.results);
            self.surface(ctx.level, &mut b);
        } else {
            self.means(ctx.level, &mut b);
            mix(ctx.level, b.averaged.each_ref(), CHANNELS, &mut b.results);
        }
        let share = self.strength.min(1.0) / 255.0;
        for (c, halves) in self.colours.halves().iter().enumerate() {
            let (result, whole, codes) = (&b.results[c], &b.whole[c], &b.codes[c]);
            for y in 0..core.height() {
                let at = (core.y0 + y - result.y0) * result.width + core.x0 - result.x0;
                let out = output.planes[c].row_mut(y).iter_mut();
                let around = whole.data[at..].iter().zip(&codes.data[at..]);
                for ((out, &value), (&whole, &code)) in out.zip(&result.data[at..]).zip(around) {
                    let half = halves[code as usize];
                    *out += share * (value.clamp(whole - half, whole + half) - 255.0 * *out);
                }
            }
        }
        self.buffers.give(b);
        Ok(())
    }
}
