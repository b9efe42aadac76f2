//! BBAND index of images compared with the authors' scores.
#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::print_stdout)]

use std::path::Path;

use unband_image::{Context, Depth, Image, Matrix, Model, Plane, Range, With};
use unband_metrics::bband::bband;
use unband_metrics::{Fault, MetricError, find};

const W: usize = 1920;
const H: usize = 1080;

fn luma(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/bband").join(name);
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    assert_eq!((info.width as usize, info.height as usize, info.buffer_size()), (W, H, W * H));
    data
}

fn video(width: usize, height: usize, codes: &[u8], range: Range) -> Image {
    let chroma = vec![128; width.div_ceil(2) * height.div_ceil(2)];
    Image::from_yuv420(width, height, [codes, &chroma, &chroma], Matrix::Bt709, range).unwrap()
}

#[test]
fn luma_of_video_scores_as_the_authors_say() {
    for (name, want, points) in
        [("sky2", 1.453_752_473_960_367_8, 109_431), ("plant1", 1.312_452_729_434_227_2, 39_766)]
    {
        let image = video(W, H, &luma(&format!("{name}.png")), Range::Limited);
        let score = find("bband").unwrap().score(&image, None, &Context::default()).unwrap();
        println!("{name}: {}, off by {:e}", score.value, score.value - want);
        assert!((score.value - want).abs() < 1e-9, "{name}: {}", score.value);
        assert_eq!(score.details[0], ("edge_points", f64::from(points)), "{name}");
    }
}

/// A ramp of bands under a rough strip.
fn banded(width: usize, height: usize) -> Vec<u8> {
    let code = |x: usize, y: usize| {
        let rough = if y < height / 5 { (x * 7919 + y * 104_729) % 61 } else { 0 };
        40 + x / 12 * 2 + rough
    };
    (0..width * height).map(|i| code(i % width, i / width).min(255) as u8).collect()
}

#[test]
fn the_depth_of_the_file_does_not_matter_and_grey_is_rgb() {
    let ctx = Context::default();
    let codes = banded(400, 300);
    let grey = bband(&Image::from_gray(400, 300, &codes).unwrap(), &ctx).unwrap();
    assert!(grey.score > 0.3 && grey.points > 1000, "{grey:?}");
    let wide: Vec<u16> = codes.iter().flat_map(|&c| [u16::from(c) * 257; 3]).collect();
    assert_eq!(bband(&Image::from_rgb16(400, 300, &wide).unwrap(), &ctx).unwrap(), grey);
}

#[test]
fn a_ramp_between_the_codes_has_no_bands_and_rounded_it_has() {
    let ctx = Context::default();
    let data: Vec<f32> = (0..600 * 300).map(|i| 0.2 + (i % 600) as f32 * 0.000_2).collect();
    let ramp =
        |data: Vec<f32>, depth| Image::new(vec![Plane { width: 600, height: 300, data }], Model::Gray, depth);
    let rounded = data.iter().map(|v| (v * 127.0).round() / 127.0).collect();
    let smooth = bband(&ramp(data, Depth::F32), &ctx).unwrap();
    assert_eq!((smooth.score, smooth.points), (0.0, 0));
    assert!(bband(&ramp(rounded, Depth::F32), &ctx).unwrap().score > 1.0);
}

#[test]
fn full_range_video_is_measured_in_studio_range() {
    let ctx = Context::default();
    let codes = banded(400, 300);
    let full = bband(&video(400, 300, &codes, Range::Full), &ctx).unwrap();
    let studio = bband(&video(400, 300, &codes, Range::Limited), &ctx).unwrap();
    assert!(full.score > 0.3 && full.score < studio.score, "{} {}", full.score, studio.score);
}

#[test]
fn no_bands_score_nothing_and_no_number_is_an_error() {
    let ctx = Context::default();
    for (w, h) in [(1, 1), (5, 3), (64, 40)] {
        let flat = Image::from_gray(w, h, &vec![90u8; w * h]).unwrap();
        let found = bband(&flat, &ctx).unwrap();
        assert_eq!((found.score, found.points, found.edges), (0.0, 0, 0));
    }
    let mut odd = Image::from_gray(30, 30, &[9u8; 900]).unwrap();
    odd.planes[0].data[3] = f32::INFINITY;
    assert_eq!(bband(&odd, &ctx), Err(Fault::NotFinite.of("bband")));
    let mut odd = video(30, 30, &[9; 900], Range::Limited);
    odd.planes[0].data[3] = f32::NAN;
    assert_eq!(bband(&odd, &ctx), Err(Fault::NotFinite.of("bband")));
    let stop = std::sync::atomic::AtomicBool::new(true);
    let stopped = Context::with(|new| new.cancel = &stop);
    assert_eq!(
        bband(&video(30, 30, &[9; 900], Range::Limited), &stopped),
        Err(MetricError::from(Fault::Cancelled))
    );
}
