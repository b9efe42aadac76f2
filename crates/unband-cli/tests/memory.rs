//! Memory of the program: largest resident set of a child process.
//!
//! One test only, as the system reports the largest of all child processes that have ended: from small to
//! large. Larger images: `scripts/test-memory`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::Path;
use std::process::Command;

use nix::sys::resource::{UsageWho, getrusage};
use unband_image::{Depth, Image, Model, Plane};

const MIB: u64 = 1 << 20;

/// A sky above texture, in steps of 6 bits.
fn painted(folder: &Path, (width, height): (usize, usize), depth: Depth) -> String {
    let plane = |c: usize| {
        let mut plane = Plane::filled(width, height, 0.0);
        for (y, row) in plane.data.chunks_exact_mut(width).enumerate() {
            let v = y as f32 / height as f32;
            for (x, sample) in row.iter_mut().enumerate() {
                let u = x as f32 / width as f32;
                let texture = if v > 0.7 { 0.03 * (900.0 * u).sin() * (700.0 * v).sin() } else { 0.0 };
                let value = 0.5 + 0.3 * (5.0 * u + 2.0 * v + c as f32).sin() + texture;
                let level = (value.clamp(0.0, 1.0) * 63.0).round() / 63.0;
                *sample = depth.value(depth.code(level));
            }
        }
        plane
    };
    let image = Image::new(vec![plane(0), plane(1), plane(2)], Model::Rgb, depth);
    let name = format!("{width}x{height}.png");
    let format = unband_io::by_name("PNG").unwrap();
    let options = unband_io::WriteOptions::default();
    unband_io::write_file(&image, &folder.join(&name), format, &options, false).unwrap();
    name
}

/// Runs the program on two threads; returns its messages if it failed.
fn run(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unband"));
    command.args(arguments).args(["-o", "out.png", "--overwrite", "-j", "2"]).current_dir(folder);
    let output = command.output().unwrap();
    output.status.success().then_some(()).ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Bytes of the largest process that has ended so far.
fn peak() -> u64 {
    let kib = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() as u64;
    // macOS reports bytes.
    if cfg!(target_os = "macos") { kib } else { kib << 10 }
}

#[test]
fn the_program_keeps_to_the_memory_that_is_promised_and_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let full_hd = painted(folder, (1920, 1080), Depth::EIGHT);
    let upright = painted(folder, (1080, 1920), Depth::EIGHT);

    // The least memory that the message names is enough, and is not exceeded.
    for file in [&upright, &full_hd] {
        let reported = run(folder, &[file, "--max-memory", "20M"]).unwrap_err();
        let needed = reported.split(" MiB of memory are needed").next().unwrap();
        let needed: u64 = needed.rsplit(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("{reported}"));
        assert!(peak() <= needed * MIB, "{} MiB to refuse {file}", peak() / MIB);
        run(folder, &[file, "--max-memory", &format!("{needed}M")]).unwrap();
        assert!(peak() <= needed * MIB * 105 / 100, "{file}: {} MiB of {needed}", peak() / MIB);
    }
    let scarce = std::fs::read(folder.join("out.png")).unwrap();

    run(folder, &[&full_hd]).unwrap();
    assert!(std::fs::read(folder.join("out.png")).unwrap() == scarce, "memory changes the result");
    assert!(peak() < 200_000_000, "full HD: {} bytes", peak());
    run(folder, &[&full_hd, "--max-memory", "320M"]).unwrap();
    assert!(peak() < 200_000_000, "full HD within 320 MiB: {} bytes", peak());

    // Three samples of four bytes a pixel, at most doubled. Images higher than wide are rotated first.
    let twelve = painted(folder, (3000, 4000), Depth::EIGHT);
    run(folder, &[&twelve]).unwrap();
    assert!(peak() < 2 * 12 * 12_000_000 + 150_000_000, "12 Mpx: {} bytes", peak());
}

/// Needs minutes and gigabytes: `scripts/test-memory` runs it, in its own process.
#[test]
#[ignore = "takes gigabytes and minutes; scripts/test-memory runs it"]
fn large_images_keep_to_the_memory_that_is_promised() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (size, depth, most) in
        [((5000, 8000), Depth::EIGHT, 1_200_000_000), ((8334, 12_000), Depth::SIXTEEN, 2_500_000_000)]
    {
        let file = painted(folder, size, depth);
        run(folder, &[&file]).unwrap();
        eprintln!("{file}: {} MB", peak() / 1_000_000);
        assert!(peak() < most, "{file}: {} bytes", peak());
    }
}
