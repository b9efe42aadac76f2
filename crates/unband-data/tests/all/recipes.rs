//! Recipes.
#![allow(clippy::unwrap_used, clippy::float_cmp)]

use crate::scene;
use std::collections::BTreeMap;

use scene::scene;
use unband_data::{DegradationRecipe, DegradationRecipeError, DegradationRecord, Pair};
use unband_image::{Depth, Hint, Rng};

fn problem(text: &str) -> String {
    DegradationRecipe::parse(text, "mix.toml").map(|_| ()).unwrap_err().to_string()
}

#[test]
fn shipped_recipes_are_repeatable_and_their_records_make_the_same() {
    for shipped in unband_recipes::DEGRADATION_RECIPES {
        let recipe = DegradationRecipe::find(shipped.name).unwrap();
        assert!(!recipe.title().is_empty() && recipe.room().is_multiple_of(16), "{}", shipped.name);
        if recipe.is_slow() {
            continue;
        }
        for seed in 0..40 {
            let mut pair = Pair::from_clean(scene(48, 40));
            let record = recipe.apply(&mut pair, Rng::new(seed)).unwrap();
            let mut again = Pair::from_clean(scene(48, 40));
            assert!(recipe.apply(&mut again, Rng::new(seed)).unwrap() == record && again == pair);
            // Also after writing and reading.
            let text = serde_json::to_string(&record).unwrap();
            let read: DegradationRecord = serde_json::from_str(&text).unwrap();
            assert_eq!(read, record);
            let mut replayed = Pair::from_clean(scene(48, 40));
            read.apply(&mut replayed).unwrap();
            assert!(replayed == pair, "{} {seed}: {text}", shipped.name);
            assert_eq!(pair.lq.depth, Depth::EIGHT);
            for v in pair.lq.planes.iter().flat_map(|p| &p.data) {
                assert!(*v == Depth::EIGHT.value(Depth::EIGHT.code(*v)), "{} {seed}", shipped.name);
            }
        }
    }
}

#[test]
fn steps_come_as_often_as_they_should() {
    let text = r#"
        title = "odds"
        [[clean]]
        name = "film"
        probability = 0.25
        use = "grain"
        [[degrade]]
        [[degrade.one-of]]
        name = "often"
        weight = 3
        use = "rgb-bits"
        [[degrade.one-of]]
        name = "never"
        weight = 0
        use = "rgb-bits"
        [[degrade.one-of]]
        name = "rarely"
        steps = []
    "#;
    let recipe = DegradationRecipe::parse(text, "odds").unwrap();
    let mut counts = BTreeMap::new();
    for seed in 0..4000 {
        let record = recipe.draw(Rng::new(seed)).unwrap();
        assert_eq!(record.clean.len(), usize::from(record.names[0] == "film"));
        assert_eq!(record.degrade.is_empty(), record.names.last().unwrap() == "rarely");
        for name in record.names {
            *counts.entry(name).or_insert(0u32) += 1;
        }
    }
    let close = |name: &str, share: f64| (f64::from(counts[name]) / 4000.0 - share).abs() < 0.025;
    assert!(close("film", 0.25) && close("often", 0.75) && close("rarely", 0.25), "{counts:?}");
    assert!(!counts.contains_key("never"));
}

#[test]
fn what_is_done_to_the_clean_side_is_on_both() {
    let text = r#"
        title = "film"
        [[clean]]
        use = "grain"
        [[clean]]
        use = "planes"
        [[degrade]]
        use = "rgb-bits"
        bits = 5
    "#;
    let mut pair = Pair::from_clean(scene(64, 64));
    DegradationRecipe::parse(text, "film").unwrap().apply(&mut pair, Rng::new(3)).unwrap();
    assert!(pair.gt != scene(64, 64) && pair.lq != pair.gt);
    // The degraded side is the clean side at five bits, grain included.
    for (lq, gt) in pair.lq.planes.iter().zip(&pair.gt.planes) {
        for (lq, gt) in lq.data.iter().zip(&gt.data) {
            assert!(((gt * 31.0).round() / 31.0 - lq).abs() <= 0.5 / 255.0 + 1e-6);
        }
    }
}

#[test]
fn room_is_that_of_the_longest_way() {
    let text = r#"
        title = "room"
        [[clean]]
        use = "sharpen"
        [[degrade]]
        one-of = [{ use = "planes" }, { steps = [{ use = "jpeg" }, { use = "mpeg4-intra" }, { use = "palette" }] }]
    "#;
    let recipe = DegradationRecipe::parse(text, "room").unwrap();
    assert_eq!(recipe.room(), 64); // 18 + 16 + 16, in sixteens
    assert!(!recipe.is_slow());
    assert!(
        DegradationRecipe::parse(&text.replace("\"palette\"", "\"palette\", coder = \"program\""), "room")
            .unwrap()
            .is_slow()
    );
}

#[test]
fn a_room_that_is_given_counts_in_sixteens_and_scales() {
    let room = |scale: u32, room: &str| {
        DegradationRecipe::parse(&format!("title = \"t\"\nscale = {scale}\n{room}"), "room").unwrap().room()
    };
    assert_eq!(
        [room(4, "room = 16"), room(3, "room = 16"), room(1, "room = 40"), room(4, "")],
        [16, 48, 48, 0]
    );
}

#[test]
fn a_recipe_must_keep_the_scale_it_promises() {
    let text = "title = \"t\"\nscale = 2\n[[degrade]]\nuse = \"decimate\"\nevery = 3";
    let recipe = DegradationRecipe::parse(text, "three").unwrap();
    let error = recipe.apply(&mut Pair::from_clean(scene(31, 24)), Rng::new(1)).unwrap_err();
    let message = "the degraded side has 10×8 samples, the clean one 30×24: not 2 times as large";
    assert_eq!(error.to_string(), message);
    assert!(error.hint().unwrap().contains("`fit`"));
}

#[test]
fn shuffled_groups_take_all_orders_and_keep_those_they_must() {
    let text = r#"
        title = "orders"
        [[degrade]]
        shuffle = 0.5
        keep-order = ["b", "c"]
        steps = [
            { name = "a", use = "decimate" },
            { shuffle = 1, steps = [{ name = "b", use = "decimate" }, { name = "c", use = "decimate" }] },
            { name = "d", use = "decimate" },
        ]
    "#;
    let recipe = DegradationRecipe::parse(text, "orders").unwrap();
    let mut counts = BTreeMap::new();
    for seed in 0..8000 {
        *counts.entry(recipe.draw(Rng::new(seed)).unwrap().names.concat()).or_insert(0u32) += 1;
    }
    // Half of the time a, then b and c in any order, then d. Otherwise one of 24 orders, of which 12 keep b
    // before c and the others become these.
    let close = |name: &str, share: f64| (f64::from(counts[name]) / 8000.0 - share).abs() < 0.02;
    assert_eq!(counts.len(), 13);
    assert!(
        close("abcd", 0.25 + 0.5 / 12.0) && close("acbd", 0.25) && close("dbca", 0.5 / 12.0),
        "{counts:?}"
    );
}

#[test]
fn a_depth_of_the_degraded_side_is_kept() {
    let text = "title = \"deep\"\ndepth = 10\n[[degrade]]\nuse = \"tone\"\ngamma = 0.7";
    let mut pair = Pair::from_clean(scene(32, 32));
    DegradationRecipe::parse(text, "deep").unwrap().apply(&mut pair, Rng::new(0)).unwrap();
    assert_eq!(pair.lq.depth, Depth::Int(10));
}

#[test]
fn mistakes_are_named_by_file_key_and_range() {
    for (body, message) in [
        ("use = \"rgb-bits\"\nbits = 9", "mix.toml: `degrade[0].bits`: `bits` must be 1 to 8, got 9"),
        (
            "use = \"rgb-bits\"\nbits = { from = 0, to = 8 }",
            "mix.toml: `degrade[0].bits`: `bits` must be 1 to 8, got 0",
        ),
        (
            "use = \"rgb-bits\"\nbits = [5, 4.5]",
            "mix.toml: `degrade[0].bits`: `bits` must be a whole number, got `4.5`",
        ),
        (
            "use = \"rgb-bits\"\nbit = 5",
            "mix.toml: `degrade[0].bit`: rgb-bits has no parameter `bit` (its parameters are bits, rounding)",
        ),
        (
            "use = \"rgb-bits\"\nrounding = { from = 1, to = 2 }",
            "mix.toml: `degrade[0].rounding`: cannot be a range, expected nearest, truncate, shift",
        ),
        (
            "use = \"grain\"\nsize_px = {}",
            "mix.toml: `degrade[0].size_px`: a range needs the numbers `from` and `to`",
        ),
        (
            "use = \"grain\"\nsize_px = { from = 3, to = 2 }",
            "mix.toml: `degrade[0].size_px`: `from` 3 is above `to` 2",
        ),
        (
            "use = \"grain\"\nstrength_codes = { from = 0, to = 2, scale = \"log\" }",
            "mix.toml: `degrade[0].strength_codes`: a log scale needs a `from` above 0, got 0",
        ),
        (
            "use = \"grain\"\nsize_px = { from = 1, to = 2, steps = 3 }",
            "mix.toml: `degrade[0].size_px.steps`: unknown key; a range has from, to, step and scale",
        ),
        ("use = \"grain\"\nsize_px = []", "mix.toml: `degrade[0].size_px`: the list is empty"),
        ("probability = 2\nuse = \"grain\"", "mix.toml: `degrade[0].probability`: must be in 0 to 1, got 2"),
        ("bits = 3", "mix.toml: `degrade[0]`: needs one of `use`, `steps` and `one-of`"),
        ("use = \"grain\"\nsteps = []", "mix.toml: `degrade[0]`: needs one of `use`, `steps` and `one-of`"),
        (
            "one-of = [{ weight = 0, use = \"grain\" }]",
            "mix.toml: `degrade[0].one-of`: at least one step with a weight above 0 is needed",
        ),
        (
            "use = \"decimate\"\nevery = \"9 * scale\"",
            "mix.toml: `degrade[0].every`: `every` must be 1 to 8, got 9",
        ),
        (
            "use = \"grain\"\nsize_px = \"scale squared\"",
            "mix.toml: `degrade[0].size_px`: expected a sum like `4 + 2 * scale`, got `scale squared`",
        ),
        ("steps = []\nshuffle = 2", "mix.toml: `degrade[0].shuffle`: must be in 0 to 1, got 2"),
        ("steps = []\nkeep-order = [\"a\"]", "mix.toml: `degrade[0].keep-order`: no step here is named `a`"),
        (
            "steps = []\nkeep-order = [1]",
            "mix.toml: `degrade[0].keep-order`: expected a list of names, got [1]",
        ),
        ("steps = []\nthen-scale = 9", "mix.toml: `degrade[0].then-scale`: must be in 1..=8, got 9"),
        ("steps = [3]", "mix.toml: `degrade[0].steps[0]`: expected a table, got integer"),
        (
            "steps = []\nbits = 3",
            "mix.toml: `degrade[0].bits`: unknown key; such a group has name, probability, weight, then-scale, steps, shuffle, keep-order",
        ),
        (
            "one-of = [{ use = \"grain\" }]\nshuffle = 1",
            "mix.toml: `degrade[0].shuffle`: unknown key; such a group has name, probability, weight, then-scale, one-of",
        ),
    ] {
        assert_eq!(problem(&format!("title = \"t\"\n[[degrade]]\n{body}\n")), message);
    }
    assert_eq!(problem("title = \"t\"\nscale = 0"), "mix.toml: `scale`: must be in 1..=8, got 0");
    let unknown = problem("title = \"t\"\n[[degrade]]\nsteps = [{ use = \"grian\" }]");
    assert!(unknown.starts_with(
        "mix.toml: `degrade[0].steps[0].use`: unknown degradation `grian`, expected one of rgb-bits"
    ));
    assert_eq!(problem("depth = 8"), "mix.toml: `title`: missing: give the recipe a title");
    assert_eq!(problem("title = \"t\"\ndepth = 17"), "mix.toml: `depth`: must be in 1..=16, got 17");
    assert_eq!(
        problem("title = \"t\"\ndegraded = []"),
        "mix.toml: `degraded`: unknown key; a recipe has title, depth, scale, room, clean and degrade"
    );
    assert!(problem("title = ").starts_with("mix.toml: TOML parse error at line 1"));
}

#[test]
fn a_missing_recipe_is_named() {
    let error = DegradationRecipe::find("defualt").unwrap_err();
    assert_eq!(error.to_string(), "unknown recipe `defualt`");
    let hint = error.hint().unwrap();
    assert!(
        hint.starts_with("built-in recipes are ") && hint.contains("default, ") && hint.contains(", fhd, "),
        "{hint}"
    );
    let error = DegradationRecipe::find("no/such.toml").unwrap_err();
    assert!(
        matches!(error, DegradationRecipeError::Read { .. })
            && error.to_string().starts_with("no/such.toml: ")
    );
}

#[test]
fn damaged_recipes_are_read_or_refused() {
    for (n, path) in (0..).zip(unband_skips::tracked_in("recipes/degrade")) {
        let text = std::fs::read_to_string(path).unwrap();
        for time in 0..60 {
            let draw = |i: u32, below: usize| Rng::new(3).at(n, time, i, 0) as usize % below;
            let mut bytes = text.clone().into_bytes();
            for i in 0..=draw(0, 3) as u32 {
                let place = draw(2 * i + 1, bytes.len());
                bytes[place] = b"0 9.-]}\"=x\n"[draw(2 * i + 2, 11)];
            }
            match DegradationRecipe::parse(&String::from_utf8_lossy(&bytes), "mix.toml")
                .map(|recipe| recipe.draw(Rng::new(1)))
            {
                Ok(drawn) => assert!(drawn.is_ok_and(|record| record.names.len() < 100)),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    }
}
