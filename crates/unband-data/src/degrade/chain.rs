//! Degradations in sequence.

use unband_image::Rng;

use super::codec::X264_24;
use super::rgb_bits::RgbBits;
use super::{Degradation, DegradeError, Pair, jpeg};

/// Applies its degradations in sequence.
pub(crate) struct Chain(pub &'static [&'static dyn Degradation]);

/// JPEG at quality 75, then H.264.
pub(crate) const JPEG_X264: Chain = Chain(&[&jpeg::at(75), &X264_24]);
/// RGB at 6 bits, then JPEG at quality 90.
pub(crate) const RGB_6_JPEG: Chain = Chain(&[&RgbBits::nearest(6), &jpeg::at(90)]);

impl Degradation for Chain {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        self.0.iter().try_for_each(|step| step.apply(pair, rng))
    }
}
