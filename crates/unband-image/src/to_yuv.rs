//! Conversion from RGB to luma and subsampled chroma planes.

use crate::color::{Color, Matrix, Model, Siting};
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
    pub fn into_yuv(mut self, color: Color, ctx: &Context<'_>) -> Result<Self, ImageError> {
        let (Model::Rgb, Model::Yuv { matrix, subsampling, .. }) = (self.color.model, color.model) else {
            return Ok(self);
        };
        let (width, height) = (self.width(), self.height());
        in_place(
            &mut self,
            |rgb| {
                let [luma, u, v] = matrix.to_yuv(rgb);
                [luma, u + 0.5, v + 0.5]
            },
            ctx,
        )?;
        let columns = axis(width, subsampling.x.into(), color.siting == Siting::Center);
        let lines = axis(height, subsampling.y.into(), color.siting != Siting::TopLeft);
        for chroma in self.planes.iter_mut().skip(1) {
            *chroma = chroma.mapped(&columns, &lines);
        }
        Ok(Self { color, ..self })
    }

    /// The luma of an image in RGB.
    ///
    /// # Errors
    /// When there are not three planes of equal size.
    pub fn into_luma(mut self, matrix: Matrix, ctx: &Context<'_>) -> Result<Plane, ImageError> {
        in_place(&mut self, |rgb| [matrix.to_yuv(rgb)[0], 0.0, 0.0], ctx)?;
        Ok(self.planes.swap_remove(0))
    }
}

/// Replaces the samples of each pixel.
fn in_place(
    image: &mut Image,
    pixel: impl Fn([f32; 3]) -> [f32; 3] + Sync,
    ctx: &Context<'_>,
) -> Result<(), ImageError> {
    let (width, height) = (image.width(), image.height());
    let model = image.color.model;
    let [red, green, blue] = image.planes.as_mut_slice() else {
        return Err(ImageError::Model { got: model, needed: "an image of three planes" });
    };
    for plane in [&*green, &*blue] {
        if (plane.width, plane.height, plane.data.len()) != (width, height, width * height) {
            let (expected, got) = (width * height, plane.data.len());
            return Err(ImageError::Length { width, height, expected, got });
        }
    }
    let step = ROWS * width;
    let pairs = red.data.chunks_mut(step).zip(green.data.chunks_mut(step));
    let parts = pairs.zip(blue.data.chunks_mut(step)).collect();
    ctx.map_parts(parts, |_, ((red, green), blue): ((&mut [f32], &mut [f32]), &mut [f32])| {
        for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
            [*red, *green, *blue] = pixel([*red, *green, *blue]);
        }
    });
    Ok(())
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
    use crate::{Depth, Range, Subsampling};

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
                let luma = image.clone().into_luma(Matrix::Bt709, &ctx).unwrap();
                assert_eq!(luma.data, yuv.planes[0].data);
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
