//! A restorer's results inside the intervals of JPEG coefficients.
//!
//! A component's samples are the means of its pixels, as in an encoder. What clamping of its coefficients
//! changes is resampled to the image and added.

use std::mem;

use unband_image::restorer::{Passage, Rows};
use unband_image::tile::{Band, HeldRows, by_columns, restored_window};
use unband_image::{
    Context, Image, Needs, Plane, RestoreError, Restorer, SparePool, TileIn, TileOut, Window,
};
use unband_simd::Level;

use super::component::{Blocks, Component};
use super::resample::Resampled;
use super::{Components, coefficients};
use crate::area::Area;

/// Clamps another restorer's results to the intervals of a JPEG file's stored coefficients. Results inside
/// stay as they are.
///
/// Grey and RGB images at full size, any chroma sampling, in any orientation. Windows give the same result as
/// the whole image, bit by bit.
pub struct JpegBounds {
    inner: Box<dyn Restorer>,
    components: Components,
    buffers: SparePool<Buffers>,
}

/// Working memory of one thread.
#[derive(Default)]
struct Buffers {
    decoded: Area,
    samples: Area,
    clamped: Area,
    resampled: Resampled,
    row: Vec<f32>,
}

impl JpegBounds {
    /// Wraps a restorer for an image that has [`coefficients`].
    ///
    /// # Errors
    /// Returns the restorer where the image has none.
    pub fn around(image: &Image, inner: Box<dyn Restorer>) -> Result<Self, Box<dyn Restorer>> {
        match coefficients(image).and_then(|stored| Components::new(image, &stored)) {
            Some(components) => Ok(Self { inner, components, buffers: SparePool::default() }),
            None => Err(inner),
        }
    }

    fn align(&self) -> usize {
        self.inner.needs().align.max(16)
    }

    /// The area that the wrapped restorer must process for a window: all blocks that are read.
    fn window(&self, core: Window) -> Window {
        self.components.window(core, 0, self.inner.needs().align)
    }

    /// `core` of the wrapped restorer's results in `window`, clamped.
    fn clamped(&self, results: &[Plane], window: Window, core: Window, level: Level) -> Vec<Plane> {
        let mut planes: Vec<Plane> = results.iter().map(|plane| plane.cut(core.inside(window))).collect();
        let mut b = self.buffers.take().unwrap_or_default();
        for (index, component) in self.components.all.iter().enumerate() {
            let (blocks, weights) = (component.blocks_over(core), self.components.weights(index));
            b.samples.reshape(8 * blocks.x0, 8 * blocks.y0, 8 * blocks.width(), 8 * blocks.height());
            b.samples.data.fill(-self.components.middle(index));
            component.add_change(level, &mut b.samples, results, window, weights, &mut b.row);
            if component.extends_beyond_image(blocks) {
                component.decode(level, blocks, &mut b.decoded);
                component.extend(&mut b.samples, &b.decoded);
            }
            b.clamped.clone_from(&b.samples);
            component.keep(level, blocks, &mut b.clamped, false);
            // Only the means of a change from zero are exact.
            b.clamped.data.iter_mut().zip(&mut b.samples.data).for_each(|(to, from)| *to -= mem::take(from));
            let resampled = &mut b.resampled.planes[index];
            component.to_pixels(level, &b.clamped, &b.samples, core, resampled);
        }
        self.components.add(level, &b.resampled, &mut planes);
        self.buffers.give(b);
        planes
    }

    /// As [`Self::clamped`], on all threads.
    fn parts(&self, results: &[Plane], window: Window, core: Window, ctx: &Context<'_>) -> Vec<Plane> {
        by_columns(core, COLUMNS, ctx, |core| {
            let own = self.window(core);
            let cut: Vec<Plane> = results.iter().map(|plane| plane.cut(own.inside(window))).collect();
            self.clamped(&cut, own, core, ctx.level)
        })
    }

    /// Bytes of the intermediate results over a window.
    fn own_bytes(size: (usize, usize)) -> u64 {
        /// Results, samples, changes, and those at full size.
        const PLANES: usize = 12;
        (4 * PLANES * size.0 * size.1) as u64
    }
}

/// Columns that a thread processes at once.
const COLUMNS: usize = 256;

impl Component {
    fn extends_beyond_image(&self, blocks: Blocks) -> bool {
        let ((lx, ly), (width, height)) = (self.lead(), self.size);
        8 * blocks.x0 < lx || 8 * blocks.y0 < ly || 8 * blocks.x1 > lx + width || 8 * blocks.y1 > ly + height
    }

    /// Samples beyond the image differ from the nearest one inside as the decoded ones do.
    fn extend(&self, samples: &mut Area, decoded: &Area) {
        let inside = |at: usize, lead: usize, size: usize| at.clamp(lead, lead + size - 1);
        let ((lx, ly), (width, height)) = (self.lead(), self.size);
        for y in 0..samples.height {
            let from = inside(samples.y0 + y, ly, height) - samples.y0;
            for x in 0..samples.width {
                let column = inside(samples.x0 + x, lx, width) - samples.x0;
                if (column, from) != (x, y) {
                    samples.row_mut(y)[x] += decoded.row(y)[x] - decoded.row(from)[column];
                }
            }
        }
    }
}

impl Restorer for JpegBounds {
    fn needs(&self) -> Needs {
        let inner = self.inner.needs();
        let halo = inner.halo + self.components.reach(0) + 2 * self.align();
        Needs { halo, align: self.align(), ..inner }
    }

    fn working_bytes(&self, size: (usize, usize), at_once: usize, ctx: &Context<'_>) -> u64 {
        self.inner.working_bytes(size, at_once, ctx) + Self::own_bytes(size) * at_once as u64
    }

    fn spreads(&self) -> bool {
        self.inner.spreads()
    }

    fn touches(&self, input: &TileIn<'_>) -> bool {
        self.inner.touches(input)
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        ctx.check()?;
        let window = self.window(input.core);
        let results = restored_window(input.image, &*self.inner, window, ctx)?;
        output.planes = self.clamped(&results, window, input.core, ctx.level);
        Ok(())
    }

    fn passage_bytes(&self, size: (usize, usize), ctx: &Context<'_>) -> Option<u64> {
        Some(self.inner.passage_bytes(size, ctx)? + Self::own_bytes((size.0, 2 * ROWS)))
    }

    fn passage<'a>(
        &'a self,
        image: &Image,
        ctx: &Context<'_>,
    ) -> Result<Option<Box<dyn Passage + 'a>>, RestoreError> {
        let Some(inner) = self.inner.passage(image, ctx)? else { return Ok(None) };
        Ok(Some(Box::new(Through { of: self, results: HeldRows::new(inner, image), done: 0 })))
    }
}

/// Rows per step of a passage.
const ROWS: usize = 64;

/// The restorer's rows, held until all rows of their blocks are known.
struct Through<'a> {
    of: &'a JpegBounds,
    /// Results that are still read.
    results: HeldRows<'a>,
    /// Number of rows returned.
    done: usize,
}

impl Through<'_> {
    /// Rows of the results that rows from `y0` to `y1` depend on.
    fn read(&self, image: &Image, y0: usize, y1: usize) -> Window {
        self.of.window(Window { x0: 0, y0, x1: image.width(), y1 })
    }
}

impl Passage for Through<'_> {
    fn next(&mut self, image: &Image, ctx: &Context<'_>) -> Result<Option<Rows>, RestoreError> {
        let (height, align) = (image.height(), self.of.align());
        if self.done == height {
            return Ok(None);
        }
        let end = (self.done + ROWS.next_multiple_of(align)).min(height);
        self.results.hold(self.read(image, self.done, end).y1, image, ctx)?;
        let core = Window { x0: 0, y0: self.done, x1: image.width(), y1: end };
        let Band { window, planes } = &self.results.band;
        let planes = self.of.parts(planes, *window, core, ctx);
        self.done = end;
        let read_from = if end == height { height } else { self.read(image, end, height).y0 };
        self.results.drop_above(read_from);
        Ok(Some(Rows { band: Band { window: core, planes }, free: self.results.free }))
    }
}
