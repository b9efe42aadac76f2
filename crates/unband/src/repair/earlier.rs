//! Restoration of an image as it was before a resize, or without the ringing of a codec.

use unband_image::findings::Findings;
use unband_image::restorer::{Passage, Rows};
use unband_image::tile::Band;
use unband_image::{Context, Image, Needs, Plane, RestoreError, Restorer, TileIn, TileOut, Window};

/// A restorer of an earlier state of the image. Callers pass the image itself: intervals are around its
/// samples.
pub(super) struct EarlierCompression {
    inner: Box<dyn Restorer>,
    image: Image,
    /// `None`: the whole result is applied.
    shares: Option<ChangeShares>,
}

/// An earlier state of an image, which the method restores.
pub(super) struct EarlierCompressionImage {
    pub image: Image,
    /// Findings about it.
    pub findings: Findings,
    /// `None`: the whole result is applied.
    pub shares: Option<ChangeShares>,
}

/// What is applied, row by row.
pub(super) struct ChangeShares {
    /// Shares of the change, in 1/255.
    pub shares: Vec<u8>,
    /// For each plane, or for all: what is added to the restored earlier state.
    pub added: Vec<Vec<f32>>,
}

/// Bytes of a sample.
const BYTES: usize = 4;

impl EarlierCompression {
    /// `inner` is the restorer of the earlier state `image`.
    pub(super) fn new(inner: Box<dyn Restorer>, image: Image, shares: Option<ChangeShares>) -> Self {
        Self { inner, image, shares }
    }

    fn own_bytes(&self) -> u64 {
        let samples: usize = self.image.planes.iter().map(|plane| plane.data.len()).sum();
        let pixels =
            self.shares.as_ref().map_or(0, |parts| (1 + BYTES * parts.added.len()) * parts.shares.len());
        (BYTES * samples + pixels) as u64
    }

    /// Replaces a result on the earlier state by the source and a share of the change.
    fn apply(&self, window: Window, source: &Image, planes: &mut [Plane]) {
        let Some(ChangeShares { shares, added }) = &self.shares else { return };
        let width = source.width();
        for (p, plane) in planes.iter_mut().enumerate() {
            let Some(added) = added.get(p).or(added.first()) else { return };
            for (i, row) in plane.data.chunks_exact_mut(plane.width.max(1)).enumerate() {
                let y = window.y0 + i;
                let at = y * width + window.x0;
                let source = &source.planes[p].row(y)[window.x0..];
                let row = row.iter_mut().zip(source).zip(&shares[at..]).zip(&added[at..]);
                for (((value, &source), &share), &added) in row {
                    *value = source + f32::from(share) / 255.0 * (*value + added - source);
                }
            }
        }
    }
}

impl Restorer for EarlierCompression {
    fn needs(&self) -> Needs {
        self.inner.needs()
    }

    fn working_bytes(&self, size: (usize, usize), at_once: usize, ctx: &Context<'_>) -> u64 {
        self.own_bytes() + self.inner.working_bytes(size, at_once, ctx)
    }

    fn spreads(&self) -> bool {
        self.inner.spreads()
    }

    fn passage_bytes(&self, size: (usize, usize), ctx: &Context<'_>) -> Option<u64> {
        Some(self.own_bytes() + self.inner.passage_bytes(size, ctx)?)
    }

    fn passage<'a>(
        &'a self,
        _: &Image,
        ctx: &Context<'_>,
    ) -> Result<Option<Box<dyn Passage + 'a>>, RestoreError> {
        let inner = self.inner.passage(&self.image, ctx)?;
        Ok(inner.map(|inner| Box::new(Through { of: self, inner }) as Box<dyn Passage>))
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let earlier = TileIn { image: &self.image, ..*input };
        if self.inner.touches(&earlier) {
            self.inner.restore(&earlier, output, ctx)?;
            self.apply(input.core, input.image, &mut output.planes);
        }
        Ok(())
    }
}

/// Rows of the restorer, applied to the image.
struct Through<'a> {
    of: &'a EarlierCompression,
    inner: Box<dyn Passage + 'a>,
}

impl Passage for Through<'_> {
    fn next(&mut self, image: &Image, ctx: &Context<'_>) -> Result<Option<Rows>, RestoreError> {
        let Some(mut rows) = self.inner.next(&self.of.image, ctx)? else { return Ok(None) };
        let Band { window, planes } = &mut rows.band;
        self.of.apply(*window, image, planes);
        Ok(Some(rows))
    }
}
