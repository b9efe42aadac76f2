//! Tests of `inspect`, `list`, completions and manual pages.

use std::fs;

use crate::stage::{Stage, root, six_bits, texture};

#[test]
fn inspect_says_what_was_found_in_a_sentence_and_in_numbers() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.png("grass.png", &texture);
    let text = stage.run(&["inspect", "sky.png", "grass.png"]).code(0).out();
    assert!(text.contains("sky.png  160×120 8-bit PNG") && text.contains("6 bits"), "{text}");
    let lines = stage.run(&["inspect", "sky.png", "grass.png", "--json"]).code(0).json();
    assert_eq!(lines[0]["cause"], "levels");
    assert_eq!(lines[0]["effective_bits"], 6);
    assert_eq!(lines[0]["planes"][1]["plane"], "green");
    assert_eq!(lines[0]["planes"][1]["bits"], 6);
    let step = lines[0]["planes"][1]["step_codes"].as_f64().unwrap();
    assert!((step - 255.0 / 63.0).abs() < 1e-3, "{step}");
    assert_eq!(lines[1]["cause"], "plain");
    assert_eq!(lines[1]["planes"][0]["found"], false);
    let map = &lines[0]["map"];
    assert_eq!((map["columns"].as_u64(), map["rows"].as_u64()), (Some(3), Some(2)));
    assert_eq!(map["share"].as_array().unwrap().len(), 6);
    assert_eq!(stage.names(), ["grass.png", "sky.png"]);
}

#[test]
fn the_map_shows_bands_in_orange_and_the_rest_in_grey() {
    let stage = Stage::new();
    // Bands on the left, one colour of the same grid on the right.
    stage.png("half.png", &|x, y, c| if x < 64 { six_bits(x, y, c) } else { six_bits(64, 64, c) });
    stage.run(&["inspect", "half.png", "--map", "map.png"]).code(0);
    let map = stage.samples("map.png");
    assert_eq!((map.width, map.height, map.bits), (160, 120, 8));
    let orange = |x: usize| {
        let pixel = &map.data[(30 * 160 + x) * 3..][..3];
        i32::from(pixel[0]) - i32::from(pixel[2])
    };
    assert!(orange(20) > 60, "left {}", orange(20));
    assert!(orange(150) < 20, "right {}", orange(150));
    stage.run(&["inspect", "half.png", "--map", "map.png"]).code(1).says("map.png: exists already");
    stage.run(&["inspect", "half.png", "--map", "map.png", "--overwrite"]).code(0);
}

#[test]
fn the_reference_pages_are_what_list_prints() {
    let stage = Stage::new();
    for kind in ["methods", "dithers", "formats", "metrics", "networks", "degradations"] {
        let printed = stage.run(&["list", kind, "--markdown"]).code(0).out();
        let path = root().join("docs/reference").join(format!("{kind}.md"));
        let page = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            page == printed,
            "{} is stale: cargo run -- list {kind} --markdown > docs/reference/{kind}.md",
            path.display()
        );
    }
}

#[test]
fn list_names_everything_that_can_be_asked_for() {
    let stage = Stage::new();
    let kinds = ["methods", "formats", "dithers", "metrics"];
    let text = kinds.map(|kind| stage.run(&["list", kind]).code(0).out()).concat();
    for entry in unband::methods() {
        assert!(text.contains(entry.name));
        for param in entry.params {
            assert!(text.contains(&format!("{} = ", param.name)), "{}", param.name);
        }
    }
    for format in unband_io::FORMATS {
        assert!(text.contains(format.name) && text.contains(format.extensions[0]));
    }
    for dither in unband::Dither::ALL {
        assert!(text.contains(dither.as_str()));
    }
    for metric in unband_metrics::metrics(unband_metrics::Domain::Image) {
        assert!(text.contains(&format!("\n  {}  {}\n", metric.base(), metric.title)), "{}", metric.name());
    }
}

#[test]
fn help_completions_and_manual_name_the_same_options() {
    let stage = Stage::new();
    let help = stage.run(&["--help"]).code(0).out();
    let manual = stage.run(&["man"]).code(0).out().replace("\\-", "-");
    let options: Vec<&str> =
        help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 3).collect();
    assert!(options.contains(&"--max-memory") && options.len() > 20, "{options:?}");
    let bash = stage.run(&["completions", "bash"]).code(0).out();
    for option in options {
        let option = option.trim_end_matches([',', '.', '`']).trim_start_matches('`');
        assert!(manual.contains(option), "{option} is not in the manual");
        assert!(bash.contains(option), "{option} is not completed");
    }
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(stage.run(&["completions", shell]).code(0).out().contains("skip-existing"), "{shell}");
    }
    assert!(stage.run(&["man", "inspect"]).code(0).out().contains("map"));
    assert!(stage.run(&["--version"]).code(0).out().starts_with("unband "));
}

#[test]
fn the_shipped_shaders_are_those_that_the_program_prints() {
    let stage = Stage::new();
    for (variant, name) in [("full", ""), ("fast", "-fast"), ("compat", "-compat")] {
        let shipped =
            std::fs::read_to_string(root().join(format!("shaders/unband-smooth{name}.glsl"))).unwrap();
        let printed = stage.run(&["shader", "smooth", "--variant", variant]).code(0).out();
        assert!(
            printed == shipped,
            "unband shader smooth --variant {variant} > shaders/unband-smooth{name}.glsl"
        );
    }
    stage.run(&["shader", "smooth", "--bits", "3"]).code(2);
}

#[test]
fn colour_is_for_terminals_and_can_be_switched_off() {
    let stage = Stage::new();
    let ran = |force: &str, never: &str| {
        let mut command = stage.command(&["missing.png"]);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        if !force.is_empty() {
            command.env("CLICOLOR_FORCE", force);
        }
        if !never.is_empty() {
            command.env("NO_COLOR", never);
        }
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    assert!(!ran("", "").contains('\u{1b}'));
    assert!(ran("1", "").contains('\u{1b}'));
    assert!(!ran("1", "1").contains('\u{1b}'));
}
