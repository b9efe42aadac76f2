//! Sample values of results.

use crate::stage::{Stage, six_bits, texture};

#[test]
fn bands_are_filled_within_the_cells_that_the_stored_values_stand_for() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.png"]).code(0).says("6 bits").says("unband-lite");
    let (before, after) = (stage.samples("sky.png"), stage.samples("sky_unband.png"));
    assert_eq!((after.width, after.height, after.bits), (before.width, before.height, 8));
    // A step of 255/63 codes: half of it to each side, and less than a code for the dither.
    let moved: Vec<u16> = before.data.iter().zip(&after.data).map(|(a, b)| a.abs_diff(*b)).collect();
    assert!(moved.iter().all(|&codes| codes <= 3), "moved by {:?}", moved.iter().max());
    let changed = moved.iter().filter(|&&codes| codes > 0).count();
    assert!(changed * 3 > moved.len(), "only {changed} of {} samples changed", moved.len());
}

#[test]
fn sixteen_bits_hold_the_surface_itself() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.png", "--depth", "16"]).code(0);
    let (before, after) = (stage.samples("sky.png"), stage.samples("sky_unband.png"));
    assert_eq!(after.bits, 16);
    let step = 65535.0 / 63.0;
    for (a, b) in before.data.iter().zip(&after.data) {
        // The level that the stored code was rounded from.
        let level = (f64::from(*a) * 257.0 / step).round() * step;
        assert!((f64::from(*b) - level).abs() <= step / 2.0 + 1.0, "{a} became {b}");
    }
    let levels = |data: &[u16]| data.iter().collect::<std::collections::HashSet<_>>().len();
    assert!(levels(&after.data) > 10 * levels(&before.data), "{} levels", levels(&after.data));
}

#[test]
fn an_image_without_banding_is_copied_byte_for_byte() {
    let stage = Stage::new();
    stage.png("grass.png", &texture);
    stage.run(&["grass.png"]).code(0).says("copy");
    assert_eq!(stage.read("grass.png"), stage.read("grass_unband.png"));
}

#[test]
fn no_strength_changes_no_sample() {
    let stage = Stage::new();
    // With the built-in network named, images without a grid still get `smooth` of the same strength.
    stage.png("ramp.png", &|x, y, _| (60 + x / 4 + y / 8) as u8);
    let moved = |strength: &str| {
        let named = ["--method", "unband-lite", "--everywhere", "--depth", "16", "--overwrite"];
        stage.run(&[&["ramp.png", "--strength", strength], &named[..]].concat()).code(0);
        let (before, after) = (stage.samples("ramp.png"), stage.samples("ramp_unband.png"));
        before.data.iter().zip(&after.data).filter(|&(&a, &b)| u32::from(a) * 257 != u32::from(b)).count()
    };
    assert!(moved("0") == 0 && moved("1") > 0);
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.png", "--strength", "0"]).code(0);
    assert_eq!(stage.samples("sky.png"), stage.samples("sky_unband.png"));
}

#[test]
fn the_dither_follows_its_seed_and_its_kind() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let with = |name: &str, options: &[&str]| {
        stage.run(&[&["sky.png", "-o", name], options].concat()).code(0);
        stage.samples(name).data
    };
    let plain = with("a.png", &[]);
    assert_eq!(with("b.png", &["--seed", "0", "--dither", "blue-noise"]), plain);
    assert_ne!(with("c.png", &["--seed", "1"]), plain);
    let kinds: Vec<_> = ["none", "ordered", "error-diffusion", "tpdf"]
        .iter()
        .map(|kind| with(&format!("{kind}.png"), &["--dither", kind]))
        .collect();
    for (i, kind) in kinds.iter().enumerate() {
        assert_ne!(*kind, plain);
        assert!(!kinds[..i].contains(kind));
    }
    assert_ne!(with("locked.png", &["--locked"]), plain);
}

#[test]
fn threads_change_no_byte() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.png", "-o", "one.png", "--threads", "1"]).code(0);
    stage.run(&["sky.png", "-o", "five.png", "--threads", "5"]).code(0);
    stage.run(&["sky.png", "-o", "scarce.png", "--max-memory", "80M"]).code(0);
    assert_eq!(stage.read("one.png"), stage.read("five.png"));
    assert_eq!(stage.read("one.png"), stage.read("scarce.png"));
}

#[test]
fn a_recipe_of_ffmpeg_is_the_method_with_these_settings() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    for (name, method) in [
        ("a.png", "gradfun=2:20"),
        ("b.png", "gradfun:strength=2,radius=20"),
        ("c.png", "gradfun:radius=20,strength=2"),
    ] {
        stage.run(&["sky.png", "-o", name, "--method", method]).code(0).says("gradfun");
    }
    assert_eq!(stage.read("a.png"), stage.read("b.png"));
    assert_eq!(stage.read("a.png"), stage.read("c.png"));
    stage
        .run(&["sky.png", "-o", "d.png", "--method", "deband=1thr=0.03:range=24"])
        .code(0)
        .says("ffmpeg-deband");
    assert_ne!(stage.samples("a.png"), stage.samples("d.png"));
}

#[test]
fn a_proof_counts_none_for_our_method_and_fails_for_one_that_leaves_the_cells() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.png("grass.png", &texture);
    let ran = stage.run(&["sky.png", "--prove", "--json"]).code(0);
    let line = &ran.json()[0];
    assert_eq!(line["proof"]["outside"], 0);
    assert_eq!(line["proof"]["samples"], 160 * 120 * 3);
    let strong = "ffmpeg-deband:1thr=0.5,2thr=0.5,3thr=0.5";
    let ran = stage.run(&["grass.png", "--method", strong, "--prove", "-o", "wild.png"]).code(3);
    ran.says("outside their interval").says("--faithful on");
    stage.run(&["grass.png", "--method", strong, "--prove", "--faithful", "on", "-o", "tame.png"]).code(0);
    assert_ne!(stage.samples("wild.png"), stage.samples("tame.png"));
}

#[test]
fn everywhere_changes_an_image_without_banding() {
    let stage = Stage::new();
    stage.png("grass.png", &texture);
    let plan = |options: &[&str]| stage.run(&[&["grass.png", "-n"], options].concat()).code(0).out();
    assert!(plan(&[]).contains("a copy"), "{}", plan(&[]));
    assert!(plan(&["--everywhere"]).contains("smooth →"), "{}", plan(&["--everywhere"]));
}

#[test]
fn no_seam_shows_where_edges_meet() {
    let stage = Stage::new();
    // A sky all around, in 5 bits: its columns repeat after the width.
    let around = |x: usize, y: usize, c: usize| {
        let (across, down) =
            (x as f64 / 320.0 * std::f64::consts::TAU, y as f64 / 160.0 * std::f64::consts::PI);
        let level = 15.0 + 7.5 * (across + 1.3 + 0.2 * c as f64).sin() * down.sin() + 3.0 * down.cos();
        ((level.round() * 255.0 + 15.0) / 31.0) as u8
    };
    stage.write("sky.png", &crate::stage::png(320, 160, &around));
    // Mean step between the first and the last column, in codes of 16 bits, by that of two columns inside.
    let seam = |name: &str| {
        let made = stage.samples(name);
        let (width, height) = (made.width as usize, made.height as usize);
        let step = |a: usize, b: usize| {
            let at = |x: usize, i: usize| made.data[(i / 3 * width + x) * 3 + i % 3];
            let sum: f64 = (0..3 * height).map(|i| f64::from(at(a, i).abs_diff(at(b, i)))).sum();
            sum / (3 * height) as f64 / 257.0
        };
        (step(0, width - 1), step(width / 2, width / 2 - 1))
    };
    for (command, size) in [("deband", ""), ("upscale", "--scale=2"), ("upscale", "--scale=1.5")] {
        let mut args = vec![command, "sky.png", "-o", "out.png", "--depth", "16", "--overwrite"];
        args.extend(Some(size).filter(|size| !size.is_empty()));
        stage.run(&[&args[..], &["--wrap", "off"]].concat()).code(0);
        let (before, _) = seam("out.png");
        stage.run(&[&args[..], &["--wrap", "x"]].concat()).code(0);
        let (after, inside) = seam("out.png");
        assert!(
            after < before / 2.0 && after < inside + 0.5,
            "{command} {size}: {before} → {after}, {inside}"
        );
    }
    stage.run(&["sky.png", "--wrap", "round"]).code(2).says("auto").says("both");
}
