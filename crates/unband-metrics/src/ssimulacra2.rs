//! SSIMULACRA2, by the crate `fast-ssim2`.

use fast_ssim2::{MAX_IMAGE_PIXELS, PixelDescriptor, PixelSlice, Ssimulacra2Error, compute_ssimulacra2};
use unband_image::{Context, Image};

use crate::linear_light::linear_planes;
use crate::{Better, ComparedWith, Fault, Metric, MetricError, MinSize, Score, at_least, both};

/// Minimum side.
pub const LEAST_SIDE: usize = 8;

/// SSIMULACRA2 of images whose samples are interpreted as sRGB. 100 for equal images, 90 if even flipping
/// between them shows no difference, 70 high, 50 medium, 30 low quality, without a lower bound.
///
/// Nothing is rounded to 8 bits or clamped: the input is linear light in `f32`. The crate filters in single
/// precision too; the last bits of samples change the value by some hundredths, so programs differ by as
/// much.
/// Source: github.com/cloudinary/ssimulacra2, by the crate `fast-ssim2`.
///
/// # Errors
/// When the images differ in size or colour model, have a side below [`LEAST_SIDE`] or more than 2²⁸ pixels,
/// are not RGB or grey, or have samples that are not finite.
fn score(image: &Image, reference: Option<&Image>, _: &Context<'_>) -> Result<Score, MetricError> {
    let (image, reference) = both(ENTRY.name, "a reference", image, reference)?;
    let (width, height) = (image.width(), image.height());
    at_least(ENTRY.name, LEAST_SIDE, width, height)?;
    let actual = width.saturating_mul(height);
    if actual > MAX_IMAGE_PIXELS {
        return Err(Ssimulacra2Error::ImageTooLarge { actual }.into());
    }
    let [a, b] = [reference, image].map(interleaved);
    let slice = |samples| {
        let (bytes, stride) = (bytemuck::cast_slice(samples), width * 3 * size_of::<f32>());
        PixelSlice::new(bytes, width as u32, height as u32, stride, PixelDescriptor::RGBF32_LINEAR)
            .map_err(|_| Ssimulacra2Error::ImageTooLarge { actual })
    };
    Ok(Score::from_value(compute_ssimulacra2(&slice(&a)?, &slice(&b)?)?))
}

impl From<Ssimulacra2Error> for MetricError {
    fn from(error: Ssimulacra2Error) -> Self {
        Fault::Ssimulacra2(error).of(ENTRY.name)
    }
}

/// RGB of each pixel in linear light; a grey image is treated as three equal channels.
fn interleaved(image: &Image) -> Vec<f32> {
    let planes = linear_planes(image);
    let [r, g, b] = std::array::from_fn(|c| &planes[c.min(planes.len() - 1)].data);
    let pixels = r.iter().zip(g).zip(b);
    pixels.flat_map(|((&r, &g), &b)| [r as f32, g as f32, b as f32]).collect()
}

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: "ssimulacra2",
    title: "SSIMULACRA2",
    purpose: "How good a lossy copy looks: at 90 even flipping shows no difference, 70 is high, 50 medium and 30 low quality.",
    better: Better::Higher,
    compared_with: ComparedWith::Reference,
    range: "100 for equal images, below 0 for very bad ones",
    min_size: MinSize::Sides(LEAST_SIDE),
    source: "github.com/cloudinary/ssimulacra2, by the crate `fast-ssim2`",
    score,
    ..Metric::PLAIN
};
