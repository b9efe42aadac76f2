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
mod tests {
    use super::*;
    use crate::color::{Matrix, Range};
    use crate::depth::Depth;

    fn subsampled(subsampling: Subsampling, siting: Siting, chroma: impl Fn(f32, f32) -> f32) -> Image {
        let (width, height) = (13, 9);
        let (cw, ch) = subsampling.chroma_size(width, height);
        let place = |i: usize, scale: u8, between: bool| {
            i as f32 * f32::from(scale) + if between { 0.5 * (f32::from(scale) - 1.0) } else { 0.0 }
        };
        let data = (0..cw * ch).map(|i| {
            let x = place(i % cw, subsampling.x, siting == Siting::Center);
            chroma(x, place(i / cw, subsampling.y, siting != Siting::TopLeft))
        });
        let data: Vec<f32> = data.collect();
        let chroma = Plane { width: cw, height: ch, data };
        let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling };
        let planes = vec![Plane::filled(width, height, 0.4), chroma.clone(), chroma];
        let mut image = Image::new(planes, model, Depth::Int(10));
        image.color.siting = siting;
        image
    }

    #[test]
    fn a_chroma_ramp_comes_back_as_a_ramp_wherever_its_samples_lie() {
        let ramp = |x: f32, y: f32| 0.5 + 0.01 * x - 0.005 * y;
        for siting in [Siting::Left, Siting::Center, Siting::TopLeft] {
            for (x, y) in [(1, 1), (2, 1), (2, 2), (4, 1), (1, 2)] {
                let stored = subsampled(Subsampling { x, y }, siting, ramp);
                let full = stored.clone().into_full_chroma(&Context::default()).unwrap();
                assert_eq!((full.planes[0] == stored.planes[0], full.plane_scale(1)), (true, (1, 1)));
                let rgb = stored.into_rgb(&Context::default()).unwrap();
                assert_eq!((rgb.color.model, rgb.planes.len()), (Model::Rgb, 3));
                // Within the outermost chroma samples; beyond them the last one is repeated.
                for row in usize::from(y)..6 {
                    for column in usize::from(x)..8 {
                        let c = ramp(column as f32, row as f32) - 0.5;
                        let want = Matrix::Bt709.to_rgb([0.4, c, c]);
                        let chroma = full.planes[1].row(row)[column];
                        assert!((chroma - c - 0.5).abs() < 1e-6, "{siting:?} {x}×{y} at {column},{row}");
                        for (plane, want) in rgb.planes.iter().zip(want) {
                            let got = plane.row(row)[column];
                            assert!(
                                (got - want).abs() < 1e-6,
                                "{siting:?} {x}×{y} at {column},{row}: {got} {want}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn neutral_chroma_gives_grey_and_threads_give_the_same_bits() {
        let image = subsampled(Subsampling::HALF, Siting::Left, |_, _| 0.5);
        let one = image.clone().into_rgb(&Context { threads: 1, ..Context::default() }).unwrap();
        assert!(one.planes.iter().all(|plane| plane.data.iter().all(|v| (v - 0.4).abs() < 1e-6)));
        let many = image.into_rgb(&Context { threads: 5, ..Context::default() }).unwrap();
        assert_eq!(one, many);
    }

    #[test]
    fn planes_that_do_not_fit_are_refused() {
        let mut image = subsampled(Subsampling::HALF, Siting::Left, |_, _| 0.5);
        image.planes[2].data.pop();
        assert!(image.into_rgb(&Context::default()).is_err());
    }
}
