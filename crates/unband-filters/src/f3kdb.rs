//! `f3kdb`: means of samples at random distances, with grain and dither.

mod plane;
mod random;
mod settings;
mod tables;

use std::fmt;
use std::sync::Mutex;

use unband_image::{
    CodePlane, CodeRestorer, CodesMut, Context, Depth, Entry, Image, Method, Model, Needs, ParamError,
    Params, Range, RestoreError, Restorer, TileIn, TileOut, Window, dither,
    method::{Prepare, defaults},
};
use unband_simd::filters::f3kdb::Diffusion;
use unband_simd::{Level, image::codes};

pub use plane::{Dither, Rule, f3kdb_plane};
pub use settings::{F3kdbParams, Presets};
pub use tables::Tables;

use crate::PlaneError;
use crate::codes::{CodePlanes, CodeRows};
use crate::grid::{Grid, Sample, View, check_sound, read_tile};
use plane::{Rows, f3kdb_rows};

const NAME: &str = "f3kdb";

/// `f3kdb`: compares each sample with the mean of others at a random distance, uses the mean where it is
/// closer than a threshold, adds grain, and dithers to the output depth.
///
/// Works in integer codes, 16 bits internally, and gives the original's codes for YUV and grey images of 8 to
/// 16 bits. Lower depths use the same formulas; for floating-point images the range 0 to 1 is processed at 16
/// bits. Random numbers depend on size, `seed` and `frames`, and are the same in every frame unless
/// `dynamic_grain` is set. A sample whose code stays is not touched. Images narrower or lower than 16
/// samples, which the original rejects, are not changed. Error diffusion needs the whole image and is
/// sequential; everything before it is shared among threads.
///
/// Source: `neo_f3kdb` 10 (`flash3kyuu_deband`), `src/core.cpp`, `src/flash3kyuu_deband_impl_c.cpp` and
/// `src/flash3kyuu_deband_sse_base.h`. The original's versions for different processors do not agree
/// everywhere: at 15 and 16 bits, modes 1 to 5 are those of its SSE4.1 version; modes 6 and 7 are those of
/// its C++ version, with the `powf` and `atanf` of glibc 2.36.
/// Differs: all planes of RGB images use the settings and the grain of the first plane, so that grain stays
/// grey. Where the depth of full-range images changes, codes are scaled instead of shifted, so that white
/// stays white.
pub struct F3kdb {
    rules: Vec<Rule>,
    tables: Tables,
    depth: u8,
    halo: usize,
    diffuses: bool,
    idle: bool,
    code_planes: Option<CodePlanes>,
}

/// The registry entry.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "f3kdb: mean of surrounding samples, grain and dither",
    source: "neo_f3kdb 10 (flash3kyuu_deband), src/core.cpp",
    ours: false,
    rgb: false,
    params: F3kdbParams::INFO,
    defaults: defaults::<F3kdbParams>,
    build,
};

fn build(method: &Method) -> Result<Prepare, ParamError> {
    let params = F3kdbParams::from_method(method)?;
    Ok(Box::new(move |image, _, ctx| Ok(Box::new(F3kdb::new(&params, image, ctx)?))))
}

fn unsupported(what: impl fmt::Display) -> RestoreError {
    RestoreError::unsupported(NAME, what)
}

impl F3kdb {
    /// The filter for images of this size, depth and model. Output depth: that of the settings, else the
    /// context's, else the image's.
    ///
    /// # Errors
    /// For images without samples, unsupported chroma subsampling, and thresholds that need `scale`. When
    /// cancelled.
    pub fn new(params: &F3kdbParams, image: &Image, ctx: &Context<'_>) -> Result<Self, RestoreError> {
        check_sound(image, NAME)?;
        if !params.scale && params.highest() > 511 {
            return Err(unsupported(format!(
                "takes thresholds up to 511, got {}; with `scale=true` they are 16-bit codes up to 65535",
                params.highest()
            )));
        }
        let (width, height) = (image.width(), image.height());
        let chroma = halvings(image).ok_or_else(|| {
            unsupported(
                "needs chroma planes of full, half or a quarter of luma's size; convert to 4:4:4 or 4:2:0",
            )
        })?;
        let idle = width < 16 || height < 16;
        let own = Grid::new(image, 0).bits;
        let asked = match (params.output_depth, ctx.output) {
            (0, Some(Depth::Int(bits))) => bits,
            (0, _) => own,
            (bits, _) => bits as u8,
        };
        let depth = asked.clamp(1, 16);
        let full = !matches!(image.color.model, Model::Yuv { range: Range::Limited, .. });
        let rules: Vec<Rule> = (0..image.planes.len())
            .map(|p| {
                let kind = if image.color.model == Model::Rgb { 0 } else { p };
                let rule = Rule::new(params, kind, (own, depth));
                if full { rule.full_range(kind > 0) } else { rule }
            })
            .collect();
        let reach = rules.iter().enumerate().map(|(p, rule)| {
            let halved = if p == 0 { 0 } else { chroma.1 };
            rule.reach(halved) << halved
        });
        let halo = reach.max().unwrap_or(0);
        let diffuses = !idle && rules.iter().any(Rule::diffuses);
        let size = if idle { (0, 0) } else { (width, height) };
        let tables = Tables::new(params, size, chroma, ctx)?;
        let code_planes = CodePlanes::like(image, NAME).filter(|_| !idle);
        Ok(Self { rules, tables, depth, halo, diffuses, idle, code_planes })
    }

    /// The plane's codes in `input`'s core, and its 16-bit results.
    fn values<T: Sample>(
        &self,
        input: &TileIn<'_>,
        p: usize,
        ctx: &Context<'_>,
    ) -> Result<Values<T>, RestoreError> {
        ctx.check()?;
        let plane = &input.image.planes[p];
        let (core, outer) = (input.core_on(p), input.outer_on(p));
        let before: Vec<T> = read_tile(ctx.level, input, p, &Grid::new(input.image, p));
        let view = View::part(&before, outer, plane.width, plane.height)
            .filter(|_| core.width() == plane.width)
            .ok_or_else(|| unsupported(PlaneError::Window))?;
        let mut values = vec![0; plane.width * core.height()];
        let (tables, rule) = (&self.tables, &self.rules[p]);
        let mut rows = Rows::new(&view, core.y0..core.y1, tables, rule, ctx.frame).map_err(unsupported)?;
        for (row, y) in values.chunks_exact_mut(plane.width).zip(core.y0..core.y1) {
            rows.values(ctx.level, y, row);
        }
        let first = (core.y0 - outer.y0) * plane.width;
        Ok(Values { before, first, results: values })
    }
}

/// Rows of a plane as codes, and their 16-bit results.
struct Values<T> {
    /// With margin rows.
    before: Vec<T>,
    /// Start of the rows without margin.
    first: usize,
    results: Vec<u16>,
}

/// Chroma subsampling as powers of two, across and down; `None` if unsupported.
fn halvings(image: &Image) -> Option<(u32, u32)> {
    let (width, height) = (image.width(), image.height());
    let [_, chroma, ..] = image.planes.as_slice() else { return Some((0, 0)) };
    let halved = |own: usize, full: usize| (0..=2).find(|&n| own == full.div_ceil(1 << n));
    let same = image.planes[1..].iter().all(|p| (p.width, p.height) == (chroma.width, chroma.height));
    if !same {
        return None;
    }
    Some((halved(chroma.width, width)?, halved(chroma.height, height)?))
}

/// Destination of a plane's rounded rows.
struct Target<'a> {
    rule: &'a Rule,
    plane: &'a mut unband_image::Plane,
    diffusion: Option<Diffusion>,
    /// The next row, relative to the plane's first row in the image and to the tile's first row.
    next: (usize, usize),
    grids: (Grid, dither::Grid),
    same_depth: bool,
}

impl Target<'_> {
    /// Rounds and stores the next rows.
    fn put<T: Sample>(&mut self, level: Level, rows: &Values<T>) {
        let width = self.plane.width.max(1);
        if self.same_depth {
            let after: Vec<T> = self.rounded(level, &rows.results);
            let before = &rows.before[rows.first..];
            for (before, after) in before.chunks_exact(width).zip(after.chunks_exact(width)) {
                T::write(level, self.plane.row_mut(self.next.1), before, after, &self.grids.0);
                self.next = (self.next.0 + 1, self.next.1 + 1);
            }
        } else {
            let after: Vec<u16> = self.rounded(level, &rows.results);
            for after in after.chunks_exact(width) {
                let (scale, zero) = (self.grids.1.scale, self.grids.1.zero);
                codes::to_values_u16(level, self.plane.row_mut(self.next.1), after, scale, zero);
                self.next = (self.next.0 + 1, self.next.1 + 1);
            }
        }
    }

    fn rounded<U: Sample>(&mut self, level: Level, values: &[u16]) -> Vec<U> {
        let mut out = vec![U::default(); values.len()];
        if let Some(diffusion) = &mut self.diffusion {
            diffusion.rows(level, &mut out, values);
        } else {
            let width = self.plane.width.max(1);
            let rows = out.chunks_exact_mut(width).zip(values.chunks_exact(width));
            for ((out, values), y) in rows.zip(self.next.0..) {
                self.rule.round(level, y, out, values);
            }
        }
        out
    }
}

impl F3kdb {
    fn restore_as<T: Sample>(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let model = input.image.color.model;
        let targets: Vec<Mutex<Target<'_>>> = output
            .planes
            .iter_mut()
            .zip(&self.rules)
            .enumerate()
            .map(|(p, (plane, rule))| {
                let grid = Grid::new(input.image, p);
                Mutex::new(Target {
                    rule,
                    diffusion: rule.diffuses().then(|| rule.diffusion(plane.width)),
                    plane,
                    next: (input.core_on(p).y0, 0),
                    grids: (grid, dither::Grid::of_bits(model, p, self.depth)),
                    same_depth: grid.bits == self.depth,
                })
            })
            .collect();
        // Diffusion gets the whole image: process it in bands of several rows per thread.
        let (width, height) = (input.image.width(), input.image.height());
        let rows = if self.diffuses { PART_ROWS } else { input.core.height() };
        let starts: Vec<usize> = (input.core.y0..input.core.y1).step_by(rows.max(1)).collect();
        for band in starts.chunks(if self.diffuses { ctx.threads.max(1) } else { 1 }) {
            let parts = ctx.map(band.len() * targets.len(), |i| {
                let (p, y0) = (i / band.len(), band[i % band.len()]);
                let core = Window { y0, y1: (y0 + rows).min(input.core.y1), ..input.core };
                let outer = core.grown(self.halo.next_multiple_of(4), width, height);
                self.values::<T>(&TileIn { image: input.image, core, outer }, p, ctx)
            });
            let parts: Vec<Values<T>> = parts.into_iter().collect::<Result<_, _>>()?;
            ctx.map(targets.len(), |p| {
                if let Ok(mut target) = targets[p].lock() {
                    parts[p * band.len()..][..band.len()].iter().for_each(|part| target.put(ctx.level, part));
                }
            });
        }
        Ok(())
    }
}

/// Rows of the first plane per thread with error diffusion.
const PART_ROWS: usize = 128;

impl Restorer for F3kdb {
    fn needs(&self) -> Needs {
        Needs { full_width: true, whole_image: self.diffuses, ..Needs::halo(self.halo) }
    }

    fn rounds_to(&self) -> Option<Depth> {
        (!self.idle).then_some(Depth::Int(self.depth))
    }

    fn as_codes(&self) -> Option<&dyn CodeRestorer> {
        self.code_planes.is_some().then_some(self)
    }

    fn touches(&self, _: &TileIn<'_>) -> bool {
        !self.idle
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        if self.idle {
            return Ok(());
        }
        if Grid::new(input.image, 0).bits <= 8 {
            self.restore_as::<u8>(input, output, ctx)
        } else {
            self.restore_as::<u16>(input, output, ctx)
        }
    }
}

impl F3kdb {
    fn rows<T: Sample, U: Sample>(
        &self,
        part: CodeRows<'_, T, U>,
        ctx: &Context<'_>,
    ) -> Result<(), PlaneError> {
        let rule = &self.rules[part.plane];
        f3kdb_rows(ctx.level, part.out, &part.view, part.rows, &self.tables, rule, ctx.frame)
    }
}

impl CodeRestorer for F3kdb {
    fn restore_codes(
        &self,
        input: &[CodePlane<'_>],
        output: &mut [CodesMut<'_>],
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let code_planes = CodePlanes::or_refused(self.code_planes.as_ref(), NAME)?;
        let split = !self.diffuses;
        match (code_planes.bits() == 8, self.depth <= 8) {
            (true, true) => {
                code_planes.by_rows(input, output, split, ctx, |part| self.rows::<u8, u8>(part, ctx))
            }
            (true, false) => {
                code_planes.by_rows(input, output, split, ctx, |part| self.rows::<u8, u16>(part, ctx))
            }
            (false, true) => {
                code_planes.by_rows(input, output, split, ctx, |part| self.rows::<u16, u8>(part, ctx))
            }
            (false, false) => {
                code_planes.by_rows(input, output, split, ctx, |part| self.rows::<u16, u16>(part, ctx))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
