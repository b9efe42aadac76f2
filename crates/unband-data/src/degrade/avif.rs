//! AVIF compression: AV1 still images.

use unband_image::{Matrix, Range, Rng, params};

use super::codec::Clip;
use super::planes::Upsampling;
use super::{Degradation, DegradeError, Pair};

params! {
    /// Settings of `avif`.
    pub(crate) struct Avif {
        /// libaom's constant quantiser. Higher loses more.
        quantiser: u32 = 30, 0..=63;
        /// Chroma upsampling.
        upsampling: Upsampling = Upsampling::Linear;
    }
}

/// The loss of an AVIF file at 8 bits and 4:2:0: an AV1 still image, full range, BT.601.
impl Degradation for Avif {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        let q = self.quantiser;
        let clip = Clip {
            args: format!(
                "-c:v libaom-av1 -threads 1 -usage allintra -b:v 0 -crf {q} -qmin {q} -qmax {q} -g 0 -cpu-used 6"
            ),
            frames: 1,
            noise_codes: 0.0,
            matrix: Matrix::Bt601,
            range: Range::Full,
            upsampling: self.upsampling,
        };
        clip.apply(pair, rng)
    }
}
