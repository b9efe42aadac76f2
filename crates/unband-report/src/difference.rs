//! Difference of two images, as an image around mid-grey.

use unband_image::{Context, Image};

use super::display_image::rgb;
use super::profile::same_size;
use super::{DisplayImage, ShowError};

/// An image minus another, amplified.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Mid-grey where both are equal, brighter and darker by `gain` times the difference elsewhere.
    pub image: DisplayImage,
    /// The amplification.
    pub gain: f32,
    /// Mean of the absolute differences, in codes of 8 bits.
    pub mean_codes: f64,
    /// Largest absolute difference, in codes of 8 bits.
    pub most_codes: f32,
}

/// Strongest amplification: the finest step of 8 bits then becomes a quarter of the range.
const MOST_GAIN: f32 = 64.0;
/// Share of the samples that may exceed the range.
const OUTSIDE: f64 = 0.001;
/// Histogram bins of a code of 8 bits.
const BINS: f32 = 16.0;

impl Difference {
    /// `image` minus `reference`, in red, green and blue. The amplification is a power of two with which all
    /// but a thousandth of the samples fit.
    ///
    /// # Errors
    /// When the images differ in size, or planes do not fit their model.
    pub fn new(reference: &Image, image: &Image, ctx: &Context<'_>) -> Result<Self, ShowError> {
        same_size([("reference", reference), ("result", image)].into_iter())?;
        let (reference, image) = (rgb(reference, ctx)?, rgb(image, ctx)?);
        let (width, height) = (image.width(), image.height());
        // A grey image has one plane for all three colours.
        let plane = |of: &Image, p: usize| of.planes[p.min(of.planes.len() - 1)].data.clone();
        let planes: Vec<Vec<f32>> = ctx.map(3, |p| {
            let pairs = plane(&image, p).into_iter().zip(plane(&reference, p));
            pairs.map(|(a, b)| if (a - b).is_finite() { a - b } else { 0.0 }).collect()
        });
        let mut bins = vec![0_usize; 255 * BINS as usize + 1];
        let (mut sum, mut most) = (0.0, 0.0_f32);
        for &difference in planes.iter().flatten() {
            let codes = 255.0 * difference.abs();
            sum += f64::from(codes);
            most = most.max(codes);
            bins[((codes * BINS) as usize).min(255 * BINS as usize)] += 1;
        }
        let samples = (3 * width * height).max(1);
        let mut outside = samples as f64 * OUTSIDE;
        let fits = bins.iter().rposition(|&count| {
            outside -= count as f64;
            outside < 0.0
        });
        let needed = (fits.unwrap_or(0) as f32 + 1.0) / BINS / 127.0;
        let gain = (1.0 / needed).log2().floor().exp2().clamp(1.0, MOST_GAIN);
        let code = |difference: f32| (127.5 + 255.0 * gain * difference).round().clamp(0.0, 255.0) as u8;
        let rgb = (0..width * height).flat_map(|i| [0, 1, 2].map(|p| code(planes[p][i]))).collect();
        Ok(Self {
            image: DisplayImage { width, height, rgb },
            gain,
            mean_codes: sum / samples as f64,
            most_codes: most,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn grey(codes: &[u8]) -> Image {
        Image::from_gray(codes.len(), 1, codes).unwrap()
    }

    #[test]
    fn what_is_brighter_is_bright_and_what_is_equal_mid_grey() {
        let of =
            |result: &[u8]| Difference::new(&grey(&[100; 4]), &grey(result), &Context::default()).unwrap();
        let equal = of(&[100; 4]);
        assert_eq!((equal.image.rgb, equal.most_codes), (vec![128; 12], 0.0));
        let one = of(&[100, 101, 99, 100]);
        assert!((one.gain - MOST_GAIN).abs() < 0.1 && (one.most_codes - 1.0).abs() < 1e-4, "{one:?}");
        assert!((one.mean_codes - 0.5).abs() < 1e-4);
        assert_eq!(one.image.rgb[3..6], [192; 3]);
        assert_eq!(one.image.rgb[6..9], [64; 3]);
        let far = of(&[100, 220, 100, 0]);
        assert!((far.gain - 1.0).abs() < 0.1, "{far:?}");
        assert!(Difference::new(&grey(&[1]), &grey(&[1, 2]), &Context::default()).is_err());
    }
}
