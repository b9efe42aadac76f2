use super::*;
use unband_image::{Matrix, Model, Plane, Range, Subsampling};

fn frame(bits: u8, range: Range, codes: [&[u16]; 3]) -> Image {
    let subsampling = Subsampling { x: 2, y: 1 };
    let model = Model::Yuv { matrix: Matrix::Bt709, range, subsampling };
    let planes = codes.iter().enumerate().map(|(p, codes)| {
        let grid = Grid::of_bits(model, p, bits);
        let data = codes.iter().map(|&code| (f32::from(code) - grid.zero) / grid.scale);
        Plane { width: codes.len(), height: 1, data: data.collect() }
    });
    Image::new(planes.collect(), model, Depth::Int(bits))
}

fn close(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-12, "{value} {expected}");
}

#[test]
fn planes_count_by_their_samples_in_whole_codes() {
    let a = frame(10, Range::Limited, [&[100, 200, 300, 400], &[512, 600], &[512, 512]]);
    let b = frame(10, Range::Limited, [&[101, 200, 298, 400], &[512, 603], &[512, 512]]);
    let errors = Errors::new(&a, &b, 3).unwrap();
    close(errors.plane(0).unwrap(), 10.0 * (1023.0f64 * 1023.0 / (5.0 / 4.0)).log10());
    close(errors.plane(1).unwrap(), 10.0 * (1023.0f64 * 1023.0 / (9.0 / 2.0)).log10());
    assert_eq!(errors.plane(2), Some(f64::INFINITY));
    close(errors.all(), 10.0 * (1023.0f64 * 1023.0 / (14.0 / 8.0)).log10());
    assert_eq!(errors.plane(3), None);
}

#[test]
fn another_depth_lies_on_the_codes_of_the_reference() {
    let eight = frame(8, Range::Limited, [&[25, 50], &[128], &[130]]);
    let ten = frame(10, Range::Limited, [&[100, 202], &[512], &[520]]);
    let of_ten = Errors::new(&eight, &ten, 3).unwrap();
    close(of_ten.plane(0).unwrap(), 10.0 * (1023.0f64 * 1023.0 / 2.0).log10());
    assert_eq!(of_ten.plane(2), Some(f64::INFINITY));
    // Half a code of 8 bits.
    let of_eight = Errors::new(&ten, &eight, 3).unwrap();
    close(of_eight.plane(0).unwrap(), 10.0 * (255.0f64 * 255.0 / 0.125).log10());
    // Full range is stretched: 1023 equals 255.
    let eight = frame(8, Range::Full, [&[255, 0], &[128], &[128]]);
    let ten = frame(10, Range::Full, [&[1023, 0], &[512], &[512]]);
    assert_eq!(Errors::new(&ten, &eight, 1).unwrap().plane(0), Some(f64::INFINITY));
}

#[test]
fn other_sampling_and_other_models_are_refused() {
    let a = frame(8, Range::Limited, [&[25, 50], &[128], &[130]]);
    let b = frame(8, Range::Limited, [&[25, 50], &[128, 128], &[130, 130]]);
    assert!(matches!(Errors::new(&a, &b, 3), Err(MetricError { fault: Fault::Size { .. }, .. })));
    let grey = Image::from_gray(2, 1, &[25u8, 50]).unwrap();
    assert!(matches!(Errors::new(&a, &grey, 3), Err(MetricError { fault: Fault::Models(_, _), .. })));
}

#[test]
fn the_mean_error_is_not_the_mean_of_decibels() {
    let mut global = Global::default();
    assert_eq!(global.psnr(), None);
    for psnr in [30.0, 40.0, f64::INFINITY] {
        global.put(psnr);
    }
    close(global.psnr().unwrap(), -10.0 * ((1e-3 + 1e-4) / 3.0f64).log10());
}
