//! Shared parts of the network benchmarks.

pub(crate) mod clock;
pub(crate) mod light_networks;
pub(crate) mod values;

use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

use clock::cpu;
use unband_image::{Context, With};
use unband_infer::{Engine, Map, Mode};
use unband_nets::state::{Weights, fill};
use unband_nets::{Graph, checkpoint, onnx};
use unband_simd::{Level, Precision};

/// Precision of products.
pub(crate) type Products = (Level, Precision);

/// A network with generated weights, and its inputs.
pub(crate) struct Case {
    engine: Engine,
    inputs: Vec<Map<f32>>,
}

impl Case {
    pub(crate) fn new(graph: Graph, (height, width): (usize, usize), products: Products) -> Self {
        let weights = Weights::bind(&graph, &fill::of(&graph)).unwrap();
        let inputs = values::inputs(&graph, height, width);
        Self { engine: Engine::with_precision(graph, weights, products.0, products.1), inputs }
    }

    pub(crate) fn run(&self, threads: usize) -> Vec<Map<f32>> {
        self.engine.run(&self.inputs, Mode::default(), &Context::with(|new| new.threads = threads)).unwrap()
    }

    /// CPU and wall-clock milliseconds of one run.
    pub(crate) fn milliseconds(&self, threads: usize) -> (f64, f64) {
        let (begun, started) = (cpu(), Instant::now());
        self.run(threads);
        ((cpu() - begun) * 1e3, started.elapsed().as_secs_f64() * 1e3)
    }
}

/// For `tools/peers.py`: writes the network as `network.onnx`, its weights as `weights.safetensors`, and
/// inputs and outputs as `network.safetensors`; prints "ready". Then it runs the network for every thread
/// count read from standard input, and prints CPU and wall-clock milliseconds.
pub(crate) fn serve(graph: &Graph, size: (usize, usize), products: Products, folder: &Path) {
    let state = fill::of(graph);
    let weights = Weights::bind(graph, &state).unwrap();
    let bytes = onnx::write(graph, &weights, Some(size), &[]).unwrap();
    std::fs::write(folder.join("network.onnx"), bytes).unwrap();
    let bytes = checkpoint::write_safetensors(&state, &[]);
    std::fs::write(folder.join("weights.safetensors"), bytes).unwrap();
    let case = Case::new(graph.clone(), size, products);
    std::fs::write(folder.join("network.safetensors"), values::file(&case.inputs, &case.run(1))).unwrap();
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let (cpu, passed) = case.milliseconds(line.unwrap().trim().parse().unwrap());
        println!("{cpu:.3} {passed:.3}");
    }
}
