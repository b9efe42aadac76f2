//! The light debanding net at FHD, at every level, with one thread and two. `--serve FOLDER`: the best level, one thread, for
//! `tools/bench_light.py`, which runs the peers in turns with it.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[path = "shared/light.rs"]
mod net;
mod shared;

use std::path::Path;
use std::time::Instant;

use net::light;
use shared::clock::cpu;
use unband_image::Context;
use unband_infer::{Engine, Mode};
use unband_nets::state::{Weights, fill};
use unband_simd::Level;

const HEIGHT: usize = 1080;
const WIDTH: usize = 1920;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--serve") {
        return shared::serve(light(), (HEIGHT, WIDTH), Path::new(&args[at + 1]));
    }
    let graph = light();
    let weights = Weights::bind(&graph, &fill::of(&graph)).unwrap();
    let flops = 2.0 * graph.multiply_adds(HEIGHT, WIDTH).unwrap() as f64;
    let inputs = shared::values::inputs(&graph, HEIGHT, WIDTH);
    for level in Level::all() {
        let engine = Engine::new(graph.clone(), weights.clone(), level);
        for threads in 1..=2 {
            let ctx = Context { threads, ..Context::default() };
            let once = || {
                let (begun, cpu) = (Instant::now(), cpu());
                engine.run(&inputs, Mode::default(), &ctx).unwrap();
                (begun.elapsed().as_secs_f64(), self::cpu() - cpu)
            };
            let (wall, cpu) =
                (0..5).map(|_| once()).fold((f64::MAX, f64::MAX), |a, b| (a.0.min(b.0), a.1.min(b.1)));
            println!(
                "{level:?}, {threads} threads: {:.0} ms, CPU {:.0} ms, {:.0} GFLOP per CPU second",
                wall * 1e3,
                cpu * 1e3,
                flops / cpu / 1e9
            );
        }
    }
}
