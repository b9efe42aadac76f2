//! Detection of drawings, and `--treat-as`.

use crate::stage::{HEIGHT, Stage, six_bits, texture};

/// Cards on cards, three codes apart; all edges are at multiples of 8.
fn cards(x: usize, y: usize, c: usize) -> u8 {
    let inset = x.min(y).min(HEIGHT.saturating_sub(y + 1));
    (180 + 3 * (inset / 16) + c) as u8
}

#[test]
fn cards_stay_until_they_are_called_a_photo() {
    let stage = Stage::new();
    stage.png("cards.png", &cards);
    let left = stage.run(&["cards.png", "--json", "-o", "left.png"]).code(0).json();
    assert_eq!(left[0]["reason"], "drawn", "{left:?}");
    assert_eq!(left[0]["drawing"], "enlarged", "{left:?}");
    assert_eq!(stage.read("left.png"), stage.read("cards.png"), "byte for byte");
    stage.run(&["cards.png", "-o", "again.png"]).code(0).says("(`--treat-as photo` to force)");

    let asked = stage.run(&["cards.png", "--treat-as", "photo", "--json", "-o", "photo.png"]).code(0).json();
    assert_eq!(asked[0]["status"], "written");
    assert_ne!(asked[0]["reason"], "drawn");
    assert_ne!(stage.samples("photo.png").data, stage.samples("cards.png").data, "repaired");
}

#[test]
fn inspect_names_the_rules_that_decided() {
    let stage = Stage::new();
    stage.png("cards.png", &cards);
    stage.png("sky.png", &six_bits);
    let cards = stage.run(&["inspect", "cards.png", "--explain", "--json"]).code(0).json();
    assert_eq!(cards[0]["explanation"]["drawing_rule"], "enlarged", "{cards:?}");
    let sky = stage.run(&["inspect", "sky.png", "--explain"]).code(0);
    assert!(sky.out().contains("rule: levels (channels have the levels of 4 to 7 bits)"), "{}", sky.out());
    let plain = stage.run(&["inspect", "sky.png", "--json"]).code(0).json();
    assert!(plain[0].get("explanation").is_none(), "{plain:?}");
}

#[test]
fn what_is_called_a_drawing_or_data_keeps_every_sample() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let before = stage.samples("sky.png").data;
    stage.run(&["sky.png", "--treat-as", "auto", "-o", "auto.png"]).code(0);
    assert_ne!(stage.samples("auto.png").data, before, "a photo's levels are repaired by default");
    for kind in ["drawing", "data"] {
        let out = format!("{kind}.png");
        let printed = stage.run(&["sky.png", "--treat-as", kind, "--json", "-o", &out]).code(0).json();
        assert_eq!(printed[0]["reason"], "asked", "{kind}: {printed:?}");
        assert_eq!(stage.read(&out), stage.read("sky.png"), "{kind}");
        // Another depth is rounded without dither: equal samples stay equal.
        let deep = format!("{kind}-deep.png");
        stage.run(&["sky.png", "--treat-as", kind, "--depth", "16", "-o", &deep]).code(0);
        let after = stage.samples(&deep);
        assert_eq!(after.bits, 16);
        assert!(before.iter().zip(&after.data).all(|(&a, &b)| b == 257 * a), "{kind}");
    }
}

#[test]
fn texture_stays_whatever_it_is_called() {
    let stage = Stage::new();
    stage.png("grass.png", &texture);
    for kind in ["auto", "photo", "drawing", "data"] {
        let out = format!("{kind}.png");
        stage.run(&["grass.png", "--treat-as", kind, "-o", &out]).code(0);
        assert_eq!(stage.read(&out), stage.read("grass.png"), "{kind}");
    }
}

#[test]
fn another_kind_is_refused_with_those_there_are() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let refused = stage.run(&["sky.png", "--treat-as", "sketch"]).code(2);
    assert!(
        ["auto", "photo", "drawing", "data"].iter().all(|kind| refused.stderr.contains(kind)),
        "{}",
        refused.stderr
    );
}
