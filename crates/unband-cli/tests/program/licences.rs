//! Output of `unband --licences`, compared with the dependencies.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::process::Command;

use unband_skips::{root, tracked_in};

fn printed() -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_unband")).arg("--licences").output().unwrap();
    assert!(ran.status.success() && ran.stderr.is_empty());
    String::from_utf8(ran.stdout).unwrap()
}

/// Name and version of every third-party crate in the program on this system.
fn crates() -> BTreeSet<String> {
    let ran = Command::new(env!("CARGO"))
        .args(["tree", "-p", "unband-cli", "-e", "normal", "--prefix", "none", "--offline", "--locked"])
        .args(["-f", "{p}"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let lines = String::from_utf8(ran.stdout).unwrap();
    let names = lines.lines().filter_map(|line| {
        let (name, rest) = line.split_once(" v")?;
        let version = rest.split_whitespace().next()?;
        (!name.starts_with("unband")).then(|| format!("{name} {version}"))
    });
    names.collect()
}

#[test]
fn every_crate_in_the_program_is_named_with_its_licence() {
    let all = printed();
    let named: BTreeSet<&str> = all
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .map(|line| line.split_once(" (").map_or(line, |(name, _)| name))
        .collect();
    let crates = crates();
    assert!(crates.len() > 100, "{}", crates.len());
    let missing: Vec<&String> = crates.iter().filter(|name| !named.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "run scripts/licences, it lacks {missing:?}");
}

#[test]
fn everyone_is_named_whose_images_the_weights_learned_from() {
    let all = printed();
    for (name, licence) in [
        ("Deepin Technology Co., Ltd.", "CC-BY-4.0"),
        ("Victorhck", "CC-BY-2.0"),
        ("Dirk Hohndel", "CC-BY-3.0"),
    ] {
        assert!(all.contains(&format!("{name}, {licence}, https://")), "{name}");
    }
    for card in ["unband-lite.md", "unband-jpeg.md", "unband-sr-lite.md", "unband-banding-classifier.md"] {
        let text = std::fs::read_to_string(root().join("weights").join(card)).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for name in ["Deepin Technology Co., Ltd.", "Victorhck", "Dirk Hohndel", "NOTICE.txt"] {
            assert!(text.contains(name), "{card}: {name}");
        }
    }
}

#[test]
fn no_crate_is_named_that_is_used_no_more() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let list = std::fs::read_to_string(root().join("crates/unband-cli/licences/crates.txt")).unwrap();
    let mut count = 0;
    for line in list.lines().filter(|line| line.starts_with("  ") && line.contains(" (http")) {
        let (name, version) = line.trim().split_once(' ').unwrap();
        let version = version.split(' ').next().unwrap();
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"");
        assert!(lock.contains(&entry), "run scripts/licences, it still has {name} {version}");
        count += 1;
    }
    assert!(count > 100, "{count}");
}

#[test]
fn notices_of_numbers_that_came_from_elsewhere_are_printed() {
    let all = printed();
    for notice in [
        "Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.",
        "Copyright (c) 1999-2018, Arm Limited.",
        "Copyright (c) 2011 The University of Texas at Austin",
        "Richard Zhang, Phillip Isola, Alexei A. Efros",
        "based in part on the work of the Independent JPEG Group",
        "Apache License",
    ] {
        assert!(all.contains(notice), "{notice}");
    }
}

#[test]
fn every_card_says_under_which_licence_its_weights_are() {
    let cards = tracked_in("weights").into_iter();
    let is_card = |path: &std::path::PathBuf| {
        path.extension().is_some_and(|ending| ending == "md") && !path.ends_with("README.md")
    };
    for card in cards.filter(is_card) {
        let text = std::fs::read_to_string(&card).unwrap();
        assert!(text.contains("\n## Licence\n\nMIT OR Apache-2.0"), "{}", card.display());
    }
}
