//! Properties of all degradations, and of each one.
#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::print_stdout, clippy::needless_pass_by_value)]

use crate::scene;
use crate::tools::{pass, ppm, read_ppm};
use std::collections::{BTreeSet, HashSet};

use scene::scene;
use unband_data::degrade::planes::Planes420;
use unband_data::degrade::{codec, mpeg4_intra};
use unband_data::{Applied, DEGRADATIONS, DegradationEntry, DegradeError, Pair, Sides, Speed, degradation};
use unband_detect::inspect;
use unband_image::findings::{Findings, Space};
use unband_image::{Context, Depth, Hint, Image, Matrix, ParamKind, Range, Rng};

fn setting(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

/// The scene degraded by one step; `None` if a program is missing.
fn degraded(name: &str, settings: &[(&str, &str)], seed: u64) -> Pair {
    let settings: Vec<_> = settings.iter().map(|(n, v)| setting(n, v)).collect();
    let mut pair = Pair::from_clean(scene(320, 256));
    let built = degradation(name).unwrap().from_texts(settings).unwrap();
    built.apply(&mut pair, Rng::new(seed)).unwrap();
    pair
}

fn codes(image: &Image, plane: usize) -> Vec<u32> {
    image.planes[plane].data.iter().map(|&v| Depth::EIGHT.code(v)).collect()
}

/// Mean and standard deviation of a difference, in 8-bit codes.
fn difference(a: &[f32], b: &[f32]) -> (f32, f32) {
    let n = a.len() as f32;
    let mean = a.iter().zip(b).map(|(a, b)| a - b).sum::<f32>() / n;
    let var = a.iter().zip(b).map(|(a, b)| (a - b - mean).powi(2)).sum::<f32>() / n;
    (mean * 255.0, var.sqrt() * 255.0)
}

#[test]
fn names_are_unique_and_differ_from_the_keys_of_a_recipe() {
    let names: HashSet<&str> = DEGRADATIONS.iter().map(|e| e.name).collect();
    assert_eq!(names.len(), DEGRADATIONS.len());
    for entry in DEGRADATIONS {
        assert!(!entry.title.is_empty() && !entry.source.is_empty(), "{}", entry.name);
        let params: HashSet<&str> = entry.params.iter().map(|p| p.name).collect();
        assert_eq!(params.len(), entry.params.len(), "{}", entry.name);
        for key in ["name", "probability", "weight", "use", "steps", "one-of"] {
            assert!(!params.contains(key), "{}: {key}", entry.name);
        }
        for param in entry.params {
            assert!(!param.doc.trim().is_empty(), "{}:{}", entry.name, param.name);
            assert!(
                matches!(param.kind, ParamKind::Word(_) | ParamKind::Switch) || !param.range.is_empty(),
                "{}:{} has no range",
                entry.name,
                param.name
            );
        }
    }
}

#[test]
fn units_are_those_in_the_names() {
    let units = [
        ("_codes", "8-bit codes"),
        ("_px", "samples"),
        ("_px2", "samples²"),
        ("_deg", "degrees"),
        ("_nits", "cd/m²"),
    ];
    for entry in DEGRADATIONS {
        for param in entry.params {
            let named = units.iter().find(|(end, _)| param.name.ends_with(end));
            let in_doc = units.iter().find(|(_, unit)| param.doc.contains(&format!(" in {unit}")));
            if let Some((_, unit)) = named.or(in_doc) {
                assert_eq!(param.unit, *unit, "{}:{}", entry.name, param.name);
            }
        }
    }
}

#[test]
fn all_settings_are_recorded_and_make_the_same_again() {
    for entry in DEGRADATIONS {
        let built = (entry.defaults)();
        let names: Vec<&str> = built.texts().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, entry.params.iter().map(|p| p.name).collect::<Vec<_>>(), "{}", entry.name);
        assert_eq!(entry.from_texts(built.texts()).unwrap().texts(), built.texts(), "{}", entry.name);
        let error = entry.from_texts([setting("no-such", 1)]).err().unwrap();
        assert!(error.hint().is_some(), "{error}");
    }
}

#[test]
fn every_degradation_is_repeatable_and_changes_the_sides_it_says() {
    for entry in DEGRADATIONS {
        let step = Applied::from_texts(entry.name, 7, changing(entry.name)).unwrap();
        let make = || {
            let mut pair = Pair::from_clean(scene(176, 144));
            step.apply(&mut pair).map(|()| pair)
        };
        let first = match make() {
            Err(error) if error.is_missing_program() => {
                unband_skips::program(format_args!("{}: {error}", entry.name));
                continue;
            }
            result => result.unwrap(),
        };
        assert!(first == make().unwrap(), "{}", entry.name);
        let clean = scene(176, 144);
        let follows = first.gt.planes != clean.planes;
        // `fhd` cuts frames out of the image, so both sides change.
        let both = entry.sides == Sides::Both || entry.name == "fhd";
        assert_eq!(follows, both, "{}", entry.name);
        assert!(first.lq.planes != clean.planes, "{} changes nothing", entry.name);
        if entry.sides == Sides::Both {
            assert!(first.lq.planes == first.gt.planes, "{}", entry.name);
        }
        let inside =
            |image: &Image| image.planes.iter().flat_map(|p| &p.data).all(|v| (0.0..=1.0).contains(v));
        assert!(inside(&first.lq) && inside(&first.gt), "{}", entry.name);
    }
}

/// Settings under which degradations with neutral defaults change something.
fn changing(name: &str) -> Vec<(String, String)> {
    match name {
        "tone" => vec![setting("gamma", 0.8)],
        "grade" => vec![setting("stops", -1)],
        "resize" => vec![setting("factor", 0.75)],
        "fit" => vec![setting("scale", 2)],
        "decimate" => vec![setting("every", 2)],
        _ => Vec::new(),
    }
}

#[test]
fn colourless_images_are_refused() {
    let gray = Image::from_gray::<u8>(128, 128, &vec![9; 128 * 128]).unwrap();
    for entry in DEGRADATIONS {
        let built = (entry.defaults)();
        let result = built.apply(&mut Pair::from_clean(gray.clone()), Rng::new(0));
        assert!(matches!(result, Err(DegradeError::Image(_))), "{}", entry.name);
    }
}

#[test]
fn tiny_and_odd_images_pass_or_are_refused_with_their_size() {
    for entry in DEGRADATIONS.iter().filter(|e| e.speed == Speed::Quick) {
        for (width, height) in [(1, 1), (1, 17), (9, 2), (33, 31)] {
            let mut pair = Pair::from_clean(scene(width, height));
            (entry.defaults)().apply(&mut pair, Rng::new(1)).unwrap();
            assert_eq!((pair.lq.width(), pair.lq.height()), (width, height), "{}", entry.name);
        }
    }
}

#[test]
fn room_is_as_far_as_a_sample_looks() {
    // A change of one corner must not reach further than `room`.
    // WebP's encoder and palettes analyse the whole image first.
    let near = |e: &&DegradationEntry| e.speed == Speed::Quick && !["webp", "palette"].contains(&e.name);
    for entry in DEGRADATIONS.iter().filter(|e| e.sides == Sides::Degraded).filter(near) {
        let make = |touched: bool| {
            let mut image = scene(96, 96);
            if touched {
                for plane in &mut image.planes {
                    for y in 0..16 {
                        plane.row_mut(y)[..16].fill(0.9);
                    }
                }
            }
            let mut pair = Pair::from_clean(image);
            let settings = match entry.name {
                "sharpen" => vec![setting("radius_px", 6)],
                "unsharp-mask" => vec![setting("size", 101), setting("threshold_codes", 1)],
                "gaussian-blur" | "anisotropic-blur" | "shifted-downsample" => vec![setting("size", 51)],
                _ => Vec::new(),
            };
            entry.from_texts(settings).unwrap().apply(&mut pair, Rng::new(1)).unwrap();
            pair.lq
        };
        let (a, b) = (make(false), make(true));
        let mut reach = 0;
        for (p, q) in a.planes.iter().zip(&b.planes) {
            for i in (0..p.data.len()).filter(|&i| p.data[i] != q.data[i]) {
                reach = reach.max((i % 96).max(i / 96));
            }
        }
        assert!(reach <= 15 + entry.room, "{}: {reach}", entry.name);
    }
}

fn look(image: &Image) -> Findings {
    inspect(image, &Context::default())
}

#[test]
fn grids_of_planes_are_found_again() {
    for (plane, name) in ["y", "u", "v"].into_iter().enumerate() {
        for bits in [5u8, 6] {
            let pair = degraded("planes", &[(name, &bits.to_string())], 1);
            let found = look(&pair.lq);
            assert!(matches!(found.space, Space::Yuv { .. }), "{name} {bits}: {:?}", found.space);
            assert_eq!(found.grids[plane].bits, Some(bits), "{name}");
            for other in (0..3).filter(|&p| p != plane) {
                assert!(!found.grids[other].found, "{name} {bits}: plane {other}");
            }
        }
    }
}

#[test]
fn grids_of_red_green_and_blue_are_found_again() {
    for bits in 4..=7u8 {
        let pair = degraded("rgb-bits", &[("bits", &bits.to_string())], 1);
        let found = look(&pair.lq);
        assert!(found.grids.iter().all(|g| g.bits == Some(bits)), "{bits}");
    }
}

#[test]
fn dropped_bits_leave_their_levels() {
    let levels = |rounding: &str| -> BTreeSet<u32> {
        let pair = degraded("rgb-bits", &[("bits", "4"), ("rounding", rounding)], 1);
        codes(&pair.lq, 0).into_iter().collect()
    };
    assert!(levels("shift").iter().all(|code| code % 16 == 0));
    assert!(levels("truncate").iter().all(|code| code % 17 == 0));
    let truncated = degraded("rgb-bits", &[("bits", "4"), ("rounding", "truncate")], 1);
    let clean = codes(&truncated.gt, 1);
    assert!(codes(&truncated.lq, 1).iter().zip(&clean).all(|(got, v)| *got == v / 16 * 17));
}

#[test]
fn rounding_down_costs_half_a_code() {
    let pair = degraded("planes", &[("rounding", "down")], 1);
    let near = degraded("planes", &[], 1);
    let (mean, _) = difference(&pair.lq.planes[1].data, &near.lq.planes[1].data);
    assert!((-0.6..-0.4).contains(&mean), "{mean}");
}

#[test]
fn grain_has_the_strength_size_and_place_that_were_asked_for() {
    let gray = |value: u16| Image::from_rgb16(256, 256, &vec![value; 256 * 256 * 3]).unwrap();
    let apply = |image: Image, settings: &[(&str, &str)]| {
        let settings: Vec<_> = settings.iter().map(|(n, v)| setting(n, v)).collect();
        let mut pair = Pair::from_clean(image);
        let built = degradation("grain").unwrap().from_texts(settings).unwrap();
        built.apply(&mut pair, Rng::new(3)).unwrap();
        pair
    };
    // Neighbours agree more with coarser grain.
    let mut last = -0.1;
    for size in ["1", "2", "4"] {
        let pair = apply(gray(32_768), &[("strength_codes", "2"), ("size_px", size), ("chroma", "0")]);
        let noise: Vec<f32> = pair.lq.planes[0].data.iter().map(|v| (v - 0.5) * 255.0).collect();
        let sigma = (noise.iter().map(|n| n * n).sum::<f32>() / noise.len() as f32).sqrt();
        assert!((sigma - 2.0).abs() < 0.12, "size {size}: {sigma}");
        let along: f32 =
            noise.windows(2).map(|w| w[0] * w[1]).sum::<f32>() / noise.len() as f32 / sigma.powi(2);
        assert!(along > last + 0.05, "size {size}: {along}");
        last = along;
        assert!(pair.lq.planes[0].data == pair.lq.planes[2].data, "grey grain");
    }
    let dark = apply(gray(3_000), &[("midtones", "1")]);
    let middle = apply(gray(32_768), &[("midtones", "1")]);
    let sigma = |pair: &Pair| difference(&pair.lq.planes[0].data, &pair.gt.planes[0].data).1;
    assert!(sigma(&dark) < 0.3 * sigma(&middle), "{} {}", sigma(&dark), sigma(&middle));
}

#[test]
fn noise_follows_its_law() {
    // In light: variance is shot · light + read².
    for (value, light) in [(20_000u16, 0.0735f32), (50_000, 0.5513)] {
        let image = Image::from_rgb16(200, 200, &vec![value; 200 * 200 * 3]).unwrap();
        let mut pair = Pair::from_clean(image);
        let settings = [setting("shot", 0.0004), setting("read", 0.002)];
        let built = degradation("noise").unwrap().from_texts(settings).unwrap();
        built.apply(&mut pair, Rng::new(3)).unwrap();
        let lights: Vec<f32> = pair.lq.planes[1].data.iter().map(|v| v.powf(2.2)).collect();
        let mean = lights.iter().sum::<f32>() / lights.len() as f32;
        let var = lights.iter().map(|l| (l - mean).powi(2)).sum::<f32>() / lights.len() as f32;
        let wanted = 0.0004 * light + 0.002 * 0.002;
        assert!((var / wanted - 1.0).abs() < 0.05, "{var} {wanted}");
        assert!((mean - light).abs() < 0.001, "{mean} {light}");
    }
}

#[test]
fn sharpening_steepens_edges_and_leaves_flats() {
    let mut image = Image::from_rgb16(64, 16, &vec![20_000; 64 * 16 * 3]).unwrap();
    for plane in &mut image.planes {
        for y in 0..16 {
            plane.row_mut(y)[32..].fill(0.6);
        }
    }
    let mut pair = Pair::from_clean(image);
    let built = (degradation("sharpen").unwrap().defaults)();
    built.apply(&mut pair, Rng::new(0)).unwrap();
    let row = pair.lq.planes[1].row(8);
    assert!(row[32] > 0.62 && row[31] < 20_000.0 / 65_535.0 - 0.02);
    assert!((row[5] - 20_000.0 / 65_535.0).abs() < 1e-5 && (row[60] - 0.6).abs() < 1e-5);
}

#[test]
fn grading_darkens_by_stops_and_takes_colour_away() {
    let pair = degraded("grade", &[("stops", "-3"), ("saturation", "0")], 0);
    let clean = scene(320, 256);
    let [r, g, b] = [0, 1, 2].map(|p| pair.gt.planes[p].data[5000]);
    assert!((r - g).abs() < 1e-5 && (b - g).abs() < 1e-5);
    let before = [0, 1, 2].map(|p| clean.planes[p].data[5000]);
    let luma = 0.2126 * before[0] + 0.7152 * before[1] + 0.0722 * before[2];
    assert!((g.powf(2.2) / luma.powf(2.2) - 0.125).abs() < 1e-3);
}

#[test]
fn bars_are_level_and_as_wide_as_asked() {
    let pair = degraded("bars", &[("rows", "0.25"), ("columns", "0.1"), ("level_codes", "16")], 0);
    let (level, clean) = (16.0 / 255.0, scene(320, 256));
    let plane = &pair.gt.planes[1];
    for y in [0, 63, 192, 255] {
        assert!(plane.row(y).iter().all(|&v| v == level), "row {y}");
    }
    let row = plane.row(64);
    assert!(row[..32].iter().chain(&row[288..]).all(|&v| v == level));
    assert!(row[32..288] == clean.planes[1].row(64)[32..288]);
}

#[test]
fn a_gradient_runs_in_the_given_direction() {
    let pair = degraded("gradient", &[("from_codes", "10"), ("to_codes", "50"), ("angle_deg", "90")], 0);
    let plane = &pair.gt.planes[0];
    assert!(plane.row(40).iter().all(|v| (v - plane.row(40)[0]).abs() < 1e-6), "the same along a row");
    let ends = [plane.row(0)[0], plane.row(255)[0]].map(|v| v * 255.0);
    assert!((ends[0] - 10.0).abs() < 0.2 && (ends[1] - 50.0).abs() < 0.2, "{ends:?}");
    assert!(pair.gt.planes[0] == pair.gt.planes[2], "neutral");
}

#[test]
fn jpeg_samples_chroma_as_asked_and_loses_more_at_less_quality() {
    let error = |settings: &[(&str, &str)]| {
        let pair = degraded("jpeg", settings, 0);
        difference(&pair.lq.planes[2].data, &pair.gt.planes[2].data).1
    };
    assert!(error(&[("quality", "30")]) > 1.5 * error(&[("quality", "90")]));
    let file = |sampling: &str| {
        let built = degradation("jpeg").unwrap().from_texts([setting("sampling", sampling)]).unwrap();
        let (ending, bytes) = built.file(&scene(64, 64)).unwrap().unwrap();
        assert_eq!(ending, "jpg");
        bytes
    };
    // The first component's sampling factors follow its number in the frame header.
    for (sampling, factors) in [("444", 0x11), ("422", 0x21), ("420", 0x22)] {
        let bytes = file(sampling);
        let frame = bytes.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
        assert_eq!(bytes[frame + 11], factors, "{sampling}");
    }
}

#[test]
fn jpeg_is_what_libjpegs_programs_make() {
    for (side, sampling, word) in [
        ((160, 128), "1x1", "444"),
        ((97, 51), "2x1", "422"),
        ((97, 51), "2x2", "420"),
        ((2, 3), "2x2", "420"),
    ] {
        for quality in ["1", "10", "30", "60", "85", "95", "100"] {
            let settings = [setting("quality", quality), setting("sampling", word)];
            let jpeg = degradation("jpeg").unwrap().from_texts(settings).unwrap();
            let mut pair = Pair::from_clean(scene(side.0, side.1));
            jpeg.apply(&mut pair, Rng::new(0)).unwrap();
            let input = ppm(&pair.gt);
            let theirs = pass(&["cjpeg"], &["-quality", quality, "-sample", sampling], &input)
                .and_then(|file| pass(&["djpeg"], &["-ppm"], &file));
            let theirs = match theirs {
                Err(error) if error.is_missing_program() => return unband_skips::program(error),
                theirs => read_ppm(&theirs.unwrap()),
            };
            assert!(pair.lq.planes == theirs.planes, "{side:?} {word} q{quality}");
        }
    }
}

#[test]
fn intra_frames_lose_what_ffmpeg_loses() {
    let clean = Planes420::from_rgb(&scene(320, 256), Matrix::Bt601, Range::Limited).unwrap();
    for quantiser in [2, 3, 5, 12] {
        let raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "320x256", "-i", "-"];
        let q = quantiser.to_string();
        let coder = ["-c:v", "mpeg4", "-threads", "1", "-g", "1", "-q:v", &q, "-f", "nut", "-"];
        let stream = match codec::ffmpeg(&[&raw[..], &coder].concat(), &clean.bytes()) {
            Err(error) if error.is_missing_program() => return unband_skips::program(error),
            result => result.unwrap(),
        };
        let decode = ["-f", "nut", "-i", "-", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"];
        let theirs = clean.clone().with_bytes(&codec::ffmpeg(&decode, &stream).unwrap()).unwrap();
        let mut ours = clean.clone();
        mpeg4_intra::code(&mut ours, quantiser);
        for plane in 0..3 {
            let apart = |a: &[u8], b: &[u8]| -> f64 {
                let sum: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
                sum as f64 / a.len() as f64
            };
            let (error, loss) = (
                apart(&ours.codes[plane], &theirs.codes[plane]),
                apart(&theirs.codes[plane], &clean.codes[plane]),
            );
            assert!(error < 0.1 * loss, "quantiser {quantiser}, plane {plane}: {error:.4} of {loss:.4}");
        }
    }
}
