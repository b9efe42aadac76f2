//! JPEG compression by libjpeg.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mozjpeg::{ColorSpace, Compress, Decompress};
use unband_image::{Image, Rng, params, words};

use super::{Degradation, DegradeError, Pair, check_rgb};

words! {
    /// Chroma subsampling.
    pub enum Sampling {
        /// 4:4:4: full size.
        S444 = "444",
        /// 4:2:2: half the width.
        S422 = "422",
        /// 4:2:0: half the width and height.
        S420 = "420",
    }
}

params! {
    /// Settings of `jpeg`.
    pub struct Jpeg {
        /// libjpeg's quality. Below 60, smooth areas become blocks of one value.
        quality: u32 = 75, 1..=100;
        /// Chroma at full size (444), half the width (422), or half the width and height (420).
        sampling: Sampling = Sampling::S420;
    }
}

/// JPEG at a quality, 4:2:0.
pub(crate) const fn at(quality: u32) -> Jpeg {
    Jpeg { quality, sampling: Sampling::S420 }
}

/// Largest side that libjpeg accepts.
const MOST: usize = 65_500;

/// Runs libjpeg, which reports errors by unwinding.
fn done<T>(work: impl FnOnce() -> io::Result<T>) -> Result<T, DegradeError> {
    let failed = |what: String| DegradeError::Coder { format: "JPEG", what };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| failed(error.to_string())),
        Err(_) => Err(failed("libjpeg failed".to_owned())),
    }
}

impl Jpeg {
    /// The JPEG file of an image (rounded to 8 bits first), as libjpeg-turbo writes it.
    ///
    /// # Errors
    /// When the image is not RGB or too large for JPEG.
    pub(crate) fn encode(&self, image: &Image) -> Result<Vec<u8>, DegradeError> {
        check_rgb(image)?;
        let (width, height) = (image.width(), image.height());
        if width.max(height) > MOST {
            let what = format!("a side of {} samples exceeds the maximum of {MOST}", width.max(height));
            return Err(DegradeError::Coder { format: "JPEG", what });
        }
        let pixels = image.to_rgb8()?;
        done(|| {
            let mut encoder = Compress::new(ColorSpace::JCS_RGB);
            // Disables mozjpeg's additions to libjpeg-turbo: other tables and choice of coefficients.
            encoder.set_fastest_defaults();
            encoder.set_size(width, height);
            encoder.set_quality(self.quality as f32);
            let chroma = match self.sampling {
                Sampling::S444 => (1, 1),
                Sampling::S422 => (2, 1),
                Sampling::S420 => (2, 2),
            };
            encoder.set_chroma_sampling_pixel_sizes(chroma, chroma);
            let mut encoder = encoder.start_compress(Vec::new())?;
            encoder.write_scanlines(&pixels)?;
            encoder.finish()
        })
    }
}

/// Pixels of a file as decoded by `OpenCV`, Pillow and djpeg: integer arithmetic, interpolated chroma.
fn decode(file: &[u8]) -> Result<Image, DegradeError> {
    let (width, height, pixels) = done(|| {
        let mut decoder = Decompress::new_mem(file)?.rgb()?;
        let pixels = decoder.read_scanlines::<u8>()?;
        let size = (decoder.width(), decoder.height());
        decoder.finish()?;
        Ok((size.0, size.1, pixels))
    })?;
    Ok(Image::from_rgb8(width, height, &pixels)?)
}

/// Compresses as JPEG and decodes to 8 bits.
impl Degradation for Jpeg {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        pair.lq = decode(&self.encode(&pair.lq)?)?;
        Ok(())
    }

    fn file(&self, clean: &Image) -> Result<Option<(&'static str, Vec<u8>)>, DegradeError> {
        Ok(Some(("jpg", self.encode(clean)?)))
    }
}
