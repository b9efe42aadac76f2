//! JPEG.

use unband_image::{Image, Rng, params, words};

use super::program::{self, Coder};
use super::{Degradation, DegradeError, Pair, pnm, rgb};

words! {
    /// Size of the chroma planes.
    pub enum Sampling {
        /// As luma.
        S444 = "444",
        /// Half the width.
        S422 = "422",
        /// Half the width and height.
        S420 = "420",
    }
}

params! {
    /// Settings of `jpeg`.
    pub struct Jpeg {
        /// Quality as libjpeg counts it. Below 60 flats become blocks of one value.
        quality: u32 = 75, 1..=100;
        /// Chroma at full size (444), half the width (422) or half both ways (420).
        sampling: Sampling = Sampling::S420;
        /// Built in, or the programs `cjpeg` and `djpeg`. Files lose the same; djpeg rounds chroma once more when it decodes.
        coder: Coder = Coder::BuiltIn;
    }
}

/// libjpeg's own coder, 4:2:0.
pub const fn libjpeg(quality: u32) -> Jpeg {
    Jpeg { quality, sampling: Sampling::S420, coder: Coder::Program }
}

impl Jpeg {
    /// The JPEG file of a picture (rounded to 8 bits first).
    ///
    /// # Errors
    /// When `cjpeg` is asked for and missing or fails, when the picture is not RGB or too large for JPEG.
    pub fn encode(&self, image: &Image) -> Result<Vec<u8>, DegradeError> {
        rgb(image)?;
        let (width, height) = (image.width(), image.height());
        let pixels = image.to_rgb8()?;
        match self.coder {
            Coder::Program => {
                let sampling = match self.sampling {
                    Sampling::S444 => "1x1",
                    Sampling::S422 => "2x1",
                    Sampling::S420 => "2x2",
                };
                let quality = self.quality.to_string();
                let input = pnm::ppm(width, height, &pixels);
                program::run("cjpeg", &["-quality", &quality, "-sample", sampling], &input)
            }
            Coder::BuiltIn => self.encode_here(width, height, &pixels),
        }
    }

    fn encode_here(&self, width: usize, height: usize, pixels: &[u8]) -> Result<Vec<u8>, DegradeError> {
        let failed = |what: String| DegradeError::Coder { format: "JPEG", what };
        let side = |n: usize| {
            u16::try_from(n).map_err(|_| failed(format!("{n} samples on a side, at most 65535 fit")))
        };
        let mut file = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut file, self.quality.clamp(1, 100) as u8);
        encoder.set_sampling_factor(match self.sampling {
            Sampling::S444 => jpeg_encoder::SamplingFactor::F_1_1,
            Sampling::S422 => jpeg_encoder::SamplingFactor::F_2_1,
            Sampling::S420 => jpeg_encoder::SamplingFactor::F_2_2,
        });
        // As libjpeg; by itself it takes one sample of each square.
        encoder.set_chroma_subsampling_method(jpeg_encoder::ChromaSubsamplingMethod::Average);
        encoder
            .encode(pixels, side(width)?, side(height)?, jpeg_encoder::ColorType::Rgb)
            .map_err(|error| failed(error.to_string()))?;
        Ok(file)
    }
}

/// Through JPEG at a quality, and back to 8 bits.
impl Degradation for Jpeg {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        let file = self.encode(&pair.lq)?;
        pair.lq = match self.coder {
            Coder::Program => pnm::read_ppm(&program::run("djpeg", &["-ppm"], &file)?)
                .ok_or_else(|| DegradeError::Answer { program: "djpeg", what: "no pixmap".into() })?,
            Coder::BuiltIn => super::decoded("JPEG", &file)?,
        };
        Ok(())
    }

    fn file(&self, clean: &Image) -> Result<Option<(&'static str, Vec<u8>)>, DegradeError> {
        Ok(Some(("jpg", self.encode(clean)?)))
    }
}
