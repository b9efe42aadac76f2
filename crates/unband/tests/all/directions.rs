//! Invariance under orientation: all eight turns and mirrors of an image get the same findings and, turned
//! back, the same samples.
#![allow(clippy::unwrap_used)]

#[path = "../../../unband-detect/src/made.rs"]
mod made;

use std::path::Path;

use proptest::prelude::*;
use unband::{Context, Findings, Image, Options, OutputDepth, Report, Rng, With, deband_with};
use unband_data::degrade::{
    Degradation, Pair,
    palette::{Coder, Palette},
    planes,
    rgb_bits::RgbBits,
};
use unband_image::{Turn, Window};
use unband_metrics::psnr;

fn turned(image: &Image, turn: Turn) -> Image {
    let mut image = image.clone();
    turn.apply(&mut image, &Context::default());
    image
}

/// Restores all orientations of an image and compares findings and results. Returns the report on the first.
fn same(banded: &Image, clean: &Image, depth: OutputDepth) -> Result<Report, String> {
    let options = Options::with(|new| new.depth = depth);
    let run = |turn: Turn| {
        let ctx = Context::with(|new| new.threads = 2);
        let (mut image, report) = deband_with(turned(banded, turn), &options, &ctx).unwrap();
        turn.back().apply(&mut image, &ctx);
        (image, report)
    };
    let listed = |f: &Findings| {
        // Steps rounded as displayed.
        let steps: Vec<i32> = f.grids.iter().map(|g| (g.step_codes * 100.0).round() as i32).collect();
        format!("{:?} {:?} {steps:?} {} {}", f.cause, f.space, f.lossy, f.visible)
    };
    let (first, report) = run(Turn::default());
    let quality = |image: &Image| psnr::ENTRY.score(image, Some(clean), &Context::default()).unwrap().value;
    for turn in Turn::ALL {
        let (other, of_other) = run(turn);
        let (ours, theirs) = (listed(&report.findings), listed(&of_other.findings));
        if ours != theirs || report.method != of_other.method || report.reason != of_other.reason {
            return Err(format!("{turn:?}: {ours} {}, {theirs} {}", report.method, of_other.method));
        }
        let shares = [&report, &of_other].map(|report| report.findings.banded_share);
        let apart = quality(&first) - quality(&other);
        let pairs = first.planes.iter().zip(&other.planes).flat_map(|(a, b)| a.data.iter().zip(&b.data));
        let worst = 255.0 * pairs.fold(0.0f32, |worst, (a, b)| worst.max((a - b).abs()));
        if (shares[0] - shares[1]).abs() > 0.01 || apart.abs() > 0.03 || worst > 2.01 {
            return Err(format!(
                "{turn:?} of {}×{}: shares {shares:?}, {apart:.3} dB, {worst:.2} codes apart; {ours} {}",
                banded.width(),
                banded.height(),
                report.method,
            ));
        }
    }
    Ok(report)
}

/// A window of one of the published photos in `golden/metrics`.
fn photo(number: usize, at: (usize, usize), size: (usize, usize)) -> Image {
    let names = ["r1_deepdeband_0007_b", "r2_deepdeband_0038_b", "r3_ggdbn_b", "r4_indi_2_b"];
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../golden/metrics/{}.png", names[number]));
    let image = unband_io::read_file(&path, &unband_io::Limits::default()).unwrap().0;
    let image = image.cut(Window { x0: at.0, y0: at.1, x1: at.0 + size.0, y1: at.1 + size.1 });
    Image { planes: image.planes, ..Image::from_rgb8(1, 1, &[0; 3]).unwrap() }
}

/// A 16-bit gradient between three colours, with `grain` codes of noise (peak).
fn gradient(run: usize, (w, h): (usize, usize), grain: f32, seed: u64) -> Image {
    let codes = made::gradient(w, h, run, grain, seed);
    let codes = codes.as_flattened().iter().map(|code| (code.clamp(0.0, 255.0) * 257.0).round() as u16);
    Image::from_rgb16(w, h, &codes.collect::<Vec<u16>>()).unwrap()
}

/// Degraded once, before it is turned.
fn degraded(clean: &Image, by: &dyn Degradation, seed: u64) -> Image {
    let mut pair = Pair { lq: clean.clone(), gt: clean.clone() };
    by.apply(&mut pair, Rng::new(seed)).unwrap();
    pair.lq
}

/// The nearest palette colour, after adding an ordered pattern of the given amplitude in codes.
fn on_colours(clean: &Image, palette: &[[u8; 3]], dither: f32) -> Image {
    let (w, h) = (clean.width(), clean.height());
    let codes: Vec<[f32; 3]> =
        (0..w * h).map(|i| [0, 1, 2].map(|c: usize| 255.0 * clean.planes[c].data[i])).collect();
    Image::from_rgb8(w, h, made::on_palette(w, &codes, palette, dither).as_flattened()).unwrap()
}

/// Reduced to a palette of the given size by one of two quantisers, dithered or not.
fn paletted(clean: &Image, colours: usize, learned: bool, dithered: bool) -> Image {
    let plain = if learned {
        degraded(clean, &Palette { colors: colours as u32, coder: Coder::BuiltIn }, 0)
    } else {
        let pixels: Vec<[u8; 3]> =
            clean.to_rgb8().unwrap().chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
        on_colours(clean, &made::median_cut(&pixels, colours, true), 0.0)
    };
    if !dithered {
        return plain;
    }
    let mut used: Vec<[u8; 3]> =
        plain.to_rgb8().unwrap().chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
    used.sort_unstable();
    used.dedup();
    on_colours(clean, &used, 3.0 * 230.0 / colours as f32)
}

/// The input depth or sixteen bits.
fn depths() -> impl Strategy<Value = OutputDepth> {
    prop_oneof![Just(OutputDepth::Keep), Just(OutputDepth::Bits(16))]
}

/// Even sides, as in images that were stored with half-size chroma.
fn size() -> impl Strategy<Value = (usize, usize)> {
    (75usize..130, 75usize..130).prop_map(|(w, h)| (2 * w, 2 * h))
}

proptest! {
    // Fixed seed: the detector has limits, and a rare image is on one of them.
    #![proptest_config(ProptestConfig {
        cases: 10,
        rng_seed: proptest::test_runner::RngSeed::Fixed(26),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn photos_are_restored_from_every_side(
        number in 0usize..4, at in (0usize..100, 0usize..60), size in size(), bits in 4u32..=7, luma: bool, depth in depths(),
        seed: u64,
    ) {
        let clean = photo(number, at, size);
        let banded =
            if luma { degraded(&clean, &planes::bits(bits, 8, 8), seed) } else { degraded(&clean, &RgbBits::nearest(bits), seed) };
        let report = same(&banded, &clean, depth);
        prop_assert!(report.is_ok(), "{report:?}");
        prop_assert!(luma || bits > 6 || report.unwrap().method == "unband-lite");
    }

    #[test]
    fn gradients_are_restored_from_every_side(
        run in 0usize..6, size in size(), bits in 4u32..=6, grain in 0.0f32..2.0, odd: bool, depth in depths(), seed: u64,
    ) {
        let size = if odd { (size.0 + 1, size.1 - 1) } else { size };
        let clean = gradient(run, size, grain, seed);
        let report = same(&degraded(&clean, &RgbBits::nearest(bits), seed), &clean, depth);
        prop_assert!(report.is_ok(), "{report:?}");
        prop_assert!(report.unwrap().changed);
    }

    #[test]
    fn palettes_are_restored_from_every_side(
        run in 0usize..10, at in (0usize..100, 0usize..60), size in size(), colours in 16usize..=256, learned: bool,
        dithered: bool, depth in depths(), seed: u64,
    ) {
        let clean = if run < 6 { gradient(run, size, 0.5, seed) } else { photo(run - 6, at, size) };
        let report = same(&paletted(&clean, colours, learned, dithered), &clean, depth);
        prop_assert!(report.is_ok(), "{report:?}");
    }
}

/// Levels in a part of an image: the squares where they apply turn with it.
#[test]
fn a_part_on_levels_is_restored_from_every_side() {
    for size in [(384, 256), (256, 384), (320, 320)] {
        let clean = gradient(4, size, 40.0, 9);
        let mut banded = degraded(&clean, &RgbBits::nearest(8), 9);
        let coarse = degraded(&clean, &RgbBits::nearest(5), 9);
        for (to, from) in banded.planes.iter_mut().zip(&coarse.planes) {
            for y in 0..192 {
                to.row_mut(y)[..192].copy_from_slice(&from.row(y)[..192]);
            }
        }
        let report = same(&banded, &clean, OutputDepth::Keep).unwrap();
        assert!(report.findings.regions.is_some() && report.changed, "{:?}", report.findings.sentence());
        // The rest is undamaged: it stays.
        let (result, report) = deband_with(banded.clone(), &Options::default(), &Context::default()).unwrap();
        assert_eq!(report.method, "unband-lite");
        let changed = |x: usize, y: usize| {
            (0..3).any(|c| result.planes[c].row(y)[x].to_bits() != banded.planes[c].row(y)[x].to_bits())
        };
        let places = || (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y)));
        assert!(places().filter(|&(x, y)| x < 192 && y < 192).filter(|&(x, y)| changed(x, y)).count() > 9000);
        assert!(!places().filter(|&(x, y)| x >= 192 || y >= 192).any(|(x, y)| changed(x, y)));
    }
}
