//! Repair of images that lost levels and were resized afterwards.
//!
//! A copy of the image has its samples on the nearest levels again, as before the resize. It is restored, and
//! the change is applied where the neighbourhood spans at most about two steps: elsewhere edges and texture
//! were blended by the resize.

use unband_image::findings::{Findings, Space};
use unband_image::method::Prepare;
use unband_image::restorer::{Passage, Rows};
use unband_image::tile::Band;
use unband_image::{Context, Image, Needs, Plane, RestoreError, Restorer, TileIn, TileOut, Window};
use unband_simd::jobs::faithful::nearest_level;

/// Half the side of the neighbourhood whose range is measured, in samples.
const AROUND: usize = 3;
/// Half the side of the mean that softens the shares.
const SOFT: usize = 2;
/// Range of luma, in steps, above which nothing changes, and how far below it everything does.
const STEPS: (f32, f32) = (2.2, 0.8);
/// Luma of BT.709.
const LUMA: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// A restorer of the image before it was resized, and the share of its change at each pixel.
pub(super) struct Resized {
    inner: Box<dyn Restorer>,
    before: Image,
    /// 0 to 255, row by row.
    shares: Vec<u8>,
}

/// Bytes of each sample's copy, and of a pixel's share.
const BYTES: (usize, usize) = (4, 1);

impl Resized {
    /// `prepare` makes the restorer.
    ///
    /// # Errors
    /// Those of `prepare`.
    pub fn new(
        image: &Image,
        findings: &Findings,
        prepare: &Prepare,
        ctx: &Context<'_>,
    ) -> Result<Self, RestoreError> {
        let mut before = image.clone();
        put_on_levels(&mut before, findings, ctx);
        let inner = prepare(&before, &Findings { resized: false, ..findings.clone() }, ctx)?;
        Ok(Self { inner, before, shares: shares(image, findings, ctx) })
    }

    fn own_bytes(&self) -> u64 {
        let samples: usize = self.before.planes.iter().map(|plane| plane.data.len()).sum();
        (BYTES.0 * samples + BYTES.1 * self.shares.len()) as u64
    }

    /// Replaces a result on the earlier image by the source and a share of the change.
    fn apply(&self, window: Window, source: &Image, planes: &mut [Plane]) {
        let width = source.width();
        for (p, plane) in planes.iter_mut().enumerate() {
            for (i, row) in plane.data.chunks_exact_mut(plane.width.max(1)).enumerate() {
                let y = window.y0 + i;
                let shares = &self.shares[y * width + window.x0..][..row.len()];
                let source = &source.planes[p].row(y)[window.x0..];
                for ((value, &source), &share) in row.iter_mut().zip(source).zip(shares) {
                    *value = source + f32::from(share) / 255.0 * (*value - source);
                }
            }
        }
    }
}

impl Restorer for Resized {
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
        let inner = self.inner.passage(&self.before, ctx)?;
        Ok(inner.map(|inner| Box::new(Through { of: self, inner }) as Box<dyn Passage>))
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let before = TileIn { image: &self.before, ..*input };
        if self.inner.touches(&before) {
            self.inner.restore(&before, output, ctx)?;
            self.apply(input.core, input.image, &mut output.planes);
        }
        Ok(())
    }
}

/// Rows of the restorer, applied to the image.
struct Through<'a> {
    of: &'a Resized,
    inner: Box<dyn Passage + 'a>,
}

impl Passage for Through<'_> {
    fn next(&mut self, image: &Image, ctx: &Context<'_>) -> Result<Option<Rows>, RestoreError> {
        let Some(mut rows) = self.inner.next(&self.of.before, ctx)? else { return Ok(None) };
        let Band { window, planes } = &mut rows.band;
        self.of.apply(*window, image, planes);
        Ok(Some(rows))
    }
}

/// Puts all samples of the found planes on their nearest level.
fn put_on_levels(image: &mut Image, findings: &Findings, ctx: &Context<'_>) {
    let width = image.width().max(1);
    let level = |p: usize, value: f32| {
        let grid = findings.grids.get(p).filter(|grid| grid.found)?;
        let (step, offset) = (grid.step_codes / 255.0, grid.offset_codes / 255.0);
        Some(nearest_level(value, step, offset) * step + offset)
    };
    match (findings.space, image.planes.as_mut_slice()) {
        (Space::Yuv { matrix, .. }, [r, g, b]) => {
            let weights = matrix.weights_of(0);
            let rows = r.data.chunks_exact_mut(width).zip(g.data.chunks_exact_mut(width));
            let rows: Vec<_> = rows.zip(b.data.chunks_exact_mut(width)).collect();
            ctx.map_parts(rows, |_, ((r, g), b)| {
                for ((r, g), b) in r.iter_mut().zip(g).zip(b) {
                    let luma = weights[0] * *r + weights[1] * *g + weights[2] * *b;
                    let Some(level) = level(0, luma) else { continue };
                    // Luma alone: each channel moves by the same amount.
                    for value in [r, g, b] {
                        *value += level - luma;
                    }
                }
            });
        }
        (_, planes) => {
            for (p, plane) in planes.iter_mut().enumerate() {
                let rows: Vec<&mut [f32]> = plane.data.chunks_exact_mut(width).collect();
                ctx.map_parts(rows, |_, row| {
                    for value in row.iter_mut() {
                        *value = level(p, *value).unwrap_or(*value);
                    }
                });
            }
        }
    }
}

/// The share of the change at each pixel, from the range of luma around it.
fn shares(image: &Image, findings: &Findings, ctx: &Context<'_>) -> Vec<u8> {
    let (width, height) = (image.width(), image.height());
    let step = findings.grids.iter().filter(|grid| grid.found).map(|grid| grid.step_codes);
    let step = step.fold(0.0, f32::max).max(1e-6) / 255.0;
    let rows: Vec<Vec<f32>> = ctx.map(height, |y| match image.planes.as_slice() {
        [r, g, b] => {
            let pixel = |x: usize| [r, g, b].iter().zip(LUMA).map(|(plane, k)| k * plane.row(y)[x]).sum();
            (0..width).map(pixel).collect()
        }
        planes => planes[0].row(y).to_vec(),
    });
    // Ranges across, then down.
    let ranges: Vec<Vec<(f32, f32)>> = ctx.map(height, |y| {
        let around = |x: usize| &rows[y][x.saturating_sub(AROUND)..(x + AROUND + 1).min(width)];
        (0..width).map(|x| range(around(x).iter().map(|&v| (v, v)))).collect()
    });
    let hard: Vec<Vec<f32>> = ctx.map(height, |y| {
        let near = &ranges[y.saturating_sub(AROUND)..(y + AROUND + 1).min(height)];
        let share = |x: usize| {
            let (low, high) = range(near.iter().map(|row| row[x]));
            ((STEPS.0 - (high - low) / step) / STEPS.1).clamp(0.0, 1.0)
        };
        (0..width).map(share).collect()
    });
    let soft = |y: usize| -> Vec<u8> {
        let near = &hard[y.saturating_sub(SOFT)..(y + SOFT + 1).min(height)];
        let down: Vec<f32> =
            (0..width).map(|x| near.iter().map(|row| row[x]).sum::<f32>() / near.len() as f32).collect();
        let mean = |x: usize| {
            let around = &down[x.saturating_sub(SOFT)..(x + SOFT + 1).min(width)];
            around.iter().sum::<f32>() / around.len() as f32
        };
        (0..width).map(|x| (255.0 * mean(x)).round() as u8).collect()
    };
    ctx.map(height, soft).concat()
}

/// Lowest and highest value of pairs of such.
fn range(values: impl Iterator<Item = (f32, f32)>) -> (f32, f32) {
    values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), (a, b)| (low.min(a), high.max(b)))
}
