//! Guided networks as restorers: restored surface, conditioning inputs, network.
//!
//! An image passes through the network from top to bottom, whole rows at a time. Conditioning inputs are
//! computed on demand, and output rows are returned as soon as they are known. If memory is too small for
//! rows of that width, windows are processed instead.

use std::sync::Arc;

use unband_image::restorer::{Passage, Rows};
use unband_image::tile::Band;
use unband_image::{Context, Image, Needs, Plane, RestoreError, Restorer, TileIn, TileOut, Window};
use unband_nets::Shape;
use unband_nets::arch::Architecture;

use crate::color_guard::{ColorGuard, Surfaces};
use crate::conditioning::Conditioning;
use crate::engine::{Engine, Given, Lines as _, MADE_ROWS, Ready, Run};
use crate::guided_inputs::{COLUMNS, GuideInput, LumaInput};
use crate::map::Map;
use crate::run::Mode;
use crate::window;

/// Index of the conditioning input, whose rows are generated on demand.
const GUIDE_INPUT: usize = 1;

/// A network of [`Sees::Cells` or `Sees::Blocks`](unband_nets::arch::Sees) for one image.
pub struct GuidedRestorer {
    name: &'static str,
    engine: Arc<Engine>,
    /// Computes the surface.
    pub(crate) surface: Box<dyn Restorer>,
    pub(crate) known: Box<dyn Conditioning>,
    /// Where the network's colours are not trusted.
    guard: Option<ColorGuard>,
    /// Conditioning scalars of the whole image.
    numbers: Map<f32>,
    /// Share of the network's correction that is applied.
    strength: f32,
    pub(crate) needs: Needs,
    /// Halo: samples around a window that the network reads.
    rim: usize,
    multiple: usize,
}

impl GuidedRestorer {
    /// For the red, green and blue (or grey) image of which this is known, and this restorer of its surface.
    /// `strength` is the share of the correction that is applied, 0 to 1.
    ///
    /// # Errors
    /// Networks that accept only one size or read the whole image.
    pub fn new(
        architecture: &Architecture,
        engine: Arc<Engine>,
        surface: Box<dyn Restorer>,
        known: impl Conditioning + 'static,
        strength: f32,
    ) -> Result<Self, RestoreError> {
        let name = architecture.name;
        let fault = |what: &str| RestoreError::unsupported(name, what);
        let graph = engine.graph();
        let multiple = graph.size_multiple().ok_or_else(|| fault("accepts only one image size"))?;
        // At least one of the coarsest samples.
        let multiple = multiple.max(graph.coarsest_step());
        let radius = graph.receptive_radius().ok_or_else(|| fault("reads the whole image"))?;
        let before = surface.needs();
        let align = before.align.max(engine.align());
        let rim = radius.next_multiple_of(align);
        let margin = known.margin().next_multiple_of(align);
        let needs = Needs { halo: rim + margin + before.halo, align, full_width: false, whole_image: false };
        let scalars = known.scalars();
        let numbers = Map { shape: Shape::new(scalars.len(), 1, 1), data: scalars };
        let known = Box::new(known);
        Ok(Self { name, engine, surface, known, guard: None, numbers, strength, needs, rim, multiple })
    }

    /// With shares of the colour correction for the image that it restores.
    #[must_use]
    pub fn with_guard(self, guard: Option<ColorGuard>) -> Self {
        Self { guard, ..self }
    }

    /// Samples of the surface around a window, aligned.
    pub(crate) fn margin(&self) -> usize {
        self.known.margin().next_multiple_of(self.needs.align)
    }

    /// Padded sides for the network.
    pub(crate) fn padded(&self, (width, height): (usize, usize)) -> (usize, usize) {
        (width.next_multiple_of(self.multiple), height.next_multiple_of(self.multiple))
    }

    /// Bytes of a run over a window or image of that size, including the buffers in which threads generate
    /// rows.
    fn bytes_of_run(&self, size: (usize, usize), ctx: &Context<'_>) -> u64 {
        let threads = ctx.threads;
        let (width, height) = self.padded(size);
        let run = self.engine.kept_bytes(height, width, Mode::default(), threads, &[GUIDE_INPUT]);
        let channels = self.known.channels();
        let halo = 2 * (self.surface.needs().halo + self.margin());
        let block = (COLUMNS.1.min(width) + halo, MADE_ROWS.min(height) + halo);
        let at_once = threads.min(width.div_ceil(COLUMNS.0));
        // Conditioning channels and the surface.
        let own = 4 * (channels + 3) * block.0 * block.1 * at_once;
        // The surface's colours of rows whose results are not ready.
        let waiting = if ctx.accelerator.is_some() { height } else { (self.rim + 2 * MADE_ROWS).min(height) };
        let own = own + Surfaces::BYTES * width * waiting;
        // An accelerator gets all rows at once. Its inputs exist twice, its output three times.
        let sent = if ctx.accelerator.is_some() { (8 * (channels + 1) + 36) * width * height } else { 0 };
        let own = own + sent;
        // An unsupported size is reported when the network runs.
        (run.unwrap_or(0) + own) as u64 + self.surface.working_bytes(block, at_once, ctx)
    }

    /// Bytes of the weights as read and as packed by the engine.
    fn weights_bytes(&self) -> u64 {
        8 * self.engine.graph().parameter_count() as u64
    }

    fn begin(&self, image: &Image, window: Window, ctx: &Context<'_>) -> Result<Network<'_>, RestoreError> {
        window::refuse_yuv(self.name, image)?;
        let surfaces = self.guard.as_ref().map(|_| Surfaces::default());
        let luma_input = LumaInput { of: self, image, window };
        let guide_input = GuideInput { of: self, image, window, surfaces: surfaces.as_ref() };
        let inputs = [Given::Lines(&luma_input), Given::Made(&guide_input), Given::Map(&self.numbers)];
        let failed = |error| window::failed(self.name, error);
        let work = if ctx.accelerator.is_some() {
            let maps = inputs.iter().map(|input| input.map(ctx)).collect::<Result<Vec<_>, _>>()?;
            let made = self.engine.run(&maps, Mode::default(), ctx).map_err(failed)?;
            Work::Whole(Some(window::first(self.name, made)?))
        } else {
            Work::Strips(self.engine.begin(&inputs, Mode::default(), ctx.threads).map_err(failed)?)
        };
        Ok(Network { of: self, window, work, surfaces })
    }

    /// The part of a result that is inside `core`.
    fn laid(
        &self,
        image: &Image,
        made: &ResultRows,
        surfaces: Option<&Surfaces>,
        core: Window,
    ) -> Result<Option<Band>, RestoreError> {
        let (y0, y1) = (made.window.y0.max(core.y0), made.window.y1.min(core.y1));
        if y0 >= y1 {
            return Ok(None);
        }
        let window = Window { y0, y1, ..core };
        let plane = |_| Plane::filled(window.width(), window.height(), 0.0);
        let mut output = TileOut { planes: (0..image.planes.len()).map(plane).collect() };
        window::lay(&made.map, made.window, window, &mut output);
        window::check_finite(self.name, output.planes.iter().map(|plane| &plane.data[..]))?;
        if let (Some(guard), Some(surfaces)) = (&self.guard, surfaces) {
            surfaces.apply(guard, window, &mut output.planes);
        }
        if self.strength < 1.0 {
            for (p, plane) in output.planes.iter_mut().enumerate() {
                for y in 0..plane.height {
                    let source = &image.planes[p].row(y0 + y)[window.x0..window.x1];
                    let pairs = plane.row_mut(y).iter_mut().zip(source);
                    pairs.for_each(|(v, &s)| *v = s + self.strength * (*v - s));
                }
            }
        }
        self.keep_outside(image, window, &mut output.planes);
        Ok(Some(Band { window, planes: output.planes }))
    }

    /// Squares without the grid keep their input samples, as in the smooth surface: the page around a photo
    /// was never quantised.
    fn keep_outside(&self, image: &Image, window: Window, planes: &mut [Plane]) {
        let Some(regions) = self.known.regions() else { return };
        for (p, plane) in planes.iter_mut().enumerate() {
            for y in 0..plane.height {
                let source = &image.planes[p].row(window.y0 + y)[window.x0..window.x1];
                let row = plane.row_mut(y);
                let outside = regions.outside(p, window.x0, window.y0 + y, row.len(), (1, 1));
                outside.for_each(|x| row[x] = source[x]);
            }
        }
    }
}

impl Restorer for GuidedRestorer {
    fn needs(&self) -> Needs {
        self.needs
    }

    fn working_bytes(&self, size: (usize, usize), at_once: usize, ctx: &Context<'_>) -> u64 {
        self.weights_bytes() + self.bytes_of_run(size, ctx).saturating_mul(at_once as u64)
    }

    fn passage_bytes(&self, size: (usize, usize), ctx: &Context<'_>) -> Option<u64> {
        // Computed rows that wait until the input rows at their position are no longer read.
        let waiting = (12 * WAITING * size.0) as u64;
        Some(self.weights_bytes() + self.bytes_of_run(size, ctx) + waiting)
    }

    fn spreads(&self) -> bool {
        true
    }

    fn touches(&self, input: &TileIn<'_>) -> bool {
        self.surface.touches(input)
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let TileIn { image, core, .. } = *input;
        let mut network = self.begin(image, core.grown(self.rim, image.width(), image.height()), ctx)?;
        ctx.within(|| {
            while let Some(made) = network.next(image, ctx)? {
                let Some(band) = self.laid(image, &made, network.surfaces.as_ref(), core)? else { continue };
                for (to, from) in output.planes.iter_mut().zip(&band.planes) {
                    let start = (band.window.y0 - core.y0) * to.width;
                    to.data[start..start + from.data.len()].copy_from_slice(&from.data);
                }
            }
            if let Work::Strips(run) = network.work {
                run.end();
            }
            Ok(())
        })
    }

    fn passage<'a>(
        &'a self,
        image: &Image,
        ctx: &Context<'_>,
    ) -> Result<Option<Box<dyn Passage + 'a>>, RestoreError> {
        let all = Window { x0: 0, y0: 0, x1: image.width(), y1: image.height() };
        Ok(Some(Box::new(self.begin(image, all, ctx)?)))
    }
}

/// Approximate maximum of rows that wait to be written back.
const WAITING: usize = 256;
/// A run over a window of an image.
struct Network<'a> {
    of: &'a GuidedRestorer,
    window: Window,
    work: Work<'a>,
    surfaces: Option<Surfaces>,
}

/// Results of a network: in strips of rows, or all at once from an accelerator.
enum Work<'a> {
    Strips(Run<'a>),
    Whole(Option<Map<f32>>),
}

/// Rows of a result, with the network's width.
struct ResultRows {
    map: Map<f32>,
    /// Position in the image.
    window: Window,
    /// All rows of the image above may change.
    free: usize,
}

impl Network<'_> {
    fn next(&mut self, image: &Image, ctx: &Context<'_>) -> Result<Option<ResultRows>, RestoreError> {
        let Self { of, window, work, surfaces } = self;
        let (of, window) = (*of, *window);
        let run = match work {
            Work::Strips(run) => run,
            Work::Whole(map) => {
                return Ok(map.take().map(|map| ResultRows { map, window, free: usize::MAX }));
            }
        };
        let luma_input = LumaInput { of, image, window };
        let guide_input = GuideInput { of, image, window, surfaces: surfaces.as_ref() };
        let inputs = [Given::Lines(&luma_input), Given::Made(&guide_input), Given::Map(&of.numbers)];
        loop {
            let ready = run.until_ready(&inputs, ctx).map_err(|error| window::failed(of.name, error))?;
            let Some(ready) = ready else { return Ok(None) };
            if ready.output > 0 {
                continue;
            }
            let Shape { width, .. } = luma_input.shape();
            let mut map = Map::zeros(Shape::new(3, ready.rows.len(), width));
            run.lay(&inputs, &ready, &mut map, ready.rows.start, ctx);
            let (y0, y1) = (window.y0 + ready.rows.start, (window.y0 + ready.rows.end).min(window.y1));
            let free = of.free(&ready, window.height());
            return Ok(Some(ResultRows { map, window: Window { y0, y1, ..window }, free }));
        }
    }
}

impl Passage for Network<'_> {
    fn next(&mut self, image: &Image, ctx: &Context<'_>) -> Result<Option<Rows>, RestoreError> {
        ctx.within(|| {
            while let Some(made) = Network::next(self, image, ctx)? {
                if let Some(band) = self.of.laid(image, &made, self.surfaces.as_ref(), self.window)? {
                    return Ok(Some(Rows { band, free: made.free }));
                }
            }
            Ok(None)
        })
    }
}

impl GuidedRestorer {
    /// Number of rows of an image that are no longer read.
    fn free(&self, ready: &Ready, height: usize) -> usize {
        let padded = height.next_multiple_of(self.multiple);
        // Rows below the image are mirrored from its last ones.
        let own =
            |row: usize| if padded > height { row.min(height.saturating_sub(self.multiple)) } else { row };
        let read = if ready.read_from >= padded { usize::MAX } else { own(ready.read_from) };
        let before = self.surface.needs();
        let made = if ready.made >= padded {
            usize::MAX
        } else {
            own(ready.made).saturating_sub(self.known.margin() + before.halo + before.align)
        };
        read.min(made)
    }
}

#[cfg(test)]
mod tests;
