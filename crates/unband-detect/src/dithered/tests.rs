use super::findings;
use crate::Nature;
use crate::bits::effective;
use crate::evidence::Evidence;
use crate::planes::Codes;
use crate::turned::made::{median_cut, on_palette};
use unband_image::findings::{Dithering, Findings};
use unband_image::{Context, Image, With};

const SIDE: usize = 160;

/// A smooth image of three channels, 0 to 1.
fn value(c: usize, x: usize, y: usize) -> f32 {
    let (x, y) = (x as f32 / SIDE as f32, y as f32 / SIDE as f32);
    0.2 + 0.1 * c as f32 + 0.35 * y + 0.2 * x * x + 0.05 * (5.0 * x + c as f32).sin()
}

fn image(mut quantise: impl FnMut(usize, usize, usize, f32) -> f32) -> Image {
    let mut codes = vec![0u8; 3 * SIDE * SIDE];
    for y in 0..SIDE {
        for x in 0..SIDE {
            for c in 0..3 {
                codes[3 * (y * SIDE + x) + c] = (255.0 * quantise(c, x, y, value(c, x, y))).round() as u8;
            }
        }
    }
    Image::from_rgb8(SIDE, SIDE, &codes).unwrap()
}

fn found(image: &Image) -> Option<Dithering> {
    looked_at(image, Nature::Unknown)?.dither
}

fn looked_at(image: &Image, nature: Nature) -> Option<Findings> {
    let effective = effective(image);
    let codes = |plane: &unband_image::Plane| plane.data.iter().map(|v| (255.0 * v).round() as u8).collect();
    let planes = image.planes.iter().map(codes).collect();
    let ctx = Context::default();
    let codes = Codes { width: image.width(), height: image.height(), planes };
    findings(&Evidence::new(image, effective, codes, &ctx).but(|new| new.nature = nature))
}

/// Values of a tile of 3×3 in steps: no power of two, and no list has it.
const TILE: [f32; 9] = [4.0, 0.0, 7.0, 2.0, 8.0, 3.0, 5.0, 1.0, 6.0];

fn tile(x: usize, y: usize) -> f32 {
    (TILE[(y + 1) % 3 * 3 + (x + 2) % 3] + 0.5) / 9.0 - 0.5
}

#[test]
fn measures_a_tile_that_no_list_has() {
    for top in [15.0, 31.0, 255.0] {
        // At most a fifth of a step for each sample.
        let slope = if top > 100.0 { 0.2 } else { 1.0 };
        let image = image(|_, x, y, v| ((0.1 + slope * v) * top + tile(x, y)).round() / top);
        let dither = found(&image).unwrap();
        let Dithering::Tile(measured) = &dither else { panic!("{dither:?}") };
        assert_eq!((measured.columns, measured.rows), (3, 3), "{top}");
        for (x, y) in (0..9).map(|i| (i % 3, i / 3)) {
            let error = dither.at(1, (x, y)) * top / 255.0 - tile(x, y);
            assert!(error.abs() < 0.03, "{top}: {error} at {x}, {y}");
        }
    }
}

#[test]
fn finds_the_corner_of_gradient_noise() {
    let noise = |x: usize, y: usize| {
        let inner = (0.067_110_56 * (x + 41) as f64 + 0.005_837_15 * (y + 977) as f64).fract();
        (52.982_918_9 * inner).fract() as f32 - 0.5
    };
    let dither = found(&image(|_, x, y, v| (v * 31.0 + noise(x, y)).round() / 31.0)).unwrap();
    assert_eq!(dither.as_str(), "gradient-noise");
    let near = |&i: &usize| {
        let (x, y) = (i % SIDE, i / SIDE);
        (dither.at(0, (x, y)) * 31.0 / 255.0 - noise(x, y)).abs() < 0.05
    };
    // Samples where the formula wraps around differ.
    let places: Vec<usize> = (0..SIDE * SIDE).step_by(7).collect();
    assert!(places.iter().filter(|i| near(i)).count() * 100 > places.len() * 90);
}

/// A smooth image with errors passed on by Floyd and Steinberg's weights; `value` of a channel and a place.
fn diffused(top: f32, value: fn(usize, usize, usize) -> f32) -> Image {
    let mut error = vec![0.0f32; 3 * (SIDE + 2) * (SIDE + 1)];
    image(|c, x, y, _| {
        let at = |x: usize, y: usize| 3 * (y * (SIDE + 2) + x + 1) + c;
        let old = value(c, x, y) * top + error[at(x, y)];
        let new = old.round();
        let rest = old - new;
        for (dx, dy, share) in [(2, 0, 7.0), (0, 1, 3.0), (1, 1, 5.0), (2, 1, 1.0)] {
            error[at(x + dx, y + dy) - 3] += rest * share / 16.0;
        }
        new.clamp(0.0, top) / top
    })
}

#[test]
fn recognises_error_diffusion() {
    for top in [3.0, 15.0, 31.0] {
        assert_eq!(found(&diffused(top, value)), Some(Dithering::Diffused), "{top}");
    }
}

#[test]
fn two_levels_are_art_unless_they_are_a_photo() {
    let ink = diffused(1.0, |_, x, y| value(0, x, y));
    assert_eq!(found(&ink), None);
    let photo = looked_at(&ink, Nature::Photo).unwrap();
    assert_eq!(photo.sentence(), "dithered with error diffusion, 1 bit per channel");
}

#[test]
fn a_dithered_part_is_found_in_its_squares() {
    const PART: usize = 140;
    let within = |x: usize, y: usize| x < PART && y < PART;
    let with = |offset: &dyn Fn(usize, usize) -> f32| {
        image(|_, x, y, v| if within(x, y) { (31.0 * v + offset(x, y)).round() / 31.0 } else { v })
    };
    let found = looked_at(&with(&tile), Nature::Unknown).unwrap();
    let Some(Dithering::Tile(dither)) = &found.dither else { panic!("{:?}", found.dither) };
    assert_eq!((dither.columns, found.grids[0].bits), (3, Some(5)));
    let regions = found.regions.unwrap();
    for (x, y) in [(10, 10), (127, 60), (90, 127)] {
        assert!(regions.holds_at(0, x, y), "{x}, {y}");
    }
    for (x, y) in [(10, 130), (150, 10), (159, 159)] {
        assert!(!regions.holds_at(0, x, y), "{x}, {y}");
    }
    assert!(looked_at(&with(&|_, _| 0.0), Nature::Unknown).is_none(), "rounded in a part");
}

#[test]
fn plain_rounding_noise_and_checkers_are_not_dither() {
    for top in [3.0, 7.0, 31.0, 255.0] {
        assert_eq!(found(&image(|_, _, _, v| (v * top).round() / top)), None, "rounded to {top}");
    }
    let noise = |c: usize, x: usize, y: usize| {
        let mut v = (c * 7919 + x * 104_729 + y * 1_299_709) as u32;
        for _ in 0..3 {
            v = (v ^ (v >> 15)).wrapping_mul(0x2c1b_3c6d);
        }
        (v >> 8) as f32 / 16_777_216.0 - 0.5
    };
    let noisy = image(|c, x, y, v| (v * 31.0 + noise(c, x, y)).round() / 31.0);
    assert_eq!(found(&noisy), None, "white noise");
    let checkers = image(|_, x, y, _| if (x + y) % 2 == 0 { 12.0 / 31.0 } else { 13.0 / 31.0 });
    assert_eq!(found(&checkers), None, "checkers");
    let pattern = image(|_, x, y, v| ((v * 3.0).round() * 10.0 + f32::from(x % 4 == 0 && y % 4 == 0)) / 31.0);
    assert_eq!(found(&pattern), None, "a pattern");
}

/// The smooth image on a palette of 64 colours; `place` gives the colour of a pixel, from a function of the
/// nearest one.
fn with_palette(mut place: impl FnMut(usize, [f32; 3], &dyn Fn([f32; 3]) -> [u8; 3]) -> [u8; 3]) -> Image {
    let pixel = |i: usize| [0, 1, 2].map(|c| 255.0 * value(c, i % SIDE, i / SIDE));
    let pixels: Vec<[f32; 3]> = (0..SIDE * SIDE).map(pixel).collect();
    let codes: Vec<[u8; 3]> = pixels.iter().map(|p| p.map(|v| v.round() as u8)).collect();
    let palette = median_cut(&codes, 64, false);
    let nearest = |p: [f32; 3]| on_palette(1, &[p], &palette, 0.0)[0];
    let made: Vec<u8> = pixels.iter().enumerate().flat_map(|(i, &p)| place(i, p, &nearest)).collect();
    Image::from_rgb8(SIDE, SIDE, &made).unwrap()
}

#[test]
fn finds_a_tile_added_before_the_nearest_colour() {
    // 4×4, from -8 to 7 codes, as FFmpeg's `bayer_scale=2`.
    let added = |i: usize| {
        const BAYER: [f32; 16] =
            [0.0, 8.0, 2.0, 10.0, 12.0, 4.0, 14.0, 6.0, 3.0, 11.0, 1.0, 9.0, 15.0, 7.0, 13.0, 5.0];
        BAYER[(i / SIDE + 1) % 4 * 4 + (i % SIDE + 3) % 4] - 8.0
    };
    let image = with_palette(|i, p, nearest| nearest(p.map(|v| v + added(i))));
    let all = looked_at(&image, Nature::Unknown).unwrap();
    let colours: std::collections::HashSet<[u8; 3]> =
        image.to_rgb8().unwrap().as_chunks::<3>().0.iter().copied().collect();
    assert_eq!(all.sentence(), format!("dithered with a 4×4 tile, {} colours", colours.len()));
    let dither = all.dither.unwrap();
    for i in 0..2 * SIDE {
        let error = dither.at(1, (i % SIDE, i / SIDE)) - added(i);
        assert!(error.abs() < 1e-6, "{i}: {error}");
    }
}

#[test]
fn finds_errors_that_were_passed_on_to_the_nearest_colour() {
    let mut errors = vec![[0.0f32; 3]; (SIDE + 2) * (SIDE + 1)];
    let image = with_palette(|i, p, nearest| {
        let at = |dx: usize, dy: usize| (i / SIDE + dy) * (SIDE + 2) + i % SIDE + dx;
        let wanted: [f32; 3] = std::array::from_fn(|c| p[c] + errors[at(1, 0)][c]);
        let got = nearest(wanted);
        for (dx, dy, share) in [(2, 0, 7.0), (0, 1, 3.0), (1, 1, 5.0), (2, 1, 1.0)] {
            for c in 0..3 {
                errors[at(dx, dy)][c] += (wanted[c] - f32::from(got[c])) * share / 16.0;
            }
        }
        got
    });
    assert_eq!(found(&image), Some(Dithering::Diffused));
}

#[test]
fn plain_palettes_are_not_dithered() {
    assert_eq!(found(&with_palette(|_, p, nearest| nearest(p))), None);
    let checkers = |i: usize| if (i % SIDE / 8 + i / SIDE / 8).is_multiple_of(2) { 6.0 } else { -6.0 };
    assert_eq!(found(&with_palette(|i, p, nearest| nearest(p.map(|v| v + checkers(i))))), None);
}
