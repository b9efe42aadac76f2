//! Every `--json` object has a schema, and docs/guide/json.md describes it.

use std::fs;

use serde_json::Value;
use unband::{Cause, Findings, With};
use unband_skips::tracked_below;

use crate::stage::{Stage, png, root, six_bits, texture};

/// The section of docs/guide/json.md about a schema.
fn section(schema: &str) -> String {
    let page = fs::read_to_string(root().join("docs/guide/json.md")).unwrap();
    let sections = page.split("\n## ").skip(1);
    let found =
        sections.into_iter().find(|section| section.lines().next().unwrap_or_default().contains(schema));
    found.unwrap_or_else(|| panic!("docs/guide/json.md says nothing of {schema}")).to_owned()
}

/// All keys of objects, also within lists, except objects whose keys are names.
fn keys(value: &Value, found: &mut Vec<String>) {
    const MAPS: [&str; 5] = ["settings", "facts", "values", "reasons", "drawn"];
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                found.push(key.clone());
                if !MAPS.contains(&key.as_str()) {
                    keys(value, found);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[test]
fn every_object_has_a_schema_and_every_field_is_documented() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.png("grass.png", &texture);
    stage.write("broken.png", b"not an image");
    for i in 0..5 {
        stage.write(&format!("clean/{i}.png"), &png(96, 64, &move |x, y, c| texture(x + 5 * i, y, c)));
    }
    fs::copy(root().join("golden/checkpoints/ggdbn.pth"), stage.path("best.pth")).unwrap();
    stage.run(&["models", "import", "best.pth"]).code(0);
    let commands: &[(&str, &[&str], i32)] = &[
        ("unband-deband/1", &["sky.png", "grass.png", "broken.png", "--prove", "--json"], 1),
        ("unband-deband/1", &["sky.png", "-n", "--overwrite", "--json"], 0),
        ("unband-deband/1", &["sky.png", "--skip-existing", "--json"], 0),
        ("unband-upscale/1", &["upscale", "sky.png", "--scale", "2", "--deband", "--json"], 0),
        ("unband-inspect/1", &["inspect", "sky.png", "grass.png", "--json"], 0),
        ("unband-list/1", &["list", "--json"], 0),
        ("unband-models/1", &["models", "list", "--json"], 0),
        ("unband-models-info/1", &["models", "info", "best.pth", "--json"], 0),
        (
            "unband-dataset-summary/1",
            &["dataset", "pairs", "clean", "-o", "set", "--cause", "rgb-5", "--json"],
            0,
        ),
        ("unband-dataset-check/1", &["dataset", "check", "set", "--json"], 0),
    ];
    for (schema, arguments, code) in commands {
        let section = section(schema);
        for object in stage.run(arguments).code(*code).json() {
            assert_eq!(object["schema"], *schema, "{arguments:?}");
            let mut found = Vec::new();
            keys(&object, &mut found);
            for key in found.iter().filter(|key| *key != "schema") {
                assert!(
                    section.contains(&format!("`{key}`")) || section.contains(&format!("`{key}[]`")),
                    "{schema}: {key}"
                );
            }
        }
    }
    // These have a page of their own.
    for (schema, arguments) in [
        ("unband-score/1", &["score", "sky.png", "--json"][..]),
        ("unband-compare/1", &["compare", "grass.png", "sky.png", "--json"]),
    ] {
        let object = &stage.run(arguments).code(0).json()[0];
        assert_eq!(object["schema"], schema);
        let section = section(schema);
        for key in object.as_object().unwrap().keys().filter(|key| *key != "schema") {
            assert!(section.contains(&format!("`{key}`")), "{schema}: {key}");
        }
    }
    let manifest =
        stage.run(&["degrade", "sky.png", "--recipe", "rgb", "--pairs", "-o", "bad", "--json"]).code(0);
    let section = section("unband-degrade/1");
    for key in
        manifest.json().iter().flat_map(|line| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>())
    {
        assert!(section.contains(&format!("`{key}`")), "{key}");
    }
}

#[test]
fn every_schema_of_the_program_is_on_the_page() {
    let page = fs::read_to_string(root().join("docs/guide/json.md")).unwrap();
    let mut count = 0;
    for path in tracked_below("crates/unband-cli/src") {
        let text = fs::read_to_string(&path).unwrap();
        for schema in text.split('"').filter(|word| word.starts_with("unband-") && word.ends_with("/1")) {
            assert!(page.contains(&format!("`{schema}`")), "{schema} of {}", path.display());
            count += 1;
        }
    }
    assert!(count >= 12, "{count}");
}

#[test]
fn every_cause_is_on_the_page() {
    let section = section("unband-inspect/1");
    let row = section.lines().find(|line| line.starts_with("| `finding`, `cause` |")).unwrap();
    for cause in Cause::ALL {
        let found = Findings::plain(3, 8).but(|new| new.cause = cause);
        assert!(row.contains(&format!("`{}`", found.cause_word())), "{cause:?}");
    }
}
