//! Restoration of an image as it was before a resize, or without the ringing of a codec.

use unband_image::restorer::{Passage, Rows};
use unband_image::tile::Band;
use unband_image::{Context, Image, Needs, Plane, RestoreError, Restorer, TileIn, TileOut, Window};

/// A restorer of an earlier state of the image. Callers pass the image itself: intervals are around its
/// samples.
pub(super) struct Earlier {
    inner: Box<dyn Restorer>,
    image: Image,
    /// Shares of the change that are applied, 0 to 255, row by row; `None`: the whole result.
    shares: Option<Vec<u8>>,
}

/// Bytes of each sample's copy, and of a pixel's share.
const BYTES: (usize, usize) = (4, 1);

impl Earlier {
    /// `inner` is the restorer of the earlier state `image`.
    pub fn new(inner: Box<dyn Restorer>, image: Image, shares: Option<Vec<u8>>) -> Self {
        Self { inner, image, shares }
    }

    fn own_bytes(&self) -> u64 {
        let samples: usize = self.image.planes.iter().map(|plane| plane.data.len()).sum();
        (BYTES.0 * samples + BYTES.1 * self.shares.as_ref().map_or(0, Vec::len)) as u64
    }

    /// Replaces a result on the earlier state by the source and a share of the change.
    fn apply(&self, window: Window, source: &Image, planes: &mut [Plane]) {
        let Some(shares) = &self.shares else { return };
        let width = source.width();
        for (p, plane) in planes.iter_mut().enumerate() {
            for (i, row) in plane.data.chunks_exact_mut(plane.width.max(1)).enumerate() {
                let y = window.y0 + i;
                let shares = &shares[y * width + window.x0..][..row.len()];
                let source = &source.planes[p].row(y)[window.x0..];
                for ((value, &source), &share) in row.iter_mut().zip(source).zip(shares) {
                    *value = source + f32::from(share) / 255.0 * (*value - source);
                }
            }
        }
    }
}

impl Restorer for Earlier {
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
    of: &'a Earlier,
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
