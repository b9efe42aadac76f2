//! BSRGAN's models: records, patches, and the statistics of the published code.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use crate::golden;
use std::collections::BTreeMap;

use golden::{image, texture};
use unband_data::degrade::bsrgan::{bsrgan, bsrgan_plus};
use unband_data::{
    Applied, DegradationRecipe, DegradationRecord, DegradeError, Pair, Setting, degradation_bsrgan,
    degradation_bsrgan_plus,
};
use unband_image::{Image, Rng};

fn number(step: &Applied, name: &str) -> f64 {
    match step.settings()[name] {
        Setting::Number(value) => value,
        Setting::Whole(value) => value as f64,
        ref other => panic!("{name}: {other}"),
    }
}

fn plans(recipe: &DegradationRecipe, count: u64) -> impl Iterator<Item = DegradationRecord> {
    (0..count).map(|seed| recipe.draw(Rng::new(seed)).unwrap())
}

/// Share of `of` that was counted under a name.
fn share(counts: &BTreeMap<String, u32>, name: &str, of: u32) -> f64 {
    f64::from(counts.get(name).copied().unwrap_or(0)) / f64::from(of)
}

#[test]
fn plans_have_the_published_order_odds_and_ranges() {
    const COUNT: u32 = 10_000;
    for sf in [4, 2] {
        let mut counts = BTreeMap::<String, u32>::new();
        let mut add = |name: &str| *counts.entry(name.to_owned()).or_insert(0) += 1;
        for plan in plans(&bsrgan(sf).unwrap(), COUNT.into()) {
            let place = |name: &str| plan.names.iter().position(|n| n == name);
            assert!(place("down") < place("fit") && place("fit").is_some(), "{:?}", plan.names);
            assert_eq!(plan.names.last().unwrap(), "last jpeg");
            let halved = plan.names[0] == "halved";
            let scale = if halved { 2.0 } else { sf as f64 };
            if halved {
                add("halved");
            }
            if place("jpeg") < place("fit") && place("jpeg").is_some() {
                add("jpeg before fit");
            }
            let mut downs = 0;
            for (i, step) in plan.degrade.iter().enumerate() {
                add(step.name());
                match step.name() {
                    "anisotropic-blur" => {
                        assert!(
                            number(step, "along_px2") <= 4.0 + scale && number(step, "angle_deg") <= 180.0
                        );
                        add(&format!("size {}", number(step, "size")));
                    }
                    "gaussian-blur" => {
                        assert!(number(step, "sigma_px") <= 2.0 + 0.2 * scale + 1e-6);
                        add(&format!("size {}", number(step, "size")));
                    }
                    "resize" if halved && i == 0 => {}
                    "resize" => {
                        downs += 1;
                        add("resize down");
                        assert!((1.0..=2.0 * scale).contains(&number(step, "divisor")));
                    }
                    "shifted-downsample" => {
                        downs += 1;
                        assert!((number(step, "every") - scale).abs() < 1e-9);
                        assert!((0.099..=0.6 * scale + 1e-6).contains(&number(step, "sigma_px")));
                    }
                    "jpeg" => add(&format!("quality {}", number(step, "quality"))),
                    "fit" => assert!((number(step, "scale") - sf as f64).abs() < 1e-9),
                    "gaussian-noise" => {
                        let level = number(step, "level_codes");
                        assert!((2.0..=25.0).contains(&level) && level.fract() == 0.0);
                        add(&format!("noise {}", step.settings()["channels"]));
                    }
                    other => panic!("{other}"),
                }
            }
            assert_eq!(downs, 1);
        }
        let of = |name: &str| share(&counts, name, COUNT);
        let close = |name: &str, want: f64, margin: f64| {
            assert!((of(name) - want).abs() < margin, "×{sf} {name}: {} instead of {want}", of(name));
        };
        let blurs = of("anisotropic-blur") + of("gaussian-blur");
        assert!((blurs - 2.0).abs() < 1e-9 && (of("anisotropic-blur") / blurs - 0.5).abs() < 0.02);
        close("halved", if sf == 4 { 0.25 } else { 0.0 }, if sf == 4 { 0.02 } else { 1e-9 });
        close("resize down", 0.75, 0.02);
        close("jpeg", 1.9, 0.02);
        close("noise independent", 0.4, 0.02);
        close("noise same", 0.4, 0.02);
        close("noise correlated", 0.2, 0.02);
        // In a random order of seven steps, a step comes before the later one of two others with probability
        // 2/3.
        close("jpeg before fit", 0.9 * 2.0 / 3.0, 0.02);
        let sizes: Vec<&String> = counts.keys().filter(|name| name.starts_with("size ")).collect();
        assert_eq!(sizes.len(), 10);
        for size in (7..=25).step_by(2) {
            close(&format!("size {size}"), 0.2, 0.02);
        }
        let qualities: Vec<u32> =
            counts.keys().filter_map(|name| name.strip_prefix("quality ")?.parse().ok()).collect();
        assert_eq!((qualities.iter().min(), qualities.iter().max()), (Some(&30), Some(&95)));
        assert_eq!(qualities.len(), 66);
    }
}

#[test]
fn plans_of_the_extended_model_keep_their_order_unless_all_is_shuffled() {
    let in_order = |plan: &DegradationRecord| {
        let place = |name: &str| plan.names.iter().position(|n| n == name).unwrap();
        let fixed = ["blur 1", "resize 1", "noise 1", "jpeg", "blur 2", "resize 2", "noise 2", "fit"];
        fixed.windows(2).all(|two| place(two[0]) < place(two[1]))
    };
    let [never, half] = [0.0, 0.5].map(|prob| bsrgan_plus(4, prob, true).unwrap());
    let mut orders = BTreeMap::<Vec<String>, u32>::new();
    let mut odds = BTreeMap::<String, u32>::new();
    for plan in plans(&never, 10_000) {
        assert!(in_order(&plan) && plan.clean.len() == 1 && plan.names[0] == "sharpened");
        for name in &plan.names {
            *odds.entry(name.clone()).or_insert(0) += 1;
        }
        let noises: Vec<String> = plan.names.iter().filter(|n| n.ends_with(" 1")).cloned().collect();
        *orders.entry(noises).or_insert(0) += 1;
        let resizes = plan.degrade.iter().filter(|step| step.name() == "resize");
        for factor in resizes.map(|step| number(step, "factor")) {
            assert!((0.125..=2.0).contains(&factor));
        }
    }
    for name in ["poisson 1", "poisson 2", "speckle 1", "speckle 2"] {
        assert!((share(&odds, name, 10_000) - 0.1).abs() < 0.02, "{name}");
    }
    // Blur and size come first, then noise, Poisson and speckle in all of their orders.
    assert!(orders.keys().all(|o| o[..2] == ["blur 1", "resize 1"]));
    assert_eq!(orders.keys().filter(|o| o.len() == 5).count(), 6);
    // Of the 7! orders of the 7 steps that are always present, one is that of the file.
    let kept = plans(&half, 4000).filter(in_order).count() as f64 / 4000.0;
    assert!((kept - 0.5).abs() < 0.04, "{kept}");
    assert!(bsrgan_plus(2, 0.5, false).unwrap().draw(Rng::new(1)).unwrap().clean.is_empty());
}

fn on_the_grid(image: &Image) -> bool {
    image.planes.iter().flat_map(|plane| &plane.data).all(|v| {
        let code = v * 255.0;
        (code - code.round()).abs() < 1e-4 && (0.0..=1.0).contains(v)
    })
}

#[test]
fn patches_have_their_sizes_and_whole_codes() {
    for sf in 1..=4 {
        let clean = texture(24 * sf + 19, 24 * sf + 6);
        for seed in 0..6 {
            let rng = Rng::new(seed);
            let plain = degradation_bsrgan(&clean, sf, 24, rng).unwrap();
            let plus = degradation_bsrgan_plus(&clean, sf, 0.5, seed % 2 == 0, 24, rng).unwrap();
            for pair in [plain, plus] {
                assert_eq!((pair.lq.width(), pair.lq.height()), (24, 24));
                assert_eq!((pair.gt.width(), pair.gt.height()), (24 * sf, 24 * sf));
                assert!(on_the_grid(&pair.lq), "{sf} {seed}");
            }
        }
    }
}

#[test]
fn the_clean_patch_is_where_the_degraded_one_is() {
    // Both sides show the same area: their means over quarters agree far better than with shifted areas.
    let clean = image(160, 160, |x, y, c| (x as f32 + 1.7 * y as f32 + 9.0 * c as f32) / 500.0);
    for seed in 0..40 {
        let pair = degradation_bsrgan(&clean, 4, 24, Rng::new(seed)).unwrap();
        let mean = |image: &Image| {
            let data = &image.planes[1].data;
            f64::from(data.iter().sum::<f32>()) / data.len() as f64
        };
        // Correlated noise and JPEG change the mean by a code or two; a shift of one sample changes it by two
        // codes.
        assert!((mean(&pair.lq) - mean(&pair.gt)).abs() * 255.0 < 2.0, "{seed}");
    }
}

#[test]
fn what_cannot_be_done_is_said_with_numbers() {
    let said = |error: DegradeError| error.to_string();
    let small = texture(100, 97);
    assert_eq!(
        said(degradation_bsrgan(&small, 4, 25, Rng::new(1)).unwrap_err()),
        "the image has 100×97 samples, at least 100×100 are needed"
    );
    let three = degradation_bsrgan(&small, 5, 8, Rng::new(1)).unwrap_err();
    assert_eq!(said(three), "`sf` must be 1 to 4, got 5");
    let odds = degradation_bsrgan_plus(&small, 4, 1.5, true, 8, Rng::new(1)).unwrap_err();
    assert_eq!(said(odds), "`shuffle_prob` must be 0 to 1, got 1.5");
}

#[test]
fn the_same_seed_gives_the_same_pair_in_any_thread() {
    let clean = texture(120, 112);
    let make = |seed: u64| {
        let plain = degradation_bsrgan(&clean, 4, 24, Rng::new(seed)).unwrap();
        (plain, degradation_bsrgan_plus(&clean, 2, 0.5, true, 24, Rng::new(seed)).unwrap())
    };
    let one_by_one: Vec<_> = (0..8).map(make).collect();
    let side_by_side: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|seed| scope.spawn(move || make(seed))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(one_by_one == side_by_side);
    assert!(one_by_one[0] != one_by_one[1]);
}

#[test]
fn without_any_degradation_only_the_size_changes() {
    let clean = image(192, 160, |x, y, _| 0.5 + 0.3 * (x as f32 / 23.0).sin() * (y as f32 / 31.0).cos());
    let quiet = r#"
        title = "nothing"
        scale = 4
        [[degrade]]
        shuffle = 1
        keep-order = ["down", "fit"]
        steps = [
            { use = "anisotropic-blur", along_px2 = 0, across_px2 = 0 },
            { use = "gaussian-blur", sigma_px = 0 },
            { name = "down", use = "resize", method = "bicubic" },
            { name = "fit", use = "fit", scale = 4, method = "area" },
            { use = "gaussian-noise", level_codes = 0 },
            { use = "speckle", level_codes = 0 },
        ]
        [[degrade]]
        use = "jpeg"
        quality = 100
    "#;
    let recipe = DegradationRecipe::parse(quiet, "quiet.toml").unwrap();
    for seed in 0..10 {
        let mut pair = Pair::from_clean(clean.clone());
        recipe.apply(&mut pair, Rng::new(seed)).unwrap();
        for (lq, gt) in pair.lq.planes.iter().zip(&pair.gt.planes) {
            let want = gt.resized(48, 40, unband_image::Resampling::Area);
            assert!(lq.data.iter().zip(&want.data).all(|(a, b)| (a - b).abs() <= 2.0 / 255.0), "{seed}");
        }
    }
}

/// A recorded statistic of the published code's patches: its name in the file, and whether its quantiles are
/// recorded.
const STATISTICS: [(&str, bool); 4] =
    [("psnr_lq_vs_bicubic_hq", true), ("mean_shift", false), ("lq_std", true), ("lq_laplacian_var", true)];

/// Statistics of one degraded patch, over three channels of 0 to 1: PSNR against the clean one reduced by
/// MATLAB's bicubic, difference in brightness from it, standard deviation, and the variance of the Laplacian
/// of its grey.
fn statistics(pair: &Pair, scale: usize) -> [f64; 4] {
    let planes = || pair.lq.planes.iter().zip(&pair.gt.planes);
    let samples: usize = pair.lq.planes.iter().map(|plane| plane.data.len()).sum();
    let (mut square, mut shift) = (0.0, 0.0);
    for (lq, gt) in planes() {
        let reduced = gt.scaled(1.0 / scale as f64);
        for (a, b) in lq.data.iter().zip(&reduced.data) {
            square += f64::from(a - b).powi(2);
            shift += f64::from(a - b);
        }
    }
    let n = samples as f64;
    let all = pair.lq.planes.iter().flat_map(|plane| plane.data.iter().map(|&v| f64::from(v)));
    let (w, h) = (pair.lq.width(), pair.lq.height());
    let grey = |x: usize, y: usize| {
        let sample = |plane: usize| f64::from(pair.lq.planes[plane].row(y)[x]);
        0.299 * sample(0) + 0.587 * sample(1) + 0.114 * sample(2)
    };
    // The row or column beyond the outermost repeats the one before it.
    let near = |i: usize, n: usize| [if i == 0 { 1 } else { i - 1 }, if i + 1 == n { n - 2 } else { i + 1 }];
    let edges = (0..w * h).map(|i| {
        let (x, y) = (i % w, i / w);
        let across: f64 = near(x, w).into_iter().map(|x| grey(x, y)).sum();
        let down: f64 = near(y, h).into_iter().map(|y| grey(x, y)).sum();
        across + down - 4.0 * grey(x, y)
    });
    [
        -10.0 * (square / n).log10(),
        shift / n,
        moments(&all.collect::<Vec<f64>>()).1.sqrt(),
        moments(&edges.collect::<Vec<f64>>()).1,
    ]
}

/// Mean, variance and fourth central moment.
fn moments(values: &[f64]) -> (f64, f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let power = |p: i32| values.iter().map(|v| (v - mean).powi(p)).sum::<f64>() / n;
    (mean, power(2), power(4))
}

/// All recorded statistics of the published code's patches match unband's within four standard errors of the
/// difference of two samples.
///
/// A mean's variance is `σ²/n`, a deviation's `(μ₄ − σ⁴) / (4 σ² n)`, and that of the share of unband's
/// patches below their quantile `p` is `p (1 − p) / n`, each for both samples; the moments are unband's.
fn is_as_published(name: &str, recipe: &DegradationRecipe) {
    const COUNT: u32 = 400;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden/bsrgan/degradation_stats.json");
    let recorded: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let recorded = &recorded[name];
    let each = 1.0 / f64::from(COUNT) + 1.0 / recorded["n"].as_f64().unwrap();
    let clean = texture(320, 256);
    let ours: Vec<[f64; 4]> = (0..COUNT)
        .map(|seed| {
            statistics(&recipe.patch(&clean, 64, Rng::new(u64::from(seed))).unwrap().0, recipe.scale())
        })
        .collect();
    let mut wrong = Vec::new();
    for (i, (key, has_quantiles)) in STATISTICS.into_iter().enumerate() {
        let values: Vec<f64> = ours.iter().map(|of| of[i]).collect();
        let theirs = &recorded[key];
        let mut check = |what: &str, got: f64, want: f64, variance: f64| {
            let errors = (got - want).abs() / (variance * each).sqrt();
            println!("{name} {key} {what}: {got:.5}, published {want:.5}, {errors:.1} standard errors");
            if errors > 4.0 {
                wrong.push(format!("{key} {what}: {got}, published {want}, {errors:.1} standard errors"));
            }
        };
        let (mean, variance, fourth) = moments(&values);
        if let Some(want) = theirs["mean"].as_f64() {
            check("mean", mean, want, variance);
        }
        if let Some(want) = theirs["sd"].as_f64() {
            check("deviation", variance.sqrt(), want, (fourth - variance.powi(2)) / (4.0 * variance));
        }
        let quantiles = theirs["pct_5_25_50_75_95"].as_array().or(theirs["pct"].as_array());
        assert_eq!(quantiles.is_some(), has_quantiles, "{key}");
        for (want, p) in quantiles.into_iter().flatten().zip([0.05, 0.25, 0.5, 0.75, 0.95]) {
            let below = values.iter().filter(|&&value| value < want.as_f64().unwrap()).count();
            check(&format!("below {want}"), below as f64 / f64::from(COUNT), p, p * (1.0 - p));
        }
    }
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
}

#[test]
fn the_model_is_as_strong_as_the_published_code() {
    is_as_published("bsrgan_x4", &bsrgan(4).unwrap());
}

#[test]
fn the_model_for_twice_the_size_is_as_strong() {
    is_as_published("bsrgan_x2", &bsrgan(2).unwrap());
}

#[test]
fn the_extended_model_is_as_strong() {
    is_as_published("bsrgan_plus_x4_p0.1", &bsrgan_plus(4, 0.1, false).unwrap());
}

#[test]
fn the_extended_model_in_any_order_is_as_strong() {
    is_as_published("bsrgan_plus_x4_p1", &bsrgan_plus(4, 1.0, false).unwrap());
}
