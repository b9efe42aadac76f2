//! Arithmetic precision of networks.

use unband_image::ParamError;
use unband_simd::Level;

unband_image::words! {
    /// Precision of a network's multiplications. Sums always have 32 bits.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Precision {
        /// 32 bits. The error of 16 bits depends on the weights; for the built-in network 16 bits save no
        /// measurable time.
        #[default]
        Auto = "auto",
        /// 32-bit floating point.
        F32 = "f32",
        /// bfloat16: 8 significant bits, twice the products per instruction.
        Bf16 = "bf16",
    }
}

impl Precision {
    /// The engine's own precision value.
    ///
    /// # Errors
    /// bfloat16 on a processor without instructions for it.
    pub fn products(self) -> Result<unband_simd::Precision, ParamError> {
        let half = unband_simd::Precision::Bf16;
        match self {
            Self::Auto | Self::F32 => Ok(unband_simd::Precision::F32),
            Self::Bf16 if half.supported(Level::best()) => Ok(half),
            Self::Bf16 => Err(ParamError::Unable {
                name: crate::networks::PRECISION,
                got: self.as_str().to_owned(),
                why: "this processor has no AVX-512 BF16",
                hint: "drop it: 32 bits run everywhere",
            }),
        }
    }
}
