//! Benchmark of one training step of the light network: 8 images of 128×128, mean absolute difference, Adam.
//!
//! Driven by `tools/bench_train.py`, which alternates it with PyTorch. `--serve FOLDER` writes the initial
//! weights as `weights.safetensors` and input and target as `batch.safetensors`, and prints "ready". Then it
//! takes a step for every line of standard input, and prints CPU milliseconds, wall-clock milliseconds, and
//! the loss before the step. Without it, the parts of a step are timed. `RAYON_NUM_THREADS` sets the number
//! of threads.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[path = "../../unband-infer/benches/shared/clock.rs"]
mod clock;
#[path = "../../unband-infer/benches/shared/light_networks.rs"]
mod net;

use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use clock::cpu;
use unband_nets::state::fill;
use unband_nets::{Data, StateDict, checkpoint};
use unband_train::recipe::{self, OptimizerKind};
use unband_train::{Model, Optimizer};

const DIMS: [usize; 4] = [8, 3, 128, 128];
const RATE: f64 = 1e-4;

/// Uniform numbers from 0 to 1.
fn values(seed: usize) -> Vec<f32> {
    (0..DIMS.iter().product()).map(|i| fill::mixed(seed, i) as f32).collect()
}

struct Training {
    model: Model,
    adam: Optimizer,
    given: Tensor<4>,
    wanted: Tensor<4>,
}

impl Training {
    fn new() -> Self {
        let device = Device::flex().autodiff();
        let graph = net::light();
        let tensor = |seed| Tensor::from_data(TensorData::new(values(seed), DIMS), &device);
        let model = Model::new(graph.clone(), &fill::of(&graph), &device).unwrap();
        let kind = OptimizerKind::Adam;
        let settings =
            recipe::Optimizer { kind, rate: RATE, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0 };
        let adam = Optimizer::new(&settings, model.learned_len());
        Self { model, adam, given: tensor(1), wanted: tensor(2) }
    }

    /// CPU milliseconds of forward, backward and the optimiser, and the loss.
    fn step(&mut self) -> ([f64; 3], f32) {
        let begun = cpu();
        let out = self.model.run_learning(std::slice::from_ref(&self.given)).unwrap().remove(0);
        let loss = (out - self.wanted.clone()).abs().mean();
        let value: f32 = loss.clone().into_scalar();
        let forward = cpu();
        let gradients = loss.backward();
        let backward = cpu();
        self.model.step(&mut self.adam, RATE, &gradients);
        let ended = cpu();
        ([forward - begun, backward - forward, ended - backward].map(|s| s * 1e3), value)
    }
}

fn serve(folder: &Path) {
    let graph = net::light();
    let bytes = checkpoint::write_safetensors(&fill::of(&graph), &[]);
    std::fs::write(folder.join("weights.safetensors"), bytes).unwrap();
    let mut batch = StateDict::new();
    for (name, seed) in [("given", 1), ("wanted", 2)] {
        let data = Data::F32(values(seed));
        batch.insert(name, unband_nets::Tensor { shape: DIMS.to_vec(), data });
    }
    std::fs::write(folder.join("batch.safetensors"), checkpoint::write_safetensors(&batch, &[])).unwrap();
    let mut training = Training::new();
    println!("ready");
    for _ in std::io::stdin().lock().lines() {
        let begun = Instant::now();
        let (parts, loss) = training.step();
        println!("{:.3} {:.3} {loss:e}", parts.iter().sum::<f64>(), begun.elapsed().as_secs_f64() * 1e3);
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--serve") {
        return serve(Path::new(&args[at + 1]));
    }
    let mut training = Training::new();
    let mut best = [f64::MAX; 3];
    for _ in 0..20 {
        let (parts, _) = training.step();
        best.iter_mut().zip(parts).for_each(|(best, part)| *best = best.min(part));
    }
    let [forward, backward, optimiser] = best;
    println!("forward {forward:.1} ms CPU, backward {backward:.1}, optimiser {optimiser:.1}");
}
