//! Benchmark of single operations on one thread, in CPU milliseconds. `tools/bench_kernels.py` compares them
//! with PyTorch's.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[path = "shared/clock.rs"]
mod clock;

use clock::cpu;
use unband_image::{Context, With};
use unband_infer::{Engine, Map, Mode};
use unband_nets::layer::activation::Activation;
use unband_nets::layer::banded_deform_conv::BandedDeformSpec;
use unband_nets::layer::conv::ConvSpec;
use unband_nets::layer::pool::{MaxPool, Reduce};
use unband_nets::state::{Weights, fill};
use unband_nets::{Net, Shape, Value};
use unband_simd::Level;

type Make = fn(&mut Net, &str, Value) -> Value;

/// Name, channels, rows, columns, and the operation; number of repetitions in sequence.
type Case = (&'static str, usize, (usize, usize), Make, usize);

fn attention(net: &mut Net, name: &str, x: Value) -> Value {
    let kv = net.concat(&[x, x]);
    net.window_attention(name, x, kv, 2, 8, 4)
}

const CASES: &[Case] = &[
    ("exp", 64, (256, 256), |net, _, x| net.activation(x, Activation::Exp), 4),
    ("tanh", 64, (256, 256), |net, _, x| net.activation(x, Activation::Tanh), 4),
    ("sigmoid", 64, (256, 256), |net, _, x| net.activation(x, Activation::Sigmoid), 4),
    ("silu", 64, (256, 256), |net, _, x| net.activation(x, Activation::Silu), 4),
    ("mish", 64, (256, 256), |net, _, x| net.activation(x, Activation::Mish), 4),
    ("gelu", 64, (256, 256), |net, _, x| net.activation(x, Activation::Gelu), 4),
    ("sin", 64, (256, 256), |net, _, x| net.activation(x, Activation::Sin), 4),
    ("layer norm", 64, (256, 256), |net, name, x| net.layer_norm(name, x, 1e-5), 4),
    ("group norm", 64, (256, 256), |net, name, x| net.group_norm(name, x, 4, 1e-5), 4),
    ("batch norm", 64, (256, 256), |net, name, x| net.batch_norm(name, x, 1e-5), 4),
    ("mean", 64, (256, 256), |net, _, x| net.reduce(x, Reduce::Mean), 1),
    (
        "max pool",
        64,
        (256, 256),
        |net, _, x| net.max_pool(x, MaxPool { kernel: 3, stride: 1, ceil: false }),
        4,
    ),
    ("groups", 64, (128, 128), |net, name, x| net.conv(name, x, 64, ConvSpec::new(3).groups(4)), 4),
    ("depthwise", 64, (256, 256), |net, name, x| net.conv(name, x, 64, ConvSpec::new(3).groups(64)), 4),
    ("attention", 32, (128, 128), attention, 4),
    ("deformable", 16, (136, 240), |net, name, x| net.deform_conv(name, x, 16, (3, 3)), 4),
    (
        "banded",
        16,
        (136, 240),
        |net, name, x| {
            net.banded_deform_conv(name, x, 16, BandedDeformSpec { rescale: false, ..Default::default() })
        },
        4,
    ),
];

/// Minimum CPU seconds of the repeated operation after an affine one.
fn seconds(&(name, channels, (height, width), make, often): &Case, times: usize) -> f64 {
    let mut net = Net::new(name);
    let image = net.input("image", channels);
    let x = net.affine(image, 0.5, -0.1);
    let out = (0..times).fold(x, |x, i| make(&mut net, &format!("op{i}"), x));
    // An operation that changes the size is alone, next to its input.
    let outputs = if often == 1 { &[("x", x), ("out", out)][..=times] } else { &[("out", out)] };
    let graph = net.finish(outputs).unwrap();
    let weights = Weights::bind(&graph, &fill::golden(&graph.stored())).unwrap();
    let engine = Engine::new(graph, weights, Level::best());
    let painted = fill::test_image(channels, height, width).into_iter().map(|v| v as f32).collect();
    let inputs = [Map::new(Shape::new(channels, height, width), painted).unwrap()];
    let ctx = Context::with(|new| new.threads = 1);
    let mode = Mode { image_statistics: name == "batch norm", dropout: None };
    let once = |_| {
        let begun = cpu();
        engine.run(&inputs, mode, &ctx).unwrap();
        cpu() - begun
    };
    (0..7).map(once).fold(f64::MAX, f64::min)
}

fn main() {
    let asked = std::env::args().nth(1).filter(|word| !word.starts_with("--"));
    for case in CASES.iter().filter(|case| asked.as_deref().is_none_or(|word| case.0 == word)) {
        let each = (seconds(case, case.4) - seconds(case, 0)) / case.4 as f64;
        println!("{:12} {:8.3}", case.0, each * 1e3);
    }
}
