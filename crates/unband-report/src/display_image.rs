//! 8-bit RGB images for display.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use unband_image::dither::blue_noise_row;
use unband_image::{Context, Depth, Image, Model, Plane};

use super::ShowError;
use unband::check_planes as check;

/// An image for display: interleaved 8-bit RGB, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayImage {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `3 * width * height` bytes.
    pub rgb: Vec<u8>,
}

impl DisplayImage {
    /// An image of one colour.
    pub(crate) fn filled(width: usize, height: usize, color: [u8; 3]) -> Self {
        Self { width, height, rgb: color.repeat(width * height) }
    }

    /// An image as an 8-bit screen shows it. Higher depths are dithered, so no new bands appear. Transfer and
    /// primaries stay; transparency is dropped.
    ///
    /// # Errors
    /// When the planes do not fit the model.
    pub fn from_image(image: &Image, ctx: &Context<'_>) -> Result<Self, ShowError> {
        let image = rgb(image, ctx)?;
        Ok(quantised(&image, image.depth != Depth::F32 && image.depth.bits() <= 8))
    }

    /// An image of at most `longest` pixels a side: smaller ones as [`DisplayImage::from_image`], larger ones
    /// area-averaged and dithered.
    ///
    /// # Errors
    /// As [`DisplayImage::from_image`].
    pub(crate) fn at_most(longest: usize, image: &Image, ctx: &Context<'_>) -> Result<Self, ShowError> {
        let image = rgb(image, ctx)?;
        let (width, height) = (image.width(), image.height());
        let side = width.max(height);
        if side <= longest.max(1) {
            return Self::from_image(&image, ctx);
        }
        let to = |n: usize| ((n * longest.max(1)) as f64 / side as f64).round().max(1.0) as usize;
        let (to_width, to_height) = (to(width), to(height));
        let planes = ctx.map(image.planes.len(), |p| averaged(&image.planes[p], to_width, to_height));
        Ok(quantised(&Image::new(planes, image.color.model, Depth::F32), false))
    }

    /// The colour of a pixel; the nearest one when outside.
    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let i = 3 * (y.min(self.height.saturating_sub(1)) * self.width + x.min(self.width.saturating_sub(1)));
        match self.rgb.get(i..i + 3) {
            Some(&[r, g, b]) => [r, g, b],
            _ => [0; 3],
        }
    }

    /// Sets the colour of a pixel; positions outside are ignored.
    pub fn set(&mut self, x: usize, y: usize, color: [u8; 3]) {
        if x < self.width && y < self.height {
            let i = 3 * (y * self.width + x);
            self.rgb[i..i + 3].copy_from_slice(&color);
        }
    }

    /// As a PNG file; few colours become a palette.
    ///
    /// # Errors
    /// When a side is zero.
    pub fn png(&self) -> Result<Vec<u8>, ShowError> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, self.width as u32, self.height as u32);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        let palette = self.palette();
        let indices: Vec<u8>;
        let data = if let Some(palette) = &palette {
            let index = |c: &[u8]| palette.binary_search(&[c[0], c[1], c[2]]).unwrap_or(0) as u8;
            indices = self.rgb.chunks_exact(3).map(index).collect();
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(palette.concat());
            &indices
        } else {
            encoder.set_color(png::ColorType::Rgb);
            &self.rgb
        };
        let mut writer = encoder.write_header()?;
        writer.write_image_data(data)?;
        writer.finish()?;
        Ok(out)
    }

    /// Its colours in order, if there are at most 256.
    fn palette(&self) -> Option<Vec<[u8; 3]>> {
        let mut colors: Vec<[u8; 3]> = Vec::new();
        for c in self.rgb.chunks_exact(3) {
            let c = [c[0], c[1], c[2]];
            if let Err(i) = colors.binary_search(&c) {
                if colors.len() == 256 {
                    return None;
                }
                colors.insert(i, c);
            }
        }
        Some(colors)
    }

    /// As a JPEG file of a quality 1..=100, chroma at full size.
    ///
    /// # Errors
    /// When a side is zero or above 65535 pixels.
    pub fn jpeg(&self, quality: u8) -> Result<Vec<u8>, ShowError> {
        let side = |n: usize| u16::try_from(n).unwrap_or(0);
        let mut out = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut out, quality.clamp(1, 100));
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_1_1);
        encoder.encode(&self.rgb, side(self.width), side(self.height), jpeg_encoder::ColorType::Rgb)?;
        Ok(out)
    }

    /// As a PNG data URI.
    pub(super) fn png_uri(&self) -> Result<String, ShowError> {
        Ok(uri("image/png", &self.png()?))
    }
}

/// A file as a data URI.
pub(crate) fn uri(kind: &str, file: &[u8]) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(file))
}

/// The image as RGB or grey, checked.
pub(super) fn rgb<'a>(image: &'a Image, ctx: &Context<'_>) -> Result<Cow<'a, Image>, ShowError> {
    check(image)?;
    match image.color.model {
        Model::Yuv { .. } => {
            // Only planes and colour are needed here; metadata and stored coefficients are not copied.
            let mut bare = Image::new(image.planes.clone(), image.color.model, image.depth);
            bare.color = image.color;
            Ok(Cow::Owned(bare.into_rgb(ctx)?))
        }
        _ => Ok(Cow::Borrowed(image)),
    }
}

/// Indices of three RGB planes; grey repeats its plane.
pub(super) fn three(image: &Image) -> [&Plane; 3] {
    match image.planes.as_slice() {
        [r, g, b, ..] => [r, g, b],
        planes => [&planes[0]; 3],
    }
}

/// 8-bit samples, rounded or with blue noise.
pub(super) fn quantised(image: &Image, round: bool) -> DisplayImage {
    let (width, height) = (image.width(), image.height());
    let planes = three(image);
    let mut rgb = Vec::with_capacity(3 * width * height);
    for y in 0..height {
        let thresholds = blue_noise_row(y);
        let rows = planes.map(|plane| plane.row(y));
        for x in 0..width {
            let t = if round { 0.5 } else { thresholds[x % thresholds.len()] };
            rgb.extend(rows.map(|row| (row[x] * 255.0 + t).clamp(0.0, 255.0) as u8));
        }
    }
    DisplayImage { width, height, rgb }
}

/// The plane at a smaller size, each sample the mean of the area that it covers.
fn averaged(plane: &Plane, width: usize, height: usize) -> Plane {
    let across = spans(plane.width, width);
    let down = spans(plane.height, height);
    let mut data = Vec::with_capacity(width * height);
    let mut sums = vec![0.0f32; plane.width];
    for (y0, weights) in &down {
        sums.fill(0.0);
        for (i, &weight) in weights.iter().enumerate() {
            let row = plane.row((y0 + i).min(plane.height - 1));
            sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += weight * v);
        }
        data.extend(across.iter().map(|(x0, weights)| {
            weights.iter().zip(&sums[*x0..]).map(|(weight, v)| weight * v).sum::<f32>()
        }));
    }
    Plane { width, height, data }
}

/// For each of `to` samples: the first of the `from` samples that it covers, and the weight of each.
fn spans(from: usize, to: usize) -> Vec<(usize, Vec<f32>)> {
    let scale = from as f64 / to as f64;
    let span = |i: usize| {
        let (start, end) = (i as f64 * scale, (i + 1) as f64 * scale);
        let (first, last) = (start as usize, (end.ceil() as usize).min(from));
        let cover = |j: usize| (end.min((j + 1) as f64) - start.max(j as f64)).max(0.0) / scale;
        (first, (first..last.max(first + 1)).map(|j| cover(j) as f32).collect())
    };
    (0..to).map(span).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn eight_bits_are_shown_as_they_are() {
        let data: Vec<u8> = (0..60).map(|i| i * 4).collect();
        let image = Image::from_rgb8(5, 4, &data).unwrap();
        assert_eq!(DisplayImage::from_image(&image, &Context::default()).unwrap().rgb, data);
    }

    #[test]
    fn sixteen_bits_keep_their_mean() {
        let image = Image::from_gray(64, 64, &[30_000u16; 4096]).unwrap();
        let shown = DisplayImage::from_image(&image, &Context::default()).unwrap();
        let mean = shown.rgb.iter().map(|&c| f64::from(c)).sum::<f64>() / shown.rgb.len() as f64;
        assert!((mean - 30_000.0 / 257.0).abs() < 0.01, "{mean}");
    }

    #[test]
    fn a_smaller_image_keeps_the_mean_and_the_shape() {
        let data: Vec<u16> = (0..300 * 7).map(|i| (i % 300 * 200) as u16).collect();
        let image = Image::from_gray(300, 7, &data).unwrap();
        let small = DisplayImage::at_most(100, &image, &Context::default()).unwrap();
        assert_eq!((small.width, small.height), (100, 2));
        let mean = small.rgb.iter().map(|&c| f64::from(c)).sum::<f64>() / small.rgb.len() as f64;
        assert!((mean - 149.5 * 200.0 / 257.0).abs() < 0.6, "{mean}");
        let thin = Image::from_gray(1, 3000, &[9u8; 3000]).unwrap();
        let small = DisplayImage::at_most(100, &thin, &Context::default()).unwrap();
        assert_eq!((small.width, small.height), (1, 100));
        assert!(small.rgb.iter().all(|&c| c == 9 || c == 10 || c == 8));
    }

    #[test]
    fn png_holds_the_pixels_with_a_palette_and_without() {
        let few = DisplayImage::filled(3, 2, [1, 2, 3]);
        let many =
            DisplayImage { width: 40, height: 10, rgb: (0..1200u32).map(|i| (i * 7 % 251) as u8).collect() };
        for image in [few, many] {
            let file = image.png().unwrap();
            let mut decoder = png::Decoder::new(std::io::Cursor::new(&file));
            decoder.set_transformations(png::Transformations::EXPAND);
            let mut reader = decoder.read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            assert_eq!(pixels, image.rgb);
        }
    }

    #[test]
    fn images_without_pixels_or_too_large_for_jpeg_are_refused() {
        assert!(DisplayImage::filled(0, 3, [0; 3]).png().is_err());
        assert!(DisplayImage::filled(0, 3, [0; 3]).jpeg(90).is_err());
        assert!(DisplayImage::filled(70_000, 1, [0; 3]).jpeg(90).is_err());
        assert!(DisplayImage::filled(9, 3, [7; 3]).jpeg(90).is_ok());
    }
}
