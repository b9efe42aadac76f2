use super::*;
use unband_image::{Matrix, Range as Codes};

fn steps(width: usize, height: usize, side: usize) -> Image {
    let data: Vec<u8> = (0..width * height).map(|i| (i % width / side * 3 % 256) as u8).collect();
    Image::from_gray(width, height, &data).unwrap()
}

#[test]
fn the_digits_are_the_codes_of_the_image() {
    let data: Vec<u8> = (0..40 * 30 * 3).map(|i| (i * 31 % 256) as u8).collect();
    let image = Image::from_rgb8(40, 30, &data).unwrap();
    let line = Line { from: (3, 2), to: (37, 25) };
    let profile = Profile::along(line, &[Series::new("input", &image)]).unwrap();
    let plane = ["red", "green", "blue"].iter().position(|c| *c == profile.channel).unwrap();
    let expected = line.points().map(|(x, y)| f64::from(data[3 * (y * 40 + x) + plane]));
    assert_eq!(profile.codes, [expected.collect::<Vec<_>>()]);
    assert_eq!(profile.unit, "8-bit codes");
}

#[test]
fn a_result_of_more_bits_lies_between_the_codes_of_the_input() {
    let input = Image::from_gray(300, 2, &[7u8; 600]).unwrap();
    let result = Image::from_gray(300, 2, &[7u16 * 257 + 64; 600]).unwrap();
    let inputs = [Series::new("input", &input), Series::new("result", &result)];
    let profile = Profile::along(Line::row(1, 300), &inputs).unwrap();
    assert_eq!(profile.codes[0][9], 7.0);
    assert!((profile.codes[1][9] - 7.0 - 64.0 / 257.0).abs() < 1e-4);
}

#[test]
fn the_numbers_of_sixteen_bits_are_codes_of_eight_too() {
    let data: Vec<u16> = (0..300 * 2).map(|i| (i % 300 * 200) as u16).collect();
    let image = Image::from_gray(300, 2, &data).unwrap();
    let profile = Profile::along(Line::row(1, 300), &[Series::new("input", &image)]).unwrap();
    assert_eq!(profile.unit, "8-bit codes");
    let expected = |i: usize| i as f64 * 200.0 / 257.0;
    assert!(profile.codes[0].iter().enumerate().all(|(i, code)| (code - expected(i)).abs() < 1e-3));
    // The axis of a sloped part shows its decimals.
    let fine: Vec<u16> = (0..300).map(|i| 257 * 90 + i as u16 / 3).collect();
    let image = Image::from_gray(300, 1, &fine).unwrap();
    let profile = Profile::along(Line::row(0, 300), &[Series::new("input", &image)]).unwrap();
    let svg = profile.svg(960).unwrap();
    assert!(svg.contains(">90.2<") && !svg.contains(">91<"), "{svg}");
}

#[test]
fn limited_range_counts_from_sixteen() {
    let (luma, chroma) = ([16u8, 100, 235, 50], [128u8]);
    let image = Image::from_yuv420(2, 2, [&luma, &chroma, &chroma], Matrix::Bt709, Codes::Limited).unwrap();
    let profile = Profile::along(Line::row(0, 2), &[Series::new("frame", &image)]).unwrap();
    assert_eq!((profile.channel, profile.codes[0].as_slice()), ("luma", &[16.0, 100.0][..]));
}

#[test]
fn the_channel_with_the_bands_is_read() {
    let rgb: Vec<u8> = (0..200 * 3 * 3)
        .map(|i| match (i % 3, i / 3 % 200) {
            (2, x) => (x / 10 * 2) as u8,
            _ => 90,
        })
        .collect();
    let image = Image::from_rgb8(200, 3, &rgb).unwrap();
    let profile = Profile::along(Line::row(1, 200), &[Series::new("input", &image)]).unwrap();
    assert_eq!(profile.channel, "blue");
}

#[test]
fn magnified_parts_are_at_contours_and_apart() {
    let data: Vec<u8> = (0..600 * 9)
        .map(|i| {
            let x = i % 600;
            if (200..420).contains(&x) { 50 + ((x - 200) / 8) as u8 } else { (x * 89 % 131) as u8 }
        })
        .collect();
    let image = Image::from_gray(600, 9, &data).unwrap();
    let profile = Profile::along(Line::row(4, 600), &[Series::new("input", &image)]).unwrap();
    assert_eq!(profile.zooms.len(), 2);
    assert!(profile.zooms.iter().all(|z| z.start >= 180 && z.end <= 440 && z.len() == ZOOM));
    assert!(profile.zooms[0].end <= profile.zooms[1].start);
}

#[test]
fn strips_follow_the_line_in_every_direction() {
    let image = steps(300, 300, 10);
    let turned =
        Image::from_gray(300, 300, &(0..90_000).map(|i| (i / 300 / 10 * 3 % 256) as u8).collect::<Vec<_>>())
            .unwrap();
    let row = Profile::along(Line::row(100, 300), &[Series::new("a", &image)]).unwrap();
    let column = Profile::along(Line::column(100, 300), &[Series::new("a", &turned)]).unwrap();
    assert_eq!((row.codes, row.zooms, row.strips), (column.codes, column.zooms, column.strips));
}

#[test]
fn any_size_can_be_drawn() {
    for (width, height) in [(1, 1), (3, 2000), (2000, 3), (191, 1), (192, 1)] {
        let image = steps(width, height, 7);
        for line in [
            Line::row(height / 2, width),
            Line::column(width / 2, height),
            Line { from: (9999, 9999), to: (0, 0) },
        ] {
            let profile = Profile::along(line, &[Series::new("input", &image)]).unwrap();
            assert!(profile.svg(960).unwrap().ends_with("</svg>\n"));
            for width in [0, 100, 400, 1200] {
                let drawing = profile.drawing(width).unwrap();
                assert_eq!(drawing.rgb.len(), 3 * drawing.width * drawing.height);
            }
        }
    }
}

#[test]
fn values_that_are_no_numbers_leave_gaps() {
    let mut image = steps(300, 3, 10);
    image.planes[0].data[20] = f32::NAN;
    image.planes[0].data[40] = f32::INFINITY;
    let profile = Profile::along(Line::row(0, 300), &[Series::new("input", &image)]).unwrap();
    let svg = profile.svg(960).unwrap();
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn images_of_different_size_are_refused_by_name() {
    let images = [steps(30, 3, 4), steps(31, 3, 4)];
    let inputs = images.each_ref().map(|image| Series::new("result", image));
    let error = Profile::along(Line::row(0, 30), &inputs).unwrap_err();
    assert_eq!(error.to_string(), "result has 31×3 pixels, 30×3 are needed");
    assert!(Profile::along(Line::row(0, 30), &[]).is_err());
}
