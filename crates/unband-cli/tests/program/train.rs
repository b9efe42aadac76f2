//! `unband train` starts the program `unband-train`.

use std::os::unix::fs::PermissionsExt;

use crate::stage::{Ran, Stage};

/// A trainer that prints its arguments, and ends with the requested code.
const TRAINER: &str = "#!/bin/sh\necho \"given: $*\"\nexit ${CODE:-0}\n";

fn train(stage: &Stage, code: &str, args: &[&str]) -> Ran {
    let mut command = stage.command(&[&["train"], args].concat());
    command.env("PATH", stage.0.path().join("bin")).env("CODE", code);
    command.output().unwrap().into()
}

#[test]
fn a_trainer_on_the_path_gets_all_arguments_and_decides_how_it_ends() {
    let stage = Stage::new();
    let bin = stage.0.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    train(&stage, "0", &["a.toml"]).code(2).says("not found next to").says("cargo install");

    let trainer = bin.join("unband-train");
    std::fs::write(&trainer, TRAINER).unwrap();
    std::fs::set_permissions(&trainer, std::fs::Permissions::from_mode(0o755)).unwrap();
    let given = |args: &[&str]| train(&stage, "0", args).code(0).out();
    assert_eq!(given(&["a.toml", "--small", "--set", "steps=3"]), "given: a.toml --small --set steps=3\n");
    assert_eq!(given(&["--help"]), "given: --help\n");
    train(&stage, "2", &["a.toml"]).code(2);
    train(&stage, "1", &["a.toml"]).code(1);
    // A name is a built-in recipe, next to the others as `--small` needs.
    std::fs::write(
        &trainer,
        "#!/bin/sh\nPATH=/usr/bin:/bin\nhead -n 1 \"$1\"\nls \"$(dirname \"$1\")/small.toml\"\n",
    )
    .unwrap();
    let own = given(&["ggdbn", "--small"]);
    assert!(own.starts_with("# GGDBN") && own.trim().ends_with("small.toml"), "{own}");
}
