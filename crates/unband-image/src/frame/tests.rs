use super::*;
use crate::Matrix;
use crate::frame::PIXEL_FORMATS;

fn format(pixels: &'static PixelFormat, range: Range) -> FrameFormat {
    let model = match pixels.samples {
        Samples::Gray => Model::Gray,
        Samples::Rgb => Model::Rgb,
        Samples::Yuv(subsampling) => Model::Yuv { matrix: Matrix::Bt709, range, subsampling },
    };
    FrameFormat { width: 7, height: 5, pixels, color: Color::new(model), lossy: true }
}

/// Valid codes of a format, in arbitrary order.
fn bytes(format: &FrameFormat) -> Vec<u8> {
    let count = format.frame_bytes() / rows::sample_bytes(format.pixels.bits);
    let codes = (0..count as u32).map(|i| i.wrapping_mul(2_654_435_761) >> (32 - format.pixels.bits));
    match rows::sample_bytes(format.pixels.bits) {
        1 => codes.map(|code| code as u8).collect(),
        _ => codes.flat_map(|code| (code as u16).to_le_bytes()).collect(),
    }
}

#[test]
fn wider_frames_have_the_codes_that_an_image_of_them_has() {
    let (mut out, mut wanted) = (Vec::new(), Vec::new());
    for pixels in PIXEL_FORMATS.iter().filter(|format| format.layout == Layout::Planar) {
        for range in [Range::Limited, Range::Full] {
            let format = format(pixels, range);
            for wider in [10, 12, 16].iter().filter_map(|&bits| format.with_bits(bits)) {
                if wider.pixels.bits >= pixels.bits {
                    let before = bytes(&format);
                    format.widen(&before, &wider, &mut out).unwrap();
                    let image = format.read(&before).unwrap();
                    wider.write(&image, &before, &format, &mut wanted).unwrap();
                    assert!(out == wanted, "{} → {}", pixels.name, wider.pixels.name);
                }
            }
        }
    }
}

#[test]
fn frames_of_every_planar_format_come_back() {
    let mut out = Vec::new();
    for pixels in PIXEL_FORMATS.iter().filter(|format| format.layout == Layout::Planar) {
        for range in [Range::Limited, Range::Full] {
            let format = format(pixels, range);
            let before = bytes(&format);
            let image = format.read(&before).unwrap();
            format.write(&image, &before, &format, &mut out).unwrap();
            assert!(out == before, "{} {range:?}", pixels.name);
            let image = Image { alpha: format.alpha(&before), ..image };
            format.write_whole(&image, &mut out).unwrap();
            assert!(out == before, "{} {range:?}, with its alpha", pixels.name);
        }
    }
}

#[test]
fn planes_of_rgb_lie_in_the_order_that_ffmpeg_has() {
    let format = format(PixelFormat::by_name("gbrp").unwrap(), Range::Full);
    let plane = 7 * 5;
    let before: Vec<u8> = [1u8, 2, 3].iter().flat_map(|&code| vec![code; plane]).collect();
    let image = format.read(&before).unwrap();
    let first = image.planes.iter().map(|plane| (plane.data[0] * 255.0).round());
    assert_eq!(first.collect::<Vec<_>>(), [3.0, 1.0, 2.0], "red, green, blue");
}

#[test]
fn wider_frames_hold_the_same_values_and_their_alpha() {
    let (mut wide, mut back) = (Vec::new(), Vec::new());
    for name in ["yuva420p", "yuv422p", "gray", "gbrap"] {
        let format = format(PixelFormat::by_name(name).unwrap(), Range::Limited);
        let to = format.with_bits(10).unwrap();
        let before = bytes(&format);
        format.widen(&before, &to, &mut wide).unwrap();
        assert_eq!(wide.len(), 2 * before.len());
        to.write(&to.read(&wide).unwrap(), &wide, &to, &mut back).unwrap();
        assert!(back == wide);
        // Limited range is multiplied by exactly 4.
        if name.starts_with("yuv4") {
            let pairs = wide.chunks_exact(2).zip(&before);
            assert!(
                pairs
                    .into_iter()
                    .all(|(pair, &code)| u16::from_le_bytes([pair[0], pair[1]]) == 4 * u16::from(code))
            );
        }
    }
}

#[test]
fn luma_of_limited_range_gets_neutral_chroma_and_loses_it_again() {
    let pixels = PixelFormat::by_name("gray").unwrap();
    let subsampling = crate::Subsampling::HALF;
    let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling };
    let format = FrameFormat { color: Color::new(model), ..format(pixels, Range::Limited) };
    let before = bytes(&format);
    let image = format.read(&before).unwrap();
    assert_eq!(image.planes.len(), 3);
    let mut out = Vec::new();
    format.write(&image, &before, &format, &mut out).unwrap();
    assert_eq!(out, before);
}
