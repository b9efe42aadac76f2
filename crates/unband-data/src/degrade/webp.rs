//! Lossy WebP compression.

use unband_image::{Depth, Image, Model, Rng, params};

use super::{Degradation, DegradeError, Pair, check_rgb};

params! {
    /// Settings of `webp`.
    pub struct WebP {
        /// libwebp's quality. Below 60, smooth areas become blocks of one value.
        quality: u32 = 75, 1..=100;
    }
}

impl WebP {
    /// Encodes an image (rounded to 8 bits first) as WebP, like `cwebp -q`.
    ///
    /// # Errors
    /// When the image is not RGB or too large for WebP.
    pub(crate) fn encode(&self, image: &Image) -> Result<Vec<u8>, DegradeError> {
        check_rgb(image)?;
        let failed = |what: String| DegradeError::Coder { format: "WebP", what };
        let side = |n: usize| match u32::try_from(n) {
            Ok(side @ 1..=16_383) => Ok(side),
            _ => Err(failed(format!("a side of {n} samples is not in 1..=16383"))),
        };
        let (width, height) = (side(image.width())?, side(image.height())?);
        let pixels = image.to_rgb8()?;
        webp::Encoder::from_rgb(&pixels, width, height)
            .encode_simple(false, self.quality as f32)
            .map(|file| file.to_vec())
            .map_err(|error| failed(format!("{error:?}")))
    }
}

/// The decoded file as ordinary viewers show it: plain 8-bit RGB.
fn decoded(file: &[u8]) -> Result<Image, DegradeError> {
    let image = unband_io::read(file, &unband_io::Limits::default())
        .map_err(|error| DegradeError::Coder { format: "WebP", what: error.to_string() })?;
    let image = image.into_rgb(&unband_image::Context::default())?;
    let mut plain = Image::new(image.planes, Model::Rgb, Depth::EIGHT);
    plain.round_to(Depth::EIGHT);
    Ok(plain)
}

/// Compresses as WebP and decodes to 8 bits.
impl Degradation for WebP {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        pair.lq = decoded(&self.encode(&pair.lq)?)?;
        Ok(())
    }

    fn file(&self, clean: &Image) -> Result<Option<(&'static str, Vec<u8>)>, DegradeError> {
        Ok(Some(("webp", self.encode(clean)?)))
    }
}
