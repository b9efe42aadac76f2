//! Conversion from and to the `image` crate's [`DynamicImage`]. Feature `image`.

use image::{DynamicImage, ImageBuffer, Luma, LumaA, Pixel, Primitive, Rgb, Rgba};

use crate::color::Model;
use crate::depth::Depth;
use crate::image::{Image, ImageError, Plane, Sample};

impl TryFrom<&DynamicImage> for Image {
    type Error = ImageError;

    /// Samples and transparency at full depth; a [`DynamicImage`] holds nothing else.
    fn try_from(source: &DynamicImage) -> Result<Self, ImageError> {
        let (width, height) = (source.width() as usize, source.height() as usize);
        if width == 0 || height == 0 {
            return Err(ImageError::Empty { width, height });
        }
        let eight = |code: u8| Depth::EIGHT.value(u32::from(code));
        let sixteen = |code: u16| Depth::SIXTEEN.value(u32::from(code));
        Ok(match source {
            DynamicImage::ImageLuma8(buffer) => planar(buffer, Depth::EIGHT, eight),
            DynamicImage::ImageLumaA8(buffer) => planar(buffer, Depth::EIGHT, eight),
            DynamicImage::ImageRgb8(buffer) => planar(buffer, Depth::EIGHT, eight),
            DynamicImage::ImageRgba8(buffer) => planar(buffer, Depth::EIGHT, eight),
            DynamicImage::ImageLuma16(buffer) => planar(buffer, Depth::SIXTEEN, sixteen),
            DynamicImage::ImageLumaA16(buffer) => planar(buffer, Depth::SIXTEEN, sixteen),
            DynamicImage::ImageRgb16(buffer) => planar(buffer, Depth::SIXTEEN, sixteen),
            DynamicImage::ImageRgba16(buffer) => planar(buffer, Depth::SIXTEEN, sixteen),
            DynamicImage::ImageRgb32F(buffer) => planar(buffer, Depth::F32, |v| v),
            DynamicImage::ImageRgba32F(buffer) => planar(buffer, Depth::F32, |v| v),
            // Variants that do not exist yet: `DynamicImage` can still convert them.
            other => planar(&other.to_rgba32f(), Depth::F32, |v| v),
        })
    }
}

impl TryFrom<DynamicImage> for Image {
    type Error = ImageError;

    fn try_from(source: DynamicImage) -> Result<Self, ImageError> {
        Self::try_from(&source)
    }
}

impl TryFrom<&Image> for DynamicImage {
    type Error = ImageError;

    /// 8-bit buffers for up to 8 bits, 16-bit ones for up to 16 (codes are widened exactly), 32-bit floating
    /// point in RGB otherwise. YUV images are refused.
    fn try_from(source: &Image) -> Result<Self, ImageError> {
        let colors: &[usize] = match (source.color.model, source.depth) {
            (Model::Gray, Depth::Int(_)) => &[0],
            (Model::Gray, Depth::F32) => &[0, 0, 0],
            (Model::Rgb, _) => &[0, 1, 2],
            (got @ Model::Yuv { .. }, _) => {
                return Err(ImageError::Model { got, needed: "an RGB or grey image" });
            }
        };
        let mut planes: Vec<&Plane> = colors.iter().filter_map(|&p| source.planes.get(p)).collect();
        planes.extend(&source.alpha);
        let (width, height) = (source.width(), source.height());
        let expected = width * height;
        if planes.len() != colors.len() + usize::from(source.alpha.is_some()) {
            return Err(ImageError::Length { width, height, expected, got: 0 });
        }
        if let Some(short) = planes.iter().find(|plane| plane.data.len() != expected) {
            return Err(ImageError::Length { width, height, expected, got: short.data.len() });
        }
        let size = (width as u32, height as u32);
        let image = match (source.depth, planes.len()) {
            (Depth::Int(..=8), 1) => buffer::<Luma<u8>>(size, &planes, code).map(Self::ImageLuma8),
            (Depth::Int(..=8), 2) => buffer::<LumaA<u8>>(size, &planes, code).map(Self::ImageLumaA8),
            (Depth::Int(..=8), 3) => buffer::<Rgb<u8>>(size, &planes, code).map(Self::ImageRgb8),
            (Depth::Int(..=8), _) => buffer::<Rgba<u8>>(size, &planes, code).map(Self::ImageRgba8),
            (Depth::Int(_), 1) => buffer::<Luma<u16>>(size, &planes, code).map(Self::ImageLuma16),
            (Depth::Int(_), 2) => buffer::<LumaA<u16>>(size, &planes, code).map(Self::ImageLumaA16),
            (Depth::Int(_), 3) => buffer::<Rgb<u16>>(size, &planes, code).map(Self::ImageRgb16),
            (Depth::Int(_), _) => buffer::<Rgba<u16>>(size, &planes, code).map(Self::ImageRgba16),
            (Depth::F32, 3) => buffer::<Rgb<f32>>(size, &planes, |v| v).map(Self::ImageRgb32F),
            (Depth::F32, _) => buffer::<Rgba<f32>>(size, &planes, |v| v).map(Self::ImageRgba32F),
        };
        image.ok_or(ImageError::Empty { width, height })
    }
}

fn code<T: Sample>(value: f32) -> T {
    T::from_code(T::DEPTH.code(value))
}

fn planar<P: Pixel>(
    buffer: &ImageBuffer<P, Vec<P::Subpixel>>,
    depth: Depth,
    value: impl Fn(P::Subpixel) -> f32,
) -> Image {
    let (width, height) = (buffer.width() as usize, buffer.height() as usize);
    let channels = P::CHANNEL_COUNT as usize;
    let mut planes: Vec<Plane> = (0..channels)
        .map(|c| Plane {
            width,
            height,
            data: buffer.as_raw().iter().skip(c).step_by(channels).map(|&v| value(v)).collect(),
        })
        .collect();
    let alpha = if channels.is_multiple_of(2) { planes.pop() } else { None };
    let model = if planes.len() == 1 { Model::Gray } else { Model::Rgb };
    Image { alpha, ..Image::new(planes, model, depth) }
}

fn buffer<P>(
    (width, height): (u32, u32),
    planes: &[&Plane],
    sample: impl Fn(f32) -> P::Subpixel,
) -> Option<ImageBuffer<P, Vec<P::Subpixel>>>
where
    P: Pixel,
    P::Subpixel: Primitive,
{
    let n = width as usize * height as usize;
    let mut data = Vec::with_capacity(n * planes.len());
    for i in 0..n {
        data.extend(planes.iter().map(|plane| sample(plane.data[i])));
    }
    ImageBuffer::from_raw(width, height, data)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn made<P: Pixel>(data: &[P::Subpixel]) -> ImageBuffer<P, Vec<P::Subpixel>> {
        let n = 24 * P::CHANNEL_COUNT as usize;
        ImageBuffer::from_raw(6, 4, data[..n].to_vec()).unwrap()
    }

    #[test]
    fn every_kind_of_buffer_comes_back_as_it_went_in() {
        let bytes: Vec<u8> = (0..6 * 4 * 4).map(|i| (i * 37 % 256) as u8).collect();
        let words: Vec<u16> = (0..6 * 4 * 4).map(|i| i * 677).collect();
        let floats: Vec<f32> = (0..6 * 4 * 4).map(|i| i as f32 * 0.03 - 0.5).collect();
        let all = [
            DynamicImage::ImageLuma8(made(&bytes)),
            DynamicImage::ImageLumaA8(made(&bytes)),
            DynamicImage::ImageRgb8(made(&bytes)),
            DynamicImage::ImageRgba8(made(&bytes)),
            DynamicImage::ImageLuma16(made(&words)),
            DynamicImage::ImageLumaA16(made(&words)),
            DynamicImage::ImageRgb16(made(&words)),
            DynamicImage::ImageRgba16(made(&words)),
            DynamicImage::ImageRgb32F(made(&floats)),
            DynamicImage::ImageRgba32F(made(&floats)),
        ];
        for source in all {
            let image = Image::try_from(&source).unwrap();
            assert_eq!((image.width(), image.height()), (6, 4));
            assert_eq!(image.alpha.is_some(), source.color().has_alpha());
            assert_eq!(DynamicImage::try_from(&image).unwrap(), source);
        }
    }

    #[test]
    fn what_has_no_counterpart_is_refused() {
        assert!(matches!(Image::try_from(DynamicImage::new_rgb8(0, 3)), Err(ImageError::Empty { .. })));
        let yuv = Image::from_yuv420(2, 2, [&[9; 4], &[9], &[9]], crate::Matrix::Bt601, crate::Range::Full)
            .unwrap();
        assert!(matches!(DynamicImage::try_from(&yuv), Err(ImageError::Model { .. })));
    }
}
