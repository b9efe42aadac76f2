//! The recipes that come with unband, and the error messages of invalid ones.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use unband_nets::arch::{self, Architecture, Purpose};
use unband_train::recipe::{Data, Recipe, Schedule};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recipes")
}

/// Uses labels instead of pairs.
const CLASSIFIER: &str = "unband-classifier.toml";

fn published() -> Vec<PathBuf> {
    let files = unband_skips::tracked_in("recipes").into_iter();
    // The folder is a crate, too.
    let other = |file: &PathBuf| file.ends_with("small.toml") || file.ends_with("Cargo.toml");
    let mut files: Vec<_> =
        files.filter(|f| f.extension().is_some_and(|e| e == "toml") && !other(f)).collect();
    files.sort();
    files
}

#[test]
fn every_recipe_can_be_followed_at_full_scale_and_small() {
    let files = published();
    assert!(files.len() >= 9, "{}", files.len());
    for file in files {
        let full = Recipe::load(&file, &[], &[]).unwrap_or_else(|e| panic!("{e}"));
        let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
        // Pairs for debanding come from a published dataset; others are generated on the fly.
        let deband = architecture(&full.network).use_as.purpose == Purpose::Deband;
        assert_eq!(matches!(full.data, Data::Pairs { .. }), deband && !stem.starts_with("unband"), "{stem}");
        assert!(!deband || full.network == stem);
        let small =
            Recipe::load(&file, &[folder().join("small.toml")], &[]).unwrap_or_else(|e| panic!("{e}"));
        assert!(small.steps <= 6000 && small.patch <= full.patch);
        assert!(matches!(small.data, Data::Clean { .. }));
        assert_eq!(full.network.split(':').next(), small.network.split(':').next());
        // The training settings of the network stay, but for its initial weights; a spectral loss may need
        // more weight on samples.
        let terms = |recipe: &Recipe| recipe.loss.iter().map(|term| term.term).collect::<Vec<_>>();
        assert!(terms(&full).iter().all(|term| terms(&small).contains(term)));
        assert_eq!(small.optimizer.kind, full.optimizer.kind);
        let graph = unband_nets::arch::build(&small.network).unwrap().unwrap();
        let multiple = graph.size_multiple().unwrap() * graph.scale().unwrap_or(1);
        assert!(
            small.patch.is_multiple_of(multiple) && full.patch.is_multiple_of(multiple),
            "{stem}: {multiple}"
        );
        // With all defaults stated, it is the same recipe.
        assert_eq!(Recipe::parse(&small.to_toml().unwrap(), "again").unwrap(), small);
    }
}

fn architecture(network: &str) -> &'static Architecture {
    arch::of(network).unwrap()
}

const GOOD: &str = r#"
network = "bitnet"
steps = 10
batch = 2
patch = 16
loss = [{ term = "l1" }]
optimizer = { kind = "adam", rate = 1e-3 }
data = { kind = "pairs", folder = "a" }
validation = { every = 5, data = { kind = "pairs", folder = "b" } }
"#;

#[test]
fn a_classifier_learns_from_labels_and_nothing_else_does() {
    let file = folder().join(CLASSIFIER);
    let load = |setting: &str| Recipe::load(&file, &[], &[setting.to_owned()]);
    let recipe = load("steps = 10").unwrap();
    assert_eq!((recipe.network.as_str(), recipe.patch), ("dbi", 180));
    assert_eq!(Recipe::parse(&recipe.to_toml().unwrap(), "again").unwrap(), recipe);
    for (setting, said) in [
        ("loss = [{ term = \"l1\" }]", "cross-entropy"),
        ("data.pool = 7", "data.pool"),
        ("validation.data.pool = 3", "validation.data.pool"),
        ("init.layer = \"conv9\"", "conv9"),
        ("init.gain = 0.0", "init.gain"),
        ("network = \"bitnet\"", "init.layer"),
    ] {
        let error = load(setting).unwrap_err().to_string();
        assert!(error.contains(said), "{setting}: {error}");
    }
}

#[test]
fn what_is_left_out_has_the_usual_value() {
    let recipe = Recipe::parse(GOOD, "good.toml").unwrap();
    assert!(recipe.optimizer.betas.map(|b| (b * 1e4).round() as u32) == [9000, 9990]);
    assert!((recipe.optimizer.eps - 1e-8).abs() < 1e-20);
    assert_eq!(recipe.schedule, Schedule::Constant {});
    assert_eq!((recipe.workers, recipe.accumulate, recipe.ema), (1, 1, None));
}

#[test]
fn errors_name_the_file_the_key_and_what_is_allowed() {
    let cases = [
        ("steps = 10", "stepz = 10", &["stepz", "`steps`"][..]),
        ("\"l1\"", "\"l3\"", &["loss[0].term", "l3", "fft-l1", "charbonnier"]),
        ("{ term = \"l1\" }", "{ term = \"l1\", wight = 2.0 }", &["loss[0]", "wight", "weight"]),
        ("{ term = \"l1\" }", "{ term = \"l1\", eps = 1e-3 }", &["loss[0].eps", "charbonnier"]),
        ("1e-3", "-1.0", &["optimizer.rate", "0..=10", "-1"]),
        ("\"bitnet\"", "\"bitnt\"", &["network", "bitnt", "ggdbn", "uformer-t"]),
        ("\"adam\"", "\"sgd\"", &["optimizer", "sgd", "adamw"]),
        ("batch = 2", "batch = 0", &["batch", "1..=65536", "0"]),
        ("batch = 2", "batch = 3\nworkers = 2", &["batch", "workers", "multiple", "--set batch=2"]),
        ("batch = 2", "batch = 2\nkeep-every = -1", &["keep-every", "-1"]),
        ("every = 5", "every = 5, batch = 0", &["validation.batch", "1..=65536", "0"]),
        ("batch = 2", "batch = 2\nloaders = 0", &["loaders", "1..=256", "0"]),
        (
            "folder = \"a\" }",
            "folder = \"a\", reuse = 4 }\nloaders = 2",
            &["loaders", "must be 1", "data.reuse"],
        ),
        ("batch = 2", "batch = 2\nprecision = 16", &["precision", "32", "--precision bf16"]),
        (
            "\"bitnet\"",
            "\"bitnet\"\naccumulate = 2\ngan = { discriminator = \"patchgan-sn\", rules = \"ragan\" }",
            &["accumulate", "discriminator"],
        ),
        (
            "\"bitnet\"",
            "\"bitnet\"\ngan = { discriminator = \"patchgan-sn\", rules = \"hinge\" }",
            &["gan.rules", "softplusgan"],
        ),
        ("folder = \"a\"", "folder = \"a\", degradations = []", &["data", "degradations"]),
        (
            "kind = \"pairs\", folder = \"a\"",
            "kind = \"clean\", folder = \"a\", degradations = [\"rgb-99\"]",
            &["data.degradations", "rgb-99", "rgb-5"],
        ),
        ("steps = 10", "steps = 10\nschedule = { kind = \"constant\", low = 1.0 }", &["schedule", "low"]),
        (
            "steps = 10",
            "steps = 10\nschedule = { kind = \"cosine\", low = 1.0 }",
            &["schedule.low", "0..=0.001"],
        ),
        ("steps = 10", "steps = 10\ninit = { kind = \"pytorch\", gain = 1.0 }", &["init", "gain"]),
        (
            "steps = 10",
            "steps = 10\ninit = { kind = \"pytorch\", zero = [\"tale\"] }",
            &["init.zero", "tale"],
        ),
        (
            "kind = \"pairs\", folder = \"a\"",
            "kind = \"clean\", folder = \"a\", recipe = \"rbg\"",
            &["data.recipe", "rbg", "default"],
        ),
        (
            "kind = \"pairs\", folder = \"a\"",
            "kind = \"clean\", folder = \"a\", recipe = \"rgb\", degradations = [\"rgb-5\"]",
            &["data.recipe", "degradations"],
        ),
        (
            "{ term = \"l1\" }",
            "{ term = \"perceptual\", weight = 0.5 }",
            &["loss[0].features", "vgg19-dcbb9e9d.pth", "weight = 0"],
        ),
        (
            "kind = \"pairs\", folder = \"a\"",
            "kind = \"clean\", folder = \"a\", recipe = \"bsrgan\"",
            &["data.recipe", "downscales images by 4", "upscales by 1"],
        ),
        (
            "\"bitnet\"",
            "\"rrdbnet\"\ngan = { discriminator = \"pix2pix-patchgan\" }",
            &["gan.rules", "lsgan"],
        ),
        (
            "\"bitnet\"",
            "\"bitnet\"\ngan = { discriminator = \"unet-sn\" }",
            &["gan.discriminator", "6 input channels", "has 3"],
        ),
        ("folder = \"a\"", "folder = \"a\", reuse = 0", &["data.reuse", "1..=", "0"]),
        ("batch = 2", "batch = \"two\"", &["batch", "string"]),
        ("steps = 10", "steps = = 10", &["line"]),
    ];
    for (good, bad, said) in cases {
        assert!(GOOD.contains(good));
        let error = Recipe::parse(&GOOD.replace(good, bad), "bad.toml").unwrap_err().to_string();
        for part in ["bad.toml"].iter().chain(said) {
            assert!(error.contains(part), "{bad}: {error:?} does not say {part:?}");
        }
    }
}

#[test]
fn later_settings_replace_earlier_ones_key_by_key() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let first = file("first.toml", GOOD);
    let second = file(
        "second.toml",
        "steps = 20\n[optimizer]\nrate = 0.5\n[for.bitnet]\npatch = 32\n[for.ggdbn]\npatch = 64",
    );
    let recipe = Recipe::load(&first, &[second], &["optimizer.rate = 0.25".into()]).unwrap();
    assert_eq!((recipe.steps, recipe.patch, recipe.batch), (20, 32, 2));
    assert!((recipe.optimizer.rate - 0.25).abs() < 1e-12);
    // Options do not make another network.
    let third = file("third.toml", "network = \"bdinn:limits=none\"\n[for.bdinn]\npatch = 40");
    assert_eq!(Recipe::load(&first, &[third], &[]).unwrap().patch, 40);
    let missing = Recipe::load(&dir.path().join("none.toml"), &[], &[]).unwrap_err().to_string();
    assert!(missing.contains("none.toml"), "{missing}");
}
