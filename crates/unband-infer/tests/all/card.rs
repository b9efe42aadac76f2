//! Messages with `unband-gpu`, windows and failures, with a program that returns its first input.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use tempfile::TempDir;
use unband_image::{Accelerator, AcceleratorError, Context, With};
use unband_infer::card::{Card, CardError};
use unband_infer::{Engine, Map, Mode};
use unband_nets::layer::conv::ConvSpec;
use unband_nets::state::{Weights, fill};
use unband_nets::{Net, Shape};
use unband_simd::Level;

/// Answers every run with its first input. Its file `settings` has the samples of a channel that fit, the
/// runs until it ends, and its version.
const ECHO: &str = include_str!("../shared/unband-gpu.py");

/// The script, written once: a system refuses to start a program while a process has it open for writing.
static SCRIPT: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("echo");
    fs::write(&path, ECHO).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    folder
});

fn program(folder: &Path, most: usize, last: i32, version: u32) -> PathBuf {
    let path = folder.join("unband-gpu");
    fs::write(folder.join("settings"), format!("{most} {last} {version}")).unwrap();
    std::os::unix::fs::symlink(SCRIPT.path().join("echo"), &path).unwrap();
    path
}

type Reasons = Arc<Mutex<Vec<String>>>;

fn open(program: &Path) -> (Card, Reasons) {
    let reasons = Reasons::default();
    let own = Arc::clone(&reasons);
    let note = move |reason: &AcceleratorError| own.lock().unwrap().push(reason.to_string());
    (Card::open(program, "0", None, note).unwrap(), reasons)
}

/// Three channels to three.
fn engine() -> Engine {
    let mut net = Net::new("three");
    let x = net.input("image", 3);
    let x = net.conv("a", x, 8, ConvSpec::new(5));
    let out = net.conv("b", x, 3, ConvSpec::new(3));
    let graph = net.finish(&[("image", out)]).unwrap();
    let weights = Weights::bind(&graph, &fill::golden(&graph.stored())).unwrap();
    Engine::new(graph, weights, Level::best())
}

fn image(width: usize, height: usize) -> Map<f32> {
    let samples = fill::test_image(3, height, width).into_iter().map(|v| v as f32).collect();
    Map::new(Shape::new(3, height, width), samples).unwrap()
}

fn run(engine: &Engine, image: &Map<f32>, card: Option<&Card>) -> Map<f32> {
    let ctx = Context::with(|new| new.accelerator = card.map(|card| card as _));
    engine.run(std::slice::from_ref(image), Mode::default(), &ctx).unwrap().swap_remove(0)
}

#[test]
fn samples_go_to_the_program_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let (card, reasons) = open(&program(folder.path(), 1 << 20, -1, 2));
    assert_eq!(card.name(), "Echo");
    // More networks than it keeps, some again.
    let engines: Vec<Engine> = (0..10).map(|_| engine()).collect();
    for (i, engine) in engines.iter().chain(&engines[..3]).enumerate() {
        let image = image(40 + i, 30);
        assert!(run(engine, &image, Some(&card)) == image);
    }
    // Many at once.
    std::thread::scope(|scope| {
        for (i, engine) in engines.iter().enumerate() {
            let card = &card;
            scope.spawn(move || {
                for n in 0..20 {
                    let image = image(20 + i, 10 + n);
                    assert!(run(engine, &image, Some(card)) == image);
                }
            });
        }
    });
    assert!(reasons.lock().unwrap().is_empty());
}

#[test]
fn too_little_memory_halves_the_windows_and_starts_the_program_again() {
    let folder = tempfile::tempdir().unwrap();
    let (card, reasons) = open(&program(folder.path(), 200 * 200, -1, 2));
    let (engine, image) = (engine(), image(513, 402));
    for _ in 0..2 {
        assert!(run(&engine, &image, Some(&card)) == image);
    }
    assert!(reasons.lock().unwrap().is_empty());
    // The second image begins with windows that fit.
    let starts = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(starts, "serve --device 0\n".repeat(3));
}

#[test]
fn windows_that_never_fit_leave_the_image_to_the_cpu() {
    let folder = tempfile::tempdir().unwrap();
    let (card, reasons) = open(&program(folder.path(), 10, -1, 2));
    let (engine, image) = (engine(), image(300, 200));
    assert!(run(&engine, &image, Some(&card)) == run(&engine, &image, None));
    assert_eq!(*reasons.lock().unwrap(), ["out of memory"]);
}

#[test]
fn a_program_that_ends_leaves_all_work_to_the_cpu() {
    let folder = tempfile::tempdir().unwrap();
    let (card, reasons) = open(&program(folder.path(), 1 << 20, 2, 2));
    let (engine, image) = (engine(), image(90, 50));
    let cpu = run(&engine, &image, None);
    let got: Vec<bool> = (0..5).map(|_| run(&engine, &image, Some(&card)) == cpu).collect();
    assert_eq!(got, [false, false, true, true, true]);
    assert_eq!(*reasons.lock().unwrap(), ["the card fell off the bus"]);
}

#[test]
fn other_programs_and_versions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = |program: &Path| Card::open(program, "0", None, |_| {});
    assert!(matches!(open(&program(folder.path(), 1, 1, 99)), Err(CardError::Version { .. })));
    assert!(matches!(open(Path::new("/bin/cat")), Err(CardError::Device(_) | CardError::Version { .. })));
    assert!(matches!(open(&folder.path().join("missing")), Err(CardError::Missing { .. })));
}
