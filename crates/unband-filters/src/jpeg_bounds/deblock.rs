//! Restoration of a JPEG image inside the intervals of its coefficients.
//!
//! Steps for each component, at its encoded size: add the wrapped restorer's change to the decoded samples;
//! average the quantisation noise out over `shifted_blocks`; clamp every coefficient to its interval
//! (`component`); resample the change to the image (`resample`).

use unband_image::{
    Context, Image, JpegCoefficients, Matrix, Needs, RestoreError, Restorer, SparePool, TileIn, TileOut,
    Window,
};
use unband_simd::Level;

use super::component::{Blocks, Component};
use super::resample::Resampled;
use super::{Components, coefficients, cut};
use crate::area::Area;
use crate::chroma_guide::ChromaGuide;
use crate::shifted_blocks::{Averager, Scratch};

/// Averages the quantisation noise of a JPEG file out: blocks, ringing, specks. Wraps another restorer, or
/// none.
///
/// Grey and RGB images at full size, any chroma sampling, in any orientation. Deterministic; windows give the
/// same result as the whole image, bit by bit.
pub struct JpegDeblock {
    inner: Option<Box<dyn Restorer>>,
    components: Components,
    averager: Averager,
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

/// Blocks around those of a result that it depends on.
const RIM: usize = 1;

impl JpegDeblock {
    /// Wraps a restorer (or `None`) for an image that has [`coefficients`].
    ///
    /// # Errors
    /// Returns the restorer where the image has none.
    pub fn around<I: Into<Option<Box<dyn Restorer>>>>(image: &Image, inner: I) -> Result<Self, I> {
        match coefficients(image) {
            Some(stored) => Self::within(image, &stored, inner),
            None => Err(inner),
        }
    }

    /// As [`JpegDeblock::around`], with coefficients that are not the file's ([`recover`](super::recover)).
    ///
    /// # Errors
    /// Returns the restorer where they do not fit the image.
    pub fn within<I: Into<Option<Box<dyn Restorer>>>>(
        image: &Image,
        stored: &JpegCoefficients,
        inner: I,
    ) -> Result<Self, I> {
        let Some(components) = Components::new(image, stored) else { return Err(inner) };
        let inner = match (inner.into(), components.half_chroma()) {
            (Some(inner), Some(scale)) => {
                Some(Box::new(ChromaGuide::denoising(inner, Matrix::Bt601, scale)) as Box<dyn Restorer>)
            }
            (inner, _) => inner,
        };
        let averager = Averager::of_blocks(components.all.iter().map(Component::noise));
        Ok(Self { inner, components, averager, buffers: SparePool::default() })
    }

    /// As a restorer; half-size chroma is guided by luma. Its means stay, and so do the coefficients.
    pub fn guided(self) -> Box<dyn Restorer> {
        let scale = self.components.half_chroma();
        let deblock = Box::new(self);
        match scale {
            Some(scale) => Box::new(ChromaGuide::upsampling(deblock, Matrix::Bt601, scale)),
            None => deblock,
        }
    }

    /// Alignment of windows: no block of 4:2:0 is processed more often than necessary.
    fn align(&self) -> usize {
        self.inner.as_ref().map_or(1, |inner| inner.needs().align).max(16)
    }

    /// The area that the wrapped restorer must process for a window: all blocks that are read.
    fn window(&self, core: Window) -> Window {
        self.components.window(core, RIM, self.inner.as_ref().map_or(1, |inner| inner.needs().align))
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
        let component = &self.components.all[index];
        let wide = component.grown(out, RIM);
        component.decode(level, wide, &mut b.samples);
        b.decoded.reshape(8 * out.x0, 8 * out.y0, 8 * out.width(), 8 * out.height());
        cut(&mut b.decoded, &b.samples);
        if let Some((change, window)) = change {
            let weights = self.components.weights(index);
            component.add_change(level, &mut b.samples, &change.planes, window, weights, &mut b.row);
        }
        let target = &mut b.changes[index];
        target.reshape(b.decoded.x0, b.decoded.y0, b.decoded.width, b.decoded.height);
        self.averager.average(level, index, None, &b.samples, target, &mut b.average);
        component.keep(level, out, target, true);
    }
}

impl Restorer for JpegDeblock {
    fn needs(&self) -> Needs {
        let inner = self.inner.as_ref().map_or(Needs::halo(0), |inner| inner.needs());
        let halo = inner.halo + self.components.reach(8 * RIM) + 2 * self.align();
        Needs { halo, align: self.align(), ..inner }
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

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        ctx.check()?;
        let window = self.window(input.core);
        let change = self.inner_change(input, window, ctx)?;
        let mut b = self.buffers.take().unwrap_or_default();
        for (index, component) in self.components.all.iter().enumerate() {
            let out = component.blocks_over(input.core);
            self.restore_component(index, out, change.as_ref().map(|c| (c, window)), ctx.level, &mut b);
            // From restored samples to the change of each pixel.
            let (changes, decoded) = (&mut b.changes[index], &b.decoded);
            component.to_pixels(ctx.level, changes, decoded, input.core, &mut b.resampled.planes[index]);
        }
        self.components.add(ctx.level, &b.resampled, &mut output.planes);
        self.buffers.give(b);
        Ok(())
    }
}
