//! `smooth` on palette images, with synthetic gradients.
#![allow(clippy::unwrap_used)]

// Other tests use its quantisers.
#[allow(dead_code)]
#[path = "../../../unband-detect/src/made.rs"]
mod made;

use unband_detect::inspect;
use unband_filters::palette_colours::PaletteColours;
use unband_filters::smooth::ENTRY;
use unband_filters::undither;
use unband_image::Method;
use unband_image::findings::{Cause, Dithering};
use unband_image::{Context, Image, Rng, With, tile};
use unband_simd::Level;

const W: usize = 240;
const H: usize = 180;

/// A sunset's colours along a run, in 8-bit codes.
fn gradient(run: usize) -> Vec<[f32; 3]> {
    made::gradient(W, H, run, 0.0, 0)
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    (0..3).map(|c| (a[c] - b[c]).powi(2)).sum()
}

/// The nearest palette colour, after eight rounds of Lloyd's algorithm.
fn quantised(pixels: &[[f32; 3]], colours: usize) -> Image {
    // The initial colours are evenly spread over lightness, like the boxes of a median cut.
    let mut sorted = pixels.to_vec();
    sorted.sort_by(|a, b| a[1].total_cmp(&b[1]));
    let (low, high) = (sorted[0][1], sorted[sorted.len() - 1][1]);
    let start = |i: usize| low + (high - low) * (i as f32 + 0.5) / colours as f32;
    let mut palette: Vec<[f32; 3]> =
        (0..colours).map(|i| sorted[sorted.partition_point(|p| p[1] < start(i))]).collect();
    let nearest = |palette: &[[f32; 3]], p: [f32; 3]| {
        (0..palette.len())
            .min_by(|&a, &b| distance(palette[a], p).total_cmp(&distance(palette[b], p)))
            .unwrap()
    };
    for _ in 0..8 {
        let mut sums = vec![([0.0f32; 3], 0.0f32); colours];
        for &p in pixels.iter().step_by(7) {
            let (sum, n) = &mut sums[nearest(&palette, p)];
            (0..3).for_each(|c| sum[c] += p[c]);
            *n += 1.0;
        }
        for (colour, (sum, n)) in palette.iter_mut().zip(sums).filter(|(_, (_, n))| *n > 0.0) {
            *colour = sum.map(|s| s / n);
        }
    }
    for colour in &mut palette {
        *colour = colour.map(f32::round);
    }
    let data: Vec<u8> = pixels.iter().flat_map(|&p| palette[nearest(&palette, p)].map(|v| v as u8)).collect();
    Image::from_rgb8(W, H, &data).unwrap()
}

fn restored(image: &Image, side: usize) -> Image {
    let ctx = Context::default();
    let findings = inspect(image, &ctx);
    assert_eq!(findings.cause, Cause::Palette, "{}", findings.sentence());
    let restorer = Method::new(&ENTRY).prepare().unwrap()(image, &findings, &ctx).unwrap();
    let mut out = image.clone();
    tile::restore_in_place(&mut out, &*restorer, side, &mut |_, _| {}, &ctx).unwrap();
    out
}

fn error(clean: &[[f32; 3]], image: &Image) -> f64 {
    let samples = clean.iter().enumerate().flat_map(|(i, p)| (0..3).map(move |c| (i, c, p[c])));
    samples.map(|(i, c, v)| f64::from(image.planes[c].data[i] * 255.0 - v).powi(2)).sum()
}

#[test]
fn gradients_of_few_colours_gain_whatever_way_they_run() {
    for (run, _) in made::RUNS.iter().enumerate() {
        let clean = gradient(run);
        for colours in [32, 64] {
            let image = quantised(&clean, colours);
            let gain = 10.0 * (error(&clean, &image) / error(&clean, &restored(&image, 256))).log10();
            assert!(gain >= 3.0, "run {run}, {colours} colours: {gain:.2} dB");
        }
    }
}

#[test]
fn windows_give_what_the_whole_image_gives() {
    let image = quantised(&gradient(5), 48);
    assert_eq!(restored(&image, 64).planes, restored(&image, 4096).planes);
}

#[test]
fn samples_stay_in_the_cells_of_their_colours() {
    let image = quantised(&gradient(4), 40);
    let cells = PaletteColours::new(&image).unwrap();
    let made = restored(&image, 256);
    for c in 0..3 {
        for (&after, &before) in made.planes[c].data.iter().zip(&image.planes[c].data) {
            let half = cells.halves()[c][(before * 255.0).round() as usize];
            assert!((after - before).abs() * 255.0 <= half + 1e-3);
        }
    }
}

#[test]
fn colours_far_apart_are_edges_and_stay() {
    let data: Vec<u8> = (0..W * H)
        .flat_map(|i| match (i % W / 40, i / W / 30 % 2) {
            (0, _) => [250, 10, 10],
            (1 | 4, 0) => [20, 200, 60],
            (2, _) => [240, 240, 30],
            _ => [10, 20, 120],
        })
        .collect();
    let image = Image::from_rgb8(W, H, &data).unwrap();
    let mut findings = unband_image::findings::Findings::plain(3, 8);
    findings.cause = Cause::Palette;
    let ctx = Context::default();
    let restorer = Method::new(&ENTRY).prepare().unwrap()(&image, &findings, &ctx).unwrap();
    let mut out = image.clone();
    tile::restore_in_place(&mut out, &*restorer, 256, &mut |_, _| {}, &ctx).unwrap();
    for (a, b) in out.planes.iter().flat_map(|p| &p.data).zip(image.planes.iter().flat_map(|p| &p.data)) {
        assert!((a - b).abs() < 1e-6);
    }
}

/// Pixels on a palette of 64 colours after a tile of 4×4 was added, from -8 to 7 codes; or with the rest passed
/// on to the right and below.
fn dithered(pixels: &[[f32; 3]], tiled: bool) -> Image {
    const BAYER: [f32; 16] =
        [0.0, 8.0, 2.0, 10.0, 12.0, 4.0, 14.0, 6.0, 3.0, 11.0, 1.0, 9.0, 15.0, 7.0, 13.0, 5.0];
    let codes: Vec<[u8; 3]> = pixels.iter().map(|p| p.map(|v| v.round() as u8)).collect();
    let palette = made::median_cut(&codes, 64, true);
    let mut wanted = pixels.to_vec();
    let mut out = Vec::new();
    for i in 0..W * H {
        if tiled {
            wanted[i] = wanted[i].map(|v| v + BAYER[i / W % 4 * 4 + i % W % 4] - 8.0);
        }
        let near = made::on_palette(1, &[wanted[i]], &palette, 0.0)[0];
        out.extend(near);
        for (next, share) in [(i + 1, 0.5), (i + W, 0.5)] {
            if !tiled && next < W * H {
                wanted[next] =
                    [0, 1, 2].map(|c: usize| wanted[next][c] + share * (wanted[i][c] - f32::from(near[c])));
            }
        }
    }
    Image::from_rgb8(W, H, &out).unwrap()
}

#[test]
fn dithered_palettes_become_smooth_in_any_tiles() {
    let clean = gradient(4);
    for (tiled, least) in [(true, 6.0), (false, 3.0)] {
        let image = dithered(&clean, tiled);
        let findings = inspect(&image, &Context::default());
        assert_eq!(findings.dither.as_ref().map(Dithering::is_ordered), Some(tiled));
        let with = |side: usize, threads: usize, level: Level| {
            let ctx = Context::with(|new| (new.threads, new.level) = (threads, level));
            let prepared = Method::new(&undither::ENTRY).prepare().unwrap();
            let restorer = prepared(&image, &findings, &ctx).unwrap();
            let mut out = image.clone();
            tile::restore_in_place(&mut out, &*restorer, side, &mut |_, _| {}, &ctx).unwrap();
            out
        };
        let whole = with(10_000, 1, Level::best());
        let gain = 10.0 * (error(&clean, &image) / error(&clean, &whole)).log10();
        assert!(gain >= least, "{tiled}: {gain:.2} dB");
        for (side, threads, level) in [(40, 2, Level::best()), (96, 1, Level::Scalar)] {
            assert!(with(side, threads, level) == whole, "{tiled}: tiles of {side}, {level:?}");
        }
    }
}
