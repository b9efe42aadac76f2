//! JPEG coefficient bounds: a restorer wrapped in [`JpegBounds`] only gives images that could have been
//! encoded to the same file.
//!
//! Every stored number `k` with step `q` stands for a coefficient in `(k − ½)·q ..= (k + ½)·q`.
//!
//! Steps for each component, at its encoded size: add the wrapped restorer's change to the decoded samples;
//! average the quantisation noise out over `shifted_blocks`; clamp every coefficient to its
//! interval (`component`); resample the change to the image (`resample`).

mod component;
mod recover;
mod resample;
mod verify;

use std::sync::Arc;

use unband_image::{
    Codec, Context, Image, JpegCoefficients, Matrix, Model, Needs, RestoreError, Restorer, SparePool, TileIn,
    TileOut, Window,
};
use unband_simd::Level;
use unband_simd::filters::smooth as rows;

use self::component::{Blocks, Component};
use self::resample::Resampled;
use crate::area::Area;
use crate::chroma_guide::ChromaGuide;
use crate::shifted_blocks::{Averager, Scratch};

pub use self::recover::recover;
pub use self::verify::{Inside, inside};

/// Processing besides the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deblock {
    /// None: the wrapped restorer's result, as far as the bounds allow it.
    No,
    /// Quantisation noise is averaged out as well: blocks, ringing, specks.
    Yes,
}

/// Clamps another restorer's results to the intervals of a JPEG file's stored coefficients.
///
/// Grey and RGB images at full size, any chroma sampling, in any orientation. Deterministic; windows give the
/// same result as the whole image, bit by bit.
pub struct JpegBounds {
    inner: Option<Box<dyn Restorer>>,
    components: Vec<Component>,
    ycc: bool,
    /// Codes from black to white.
    max: f32,
    averager: Option<Averager>,
    buffers: SparePool<Buffers>,
}

/// Working memory of one thread.
#[derive(Default)]
struct Buffers {
    samples: Area,
    decoded: Area,
    average: Scratch,
    changes: [Area; 3],
    resampled: Resampled,
    row: Vec<f32>,
}

/// The stored coefficients of an image, if it has any and its samples are their decoded values.
pub fn coefficients(image: &Image) -> Option<Arc<JpegCoefficients>> {
    let Codec::Jpeg(origin) = &image.origin.codec else { return None };
    let stored = origin.coefficients.as_ref()?;
    let components = components(image, stored)?;
    components[0].matches(image, &weights(stored.ycc, 0), codes(stored)).then(|| Arc::clone(stored))
}

/// The components of an image; `None` where they do not fit its planes.
fn components(image: &Image, stored: &JpegCoefficients) -> Option<Vec<Component>> {
    let fits = match image.color.model {
        Model::Gray => stored.planes.len() == 1 && !stored.ycc,
        Model::Rgb => stored.planes.len() == 3,
        Model::Yuv { .. } => false,
    };
    if !fits || image.planes.len() != stored.planes.len() || !matches!(stored.bits, 8 | 12) {
        return None;
    }
    let size = (image.width(), image.height());
    if image.planes.iter().any(|plane| (plane.width, plane.height) != size) {
        return None;
    }
    (0..stored.planes.len()).map(|c| Component::new(&stored.planes[c], size)).collect()
}

/// Codes from black to white.
fn codes(stored: &JpegCoefficients) -> f32 {
    f32::from((1u16 << stored.bits) - 1)
}

/// BT.601 as in JFIF: luma of red and blue.
const RED: f32 = 0.299;
const BLUE: f32 = 0.114;
const GREEN: f32 = 1.0 - RED - BLUE;

/// Weight of each plane of the image in a component.
fn weights(ycc: bool, component: usize) -> [f32; 3] {
    let (u, v) = (0.5 / (1.0 - BLUE), 0.5 / (1.0 - RED));
    match (ycc, component) {
        (true, 0) => [RED, GREEN, BLUE],
        (true, 1) => [-RED * u, -GREEN * u, (1.0 - BLUE) * u],
        (true, _) => [(1.0 - RED) * v, -GREEN * v, -BLUE * v],
        (false, 0) => [1.0, 0.0, 0.0],
        (false, 1) => [0.0, 1.0, 0.0],
        (false, _) => [0.0, 0.0, 1.0],
    }
}

/// Weight of each component in a plane of the image.
fn shares(ycc: bool, plane: usize) -> [f32; 3] {
    let (u, v) = (2.0 * (1.0 - BLUE), 2.0 * (1.0 - RED));
    match (ycc, plane) {
        (true, 0) => [1.0, 0.0, v],
        (true, 1) => [1.0, -u * BLUE / GREEN, -v * RED / GREEN],
        (true, _) => [1.0, u, 0.0],
        (false, _) => weights(false, plane),
    }
}

impl JpegBounds {
    /// Wraps a restorer (or `None`) for an image that has [`coefficients`].
    ///
    /// # Errors
    /// Returns the restorer where the image has none.
    pub fn around<I: Into<Option<Box<dyn Restorer>>>>(
        image: &Image,
        inner: I,
        deblock: Deblock,
    ) -> Result<Self, I> {
        match coefficients(image) {
            Some(stored) => Self::within(image, &stored, inner, deblock),
            None => Err(inner),
        }
    }

    /// As [`JpegBounds::around`], with coefficients that are not the file's ([`recover`]).
    ///
    /// # Errors
    /// Returns the restorer where they do not fit the image.
    pub fn within<I: Into<Option<Box<dyn Restorer>>>>(
        image: &Image,
        stored: &JpegCoefficients,
        inner: I,
        deblock: Deblock,
    ) -> Result<Self, I> {
        let Some(components) = components(image, stored) else { return Err(inner) };
        let half = half_chroma(&components, stored.ycc).filter(|_| deblock == Deblock::Yes);
        let inner = match (inner.into(), half) {
            (Some(inner), Some(scale)) => {
                Some(Box::new(ChromaGuide::denoising(inner, Matrix::Bt601, scale)) as Box<dyn Restorer>)
            }
            (inner, _) => inner,
        };
        Ok(Self {
            inner,
            averager: (deblock == Deblock::Yes)
                .then(|| Averager::of_blocks(components.iter().map(Component::noise))),
            components,
            ycc: stored.ycc,
            max: codes(stored),
            buffers: SparePool::default(),
        })
    }

    /// As a restorer; with [`Deblock::Yes`], half-size chroma is guided by luma. Its means stay, and so do
    /// the coefficients.
    pub fn guided(self) -> Box<dyn Restorer> {
        let scale = half_chroma(&self.components, self.ycc).filter(|_| self.averager.is_some());
        let bounds = Box::new(self);
        match scale {
            Some(scale) => Box::new(ChromaGuide::upsampling(bounds, Matrix::Bt601, scale)),
            None => bounds,
        }
    }

    /// Alignment of windows: no block of 4:2:0 is processed more often than necessary.
    fn align(&self) -> usize {
        self.inner.as_ref().map_or(1, |inner| inner.needs().align).max(16)
    }

    /// Margin of a window whose change affects it.
    fn reach(&self) -> usize {
        let of = |component: &Component| {
            let (sx, sy) = component.scale();
            sx.max(sy) * (component.blur() + 7 + if self.averager.is_some() { 8 } else { 0 })
        };
        self.components.iter().map(of).max().unwrap_or(0)
    }

    /// The area that the wrapped restorer must process for a window: all blocks that are read.
    fn window(&self, input: &TileIn<'_>) -> Window {
        let rim = usize::from(self.averager.is_some());
        let (width, height) = (input.image.width(), input.image.height());
        let align = self.inner.as_ref().map_or(1, |inner| inner.needs().align).max(1);
        let mut all = input.core;
        for component in &self.components {
            let read = component.pixels_under(component.grown(component.blocks_over(input.core), rim));
            all.x0 = all.x0.min(read.x0);
            all.y0 = all.y0.min(read.y0);
            all.x1 = all.x1.max(read.x1);
            all.y1 = all.y1.max(read.y1);
        }
        // Also whole samples of chroma.
        let scales = self.components.iter().flat_map(|component| [component.scale().0, component.scale().1]);
        let align = scales.fold(align, least_common_multiple);
        Window {
            x0: all.x0 / align * align,
            y0: all.y0 / align * align,
            x1: (all.x1.div_ceil(align) * align).min(width),
            y1: (all.y1.div_ceil(align) * align).min(height),
        }
    }

    /// The wrapped restorer's change of each plane in a window.
    fn inner_change(
        &self,
        input: &TileIn<'_>,
        window: Window,
        ctx: &Context<'_>,
    ) -> Result<Option<TileOut>, RestoreError> {
        let Some(inner) = &self.inner else { return Ok(None) };
        let image = input.image;
        let needs = inner.needs();
        let halo = needs.halo.div_ceil(needs.align.max(1)) * needs.align.max(1);
        let wide = TileIn { image, core: window, outer: window.grown(halo, image.width(), image.height()) };
        if !inner.touches(&wide) {
            return Ok(None);
        }
        let mut output = TileOut { planes: image.planes.iter().map(|plane| plane.cut(window)).collect() };
        inner.restore(&wide, &mut output, ctx)?;
        for (p, plane) in output.planes.iter_mut().enumerate() {
            for y in 0..plane.height {
                let source = wide.core_row(p, window.y0 + y);
                plane.row_mut(y).iter_mut().zip(source).for_each(|(value, source)| *value -= source);
            }
        }
        Ok(Some(output))
    }

    /// One component of a window: the change of its encoded samples over the blocks `out`, in codes.
    fn restore_component(
        &self,
        index: usize,
        out: Blocks,
        change: Option<(&TileOut, Window)>,
        level: Level,
        b: &mut Buffers,
    ) {
        let component = &self.components[index];
        let rim = usize::from(self.averager.is_some());
        let wide = component.grown(out, rim);
        component.decode(level, wide, &mut b.samples);
        b.decoded.reshape(8 * out.x0, 8 * out.y0, 8 * out.width(), 8 * out.height());
        cut(&mut b.decoded, &b.samples);
        if let Some((change, window)) = change {
            let weights = weights(self.ycc, index).map(|w| w * self.max);
            component.add_change(level, &mut b.samples, &change.planes, window, weights, &mut b.row);
        }
        let target = &mut b.changes[index];
        target.reshape(b.decoded.x0, b.decoded.y0, b.decoded.width, b.decoded.height);
        match &self.averager {
            Some(averager) => averager.average(level, index, None, &b.samples, target, &mut b.average),
            None => cut(target, &b.samples),
        }
        component.keep(level, out, target, self.averager.is_some());
    }
}

/// Columns and rows of the image per chroma sample, where both components have half the size across, down,
/// or both.
fn half_chroma(components: &[Component], ycc: bool) -> Option<(usize, usize)> {
    let [luma, blue, red] = components else { return None };
    let (sx, sy) = blue.scale();
    let halved = ycc && sx <= 2 && sy <= 2 && sx * sy > 1;
    (halved && luma.scale() == (1, 1) && red.scale() == (sx, sy)).then_some((sx, sy))
}

fn least_common_multiple(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y > 0 {
        (x, y) = (y, x % y);
    }
    a / x.max(1) * b
}

/// Copies the part of `source` that `target` covers.
fn cut(target: &mut Area, source: &Area) {
    let (dx, dy) = (target.x0 - source.x0, target.y0 - source.y0);
    let width = target.width;
    for y in 0..target.height {
        target.row_mut(y).copy_from_slice(&source.row(dy + y)[dx..dx + width]);
    }
}

impl Restorer for JpegBounds {
    fn needs(&self) -> Needs {
        let inner = self.inner.as_ref().map_or(Needs::halo(0), |inner| inner.needs());
        Needs { halo: inner.halo + self.reach() + 2 * self.align(), align: self.align(), ..inner }
    }

    fn working_bytes(&self, size: (usize, usize), at_once: usize, ctx: &Context<'_>) -> u64 {
        /// Number of planes in a window's memory: samples, decoded samples, means, changes, and those at full
        /// size.
        const PLANES: usize = 14;
        let own = (4 * PLANES * size.0 * size.1 * at_once) as u64;
        own + self.inner.as_ref().map_or(0, |inner| inner.working_bytes(size, at_once, ctx))
    }

    fn spreads(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.spreads())
    }

    fn touches(&self, input: &TileIn<'_>) -> bool {
        self.averager.is_some() || self.inner.as_ref().is_some_and(|inner| inner.touches(input))
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        ctx.check()?;
        let window = self.window(input);
        let change = self.inner_change(input, window, ctx)?;
        let mut b = self.buffers.take().unwrap_or_default();
        for (index, component) in self.components.iter().enumerate() {
            let out = component.blocks_over(input.core);
            self.restore_component(index, out, change.as_ref().map(|c| (c, window)), ctx.level, &mut b);
            // From restored samples to the change of each pixel.
            let (changes, decoded) = (&mut b.changes[index], &b.decoded);
            component.to_pixels(ctx.level, changes, decoded, input.core, &mut b.resampled.planes[index]);
        }
        let full = &b.resampled.planes;
        let unit = 1.0 / self.max;
        for (p, plane) in output.planes.iter_mut().enumerate() {
            let shares = shares(self.ycc, p).map(|s| s * unit);
            for y in 0..plane.height {
                if self.ycc {
                    let (luma, cb, cr) = (full[0].row(y), full[1].row(y), full[2].row(y));
                    rows::add_mix_row(ctx.level, plane.row_mut(y), luma, cb, cr, shares);
                } else {
                    rows::add_scaled_row(ctx.level, plane.row_mut(y), full[p].row(y), unit);
                }
            }
        }
        self.buffers.give(b);
        Ok(())
    }
}
