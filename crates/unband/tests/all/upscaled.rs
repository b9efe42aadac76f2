//! The default of upscaling against cubic interpolation, on made images with a known original.

use unband::{Context, Depth, Image, Model, Plane, Resampling, UpscaleOptions, UpscaleSize, Upscaler, With};

const SIDE: usize = 192;

/// The original: a value of 0 to 1 by column, row and channel.
type Scene = fn(f32, f32, usize) -> f32;

fn noise(x: usize, y: usize, c: usize) -> f32 {
    let mut h = (x.wrapping_mul(73_856_093) ^ y.wrapping_mul(19_349_663) ^ c.wrapping_mul(83_492_791)) as u32;
    let mut sum = 0.0;
    for _ in 0..4 {
        h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d).wrapping_add(0x9e37_79b9);
        sum += (h >> 8) as f32 / (1 << 24) as f32 - 0.5;
    }
    sum * 1.73
}

fn slope(x: f32, y: f32, c: usize) -> f32 {
    0.2 + 0.002 * x + 0.001 * y + 0.05 * c as f32
}

/// An image out of focus.
fn soft(x: f32, y: f32, c: usize) -> f32 {
    let wave = (x / 23.0 + c as f32).sin() * (y / 31.0).cos() + (x / 41.0 - y / 17.0).sin();
    0.5 + 0.15 * wave
}

/// Discs with smooth edges on a slope.
fn discs(x: f32, y: f32, c: usize) -> f32 {
    let disc = |cx: f32, cy: f32, r: f32| (r - (x - cx).hypot(y - cy) + 0.5).clamp(0.0, 1.0);
    let shape = disc(60.0, 70.0, 31.0).max(disc(130.0, 120.0, 24.0));
    slope(x, y, c) * (1.0 - shape) + shape * (0.8 - 0.2 * c as f32)
}

fn stripes(x: f32, y: f32, _: usize) -> f32 {
    let wave = ((x * 0.8 + y * 0.6) / 3.1).sin();
    0.5 + 0.35 * (4.0 * wave).clamp(-1.0, 1.0)
}

fn original(scene: Scene) -> Vec<Plane> {
    let plane = |c: usize| {
        let data = (0..SIDE * SIDE).map(|i| scene((i % SIDE) as f32, (i / SIDE) as f32, c)).collect();
        Plane { width: SIDE, height: SIDE, data }
    };
    (0..3).map(plane).collect()
}

/// Made smaller, with noise, in codes of 8 bits.
fn small(original: &[Plane], factor: usize, sigma: f32, method: Resampling) -> Vec<Plane> {
    let side = SIDE / factor;
    let code = |v: f32| (v.clamp(0.0, 1.0) * 255.0).round() / 255.0;
    let plane = |(c, plane): (usize, &Plane)| {
        let mut small = plane.resized(side, side, method);
        for (i, v) in small.data.iter_mut().enumerate() {
            *v = code(*v + sigma / 255.0 * noise(i % side, i / side, c));
        }
        small
    };
    original.iter().enumerate().map(plane).collect()
}

fn decibels(found: &[Plane], original: &[Plane]) -> f64 {
    let pairs = found.iter().zip(original).flat_map(|(a, b)| a.data.iter().zip(&b.data));
    let sum: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
    -10.0 * (sum / (3 * SIDE * SIDE) as f64).max(1e-12).log10()
}

#[test]
fn undamaged_images_are_not_below_interpolation_and_noisy_ones_above() {
    // Scene, noise in codes, least gain in dB at ×2 and ×4.
    let rows: [(&str, Scene, f32, [f64; 2]); 6] = [
        ("slope", slope, 0.0, [0.0, 0.0]),
        ("soft", soft, 0.0, [0.0, 0.0]),
        ("discs", discs, 0.0, [0.5, 0.5]),
        ("stripes", stripes, 0.0, [0.0, 0.0]),
        ("soft, noise", soft, 5.0, [1.1, 1.1]),
        ("discs, noise", discs, 3.0, [1.1, 1.1]),
    ];
    for (name, scene, sigma, least) in rows {
        let original = original(scene);
        for (factor, least) in [2, 4].into_iter().zip(least) {
            for method in [Resampling::Area, Resampling::BicubicAntialiased, Resampling::Lanczos] {
                let small = small(&original, factor, sigma, method);
                let cubic: Vec<Plane> = small
                    .iter()
                    .map(|plane| plane.resized(SIDE, SIDE, Resampling::BicubicAntialiased))
                    .collect();
                let options = UpscaleOptions::with(|new| {
                    new.size = UpscaleSize::Scale(factor as f64);
                    new.depth = unband::OutputDepth::Float;
                });
                let upscaler = Upscaler::new(&options).unwrap();
                let image = Image::new(small, Model::Rgb, Depth::EIGHT);
                let (made, _) = upscaler.upscale(image, &options, &Context::default()).unwrap();
                let gain = decibels(&made.planes, &original) - decibels(&cubic, &original);
                assert!(gain >= least - 0.1, "{name} ×{factor}, {}: {gain:+.2} dB", method.as_str());
            }
        }
    }
}
