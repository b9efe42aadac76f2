//! Frames that wait for their neighbours, or serve as neighbours.

use unband_image::{Context, Image, Model, Plane};
use unband_simd::jobs::change::to_words;

use super::motion::{Field, Pyramid, found};
use super::stabilisation::differences;
use super::temporal::{STILL_REACH, Temporal};

/// Fixed-point units per sample value: finer than the dither noise, half the memory of floating point.
pub(super) const PARTS: f32 = 65535.0;
/// Offset of chroma, which is centred at zero.
const ZERO: f32 = 0.5;
/// Rows of a part of the work.
const LINES: usize = 8;

/// A plane in fixed-point units.
#[derive(Clone, Default)]
pub(super) struct FixedPointPlane {
    pub(super) width: usize,
    pub(super) data: Vec<u16>,
}

impl FixedPointPlane {
    fn of(plane: &Plane, zero: f32, mut data: Vec<u16>, ctx: &Context<'_>) -> Self {
        data.resize(plane.data.len(), 0);
        let lines = (LINES * plane.width).max(1);
        let parts = data.chunks_mut(lines).zip(plane.data.chunks(lines)).collect();
        ctx.map_parts(parts, |_, (out, values): (&mut [u16], &[f32])| to_words(ctx.level, out, values, zero));
        Self { width: plane.width, data }
    }

    pub(super) fn row(&self, y: usize) -> &[u16] {
        &self.data[y * self.width..][..self.width]
    }
}

/// A source frame and its own result, before rounding.
#[derive(Default)]
pub(super) struct KeptFrame {
    pub(super) source: Vec<FixedPointPlane>,
    pub(super) result: Vec<FixedPointPlane>,
    /// For [`Temporal::Still`]: difference to the frames one and two before it, per plane and square, in
    /// units; empty without such a frame.
    pub(super) moved: [Vec<Vec<f32>>; STILL_REACH],
    /// For [`Temporal::Motion`].
    pub(super) luma: Pyramid,
    /// The motion to the frame before it, and from there to this one.
    pub(super) motion: Option<(Field, Field)>,
}

impl KeptFrame {
    /// Keeps a source frame and its result. `before`: the two frames before it of the same run. `spare`:
    /// memory for reuse.
    pub(super) fn of(
        (source, result): (Vec<FixedPointPlane>, &Image),
        before: [Option<&Self>; STILL_REACH],
        temporal: Temporal,
        spare: Vec<FixedPointPlane>,
        ctx: &Context<'_>,
    ) -> Self {
        let kept = Self { source, result: stored(result, spare, ctx), ..Self::default() };
        let luma = usize::from(result.color.model == Model::Rgb);
        kept.compared(before, temporal, luma, ctx)
    }

    /// A copy for an identical frame.
    pub(super) fn again(
        &self,
        before: [Option<&Self>; STILL_REACH],
        temporal: Temporal,
        rgb: bool,
        ctx: &Context<'_>,
    ) -> Self {
        let kept = Self { source: self.source.clone(), result: self.result.clone(), ..Self::default() };
        kept.compared(before, temporal, usize::from(rgb), ctx)
    }

    /// With all that depends on the frames before it.
    fn compared(
        mut self,
        before: [Option<&Self>; STILL_REACH],
        temporal: Temporal,
        luma: usize,
        ctx: &Context<'_>,
    ) -> Self {
        match temporal {
            Temporal::Off => {}
            Temporal::Still => self.moved = before.map(|other| self.moved_from(other, ctx)),
            Temporal::Motion => {
                if let Some(plane) = self.result.get(luma) {
                    self.luma = Pyramid::of(&plane.data, plane.width, ctx);
                }
                let [before, _] = before;
                self.motion = before.map(|before| {
                    (found(&self.luma, &before.luma, ctx), found(&before.luma, &self.luma, ctx))
                });
            }
        }
        self
    }

    fn moved_from(&self, other: Option<&Self>, ctx: &Context<'_>) -> Vec<Vec<f32>> {
        let Some(other) = other else { return Vec::new() };
        self.source.iter().zip(&other.source).map(|(a, b)| differences(a, b, ctx)).collect()
    }
}

/// An image in fixed-point units. `spare`: memory for reuse.
pub(super) fn stored(image: &Image, spare: Vec<FixedPointPlane>, ctx: &Context<'_>) -> Vec<FixedPointPlane> {
    let mut spare: Vec<Vec<u16>> = spare.into_iter().map(|plane| plane.data).collect();
    spare.resize_with(image.planes.len(), Vec::new);
    let zero = |p: usize| if image.is_yuv() && p > 0 { ZERO } else { 0.0 };
    let planes = image.planes.iter().enumerate().zip(spare);
    planes.map(|((p, plane), spare)| FixedPointPlane::of(plane, zero(p), spare, ctx)).collect()
}
