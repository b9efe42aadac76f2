//! Conversion from luma and subsampled chroma planes to RGB.

use crate::color::{Model, Siting, Subsampling};
use crate::context::Context;
use crate::image::{Image, ImageError, Plane};

/// Rows per task.
const ROWS: usize = 64;

impl Image {
    /// The same image in red, green and blue at full size; other models are returned unchanged.
    ///
    /// Subsampled chroma planes are interpolated linearly according to their siting. Nothing is rounded or
    /// clamped: samples may fall between the codes of `depth`, which stays. Code points lose their matrix.
    ///
    /// # Errors
    /// When there are not three planes, or a chroma plane's size contradicts its subsampling.
    pub fn into_rgb(self, ctx: &Context<'_>) -> Result<Self, ImageError> {
        let Model::Yuv { matrix, .. } = self.color.model else { return Ok(self) };
        let mut out = self.at_full_size(ctx, |[y, u, v]| matrix.to_rgb([y, u - 0.5, v - 0.5]))?;
        out.color.model = Model::Rgb;
        if let Some(cicp) = &mut out.color.cicp {
            // RGB has no limited range here.
            (cicp.matrix, cicp.full_range) = (0, true);
        }
        Ok(out)
    }

    /// The same image with chroma planes as large as luma, interpolated as in [`Image::into_rgb`]; other
    /// models are returned unchanged.
    ///
    /// # Errors
    /// As [`Image::into_rgb`].
    pub fn into_full_chroma(self, ctx: &Context<'_>) -> Result<Self, ImageError> {
        let Model::Yuv { matrix, range, subsampling } = self.color.model else { return Ok(self) };
        if subsampling == Subsampling::NONE {
            return Ok(self);
        }
        let mut out = self.at_full_size(ctx, |yuv| yuv)?;
        out.color.model = Model::Yuv { matrix, range, subsampling: Subsampling::NONE };
        Ok(out)
    }

    /// Three planes of full size, with luma and chroma of each pixel mapped by `pixel`.
    fn at_full_size(
        self,
        ctx: &Context<'_>,
        pixel: impl Fn([f32; 3]) -> [f32; 3] + Sync,
    ) -> Result<Self, ImageError> {
        let Model::Yuv { subsampling, .. } = self.color.model else { return Ok(self) };
        let (width, height) = (self.width(), self.height());
        let expected = subsampling.chroma_size(width, height);
        let [luma, u, v] = self.planes.as_slice() else {
            return Err(ImageError::Model { got: self.color.model, needed: "an image of three planes" });
        };
        for plane in [u, v] {
            if (plane.width, plane.height) != expected || plane.data.len() != expected.0 * expected.1 {
                let (width, height) = expected;
                return Err(ImageError::Length {
                    width,
                    height,
                    expected: width * height,
                    got: plane.data.len(),
                });
            }
        }
        let siting = self.color.siting;
        let columns = Taps::along(width, subsampling.x.into(), u.width, siting == Siting::Center);
        let lines = Taps::along(height, subsampling.y.into(), u.height, siting != Siting::TopLeft);
        let parts = ctx.map(height.div_ceil(ROWS), |part| {
            let rows = part * ROWS..((part + 1) * ROWS).min(height);
            let mut out = [0, 1, 2].map(|_| Vec::with_capacity(rows.len() * width));
            let (mut mixed_u, mut mixed_v) = (vec![0.0; u.width], vec![0.0; u.width]);
            for y in rows {
                lines.mix(y, u, &mut mixed_u);
                lines.mix(y, v, &mut mixed_v);
                for (x, &luma) in luma.row(y).iter().enumerate() {
                    let [u, v] = [&mixed_u, &mixed_v].map(|row| columns.at(x, row));
                    out.iter_mut().zip(pixel([luma, u, v])).for_each(|(plane, value)| plane.push(value));
                }
            }
            out
        });
        let mut planes = [0, 1, 2].map(|_| Vec::with_capacity(width * height));
        for part in parts {
            planes.iter_mut().zip(part).for_each(|(plane, rows)| plane.extend(rows));
        }
        let mut out = self;
        out.planes = planes.map(|data| Plane { width, height, data }).into();
        Ok(out)
    }
}

/// For each position along one side of luma: the chroma sample before it, and the weight of the one after.
struct Taps(Vec<(u32, u32, f32)>);

impl Taps {
    fn along(n: usize, scale: usize, chroma: usize, between: bool) -> Self {
        let last = chroma.saturating_sub(1);
        let tap = |i: usize| {
            let shift = if between { 0.5 - 0.5 * scale as f32 } else { 0.0 };
            let at = ((i as f32 + shift) / scale as f32).max(0.0);
            let before = (at as usize).min(last);
            (before as u32, (before + 1).min(last) as u32, at - before as f32)
        };
        Self((0..n).map(tap).collect())
    }

    fn at(&self, i: usize, row: &[f32]) -> f32 {
        let (before, after, share) = self.0[i];
        let before = row[before as usize];
        before + share * (row[after as usize] - before)
    }

    fn mix(&self, y: usize, plane: &Plane, out: &mut [f32]) {
        let (before, after, share) = self.0[y];
        let rows = plane.row(before as usize).iter().zip(plane.row(after as usize));
        out.iter_mut().zip(rows).for_each(|(out, (&a, &b))| *out = a + share * (b - a));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
