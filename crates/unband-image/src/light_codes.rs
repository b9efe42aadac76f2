//! Codes behind samples in floating point that are, or may be, linear light: images that were rendered or
//! converted from ordinary ones.

use crate::color::{Cicp, Model};
use crate::depth::Depth;
use crate::image::{Image, Plane};
use crate::origin::Codec;

/// Bits that are tried.
const BITS: [u8; 4] = [8, 7, 6, 5];
/// Maximum distance from a code, in codes: the precision of 16-bit floats, and some.
const NEAR: f32 = 0.1;
/// Share of the samples that must be near a code.
const NEARLY_ALL: f64 = 0.99;
/// Fewest codes in use: those of fewer are near codes of another curve by chance.
const LEAST: usize = 16;
/// Samples per plane of the first look.
const ENOUGH: usize = 5_000;

/// The curve from codes to samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum LightCurve {
    /// None: samples are codes.
    Linear,
    /// IEC 61966-2-1.
    Srgb,
    /// A power of 2.2.
    Gamma22,
    /// The camera's curve of BT.709.
    Bt709,
    /// SMPTE ST 2084, with this luminance, in candelas per square metre, for light of 1.
    Pq(u16),
}

impl LightCurve {
    /// All that are tried, the commonest first: of PQ with the usual luminances of white.
    pub const ALL: [Self; 7] = [
        Self::Srgb,
        Self::Gamma22,
        Self::Bt709,
        Self::Pq(100),
        Self::Pq(80),
        Self::Pq(203),
        Self::Pq(10_000),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Srgb => "sRGB",
            Self::Gamma22 => "gamma 2.2",
            Self::Bt709 => "BT.709",
            Self::Pq(_) => "PQ",
        }
    }

    /// Its transfer characteristics in H.273.
    fn transfer(self) -> u8 {
        match self {
            Self::Linear | Self::Srgb => 13,
            Self::Gamma22 => 4,
            Self::Bt709 => 1,
            Self::Pq(_) => 16,
        }
    }

    /// The coded value of light; negative light is mirrored.
    pub fn coded(self, light: f32) -> f32 {
        let size = f64::from(light.abs());
        let coded = match self {
            Self::Linear => return light,
            Self::Srgb if size <= 0.003_130_8 => 12.92 * size,
            Self::Srgb => 1.055 * size.powf(1.0 / 2.4) - 0.055,
            Self::Gamma22 => size.powf(1.0 / 2.2),
            Self::Bt709 if size < 0.018_053_968 => 4.5 * size,
            Self::Bt709 => 1.099_296_83 * size.powf(0.45) - 0.099_296_83,
            Self::Pq(white) => {
                let power = (size * f64::from(white) / 10_000.0).powf(pq::M1);
                ((pq::C1 + pq::C2 * power) / (1.0 + pq::C3 * power)).powf(pq::M2)
            }
        };
        (coded as f32).copysign(light)
    }

    /// The light of a coded value; the inverse of [`Self::coded`].
    pub fn light(self, coded: f32) -> f32 {
        let size = f64::from(coded.abs());
        let light = match self {
            Self::Linear => return coded,
            Self::Srgb if size <= 0.040_45 => size / 12.92,
            Self::Srgb => ((size + 0.055) / 1.055).powf(2.4),
            Self::Gamma22 => size.powf(2.2),
            Self::Bt709 if size < 0.081_242_86 => size / 4.5,
            Self::Bt709 => ((size + 0.099_296_83) / 1.099_296_83).powf(1.0 / 0.45),
            Self::Pq(white) => {
                let power = size.min(1.0).powf(1.0 / pq::M2);
                let ratio = (power - pq::C1).max(0.0) / (pq::C2 - pq::C3 * power);
                ratio.powf(1.0 / pq::M1) * 10_000.0 / f64::from(white)
            }
        };
        (light as f32).copysign(coded)
    }
}

/// Constants of SMPTE ST 2084.
mod pq {
    pub(super) const M1: f64 = 2610.0 / 16384.0;
    pub(super) const M2: f64 = 2523.0 / 32.0;
    pub(super) const C1: f64 = 3424.0 / 4096.0;
    pub(super) const C2: f64 = 2413.0 / 128.0;
    pub(super) const C3: f64 = 2392.0 / 128.0;
}

/// The codes behind samples in floating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LightCodes {
    /// The curve that turned codes to samples.
    pub curve: LightCurve,
    /// Their bits: 5 to 8, or 16 for levels at irregular distances; `None` where samples are off all codes,
    /// as after a resize.
    pub bits: Option<u8>,
}

impl LightCodes {
    /// The codes of an image in floating point that declares linear light, or declares nothing, where nearly
    /// all samples are codes of 5 to 8 bits by one of the [curves](LightCurve::ALL).
    pub fn find(image: &Image) -> Option<Self> {
        let said = image.color.cicp.is_none_or(Cicp::is_linear);
        let planes = match image.color.model {
            Model::Gray => 1,
            Model::Rgb => 3,
            Model::Yuv { .. } => return None,
        };
        if image.depth != Depth::F32 || !said || image.planes.len() != planes {
            return None;
        }
        let all = LightCurve::ALL.into_iter();
        let mut codes = all.flat_map(|curve| BITS.map(|bits| Self { curve, bits: Some(bits) }));
        codes.find(|codes| codes.fits(image, ENOUGH) && codes.fits(image, usize::MAX))
    }

    /// The coded values of an image that declares linear light, by sRGB, whatever its samples are.
    pub fn values(image: &Image) -> Option<Self> {
        let declared = image.color.cicp.is_some_and(Cicp::is_linear);
        (declared && image.depth == Depth::F32).then_some(Self { curve: LightCurve::Srgb, bits: None })
    }

    /// 16-bit codes by the same curve; by none without codes.
    #[must_use]
    pub fn of_sixteen_bits(codes: Option<Self>) -> Self {
        Self { curve: codes.map_or(LightCurve::Linear, |codes| codes.curve), bits: Some(16) }
    }

    /// Depth of the codes: steps at irregular distances are those of 16-bit codes.
    pub(crate) fn depth(self) -> Depth {
        if self.bits == Some(16) { Depth::SIXTEEN } else { Depth::F32 }
    }

    /// Are nearly all samples near codes, of which enough are in use? Looks at about `enough` samples of each
    /// plane.
    fn fits(self, image: &Image, enough: usize) -> bool {
        let Some(most) = self.most() else { return false };
        let mut used = [false; 256];
        for plane in &image.planes {
            let every = (plane.data.len() / enough).max(1) | 1;
            let (mut near, mut all) = (0u64, 0u64);
            for &light in plane.data.iter().step_by(every) {
                all += 1;
                let code = most * self.curve.coded(light);
                if (0.0..=most + NEAR).contains(&code) && (code - code.round()).abs() <= NEAR {
                    near += 1;
                    used[code.round() as usize] = true;
                }
            }
            if (near as f64) < NEARLY_ALL * all as f64 {
                return false;
            }
        }
        used.into_iter().filter(|&used| used).count() >= LEAST
    }

    /// The highest code.
    fn most(self) -> Option<f32> {
        self.bits.map(|bits| ((1u32 << bits) - 1) as f32)
    }

    /// The code of a sample from 0 to 1.
    fn code(self, light: f32) -> f32 {
        let coded = self.curve.coded(light);
        self.most().map_or(coded, |most| (most * coded).round().clamp(0.0, most) / most)
    }

    /// Turns the samples of an image into codes.
    pub(crate) fn put_codes(self, image: &mut Image) {
        for value in image.planes.iter_mut().flat_map(|plane| &mut plane.data) {
            *value = self.code(*value);
        }
        let unknown = Cicp { primaries: 2, transfer: Cicp::LINEAR, matrix: 0, full_range: true };
        let transfer = self.curve.transfer();
        image.color.cicp = Some(Cicp { transfer, ..image.color.cicp.unwrap_or(unknown) });
        image.depth = self.depth();
        if self.bits.is_some_and(|bits| bits <= 8) && matches!(image.origin.codec, Codec::Lossy(_)) {
            // Codes lose small errors of a codec.
            image.origin.codec = Codec::Lossless;
        }
    }

    /// Turns codes into light again: `source` as it was, moved by as much as its codes.
    pub(crate) fn put_back(self, planes: &mut [Plane], source: &[Plane]) {
        for (plane, source) in planes.iter_mut().zip(source) {
            for (value, &before) in plane.data.iter_mut().zip(&source.data) {
                *value = self.moved(before, *value);
            }
        }
    }

    /// A sample that moved as its code did. Codes lose the rounding of 16-bit floats; samples far from every
    /// code, and those brighter than white, stay.
    fn moved(self, before: f32, value: f32) -> f32 {
        let (code, coded) = (self.code(before), self.curve.coded(before));
        let off = self.off(before, code);
        let apart = self.bits.is_some_and(|bits| bits <= 8) && off != 0.0;
        let beyond = !(0.0..=1.0 + NEAR / 255.0).contains(&coded);
        if code.to_bits() == value.to_bits() || !before.is_finite() || apart || beyond {
            return before;
        }
        self.curve.light((value + off).clamp(0.0, 1.0))
    }

    /// The code of a result: the source's `code`, moved as the sample did.
    pub(crate) fn moved_code(self, code: &mut f32, before: f32, result: f32) {
        if result.to_bits() != before.to_bits() {
            *code = self.curve.coded(result) - self.off(before, *code);
        }
    }

    /// Distance of a sample from its code; 0 where that is rounding.
    fn off(self, before: f32, code: f32) -> f32 {
        let off = self.curve.coded(before) - code;
        if off.abs() * self.most().unwrap_or(0.0) <= NEAR { 0.0 } else { off }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Codes of a ramp with noise, in light.
    fn ramp(curve: LightCurve, bits: u8, half: bool) -> Image {
        let most = f32::from(((1u16 << bits) - 1) as u8);
        let data = (0..4096u32).map(|i| {
            let value = i as f32 / 4096.0 + 0.01 * (i.wrapping_mul(2_654_435_761) >> 24) as f32 / 256.0;
            let light = curve.light((most * value.min(1.0)).round() / most);
            if half { f32::from_bits((light.to_bits() + 0x1000) & !0x1fff) } else { light }
        });
        Image::new(vec![Plane { width: 64, height: 64, data: data.collect() }], Model::Gray, Depth::F32)
    }

    #[test]
    fn curves_are_inverted() {
        for curve in LightCurve::ALL {
            for i in 0..=100 {
                let coded = i as f32 / 100.0;
                let back = curve.coded(curve.light(coded));
                assert!((back - coded).abs() < 2e-6, "{curve:?} {coded} {back}");
            }
        }
        // ST 2084: 100 cd/m² is 0.508.
        assert!((LightCurve::Pq(100).coded(1.0) - 0.5081).abs() < 1e-4);
    }

    #[test]
    fn the_curve_and_the_bits_are_found() {
        for curve in LightCurve::ALL {
            for bits in BITS {
                for half in [false, true] {
                    let found = LightCodes::find(&ramp(curve, bits, half));
                    assert_eq!(found, Some(LightCodes { curve, bits: Some(bits) }), "{half}");
                }
            }
        }
    }

    #[test]
    fn other_samples_are_not_codes() {
        let mut image = ramp(LightCurve::Srgb, 8, false);
        assert!(LightCodes::find(&image).is_some());
        image.color.cicp = Some(Cicp { primaries: 1, transfer: 13, matrix: 0, full_range: true });
        assert_eq!(LightCodes::find(&image), None, "declared as coded");
        image.color.cicp = None;
        image.planes[0].data.iter_mut().for_each(|value| *value *= 1.5);
        assert_eq!(LightCodes::find(&image), None, "brighter");
        image.planes[0].data = (0..4096u32).map(|i| (i % 255) as f32 / 255.0).collect();
        assert_eq!(LightCodes::find(&image), None, "8 bits, not light");
        image.planes[0].data =
            (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 16_777_216.0).collect();
        assert_eq!(LightCodes::find(&image), None, "not quantised");
    }

    #[test]
    fn samples_that_stay_keep_their_bits() {
        for bits in BITS {
            let before = ramp(LightCurve::Srgb, bits, true);
            let codes = LightCodes::find(&before).unwrap();
            let mut image = before.clone();
            codes.put_codes(&mut image);
            codes.put_back(&mut image.planes, &before.planes);
            assert_eq!(image.planes, before.planes);
        }
    }
}
