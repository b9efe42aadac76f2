//! CAMBI compared with libvmaf, and properties for any image.
#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::print_stdout, clippy::cast_possible_wrap)]

use crate::golden;
use serde_json::Value;
use unband_image::{Context, Depth, Image, Matrix, Range, With};
use unband_metrics::cambi::{
    Eotf, HighRes, Luma, Options, Report, score, score_image, score_image_with_maps, score_with_maps,
    worse_by,
};
use unband_metrics::{Fault, MetricError, find};
use unband_simd::Level;

const TOLERANCE: f64 = 2e-6;

/// Luma of the golden values: 8-bit studio range.
fn luma8(rgb: &golden::Rgb) -> Vec<u8> {
    let luma = |p: &[u8]| {
        let [r, g, b] = [p[0], p[1], p[2]].map(u32::from);
        (((47 * r + 157 * g + 16 * b + 128) >> 8) + 16) as u8
    };
    rgb.bytes.chunks_exact(3).map(luma).collect()
}

/// Options by their names in the golden file.
fn options(name: &str, (width, height): (usize, usize)) -> Options {
    let mut options = Options::default();
    for part in name.split(':') {
        match part.replace('=', "_").as_str() {
            "default" | "luma10_shl2_plus1" => {}
            "max_log_contrast_3" => options.max_log_contrast = 3,
            "max_log_contrast_4" => options.max_log_contrast = 4,
            "max_log_contrast_5" => options.max_log_contrast = 5,
            "eotf_pq" | "cambi_eotf_pq" => options.eotf = Eotf::Pq,
            "window_33" => options.window_size = 33,
            "window_size_127" => options.window_size = 127,
            "topk_0.3" => options.topk = 0.3,
            "enc_bitdepth_10" => options.enc_bitdepth = 10,
            "enc_bitdepth_8" => options.enc_bitdepth = 8,
            "vis_lum_20" => options.vis_lum_threshold = 20.0,
            "enc_3_4" => {
                (options.enc_width, options.enc_height) = (width as u32 * 3 / 4, height as u32 * 3 / 4);
            }
            "enc_width_1280" => options.enc_width = 1280,
            "enc_width_301" => options.enc_width = 301,
            "enc_height_720" => (options.enc_width, options.enc_height) = (1280, 720),
            "enc_height_217" => (options.enc_width, options.enc_height) = (301, 217),
            "cambi_high_res_speedup_1080" => options.high_res_speedup = HighRes::P1080,
            other => panic!("no options for {other}"),
        }
    }
    options
}

/// Compares all values of a run in the golden file.
fn compare(what: &str, report: &Report, detail: &Value) -> f64 {
    let whole = |value: &Value| value.as_u64().unwrap();
    assert_eq!(report.window as u64, whole(&detail["window"]), "{what}");
    assert_eq!(i64::from(report.flat_limit), detail["mask_index"].as_i64().unwrap(), "{what}");
    assert_eq!(Value::from(report.visible_up_to.clone()), detail["tvi"], "{what}");
    assert_eq!(u64::from(report.least_visible), whole(&detail["vlt"]), "{what}");
    let scales = detail["scales"].as_array().unwrap();
    assert_eq!(scales.len(), report.scales.len());
    let mut worst = 0.0f64;
    for (i, (got, want)) in report.scales.iter().zip(scales).enumerate() {
        let what = format!("{what}, scale {i}");
        let counts = [got.width as u64, got.height as u64, got.masked, got.image_sum, got.top];
        let wanted = ["w", "h", "mask", "image_sum", "topk"].map(|key| whole(&want[key]));
        assert_eq!(counts, wanted, "{what}");
        for (got, key) in
            [(got.contrast_sum, "c_sum"), (got.contrast_max.into(), "c_max"), (got.score, "score")]
        {
            let want = want[key].as_f64().unwrap();
            let off = (got - want).abs() / want.abs().max(1e-3);
            worst = worst.max(off);
            assert!(off < 1e-5, "{what}: {key} {got}, wanted {want}");
        }
    }
    worst
}

#[test]
fn all_option_sets_give_what_libvmaf_gives() {
    let ctx = Context::default();
    let values = golden::values();
    let (mut runs, mut worst) = (0, 0.0f64);
    for name in golden::PAIRS {
        let (a, b) = golden::pair(&values, name);
        let golden = golden::of(&values, name);
        let (width, height) = (a.width, a.height);
        let mut planes = Vec::new();
        for (side, rgb) in [("a", &a), ("b", &b)] {
            let codes = luma8(rgb);
            assert_eq!(golden::sha256(&codes), golden[format!("luma8_sha256_{side}")], "{name} {side}");
            let luma = Luma::new(&codes[..], 8, width, height).unwrap();
            let wide: Vec<u16> = codes.iter().map(|&c| 4 * u16::from(c) + 1).collect();
            let ten = Luma::new(&wide[..], 10, width, height).unwrap();
            let wanted = golden[format!("cambi_{side}")].as_object().unwrap();
            for (set, want) in wanted.iter().filter(|(set, _)| *set != "detail") {
                let plane = if set == "luma10_shl2_plus1" { &ten } else { &luma };
                let got = score(plane, &options(set, (width, height)), &ctx).unwrap();
                let off = (got.score - want.as_f64().unwrap()).abs();
                (runs, worst) = (runs + 1, worst.max(off));
                assert!(off <= TOLERANCE, "{name} {side} {set}: {} instead of {want}", got.score);
            }
            let report = score(&luma, &Options::default(), &ctx).unwrap();
            compare(&format!("{name} {side}"), &report, &wanted["detail"]);
            let of_image = score_image(&rgb.image(), &Options::default(), &ctx).unwrap();
            assert_eq!(of_image, report, "{name} {side}");
            planes.push(codes);
        }
        let plane = |i: usize| Luma::new(&planes[i][..], 8, width, height).unwrap();
        let of = |i: usize| score(&plane(i), &Options::default(), &ctx).unwrap().score;
        let (encoded, source) = (of(1), of(0));
        let want = &golden["cambi_full_ref"];
        for (got, key) in [
            (encoded, "cambi"),
            (source, "cambi_source"),
            (worse_by(encoded, source), "cambi_full_reference"),
        ] {
            golden::near(&format!("{name} {key}"), got, want[key].as_f64().unwrap(), TOLERANCE);
        }
    }
    println!("{runs} runs, off by at most {worst:e}");
    assert_eq!(runs, 12 * 2 * 11);
}

/// A plane of luma by a formula of the golden file.
fn formula(name: &str, x: usize, y: usize) -> usize {
    match name {
        "l1_diag_1080p_8b" => 40 + (x + 2 * y) / 40,
        "l2_radial_1080p_10b" => 900 - (x.abs_diff(960).pow(2) + y.abs_diff(540).pow(2)).isqrt() * 3 / 4,
        "l3_step4_1080p_10b" => 64 + x / 60 * 4,
        "l4_odd_433x301_8b" => 30 + (x * x + y * y) / 1500,
        "l5_dither_433x301_10b" => {
            let noise = golden::lowbias32((433 * x + 7919 * y + 13) as u32) % 4;
            120 + (5 * x + noise as usize) / 8
        }
        _ => panic!("no formula for {name}"),
    }
}

#[test]
fn planes_of_8_and_10_bits_and_odd_sizes_give_what_libvmaf_gives() {
    let ctx = Context::default();
    let values = golden::values();
    let planes = values["luma_only"].as_object().unwrap();
    assert_eq!(planes.len(), 5);
    for (name, golden) in planes {
        let [width, height] = ["w", "h"].map(|key| golden[key].as_u64().unwrap() as usize);
        let bits = golden["bitdepth"].as_u64().unwrap() as u8;
        let codes: Vec<u16> =
            (0..width * height).map(|i| formula(name, i % width, i / width) as u16).collect();
        let bytes: Vec<u8> = codes.iter().map(|&c| c as u8).collect();
        let stored =
            if bits == 8 { bytes.clone() } else { codes.iter().flat_map(|c| c.to_le_bytes()).collect() };
        assert_eq!(golden::sha256(&stored), golden["sha256_le"], "{name}");
        let luma = Luma::new(&codes[..], bits, width, height).unwrap();
        for (set, want) in golden["scores"].as_object().unwrap() {
            let got = score(&luma, &options(set, (width, height)), &ctx).unwrap().score;
            println!("{name} {set}: {got:.9}, libvmaf {want}");
            golden::near(&format!("{name} {set}"), got, want.as_f64().unwrap(), TOLERANCE);
        }
        let report = score(&luma, &Options::default(), &ctx).unwrap();
        compare(name, &report, &golden["detail"]);
        if bits == 8 {
            let luma = Luma::new(&bytes[..], bits, width, height).unwrap();
            assert_eq!(score(&luma, &Options::default(), &ctx).unwrap(), report);
        }
    }
}

/// Rings of bands, some of them rough.
fn sample(width: usize, height: usize, bits: u8) -> Vec<u16> {
    let code = |x: usize, y: usize| {
        let rough =
            if (x / 60 + y / 45).is_multiple_of(4) { golden::lowbias32((x * y) as u32) % 13 } else { 0 };
        (60 + (x * x + 2 * y * y) / 900) as u32 % 190 + rough
    };
    (0..width * height).map(|i| (code(i % width, i / width) as u16) << (bits - 8)).collect()
}

#[test]
fn threads_and_instructions_do_not_matter() {
    let (width, height) = (533, 307);
    let codes = sample(width, height, 10);
    let luma = Luma::new(&codes[..], 10, width, height).unwrap();
    for options in [Options::default(), Options::coarse(), Options::with(|new| new.topk = 0.1)] {
        let with = |threads, level| {
            let ctx = Context::with(|new| {
                new.threads = threads;
                new.level = level;
            });
            score_with_maps(&luma, &options, &ctx).unwrap()
        };
        let want = with(1, Level::best());
        assert!(want.0.score > 0.1, "{}", want.0.score);
        for level in Level::all() {
            for threads in [1, 2, 5] {
                let got = with(threads, level);
                assert_eq!(got.0.score.to_bits(), want.0.score.to_bits(), "{level:?}, {threads} threads");
                assert!(got == want, "{level:?}, {threads} threads");
            }
        }
        assert_eq!(score(&luma, &options, &Context::default()).unwrap(), want.0);
    }
}

#[test]
fn contrasts_are_those_of_counting_in_every_window() {
    // One scale by the definition, sample by sample; the ranges of values are those of the report.
    let (width, height) = (230, 40);
    let codes = sample(width, height, 10);
    let luma = Luma::new(&codes[..], 10, width, height).unwrap();
    let options = Options::with(|new| {
        new.enc_bitdepth = 10;
        new.max_log_contrast = 3;
    });
    let (report, maps) = score_with_maps(&luma, &options, &Context::default()).unwrap();
    let at = |x: usize, y: usize| codes[y * width + x];
    let flat = |x: usize, y: usize| {
        (x + 1 == width || at(x, y) == at(x + 1, y)) && (y + 1 == height || at(x, y) == at(x, y + 1))
    };
    let around = |v: usize, by: usize, end: usize| v.saturating_sub(by)..(v + by + 1).min(end);
    let masked = |x: usize, y: usize| {
        let places = around(y, 3, height).flat_map(|y| around(x, 3, width).map(move |x| (x, y)));
        places.filter(|&(x, y)| flat(x, y)).count() as i32 > report.flat_limit
    };
    let mode = |[a, b, c]: [u16; 3]| {
        if a == b || a == c {
            a
        } else if b == c {
            b
        } else {
            a.min(b).min(c)
        }
    };
    let across = |x: usize, y: usize| {
        if x == 0 || x + 1 == width { at(x, y) } else { mode([at(x - 1, y), at(x, y), at(x + 1, y)]) }
    };
    let smooth = |x: usize, y: usize| {
        if y == 0 || y + 1 == height {
            at(x, y)
        } else {
            mode([across(x, y - 1), across(x, y), across(x, y + 1)])
        }
    };
    let places: Vec<(usize, usize)> = (0..width * height).map(|i| (i % width, i / width)).collect();
    let values: Vec<Option<u16>> = places.iter().map(|&(x, y)| masked(x, y).then(|| smooth(x, y))).collect();
    assert_eq!(values.iter().flatten().count() as u64, report.scales[0].masked);
    let weights = [1.0, 2.0, 3.0, 4.0, 4.0, 5.0, 5.0, 6.0];
    let radius = report.window / 2;
    let mut sum = 0.0;
    for (i, &(x, y)) in places.iter().enumerate() {
        let Some(value) = values[i] else {
            assert_eq!(maps.scales[0].contrasts[i], 0.0);
            continue;
        };
        let count = |wanted: i32| {
            let rows =
                around(y, radius, height).flat_map(|y| around(x, radius, width).map(move |x| y * width + x));
            rows.filter(|&k| values[k].is_some_and(|v| i32::from(v) == wanted)).count() as f64
        };
        let own = count(value.into());
        let mut most = 0.0f64;
        for (d, weight) in weights.into_iter().enumerate() {
            if value <= report.visible_up_to[d] {
                let d = d as i32 + 1;
                let other = count(i32::from(value) + d).max(count(i32::from(value) - d));
                most = most.max(weight * own * other / (own + other));
            }
        }
        let got = f64::from(maps.scales[0].contrasts[i]);
        assert!((got - most).abs() <= 1e-6 * most, "{x} {y}: {got} instead of {most}");
        sum += most;
    }
    assert!(sum > 100.0 && (report.scales[0].contrast_sum - sum).abs() < 1e-6 * sum, "{sum}");
}

#[test]
fn maps_show_where_the_score_comes_from() {
    let (width, height) = (433, 301);
    let codes: Vec<u8> =
        (0..width * height).map(|i| formula("l4_odd_433x301_8b", i % width, i / width) as u8).collect();
    let luma = Luma::new(&codes[..], 8, width, height).unwrap();
    // If all contrasts are included, the mean of the whole map is the score of the largest scale, and so on.
    let options = Options::with(|new| new.topk = 1.0);
    let (report, maps) = score_with_maps(&luma, &options, &Context::default()).unwrap();
    for (i, (map, scale)) in maps.scales.iter().zip(&report.scales).enumerate() {
        assert_eq!((map.width, map.height), (scale.width, scale.height));
        let sum: f64 = map.contrasts.iter().map(|&c| f64::from(c)).sum();
        assert!((sum / map.contrasts.len() as f64 - scale.score).abs() < 1e-6 * scale.score.max(1.0));
        let heat = maps.heat(i).unwrap();
        let most = (4 * report.window * report.window / 4) as f64;
        for (heat, contrast) in heat.iter().zip(&map.contrasts) {
            assert_eq!(*heat, (65_535.0 / most * f64::from(*contrast)) as u16);
        }
    }
    assert!(maps.heat(5).is_none());
    let full = maps.full();
    assert_eq!((full.width, full.height), (width, height));
    let mean = full.contrasts.iter().map(|&c| f64::from(c)).sum::<f64>() / full.contrasts.len() as f64;
    assert!((mean - report.score).abs() < 0.05 * report.score, "{mean} {}", report.score);
}

#[test]
fn it_sees_single_codes_and_no_coarse_bands() {
    let values = golden::values();
    let (_, b) = golden::pair(&values, "f1_ramp_q8");
    let value = |name: &str| find(name).unwrap().score(&b.image(), None, &Context::default()).unwrap().value;
    assert!(value("cambi") < 0.01, "{}", value("cambi"));
    assert!(value("cambi-coarse") > 30.0, "{}", value("cambi-coarse"));
}

#[test]
fn deeper_files_of_the_same_codes_score_the_same() {
    let ctx = Context::default();
    let values = golden::values();
    let (_, b) = golden::pair(&values, "r3_ggdbn");
    let eight = score_image(&b.image(), &Options::default(), &ctx).unwrap();
    let wide: Vec<u16> = b.bytes.iter().map(|&c| u16::from(c) * 257).collect();
    let mut sixteen = Image::from_rgb16(b.width, b.height, &wide).unwrap();
    assert_eq!(score_image(&sixteen, &Options::default(), &ctx).unwrap(), eight);
    // A single sample between the codes switches all samples to the 10-bit formula.
    sixteen.planes[0].data[0] += 0.001;
    let deep = score_image(&sixteen, &Options::default(), &ctx).unwrap();
    let ten = |i: usize| {
        let [r, g, b] = [0, 1, 2].map(|p| f64::from(sixteen.planes[p].data[i]));
        (64.5 + 876.0 * (47.0 * r + 157.0 * g + 16.0 * b) / 220.0) as u16
    };
    let codes: Vec<u16> = (0..b.width * b.height).map(ten).collect();
    let luma = Luma::new(&codes[..], 10, b.width, b.height).unwrap();
    let want = score(&luma, &Options::default(), &ctx).unwrap();
    assert!(want.score > 1.0 && (deep.score - want.score).abs() < 1e-3, "{} {}", deep.score, want.score);
}

#[test]
fn luma_of_video_is_taken_as_it_is_stored() {
    let ctx = Context::default();
    let (width, height) = (300, 220);
    let codes: Vec<u8> = sample(width, height, 8).iter().map(|&c| c as u8).collect();
    let half = vec![128; 150 * 110];
    let yuv =
        |range| Image::from_yuv420(width, height, [&codes, &half, &half], Matrix::Bt709, range).unwrap();
    let want = score(&Luma::new(&codes[..], 8, width, height).unwrap(), &Options::default(), &ctx).unwrap();
    assert_eq!(score_image(&yuv(Range::Limited), &Options::default(), &ctx).unwrap(), want);
    assert!(score_image(&yuv(Range::Full), &Options::default(), &ctx).unwrap() != want);
    let (report, maps) = score_image_with_maps(&yuv(Range::Limited), &Options::default(), &ctx).unwrap();
    assert_eq!((report, maps.full().width), (want, width));

    // 10 and 12 bits in planes of an image.
    for bits in [10u8, 12, 16] {
        let codes = sample(width, height, bits);
        let unit = f32::from(1u16 << (bits - 8));
        let mut image = yuv(Range::Limited);
        image.depth = Depth::Int(bits);
        for (v, &code) in image.planes[0].data.iter_mut().zip(&codes) {
            *v = (f32::from(code) - 16.0 * unit) / (219.0 * unit);
        }
        let luma = Luma::new(&codes[..], bits, width, height).unwrap();
        let want = score(&luma, &Options::default(), &ctx).unwrap();
        assert_eq!(score_image(&image, &Options::default(), &ctx).unwrap(), want, "{bits} bits");
    }
}

#[test]
fn what_cannot_be_measured_is_an_error_that_says_why() {
    let ctx = Context::default();
    let options = Options::default();
    let small = vec![90u8; 215 * 215];
    let image = Image::from_gray(215, 215, &small).unwrap();
    let error = score_image(&image, &options, &ctx).unwrap_err();
    assert_eq!(error.to_string(), "cambi needs a side of at least 216 samples, got 215×215");
    // One long side is enough.
    let narrow = Image::from_gray(1, 216, &small[..216]).unwrap();
    assert_eq!(score_image(&narrow, &options, &ctx).unwrap().score, 0.0);
    let wide = Image::from_gray(216, 1, &small[..216]).unwrap();
    assert_eq!(score_image(&wide, &options, &ctx).unwrap().score, 0.0);

    let codes = sample(300, 220, 8);
    assert!(matches!(
        Luma::new(&codes[..], 8, 300, 221),
        Err(MetricError { fault: Fault::Samples { .. }, .. })
    ));
    assert!(matches!(
        Luma::new(&codes[..], 7, 300, 220),
        Err(MetricError { fault: Fault::Code { bits: 7, .. }, .. })
    ));
    assert!(matches!(
        Luma::new(&codes[..], 17, 300, 220),
        Err(MetricError { fault: Fault::Option { .. }, .. })
    ));
    assert!(matches!(Luma::new(&codes[..0], 8, 0, 0), Err(MetricError { fault: Fault::Samples { .. }, .. })));
    let luma = Luma::new(&codes[..], 8, 300, 220).unwrap();
    for (options, name) in [
        (Options::with(|new| new.window_size = 14), "window_size"),
        (Options::with(|new| new.topk = 0.0), "topk"),
        (Options::with(|new| new.topk = f64::NAN), "topk"),
        (Options::with(|new| new.tvi_threshold = 2.0), "tvi_threshold"),
        (Options::with(|new| new.max_log_contrast = 6), "max_log_contrast"),
        (Options::with(|new| new.vis_lum_threshold = 301.0), "vis_lum_threshold"),
        (Options::with(|new| new.enc_bitdepth = 5), "enc_bitdepth"),
    ] {
        let error = score(&luma, &options, &ctx).unwrap_err();
        assert!(
            matches!(error, MetricError { fault: Fault::Option { option, .. }, .. } if option == name),
            "{error}"
        );
    }
    // Where everything is too dark to be visible, the score is zero.
    let dark = Options::with(|new| {
        new.vis_lum_threshold = 300.0;
        new.max_log_contrast = 0;
    });
    assert_eq!(score(&luma, &dark, &ctx).unwrap().score, 0.0);

    let long = vec![90u8; 24_000];
    let error = score(&Luma::new(&long[..], 8, 24_000, 1).unwrap(), &options, &ctx).unwrap_err();
    assert!(matches!(error, MetricError { fault: Fault::Large { widest: 255, .. }, .. }), "{error}");

    let mut odd = Image::from_gray(300, 220, &vec![90u8; 300 * 220]).unwrap();
    odd.planes[0].data[9] = f32::NAN;
    assert_eq!(score_image(&odd, &options, &ctx), Err(Fault::NotFinite.of("cambi")));
    let coarse = find("cambi-coarse").unwrap().score(&odd, None, &ctx);
    assert_eq!(coarse, Err(Fault::NotFinite.of("cambi-coarse")));
    let stop = std::sync::atomic::AtomicBool::new(true);
    let stopped = Context::with(|new| new.cancel = &stop);
    assert_eq!(score(&luma, &options, &stopped), Err(MetricError::from(Fault::Cancelled)));
}
