//! Which files are written, and which never.

use crate::stage::{Stage, six_bits, texture};

#[test]
fn a_result_is_written_next_to_its_input_and_the_input_stays() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let before = stage.read("sky.png");
    let ran = stage.run(&["sky.png"]).code(0).says("sky_unband.png");
    assert_eq!(ran.stdout, b"");
    assert_eq!(stage.names(), ["sky.png", "sky_unband.png"]);
    assert_eq!(stage.read("sky.png"), before);
}

#[test]
fn bare_and_named_command_write_the_same_bytes() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.png", "-o", "bare.png"]).code(0);
    stage.run(&["deband", "sky.png", "-o", "named.png"]).code(0);
    assert_eq!(stage.read("bare.png"), stage.read("named.png"));
}

#[test]
fn what_exists_is_replaced_only_when_asked() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.write("sky_unband.png", b"mine");
    stage.run(&["sky.png"]).code(1).says("error: sky_unband.png").says("hint: ").says("--overwrite");
    assert_eq!(stage.read("sky_unband.png"), b"mine");
    stage.run(&["sky.png", "--skip-existing"]).code(0);
    assert_eq!(stage.read("sky_unband.png"), b"mine");
    stage.run(&["sky.png", "--overwrite"]).code(0);
    assert_ne!(stage.read("sky_unband.png"), b"mine");
    assert_eq!(stage.names(), ["sky.png", "sky_unband.png"]);
}

#[test]
fn folders_are_mirrored_below_the_output_folder() {
    let stage = Stage::new();
    stage.png("photos/a.png", &six_bits);
    stage.png("photos/trip/b.png", &six_bits);
    stage.png("photos/trip/far/c.png", &texture);
    stage.write("photos/notes.txt", b"not an image");
    stage.run(&["photos", "-o", "out", "--recursive"]).code(0);
    let made: Vec<String> = stage.names().into_iter().filter(|name| name.starts_with("out/")).collect();
    assert_eq!(made, ["out/a.png", "out/trip/b.png", "out/trip/far/c.png"]);
    // A second run finds all results and says so; skipping is not an error.
    stage.run(&["photos", "-o", "out", "--recursive"]).code(1).says("error: ");
    stage.run(&["photos", "-o", "out", "--recursive", "--skip-existing"]).code(0);
}

#[test]
fn without_recursive_only_the_folder_itself_is_done() {
    let stage = Stage::new();
    stage.png("photos/a.png", &six_bits);
    stage.png("photos/trip/b.png", &six_bits);
    stage.run(&["photos"]).code(0);
    assert_eq!(stage.names(), ["photos/a.png", "photos/a_unband.png", "photos/trip/b.png"]);
}

#[test]
fn a_second_run_over_a_folder_does_not_take_results_for_images() {
    let stage = Stage::new();
    stage.png("photos/a.png", &six_bits);
    stage.run(&["photos"]).code(0);
    stage.run(&["photos", "--overwrite"]).code(0).says("skipped 1 file named *_unband");
    assert_eq!(stage.names(), ["photos/a.png", "photos/a_unband.png"]);
    // An output folder inside the input folder is not an input either.
    stage.run(&["photos", "-r", "-o", "photos/out"]).code(0);
    stage.run(&["photos", "-r", "-o", "photos/out", "--overwrite"]).code(0);
    assert_eq!(stage.names(), ["photos/a.png", "photos/a_unband.png", "photos/out/a.png"]);
}

#[test]
fn two_inputs_for_one_output_stop_everything_before_it_starts() {
    let stage = Stage::new();
    stage.png("one/sky.png", &six_bits);
    stage.png("two/sky.png", &six_bits);
    stage.png("other.png", &six_bits);
    let before = stage.names();
    stage
        .run(&["other.png", "one/sky.png", "two/sky.png", "-o", "out"])
        .code(2)
        .says("error: ")
        .says("one/sky.png")
        .says("two/sky.png")
        .says("hint: ");
    assert_eq!(stage.names(), before);
    // The same image in two formats, next to each other: both are processed.
    stage.write("sky.bmp", &bmp());
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.bmp", "sky.png"]).code(0).says("the result of sky.bmp becomes sky.bmp_unband");
    let made = stage.names();
    assert!(
        made.contains(&"sky_unband.png".into())
            && made.iter().any(|name| name.starts_with("sky.bmp_unband.")),
        "{made:?}"
    );
}

#[test]
fn an_output_that_is_another_input_stops_everything() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.png("b/a.png", &six_bits);
    let before = stage.names();
    stage.run(&["b/a.png", "a.png", "-o", ".", "--overwrite"]).code(2).says("error: ");
    assert_eq!(stage.names(), before);
}

#[test]
fn several_inputs_need_a_folder() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.png("b.png", &six_bits);
    stage.run(&["a.png", "b.png", "-o", "c.png"]).code(2).says("c.png").says("hint: ");
    assert_eq!(stage.names(), ["a.png", "b.png"]);
}

#[test]
fn one_input_goes_into_a_folder_that_is_there_or_is_named_with_a_slash() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.run(&["a.png", "-o", "new/"]).code(0);
    stage.png("b.png", &six_bits);
    stage.run(&["b.png", "-o", "new"]).code(0);
    assert_eq!(stage.names(), ["a.png", "b.png", "new/a.png", "new/b.png"]);
}

#[test]
fn a_dry_run_says_what_would_be_done_and_writes_nothing() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.png("grass.png", &texture);
    let before = stage.names();
    let ran = stage.run(&["sky.png", "grass.png", "--dry-run", "-o", "out"]).code(0);
    assert_eq!(stage.names(), before);
    let text = ran.out() + &ran.stderr;
    assert!(
        text.contains("unband-lite") && text.contains("out/sky.png") && text.contains("6 bits"),
        "{text}"
    );
    let ran = stage.run(&["sky.png", "--dry-run", "--json"]).code(0);
    let line = &ran.json()[0];
    assert_eq!(line["status"], "planned");
    assert_eq!(line["output"], "sky_unband.png");
    assert_eq!(line["method"], "unband-lite");
    assert_eq!(stage.names(), before);
}

#[test]
fn only_banded_writes_nothing_for_an_image_without_banding() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.png("grass.png", &texture);
    stage.run(&["sky.png", "grass.png", "--only-banded"]).code(0);
    assert_eq!(stage.names(), ["grass.png", "sky.png", "sky_unband.png"]);
}

#[test]
fn names_that_are_odd_are_names_all_the_same() {
    let stage = Stage::new();
    for name in ["a b.png", "ünï.png", "x[1].png", "-dash.png", "no.dots.here.png"] {
        stage.png(name, &six_bits);
    }
    stage.run(&["--", "a b.png", "ünï.png", "x[1].png", "-dash.png", "no.dots.here.png"]).code(0);
    for name in
        ["a b_unband.png", "ünï_unband.png", "x[1]_unband.png", "-dash_unband.png", "no.dots.here_unband.png"]
    {
        assert!(stage.path(name).exists(), "{name} is missing from {:?}", stage.names());
    }
}

/// A 16×16 BMP of 24 bits.
pub(crate) fn bmp() -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    bytes.extend((54u32 + 16 * 48).to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(54u32.to_le_bytes());
    bytes.extend(40u32.to_le_bytes());
    bytes.extend(16i32.to_le_bytes());
    bytes.extend(16i32.to_le_bytes());
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    for y in 0..16 {
        for x in 0..16 {
            bytes.extend((0..3).map(|c| six_bits(x * 8, y * 8, c)));
        }
    }
    bytes
}
