//! SSIMULACRA2.

use fast_ssim2::{
    MAX_IMAGE_PIXELS, PixelDescriptor, PixelSlice, Ssimulacra2Error, TransferFunction, compute_ssimulacra2,
};
use unband_image::Image;

use crate::field::exact;
use crate::{Against, Better, Metric, MetricError, Score, at_least, both};

/// Least side.
pub const LEAST_SIDE: usize = 8;

const SRGB: PixelDescriptor = PixelDescriptor::RGBF32.with_transfer(TransferFunction::Srgb);

/// SSIMULACRA2 of pictures whose samples are taken for sRGB: 100 for equal pictures, 90 when even flipping between them
/// shows nothing, 70 high, 50 medium, 30 low quality, without a lower end.
///
/// Samples go in as `f32`, so that nothing is rounded to 8 bits; what lies outside black and white is clamped.
/// Source: github.com/cloudinary/ssimulacra2, by the crate `fast-ssim2`.
///
/// # Errors
/// When the pictures differ in size or colour model, have a side below [`LEAST_SIDE`] or more than 2²⁸ pixels, are not
/// RGB or grey, or hold samples that are not finite.
pub fn ssimulacra2(image: &Image, reference: &Image) -> Result<f64, MetricError> {
    measure(image, Some(reference))
}

fn measure(image: &Image, reference: Option<&Image>) -> Result<f64, MetricError> {
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
        PixelSlice::new(bytes, width as u32, height as u32, stride, SRGB)
            .map_err(|_| Ssimulacra2Error::ImageTooLarge { actual })
    };
    Ok(compute_ssimulacra2(&slice(&a)?, &slice(&b)?)?)
}

/// Red, green and blue of each pixel; a grey picture counts as three equal channels.
fn interleaved(image: &Image) -> Vec<f32> {
    let code = exact(image.depth);
    let mut out = vec![0.0; image.width() * image.height() * 3];
    for c in 0..3 {
        let plane = &image.planes[c.min(image.planes.len() - 1)];
        let samples = out.iter_mut().skip(c).step_by(3);
        samples.zip(&plane.data).for_each(|(o, v)| *o = (code(v) / 255.0) as f32);
    }
    out
}

fn score(image: &Image, reference: Option<&Image>) -> Result<Score, MetricError> {
    measure(image, reference).map(Score::of)
}

/// The registry's line.
pub const ENTRY: Metric = Metric {
    name: "ssimulacra2",
    title: "SSIMULACRA2",
    better: Better::Higher,
    against: Against::Reference,
    range: "100 for equal pictures, below 0 for very bad ones",
    unit: "",
    source: "github.com/cloudinary/ssimulacra2, by the crate `fast-ssim2`",
    score,
};
