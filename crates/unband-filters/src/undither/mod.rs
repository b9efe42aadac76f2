//! `undither`: dithered images back to smooth ones, inside the intervals that the dither leaves.
//!
//! Ordered dither stores `q = round(x + d)`, in steps, with a known `d`: `x` is within half a step of
//! `q - d`. Error diffusion keeps the mean of a neighbourhood, so its error has little energy at low
//! frequencies.
//!
//! 1. Subtract the dither.
//! 2. Drop the coefficients of shifted 8×8 blocks that the noise explains, of three channels in brightness
//!    and two colour differences (`noise.rs`).
//! 3. Move towards a surface without any texture, as far as the samples do not contradict it (`surface.rs`).
//! 4. Clamp to the intervals.

mod means;
mod noise;
mod palette;
mod surface;

use unband_image::findings::{Cause, Dithering, Findings, GridRegions, PlaneGrid};
use unband_image::method::defaults;
use unband_image::{
    Context, Entry, Image, Model, Needs, Params, RestoreError, Restorer, SparePool, TileIn, TileOut, Window,
};
use unband_simd::filters::undither as rows;
use unband_simd::jobs::faithful::nearest_level;

use self::noise::{CHANNELS, DIFFERENCES, Noise, mix};
use self::palette::PaletteDither;
use self::surface::Surfaces;
use crate::area::{Area, reflected};
use crate::shifted_blocks::{Averager, Scratch};

unband_image::params! {
    /// Settings of `undither`.
    pub struct UnditherParams {
        /// Strength of the correction. 0 changes nothing, 1 is the measured optimum; higher values also
        /// remove faint texture.
        strength: f32 = 1.0, 0.0..=4.0;
    }
}

/// The registry entry.
pub const ENTRY: Entry = Entry {
    name: "undither",
    title: "Dither subtracted, noise of its spectrum removed inside the intervals",
    source: "unband (docs/how/undither.md)",
    ours: true,
    rgb: false,
    params: UnditherParams::INFO,
    defaults: defaults::<UnditherParams>,
    build: |method| {
        let params = method.params::<UnditherParams>();
        Ok(Box::new(move |image, findings, ctx| {
            ctx.check()?;
            if findings.cause == Cause::Palette
                && params.strength > 0.0
                && let Some(dithering) = &findings.dither
                && let Some(palette) = PaletteDither::new(image, dithering, params.strength)
            {
                return Ok(Box::new(palette));
            }
            Ok(Box::new(Undither::new(&params, image, findings)))
        }))
    },
};

/// Samples around a window that influence it, rounded up to whole blocks.
const HALO: usize = 56;
/// Side of a block.
const BLOCK: usize = 8;
/// Distance in codes from a level that was rounded to a code, with a margin.
const OFF_LEVELS: f32 = 0.75;

/// The grid of a plane, in 8-bit codes.
#[derive(Clone, Copy, Debug)]
struct Steps {
    step: f32,
    offset: f32,
    /// Are samples moved to the nearest level first? It was rounded to the container's codes.
    on_levels: bool,
    /// Samples farther from a level, in codes, were not dithered.
    off_levels: f32,
}

/// `undither`, prepared for one image. An image without known dither stays unchanged.
pub(crate) struct Undither {
    dithering: Option<Dithering>,
    planes: Vec<Steps>,
    /// Are three channels processed together?
    together: bool,
    /// Luma samples per sample of the smallest plane.
    scale: usize,
    averager: Averager,
    surfaces: Surfaces,
    strength: f32,
    /// Where the dither is, if not everywhere.
    regions: Option<GridRegions>,
    buffers: SparePool<Buffers>,
}

/// Working memory of one thread.
#[derive(Default)]
struct Buffers {
    /// Samples less their dither.
    samples: Vec<Area>,
    /// Brightness and colour differences.
    mixed: [Area; 3],
    averaged: [Area; 3],
    /// Results.
    results: Vec<Area>,
    average: Scratch,
    surface: surface::Scratch,
}

impl Undither {
    /// Prepares the filter for an image with these findings.
    pub(crate) fn new(params: &UnditherParams, image: &Image, findings: &Findings) -> Self {
        let grid = |p: usize| findings.grids.get(p).or(findings.grids.first());
        let steps = |grid: &PlaneGrid| Steps {
            step: grid.step_codes.max(1e-3),
            offset: grid.offset_codes,
            on_levels: grid.found && findings.cause == Cause::Levels && !findings.lossy,
            off_levels: match findings.regions {
                Some(_) => OFF_LEVELS + grid.offset_codes.abs(),
                None => f32::INFINITY,
            },
        };
        let planes: Vec<Steps> = (0..image.planes.len()).filter_map(|p| grid(p).map(steps)).collect();
        let known = planes.len() == image.planes.len() && params.strength > 0.0;
        let dithering = findings.dither.clone().filter(|_| known);
        let together = image.color.model == Model::Rgb && image.planes.len() == 3;
        let scales = (0..image.planes.len()).map(|p| image.plane_scale(p));
        let mut filter = Self {
            scale: scales.fold(1, |most, (sx, sy)| most.max(sx).max(sy)),
            surfaces: Surfaces::new(dithering.as_ref().is_none_or(Dithering::is_ordered), params.strength),
            averager: Averager::everywhere([]),
            dithering,
            planes,
            together,
            strength: params.strength,
            regions: findings.regions.clone(),
            buffers: SparePool::default(),
        };
        if filter.dithering.is_some() {
            let noise = Noise::measure(&filter, image);
            let limits = noise.limits(filter.surfaces.ordered);
            filter.averager = Averager::everywhere(limits.map(|l| l.map(|l| l * params.strength.max(1.0))));
        }
        filter
    }

    /// Samples of a plane's window less their dither, in 8-bit codes. The area is a whole number of blocks;
    /// beyond the window it is mirrored.
    fn fill(&self, image: &Image, plane: usize, window: Window, out: &mut Area) {
        let Some(dithering) = &self.dithering else { return };
        let Steps { step, offset, on_levels, off_levels } = self.planes[plane];
        let (w, h) = (window.width(), window.height());
        out.reshape(window.x0, window.y0, w.next_multiple_of(BLOCK), h.next_multiple_of(BLOCK));
        let mut dither = vec![0.0; w];
        for y in 0..h {
            dithering.row(plane, (window.x0, window.y0 + y), &mut dither);
            let source = &image.planes[plane].row(window.y0 + y)[window.x0..window.x1];
            let row = out.row_mut(y);
            for ((out, &source), dither) in row.iter_mut().zip(source).zip(&dither) {
                let codes = 255.0 * source;
                let level = nearest_level(codes, step, offset) * step + offset;
                *out = if (codes - level).abs() > off_levels {
                    codes
                } else {
                    (if on_levels { level } else { codes }) - dither
                };
            }
            for x in w..row.len() {
                row[x] = row[reflected(x, w)];
            }
        }
        for y in h..out.height {
            let (above, below) = out.data.split_at_mut(y * out.width);
            let from = reflected(y, h) * out.width;
            below[..out.width].copy_from_slice(&above[from..from + out.width]);
        }
    }

    /// Removes the coefficients that the noise explains: `samples` to `results`.
    fn average(&self, ctx: &Context<'_>, b: &mut Buffers) {
        let level = ctx.level;
        if !self.together {
            for (i, (samples, result)) in b.samples.iter().zip(&mut b.results).enumerate() {
                result.reshape(samples.x0, samples.y0, samples.width, samples.height);
                self.averager.average(level, i, None, samples, result, &mut b.average);
            }
            return;
        }
        let [red, green, blue] = b.samples.as_slice() else { return };
        mix(level, [red, green, blue], DIFFERENCES, &mut b.mixed);
        for (i, (mixed, averaged)) in b.mixed.iter().zip(&mut b.averaged).enumerate() {
            averaged.reshape(mixed.x0, mixed.y0, mixed.width, mixed.height);
            self.averager.average(level, i, None, mixed, averaged, &mut b.average);
        }
        mix(level, b.averaged.each_ref(), CHANNELS, &mut b.results);
    }
}

impl Restorer for Undither {
    fn needs(&self) -> Needs {
        Needs { align: self.scale * BLOCK, ..Needs::halo(self.scale * HALO) }
    }

    fn working_bytes(&self, (width, height): (usize, usize), at_once: usize, _: &Context<'_>) -> u64 {
        /// Planes of a window in use at once.
        const PLANES: usize = 24;
        (4 * PLANES * width * height * at_once) as u64
    }

    fn touches(&self, _: &TileIn<'_>) -> bool {
        self.dithering.is_some()
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        ctx.check()?;
        if self.dithering.is_none() {
            return Ok(());
        }
        let mut b = self.buffers.take().unwrap_or_default();
        b.samples.resize_with(self.planes.len(), Area::default);
        b.results.resize_with(self.planes.len(), Area::default);
        for (p, samples) in b.samples.iter_mut().enumerate() {
            self.fill(input.image, p, input.outer_on(p), samples);
        }
        self.average(ctx, &mut b);
        let share = self.strength.min(1.0) / 255.0;
        for (p, steps) in self.planes.iter().enumerate() {
            ctx.check()?;
            let (samples, result) = (&b.samples[p], &mut b.results[p]);
            self.surfaces.blend(ctx.level, steps.step, samples, result, &mut b.surface);
            let core = input.core_on(p);
            let half = self.surfaces.half() * steps.step;
            for y in 0..core.height() {
                let at = (core.y0 + y - samples.y0) * samples.width + core.x0 - samples.x0;
                let result = &mut result.data[at..at + core.width()];
                rows::hold(ctx.level, result, &samples.data[at..at + core.width()], half);
                let out = output.planes[p].row_mut(y);
                let outside = self.regions.iter().flat_map(|regions| {
                    regions.outside(p, core.x0, core.y0 + y, core.width(), input.image.plane_scale(p))
                });
                outside.for_each(|x| result[x] = 255.0 * out[x]);
                for (out, result) in out.iter_mut().zip(result) {
                    *out += share * (*result - 255.0 * *out);
                }
            }
        }
        self.buffers.give(b);
        Ok(())
    }
}
