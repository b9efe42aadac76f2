//! Lossy WebP.

use unband_image::Rng;

use super::{Degradation, DegradeError, Pair, pnm, program, rgb};

/// Through libwebp at a quality of 0..=100 and back.
pub struct WebP {
    /// libwebp's quality.
    pub quality: u8,
}

impl Degradation for WebP {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        rgb(&pair.lq)?;
        let quality = self.quality.to_string();
        let input = pnm::ppm(pair.lq.width(), pair.lq.height(), &pair.lq.to_rgb8()?);
        let file = program::run("cwebp", &["-quiet", "-q", &quality, "-o", "-", "--", "-"], &input)?;
        let pixels = program::run("dwebp", &["-quiet", "-ppm", "-o", "-", "--", "-"], &file)?;
        pair.lq = pnm::read_ppm(&pixels)
            .ok_or_else(|| DegradeError::Answer { program: "dwebp", what: "no pixmap".into() })?;
        Ok(())
    }
}
