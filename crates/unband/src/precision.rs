//! How exactly networks multiply.

use unband_image::ParamError;
use unband_simd::Level;

unband_image::words! {
    /// How exactly networks multiply. Sums have 32 bits always.
    #[derive(Default)]
    pub enum Precision {
        /// 32 bits: how far 16 go off depends on a network's numbers, and with our own they save nothing of a whole run.
        #[default]
        Auto = "auto",
        /// Numbers of 32 bits.
        F32 = "f32",
        /// bfloat16: 8 significant bits, twice as many products at a time.
        Bf16 = "bf16",
    }
}

impl Precision {
    /// What the engine is told.
    ///
    /// # Errors
    /// bfloat16 on a processor that has no instructions for it.
    pub fn products(self) -> Result<unband_simd::Precision, ParamError> {
        let half = unband_simd::Precision::Bf16;
        match self {
            Self::Auto | Self::F32 => Ok(unband_simd::Precision::F32),
            Self::Bf16 if half.supported(Level::best()) => Ok(half),
            Self::Bf16 => Err(ParamError::Unable {
                name: crate::networks::PRECISION,
                got: self.word().to_owned(),
                why: "this processor has no AVX-512 BF16",
                hint: "leave it out: 32 bits run everywhere",
            }),
        }
    }
}
