//! Equivalence of graphics cards and CPU. Any Vulkan will do, including Mesa's in software; without one, the
//! tests are skipped.
#![cfg(feature = "wgpu")]
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr, clippy::float_cmp)]

#[path = "all/nets/mod.rs"]
mod nets;

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Output};

use burn::tensor::{Device, Tensor};
use nets::golden;
use unband_nets::layer::conv::ConvSpec;
use unband_nets::state::fill;
use unband_nets::{Graph, StateDict};
use unband_train::devices::{self, Accelerator};
use unband_train::recipe::Recipe;
use unband_train::{Batch, Learner, Model, TrainError, train};

/// Tolerance, relative to the largest element of an output or of a tensor's gradient.
const TOLERANCE: f32 = 1e-4;

/// Tolerance of `gradients.rs` for the network of deformable convolutions: rounding moves their taps.
const OF_WINDOWS: f32 = 2e-4;

/// Gradients below this share of the network's largest are rounding errors.
const ROUNDING: f32 = 1e-6;

/// A card, else software Vulkan.
fn card() -> Option<(Accelerator, Device)> {
    let found = [Accelerator::Gpu, Accelerator::Software].into_iter().find_map(|kind| {
        let devices = devices::choose(kind, 1).ok()?;
        Some((kind, devices.into_iter().next()?))
    });
    match &found {
        Some((_, device)) => eprintln!("on {}", devices::names(std::slice::from_ref(device))),
        None => unband_skips::machine("no graphics card"),
    }
    found
}

/// Outputs of a network, and the gradients of the loss of [`golden::loss`].
struct Ran {
    outputs: Vec<Vec<f32>>,
    gradients: HashMap<String, Vec<f32>>,
}

fn run(graph: &Graph, state: &StateDict, inputs: &[Tensor<4>], learning: bool, device: &Device) -> Ran {
    let device = device.clone().autodiff();
    let inputs: Vec<_> = inputs.iter().map(|x| x.clone().to_device(&device)).collect();
    let mut model = Model::new(graph.clone(), state, &device).unwrap();
    let made = if learning { model.run_learning(&inputs) } else { model.run(&inputs) }.unwrap();
    let outputs = made.iter().map(|out| out.try_to_vec_as().unwrap()).collect();
    let gradients = model.gradients(&golden::loss(made, &device).backward()).unwrap();
    Ran { outputs, gradients }
}

/// Largest difference over the largest number, `least` at least.
fn apart(got: &[f32], want: &[f32], least: f32) -> f32 {
    assert_eq!(got.len(), want.len());
    let largest = want.iter().fold(least, |m, v| m.max(v.abs()));
    // A NaN must not get lost in `max`.
    got.iter().zip(want).map(|(a, b)| (a - b).abs() / largest).fold(0.0, |m, v| if v <= m { m } else { v })
}

/// Deviation of the card's outputs and gradients from the CPU's, and the tensor with the largest gradient
/// deviation.
fn differences<'a>(got: &Ran, want: &'a Ran) -> (f32, f32, &'a str) {
    assert_eq!(got.outputs.len(), want.outputs.len());
    assert_eq!(got.gradients.len(), want.gradients.len());
    let outputs = got.outputs.iter().zip(&want.outputs).map(|(got, want)| apart(got, want, 1e-3));
    let outputs = outputs.fold(0.0, |m, v| if v <= m { m } else { v });
    let most = want.gradients.values().flatten().fold(0.0f32, |m, v| m.max(v.abs()));
    // The gradient of a bias before a batch norm is only rounding error on both devices.
    let rounding = |values: &[f32]| values.iter().all(|v| v.abs() <= ROUNDING * most);
    let (mut worst, mut farthest) = (0.0, "");
    for (name, want) in &want.gradients {
        let got = &got.gradients[name];
        let far = if rounding(got) && rounding(want) { 0.0 } else { apart(got, want, 0.0) };
        // Also a NaN.
        if far.is_nan() || far > worst {
            (worst, farthest) = (far, name.as_str());
        }
    }
    (outputs, worst, farthest)
}

/// Convolutions with strides, groups and dilation, for large images. Gradients of biases would be sums that
/// nearly cancel.
fn large() -> Graph {
    let mut net = unband_nets::Net::new("large");
    let x = net.input("image", 3);
    let x = net.conv("a", x, 8, ConvSpec::new(5).padding(0).no_bias());
    let x = net.conv("b", x, 8, ConvSpec::new(3).groups(8).no_bias());
    let x = net.conv("c", x, 8, ConvSpec::new(3).groups(2).dilation(2).no_bias());
    let out = net.conv("d", x, 3, ConvSpec::new(4).stride(2).no_bias());
    net.finish(&[("image", out)]).unwrap()
}

#[test]
fn every_network_gives_and_learns_the_same() {
    let Some((_, card)) = card() else { return };
    let all = golden::gradients();
    let mut failed = Vec::new();
    let mut compare = |name: &str, graph: &Graph, state: &StateDict, inputs: &[Tensor<4>], learning: bool| {
        let [got, want] =
            [card.clone(), Device::flex()].map(|device| run(graph, state, inputs, learning, &device));
        let (outputs, gradients, farthest) = differences(&got, &want);
        eprintln!(
            "{name:26} outputs {outputs:.1e}, gradients {gradients:.1e} of the largest apart, {farthest}"
        );
        let tolerance = if name == "windows" { OF_WINDOWS } else { TOLERANCE };
        if !(outputs <= TOLERANCE && gradients <= tolerance) {
            failed.push(name.to_owned());
        }
    };
    for file in golden::files(&all) {
        let (graph, state) = golden::network(file);
        let inputs =
            golden::inputs(&graph, &golden::numbers(&all, &format!("{file}#picture")), &Device::flex());
        compare(file, &graph, &state, &inputs, false);
    }
    // The last one has more samples than the loop limit of software Vulkan.
    let small = [(nets::convolutions(), 11, 14), (nets::windows(), 16, 8), (large(), 190, 180)];
    for (graph, height, width) in small {
        let maps = nets::maps(&graph, height, width);
        let inputs: Vec<_> = maps.iter().map(|map| nets::tensor(map, &Device::flex())).collect();
        compare(&graph.name, &graph, &fill::golden(&graph.stored()), &inputs, true);
    }
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn workers_on_cards_find_the_gradients_of_one_on_the_processor() {
    let Some((_, card)) = card() else { return };
    let gradients = |devices: &[Device], workers: usize| {
        let recipe = format!(
            "network = \"bitnet\"\nsteps = 9\nbatch = 4\npatch = 16\nworkers = {workers}\n\
             loss = [{{ term = \"l1\" }}, {{ term = \"fft-l1\", weight = 0.1 }}]\n\
             optimizer = {{ kind = \"adam\", rate = 1e-3 }}\ndata = {{ kind = \"pairs\", folder = \"a\" }}\n\
             validation = {{ every = 5, data = {{ kind = \"pairs\", folder = \"b\" }} }}\n"
        );
        let values = |plane: usize| {
            fill::test_image(4 * 3, 16, 16).into_iter().map(move |v| (v as f32 + plane as f32 / 9.0) % 1.0)
        };
        let batch = Batch {
            lq: values(0).collect(),
            gt: values(1).collect(),
            n: 4,
            height: 16,
            width: 16,
            ..Batch::default()
        };
        Learner::new(Recipe::parse(&recipe, "test").unwrap(), devices).unwrap().gradients(&batch, 0).unwrap()
    };
    let (loss, want) = gradients(&[Device::flex()], 1);
    // Workers that share a card, and cards of their own: software Vulkan is one device, opened for each.
    for devices in [vec![card.clone()], vec![card.clone(), card]] {
        let (found, got) = gradients(&devices, 2);
        let worst = want.iter().map(|(name, want)| apart(&got[name], want, 1e-6)).fold(0.0, f32::max);
        let of = devices.len();
        eprintln!(
            "{of} devices: gradients {worst:.1e} of the largest of their tensor apart, losses {loss} {found}"
        );
        assert!(worst <= TOLERANCE && (loss - found).abs() <= 1e-5 * loss);
    }
}

/// A folder with an image and a recipe of four steps.
fn workplace() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let photos = dir.path().join("photos");
    std::fs::create_dir_all(&photos).unwrap();
    let ramp: Vec<u16> = (0..3 * 32 * 32u16).map(|i| i * 20).collect();
    let image = unband_image::Image::from_rgb16(32, 32, &ramp).unwrap();
    let file = photos.join("ramp.png");
    let format = unband_io::writer_for(&file).unwrap();
    unband_io::write_file(&image, &file, format, &unband_io::WriteOptions::default(), true).unwrap();
    let clean = format!("{{ kind = \"clean\", folder = {photos:?}, degradations = [\"rgb-5\"] }}");
    let recipe = format!(
        "network = \"bitnet\"\nsteps = 4\nbatch = 2\npatch = 8\nloss = [{{ term = \"l1\" }}]\n\
         optimizer = {{ kind = \"adam\", rate = 1e-3 }}\ndata = {clean}\n\
         validation = {{ every = 2, samples = 1, crop = 16, data = {clean} }}\n"
    );
    std::fs::write(dir.path().join("recipe.toml"), recipe).unwrap();
    dir
}

/// Runs the training program there, with only the named drivers.
fn program(dir: &Path, accelerator: &str, drivers: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unband-train"));
    command.arg(dir.join("recipe.toml")).args(["--threads", "1", "--accelerator", accelerator, "--out"]);
    command.arg(dir.join("run"));
    if let Some(drivers) = drivers {
        for list in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"] {
            command.env(list, drivers);
        }
    }
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_training_moves_between_a_card_and_the_processor() {
    let Some((kind, card)) = card() else { return };
    let dir = workplace();
    let dir = dir.path();
    let recipe = Recipe::load(&dir.join("recipe.toml"), &[], &[]).unwrap();
    for (last, device) in [(1, card.clone()), (2, Device::flex())] {
        let done = train::run(&recipe, &dir.join("run"), &[device], &mut |p| p.step < last).unwrap();
        assert!(done.is_none());
    }
    let rest = program(dir, if kind == Accelerator::Gpu { "gpu" } else { "software" }, None);
    assert!(rest.status.success(), "{}", said(&rest));
    assert!(said(&rest).contains(&format!("training on {}", devices::names(&[card]))), "{}", said(&rest));
    let curve = |run: &str| {
        let text = std::fs::read_to_string(dir.join(run).join("curve.csv")).unwrap();
        let numbers =
            |line: &str| -> Vec<f32> { line.split(',').map(|n| n.parse().unwrap_or(0.0)).collect() };
        text.lines().skip(1).map(numbers).collect::<Vec<_>>()
    };
    // The losses are those of a training on the CPU.
    train::run(&recipe, &dir.join("stayed"), &[Device::flex()], &mut |_| true).unwrap();
    let (moved, stayed) = (curve("run"), curve("stayed"));
    assert_eq!((moved.len(), stayed.len()), (4, 4));
    for (moved, stayed) in moved.iter().zip(&stayed) {
        assert!(
            moved[0] == stayed[0] && (moved[1] - stayed[1]).abs() <= 1e-3 * stayed[1],
            "{moved:?} {stayed:?}"
        );
    }
}

/// As on a machine without a driver.
#[test]
fn without_a_card_only_gpu_fails() {
    let dir = workplace();
    let output = program(dir.path(), "gpu", Some("/nonexistent"));
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("0 of 1 graphics cards found") && text.contains("--accelerator cpu"), "{text}");
    let output = program(dir.path(), "auto", Some("/nonexistent"));
    assert!(output.status.success() && said(&output).contains("training on the CPU"), "{}", said(&output));
}

#[test]
fn more_workers_than_cards_are_refused() {
    let error = devices::choose(Accelerator::Gpu, 1000).unwrap_err();
    assert!(matches!(error, TrainError::Cards { wanted: 1000, .. }), "{error}");
}
