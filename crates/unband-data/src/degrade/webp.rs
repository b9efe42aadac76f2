//! Lossy WebP.

use unband_image::{Image, Rng};

use super::{Degradation, DegradeError, Pair, pnm, program, rgb};

/// Through libwebp at a quality of 0..=100 and back.
pub struct WebP {
    /// libwebp's quality.
    pub quality: u8,
}

/// The WebP file that libwebp makes of a picture (rounded to 8 bits first).
///
/// # Errors
/// When `cwebp` is missing or fails, or the picture is not RGB.
pub fn encode(image: &Image, quality: u8) -> Result<Vec<u8>, DegradeError> {
    rgb(image)?;
    let quality = quality.to_string();
    let input = pnm::ppm(image.width(), image.height(), &image.to_rgb8()?);
    program::run("cwebp", &["-quiet", "-q", &quality, "-o", "-", "--", "-"], &input)
}

impl Degradation for WebP {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        let file = encode(&pair.lq, self.quality)?;
        let pixels = program::run("dwebp", &["-quiet", "-ppm", "-o", "-", "--", "-"], &file)?;
        pair.lq = pnm::read_ppm(&pixels)
            .ok_or_else(|| DegradeError::Answer { program: "dwebp", what: "no pixmap".into() })?;
        Ok(())
    }

    fn file(&self, clean: &Image) -> Result<Option<(&'static str, Vec<u8>)>, DegradeError> {
        Ok(Some(("webp", encode(clean, self.quality)?)))
    }
}
