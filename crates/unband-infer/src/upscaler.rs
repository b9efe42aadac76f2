//! Execution of upscaling networks over whole images or windows.

use std::sync::Arc;

use unband_image::context::Piece;
use unband_image::{Context, Image, Plane, RestoreError, Window, With};
use unband_nets::Graph;
use unband_nets::arch::Architecture;

use crate::engine::Engine;
use crate::map::Map;
use crate::net_restorer::FAR;
use crate::run::Mode;
use crate::window;

/// Halo of networks that use statistics of each window: no halo makes their windows exact, and the fields of
/// their large convolutions add up to hundreds of samples.
const NEAR: usize = 64;

/// A network that scales red, green and blue by `scale` in width and height.
pub struct TiledUpscaler {
    name: &'static str,
    engine: Arc<Engine>,
    scale: usize,
    range: (f32, f32),
    /// Halo: samples around a window that it depends on.
    halo: usize,
    /// Alignment of windows in columns and rows, so that convolutions compute the same samples together in
    /// all of them.
    align: usize,
    /// Sides of the network's input are multiples of this.
    multiple: usize,
}

/// Division of an image into windows: number of columns and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WindowGrid {
    columns: usize,
    rows: usize,
}

impl TiledUpscaler {
    /// For red, green and blue.
    ///
    /// # Errors
    /// Networks whose output is not an integer multiple of the input's size, as text for display.
    pub fn new(architecture: &Architecture, engine: Arc<Engine>) -> Result<Self, RestoreError> {
        let name = architecture.name;
        let fault = |what: &str| RestoreError::unsupported(name, what);
        let graph = engine.graph();
        let multiple = graph.size_multiple().ok_or_else(|| fault("accepts only one image size"))?;
        // Coarse results of a window must be those of the whole image.
        let multiple = multiple.max(graph.coarsest_step());
        let scale = graph.scale().filter(|_| graph.inputs[0].channels == 3);
        let scale = scale.ok_or_else(|| fault("does not return an image scaled by an integer factor"))?;
        let align = engine.align();
        let exact = engine.exact_radius().filter(|&radius| radius <= FAR);
        let whole = || fault("reads the whole image, which cannot be divided into windows");
        let radius = exact.or(graph.receptive_radius()).ok_or_else(whole)?;
        let radius = if graph.has_window_statistics() { radius.min(NEAR) } else { radius };
        let halo = radius.next_multiple_of(align);
        Ok(Self { name, engine, scale, range: architecture.use_as.range, halo, align, multiple })
    }

    /// The network.
    pub fn graph(&self) -> &Graph {
        self.engine.graph()
    }

    /// Width of the result over that of the image.
    pub fn scale(&self) -> usize {
        self.scale
    }

    /// Samples around a window that its result depends on, by more than the order of sums.
    pub fn radius(&self) -> usize {
        self.engine.graph().receptive_radius().unwrap_or(self.halo)
    }

    /// The step of positions at which windows begin.
    pub fn step(&self) -> usize {
        self.align * self.multiple
    }

    /// Upscales the planes of an image; one plane stays one. Works on the whole image if `memory` bytes
    /// suffice for the network's intermediate results. Otherwise it works on windows with the halo that they
    /// depend on. The result is the same except for the order of sums.
    ///
    /// # Errors
    /// Images of luma and chroma, insufficient memory even for the smallest windows, and cancellation.
    pub fn upscaled(
        &self,
        image: &Image,
        memory: u64,
        ctx: &Context<'_>,
    ) -> Result<Vec<Plane>, UpscaleError> {
        window::refuse_yuv(self.name, image)?;
        let size = (image.width(), image.height());
        let cut = self.cut(size, memory, ctx.threads)?;
        let larger = || Plane::filled(size.0 * self.scale, size.1 * self.scale, 0.0);
        let mut planes: Vec<Plane> = image.planes.iter().map(|_| larger()).collect();
        let of = cut.columns * cut.rows;
        for number in 0..of {
            ctx.check()?;
            let core = self.core(size, cut, number);
            if core.width() == 0 || core.height() == 0 {
                continue;
            }
            let outer = core.grown(self.halo, size.0, size.1);
            let piece = Piece { all: ctx.progress, number, of };
            let convention = self.engine.convention();
            let mut map = window::fetched(image, outer, self.multiple, self.range);
            convention.feed(&mut map.data, map.shape.height * map.shape.width);
            let made = self.engine.run(&[map], Mode::default(), &(*ctx).but(|new| new.progress = &piece));
            let mut made = window::first(self.name, made.map_err(|error| window::failed(self.name, error))?)?;
            convention.take(&mut made.data, made.shape.height * made.shape.width);
            window::check_finite(self.name, std::iter::once(&made.data[..]))?;
            self.lay(&made, outer, core, &mut planes, ctx);
            ctx.progress.advance(number + 1, of);
        }
        Ok(planes)
    }

    /// Bytes that the network needs for a window of this size, including the window itself.
    fn bytes(&self, (width, height): (usize, usize), threads: usize) -> u64 {
        let (width, height) = (width.next_multiple_of(self.multiple), height.next_multiple_of(self.multiple));
        // An unsupported size is reported when the network runs.
        let run = self.engine.peak_bytes(height, width, Mode::default(), threads).unwrap_or(0);
        (run + 12 * width * height) as u64
    }

    /// Minimum memory of the network for an image of this size, with the smallest windows.
    pub fn least_bytes(&self, size: (usize, usize), threads: usize) -> u64 {
        match self.cut(size, 0, threads) {
            Err(UpscaleError::Memory { needed }) => needed,
            _ => 0,
        }
    }

    /// The division that repeats the fewest samples, among those that fit into memory.
    fn cut(&self, size: (usize, usize), memory: u64, threads: usize) -> Result<WindowGrid, UpscaleError> {
        // The smallest window is as large as its halo: smaller ones would mostly repeat each other.
        let most = |side: usize| side.div_ceil(self.halo.max(64)).max(1);
        let counts = |most: usize| (0..).map(|i| 1usize << i).take_while(move |&n| n < most).chain([most]);
        let mut cuts: Vec<WindowGrid> = counts(most(size.0))
            .flat_map(|columns| counts(most(size.1)).map(move |rows| WindowGrid { columns, rows }))
            .collect();
        let worked_on = |cut: &WindowGrid| {
            let (width, height) = self.outer(size, *cut);
            (width * height * cut.columns * cut.rows, cut.columns * cut.rows)
        };
        cuts.sort_by_key(worked_on);
        let mut least = u64::MAX;
        for cut in cuts {
            let bytes = self.bytes(self.outer(size, cut), threads);
            if bytes <= memory {
                return Ok(cut);
            }
            least = least.min(bytes);
        }
        Err(UpscaleError::Memory { needed: least })
    }

    /// Sides of the cores of a division; the last ones may be smaller.
    fn sides(&self, size: (usize, usize), cut: WindowGrid) -> (usize, usize) {
        let side = |side: usize, parts: usize| side.div_ceil(parts).next_multiple_of(self.align);
        (side(size.0, cut.columns), side(size.1, cut.rows))
    }

    /// Columns and rows of its largest window, including the halo.
    fn outer(&self, size: (usize, usize), cut: WindowGrid) -> (usize, usize) {
        let (width, height) = self.sides(size, cut);
        let with = |side: usize, parts: usize, all: usize| {
            (side + self.halo * parts.saturating_sub(1).min(2)).min(all)
        };
        (with(width, cut.columns, size.0), with(height, cut.rows, size.1))
    }

    /// Window `number`; empty if rounding up left nothing for the last ones.
    fn core(&self, size: (usize, usize), cut: WindowGrid, number: usize) -> Window {
        let (width, height) = self.sides(size, cut);
        let at = (width * (number % cut.columns), height * (number / cut.columns));
        let (x0, y0) = (at.0.min(size.0), at.1.min(size.1));
        Window { x0, y0, x1: (x0 + width).min(size.0), y1: (y0 + height).min(size.1) }
    }

    /// Copies the core of a window's result to its position.
    fn lay(&self, made: &Map<f32>, outer: Window, core: Window, planes: &mut [Plane], ctx: &Context<'_>) {
        let (scale, (low, high)) = (self.scale, self.range);
        let (outer, core) = (outer.times(scale), core.times(scale));
        let grey = planes.len() == 1;
        let to_unit = |v: f32| (v - low) / (high - low);
        let rows: Vec<(usize, usize, &mut [f32])> = planes
            .iter_mut()
            .enumerate()
            .flat_map(|(c, plane)| {
                let width = plane.width.max(1);
                let rows = plane.data.chunks_exact_mut(width).enumerate().skip(core.y0).take(core.height());
                rows.map(move |(y, row)| (c, y - core.y0, &mut row[core.x0..core.x1]))
            })
            .collect();
        ctx.map_parts(rows, |_, (c, y, row)| {
            let from = |channel| window::core_row(made, channel, outer, core, y);
            if grey {
                let channels = from(0).iter().zip(from(1)).zip(from(2));
                row.iter_mut().zip(channels).for_each(|(v, ((r, g), b))| *v = to_unit((r + g + b) / 3.0));
            } else {
                row.iter_mut().zip(from(c)).for_each(|(v, &m)| *v = to_unit(m));
            }
        });
    }
}

/// Reason why an image was not upscaled.
#[derive(Debug, thiserror::Error)]
pub enum UpscaleError {
    /// Even the smallest windows exceed the memory limit.
    #[error("needs at least {needed} bytes of memory")]
    Memory {
        /// Bytes needed.
        needed: u64,
    },
    /// The network cannot process the image, or was cancelled.
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

#[cfg(test)]
mod tests;
