//! Limits for inputs that are not images, endless, or of unknown size.

use std::fs::{self, File};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::stage::{Stage, png, root, six_bits};

/// Runs the program with 3 GB of address space: unlimited reads end in "out of memory".
#[cfg(target_os = "linux")]
fn bounded(stage: &Stage, script: &str) -> crate::stage::Ran {
    let script = format!("ulimit -v 3000000; unband='{}'; {script}", env!("CARGO_BIN_EXE_unband"));
    let mut command = std::process::Command::new("bash");
    command.args(["-c", &script]).current_dir(stage.path("")).stdin(Stdio::null());
    command.output().unwrap().into()
}

#[test]
#[cfg(target_os = "linux")]
fn endless_and_sparse_files_are_refused_by_their_beginning() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    File::create(stage.path("sparse.png")).unwrap().set_len(40 << 30).unwrap();
    let no_image = "unknown image format";
    for file in ["/dev/zero", "sparse.png"] {
        for command in ["", "inspect", "score"] {
            bounded(&stage, &format!("$unband {command} {file} -j 2")).code(1).says(no_image);
        }
        bounded(&stage, &format!("$unband upscale {file} -o x.png -j 2")).code(1).says(no_image);
    }
    for command in ["- -o x.png", "inspect -", "score -"] {
        bounded(&stage, &format!("head -c 20G /dev/zero | $unband {command}")).code(1).says(no_image);
    }
    // An endless file that begins like an image is read up to a limit that depends on the declared size.
    let endless = "(cat sky.png; cat /dev/zero) | $unband - -o x.png";
    bounded(&stage, endless).code(1).says("the file has");
    bounded(&stage, "$unband degrade sky.png --recipe /dev/zero -o d").code(2).says("more than 16 MiB");
    assert!(!stage.names().iter().any(|name| name == "x.png"));
}

#[cfg(unix)]
fn fifo(stage: &Stage, name: &str) {
    let made = std::process::Command::new("mkfifo").arg(stage.path(name)).status().unwrap();
    assert!(made.success());
}

#[test]
#[cfg(target_os = "linux")]
fn pipes_in_folders_are_left_out_and_named_ones_hold_nothing_up() {
    let stage = Stage::new();
    fs::create_dir(stage.path("in")).unwrap();
    stage.write("in/sky.png", &png(40, 30, &six_bits));
    fifo(&stage, "in/a.png");
    std::os::unix::fs::symlink("/dev/zero", stage.path("in/zero.png")).unwrap();
    stage.run(&["in", "-o", "out"]).code(0);
    assert!(stage.names().contains(&"out/sky.png".to_owned()));
    for command in ["inspect", "score"] {
        stage.run(&[command, "in"]).code(0);
    }

    // An image through a pipe is valid.
    fifo(&stage, "pipe.png");
    let script = "cat in/sky.png > pipe.png & $unband pipe.png -o piped.png";
    bounded(&stage, script).code(0);
    assert_eq!(stage.read("piped.png"), stage.read("out/sky.png"));
    fifo(&stage, "film.mkv");
    stage.run(&["film.mkv"]).code(1).says("this is a pipe; videos can only be read from files");

    // No writer: the first signal ends it.
    let mut child = stage.command(&["pipe.png", "-o", "x.png"]).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(child.try_wait().unwrap().is_none());
    let kill = ["-TERM", &child.id().to_string()];
    std::process::Command::new("kill").args(kill).status().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(8), "still there");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let shipped = fs::read(root().join("weights/unband-lite.safetensors")).unwrap();
    let header = 8 + u64::from_le_bytes(shipped[..8].try_into().unwrap()) as usize;
    let names: serde_json::Value = serde_json::from_slice(&shipped[8..header]).unwrap();
    let start = header + names["tail.weight"]["data_offsets"][0].as_u64().unwrap() as usize;
    // 16-bit floats: NaN and infinity. Values too large are tested where networks run.
    for number in [0x7e00_u16, 0x7c00] {
        let mut file = shipped.clone();
        file[start + 2..start + 4].copy_from_slice(&number.to_le_bytes());
        stage.write("w.safetensors", &file);
        let ran = stage.run(&["sky.png", "-m", "unband-lite", "--weights", "w.safetensors", "-o", "o.png"]);
        assert!(ran.code == 1 || ran.code == 2, "{number:x}: {}", ran.stderr);
        ran.says("damaged weights").says("tail.weight").says("hint: ");
        assert!(!stage.names().contains(&"o.png".to_owned()), "{number:x}");
    }
}

#[test]
fn any_number_of_threads_is_taken_for_what_the_machine_has() {
    let stage = Stage::new();
    stage.write("sky.png", &png(40, 30, &six_bits));
    stage.run(&["sky.png", "-o", "one.png", "-j", "1"]).code(0);
    stage.run(&["sky.png", "-o", "many.png", "-j", "1000000"]).code(0);
    assert_eq!(stage.read("one.png"), stage.read("many.png"));
    let found = |threads: &str| stage.run(&["inspect", "sky.png", "--json", "-j", threads]).code(0).out();
    assert_eq!(found("1"), found("1000000"));
    stage.run(&["inspect", "sky.png", "-j", "0"]).code(2);
}

#[test]
fn a_jpeg_that_is_to_stay_as_it_is_stays() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.png", "-o", "sky.jpg", "--quality", "30", "--everywhere", "--method", "smooth"]).code(0);
    stage.run(&["sky.jpg", "--strength", "0", "--everywhere"]).code(0).says("unchanged, strength 0");
    assert_eq!(stage.read("sky.jpg"), stage.read("sky_unband.jpg"));
    // Another format gets the decoder's output.
    stage.run(&["sky.jpg", "--strength", "0", "-o", "zero.png"]).code(0);
    let image = unband_io::read(&stage.read("sky.jpg"), &unband_io::Limits::default()).unwrap();
    let plain = image.into_rgb(&unband::Context::default()).unwrap();
    let zero = stage.samples("zero.png");
    for (i, code) in zero.data.iter().enumerate() {
        assert_eq!(u32::from(*code), unband_image::Depth::EIGHT.code(plain.planes[i % 3].data[i / 3]));
    }
}
