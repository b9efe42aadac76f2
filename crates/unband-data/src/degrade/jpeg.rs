//! JPEG.

use unband_image::{Image, Rng};

use super::{Degradation, DegradeError, Pair, pnm, program, rgb};

/// Through libjpeg at a quality of 1..=100, 4:2:0, and back.
pub struct Jpeg {
    /// libjpeg's quality.
    pub quality: u8,
}

/// The JPEG file that libjpeg makes of a picture (rounded to 8 bits first).
///
/// # Errors
/// When `cjpeg` is missing or fails, or the picture is not RGB.
pub fn encode(image: &Image, quality: u8) -> Result<Vec<u8>, DegradeError> {
    rgb(image)?;
    let quality = quality.to_string();
    let input = pnm::ppm(image.width(), image.height(), &image.to_rgb8()?);
    program::run("cjpeg", &["-quality", &quality, "-sample", "2x2"], &input)
}

impl Degradation for Jpeg {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        let file = encode(&pair.lq, self.quality)?;
        let pixels = program::run("djpeg", &["-ppm"], &file)?;
        pair.lq = pnm::read_ppm(&pixels)
            .ok_or_else(|| DegradeError::Answer { program: "djpeg", what: "no pixmap".into() })?;
        Ok(())
    }

    fn file(&self, clean: &Image) -> Result<Option<(&'static str, Vec<u8>)>, DegradeError> {
        Ok(Some(("jpg", encode(clean, self.quality)?)))
    }
}
