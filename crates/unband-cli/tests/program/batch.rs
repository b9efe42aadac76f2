//! Batches of many images.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::naming::bmp;
use crate::stage::{Stage, png, root, six_bits, texture};

#[test]
fn broken_images_are_named_and_the_rest_is_done() {
    let stage = Stage::new();
    let whole = png(64, 48, &six_bits);
    for i in 0..45 {
        match i % 5 {
            0 => stage.write(&format!("in/{i:02}.png"), &whole),
            1 => stage.write(&format!("in/{i:02}.png"), &png(40 + i, 33, &texture)),
            2 => stage.write(&format!("in/{i:02}.bmp"), &bmp()),
            3 => {
                stage.write(&format!("in/{i:02}.pgm"), &[b"P5 8 8 255\n".as_slice(), &[i as u8; 64]].concat())
            }
            _ => stage.write(&format!("in/{i:02}.jpg"), &fs::read(root().join("examples/dusk.jpg")).unwrap()),
        };
    }
    let broken: [(&str, &[u8]); 5] = [
        ("cut.png", &whole[..whole.len() / 2]),
        ("empty.png", b""),
        ("text.png", b"this is not an image"),
        ("head.jpg", &[0xff, 0xd8, 0xff, 0xe0, 0, 16]),
        ("huge.png", &huge()),
    ];
    for (name, bytes) in broken {
        stage.write(&format!("in/{name}"), bytes);
    }
    let ran = stage.run(&["in", "-o", "out", "--threads", "3", "--json"]).code(1);
    let made: Vec<String> = stage.names().into_iter().filter(|name| name.starts_with("out/")).collect();
    assert_eq!(made.len(), 45, "{made:?}\n{}", ran.stderr);
    assert_eq!(ran.stderr.matches("error: ").count(), 5, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("hint: ").count(), 5, "{}", ran.stderr);
    for (name, _) in broken {
        assert!(ran.stderr.contains(&format!("error: in/{name}: ")), "{name} in {}", ran.stderr);
        assert!(!made.iter().any(|made| made.contains(name.split('.').next().unwrap())));
    }
    // One line each, in the order of the inputs.
    let lines = ran.json();
    let inputs: Vec<&str> = lines.iter().map(|line| line["input"].as_str().unwrap()).collect();
    let mut sorted = inputs.clone();
    sorted.sort_unstable();
    assert_eq!(inputs.len(), 50);
    assert_eq!(inputs, sorted);
    for line in &lines {
        let failed = line["status"] == "failed";
        assert_eq!(failed, line.get("error").is_some(), "{line}");
        assert_eq!(!failed, line.get("output").is_some(), "{line}");
    }
}

/// A PNG of 100 bytes whose header declares 60,000 × 60,000 pixels.
fn huge() -> Vec<u8> {
    let mut bytes = png(4, 4, &six_bits);
    bytes[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    let mut crc = !0u32;
    for &byte in &bytes[12..29] {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    bytes[29..33].copy_from_slice(&(!crc).to_be_bytes());
    bytes
}

#[test]
fn threads_and_memory_change_no_byte_of_a_batch() {
    let stage = Stage::new();
    for i in 0..6 {
        stage
            .write(&format!("in/{i}.png"), &png(90 + 10 * i, 70, &move |x, y, c| six_bits(x + i * 20, y, c)));
    }
    stage.run(&["in", "-o", "one", "-j", "1"]).code(0);
    stage.run(&["in", "-o", "four", "-j", "4"]).code(0);
    stage.run(&["in", "-o", "scarce", "-j", "4", "--max-memory", "100M"]).code(0);
    for i in 0..6 {
        let bytes = |folder: &str| stage.read(&format!("{folder}/{i}.png"));
        assert_eq!(bytes("one"), bytes("four"));
        assert_eq!(bytes("one"), bytes("scarce"));
    }
}

#[test]
fn only_as_many_lines_as_images_and_none_when_quiet() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.png("b.png", &texture);
    let ran = stage.run(&["a.png", "b.png"]).code(0);
    assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
    assert!(
        ran.stderr.starts_with("a.png 160×120 8-bit PNG  bands from 6 bits per channel  unband-lite  "),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains(" s → a_unband.png, "), "{}", ran.stderr);
    assert!(!ran.stderr.contains('\u{1b}'), "colour outside a terminal");
    let ran = stage.run(&["a.png", "b.png", "--overwrite", "-q"]).code(0);
    assert_eq!((ran.stderr.as_str(), ran.stdout.len()), ("", 0));
    let ran = stage.run(&["a.png", "--overwrite", "-v"]).code(0);
    assert!(
        ran.stderr.lines().count() > 1 && ran.stderr.contains("kept within their intervals"),
        "{}",
        ran.stderr
    );
}

#[test]
fn times_are_kept_when_asked() {
    let stage = Stage::new();
    let path = stage.png("sky.png", &six_bits);
    stage.png("grass.png", &texture);
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_234_567_890);
    for name in ["sky.png", "grass.png"] {
        fs::File::options().write(true).open(stage.path(name)).unwrap().set_modified(then).unwrap();
    }
    stage.run(&["sky.png", "grass.png", "--preserve-times"]).code(0);
    let time = |name: &str| fs::metadata(stage.path(name)).unwrap().modified().unwrap();
    assert_eq!(time("sky_unband.png"), then);
    assert_eq!(time("grass_unband.png"), then);
    stage.run(&["sky.png", "-o", "new.png"]).code(0);
    assert_ne!(time("new.png"), then);
    assert_eq!(fs::metadata(path).unwrap().modified().unwrap(), then);
}

#[test]
fn folders_made_for_nothing_are_taken_away_again() {
    let stage = Stage::new();
    stage.write("in/deep/er/broken.png", b"no");
    stage.png("in/fine.png", &six_bits);
    stage.run(&["in", "-r", "-o", "out"]).code(1);
    assert!(stage.path("out/fine.png").exists());
    assert!(!stage.path("out/deep").exists());
}
