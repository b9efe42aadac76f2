//! JPEG XL colour profiles as code points or ICC.
//!
//! Source: ISO/IEC 18181-1, Annex E; ITU-T H.273.

use std::borrow::Cow;

use jxl::api::{JxlColorEncoding, JxlColorProfile, JxlPrimaries, JxlTransferFunction, JxlWhitePoint};
use unband_image::{Cicp, Image};

/// The ICC profile or the code points of the samples; neither for sRGB.
pub(super) fn color(profile: &JxlColorProfile) -> (Option<Vec<u8>>, Option<Cicp>) {
    let made = || profile.try_as_icc().map(Cow::into_owned);
    match profile {
        JxlColorProfile::Icc(icc) => (Some(icc.clone()), None),
        JxlColorProfile::Simple(encoding) => match code_points(encoding) {
            Some((1, 13)) => (None, None),
            Some((primaries, transfer)) => {
                (None, Some(Cicp { primaries, transfer, matrix: 0, full_range: true }))
            }
            None => (made(), None),
        },
    }
}

fn code_points(encoding: &JxlColorEncoding) -> Option<(u8, u8)> {
    use JxlColorEncoding::{GrayscaleColorSpace, RgbColorSpace};
    let (primaries, transfer) = match encoding {
        RgbColorSpace { white_point, primaries, transfer_function, .. } => {
            let primaries = match (white_point, primaries) {
                (JxlWhitePoint::D65, JxlPrimaries::SRGB) => 1,
                (JxlWhitePoint::D65, JxlPrimaries::BT2100) => 9,
                (JxlWhitePoint::D65, JxlPrimaries::P3) => 12,
                (JxlWhitePoint::DCI, JxlPrimaries::P3) => 11,
                _ => return None,
            };
            (primaries, transfer_function)
        }
        GrayscaleColorSpace { white_point: JxlWhitePoint::D65, transfer_function, .. } => {
            (1, transfer_function)
        }
        _ => return None,
    };
    let transfer = match transfer {
        JxlTransferFunction::BT709 => 1,
        JxlTransferFunction::Linear => 8,
        JxlTransferFunction::SRGB => 13,
        JxlTransferFunction::PQ => 16,
        JxlTransferFunction::DCI => 17,
        JxlTransferFunction::HLG => 18,
        JxlTransferFunction::Gamma(_) => return None,
    };
    Some((primaries, transfer))
}

/// Converts XYB images with an ICC profile, which are decoded to unclamped linear light with BT.709
/// primaries, since the decoder does not apply profiles. The result is sRGB or, for colours outside sRGB,
/// BT.2020 primaries with sRGB's curve; then those code points are returned.
///
/// Source: IEC 61966-2-1 (curve), ITU-R BT.2087, 4 (matrix).
pub(super) fn leave_linear_light(image: &mut Image) -> Option<Cicp> {
    const OVER: f32 = 0.01;
    const TO_BT2020: [[f32; 3]; 3] =
        [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]];
    let outside = |value: &f32| !(-OVER..=1.0 + OVER).contains(value);
    let mut wide = false;
    if let [r, g, b] = image.planes.as_mut_slice()
        && [&*r, &*g, &*b].iter().any(|plane| plane.data.iter().any(outside))
    {
        wide = true;
        for ((r, g), b) in r.data.iter_mut().zip(&mut g.data).zip(&mut b.data) {
            let light = [*r, *g, *b];
            [*r, *g, *b] = TO_BT2020.map(|row| row[0] * light[0] + row[1] * light[1] + row[2] * light[2]);
        }
    }
    for value in image.planes.iter_mut().flat_map(|plane| &mut plane.data) {
        let light = value.abs();
        let coded = if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
        *value = coded.copysign(*value);
    }
    wide.then_some(Cicp { primaries: 9, transfer: 13, matrix: 0, full_range: true })
}

/// Code points in `cjxl`'s syntax.
pub(super) fn description(cicp: Cicp, gray: bool) -> Option<String> {
    let transfer = match cicp.transfer {
        1 | 6 | 14 | 15 => "709",
        8 => "Lin",
        13 => "SRG",
        16 => "PeQ",
        17 => "DCI",
        18 => "HLG",
        _ => return None,
    };
    if gray {
        return Some(format!("Gra_D65_Rel_{transfer}"));
    }
    let primaries = match cicp.primaries {
        1 => "D65_SRG",
        9 => "D65_202",
        11 => "DCI_DCI",
        12 => "D65_DCI",
        _ => return None,
    };
    Some(format!("RGB_{primaries}_Rel_{transfer}"))
}
