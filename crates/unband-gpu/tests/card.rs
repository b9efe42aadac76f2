//! Networks on a graphics card, compared with the CPU. Any Vulkan will do, including Mesa's in software;
//! without one, the tests are skipped.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use unband_image::{Accelerator, AcceleratorError, Context, With};
use unband_infer::card::{Card, CardError, devices};
use unband_infer::{Engine, Map, Mode};
use unband_nets::arch::{self, ARCHITECTURES, Purpose};
use unband_nets::layer::conv::ConvSpec;
use unband_nets::state::{Weights, fill};
use unband_nets::{Graph, Net, Shape};
use unband_simd::Level;

/// Largest difference between card and CPU, over the largest number of an output.
const TOLERANCE: f32 = 1e-3;

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_unband-gpu"))
}

/// The first card, else software Vulkan.
fn device() -> Option<&'static str> {
    let found = devices(program()).unwrap();
    eprintln!("{found:?}");
    let kind = found.first().map(|device| device.kind.clone());
    match kind.as_deref() {
        None => {
            unband_skips::machine("no graphics card");
            None
        }
        Some("software") => Some("software"),
        Some(_) => Some("0"),
    }
}

/// A card, and the reasons for which the CPU took over.
fn open(program: &Path, memory: Option<u64>) -> Option<(Card, Arc<Mutex<Vec<String>>>)> {
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let own = Arc::clone(&reasons);
    let note = move |reason: &AcceleratorError| own.lock().unwrap().push(reason.to_string());
    Some((Card::open(program, device()?, memory, note).unwrap(), reasons))
}

fn engine(graph: Graph) -> Engine {
    let weights = Weights::bind(&graph, &fill::of(&graph)).unwrap();
    Engine::new(graph, weights, Level::best())
}

fn inputs(graph: &Graph, (width, height): (usize, usize)) -> Vec<Map<f32>> {
    let input = |input: &unband_nets::Input| {
        let (w, h) = if input.point { (1, 1) } else { (width, height) };
        let shape = Shape::new(input.channels, h, w);
        let samples = fill::test_image(input.channels, h, w).into_iter().map(|v| v as f32).collect();
        Map::new(shape, samples).unwrap()
    };
    graph.inputs.iter().map(input).collect()
}

fn run(engine: &Engine, inputs: &[Map<f32>], card: Option<&dyn Accelerator>) -> Vec<Map<f32>> {
    let ctx = Context::with(|new| new.accelerator = card);
    engine.run(inputs, Mode::default(), &ctx).unwrap()
}

/// Largest difference over the largest number.
fn apart(got: &[Map<f32>], want: &[Map<f32>]) -> f32 {
    assert_eq!(got.len(), want.len());
    let one = |(got, want): (&Map<f32>, &Map<f32>)| {
        assert_eq!(got.shape, want.shape);
        let largest = want.data.iter().fold(1e-3f32, |most, v| most.max(v.abs()));
        // A NaN must not get lost in `max`.
        let apart = got.data.iter().zip(&want.data).map(|(a, b)| (a - b).abs() / largest);
        apart.fold(0.0, |most, v| if v <= most { most } else { v })
    };
    got.iter().zip(want).map(one).fold(0.0, |most, v| if v <= most { most } else { v })
}

/// A program that runs before `unband-gpu` of the same arguments.
#[cfg(unix)]
fn wrapped(folder: &Path, before: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join("unband-gpu");
    fs::write(&path, format!("#!/bin/sh\n{before}\nexec '{}' \"$@\"\n", program().display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn every_network_gives_the_result_of_the_cpu() {
    let Some((card, reasons)) = open(program(), None) else { return };
    let mut failed = Vec::new();
    for architecture in ARCHITECTURES {
        let graph = architecture.build().unwrap();
        let side = match architecture.use_as.purpose {
            Purpose::Classify => unband_nets::arch::dbi::PATCH,
            Purpose::Discriminate => 128,
            _ => 32usize.next_multiple_of(graph.size_multiple().unwrap_or(1).max(graph.coarsest_step())),
        };
        let inputs = inputs(&graph, (side, side));
        let engine = engine(graph);
        let start = std::time::Instant::now();
        let got = run(&engine, &inputs, Some(&card));
        let time = start.elapsed();
        let apart = apart(&got, &run(&engine, &inputs, None));
        eprintln!("{:14} {side:3}² {apart:.1e} apart, {time:.1?}", architecture.name);
        // Also a NaN.
        if apart.is_nan() || apart > TOLERANCE {
            failed.push(architecture.name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
    assert!(reasons.lock().unwrap().is_empty(), "{reasons:?}");
}

/// Upscaling networks, one with coarse results, and a network that returns its input's size.
fn windowed() -> [Graph; 3] {
    let mut net = Net::new("twice");
    let x = net.input("image", 3);
    let x = net.conv("a", x, 16, ConvSpec::new(5));
    let x = net.conv("b", x, 12, ConvSpec::new(3));
    let out = net.pixel_shuffle(x, 2);
    let twice = net.finish(&[("image", out)]).unwrap();
    let [lite, adnet] = ["unband-sr-lite", "adnet"].map(|name| arch::find(name).unwrap().build().unwrap());
    [twice, lite, adnet]
}

#[test]
fn windows_give_the_result_of_the_whole_image() {
    for graph in windowed() {
        let engine = engine(graph);
        let inputs = inputs(engine.graph(), (176, 144));
        let Some((card, reasons)) = open(program(), None) else { return };
        let whole = run(&engine, &inputs, Some(&card));
        // Fits two fifths of the image, at most.
        let widest = engine.graph().shapes(144, 176).unwrap().iter().map(|shape| shape.len()).max().unwrap();
        let (card, tight) = open(program(), Some(3 * 4 * widest as u64)).unwrap();
        let windows = run(&engine, &inputs, Some(&card));
        let apart = apart(&windows, &whole);
        eprintln!("{}: {apart:.1e} apart", engine.graph().name);
        assert!(apart <= 1e-5, "{apart}");
        assert!(reasons.lock().unwrap().is_empty() && tight.lock().unwrap().is_empty());
    }
}

/// The system refuses memory, as a card does that other programs use too.
#[test]
#[cfg(unix)]
fn too_little_memory_halves_the_windows() {
    let folder = tempfile::tempdir().unwrap();
    let wrapped = wrapped(folder.path(), "ulimit -v 3500000");
    let Some((card, reasons)) = open(&wrapped, Some(u64::MAX / 2)) else { return };
    let mut net = Net::new("wide");
    let x = net.input("image", 3);
    let x = net.conv("a", x, 128, ConvSpec::new(1));
    let x = net.conv("b", x, 128, ConvSpec::new(1));
    let out = net.conv("c", x, 3, ConvSpec::new(1));
    let engine = engine(net.finish(&[("image", out)]).unwrap());
    let inputs = inputs(engine.graph(), (2048, 1536));
    let got = run(&engine, &inputs, Some(&card));
    assert!(reasons.lock().unwrap().is_empty(), "{reasons:?}");
    assert!(apart(&got, &run(&engine, &inputs, None)) <= TOLERANCE);
}

#[test]
#[cfg(unix)]
fn a_lost_device_leaves_the_work_to_the_cpu() {
    // Marks the process.
    let memory = 12_345_678_901;
    let Some((card, reasons)) = open(program(), Some(memory)) else { return };
    let engine = engine(arch::find("adnet").unwrap().build().unwrap());
    let inputs = inputs(engine.graph(), (64, 48));
    let cpu = run(&engine, &inputs, None);
    assert!(run(&engine, &inputs, Some(&card)) != cpu);
    let own = format!("--memory={memory}");
    assert!(Command::new("pkill").args(["-KILL", "-f", "--", &own]).status().unwrap().success());
    for _ in 0..3 {
        assert!(run(&engine, &inputs, Some(&card)) == cpu);
    }
    assert_eq!(reasons.lock().unwrap().len(), 1, "{reasons:?}");
}

#[test]
fn missing_devices_and_programs_are_named() {
    let open = |program: &Path, device: &str| Card::open(program, device, None, |_| {});
    assert!(matches!(open(program(), "77"), Err(CardError::Device(reason)) if reason.contains("77")));
    assert!(matches!(open(Path::new("/nowhere/unband-gpu"), "0"), Err(CardError::Missing { .. })));
    #[cfg(unix)]
    assert!(matches!(open(Path::new("/bin/echo"), "0"), Err(CardError::Version { .. })));
}
