//! Messages: what is printed when, and hints that name the option.

use crate::stage::{HEIGHT, Stage, WIDTH, png, six_bits, texture};

#[test]
fn a_faulty_recipe_is_shown_with_its_line() {
    let stage = Stage::new();
    stage.png("a.png", &texture);
    stage.write("b.toml", b"title = \"x\n");
    for args in
        [&["degrade", "a.png", "--recipe", "b.toml", "-o", "d"][..], &["eval", "b.toml", "--out", "e"]]
    {
        let ran = stage.run(args).code(2).says("line 1, column 1");
        assert!(!ran.stderr.contains('\u{fffd}'), "{}", ran.stderr);
        assert!(ran.stderr.contains("\n       1 | title = \"x\n"), "{}", ran.stderr);
        // Everything but the first line and the hint is indented.
        let mut lines = ran.stderr.lines().skip(1).filter(|line| !line.starts_with("hint: "));
        assert!(lines.all(|line| line.starts_with("       ")), "{}", ran.stderr);
    }
}

#[test]
fn quiet_prints_errors_only() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.png("b.png", &six_bits);
    for args in [
        &["score", "a.png"][..],
        &["score", "a.png", "b.png"],
        &["compare", "a.png", "b.png"],
        &["inspect", "a.png"],
    ] {
        assert!(!stage.run(args).code(0).stdout.is_empty());
        let ran = stage.run(&[args, &["-q"]].concat()).code(0);
        assert!(ran.stdout.is_empty() && ran.stderr.is_empty(), "{args:?}: {} {}", ran.out(), ran.stderr);
        assert!(
            !stage.run(&[args, &["-q", "--json"]].concat()).code(0).stdout.is_empty(),
            "data was asked for"
        );
    }
    let ran = stage.run(&["score", "a.png", "-q", "--fail-if", "banding>=none"]).code(3);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("check failed"), "{}", ran.stderr);
}

#[test]
fn a_drawing_has_one_verdict() {
    let stage = Stage::new();
    // Flat cards of a few close greys.
    let cards = |x: usize, y: usize, _: usize| [222, 226, 230, 234, 238, 242][(x / 40 + y / 30 * 2) % 6];
    stage.write("cards.png", &png(WIDTH, HEIGHT, &cards));
    for args in [&["cards.png", "-n"][..], &["cards.png"]] {
        let ran = stage.run(args).code(0);
        let line = ran.stderr + &String::from_utf8(ran.stdout).unwrap();
        assert!(line.contains(", unchanged (`--treat-as photo` to force)"), "{line}");
        for other in ["JPEG steps", "palette", "bits in use", "coarse steps", "plain"] {
            assert!(!line.contains(other), "{line}");
        }
    }
}

#[test]
fn hints_name_the_option_or_the_command() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage
        .run(&["score", "a.png", "--fail-if", "psnr<40"])
        .code(2)
        .says("psnr needs a reference")
        .says("unband compare REFERENCE FILE --fail-if 'psnr<40'");
    stage.run(&["score", "a.png", "--fail-if", "psnt<40"]).code(2).says("there is no metric `psnt`");
    let ran = stage.run(&["a.png", "--quality", "101"]).code(2).says("a whole number from 1 to 100");
    assert!(!ran.stderr.contains("..="), "{}", ran.stderr);
    stage.run(&["a.png"]).code(0);
    stage.run(&["a.png"]).code(1).says("--overwrite");
}

#[test]
fn an_imported_model_is_no_method_and_the_hint_says_so() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    let file = crate::stage::root().join("weights/unband-lite.safetensors");
    stage.run(&["models", "import", file.to_str().unwrap(), "--as", "mine"]).code(0);
    for args in [&["a.png", "--method", "mine"][..], &["compare", "a.png", "a.png", "--method", "mine"]] {
        stage.run(args).code(2).says("`mine` is an imported model: write `--weights mine`");
    }
    stage.run(&["a.png", "--weights", "mine"]).code(0);
    stage.run(&["a.png", "--method", "mind"]).code(2).says("no method `mind`");
}

#[test]
fn fewer_than_five_images_have_no_statistics() {
    let stage = Stage::new();
    let names: Vec<String> = (0..5).map(|i| format!("{i}.png")).collect();
    for (i, name) in names.iter().enumerate() {
        stage.write(name, &png(WIDTH + 8 * i, HEIGHT, &six_bits));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let table = |count: usize| stage.run(&[&["score"], &names[..count]].concat()).code(0).out();
    for few in [1, 2, 4] {
        assert!(!table(few).contains("mean") && !table(few).contains("median"), "{}", table(few));
    }
    assert!(table(5).contains("mean ± 95 %") && table(5).contains("median"), "{}", table(5));
}
