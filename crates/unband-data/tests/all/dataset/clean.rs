//! Datasets made from clean images.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use unband_data::dataset::{
    Check, Clean, DatasetError, DatasetPlan, Degradations, Entry, Finding, Manifest, Shares, Split, Tiling,
    clean,
};
use unband_data::{DegradationRecipe, FixedDegradation, Pair, find};
use unband_image::{Depth, Image, With};
use unband_io::Limits;

use super::set::{Set, encoded, png, run, tree};

fn photo(width: usize, height: usize, shift: usize) -> Vec<u8> {
    let sample = |i: usize| {
        let (x, y, c) = (i / 3 % width, i / 3 / width, i % 3);
        ((x * 211 + y * 97 + c * 5000 + 997 * shift) % 60_000) as u16
    };
    let data: Vec<u16> = (0..3 * width * height).map(sample).collect();
    encoded(&Image::from_rgb16(width, height, &data).unwrap())
}

fn causes(names: &[&str]) -> Vec<&'static FixedDegradation> {
    names.iter().map(|name| find(name).unwrap()).collect()
}

fn asked(names: &[&str]) -> Clean {
    Clean::new(Degradations::OneOf(causes(names))).but(|new| new.seed = 1)
}

/// Ten photos in two folders.
fn photos() -> (Set, Vec<PathBuf>) {
    let set = Set::empty();
    let names: Vec<PathBuf> = (0..10)
        .map(|i| PathBuf::from(if i < 5 { format!("{i}.png") } else { format!("trip/{i}.png") }))
        .collect();
    for (i, name) in names.iter().enumerate() {
        set.write(name.to_str().unwrap(), &photo(96, 64, i));
    }
    (set, names)
}

fn made(set: &Set, files: &[PathBuf], asked: &Clean, out: &str, threads: usize) -> (DatasetPlan, Manifest) {
    let plan = clean(&set.root(), files, asked).unwrap();
    let manifest = run(&plan, &set.out(out), threads);
    (plan, manifest)
}

fn read(set: &Set, path: &str) -> Image {
    unband_io::read_file(&set.out(path), &Limits::default()).unwrap().0
}

#[test]
fn pairs_hold_the_clean_image_at_its_depth_and_the_degraded_at_8_bits() {
    let (set, files) = photos();
    set.write("eight.png", &png(96, 64, 0, 256));
    let files = [files, vec!["eight.png".into()]].concat();
    let (_, manifest) = made(&set, &files, &asked(&["rgb-5"]), "pairs", 2);
    assert_eq!(manifest.entries.len(), 11);
    for entry in &manifest.entries {
        let [pair] = entry.pairs.as_slice() else { panic!("{entry:?}") };
        let side = |side: &str| read(&set, &format!("pairs/{}/{side}/{}", entry.split, pair.file));
        let (lq, gt) = (side("lq"), side("gt"));
        let depth = if entry.name == "eight" { Depth::EIGHT } else { Depth::SIXTEEN };
        assert_eq!((lq.depth, gt.depth), (Depth::EIGHT, depth), "{}", entry.name);
        let source = unband_io::read_file(&set.root().join(&entry.sources[0]), &Limits::default()).unwrap().0;
        assert!(gt.to_rgb16().unwrap() == source.to_rgb16().unwrap(), "{}", entry.name);
        let levels: BTreeSet<u8> = lq.to_rgb8().unwrap().into_iter().collect();
        assert!(levels.len() <= 32 && levels.len() > 4, "{levels:?}");
    }
    let names: Vec<&str> = manifest.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names[9..], ["trip-8", "trip-9"]);
    let sizes = Split::ALL.map(|split| manifest.entries.iter().filter(|e| e.split == split).count());
    assert_eq!(sizes, [7, 2, 2]);
}

#[test]
fn patches_are_windows_of_the_degraded_whole() {
    let (set, files) = photos();
    let whole = asked(&["rgb-6"]);
    made(&set, &files, &whole, "whole", 1);
    let tiling = Tiling::Patches { side: 48, step: 32 };
    let (_, manifest) = made(&set, &files, &whole.but(|new| new.tiling = tiling), "patches", 2);
    for entry in &manifest.entries {
        assert_eq!(entry.pairs.len(), 2, "{}", entry.name);
        for (pair, x) in entry.pairs.iter().zip([0, 32]) {
            assert_eq!(pair.window, [x, 0, 48, 48]);
            for side in ["lq", "gt"] {
                let all = read(&set, &format!("whole/{}/{side}/{}.png", entry.split, entry.name))
                    .to_rgb16()
                    .unwrap();
                let patch =
                    read(&set, &format!("patches/{}/{side}/{}", entry.split, pair.file)).to_rgb16().unwrap();
                let rows = (0..48).flat_map(|y| all[3 * (96 * y + x)..3 * (96 * y + x + 48)].iter().copied());
                assert!(patch == rows.collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn what_happens_to_an_image_depends_on_its_name_and_the_seed_alone() {
    let (set, files) = photos();
    let asked = asked(&["rgb-5", "rgb-6", "tone-curve", "u-5"]).but(|new| {
        new.draws = 2;
        new.shares = Shares::new([100, 0, 0]).unwrap();
    });
    let (_, all) = made(&set, &files, &asked, "all", 4);
    made(&set, &files, &asked, "again", 1);
    assert!(tree(&set.out("all")) == tree(&set.out("again")));
    let (_, few) = made(&set, &files[3..6], &asked, "few", 2);
    for entry in &few.entries {
        assert!(all.entries.iter().find(|e| e.name == entry.name) == Some(entry), "{}", entry.name);
    }
    let causes: BTreeSet<&str> = all
        .entries
        .iter()
        .flat_map(|e| &e.degradations)
        .map(|degradation| degradation.cause.as_deref().unwrap())
        .collect();
    assert_eq!(causes.len(), 4, "twenty draws of four degradations");
    let (_, other) = made(&set, &files, &asked.but(|new| new.seed = 2), "other", 2);
    assert!(other.entries != all.entries);
}

#[test]
fn every_cause_gives_a_pair_of_each_image_and_draw() {
    let (set, files) = photos();
    let asked = asked(&[]).but(|new| {
        new.degradations = Degradations::Each { causes: causes(&["tone-curve", "rgb-5"]), folders: false };
        new.draws = 2;
    });
    let (plan, manifest) = made(&set, &files, &asked, "pairs", 2);
    assert_eq!(Split::ALL.map(|split| plan.expected(split).pairs), [Some(24), Some(8), Some(8)]);
    let first: Vec<&str> = manifest.entries[0].pairs.iter().map(|pair| pair.file.as_str()).collect();
    assert_eq!(first, ["0_tone-curve_1.png", "0_rgb-5_1.png", "0_tone-curve_2.png", "0_rgb-5_2.png"]);
    // Rounding draws nothing, so both of its versions are equal; tone curves differ.
    let sums: Vec<&str> = manifest.entries[0].pairs.iter().map(|pair| pair.lq_sha256.as_str()).collect();
    assert!(sums[1] == sums[3] && sums[0] != sums[2]);
}

#[test]
fn causes_have_folders_of_their_own_where_asked_for() {
    let (set, files) = photos();
    let degradations = |folders| Degradations::Each { causes: causes(&["rgb-5", "rgb-6"]), folders };
    let (_, flat) =
        made(&set, &files, &asked(&[]).but(|new| new.degradations = degradations(false)), "flat", 2);
    let (_, deep) =
        made(&set, &files, &asked(&[]).but(|new| new.degradations = degradations(true)), "deep", 2);
    for (flat, deep) in flat.entries.iter().zip(&deep.entries) {
        let names: Vec<&str> = deep.pairs.iter().map(|pair| pair.file.as_str()).collect();
        let (name, part) = (&deep.name, deep.split.folder());
        assert_eq!(names, [format!("rgb-5/{name}.png"), format!("rgb-6/{name}.png")]);
        let sums = |entry: &Entry| entry.pairs.iter().map(|pair| pair.lq_sha256.clone()).collect::<Vec<_>>();
        assert!(sums(flat) == sums(deep));
        assert!(set.out("deep").join(part).join("gt").join(names[1]).is_file());
    }
    let check = Check::open(&set.out("deep")).unwrap();
    let found: Vec<_> = (0..check.len()).flat_map(|index| check.one(index)).collect();
    assert_eq!((found, check.left_over().unwrap()), (vec![], vec![]));
    fs::write(set.out("deep").join("test/lq/rgb-5/stray.png"), b"x").unwrap();
    assert_eq!(check.left_over().unwrap(), [Finding::LeftOver("test/lq/rgb-5/stray.png".into())]);
}

#[test]
fn an_image_has_all_its_pairs_or_none() {
    let (set, mut files) = photos();
    set.write("cut.png", &photo(96, 64, 3)[..400]);
    files.push("cut.png".into());
    // The second degradation needs 76×68 samples, the first any number: the first pair exists when the second
    // fails.
    let asked = asked(&[]).but(|new| {
        new.degradations = Degradations::Each { causes: causes(&["rgb-5", "fhd-luma-6"]), folders: false }
    });
    let (_, manifest) = made(&set, &files, &asked, "pairs", 2);
    let mut reasons: Vec<&str> =
        manifest.entries.iter().map(|entry| entry.failed.as_ref().unwrap().reason.as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons.pop(), Some("the PNG file ends before the image does"));
    let small = ": the image has 96×64 samples, at least 76×68 are needed";
    assert!(
        reasons.len() == 10
            && reasons.iter().all(|r| r.starts_with("fhd-luma-6 with seed ") && r.ends_with(small)),
        "{reasons:?}"
    );
    let left: Vec<String> = tree(&set.out("pairs")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(left, ["manifest.jsonl"]);
}

#[test]
fn images_smaller_than_a_patch_are_named() {
    let (set, files) = photos();
    let asked = asked(&["rgb-5"]).but(|new| new.tiling = Tiling::Patches { side: 65, step: 65 });
    let (_, manifest) = made(&set, &files, &asked, "pairs", 1);
    let failed = manifest.entries[0].failed.as_ref().unwrap();
    assert_eq!(failed.reason, "96×64 pixels, smaller than a patch of 65×65");
}

#[test]
fn grey_transparent_and_full_colour_images_all_become_rgb() {
    let set = Set::empty();
    let grey: Vec<u8> = (0..96 * 64).map(|i| (i % 96 * 2) as u8).collect();
    let mut image = Image::from_gray(96, 64, &grey).unwrap();
    set.write("grey.png", &encoded(&image));
    image.alpha = Some(image.planes[0].clone());
    set.write("alpha.png", &encoded(&image));
    let files = ["grey.png".into(), "alpha.png".into()];
    let (_, manifest) = made(&set, &files, &asked(&["rgb-5"]), "pairs", 1);
    for entry in &manifest.entries {
        assert_eq!(entry.failed, None);
        let gt = read(&set, &format!("pairs/{}/gt/{}", entry.split, entry.pairs[0].file));
        assert!(gt.alpha.is_none() && gt.planes.len() == 3);
        assert!(gt.to_rgb8().unwrap().chunks(3).map(|p| p[2]).eq(grey.iter().copied()));
    }
}

#[cfg(unix)]
#[test]
fn odd_names_are_kept_and_can_be_checked() {
    let set = Set::empty();
    let files: Vec<PathBuf> =
        ["a:b.png", "c\\d.png", "e f.g.png", "h\n.png", "ü.png"].map(PathBuf::from).to_vec();
    for file in &files {
        set.write(file.to_str().unwrap(), &photo(24, 16, 1));
    }
    let (_, manifest) = made(&set, &files, &asked(&["rgb-5"]), "pairs", 1);
    assert!(manifest.entries.iter().all(|entry| entry.failed.is_none()));
    let check = Check::open(&set.out("pairs")).unwrap();
    let found: Vec<_> = (0..check.len()).flat_map(|index| check.one(index)).collect();
    assert_eq!((found, check.left_over().unwrap()), (vec![], vec![]));
}

#[test]
fn names_that_would_meet_and_empty_lists_are_refused() {
    let (set, _) = photos();
    for (first, second) in [("a.png", "a.jpg"), ("a/b.png", "a-b.png"), ("A.png", "a.png")] {
        let error = clean(&set.root(), &[first.into(), second.into()], &asked(&["rgb-5"])).unwrap_err();
        assert!(matches!(error, DatasetError::Twice { .. }), "{error}");
    }
    assert!(matches!(clean(&set.root(), &[], &asked(&["rgb-5"])), Err(DatasetError::Empty)));
    fs::remove_dir_all(set.root()).unwrap();
    let (_, manifest) = made(&set, &["a.png".into()], &asked(&["rgb-5"]), "pairs", 1);
    assert!(manifest.entries[0].failed.as_ref().unwrap().reason.starts_with("cannot read"));
}

#[test]
fn mixes_leave_a_record_that_makes_the_same_again() {
    let (set, files) = photos();
    let recipe = |name: &str| Degradations::Recipe {
        name: name.to_owned(),
        recipe: Arc::new(DegradationRecipe::find(name).unwrap()),
    };
    let asked = asked(&[]).but(|new| {
        new.degradations = recipe("fhd");
        new.draws = 2;
    });
    let (plan, manifest) = made(&set, &files, &asked, "pairs", 3);
    assert!(manifest.entries.iter().all(|entry| entry.degradations.len() == 2 && entry.pairs.len() == 2));
    for entry in &manifest.entries[..3] {
        for pair in &entry.pairs {
            let degradation = &entry.degradations[pair.degradation.unwrap()];
            let clean =
                unband_io::read_file(&set.root().join(&entry.sources[0]), &Limits::default()).unwrap().0;
            let mut again = Pair::from_clean(clean);
            degradation.drawn.as_ref().unwrap().apply(&mut again).unwrap();
            for (side, image) in [("lq", &again.lq), ("gt", &again.gt)] {
                let file = read(&set, &format!("pairs/{}/{side}/{}", entry.split, pair.file));
                assert!(file.to_rgb16().unwrap() == image.to_rgb16().unwrap(), "{side} of {}", pair.file);
            }
        }
    }
    let other =
        clean(&set.root(), &files, &asked.clone().but(|new| new.degradations = recipe("rgb"))).unwrap();
    assert!(other.header.settings["recipe_sha256"] != plan.header.settings["recipe_sha256"]);
}
