//! Drawings stay byte for byte, quantised images are repaired, and `treat_as` overrides both.
#![allow(clippy::unwrap_used)]

use unband::{
    Context, Drawing, Image, Options, OutputDepth, Reason, Report, TreatAs, With, deband_with, inspect,
};

const W: usize = 320;
const H: usize = 240;

/// An image from a function of position.
fn drawn(color: impl Fn(usize, usize) -> [u8; 3]) -> Image {
    sized(W, H, color)
}

fn sized(width: usize, height: usize, color: impl Fn(usize, usize) -> [u8; 3]) -> Image {
    let data: Vec<u8> = (0..width * height).flat_map(|i| color(i % width, i / width)).collect();
    Image::from_rgb8(width, height, &data).unwrap()
}

fn run(image: &Image, treat_as: TreatAs) -> (Image, Report) {
    let options = Options::with(|new| new.treat_as = treat_as);
    deband_with(image.clone(), &options, &Context::default()).unwrap()
}

fn codes(image: &Image) -> Vec<u8> {
    image.to_rgb8().unwrap()
}

/// Colours on a line between two.
fn between(a: [f32; 3], b: [f32; 3], t: f32) -> [u8; 3] {
    [0, 1, 2].map(|c| (a[c] + (b[c] - a[c]) * t).round() as u8)
}

/// A smooth surface, 0..1.
fn hills(x: usize, y: usize) -> f32 {
    let (u, v) = (x as f32 / W as f32, y as f32 / H as f32);
    (0.5 + 0.28 * (5.0 * u + 1.0).sin() * (4.0 * v).cos() + 0.2 * (3.0 * u - 4.0 * v).sin()).clamp(0.0, 1.0)
}

/// The brightness of a ball before a background.
fn ball(x: usize, y: usize) -> Option<f32> {
    let (u, v) = ((x as f32 - 160.0) / 105.0, (y as f32 - 120.0) / 105.0);
    let inside = 1.0 - u * u - v * v;
    (inside > 0.0).then(|| (0.15 + 0.85 * (inside.sqrt() * 0.7 - u * 0.5 - v * 0.5).max(0.0)).min(1.0))
}

/// A small image in 24 colours: sky in stripes, a jagged hill, a house.
fn pixels(x: usize, y: usize) -> [u8; 3] {
    let edge = 38 + (x * 7 % 13) / 3 + (x / 9) % 4;
    if (30..42).contains(&x) && (30..50).contains(&y) {
        return if (x + y).is_multiple_of(5) { [90, 60, 50] } else { [120, 76, 58] };
    }
    if y < edge {
        let k = (y / 5) as u8;
        [60 + 6 * k, 90 + 5 * k, 150 + 3 * k]
    } else {
        [40, 96 + 6 * ((x / 3 + y / 2) % 3) as u8, 52]
    }
}

/// A colour lookup table: a slightly graded function of its lattice point.
fn graded(n: usize, at: [usize; 3]) -> [u8; 3] {
    let t = at.map(|k| k as f32 / (n - 1) as f32);
    let lift = |v: f32, gamma: f32| (12.0 + 231.0 * v.powf(gamma)).round() as u8;
    [lift(t[0], 0.9), lift(t[1], 1.0), lift(t[2], 1.15)]
}

fn normals(x: usize, y: usize) -> [u8; 3] {
    let (dx, dy) = ((x as f32 / 9.0).cos() * 0.6, (y as f32 / 11.0).sin() * 0.6);
    let length = (dx * dx + dy * dy + 1.0).sqrt();
    [-dx, -dy, 1.0].map(|v| ((v / length * 0.5 + 0.5) * 255.0).round() as u8)
}

fn drawings() -> Vec<(&'static str, Image)> {
    let nested = |x: usize, y: usize, n: usize| {
        let border = x.min(W - 1 - x).min((y).min(H - 1 - y));
        (border / 18).min(n - 1) as u8
    };
    let greys = |k: u8| [k; 3];
    let cell = |x: usize, y: usize| {
        let points = (0..40usize).map(|i| (i, (i * 83 + 17) % W, (i * 131 + 59) % H));
        let far = |px: usize, py: usize| px.abs_diff(x).pow(2) + py.abs_diff(y).pow(2);
        points.min_by_key(|&(_, px, py)| far(px, py)).unwrap().0
    };
    let ring = |x: usize, y: usize| {
        let (u, v) = (x as f32 - 150.0, y as f32 - 130.0);
        ((u * u + v * v).sqrt() / 15.0).floor()
    };
    let bayer = [0usize, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5];
    vec![
        ("cards", drawn(|x, y| greys(20 + 4 * nested(x, y, 6)))),
        ("layers", drawn(|x, y| greys([18, 30, 34, 36, 39, 44][usize::from(nested(x, y, 6))]))),
        ("swatches", drawn(|x, y| [(x / 20 * 17) as u8, (y / 27 * 17) as u8, 96])),
        ("swatches, uneven", drawn(|x, y| [(x * 16 / W * 17) as u8, (y * 9 / H * 17) as u8, 96])),
        ("wedge across", drawn(|x, _| greys((x * 32 / W * 255 / 31) as u8))),
        ("wedge down", drawn(|_, y| greys((y * 20 / H * 255 / 19) as u8))),
        (
            "contours",
            drawn(|x, y| {
                between([40.0, 90.0, 60.0], [230.0, 200.0, 150.0], (hills(x, y) * 23.0).floor() / 23.0)
            }),
        ),
        ("grey contours", drawn(|x, y| greys((hills(x, y) * 15.0).floor() as u8 * 17))),
        (
            "choropleth",
            drawn(|x, y| between([240.0, 240.0, 250.0], [20.0, 60.0, 130.0], (cell(x, y) % 7) as f32 / 6.0)),
        ),
        (
            "cel",
            drawn(|x, y| {
                ball(x, y).map_or([70, 90, 120], |s| {
                    between([20.0, 8.0, 4.0], [240.0, 120.0, 60.0], (s * 13.0).floor() / 13.0)
                })
            }),
        ),
        (
            "rings",
            drawn(|x, y| between([250.0, 220.0, 120.0], [120.0, 40.0, 90.0], ring(x, y).min(15.0) / 15.0)),
        ),
        (
            "bars",
            drawn(|x, y| {
                if H - y < 30 + (x / 40) * 24 && x % 40 < 30 {
                    [31 + 20 * (x / 40) as u8, 119, 180]
                } else {
                    [255; 3]
                }
            }),
        ),
        ("pixel art", sized(160, 80, pixels)),
        ("pixel art, 4 times", sized(320, 240, |x, y| pixels(x / 4, y / 4))),
        ("strip", sized(256, 16, |x, y| graded(16, [x % 16, y, x / 16]))),
        ("strip of 32", sized(1024, 32, |x, y| graded(32, [x % 32, y, x / 32]))),
        (
            "Hald",
            sized(64, 64, |x, y| {
                let i = y * 64 + x;
                graded(16, [i % 16, i / 16 % 16, i / 256])
            }),
        ),
        ("tiles", sized(512, 512, |x, y| graded(64, [x % 64, y % 64, y / 64 * 8 + x / 64]))),
        ("normals", sized(256, 256, normals)),
        (
            "ramp of 16, across",
            drawn(|x, _| between([200.0, 90.0, 60.0], [60.0, 80.0, 160.0], (x / 20) as f32 / 15.0)),
        ),
        (
            "ramp of 16, down",
            drawn(|_, y| between([200.0, 90.0, 60.0], [60.0, 80.0, 160.0], (y / 15) as f32 / 15.0)),
        ),
        ("grey ramp of 16, down", drawn(|_, y| greys((y / 15 * 17) as u8))),
        ("dither", drawn(|x, y| greys(((y * 4 * 16 / H + bayer[y % 4 * 4 + x % 4]) / 16 * 36) as u8))),
    ]
}

fn lost() -> Vec<(String, Image)> {
    let round = |v: f32, bits: u32| {
        let top = ((1u32 << bits) - 1) as f32;
        ((v * top / 255.0).round() * 255.0 / top).round() as u8
    };
    let sky = |x: usize, y: usize| {
        let (u, v) = (x as f32 / W as f32, y as f32 / H as f32);
        [60.0 + 90.0 * v + 12.0 * u, 80.0 + 60.0 * v - 25.0 * u, 120.0 + 50.0 * v + 30.0 * u * u]
    };
    let cartoon = |x: usize, y: usize| match ball(x, y) {
        Some(_) if x % 70 < 3 => [20.0; 3],
        Some(s) => [230.0 * s, 130.0 * s, 70.0 * s],
        None => sky(x, y),
    };
    let card = |x: usize, y: usize| {
        if (60..260).contains(&x) && (80..160).contains(&y) { [238.0; 3] } else { sky(0, y) }
    };
    let mut all = Vec::new();
    for bits in 4..=6 {
        for (name, scene) in
            [("sky", &sky as &dyn Fn(usize, usize) -> [f32; 3]), ("cartoon", &cartoon), ("card", &card)]
        {
            all.push((format!("{name}, {bits} bits"), drawn(|x, y| scene(x, y).map(|v| round(v, bits)))));
        }
    }
    // Only sixty colours for a gradient.
    let sixty = |x: usize, y: usize| {
        let t = (x as f32 * 0.8 + y as f32 * 0.5) / (0.8 * W as f32 + 0.5 * H as f32);
        between([40.0, 60.0, 120.0], [220.0, 150.0, 90.0], (t * 60.0).floor() / 60.0)
    };
    all.push(("palette".to_owned(), drawn(sixty)));
    all
}

#[test]
fn what_is_drawn_on_purpose_stays_byte_for_byte() {
    for (name, image) in drawings() {
        let (result, report) = run(&image, TreatAs::Auto);
        assert_eq!(codes(&result), codes(&image), "{name}: {}", report.findings.sentence());
        assert!(!report.changed, "{name}");
    }
}

#[test]
fn it_is_named_with_the_option_that_repairs_it_anyway() {
    let mut named = 0;
    for (name, image) in drawings() {
        let (_, report) = run(&image, TreatAs::Auto);
        if let Reason::Drawn(drawing) = report.reason {
            assert!(report.reason.sentence().contains("--treat-as photo"), "{name}");
            assert!(report.findings.sentence().ends_with(&format!("drawn on purpose: {drawing}")), "{name}");
            let (result, forced) = run(&image, TreatAs::Photo);
            assert_eq!(forced.reason, Reason::Restored, "{name}");
            named += usize::from(codes(&result) != codes(&image));
        }
    }
    assert!(named >= 12, "{named}");
}

#[test]
fn two_levels_become_grey_as_a_photo_only() {
    // Floyd and Steinberg's weights.
    let mut error = vec![0.0f32; (W + 2) * (H + 1)];
    let mut ink = vec![0u8; W * H];
    for (i, ink) in ink.iter_mut().enumerate() {
        let (x, y) = (i % W, i / W);
        let old = 0.1 + 0.8 * hills(x, y) + error[y * (W + 2) + x + 1];
        let new = if old >= 0.5 { 1.0 } else { 0.0 };
        for (ahead, share) in [(2, 7.0), (W + 2, 3.0), (W + 3, 5.0), (W + 4, 1.0)] {
            error[y * (W + 2) + x + ahead] += (old - new) * share / 16.0;
        }
        *ink = 255 * new as u8;
    }
    let image = Image::from_gray(W, H, &ink).unwrap();
    let (result, report) = run(&image, TreatAs::Auto);
    assert!(!report.changed && result == image, "{}", report.findings.sentence());
    let (result, report) = run(&image, TreatAs::Photo);
    assert_eq!((report.reason, report.method), (Reason::Restored, "undither"));
    let wanted = |i: usize| 0.1 + 0.8 * hills(i % W, i / W);
    let near = |(i, &v): (usize, &f32)| (v - wanted(i)).abs() < 0.1;
    let close = result.planes[0].data.iter().enumerate().filter(|&pair| near(pair)).count();
    assert!(close * 10 > W * H * 9, "{close} of {}", W * H);
}

#[test]
fn data_are_distinguished_from_flat_colours() {
    for (name, image) in drawings() {
        let expected = match name {
            "strip" | "strip of 32" | "Hald" | "tiles" => Drawing::LookupTable,
            "normals" => Drawing::NormalMap,
            "pixel art, 4 times" => Drawing::Upscaled(4),
            _ => continue,
        };
        assert_eq!(inspect(&image, &Context::default()).drawing, Some(expected), "{name}");
    }
}

#[test]
fn what_lost_levels_is_repaired_unless_it_is_said_to_be_drawn() {
    for (name, image) in lost() {
        let (_, report) = run(&image, TreatAs::Auto);
        assert_eq!(report.reason, Reason::Restored, "{name}: {}", report.findings.sentence());
        for kind in [TreatAs::Drawing, TreatAs::Data] {
            let (result, report) = run(&image, kind);
            assert_eq!(codes(&result), codes(&image), "{name}");
            assert_eq!(report.reason, Reason::Asked, "{name}");
        }
    }
}

#[test]
fn another_depth_adds_no_noise_to_a_drawing() {
    let (_, cards) = drawings().remove(0);
    let deep = Options::with(|new| new.depth = OutputDepth::Bits(16));
    let (wide, _) = deband_with(cards.clone(), &deep, &Context::default()).unwrap();
    assert!(wide.planes == cards.planes, "8-bit codes are on the 16-bit grid");
    let few = Options::with(|new| new.depth = OutputDepth::Bits(5));
    let (coarse, _) = deband_with(cards, &few, &Context::default()).unwrap();
    let mut values: Vec<u32> = coarse.planes[0].data.iter().map(|v| v.to_bits()).collect();
    values.sort_unstable();
    values.dedup();
    assert!(values.len() <= 6, "{} values of six greys", values.len());
}

#[test]
fn the_steps_of_a_gradient_are_still_called_visible() {
    let ramp = drawn(|x, _| [(x * 32 / W * 255 / 31) as u8; 3]);
    let found = inspect(&ramp, &Context::default());
    assert!(found.visible && found.drawing.is_some(), "{}", found.sentence());
}
