//! Options of CAMBI.

use unband_image::{ParamError, Params, params, words};

use super::{Eotf, NAME};
use crate::{Fault, MetricError};

words! {
    /// Image size from which images are halved first.
    #[non_exhaustive]
    pub enum HighRes {
        /// None.
        Off = "off",
        /// 1920×1080 samples and more.
        P1080 = "1080",
        /// 2560×1440 samples and more.
        P1440 = "1440",
        /// 3840×2160 samples and more.
        P2160 = "2160",
    }
}

impl HighRes {
    pub(super) fn samples(self) -> usize {
        match self {
            Self::Off => usize::MAX,
            Self::P1080 => 1920 * 1080,
            Self::P1440 => 2560 * 1440,
            Self::P2160 => 3840 * 2160,
        }
    }
}

params! {
    /// Options, with the names and defaults of libvmaf.
    #[non_exhaustive]
    pub struct Options {
        /// Window at 3840×2160; it shrinks with the image. 65 is about 1° of view. Larger ones find wider
        /// bands.
        window_size in "samples": u32 = 65, 15..=127;
        /// Share of the samples, those with the largest contrasts, that enter the score. Lower values find
        /// banding of small areas.
        topk: f64 = 0.6, 0.0001..=1.0;
        /// Visible contrast, as a share of luminance. Higher values ignore fainter steps.
        tvi_threshold: f64 = 0.019, 0.0001..=1.0;
        /// Steps of up to 2 to this power 10-bit codes are detected. 2 is one 8-bit code, 5 eight.
        max_log_contrast: u32 = 2, 0..=5;
        /// Transfer function of the display.
        eotf: Eotf = Eotf::Bt1886;
        /// Width at which the image was encoded, if smaller than the plane's: the plane is resampled to it. 0
        /// or a larger one is ignored.
        enc_width in "samples": u32 = 0;
        /// Height at which the image was encoded, as `enc_width`; both are needed.
        enc_height in "samples": u32 = 0;
        /// Bit depth of encoding, 6 to 16; 0 is that of the plane. Below 10, dither is averaged out.
        enc_bitdepth: u32 = 0, 0..=16;
        /// As `enc_width` for the source of a comparison.
        src_width in "samples": u32 = 0;
        /// As `enc_height` for the source of a comparison.
        src_height in "samples": u32 = 0;
        /// Luminance below which banding is invisible.
        vis_lum_threshold in "cd/m²": f64 = 0.0, 0.0..=300.0;
        /// Size from which images are halved first: faster, slightly less accurate.
        high_res_speedup: HighRes = HighRes::Off;
    }
}

impl Options {
    /// Steps of up to eight 8-bit codes, which the default does not detect.
    pub fn coarse() -> Self {
        Self { max_log_contrast: 5, ..Self::default() }
    }

    pub(super) fn encoded_size(&self) -> (usize, usize) {
        (self.enc_width as usize, self.enc_height as usize)
    }

    pub(super) fn check(&self) -> Result<(), MetricError> {
        let refuse = |option, range, got: String| Err(Fault::Option { option, range, got }.of(NAME));
        for (name, text) in self.settings() {
            match Self::default().set(NAME, name, &text) {
                Err(ParamError::OutOfRange { name, range, got }) => return refuse(name, range, got),
                Err(_) => return refuse(name, "all finite numbers", text),
                Ok(()) => {}
            }
        }
        match self.enc_bitdepth {
            bits @ 1..6 => refuse("enc_bitdepth", "6..=16", bits.to_string()),
            _ => Ok(()),
        }
    }
}
