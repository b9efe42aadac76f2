//! Linearisation of coded samples for `OpenEXR`.

use moxcms::{
    CmsError, ColorProfile, DataColorSpace, ToneCurveEvaluator, ToneReprCurve, TransferCharacteristics,
};
use unband_image::{Cicp, Image};

use crate::Error;

type Curve = Box<dyn Fn(f32) -> f32>;

fn curve(found: Result<Box<dyn ToneCurveEvaluator + Send + Sync>, CmsError>) -> Option<Curve> {
    let found = found.ok()?;
    Some(Box::new(move |sample| found.evaluate_value(sample)))
}

/// How an image's samples become linear light.
pub(super) struct LinearLight {
    /// One curve per plane; `None` if the samples are already linear.
    curves: Option<Vec<Curve>>,
    /// Primaries and white point of the profile, as in [`Colorimetry`](unband_image::Colorimetry); `None` for
    /// BT.709's.
    pub(super) chromaticities: Option<[u32; 8]>,
    /// Whether this represents the ICC profile completely.
    pub(super) profile: bool,
}

const SRGB: u8 = 13;
/// PQ, HLG.
const BRIGHTER_THAN_WHITE: [u8; 2] = [16, 18];

impl LinearLight {
    /// From the code points, else the ICC profile, else the gamma. Without any of these, images with values
    /// above white are already linear light, and all others are sRGB.
    ///
    /// # Errors
    /// For PQ and HLG, which have no fixed linear value for white.
    pub(super) fn from_image(image: &Image) -> Result<Self, Error> {
        let said = image.color.cicp.map(|cicp| cicp.transfer).filter(|&transfer| transfer != 2);
        let profile = match (said, &image.metadata.icc) {
            (None, Some(bytes)) => Self::of_profile(bytes, image.planes.len()),
            _ => None,
        };
        if let Some(light) = profile {
            return Ok(light);
        }
        let transfer = said.unwrap_or(SRGB);
        let numbers = &image.metadata.colorimetry;
        let gamma =
            numbers.gamma.filter(|&gamma| said.is_none() && numbers.srgb_intent.is_none() && gamma > 0);
        let light = said.is_none() && gamma.is_none() && brightest(image) > 1.25;
        if transfer == Cicp::LINEAR || gamma == Some(100_000) || light {
            return Ok(Self { curves: None, chromaticities: None, profile: false });
        }
        if BRIGHTER_THAN_WHITE.contains(&transfer) {
            let what = "PQ or HLG, which have no fixed white level (write AVIF, JPEG XL, PNG or TIFF),";
            return Err(Error::unsupported(super::NAME, what));
        }
        let curve = || {
            if let Some(gamma) = gamma {
                let power = 1e5 / gamma as f32;
                return Some(Box::new(move |sample: f32| sample.powf(power)) as Curve);
            }
            let transfer = TransferCharacteristics::try_from(transfer).ok()?;
            curve(ToneReprCurve::make_cicp_linear_evaluator(transfer))
        };
        let curves = image.planes.iter().map(|_| curve()).collect::<Option<Vec<Curve>>>();
        let curves = curves.ok_or_else(|| {
            Error::unsupported(super::NAME, format!("the transfer characteristics {transfer} of H.273"))
        })?;
        Ok(Self { curves: Some(curves), chromaticities: None, profile: false })
    }

    /// From a profile with curves and a matrix; `None` for other profiles, and if it does not match the
    /// planes.
    fn of_profile(bytes: &[u8], planes: usize) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(bytes).ok()?;
        let trcs = match (profile.color_space, planes) {
            (DataColorSpace::Gray, 1) => vec![profile.gray_trc.as_ref()?],
            (DataColorSpace::Rgb, 3) => {
                vec![profile.red_trc.as_ref()?, profile.green_trc.as_ref()?, profile.blue_trc.as_ref()?]
            }
            _ => return None,
        };
        let curves = trcs.into_iter().map(|trc| curve(trc.make_linear_evaluator()));
        let curves = Some(curves.collect::<Option<Vec<Curve>>>()?);
        // Colorants are adapted to the white of the profile connection space, so that white belongs to them.
        let points =
            [profile.white_point, profile.red_colorant, profile.green_colorant, profile.blue_colorant];
        let mut chromaticities = [0; 8];
        for (to, xyz) in chromaticities.as_chunks_mut::<2>().0.iter_mut().zip(points) {
            let sum = xyz.x + xyz.y + xyz.z;
            *to = [xyz.x / sum, xyz.y / sum].map(|v| (v * 1e5).round().clamp(0.0, 1e9) as u32);
        }
        let chromaticities =
            (planes == 3 && !super::near(chromaticities, SRGB_AT_D50)).then_some(chromaticities);
        Some(Self { curves, chromaticities, profile: true })
    }

    /// Whether the samples must be linearised.
    pub(super) fn changes(&self) -> bool {
        self.curves.is_some()
    }

    /// Linearises a plane's samples; below 0 the curve is mirrored, above 1 it is extended linearly.
    pub(super) fn linearise(&self, plane: usize, samples: &mut [f32]) {
        const END: f32 = 1.0 - 1.0 / 1024.0;
        let Some(curve) = self.curves.as_ref().and_then(|curves| curves.get(plane)) else { return };
        let slope = (curve(1.0) - curve(END)) / (1.0 - END);
        for sample in samples {
            let size = sample.abs();
            let light = if size <= 1.0 { curve(size) } else { curve(1.0) + (size - 1.0) * slope };
            *sample = light.copysign(*sample);
        }
    }
}

fn brightest(image: &Image) -> f32 {
    image.planes.iter().flat_map(|plane| &plane.data).copied().fold(0.0, f32::max)
}

/// Primaries of BT.709 adapted to the profiles' white point.
const SRGB_AT_D50: [u32; 8] = [34_570, 35_850, 64_840, 33_090, 32_120, 59_790, 15_590, 6_600];
