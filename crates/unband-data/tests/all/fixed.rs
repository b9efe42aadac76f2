//! Degradations with fixed settings.
#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::print_stdout)]

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::process::Command;

use crate::tools::pass;
use unband_data::degrade::fhd::{Fhd, TOOL_OFFSET, Truth};
use unband_data::degrade::planes::{Planes420, RgbRounding, Upsampling, quantise};
use unband_data::{Degradation, DegradeError, FIXED_DEGRADATIONS, Pair, find};
use unband_image::{Depth, Image, Matrix, Range, Rng};

/// A smooth 16-bit image of two colours with a diagonal boundary.
fn clean(width: usize, height: usize) -> Image {
    let data: Vec<u16> = (0..width * height)
        .flat_map(|i| {
            let (x, y) = ((i % width) as u32, (i / width) as u32);
            [12_000 + 90 * x + 40 * y, 30_000 - 50 * x + 60 * y, 20_000 + 30 * x + 100 * y]
                .map(|v| v.min(65_535) as u16)
        })
        .collect();
    Image::from_rgb16(width, height, &data).unwrap()
}

fn levels(image: &Image, plane: usize) -> BTreeSet<u32> {
    image.planes[plane].data.iter().map(|&v| Depth::EIGHT.code(v)).collect()
}

fn is_on_eight_bits(image: &Image) -> bool {
    image.depth == Depth::EIGHT
        && image.planes.iter().flat_map(|p| &p.data).all(|&v| v == Depth::EIGHT.value(Depth::EIGHT.code(v)))
}

#[test]
fn names_are_unique_and_every_cause_has_a_source() {
    let names: HashSet<&str> = FIXED_DEGRADATIONS.iter().map(|c| c.name).collect();
    assert_eq!(names.len(), FIXED_DEGRADATIONS.len());
    assert!(FIXED_DEGRADATIONS.iter().all(|c| !c.source.is_empty() && !c.title.is_empty()));
    assert_eq!(find("rgb-6").unwrap().name, "rgb-6");
}

#[test]
fn every_cause_is_repeatable_and_gives_8_bits() {
    for cause in FIXED_DEGRADATIONS {
        let mut first = Pair::from_clean(clean(176, 144));
        match cause.degradation.apply(&mut first, Rng::new(9)) {
            Err(error) if error.is_missing_program() => {
                unband_skips::program(format_args!("{}: {error}", cause.name));
                continue;
            }
            result => result.unwrap_or_else(|e| panic!("{}: {e}", cause.name)),
        }
        let mut second = Pair::from_clean(clean(176, 144));
        cause.degradation.apply(&mut second, Rng::new(9)).unwrap();
        assert_eq!(first, second, "{}", cause.name);
        assert!(is_on_eight_bits(&first.lq), "{}", cause.name);
        let size = |image: &Image| (image.width(), image.height());
        assert_eq!(size(&first.lq), size(&first.gt), "{}", cause.name);
        assert!(first.lq.planes != first.gt.planes, "{} changes nothing", cause.name);
        // Degraded, but still the same image.
        for (a, b) in first.lq.planes.iter().zip(&first.gt.planes) {
            let error: f32 = a.data.iter().zip(&b.data).map(|(a, b)| (a - b).abs()).sum();
            let codes = 255.0 * error / a.data.len() as f32;
            assert!(codes < 8.0, "{}: {codes} codes off in the mean", cause.name);
        }
    }
}

#[test]
fn rgb_bits_leave_that_many_levels() {
    for (name, most) in [("rgb-7", 128), ("rgb-6", 64), ("rgb-5", 32)] {
        let mut pair = Pair::from_clean(clean(176, 144));
        let before = pair.gt.clone();
        find(name).unwrap().degradation.apply(&mut pair, Rng::new(0)).unwrap();
        let found = levels(&pair.lq, 0);
        let grid: BTreeSet<u32> =
            (0..most).map(|k| (k as f32 * 255.0 / (most - 1) as f32).round() as u32).collect();
        assert!(found.len() > 5 && found.is_subset(&grid), "{name}: {found:?}");
        assert_eq!(pair.gt, before);
    }
}

#[test]
fn plane_grids_are_those_of_the_recipe() {
    let mut codes: Vec<u8> = (0..=255).collect();
    quantise(&mut codes, 5);
    let levels: BTreeSet<u8> = codes.iter().copied().collect();
    assert_eq!(levels.len(), 32);
    // Neutral is not a level: its neighbours are 123 and 132.
    assert!(levels.contains(&123) && levels.contains(&132) && !levels.contains(&128));
    let once = codes.clone();
    quantise(&mut codes, 5);
    assert_eq!(codes, once, "doing it twice changes nothing");
    quantise(&mut codes, 8);
    assert_eq!(codes, once, "eight bits leave codes alone");
}

#[test]
fn a_tone_curve_is_applied_to_both_sides() {
    let mut pair = Pair::from_clean(clean(176, 144));
    let before = pair.gt.clone();
    find("tone-curve").unwrap().degradation.apply(&mut pair, Rng::new(4)).unwrap();
    assert!(pair.gt != before);
    let worst = pair.lq.planes[1].data.iter().zip(&pair.gt.planes[1].data).map(|(a, b)| (a - b).abs());
    let worst_codes = 255.0 * worst.fold(0.0, f32::max);
    assert!(worst_codes > 0.4 && worst_codes < 3.0, "{worst_codes}");
}

#[test]
fn planes_come_back_from_rgb_as_they_were() {
    for (matrix, range) in [(Matrix::Bt601, Range::Limited), (Matrix::Bt709, Range::Full)] {
        let image = clean(51, 33);
        let planes = Planes420::from_rgb(&image, matrix, range).unwrap();
        assert_eq!(planes.codes.clone().map(|c| c.len()), [51 * 33, 26 * 17, 26 * 17]);
        let again =
            Planes420::from_rgb(&planes.to_rgb(Upsampling::Repeat, RgbRounding::Nearest), matrix, range)
                .unwrap();
        for (a, b) in planes.codes.iter().flatten().zip(again.codes.iter().flatten()) {
            assert!(a.abs_diff(*b) <= 1);
        }
        let bytes = planes.bytes();
        assert_eq!(planes.clone().with_bytes(&bytes), Some(planes.clone()));
        assert_eq!(planes.with_bytes(&bytes[1..]), None);
    }
}

#[test]
fn a_missing_program_is_named() {
    let error = pass(&["unband-no-such-program"], &[], &[]).unwrap_err();
    assert!(error.is_missing_program());
    assert_eq!(error.to_string(), "testing needs the program `unband-no-such-program`, which was not found");
}

#[test]
fn images_that_do_not_fit_are_refused() {
    let mut tiny = Pair::from_clean(clean(40, 40));
    let error = find("fhd-luma-6").unwrap().degradation.apply(&mut tiny, Rng::new(0)).unwrap_err();
    assert!(matches!(error, DegradeError::TooSmall { least_width: 76, least_height: 68, .. }), "{error}");
    let grey = Image::from_gray::<u8>(128, 128, &vec![9; 128 * 128]).unwrap();
    for cause in FIXED_DEGRADATIONS {
        let result = cause.degradation.apply(&mut Pair::from_clean(grey.clone()), Rng::new(0));
        assert!(matches!(result, Err(DegradeError::Image(_))), "{}", cause.name);
    }
}

/// Mean of a plane of Y, U and V, in BT.601 codes of limited range.
fn mean_planes(image: &Image) -> [f32; 3] {
    let mean =
        |plane: usize| image.planes[plane].data.iter().sum::<f32>() / image.planes[plane].data.len() as f32;
    let [y, u, v] = Matrix::Bt601.to_yuv([mean(0), mean(1), mean(2)]);
    [219.0 * y, 224.0 * u, 224.0 * v]
}

/// Measured on pairs of the set; it needs no banding.
#[test]
fn the_full_hd_recipe_leaves_its_tools_offset() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        unband_skips::program("ffmpeg");
        return;
    }
    // It varies between images by a tenth of a code and more: a mean over many.
    let Some(folder) = std::env::var_os("UNBAND_PHOTOS") else {
        unband_skips::file("UNBAND_PHOTOS, a folder with train/*.jxl");
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(Path::new(&folder).join("train"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let photos: Vec<Image> = files
        .iter()
        .step_by(5)
        .map(|file| unband_io::read_file(file, &unband_io::Limits::default()).unwrap().0)
        .map(|photo| photo.into_rgb(&unband_image::Context::default()).unwrap())
        .collect();
    for truth in [Truth::Frame, Truth::Offset] {
        let mut apart = [0.0; 3];
        for photo in &photos {
            let mut pair = Pair::from_clean(photo.clone());
            Fhd { y: 8, truth, ..Fhd::default() }.apply(&mut pair, Rng::new(1)).unwrap();
            let (lq, gt) = (mean_planes(&pair.lq), mean_planes(&pair.gt));
            for plane in 0..3 {
                apart[plane] += (lq[plane] - gt[plane]) / photos.len() as f32;
            }
        }
        for (plane, offset) in TOOL_OFFSET.into_iter().enumerate() {
            let want = if truth == Truth::Frame { offset } else { 0.0 };
            // The offset was measured on the set's frames; these differ. Without the tools' truncation it is
            // 0, with RGB both ways −1.1 and 0.
            assert!((apart[plane] - want).abs() < 0.1, "{truth:?}: {apart:?}, {TOOL_OFFSET:?}");
        }
    }
}
