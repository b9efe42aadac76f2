//! Conversion from RGB to luma and subsampled chroma planes.

use crate::color::{Color, Model, Siting};
use crate::context::Context;
use crate::image::{Image, ImageError, Plane};
use crate::resize::{Axis, Beyond};

/// Rows per task.
const ROWS: usize = 64;

impl Image {
    /// The same image in luma and chroma: the reverse of [`Image::into_rgb`]. `color`: that of the result;
    /// images whose model is not RGB, or that shall not have luma and chroma, are returned unchanged.
    ///
    /// Smaller chroma planes are means weighted by distance (a triangle as wide as two of their samples),
    /// according to the siting of `color`. Nothing is rounded or clamped; the depth stays.
    ///
    /// # Errors
    /// When there are not three planes of equal size.
    pub fn into_yuv(self, color: Color, ctx: &Context<'_>) -> Result<Self, ImageError> {
        let (Model::Rgb, Model::Yuv { matrix, subsampling, .. }) = (self.color.model, color.model) else {
            return Ok(self);
        };
        let (width, height) = (self.width(), self.height());
        let [red, green, blue] = self.planes.as_slice() else {
            return Err(ImageError::Model { got: self.color.model, needed: "an image of three planes" });
        };
        for plane in [green, blue] {
            if (plane.width, plane.height, plane.data.len()) != (width, height, width * height) {
                let (expected, got) = (width * height, plane.data.len());
                return Err(ImageError::Length { width, height, expected, got });
            }
        }
        let parts = ctx.map(height.div_ceil(ROWS), |part| {
            let samples = part * ROWS * width..((part + 1) * ROWS).min(height) * width;
            let mut out = [0, 1, 2].map(|_| Vec::with_capacity(samples.len()));
            for i in samples {
                let [luma, u, v] = matrix.to_yuv([red.data[i], green.data[i], blue.data[i]]);
                out.iter_mut().zip([luma, u + 0.5, v + 0.5]).for_each(|(plane, value)| plane.push(value));
            }
            out
        });
        let mut planes = [0, 1, 2].map(|_| Vec::with_capacity(width * height));
        for part in parts {
            planes.iter_mut().zip(part).for_each(|(plane, rows)| plane.extend(rows));
        }
        let columns = axis(width, subsampling.x.into(), color.siting == Siting::Center);
        let lines = axis(height, subsampling.y.into(), color.siting != Siting::TopLeft);
        let [luma, u, v] = planes.map(|data| Plane { width, height, data });
        let chroma = ctx.map(2, |i| [&u, &v][i].mapped(&columns, &lines));
        let planes = std::iter::once(luma).chain(chroma).collect();
        Ok(Self { planes, color, ..self })
    }
}

/// Means along one side: every `scale` samples become one. `between`: it lies in their middle.
fn axis(size: usize, scale: usize, between: bool) -> Axis {
    let reach = scale.cast_signed();
    Axis::new(size, size.div_ceil(scale), Beyond::Repeat, |o, taps| {
        let first = (o * scale).cast_signed();
        let middle = first as f64 + if between { (scale as f64 - 1.0) / 2.0 } else { 0.0 };
        let near = (first - reach..first + 2 * reach).map(|i| (i, scale as f64 - (i as f64 - middle).abs()));
        let near = near.filter(|&(_, weight)| weight > 0.0);
        let sum: f64 = near.clone().map(|(_, weight)| weight).sum();
        taps.extend(near.map(|(i, weight)| (i, weight / sum)));
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Depth, Matrix, Range, Subsampling};

    fn color(subsampling: Subsampling, siting: Siting) -> Color {
        let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling };
        Color { siting, ..Color::new(model) }
    }

    /// A plane whose samples grow by a column and by a row.
    fn slope((width, height): (usize, usize), (across, down): (f32, f32), from: f32) -> Plane {
        let value = |i: usize| from + across * (i % width) as f32 + down * (i / width) as f32;
        Plane { width, height, data: (0..width * height).map(value).collect() }
    }

    #[test]
    fn slopes_come_back_away_from_the_edges() {
        let size = (17, 14);
        let planes = vec![
            slope(size, (0.01, 0.02), 0.1),
            slope(size, (-0.01, 0.015), 0.5),
            slope(size, (0.02, -0.01), 0.3),
        ];
        let image = Image::new(planes, Model::Rgb, Depth::EIGHT);
        for siting in [Siting::Left, Siting::Center, Siting::TopLeft] {
            for (x, y) in [(1, 1), (2, 1), (2, 2), (1, 2), (4, 1), (4, 4)] {
                let ctx = Context::default();
                let color = color(Subsampling { x, y }, siting);
                let yuv = image.clone().into_yuv(color, &ctx).unwrap();
                assert_eq!((yuv.planes[1].width, yuv.planes[1].height), color_size(x, y, size));
                assert_eq!(yuv.color, color);
                let back = yuv.into_rgb(&ctx).unwrap();
                let (mx, my) = (2 * usize::from(x), 2 * usize::from(y));
                for (a, b) in image.planes.iter().zip(&back.planes) {
                    for y in my..size.1 - my {
                        for x in mx..size.0 - mx {
                            assert!((a.row(y)[x] - b.row(y)[x]).abs() < 1e-5, "{siting:?} {x} {y}");
                        }
                    }
                }
            }
        }
    }

    fn color_size(x: u8, y: u8, (width, height): (usize, usize)) -> (usize, usize) {
        (width.div_ceil(x.into()), height.div_ceil(y.into()))
    }

    #[test]
    fn other_models_stay() {
        let grey = Image::new(vec![Plane::filled(4, 4, 0.5)], Model::Gray, Depth::EIGHT);
        let color = color(Subsampling::HALF, Siting::Left);
        assert_eq!(grey.clone().into_yuv(color, &Context::default()).unwrap().color, grey.color);
    }
}
