//! Preparations of the published set.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use unband_image::{Hint, With};

use unband_data::dataset::{DatasetPlan, Entry, Kapoor, Manifest, PREPARATIONS, Split, Variant, kapoor};

use super::set::{CLEAN, HEIGHT, QUANTIZED, Set, WIDTH, run, tree, xml};

fn asked(name: &str, variant: Variant) -> Kapoor {
    let preparation = PREPARATIONS.iter().find(|p| p.name == name).unwrap();
    Kapoor::new(preparation).but(|new| new.variant = variant)
}

fn plan(set: &Set, name: &str, variant: Variant) -> DatasetPlan {
    kapoor(&set.root(), asked(name, variant)).unwrap()
}

fn entry<'a>(manifest: &'a Manifest, name: &str) -> &'a Entry {
    manifest.entries.iter().find(|entry| entry.name == name).unwrap()
}

/// Left and top of each pair, sorted.
fn places(manifest: &Manifest, name: &str) -> Vec<(usize, usize)> {
    let mut places: Vec<_> =
        entry(manifest, name).pairs.iter().map(|pair| (pair.window[0], pair.window[1])).collect();
    places.sort_unstable();
    places
}

#[test]
fn windows_with_a_pixel_of_banding_become_pairs() {
    let set = Set::odd();
    let manifest = run(&plan(&set, "deepdeband", Variant::Fixed), &set.out("pairs"), 2);
    assert_eq!(places(&manifest, "000001_0007"), [(256, 128)]);
    assert_eq!(places(&manifest, "000002_0007"), []);
    assert_eq!(places(&manifest, "000001_0038"), [(0, 0)]);
    assert_eq!(places(&manifest, "000003_0111"), [(0, 128), (128, 128)]);
    for (name, dropped) in [("000001_0007", 5), ("000002_0007", 6), ("000003_0111", 4)] {
        assert_eq!(entry(&manifest, name).dropped, dropped, "{name}");
    }
    let pairs: usize = manifest.entries.iter().map(|entry| entry.pairs.len()).sum();
    // Two files of each pair, and the manifest.
    assert_eq!((pairs, tree(&set.out("pairs")).len()), (4, 9));
}

#[test]
fn patches_are_the_pixels_at_their_place() {
    let set = Set::odd();
    let manifest = run(&plan(&set, "deepdeband", Variant::Fixed), &set.out("pairs"), 1);
    let entry = entry(&manifest, "000003_0111");
    let read =
        |path: &Path| unband_io::read_file(path, &unband_io::Limits::default()).unwrap().0.to_rgb8().unwrap();
    for (side, source) in [("lq", QUANTIZED), ("gt", CLEAN)] {
        let whole = read(&set.root().join(source).join("000003_0111.png"));
        let patch =
            read(&set.out("pairs").join(entry.split.folder()).join(side).join("000003_0111_x128_y128.png"));
        let rows =
            (128..384).flat_map(|y| whole[3 * (WIDTH * y + 128)..3 * (WIDTH * y + 384)].iter().copied());
        assert!(patch == rows.collect::<Vec<_>>(), "{side}");
    }
}

#[test]
fn ggdbn_has_its_step_and_its_faults_where_asked_for() {
    let set = Set::odd();
    // Only training has patches, so every seed is tried until each image has been in it.
    let places_by = |variant| {
        let mut found: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
        for seed in 0..5 {
            let plan = kapoor(&set.root(), asked("ggdbn", variant).but(|new| new.seed = Some(seed))).unwrap();
            let manifest = run(&plan, &set.out(&format!("{variant:?}{seed}")), 2);
            for entry in manifest.entries.iter().filter(|e| e.split == Split::Train && e.failed.is_none()) {
                found.insert(entry.name.clone(), places(&manifest, &entry.name));
            }
        }
        found
    };
    let fixed = places_by(Variant::Fixed);
    assert_eq!(fixed["000001_0007"], [(150, 75), (225, 75)]);
    assert_eq!(fixed["000001_0038"], [(0, 0), (0, 75), (75, 0), (75, 75)]);
    assert_eq!(fixed["000003_0111"], [(0, 75), (75, 75), (150, 75), (225, 75)]);
    // Result of the rule of data/data_prepare.py, run on the same boxes.
    let original = places_by(Variant::Original);
    assert_eq!(original["000001_0007"], []);
    let all: Vec<_> = [0, 75, 150, 225].into_iter().flat_map(|x| [(x, 0), (x, 75)]).collect();
    assert_eq!(original["000001_0038"], all);
    assert_eq!(original["000003_0111"], [(225, 0), (225, 75)]);
}

#[test]
fn the_faulty_rule_loses_most_of_a_full_hd_image() {
    // The same script on 1080×1920: a box over the whole image keeps 15 of 23 columns; a small one keeps
    // windows that it does not touch.
    for (corners, original, fixed, with_step_128) in [
        (["0", "0", "1919", "1079"], 15 * 11, 23 * 11, 14 * 7),
        (["1000", "600", "1100", "700"], 3, 5 * 5, 3 * 3),
    ] {
        let set = Set::empty();
        let image = super::set::png(1920, 1080, 0, 256);
        set.write(&format!("{CLEAN}/1.png"), &image);
        set.write(&format!("{QUANTIZED}/1.png"), &image);
        set.write(&format!("{QUANTIZED}/1.xml"), xml((1920, 1080), &[("banding", corners)]).as_bytes());
        let expected = |name, variant| plan(&set, name, variant).expected(Split::Train);
        assert_eq!(expected("ggdbn", Variant::Original).pairs, Some(original));
        assert_eq!(expected("ggdbn", Variant::Fixed).pairs, Some(fixed), "{corners:?}");
        let patches = expected("bdinn", Variant::Fixed);
        assert_eq!(
            (patches.pairs, patches.dropped),
            (Some(with_step_128), 98 - with_step_128),
            "{corners:?}"
        );
    }
}

#[test]
fn parts_hold_patches_or_whole_images_as_their_group_has_it() {
    let set = Set::odd();
    for (name, sizes) in [("bdinn", [4, 1, 1]), ("deepdeband", [4, 1, 1]), ("indi", [6, 0, 0])] {
        let plan = plan(&set, name, Variant::Fixed);
        // Shares of validation and test are rounded down; INDI's 15 % of six images give none.
        assert_eq!(Split::ALL.map(|split| plan.expected(split).images), sizes, "{name}");
        let manifest = run(&plan, &set.out(name), 2);
        for entry in manifest.entries.iter().filter(|entry| entry.failed.is_none()) {
            let whole = name == "indi" || (name == "bdinn" && entry.split != Split::Train);
            if whole {
                assert_eq!(entry.pairs.len(), 1, "{name} {}", entry.name);
                assert_eq!(entry.pairs[0].window, [0, 0, WIDTH, HEIGHT]);
                assert_eq!(entry.pairs[0].file, format!("{}.png", entry.name));
            } else {
                assert!(entry.pairs.iter().all(|pair| pair.window[2..] == [256, 256]));
            }
        }
    }
}

#[test]
fn what_is_odd_is_named_and_the_rest_done() {
    let set = Set::odd();
    let plan = plan(&set, "deepdeband", Variant::Fixed);
    let unpaired = [
        format!("{CLEAN}/000001_0200.png"),
        format!("{QUANTIZED}/000001_0201.png"),
        format!("{QUANTIZED}/000001_0202.xml"),
    ];
    assert_eq!(plan.header.unpaired, unpaired);
    let manifest = run(&plan, &set.out("pairs"), 3);
    let failed: Vec<(String, String)> =
        manifest.entries.iter().filter_map(|e| e.failed.clone()).map(|f| (f.file, f.reason)).collect();
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert_eq!(
        failed[0],
        (format!("{CLEAN}/000001_0091.png"), "the PNG file ends before the image does".to_owned())
    );
    assert_eq!(failed[1].0, format!("{QUANTIZED}/000001_0100.xml"));
    assert!(failed[1].1.starts_with("invalid XML"), "{}", failed[1].1);
    // Known before anything is decoded, unlike the truncated image.
    assert_eq!(plan.failing().count(), 1);
}

#[test]
fn pairs_of_unequal_size_and_boxes_of_other_images_are_named() {
    let set = Set::odd();
    set.write(&format!("{QUANTIZED}/000001_0038.png"), &super::set::png(500, HEIGHT, 0, 64));
    set.write(&format!("{QUANTIZED}/000002_0007.xml"), xml((1280, 720), &[]).as_bytes());
    set.write(
        &format!("{QUANTIZED}/000003_0111.xml"),
        xml((0, 0), &[("banding", ["1", "1", "9", "9"])]).as_bytes(),
    );
    let of = |variant| {
        let plan = plan(&set, "ggdbn", variant);
        plan.failing()
            .map(|f| format!("{}: {}", f.file.rsplit('/').next().unwrap(), f.reason))
            .collect::<Vec<_>>()
    };
    let fixed = of(Variant::Fixed);
    assert_eq!(fixed.len(), 3, "{fixed:?}");
    assert_eq!(fixed[0], "000001_0038.png: 500×384 pixels, but the clean image has 512×384");
    assert_eq!(fixed[2], "000002_0007.xml: 1280×720 pixels, but its image has 512×384");
    // The script ignores the size in box files.
    assert_eq!(of(Variant::Original).len(), 2);
}

#[test]
fn threads_and_order_change_no_byte() {
    let set = Set::odd();
    for name in ["bdinn", "ggdbn"] {
        let plan = plan(&set, name, Variant::Fixed);
        run(&plan, &set.out("one"), 1);
        run(&plan, &set.out("four"), 4);
        let (one, four) = (tree(&set.out("one")), tree(&set.out("four")));
        assert!(one.len() > 3 && one == four, "{name}");
        fs::remove_dir_all(set.out("one")).unwrap();
        fs::remove_dir_all(set.out("four")).unwrap();
    }
}

#[test]
fn frames_of_a_video_stay_together_where_asked_for() {
    let set = Set::empty();
    let text = xml((WIDTH, HEIGHT), &[("banding", ["0", "0", "500", "300"])]);
    for clip in 0..5 {
        for frame in 1..=3 {
            set.pair(&format!("{frame:06}_{clip:04}"), clip, &text);
        }
    }
    let mut torn = BTreeSet::new();
    for seed in 0..6 {
        for whole_videos in [false, true] {
            let asked = asked("bdinn", Variant::Fixed).but(|new| {
                new.seed = Some(seed);
                new.whole_videos = whole_videos;
            });
            let plan = kapoor(&set.root(), asked).unwrap();
            let mut videos: BTreeMap<String, BTreeSet<Split>> = BTreeMap::new();
            for index in 0..plan.len() {
                // Made from the plan alone: the entry of a failed image has its part too.
                let entry = plan.failed(index);
                videos.entry(entry.name[7..].to_owned()).or_default().insert(entry.split);
            }
            if videos.values().any(|splits| splits.len() > 1) {
                torn.insert((seed, whole_videos));
            }
        }
    }
    assert!(!torn.is_empty() && torn.iter().all(|&(_, whole_videos)| !whole_videos), "{torn:?}");
}

#[test]
fn a_missing_set_says_what_it_is_and_where_to_get_it() {
    let set = Set::empty();
    fs::create_dir_all(set.root().join(CLEAN)).unwrap();
    let nowhere = set.out("nowhere");
    for (root, what) in [(&nowhere, "no such folder"), (&set.root(), "no folder `Quantized Images")] {
        let error = kapoor(root, asked("bdinn", Variant::Fixed)).unwrap_err();
        assert!(error.to_string().contains("full-HD banding set of Kapoor et al. 2021"), "{error}");
        assert!(
            error.to_string().contains(what) && error.to_string().contains(root.to_str().unwrap()),
            "{error}"
        );
        let hint = error.hint().unwrap();
        for part in
            ["10.5281/zenodo.4513740", "1,440 pairs", "1920×1080", "`Original Images/*.png`", "gigabytes"]
        {
            assert!(hint.contains(part), "{hint}");
        }
    }
}

#[test]
fn the_set_is_found_inside_the_folders_of_its_archive() {
    let set = Set::odd();
    let inside = set.out("download").join("dataset").join("v1");
    fs::create_dir_all(&inside).unwrap();
    for folder in [CLEAN, QUANTIZED] {
        // Some programs extract an archive into a folder of its name.
        fs::create_dir_all(inside.join(folder)).unwrap();
        fs::rename(set.root().join(folder), inside.join(folder).join(folder)).unwrap();
    }
    let deep = kapoor(&set.out("download"), asked("bdinn", Variant::Fixed)).unwrap_err();
    assert!(deep.to_string().ends_with("its folders contain no PNG"), "deeper than three folders: {deep}");
    let plan = kapoor(&set.out("download").join("dataset"), asked("bdinn", Variant::Fixed)).unwrap();
    assert_eq!(plan.len(), 6);
    fs::create_dir_all(set.out("download").join("dataset/original images")).unwrap();
    let twice = kapoor(&set.out("download").join("dataset"), asked("bdinn", Variant::Fixed)).unwrap_err();
    assert!(twice.to_string().contains("there are both"), "{twice}");
}

#[test]
fn only_who_published_a_script_has_an_original_variant() {
    let set = Set::odd();
    for preparation in PREPARATIONS {
        let plan = kapoor(&set.root(), asked(preparation.name, Variant::Original));
        match preparation.name {
            "ggdbn" => assert!(plan.is_ok()),
            name => assert!(plan.unwrap_err().to_string().contains(name)),
        }
        assert!(!preparation.source.is_empty() && !preparation.title.is_empty());
    }
}
