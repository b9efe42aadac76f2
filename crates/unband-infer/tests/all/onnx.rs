//! Tests that exported ONNX files compute the engine's results in onnxruntime, and in `OpenVINO` if
//! installed.
//!
//! Needs Python with numpy, onnx, onnxruntime and safetensors: `python3`, or the program named by
//! `UNBAND_PYTHON`.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[path = "../../benches/shared/values.rs"]
mod values;

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::mem::{Discriminant, discriminant};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use unband_image::{Context, With};
use unband_infer::{Engine, Mode};
use unband_nets::layer::activation::Activation;
use unband_nets::layer::banded_deform_conv::BandedDeformSpec;
use unband_nets::layer::conv::ConvSpec;
use unband_nets::layer::pool::{MaxPool, Reduce};
use unband_nets::state::init::{self, Init};
use unband_nets::state::{Weights, fill};
use unband_nets::{Form, Graph, Net, Op, StateDict, Tensor, arch, onnx};
use unband_simd::Level;

use crate::banded_options::{Combination, combinations};

/// Relative to the largest value of an output; 6e-6 was measured in onnxruntime and 1.2e-5 in `OpenVINO`, for
/// discriminators.
const TOLERANCE: f64 = 2e-5;

/// `tools/check_onnx.py`, which reads one file name per line and prints its deviation.
struct Peer {
    child: Child,
    asked: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Peer {
    /// `None` where Python or its packages are missing.
    fn start() -> Option<Self> {
        let python = std::env::var_os("UNBAND_PYTHON").unwrap_or_else(|| "python3".into());
        let there =
            Command::new(&python).args(["-c", "import numpy, onnx, onnxruntime, safetensors"]).output();
        if !there.is_ok_and(|output| output.status.success()) {
            unband_skips::program("onnxruntime");
            return None;
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/check_onnx.py");
        let mut child =
            Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (asked, said) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Some(Self { child, asked, said: BufReader::new(said) })
    }

    /// The largest difference over the largest value, of all outputs.
    fn off(&mut self, file: &Path) -> f64 {
        writeln!(self.asked, "{}", file.display()).unwrap();
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim().parse().unwrap_or_else(|_| panic!("{}: {line}", file.display()))
    }

    fn end(mut self) {
        drop(self.asked);
        assert!(self.child.wait().unwrap().success());
    }
}

/// Writes the file and, next to it, the inputs and the engine's outputs.
fn write(folder: &Path, graph: &Graph, state: &StateDict, size: (usize, usize), fixed: bool) -> PathBuf {
    let weights = Weights::bind(graph, state).unwrap();
    let bytes = onnx::write(graph, &weights, fixed.then_some(size), &[]).unwrap();
    let file = folder.join("network.onnx");
    std::fs::write(&file, bytes).unwrap();
    let inputs = values::inputs(graph, size.0, size.1);
    let ctx = Context::with(|new| new.threads = 2);
    let outputs =
        Engine::new(graph.clone(), weights, Level::best()).run(&inputs, Mode::default(), &ctx).unwrap();
    std::fs::write(file.with_extension("safetensors"), values::file(&inputs, &outputs)).unwrap();
    file
}

/// A small image that the network accepts, non-square if possible, and whether the file must be made for its
/// size.
fn small(graph: &Graph) -> ((usize, usize), bool) {
    if let Some(m) = graph.size_multiple() {
        let fits = |&n: &usize| graph.shapes(n, n + m).is_ok();
        let side = (1..=512).map(|i| i * m).skip_while(|&n| n < 18).find(fits).unwrap();
        ((side, side + m), false)
    } else {
        let side = (1..=512).find(|&n| graph.shapes(n, n).is_ok()).unwrap();
        ((side, side), true)
    }
}

fn check(
    peer: &mut Peer,
    name: &str,
    graph: &Graph,
    state: &StateDict,
    (size, fixed): ((usize, usize), bool),
) {
    let folder = tempfile::tempdir().unwrap();
    let off = peer.off(&write(folder.path(), graph, state, size, fixed));
    println!("{name} at {}×{}: {off:.1e}", size.0, size.1);
    assert!(off <= TOLERANCE, "{name} at {size:?}: {off:e} of the largest value");
}

/// Small generator weights make taps that stay near; large ones move most of them out of the image.
fn far(graph: &Graph) -> StateDict {
    let change = |(name, tensor): (&str, &Tensor)| {
        let large = name.contains("offset.weight") || name.contains("conv_whole.weight");
        let values = tensor.to_f32().into_iter().map(|v| if large { 20.0 * v } else { v }).collect();
        (name.to_owned(), Tensor::f32(&tensor.shape, values).unwrap())
    };
    fill::of(graph).iter().map(change).collect()
}

fn deformed() -> Graph {
    let mut net = Net::new("deformed");
    let image = net.input("image", 3);
    let x = net.conv3x3("head", image, 4);
    let a = net.deform_conv("free", x, 5, (3, 5));
    let b = net.banded_deform_conv("banded", x, 5, BandedDeformSpec::default());
    let plain = BandedDeformSpec {
        kernel: (5, 3),
        groups: 2,
        limits: None,
        rescale: false,
        init_angle: 17.5,
        ..BandedDeformSpec::default()
    };
    let c = net.banded_deform_conv("plain", x, 4, plain);
    net.finish(&[("a", a), ("b", b), ("c", c)]).unwrap()
}

#[test]
fn deformable_kernels_read_the_same_samples_inside_and_outside() {
    let Some(mut peer) = Peer::start() else { return };
    let graph = deformed();
    for state in [fill::of(&graph), far(&graph)] {
        for size in [(17, 23), (1, 9), (8, 1), (1, 1)] {
            check(&mut peer, "deformed", &graph, &state, (size, false));
        }
        check(&mut peer, "deformed", &graph, &state, ((12, 10), true));
    }
    peer.end();
}

/// The banded layer with every combination of options, as the authors start it and with generators that
/// learned.
#[test]
fn the_banded_layer_with_all_options_is_the_same() {
    let Some(mut peer) = Peer::start() else { return };
    for Combination { name, spec, .. } in combinations() {
        let mut net = Net::new("layer");
        let image = net.input("image", 4);
        let out = net.banded_deform_conv("bend", image, 4, spec);
        let graph = net.finish(&[("image", out)]).unwrap();
        let start = init::state(&graph, &Init::default(), 1);
        // Without growth at the start, its rectifier hides a wrong one.
        let learned = start.iter().map(|(name, tensor)| {
            let amount = if name.contains("conv_") { 0.3 } else { 0.0 };
            let values = tensor.to_f32().into_iter().enumerate();
            let values = values.map(|(i, v)| v + amount * ((i * 37 % 19) as f32 / 9.0 - 0.9)).collect();
            (name.to_owned(), Tensor::f32(&tensor.shape, values).unwrap())
        });
        let learned: StateDict = learned.collect();
        for state in [&start, &learned] {
            check(&mut peer, &name, &graph, state, ((9, 11), false));
        }
    }
    peer.end();
}

/// Windows of two sides, shifted and not.
fn windows() -> Graph {
    let mut net = Net::new("windows");
    let image = net.input("image", 3);
    let x = net.conv1x1("head", image, 8);
    let mut y = net.layer_norm("norm", x, 1e-5);
    for (window, shift) in [(8, 0), (8, 4), (4, 1), (4, 3)] {
        let name = format!("{window}.{shift}");
        y = net.scope(name, |net| {
            let y = net.window_add("places", y, window, shift);
            let q = net.linear("q", y, 8);
            let kv = net.linear("kv", y, 16);
            net.window_attention("table", q, kv, 2, window, shift)
        });
    }
    let out = net.add(x, y);
    net.finish(&[("image", out)]).unwrap()
}

#[test]
fn windows_are_cut_and_masked_alike() {
    let Some(mut peer) = Peer::start() else { return };
    let graph = windows();
    for (size, fixed) in [((8, 8), false), ((24, 16), false), ((8, 32), true)] {
        check(&mut peer, "windows", &graph, &fill::of(&graph), (size, fixed));
    }
    peer.end();
}

/// Everything that is neither deformable nor a window, including unusual variants.
fn everything_else() -> Graph {
    let mut net = Net::new("everything else");
    let image = net.input("image", 3);
    let t = net.point_input("t", 2);
    let x = net.normalise(image, &[0.4, 0.5, 0.6], &[0.2, 0.3, 0.1]);
    let x = net.pixel_unshuffle(x, 2);
    let x = net.conv("a", x, 8, ConvSpec { kernel: (5, 3), ..ConvSpec::new(3).dilation(2) });
    let x = net.prelu("one", x, 1);
    let x = net.conv("b", x, 8, ConvSpec::new(3).stride(2).groups(4).form(Form::WeightNorm));
    let x = net.prelu("each", x, 8);
    let x = net.batch_norm("bn", x, 1e-3);
    let x = net.dropout(x, 0.5);
    let x = net.drop_path(x, 0.5);
    let all = [
        Activation::Sin,
        Activation::Silu,
        Activation::Mish,
        Activation::Gelu,
        Activation::Tanh,
        Activation::Sigmoid,
    ];
    let parts: Vec<_> = all.into_iter().map(|kind| net.activation(x, kind)).collect();
    let sum = parts.iter().skip(1).fold(parts[0], |sum, &part| net.add(sum, part));
    let sum = net.group_norm("gn", sum, 4, 1e-3);
    let emb = net.linear("emb", t, 8);
    let moved = net.sub(emb, sum);
    let gate = net.reduce(moved, Reduce::Max);
    let mean = net.reduce(sum, Reduce::Mean);
    let gate = net.add_scaled(gate, 0.3, mean);
    let gated = net.mul(moved, gate);
    let (first, second) = net.halves(gated);
    let second = net.affine(second, -0.2, 0.1);
    let second = net.activation(second, Activation::Exp);
    let joined = net.concat(&[second, first, gated]);
    let up = net.conv_transpose("up", joined, 8, (4, 2, 1), true);
    let twice = net.conv_transpose("twice", joined, 8, (2, 2, 0), false);
    let up = net.add(up, twice);
    let up = net.pixel_shuffle(up, 2);
    let large = net.upsample_nearest(joined, 4);
    let large = net.unit_channels(large, 1e-10);
    let pooled = net.max_pool(large, MaxPool { kernel: 3, stride: 2, ceil: true });
    let smaller = net.bilinear_like(large, pooled);
    let larger = net.bilinear_like(pooled, image);
    let cropped = net.crop_like(up, image);
    let cropped = net.lrelu(cropped, 0.1);
    let cropped = net.relu(cropped);
    net.finish(&[("image", larger), ("cropped", cropped), ("smaller", smaller)]).unwrap()
}

#[test]
fn all_other_operations_are_the_same() {
    let Some(mut peer) = Peer::start() else { return };
    let graph = everything_else();
    for (size, fixed) in [((18, 22), false), ((4, 2), false), ((10, 6), true)] {
        check(&mut peer, "everything else", &graph, &fill::of(&graph), (size, fixed));
    }
    peer.end();
}

/// Name of an operation, without its settings.
fn kinds(graphs: &[Graph]) -> HashSet<Discriminant<Op>> {
    graphs.iter().flat_map(|graph| &graph.nodes).map(|node| discriminant(&node.op)).collect()
}

#[test]
fn every_operation_is_compared() {
    let flat = arch::build("vgg-discriminator").unwrap().unwrap();
    let compared = kinds(&[deformed(), windows(), everything_else(), flat]);
    let used: Vec<Graph> = arch::ARCHITECTURES.iter().map(|a| a.build().unwrap()).collect();
    assert!(kinds(&used).is_subset(&compared));
    assert_eq!(compared.len(), 26, "all of `Op`");
}

/// All networks and variants for which `wanted` holds.
fn networks(wanted: impl Fn(&Graph, (usize, usize)) -> bool) {
    let Some(mut peer) = Peer::start() else { return };
    for architecture in arch::ARCHITECTURES {
        let variants = architecture.variants.iter().map(|v| format!("{}:{}", architecture.name, v.name));
        for name in std::iter::once(architecture.name.to_owned()).chain(variants) {
            let graph = arch::build(&name).unwrap().unwrap();
            let (size, fixed) = small(&graph);
            if wanted(&graph, size) {
                check(&mut peer, &name, &graph, &fill::of(&graph), (size, fixed));
            }
        }
    }
    peer.end();
}

/// Takes a few seconds each.
fn is_light(graph: &Graph, (height, width): (usize, usize)) -> bool {
    graph.nodes.len() < 300 && graph.multiply_adds(height, width).is_ok_and(|n| n < 1_000_000_000)
}

#[test]
fn light_networks_are_the_same() {
    networks(is_light);
}

#[test]
#[ignore = "takes a minute: networks of many operations or weights"]
fn heavy_networks_are_the_same() {
    networks(|graph, size| !is_light(graph, size));
}
