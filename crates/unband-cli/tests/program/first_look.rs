//! First contact: nothing is written without need, and nothing is misunderstood in silence.

use std::fs;

use crate::stage::{Stage, ffmpeg, have_ffmpeg, png, root, six_bits, texture};

fn stage() -> Stage {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.png("grass.png", &texture);
    stage
}

#[test]
fn a_dry_run_answers_whatever_exists() {
    let stage = stage();
    stage.run(&["sky.png"]).code(0);
    stage.run(&["grass.png"]).code(0);
    let before = stage.names();
    for (name, word) in [("sky.png", "unband-lite"), ("grass.png", "nothing to repair")] {
        let ran = stage.run(&[name, "--dry-run", "-v"]).code(0).says("exists; without `--overwrite`");
        assert!(ran.out().contains(word), "{}", ran.out());
        let allowed = stage.run(&[name, "--dry-run", "--overwrite"]).code(0);
        assert!(!allowed.stderr.contains("exists"), "{}", allowed.stderr);
        let record = &stage.run(&[name, "--dry-run", "--json"]).code(0).json()[0];
        assert_eq!((record["status"].as_str(), record["exists"].is_string()), (Some("planned"), true));
    }
    let one = stage.run(&["sky.png", "-o", "grass.png", "-n"]).code(0);
    assert!(one.stderr.contains("grass.png exists"), "{}", one.stderr);
    let upscaled = stage.run(&["upscale", "sky.png", "-o", "grass.png", "-n"]).code(0);
    assert!(upscaled.stderr.contains("exists"), "{}", upscaled.stderr);
    // Without a dry run, it is still refused.
    stage.run(&["sky.png"]).code(1).says("exists already");
    assert_eq!(stage.names(), before);
}

#[test]
fn a_dry_run_of_a_video_answers_whatever_exists_and_makes_no_folder() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    crate::stage::golden(&stage, "sky_pan_h264.mkv");
    stage.write("sky_pan_h264_unband.mkv", b"mine");
    let before = stage.names();
    let ran = stage.run(&["sky_pan_h264.mkv", "--dry-run"]).code(0).says("exists; without `--overwrite`");
    assert!(ran.out().contains("x265"), "{}", ran.out());
    let record = &stage.run(&["sky_pan_h264.mkv", "--dry-run", "--json"]).code(0).json()[0];
    assert_eq!(record["exists"].as_str(), Some("sky_pan_h264_unband.mkv"));
    stage.run(&["sky_pan_h264.mkv"]).code(1).says("sky_pan_h264_unband.mkv");
    stage.run(&["sky_pan_h264.mkv", "-o", "new/", "--dry-run"]).code(0);
    stage.run(&["sky_pan_h264.mkv", "-o", "new/", "--dry-run", "--preview", "2"]).code(0);
    assert_eq!(stage.names(), before);
    assert!(!stage.path("new").exists());
}

#[test]
fn next_to_the_originals_only_repaired_images_are_written() {
    let stage = Stage::new();
    for name in ["photos/a.png", "photos/b.png"] {
        stage.png(name, &six_bits);
    }
    stage.png("photos/grass.png", &texture);
    let repaired = ["photos/a_unband.png", "photos/b_unband.png"];
    let new = |stage: &Stage| -> Vec<String> {
        stage.names().into_iter().filter(|name| name.contains("unband") || name.starts_with("out")).collect()
    };
    for inputs in [&["photos"][..], &["photos/*.png"]] {
        stage.run(inputs).code(0).says("2 repaired, 1 unchanged").says("nothing written");
        assert_eq!(new(&stage), repaired, "{inputs:?}");
        for name in repaired {
            fs::remove_file(stage.path(name)).unwrap();
        }
    }
    // Another format or depth was asked for all of them; a folder of results is complete.
    stage.run(&["photos", "--format", "tiff"]).code(0);
    assert_eq!(new(&stage).len(), 3);
    stage.run(&["photos", "-o", "out"]).code(0);
    assert_eq!(new(&stage).iter().filter(|name| name.starts_with("out/")).count(), 3);
    // A single file has a result.
    stage.run(&["photos/grass.png"]).code(0).says("(copy)");
    assert!(stage.path("photos/grass_unband.png").exists());
}

#[test]
fn an_unknown_first_word_stops_everything() {
    let stage = stage();
    let before = stage.names();
    for (word, hint) in [("diff", "unband compare"), ("scroe", "unband score"), ("foo", "--help")] {
        let ran = stage.run(&[word, "sky.png", "grass.png"]).code(2);
        assert!(
            ran.stderr.contains("neither a command nor a file") && ran.stderr.contains(hint),
            "{}",
            ran.stderr
        );
    }
    for (typed, hint) in [
        (&["-y", "sky.png"][..], "--overwrite"),
        (&["-i", "sky.png", "out.png"], "unband FILE"),
        (&["sky.png", "--crf", "20"], "--ffmpeg-args"),
        (&["sky.png", "-crf", "20"], "--ffmpeg-args"),
        (&["sky.png", "--preset", "slow"], "--ffmpeg-args"),
        (&["sky.png", "--in-place"], "--overwrite"),
        (&["sky.png", "--strip"], "exiftool"),
        (&["-q", "90", "sky.png"], "--quality 90"),
        (&["upscale", "-q", "90", "sky.png"], "--quality 90"),
        (&["sky.png", "--format", "png", "-o", "y.jpg"], "y.png"),
        (&["upscale", "sky.png", "--format", "png", "-o", "y.jpg"], "y.png"),
        (&["file:///etc/hostname"], "write /etc/hostname"),
        (&["sky.png", "-j", "0"], "a whole number from 1"),
        (&["sky.png", "--max-memory", "1K"], "800M"),
        (&["score", "sky.png", "--save-map", "y.jpg"], "PNG"),
    ] {
        let ran = stage.run(typed).code(2);
        assert!(ran.stderr.contains(hint) && !ran.stderr.contains("as a value"), "{typed:?}: {}", ran.stderr);
    }
    assert_eq!(stage.names(), before);
}

#[test]
fn the_line_of_a_result_needs_no_glossary() {
    let stage = stage();
    stage.run(&["sky.png"]).code(0).says("8-bit PNG  bands from 6 bits per channel  unband-lite  ");
    stage.run(&["grass.png"]).code(0).says("8-bit PNG  no banding  nothing to repair  ");
    stage.write("dusk.jpg", &fs::read(root().join("examples/dusk.jpg")).unwrap());
    stage.run(&["dusk.jpg"]).code(0).says("  bands from JPEG  ");
    let help = stage.run(&["--help"]).code(0).out();
    let line = |text: &str| help.lines().position(|line| line.contains(text)).unwrap();
    assert!(line("Used most") < 12 && line("Examples:") < 25, "{help}");
    assert!(line("Examples:") < line("Options:"), "{help}");
}

#[test]
fn a_suffix_names_results_and_they_are_not_inputs() {
    let stage = Stage::new();
    stage.png("photos/a.png", &six_bits);
    stage.run(&["photos/a.png", "--suffix", "_smooth"]).code(0);
    assert_eq!(stage.names(), ["photos/a.png", "photos/a_smooth.png"]);
    stage
        .run(&["photos", "--suffix", "_smooth", "--overwrite"])
        .code(0)
        .says("skipped 1 file named *_smooth");
    stage.run(&["photos/a.png", "-o", "out/", "--suffix", "_x"]).code(0);
    assert!(stage.path("out/a_x.png").exists(), "{:?}", stage.names());
    stage.run(&["photos/a.png", "-o", "b.png", "--suffix", "_x"]).code(2).says("--suffix");
}

#[cfg(target_os = "linux")]
#[test]
fn names_too_long_for_the_system_are_refused_before_the_work() {
    let stage = Stage::new();
    let name = format!("{}.png", "n".repeat(246));
    stage.png(&name, &six_bits);
    stage.run(&[&name]).code(1).says("at most 255").says("-o");
    stage.run(&[&name, "-o", "short.png"]).code(0);
    assert_eq!(stage.names().len(), 2);
}

#[test]
fn the_difference_of_two_images_is_drawn() {
    let stage = stage();
    stage.png("clean.png", &|x, y, c| six_bits(x, y, c).saturating_add(u8::from(x > 80)));
    stage
        .run(&["compare", "sky.png", "clean.png", "--save-difference", "difference.png"])
        .code(0)
        .says("64 times")
        .says("largest 1.00");
    let drawn = stage.samples("difference.png");
    assert_eq!((drawn.width, drawn.height), (160, 120));
    let refused = |args: &[&str]| stage.run(args).code(2);
    refused(&["compare", "sky.png", "clean.png", "--save-difference", "d.jpg"]).says("PNG");
    refused(&["compare", "sky.png", "clean.png", "--method", "smooth,gradfun", "--save-difference", "d.png"])
        .says("draws one image");
    stage.run(&["compare", "sky.png", "clean.png", "--report", "page.html"]).code(0);
    let page = String::from_utf8(stage.read("page.html")).unwrap();
    assert!(page.contains("class=\"difference\"") && page.contains("mix-blend-mode: difference"));
}

#[test]
fn files_that_are_not_read_say_how_to_convert_them() {
    let stage = Stage::new();
    for (name, bytes, hint) in [
        ("wall.dds", &b"DDS |\0\0\0"[..], "ffmpeg -i wall.dds"),
        ("doc.psd", b"8BPS\0\x01", "ffmpeg -i doc.psd"),
        ("wall.tga", &[0; 64], "ffmpeg -i wall.tga"),
        (
            "scan.jls",
            b"\xFF\xD8\xFF\xF7\0\x0B\x08\0\x10\0\x10\x01\x01\x11\0\xFF\xDA\0\x08",
            "ffmpeg -i scan.jls",
        ),
        ("raw.cr3", b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "develop it"),
        ("a.jp2", b"\0\0\0\x0CjP  \r\n\x87\n\0\0\0\x14ftypjp2 ", "ffmpeg -i a.jp2"),
        ("page.png", b"<!DOCTYPE html><p>not found", "download the image itself"),
    ] {
        stage.write(name, bytes);
        for command in [&[name][..], &["upscale", name], &["inspect", name]] {
            let ran = stage.run(command).code(1);
            assert!(ran.stderr.contains(hint), "{command:?}: {}", ran.stderr);
            assert!(!ran.stderr.contains("0x"), "{}", ran.stderr);
        }
    }
    let frame = png(32, 32, &six_bits);
    if have_ffmpeg() {
        stage.write("f1.png", &frame);
        stage.write("f2.png", &png(32, 32, &texture));
        ffmpeg(&stage, &["-framerate", "2", "-i", "f%d.png", "anim.gif"]);
        ffmpeg(&stage, &["-framerate", "2", "-i", "f%d.png", "-f", "apng", "anim.png"]);
        for name in ["anim.gif", "anim.png"] {
            let hint = format!("`unband {name}` and `unband upscale {name}` take animations");
            stage.run(&["inspect", name]).code(1).says("several frames").says(&hint);
            stage.run(&[name, "-o", "anim.mkv", "--lossless", "--overwrite"]).code(0);
        }
    }
}

#[test]
fn imported_models_can_be_removed() {
    let stage = Stage::new();
    let file = crate::pytorch::checkpoint("ggdbn.pth");
    for name in ["one", "two"] {
        stage.run(&["models", "import", &file, "--as", name]).code(0);
    }
    stage
        .run(&["models", "remove", "one", "three"])
        .code(2)
        .says("no imported model `three`")
        .says("one, two");
    stage.run(&["models", "remove", "one"]).code(0).says("one.safetensors removed");
    assert!(!String::from_utf8(stage.read("models/defaults.json")).unwrap().contains("one"));
    // The other is now the only one, so the default.
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.png", "--method", "ggdbn", "-n"]).code(0);
}
