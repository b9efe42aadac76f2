//! Transparent and tiny images upscaled: no fringes, no tints.
#![allow(clippy::unwrap_used)]

use unband::{Context, UpscaleOptions, UpscaleSize, Upscaler, With};
use unband_image::{Depth, Image, Model, Plane};

/// A disc of one colour with soft edges; `under` is the colour where it is fully transparent.
fn icon(colour: [f32; 3], under: &dyn Fn(usize, usize, usize) -> f32) -> Image {
    let side = 64;
    let at = |i: usize| (i % side, i / side);
    let cover = |(x, y): (usize, usize)| {
        let (dx, dy) = (x as f32 - 32.0, y as f32 - 32.0);
        ((22.0 - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0) * 255.0).round() / 255.0
    };
    let plane = |value: &dyn Fn((usize, usize)) -> f32| Plane {
        width: side,
        height: side,
        data: (0..side * side).map(|i| value(at(i))).collect(),
    };
    let colours =
        |c: usize| plane(&|place| if cover(place) > 0.0 { colour[c] } else { under(place.0, place.1, c) });
    let mut image = Image::new((0..3).map(colours).collect(), Model::Rgb, Depth::EIGHT);
    image.alpha = Some(plane(&cover));
    image
}

/// A name, and the colour below full transparency at a place of a channel.
type Under<'a> = (&'static str, &'a dyn Fn(usize, usize, usize) -> f32);

#[test]
fn no_colour_under_full_transparency_shows_and_all_come_back() {
    let colour = [220.0 / 255.0, 180.0 / 255.0, 60.0 / 255.0];
    let noise = |x: usize, y: usize, c: usize| ((x * 31 + y * 17 + c * 7) * 2_654_435 % 256) as f32 / 255.0;
    let unders: [Under<'_>; 3] = [("black", &|_, _, _| 0.0), ("white", &|_, _, _| 1.0), ("noise", &noise)];
    for scale in [2.0, 4.0, 1.5, 3.0, 0.7] {
        let options = UpscaleOptions::with(|new| new.size = UpscaleSize::Scale(scale));
        let upscaler = Upscaler::new(&options).unwrap();
        for (name, under) in unders {
            let source = icon(colour, under);
            let (made, _) = upscaler.upscale(source.clone(), &options, &Context::default()).unwrap();
            let alpha = made.alpha.as_ref().unwrap();
            let mut worst = 0.0f32;
            for (c, plane) in made.planes.iter().enumerate() {
                for (i, (&value, &cover)) in plane.data.iter().zip(&alpha.data).enumerate() {
                    worst = worst.max(cover * (value - colour[c]).abs() * 255.0);
                    let x = i % plane.width * source.width() / plane.width;
                    let y = i / plane.width * source.height() / plane.height;
                    if cover == 0.0 && source.alpha.as_ref().unwrap().row(y)[x] == 0.0 {
                        assert!((value - under(x, y, c)).abs() < 1e-6, "{name} ×{scale} at {x}, {y}");
                    }
                }
            }
            assert!(worst <= 2.0, "{name} ×{scale}: {worst:.1} codes");
        }
    }
}

#[test]
fn tiny_images_have_no_tint() {
    for scale in [2, 4] {
        let options = UpscaleOptions::with(|new| new.size = UpscaleSize::Scale(f64::from(scale)));
        let upscaler = Upscaler::new(&options).unwrap();
        for (width, height) in [(1, 1), (2, 2), (1, 9), (5, 2), (3, 3)] {
            for colour in [[0.2, 0.5, 0.8], [0.9, 0.9, 0.9], [0.1, 0.1, 0.1], [1.0, 0.0, 0.0]] {
                let plane = |c: usize| Plane::filled(width, height, (colour[c] * 255.0f32).round() / 255.0);
                let image = Image::new((0..3).map(plane).collect(), Model::Rgb, Depth::EIGHT);
                let (made, _) = upscaler.upscale(image.clone(), &options, &Context::default()).unwrap();
                assert_eq!((made.width(), made.height()), (scale as usize * width, scale as usize * height));
                for (plane, source) in made.planes.iter().zip(&image.planes) {
                    let worst =
                        plane.data.iter().map(|v| (v - source.data[0]).abs() * 255.0).fold(0.0, f32::max);
                    assert!(worst <= 2.0, "{width}×{height} ×{scale} {colour:?}: {worst:.1} codes");
                }
            }
        }
    }
}
