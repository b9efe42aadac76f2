//! Crates of the workspace depend only on rows below their own, as docs/ARCHITECTURE.md draws them.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use unband_skips::root;

/// Crate and row, the lowest row 0, read from the drawing under "a test reads `cargo metadata`".
fn rows() -> BTreeMap<String, usize> {
    let page = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let (_, after) = page.split_once("A crate uses only rows below its own").unwrap();
    let image = after.split("```").nth(1).unwrap();
    let mut rows = BTreeMap::new();
    for (row, line) in image.lines().filter(|line| !line.trim().is_empty()).rev().enumerate() {
        // Names first, then at least two spaces and a description.
        for name in line.split_whitespace().take_while(|word| word.starts_with("unband")) {
            assert!(rows.insert(name.to_owned(), row).is_none(), "{name} is drawn twice");
        }
    }
    rows
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `(from, to)` for every dependency between crates of the workspace, including those of tests and builds.
fn edges() -> (Vec<String>, Vec<(String, String)>) {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let names: Vec<String> = packages.iter().map(|p| p["name"].as_str().unwrap().to_owned()).collect();
    let mut edges = Vec::new();
    for package in packages {
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = dependency["name"].as_str().unwrap().to_owned();
            if names.contains(&to) {
                edges.push((package["name"].as_str().unwrap().to_owned(), to));
            }
        }
    }
    (names, edges)
}

fn forbidden(rows: &BTreeMap<String, usize>, edges: &[(String, String)]) -> Vec<String> {
    edges
        .iter()
        .filter(|(from, to)| rows.get(from).zip(rows.get(to)).is_none_or(|(from, to)| to >= from))
        .map(|(from, to)| format!("{from} must not use {to}"))
        .collect()
}

#[test]
fn every_crate_has_a_row() {
    let (rows, (names, _)) = (rows(), edges());
    for name in names {
        assert!(rows.contains_key(&name), "{name} has no row in docs/ARCHITECTURE.md");
    }
}

#[test]
fn crates_use_only_rows_below_their_own() {
    let (rows, (_, edges)) = (rows(), edges());
    assert!(edges.len() >= 8, "only {} edges were found", edges.len());
    assert_eq!(forbidden(&rows, &edges), [""; 0]);
}

#[test]
fn the_program_uses_only_the_library_the_report_and_the_page() {
    let metadata = metadata();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let program = packages.find(|package| package["name"] == "unband-cli").unwrap();
    let own =
        program["dependencies"].as_array().unwrap().iter().filter(|dependency| dependency["kind"].is_null());
    let names = own.map(|dependency| dependency["name"].as_str().unwrap());
    assert_eq!(
        names.filter(|name| name.starts_with("unband")).collect::<Vec<_>>(),
        ["unband", "unband-page", "unband-report"]
    );
}

/// With a crate's name missing there, its tests would run without checks of overflow.
#[test]
fn every_crate_has_all_checks_in_the_profile_of_the_tests() {
    let profile = std::fs::read_to_string(root().join("scripts/tests.toml")).unwrap();
    let profile: toml::Table = profile.parse().unwrap();
    let packages = profile["profile"]["release"]["package"].as_table().unwrap();
    for name in edges().0 {
        let settings = packages.get(&name).unwrap_or_else(|| panic!("{name} is not in scripts/tests.toml"));
        for check in ["debug-assertions", "overflow-checks"] {
            assert_eq!(settings[check].as_bool(), Some(true), "{name}: {check}");
        }
    }
}

/// Names, versions and features of crates from elsewhere. Macros may have other features of a crate.
fn features(arguments: &[&str]) -> BTreeSet<(String, String)> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix", "none", "--no-dedupe", "-f", "{p} [{f}]"])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let crates = text.lines().filter_map(|line| line.split_once(" ["));
    crates
        .filter(|(name, _)| !name.starts_with("unband"))
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect()
}

/// Otherwise `scripts/test` compiles them, and all that use them, once more.
#[test]
fn crates_from_elsewhere_have_the_same_features_in_the_program_and_its_tests() {
    let program = features(&["-p", "unband-cli", "-e", "normal,build"]);
    let tests = features(&[
        "--workspace",
        "--exclude",
        "unband-bindgen",
        "--exclude",
        "unband-web",
        "--features",
        "unband/image",
        "-e",
        "normal,build,dev",
    ]);
    assert!(program.len() > 150, "{}", program.len());
    let lacking: Vec<_> = program.difference(&tests).collect();
    assert!(lacking.is_empty(), "not so in the tests, see `cargo tree -e features -i NAME`: {lacking:?}");
}

#[test]
fn an_edge_upwards_or_sideways_would_be_noticed() {
    let edge = |from: &str, to: &str| [(from.to_owned(), to.to_owned())];
    let rows = rows();
    assert_eq!(forbidden(&rows, &edge("unband-cli", "unband")), [""; 0]);
    assert_eq!(forbidden(&rows, &edge("unband-image", "unband-io")), ["unband-image must not use unband-io"]);
    assert_eq!(forbidden(&rows, &edge("unband-metrics", "unband-data")).len(), 1);
    assert_eq!(forbidden(&rows, &edge("unband-new", "unband-simd")).len(), 1);
}
