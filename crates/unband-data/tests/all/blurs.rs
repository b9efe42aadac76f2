//! Kernels, convolutions, sharpening, JPEG and downscaling compared with the published code:
//! `golden/bsrgan/README.md`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use crate::golden;
use golden::{formula, furthest, numbers, tensor, tensors};
use unband_data::degrade::convolve::{Border, convolve};
use unband_data::degrade::kernel::{Kernel, shifted};
use unband_data::{Applied, Pair};
use unband_image::{Depth, Image};

fn apart(name: &str, got: &[f64], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    printed(name, got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
}

/// Prints a difference under `--nocapture`, for docs/results/degradation.md.
fn printed(name: &str, difference: f64) -> f64 {
    println!("{name}: {difference:.1e}");
    difference
}

#[test]
fn kernels_are_those_of_the_published_code() {
    for (name, want) in tensors("fspecial_gaussian/") {
        let [size, sigma] = numbers(&name)[..] else { panic!("{name}") };
        let got = Kernel::isotropic(size as usize, sigma);
        assert!(apart(&name, &got.weights, &want.values) < 1e-12, "{name}");
    }
    for (name, want) in tensors("anisotropic_gaussian/") {
        let [size, theta, along, across] = numbers(&name)[..] else { panic!("{name}") };
        // The name rounds an angle of 45°.
        let eighth = std::f64::consts::FRAC_PI_4;
        let theta = if (theta - eighth).abs() < 1e-6 { eighth } else { theta };
        let got = Kernel::anisotropic(size as usize, theta, [along, across], 0.0);
        assert!(apart(&name, &got.weights, &want.values) < 1e-12, "{name}");
    }
    for (name, want) in tensors("gen_kernel/") {
        let [a, b, c, sf] = numbers(&name)[..] else { panic!("{name}") };
        let variance = |u: f64| 0.6 + 9.4 * u;
        let theta = c * std::f64::consts::PI;
        let got = Kernel::anisotropic(15, theta, [variance(a), variance(b)], -0.5 * (sf - 1.0));
        assert!(apart(&name, &got.weights, &want.values) < 1e-12, "{name}");
    }
    let want = tensor("analytic_kernel/g7_s1.0");
    assert!(apart("analytic", &Kernel::isotropic(7, 1.0).squared().weights, &want.values) < 1e-12);
}

#[test]
fn kernels_are_moved_as_the_published_code_does() {
    // Both axes of a table in sequence.
    let moved = |table: &[f64], width: usize, sf: f64, upper_left: bool| {
        let rows: Vec<f64> = table.chunks(width).flat_map(|row| shifted(row, sf, upper_left)).collect();
        let height = rows.len() / width;
        let column = |x: usize| rows.iter().skip(x).step_by(width).copied().collect::<Vec<_>>();
        let columns: Vec<Vec<f64>> = (0..width).map(|x| shifted(&column(x), sf, upper_left)).collect();
        (0..width * height).map(|i| columns[i % width][i / width]).collect::<Vec<_>>()
    };
    for (sf, sigma) in [(2, "0.70"), (3, "1.05"), (4, "1.40")] {
        let want = tensor(&format!("shift_pixel/g25_s{sigma}_sf{sf}"));
        let kernel = Kernel::isotropic(25, sigma.parse().unwrap());
        let got = moved(&kernel.weights, 25, f64::from(sf), true);
        assert!(apart("shift", &got, &want.values) < 1e-12, "{sf}");
        let ramp: Vec<f64> = ramp();
        for (end, upper_left) in [("", true), ("_lowerright", false)] {
            let want = tensor(&format!("shift_pixel/ramp_sf{sf}{end}"));
            let got = moved(&ramp, 6, f64::from(sf), upper_left);
            assert!(apart("shift", &got, &want.values) < 1e-12, "{sf} {end}");
        }
    }
}

/// The 5×6 ramp that is shifted.
fn ramp() -> Vec<f64> {
    (0..30).map(|i| f64::from(i).powf(1.5)).collect()
}

/// The kernel of the convolutions.
fn aniso15() -> Kernel {
    Kernel::anisotropic(15, 0.7, [6.0, 1.5], 0.0)
}

fn convolved(mut image: Image, kernel: &Kernel, border: Border) -> Image {
    for plane in &mut image.planes {
        *plane = convolve(plane, kernel, border);
    }
    image
}

#[test]
fn convolutions_turn_the_kernel_and_continue_the_image() {
    let input = formula(45, 37);
    let mut asym5 = Kernel::delta(5);
    asym5.weights.fill(0.0);
    (asym5.weights[1], asym5.weights[3 * 5 + 4]) = (0.75, 0.25);
    for (name, kernel, border) in [
        ("convolve_mirror/fimg_aniso15", aniso15(), Border::Mirror),
        ("convolve_wrap/fimg_aniso15", aniso15(), Border::Wrap),
        ("convolve_mirror/fimg_asym5", asym5, Border::Mirror),
    ] {
        let difference = printed(name, furthest(&convolved(input.clone(), &kernel, border), &tensor(name)));
        assert!(difference < 1e-6, "{name}: {difference:e}");
    }
}

fn step(pair: &mut Pair, name: &str, settings: &[(&str, &str)]) {
    Applied::from_texts(name, 1, settings.iter().copied()).unwrap().apply(pair).unwrap();
}

#[test]
fn the_classical_ways_down_are_those_of_the_published_code() {
    let start = || Pair::from_clean(formula(45, 36));
    let blur = |pair: &mut Pair| pair.lq = convolved(pair.lq.clone(), &aniso15(), Border::Wrap);
    let bicubic = |pair: &mut Pair| {
        // Steps clamp; the published functions keep overshoots.
        for plane in &mut pair.lq.planes {
            *plane = plane.scaled(1.0 / 3.0);
        }
    };
    let mut srmd = start();
    blur(&mut srmd);
    bicubic(&mut srmd);
    let mut dpsr = start();
    bicubic(&mut dpsr);
    blur(&mut dpsr);
    let mut classical = start();
    blur(&mut classical);
    step(&mut classical, "decimate", &[("every", "3")]);
    for (name, pair) in [("srmd", srmd), ("dpsr", dpsr), ("classical", classical)] {
        let difference = printed(name, furthest(&pair.lq, &tensor(&format!("classical/{name}_sf3"))));
        assert!(difference < 5e-6, "{name}: {difference:e}");
    }
}

#[test]
fn the_unsharp_mask_is_that_of_the_published_code() {
    let mut pair = Pair::from_clean(formula(80, 96));
    step(&mut pair, "unsharp-mask", &[]);
    let difference = printed("usm", furthest(&pair.lq, &tensor("usm/fimg")));
    // A sample whose difference is within rounding of the threshold could differ much more.
    assert!(difference < 2e-6, "{difference:e}");
}

#[test]
fn separable_blurs_are_what_their_kernels_give() {
    for (size, sigma) in [(7, 0.5), (15, 2.1), (25, 2.8), (25, 0.0)] {
        let mut pair = Pair::from_clean(formula(40, 33));
        step(&mut pair, "gaussian-blur", &[("size", &size.to_string()), ("sigma_px", &sigma.to_string())]);
        let want = convolved(formula(40, 33), &Kernel::isotropic(size, sigma), Border::Mirror);
        for (got, want) in pair.lq.planes.iter().zip(&want.planes) {
            // The kernel rounds 625 products, the rows 50.
            assert!(got.data.iter().zip(&want.data).all(|(a, b)| (a - b).abs() < 3e-6), "{size} {sigma}");
        }
    }
}

#[test]
fn a_blur_of_no_width_leaves_the_image() {
    let clean = formula(30, 20);
    for settings in
        [[("along_px2", "0"), ("across_px2", "0")], [("along_px2", "0.000001"), ("across_px2", "0")]]
    {
        let mut pair = Pair::from_clean(clean.clone());
        step(&mut pair, "anisotropic-blur", &settings);
        assert!(pair.lq.planes == clean.planes);
    }
}

#[test]
fn jpeg_is_as_opencv_writes_and_reads_it() {
    for (name, want) in tensors("jpeg/q") {
        let mut pair = Pair::from_clean(formula(45, 37));
        step(&mut pair, "jpeg", &[("quality", &name)]);
        let got = |i: usize| f64::from(Depth::EIGHT.code(pair.lq.planes[i % 3].data[i / 3]));
        let off: Vec<f64> = want.values.iter().enumerate().map(|(i, want)| (got(i) - want).abs()).collect();
        let most = off.iter().copied().fold(0.0, f64::max);
        println!("jpeg q{name}: at most {most} codes");
        assert!(most <= 1.0, "q{name}: {most}");
    }
}

#[test]
fn jpeg_has_the_tables_and_the_chroma_of_libjpeg() {
    /// Position of a table's first row in a file's zigzag order.
    const FIRST_ROW: [usize; 8] = [0, 1, 5, 6, 14, 15, 27, 28];
    for (quality, want) in [
        ("30", [27, 18, 17, 27, 40, 66, 85, 101]),
        ("50", [16, 11, 10, 16, 24, 40, 51, 61]),
        ("75", [8, 6, 5, 8, 12, 20, 26, 31]),
        ("95", [2, 1, 1, 2, 2, 4, 5, 6]),
    ] {
        let entry = unband_data::degradation("jpeg").unwrap();
        let built = entry.from_texts([("quality", quality)]).unwrap();
        let (_, file) = built.file(&formula(40, 40)).unwrap().unwrap();
        let marker = |m: u8| file.windows(2).position(|w| w == [0xff, m]).unwrap();
        let table = &file[marker(0xdb) + 5..];
        assert_eq!(FIRST_ROW.map(|i| table[i]), want, "q{quality}");
        // Baseline, three components, luma at twice the resolution both ways.
        let frame = &file[marker(0xc0)..];
        assert_eq!((frame[9], frame[11], frame[14], frame[17]), (3, 0x22, 0x11, 0x11), "q{quality}");
    }
}
