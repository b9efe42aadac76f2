//! CAMBI against libvmaf's, and what must hold for any picture.
#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::print_stdout)]

#[path = "golden/mod.rs"]
mod golden;

use serde_json::Value;
use unband_image::{Context, Depth, Image, Matrix, Model, Range};
use unband_metrics::cambi::{
    self, Codes, Eotf, HighRes, Luma, Options, Report, score, score_against, score_image, score_with_maps,
};
use unband_metrics::{MetricError, find};
use unband_simd::Level;

const TOLERANCE: f64 = 2e-6;

/// Luma as the golden values have it: 8-bit studio range.
fn luma8(rgb: &golden::Rgb) -> Vec<u8> {
    let luma = |p: &[u8]| {
        let [r, g, b] = [p[0], p[1], p[2]].map(u32::from);
        (((47 * r + 157 * g + 16 * b + 128) >> 8) + 16) as u8
    };
    rgb.bytes.chunks_exact(3).map(luma).collect()
}

/// Options by the names that the golden file gives them.
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
            "enc_bitdepth_10" => options.encoded_bits = Some(10),
            "enc_bitdepth_8" => options.encoded_bits = Some(8),
            "vis_lum_20" => options.vis_lum_threshold = 20.0,
            "enc_3_4" => options.encoded_size = Some((width * 3 / 4, height * 3 / 4)),
            "enc_width_1280" => options.encoded_size = Some((1280, 0)),
            "enc_width_301" => options.encoded_size = Some((301, 0)),
            "enc_height_720" => options.encoded_size = Some((1280, 720)),
            "enc_height_217" => options.encoded_size = Some((301, 217)),
            "cambi_high_res_speedup_1080" => options.high_res_speedup = Some(HighRes::P1080),
            other => panic!("no options for {other}"),
        }
    }
    options
}

/// Compares everything that the golden file tells of a run.
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
        let both = score_against(&plane(1), &plane(0), &Options::default(), &ctx).unwrap();
        let want = &golden["cambi_full_ref"];
        for (got, key) in [
            (both.picture.score, "cambi"),
            (both.source.score, "cambi_source"),
            (both.worse_by, "cambi_full_reference"),
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
