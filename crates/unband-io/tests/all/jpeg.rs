//! JPEG, compared with the definition in double precision, and with libjpeg for the same coefficients.
#![allow(clippy::unwrap_used)]

use std::f64::consts::PI;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use unband_image::{Codec, Image, JpegCoefficients, JpegPlane};
use unband_io::{Error, Limits};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn read(name: &str) -> Image {
    unband_io::read_file(&data(name), &Limits::default()).unwrap().0
}

fn stored(image: &Image) -> Option<Arc<JpegCoefficients>> {
    match &image.origin.codec {
        Codec::Jpeg(jpeg) => jpeg.coefficients.clone(),
        other => panic!("{other:?}"),
    }
}

/// Where a decoder rounds.
#[derive(Clone, Copy, PartialEq)]
enum Rounding {
    Nowhere,
    /// After the transform, the upsampling and the colour conversion, with libjpeg's biases.
    AsLibjpeg,
}

/// The samples of a component, without block padding.
fn component(plane: &JpegPlane, width: usize, height: usize, bits: u8, rounding: Rounding) -> Vec<Vec<f64>> {
    let c = |k: usize| if k == 0 { 0.5f64.sqrt() } else { 1.0 };
    let wave: Vec<f64> = (0..64)
        .map(|i| c(i / 8) / 2.0 * ((2 * (i % 8) + 1) as f64 * (i / 8) as f64 * PI / 16.0).cos())
        .collect();
    let max = f64::from((1u32 << bits) - 1);
    let mut out = vec![vec![0.0; width.div_ceil(plane.scale.0)]; height.div_ceil(plane.scale.1)];
    for (y, row) in out.iter_mut().enumerate() {
        for (x, out) in row.iter_mut().enumerate() {
            let (column, line) = (x + plane.lead.0, y + plane.lead.1);
            let coefficients = plane.block(column / 8, line / 8);
            let value: f64 = (0..64)
                .map(|k| {
                    let step = f64::from(plane.steps[k]);
                    f64::from(coefficients[k])
                        * step
                        * wave[k % 8 * 8 + column % 8]
                        * wave[k / 8 * 8 + line % 8]
                })
                .sum();
            let value = value + f64::from(1u32 << (bits - 1));
            *out = if rounding == Rounding::Nowhere { value } else { value.round().clamp(0.0, max) };
        }
    }
    out
}

/// Samples for every pixel. Interpolated for a factor of 2 in one or both directions, else repeated.
fn grown(
    samples: &[Vec<f64>],
    scale: (usize, usize),
    size: (usize, usize),
    rounding: Rounding,
) -> Vec<Vec<f64>> {
    let (across, down) = (samples[0].len(), samples.len());
    let smooth = matches!(scale, (2, 1 | 2)) && across > 2 || scale == (1, 2);
    let far = |i: usize, n: usize| {
        if i.is_multiple_of(2) { (i / 2).saturating_sub(1) } else { (i / 2 + 1).min(n - 1) }
    };
    let pixel = |x: usize, y: usize| {
        let (near_x, near_y) = (x / scale.0, y / scale.1);
        if !smooth {
            return samples[near_y][near_x];
        }
        let far_x = if scale.0 == 2 { far(x, across) } else { near_x };
        let far_y = if scale.1 == 2 { far(y, down) } else { near_y };
        let down = |x: usize| 3.0 * samples[near_y][x] + samples[far_y][x];
        // libjpeg rounds up on one side and down on the other; the outermost columns are not interpolated.
        let (value, parts, bias) = match scale {
            (2, 1) if far_x == near_x => (4.0 * samples[near_y][near_x], 4.0, 0.0),
            (2, 1) => {
                let bias = if x.is_multiple_of(2) { 1.0 } else { 2.0 };
                (3.0 * samples[near_y][near_x] + samples[near_y][far_x], 4.0, bias)
            }
            (1, 2) => (down(x), 4.0, if y.is_multiple_of(2) { 1.0 } else { 2.0 }),
            _ => (3.0 * down(near_x) + down(far_x), 16.0, if x.is_multiple_of(2) { 8.0 } else { 7.0 }),
        };
        if rounding == Rounding::Nowhere { value / parts } else { ((value + bias) / parts).floor() }
    };
    (0..size.1).map(|y| (0..size.0).map(|x| pixel(x, y)).collect()).collect()
}

/// An image in codes, from its coefficients.
fn reference(stored: &JpegCoefficients, size: (usize, usize), rounding: Rounding) -> Vec<Vec<f64>> {
    let max = f64::from((1u32 << stored.bits) - 1);
    let middle = f64::from(1u32 << (stored.bits - 1));
    let flat = |rows: Vec<Vec<f64>>| rows.concat();
    let parts: Vec<Vec<f64>> = stored
        .planes
        .iter()
        .map(|p| flat(grown(&component(p, size.0, size.1, stored.bits, rounding), p.scale, size, rounding)))
        .collect();
    if !stored.ycc {
        return parts;
    }
    let whole = |v: f64| if rounding == Rounding::Nowhere { v } else { (v + 0.5).floor() };
    let clamped = |v: f64| if rounding == Rounding::Nowhere { v } else { v.clamp(0.0, max) };
    let mut out = vec![Vec::new(); 3];
    for ((y, cb), cr) in parts[0].iter().zip(&parts[1]).zip(&parts[2]) {
        let (cb, cr) = (cb - middle, cr - middle);
        out[0].push(clamped(y + whole(1.402 * cr)));
        out[1].push(clamped(y + whole(-0.114 * 1.772 / 0.587 * cb - 0.299 * 1.402 / 0.587 * cr)));
        out[2].push(clamped(y + whole(1.772 * cb)));
    }
    out
}

fn worst_and_mean(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut worst, mut sum, mut count) = (0.0f64, 0.0, 0.0);
    for (a, b) in a.zip(b) {
        worst = worst.max((a - b).abs());
        sum += (a - b).abs();
        count += 1.0;
    }
    (worst, sum / count)
}

fn codes(image: &Image) -> impl Iterator<Item = f64> + '_ {
    let max = f64::from(image.depth.max_code());
    image.planes.iter().flat_map(move |p| p.data.iter().map(move |&v| f64::from(v) * max))
}

const KEPT: [(&str, &str); 13] = [
    ("jpeg_444.jpg", "jpeg_444.ppm"),
    ("jpeg_422.jpg", "jpeg_422.ppm"),
    ("jpeg_420.jpg", "jpeg_420.ppm"),
    ("jpeg_440.jpg", "jpeg_440.ppm"),
    ("jpeg_411.jpg", "jpeg_411.ppm"),
    ("jpeg_progressive.jpg", "jpeg_progressive.ppm"),
    ("jpeg_progressive_444.jpg", "jpeg_progressive_444.ppm"),
    ("jpeg_restart.jpg", "jpeg_restart.ppm"),
    ("jpeg_rgb.jpg", "jpeg_rgb.ppm"),
    ("jpeg_scans.jpg", "jpeg_scans.ppm"),
    ("jpeg_fine_chroma.jpg", "jpeg_fine_chroma.ppm"),
    ("jpeg_thirds.jpg", "jpeg_thirds.ppm"),
    ("jpeg_gray.jpg", "jpeg_gray.pgm"),
];

#[test]
fn samples_are_those_of_the_definition_unrounded_and_unclamped() {
    let mut outside = 0;
    for (name, _) in KEPT {
        let image = read(name);
        let stored = stored(&image).unwrap();
        let exact = reference(&stored, (image.width(), image.height()), Rounding::Nowhere);
        let (worst, _) = worst_and_mean(codes(&image), exact.into_iter().flatten());
        assert!(worst < 1e-3, "{name}: {worst} codes");
        outside += codes(&image).filter(|c| !(0.0..=255.0).contains(c)).count();
        let between = codes(&image).filter(|c| (c - c.round()).abs() > 0.1).count();
        assert!(between > image.planes[0].data.len() / 2, "{name}: {between} between codes");
    }
    assert!(outside > 0);
}

#[test]
fn rounded_where_libjpeg_rounds_the_samples_are_libjpegs() {
    for (name, theirs) in KEPT {
        let (image, theirs) = (read(name), read(theirs));
        let size = (image.width(), image.height());
        let rounded = reference(&stored(&image).unwrap(), size, Rounding::AsLibjpeg);
        let rounded = rounded.into_iter().flatten();
        let (worst, mean) = worst_and_mean(codes(&theirs).map(f64::round), rounded);
        // Equal except for ties.
        assert!(worst <= 1.0 && mean < 0.001, "{name}: {worst} {mean}");
    }
}

#[test]
fn progressive_files_hold_the_same_numbers() {
    for (one, other) in
        [("jpeg_420.jpg", "jpeg_progressive.jpg"), ("jpeg_444.jpg", "jpeg_progressive_444.jpg")]
    {
        let (one, other) = (read(one), read(other));
        assert_eq!(stored(&one).unwrap(), stored(&other).unwrap());
        assert_eq!(one.planes, other.planes);
    }
}

#[test]
fn written_unchanged_the_samples_take_their_nearest_codes() {
    for (name, _) in KEPT {
        let image = read(name);
        let mut bytes = Vec::new();
        let png = unband_io::by_name("PNG").unwrap();
        unband_io::write(&image, png, &unband_io::WriteOptions::default(), &mut bytes).unwrap();
        let written = unband_io::read(&bytes, &Limits::default()).unwrap();
        let nearest = codes(&image).map(|code| (code + 0.5).floor().clamp(0.0, 255.0));
        assert!(codes(&written).map(f64::round).eq(nearest), "{name}");
    }
}

#[test]
fn four_inks_become_light_with_and_without_luma() {
    use jpeg_encoder::{ColorType, Encoder};
    let ink: [u8; 4] = [200, 100, 50, 30];
    let pixels: Vec<u8> = ink.iter().copied().cycle().take(16 * 16 * 4).collect();
    for kind in [ColorType::Cmyk, ColorType::CmykAsYcck] {
        let mut bytes = Vec::new();
        Encoder::new(&mut bytes, 100).encode(&pixels, 16, 16, kind).unwrap();
        let image = unband_io::read(&bytes, &Limits::default()).unwrap();
        assert!(stored(&image).is_none());
        for (plane, ink_of_plane) in image.planes.iter().zip(ink) {
            let wanted = f64::from(255 - ink_of_plane) * f64::from(255 - ink[3]) / 255.0;
            assert!((f64::from(plane.data[100]) * 255.0 - wanted).abs() < 1.5, "{kind:?} {wanted}");
        }
    }
}

/// An Exif block with nothing but the orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut out = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    out.extend([orientation, 0, 0, 0, 0, 0, 0]);
    out
}

/// An image without symmetry, in JPEG.
fn encoded(size: (u16, u16), sampling: jpeg_encoder::SamplingFactor, orientation: u8) -> Vec<u8> {
    let pixels: Vec<u8> = (0..usize::from(size.0) * usize::from(size.1))
        .flat_map(|i| {
            let (x, y) = (i % usize::from(size.0), i / usize::from(size.0));
            [(x * 6 + y) as u8, (y * 7) as u8, (if x * 2 < y { 200 } else { x * y }) as u8]
        })
        .collect();
    let mut out = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, 70);
    encoder.set_sampling_factor(sampling);
    encoder.add_app_segment(1, exif(orientation)).unwrap();
    encoder.encode(&pixels, size.0, size.1, jpeg_encoder::ColorType::Rgb).unwrap();
    out
}

#[test]
fn turned_numbers_are_those_of_the_turned_image() {
    use jpeg_encoder::SamplingFactor as S;
    for (sampling, size) in [
        (S::F_1_1, (37, 29)),
        (S::F_2_2, (38, 30)),
        (S::F_2_1, (34, 29)),
        (S::F_1_2, (37, 18)),
        (S::F_4_1, (40, 21)),
    ] {
        let upright = unband_io::read(&encoded(size, sampling, 1), &Limits::default()).unwrap();
        for orientation in 2..=8 {
            let image = unband_io::read(&encoded(size, sampling, orientation), &Limits::default()).unwrap();
            assert_ne!(image.planes, upright.planes, "{orientation}");
            let stored = stored(&image).unwrap();
            let exact = reference(&stored, (image.width(), image.height()), Rounding::Nowhere);
            let (worst, _) = worst_and_mean(codes(&image), exact.into_iter().flatten());
            assert!(worst < 1e-3, "{sampling:?} {orientation}: {worst} codes");
            assert!(stored.planes.iter().all(|p| p.lead.0 < 8 && p.lead.1 < 8));
            let Codec::Jpeg(jpeg) = &image.origin.codec else { panic!() };
            assert_eq!(jpeg.luma, Some(stored.planes[0].steps));
            assert_eq!(jpeg.chroma, Some(stored.planes[1].steps));
            let chroma = jpeg.subsampling.unwrap();
            assert_eq!((chroma.x.into(), chroma.y.into()), stored.planes[1].scale);
        }
    }
}

#[test]
fn numbers_are_left_out_where_turning_would_begin_within_a_chroma_sample() {
    use jpeg_encoder::SamplingFactor as S;
    let kept = |size, orientation| {
        let bytes = encoded(size, S::F_2_2, orientation);
        stored(&unband_io::read(&bytes, &Limits::default()).unwrap()).is_some()
    };
    for (size, orientations) in [
        ((37, 30), &[1, 4, 5, 6][..]),
        ((38, 29), &[1, 2, 5, 8]),
        ((37, 29), &[1, 5]),
        ((38, 30), &[1, 2, 3, 4, 5, 6, 7, 8]),
    ] {
        for orientation in 1..=8 {
            assert_eq!(
                kept(size, orientation),
                orientations.contains(&orientation),
                "{size:?} {orientation}"
            );
        }
    }
}

#[test]
fn any_sampling_factors_are_read() {
    let bytes = fs::read(data("jpeg_scans.jpg")).unwrap();
    let frame = bytes.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    let mut whole = 0;
    // The factors of the three components are 11, 14 and 17 bytes into the frame header.
    for at in [11, 14, 17] {
        for factors in (1..=4).flat_map(|across| (1..=4).map(move |down| across << 4 | down)) {
            let mut bytes = bytes.clone();
            bytes[frame + at] = factors;
            // There are now too many coded blocks, or too few, which is an error.
            match unband_io::read(&bytes, &Limits::default()) {
                Ok(image) => {
                    assert_eq!((image.width(), image.height()), (37, 29));
                    // Ratios like 3 : 2 are read, but no image sample equals one of theirs.
                    let whole_ratio = |p: &JpegPlane| p.scale.0 > 0 && p.scale.1 > 0;
                    assert!(stored(&image).is_none_or(|c| c.planes.iter().all(whole_ratio)));
                    whole += 1;
                }
                Err(error) => assert!(matches!(error, Error::Truncated { .. }), "{at} {factors:x}: {error}"),
            }
        }
    }
    assert!(whole >= 24, "{whole}");
}

#[test]
fn of_a_truncated_file_the_readable_rows_are_read() {
    let image = crate::sample::painted(64, 96, 3, false, unband_image::Depth::EIGHT, 3);
    let file = crate::sample::written(&image, crate::sample::format("JPEG")).0;
    let whole = unband_io::read(&file, &Limits::default()).unwrap();
    assert_eq!(unband_io::read_partly(&file, &Limits::default()).unwrap(), whole);
    let scan = file.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let mut before = 96;
    for part in [95, 70, 50, 30] {
        let cut = &file[..scan + (file.len() - scan) * part / 100];
        assert!(matches!(unband_io::read(cut, &Limits::default()), Err(Error::Truncated { .. })), "{part}");
        let read = unband_io::read_partly(cut, &Limits::default()).unwrap();
        let missing = read.metadata.missing_rows.unwrap();
        assert!(
            missing < 96 && 96 - missing <= before && (96 - missing).is_multiple_of(8),
            "{part} %: {missing}"
        );
        before = 96 - missing;
        for (plane, reference) in read.planes.iter().zip(&whole.planes) {
            assert_eq!(plane.data[..64 * before], reference.data[..64 * before], "{part}");
            // The last row of blocks may begin with some that are there.
            assert!((plane.row(95)[63] - 128.0 / 255.0).abs() < 1e-3, "{part}: {:?}", plane.row(95));
        }
        let said = crate::sample::written(&read, crate::sample::format("PNG")).1;
        let share = (100.0 * missing as f64 / 96.0).ceil();
        assert_eq!(said, [format!("rows ({missing} of 96, {share} %, where the file ends)")]);
    }
    // Without a row of blocks there is nothing.
    for end in [2, scan, scan + 20] {
        assert!(unband_io::read_partly(&file[..end], &Limits::default()).is_err(), "{end}");
    }
    // Only the end marker is missing: every row is there.
    let unended = unband_io::read_partly(&file[..file.len() - 2], &Limits::default()).unwrap();
    assert_eq!((&unended.planes, unended.metadata.missing_rows), (&whole.planes, None));
}
