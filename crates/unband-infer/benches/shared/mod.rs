//! What the benchmarks of networks share.

pub mod clock;
pub mod values;

use std::io::BufRead;
use std::path::Path;

use clock::cpu;
use unband_image::Context;
use unband_infer::{Engine, Map, Mode};
use unband_nets::state::{Weights, fill};
use unband_nets::{Graph, checkpoint, onnx};
use unband_simd::Level;

/// A network for one thread, made of numbers of a rule, and what to run it on.
pub struct Case {
    engine: Engine,
    inputs: Vec<Map<f32>>,
}

impl Case {
    pub fn new(graph: Graph, (height, width): (usize, usize)) -> Self {
        let weights = Weights::bind(&graph, &fill::of(&graph)).unwrap();
        let inputs = values::inputs(&graph, height, width);
        Self { engine: Engine::new(graph, weights, Level::best()), inputs }
    }

    pub fn run(&self) -> Vec<Map<f32>> {
        self.engine.run(&self.inputs, Mode::default(), &Context { threads: 1, ..Context::default() }).unwrap()
    }

    /// CPU milliseconds of one run.
    pub fn milliseconds(&self) -> f64 {
        let begun = cpu();
        self.run();
        (cpu() - begun) * 1e3
    }
}

/// For `tools/peers.py`: writes the network as `network.onnx`, its numbers as `weights.safetensors`, what goes in and comes out as
/// `network.safetensors`; says "ready"; then runs it for every line that comes in and answers with CPU milliseconds.
pub fn serve(graph: Graph, size: (usize, usize), folder: &Path) {
    let state = fill::of(&graph);
    let weights = Weights::bind(&graph, &state).unwrap();
    let bytes = onnx::write(&graph, &weights, Some(size), &[]).unwrap();
    std::fs::write(folder.join("network.onnx"), bytes).unwrap();
    let bytes = checkpoint::write_safetensors(&state, &[]);
    std::fs::write(folder.join("weights.safetensors"), bytes).unwrap();
    let case = Case::new(graph, size);
    std::fs::write(folder.join("network.safetensors"), values::file(&case.inputs, &case.run())).unwrap();
    println!("ready");
    for _ in std::io::stdin().lock().lines() {
        println!("{:.3}", case.milliseconds());
    }
}
