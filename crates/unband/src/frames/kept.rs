//! Frames that wait for their neighbours, or serve as neighbours.

use std::sync::OnceLock;

use unband_image::{Context, Image, Model, Plane};
use unband_simd::jobs::change::to_words;

use super::motion::{Field, Pyramid, found};
use super::stabilisation::differences;
use super::temporal::{STILL_REACH, Temporal};

/// Fixed-point units per sample value: finer than the dither noise, half the memory of floating point.
pub(super) const PARTS: f32 = 65535.0;
/// Rows of a part of the work.
const LINES: usize = 8;

/// A plane in fixed-point units.
#[derive(Clone, Default)]
pub(super) struct FixedPointPlane {
    pub(super) width: usize,
    pub(super) data: Vec<u16>,
}

impl FixedPointPlane {
    fn new(plane: &Plane, mut data: Vec<u16>, ctx: &Context<'_>) -> Self {
        data.resize(plane.data.len(), 0);
        let lines = (LINES * plane.width).max(1);
        let parts = data.chunks_mut(lines).zip(plane.data.chunks(lines)).collect();
        ctx.map_parts(parts, |_, (out, values): (&mut [u16], &[f32])| to_words(ctx.level, out, values));
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
    /// The plane of luma.
    luma_plane: usize,
    /// For [`Temporal::Motion`].
    pub(super) luma: Pyramid,
    moved: [OnceLock<Vec<Vec<f32>>>; STILL_REACH],
    motion: OnceLock<(Field, Field)>,
}

impl KeptFrame {
    /// Keeps a source frame and its result. `spare`: memory for reuse.
    pub(super) fn new(
        source: Vec<FixedPointPlane>,
        result: &Image,
        temporal: Temporal,
        spare: Vec<FixedPointPlane>,
        ctx: &Context<'_>,
    ) -> Self {
        let luma_plane = usize::from(result.color.model == Model::Rgb);
        Self { source, result: stored(result, spare, ctx), luma_plane, ..Self::default() }
            .with_luma(temporal, ctx)
    }

    /// A copy for an identical frame.
    pub(super) fn again(&self, temporal: Temporal, ctx: &Context<'_>) -> Self {
        let (source, result) = (self.source.clone(), self.result.clone());
        Self { source, result, luma_plane: self.luma_plane, ..Self::default() }.with_luma(temporal, ctx)
    }

    fn with_luma(mut self, temporal: Temporal, ctx: &Context<'_>) -> Self {
        if let (Temporal::Motion, Some(plane)) = (temporal, self.result.get(self.luma_plane)) {
            self.luma = Pyramid::new(&plane.data, plane.width, ctx);
        }
        self
    }

    /// Mean difference to the frame `back` frames before it, per plane and square, in units. Computed once: a
    /// frame has one frame before it.
    pub(super) fn moved_from(&self, back: usize, before: &Self, ctx: &Context<'_>) -> &[Vec<f32>] {
        self.moved[back - 1].get_or_init(|| {
            self.source.iter().zip(&before.source).map(|(a, b)| differences(a, b, ctx)).collect()
        })
    }

    /// The motion to the frame before it, and from there to this one. Computed once.
    pub(super) fn motion_from(&self, before: &Self, ctx: &Context<'_>) -> &(Field, Field) {
        self.motion
            .get_or_init(|| (found(&self.luma, &before.luma, ctx), found(&before.luma, &self.luma, ctx)))
    }
}

/// An image in fixed-point units. `spare`: memory for reuse.
pub(super) fn stored(image: &Image, spare: Vec<FixedPointPlane>, ctx: &Context<'_>) -> Vec<FixedPointPlane> {
    let mut spare: Vec<Vec<u16>> = spare.into_iter().map(|plane| plane.data).collect();
    spare.resize_with(image.planes.len(), Vec::new);
    let planes = image.planes.iter().zip(spare);
    planes.map(|(plane, spare)| FixedPointPlane::new(plane, spare, ctx)).collect()
}
