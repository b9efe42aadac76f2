//! Resizing compared with `OpenCV`, MATLAB's rule and Pillow: see `golden/bsrgan/README.md`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use safetensors::SafeTensors;
use unband_image::{Plane, Resampling};

fn golden() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden/bsrgan/golden.safetensors")).unwrap()
}

/// The channels of a tensor.
fn planes(file: &SafeTensors<'_>, name: &str) -> Vec<Plane> {
    let tensor = file.tensor(name).unwrap();
    let [height, width, 3] = *tensor.shape() else { panic!("{name}") };
    let values: Vec<f32> =
        tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    let plane = |c: usize| Plane { width, height, data: values.iter().skip(c).step_by(3).copied().collect() };
    (0..3).map(plane).collect()
}

fn furthest(got: &Plane, want: &Plane) -> f32 {
    assert_eq!((got.width, got.height), (want.width, want.height));
    got.data.iter().zip(&want.data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The largest difference over all tensors whose names start with `prefix`, and their number.
fn compared(prefix: &str, made: impl Fn(&str, &Plane, &Plane) -> Plane) -> (f32, usize) {
    let bytes = golden();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let input = planes(&file, "input/fimg_37x45");
    let (mut most, mut count) = (0.0f32, 0);
    for name in file.names().into_iter().filter(|name| name.starts_with(prefix)) {
        for (input, want) in input.iter().zip(planes(&file, name)) {
            let difference = furthest(&made(&name[prefix.len()..], input, &want), &want);
            most = most.max(difference);
        }
        count += 1;
    }
    println!("{prefix}: {most:.1e}");
    (most, count)
}

#[test]
fn is_what_opencv_gives() {
    for (word, method) in
        [("linear_", Resampling::Bilinear), ("cubic_", Resampling::Bicubic), ("area_", Resampling::Area)]
    {
        let resized = |_: &str, input: &Plane, want: &Plane| input.resized(want.width, want.height, method);
        let (most, count) = compared(&format!("cv2_resize/{word}"), resized);
        assert!(most <= 1e-6 && count == 6, "{word} {most:e} {count}");
    }
}

#[test]
fn is_what_matlab_gives() {
    let (most, count) = compared("imresize/fimg_", |name, input, _| {
        input.scaled(match name {
            "half" => 0.5,
            "third" => 1.0 / 3.0,
            "quarter" => 0.25,
            "x2" => 2.0,
            _ => 3.0,
        })
    });
    assert!(most <= 5e-6 && count == 5, "{most:e} {count}");
}

#[test]
fn is_what_pillow_gives() {
    let resized =
        |_: &str, input: &Plane, want: &Plane| input.resized(want.width, want.height, Resampling::Lanczos);
    let (most, count) = compared("lanczos/", resized);
    assert!(most <= 1e-6 && count == 5, "{most:e} {count}");
}

#[test]
fn flat_planes_stay_flat_and_the_same_size_stays_as_it_is() {
    let flat = Plane::filled(13, 7, 0.3);
    let ramp = Plane { width: 13, height: 7, data: (0..91).map(|v| v as f32).collect() };
    for &method in Resampling::ALL {
        for (width, height) in [(1, 1), (5, 3), (13, 9), (29, 7), (40, 31), (6, 20)] {
            let out = flat.resized(width, height, method);
            assert_eq!((out.width, out.height), (width, height));
            assert!(out.data.iter().all(|v| (v - 0.3).abs() < 1e-6), "{} {width}×{height}", method.as_str());
        }
        assert_eq!(ramp.resized(13, 7, method), ramp);
    }
}
