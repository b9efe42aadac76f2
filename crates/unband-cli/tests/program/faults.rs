//! Invalid inputs, outputs and options: a clear message, a hint, and no partial files.

use std::fs;
use std::process::Stdio;

use crate::stage::{Ran, Stage, png, six_bits, texture};

#[test]
fn what_cannot_be_read_is_named_with_a_hint() {
    let stage = Stage::new();
    stage.write("empty.png", b"");
    stage.write("text.png", b"words, not pixels");
    let whole = png(64, 64, &six_bits);
    stage.write("cut.png", &whole[..whole.len() - 40]);
    fs::create_dir(stage.path("void")).unwrap();
    let before = stage.names();
    for (name, message) in [
        ("empty.png", "the file is empty"),
        ("text.png", "unknown image format"),
        ("cut.png", "ends before the image does"),
        ("missing.png", "cannot read: "),
        ("void", "no images in this folder"),
        ("*.tiff", "no file matches"),
    ] {
        let ran = stage.run(&[name]).code(1).says(&format!("error: {name}: ")).says(message).says("\nhint: ");
        assert!(!ran.stderr.contains("os error"), "{}", ran.stderr);
        assert_eq!(stage.names(), before);
        stage.run(&["inspect", name]).code(1).says(&format!("error: {name}: ")).says(message);
    }
}

#[test]
fn animations_say_what_they_are() {
    let stage = Stage::new();
    let frame = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
    let mut gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    gif.extend_from_slice(frame);
    gif.extend_from_slice(frame);
    gif.push(b';');
    stage.write("move.gif", &gif);
    stage.run(&["score", "move.gif"]).code(1).says("several frames").says("magick move.gif");
    stage.run(&["move.gif", "-o", "out.jpg"]).code(1).says("JPEG holds one image").says("PNG, WebP, GIF");
}

#[test]
fn wrong_usage_starts_nothing_and_says_what_is_right() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    let cases: &[(&[&str], &str)] = &[
        (&[], "Usage"),
        (&["a.png", "--no-such-option"], "--no-such-option"),
        (&["a.png", "--method", "smoth"], "did you mean `smooth`?"),
        (&["a.png", "--method", "gradfun:radius=99"], "`radius` must be 4 to 32, got 99"),
        (&["a.png", "--method", "gradfun:colour=1"], "gradfun has no parameter `colour`"),
        (&["a.png", "--method", "gradfun", "--strength", "2"], "gradfun:key=value"),
        (&["a.png", "--strength", "9"], "strength must be 0 to 4"),
        (&["a.png", "--strength=-1"], "strength must be 0 to 4"),
        (&["a.png", "--strength", "nan"], "strength must be 0 to 4"),
        (&["a.png", "--depth", "9"], "8, 10, 12, 16, 32f or keep"),
        (&["a.png", "--dither", "snow"], "blue-noise"),
        (&["a.png", "--quality", "101"], "101"),
        (&["a.png", "--threads", "0"], "--threads"),
        (&["a.png", "--max-memory", "lots"], "800M"),
        (&["a.png", "--format", "docx"], "extensions that can be written"),
        (&["a.png", "--format", "bmp"], "read but not written"),
        (&["a.png", "--format", "jpg", "--depth", "16"], "JPEG holds at most 8 bits"),
        (&["a.png", "-o", "b.xyz"], "b.xyz: `.xyz` is not the extension of a known image format"),
        (&["a.png", "-o", "b"], "`b/` is a folder, `b.png` a file"),
        (&["a.png", "-o", "a.png"], "--overwrite"),
        (&["a.png", "--overwrite", "--skip-existing"], "--skip-existing"),
        (&["a.png", "-q", "-v"], "--verbose"),
        (&["inspect", "a.png", "a.png/../a.png", "--map"], "--map"),
    ];
    for (arguments, message) in cases {
        stage.run(arguments).code(2).says("error: ").says(message);
        assert_eq!(stage.names(), ["a.png"], "{arguments:?}");
    }
}

#[test]
fn the_example_of_the_architecture_page_reads_as_it_stands_there() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let ran = stage.run(&["deband", "sky.png", "-o", "sky.jpg", "--depth", "16"]).code(2);
    assert_eq!(
        ran.stderr,
        "error: sky.jpg: JPEG holds at most 8 bits per sample, got 16\n\
         hint: write sky.png or sky.tiff, or drop `--depth 16` to dither to 8 bits\n"
    );
}

#[test]
fn a_place_that_does_not_take_the_result_is_named() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.write("file", b"not a folder");
    stage.run(&["a.png", "-o", "no/such/folder/b.png"]).code(2).says("no/such/folder/b.png").says("hint: ");
    stage
        .run(&["inspect", "a.png", "--map", "map.xyz"])
        .code(2)
        .says("the file is a PNG: give it that extension");
    stage.run(&["a.png", "-o", "file/"]).code(1).says("error: ").says("hint: ");
    assert_eq!(stage.names(), ["a.png", "file"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let stage = Stage::new();
    stage.png("locked/a.png", &six_bits);
    stage.png("open/b.png", &six_bits);
    let mode =
        |name: &str, mode| fs::set_permissions(stage.path(name), fs::Permissions::from_mode(mode)).unwrap();
    mode("", 0o755);
    mode("open", 0o777);
    mode("locked", 0o555);
    let mut arguments = stage.command(&["locked/a.png", "open/b.png"]);
    // The superuser may write everywhere, so then the program runs as another user, from a readable place.
    if fs::write(stage.path("locked/probe"), b"").is_ok() {
        fs::remove_file(stage.path("locked/probe")).unwrap();
        // Another process copies it: a child of another test could inherit the open file, which then could
        // not be run.
        let copied = std::process::Command::new("cp")
            .args([env!("CARGO_BIN_EXE_unband").as_ref(), stage.path("program").as_os_str()])
            .status();
        assert!(copied.unwrap().success());
        arguments = std::process::Command::new(stage.path("program"));
        arguments.args(["locked/a.png", "open/b.png"]).current_dir(stage.path("")).uid(65_534);
    }
    let ran = Ran::from(arguments.output().unwrap()).code(1);
    ran.says("error: locked/a_unband.png: cannot write: ").says("hint: check the permissions");
    assert!(stage.path("open/b_unband.png").exists());
    assert!(
        !stage.names().iter().any(|name| name.contains("locked/a_") || name.contains(".tmp")),
        "{:?}",
        stage.names()
    );
    mode("locked", 0o755);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_with_a_hint() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    let ran = stage.run(&["a.png", "-o", "/dev/full", "--format", "png", "--overwrite"]).code(1);
    ran.says("error: /dev/full: cannot write: ").says("hint: free some disk space");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran: Ran =
        stage.command(&["a.png", "-o", "-"]).stdout(full).stderr(Stdio::piped()).output().unwrap().into();
    ran.code(1).says("error: standard output: ").says("hint: ");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran: Ran = stage.command(&["list"]).stdout(full).stderr(Stdio::piped()).output().unwrap().into();
    ran.code(1).says("error: standard output: ");
    assert_eq!(stage.names(), ["a.png"]);
}

/// A limit on the size of files simulates a disk that fills up in the middle of an image.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_leaves_no_half_file_and_the_rest_is_done() {
    let stage = Stage::new();
    stage.write("a.png", &png(320, 240, &six_bits));
    stage.write("tiny.png", &png(8, 8, &six_bits));
    let script =
        format!("trap '' XFSZ; ulimit -f 8; exec '{}' a.png tiny.png -j 1", env!("CARGO_BIN_EXE_unband"));
    let output =
        std::process::Command::new("sh").args(["-c", &script]).current_dir(stage.path("")).output().unwrap();
    Ran::from(output).code(1).says("error: a_unband.png: cannot write: ");
    assert_eq!(stage.names(), ["a.png", "tiny.png", "tiny_unband.png"]);
}

#[test]
fn insufficient_memory_is_reported_before_work_begins() {
    let stage = Stage::new();
    stage.write("a.png", &png(600, 500, &six_bits));
    let ran = stage.run(&["a.png", "--max-memory", "1M"]).code(1);
    ran.says("error: ").says("--max-memory");
    assert_eq!(stage.names(), ["a.png"]);
}

/// Runs a script in its own mount namespace; `None` where that is not allowed.
#[cfg(target_os = "linux")]
fn with_mounts(stage: &Stage, script: &str) -> Option<Ran> {
    let run = |script: &str| {
        let mut command = std::process::Command::new("unshare");
        command.args(["-m", "sh", "-ec", script]).current_dir(stage.path("")).output()
    };
    fs::create_dir_all(stage.path("disk")).unwrap();
    if !run("mount -t tmpfs -o size=64k none disk").is_ok_and(|ran| ran.status.success()) {
        unband_skips::machine("this user may not mount a file system");
        return None;
    }
    let script = format!("unband='{}'; {script}", env!("CARGO_BIN_EXE_unband"));
    Some(Ran::from(run(&script).unwrap()))
}

#[cfg(target_os = "linux")]
#[test]
fn a_small_disk_that_fills_up_holds_whole_files_only_and_a_second_run_completes_it() {
    let stage = Stage::new();
    for i in 0..12 {
        stage.write(&format!("in/{i:02}.png"), &png(120, 90, &move |x, y, c| texture(x + 50 * i, y, c)));
    }
    stage.run(&["in", "-o", "whole/"]).code(0);
    let size = stage.read("whole/00.png").len();
    let script = format!(
        "mount -t tmpfs -o size={} none disk
         set +e; $unband in -o disk -j 2 2>said; echo $? >code; set -e
         cp -r disk first; ls -A disk >listed
         mount -o remount,size=64m disk
         $unband in -o disk --skip-existing; cp -r disk second",
        4 * size
    );
    let Some(ran) = with_mounts(&stage, &script) else { return };
    ran.code(0);
    let text = |name: &str| String::from_utf8(stage.read(name)).unwrap();
    assert_eq!(text("code").trim(), "1", "{}", text("said"));
    let failed = text("said").matches("cannot write: ").count();
    assert!(text("said").contains("hint: free some disk space"), "{}", text("said"));
    let first: Vec<String> = text("listed").lines().map(str::to_owned).collect();
    assert!(!first.is_empty() && first.len() + failed == 12, "{first:?}\n{}", text("said"));
    for name in &first {
        assert!(stage.read(&format!("first/{name}")) == stage.read(&format!("whole/{name}")), "{name}");
    }
    for i in 0..12 {
        assert!(stage.read(&format!("second/{i:02}.png")) == stage.read(&format!("whole/{i:02}.png")), "{i}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_disk_is_named() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    let script = "mount -t tmpfs -o ro none disk; exec $unband a.png -o disk/";
    let Some(ran) = with_mounts(&stage, script) else { return };
    ran.code(1).says("error: disk/a.png: cannot write: ").says("hint: ");
    assert_eq!(stage.names(), ["a.png"]);
}

/// Not even the superuser may write there.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_of_the_kernel_is_named() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.run(&["a.png", "-o", "/proc/"]).code(1).says("error: /proc/a.png: cannot write: ").says("hint: ");
    stage.run(&["a.png", "-o", "a.png/b.png"]).code(1).says("error: a.png/b.png: ").says("hint: ");
    assert_eq!(stage.names(), ["a.png"]);
}
