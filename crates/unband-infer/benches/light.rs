//! The light debanding net at FHD, at every level, with one thread and two. `--once`: the best level, one thread, for
//! `tools/bench_light.py`, which runs the peers in turns with it.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use unband_image::Context;
use unband_infer::{Engine, Map, Mode};
use unband_nets::state::{Weights, fill};
use unband_nets::{Graph, Net, Shape};
use unband_simd::Level;

/// Pixel-unshuffle by 4, six convolutions of 64 channels with a skip each, back by pixel-shuffle, plus the picture.
fn light() -> Graph {
    let mut net = Net::new("light");
    let image = net.input("image", 3);
    let x = net.pixel_unshuffle(image, 4);
    let mut x = net.conv3x3("head", x, 64);
    for i in 0..6 {
        let y = net.conv3x3(format!("body.{i}"), x, 64);
        let y = net.relu(y);
        x = net.add(y, x);
    }
    let x = net.conv3x3("tail", x, 48);
    let x = net.pixel_shuffle(x, 4);
    let out = net.add(x, image);
    net.finish(&[("image", out)]).unwrap()
}

/// Seconds of CPU time of this process.
fn cpu() -> f64 {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap();
    time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9
}

fn main() {
    let graph = light();
    let weights = Weights::bind(&graph, &fill::golden(&graph.stored())).unwrap();
    let flops = 2.0 * graph.multiply_adds(1080, 1920).unwrap() as f64;
    let picture = fill::picture(3, 1080, 1920).into_iter().map(|v| v as f32).collect();
    let inputs = [Map::new(Shape::new(3, 1080, 1920), picture).unwrap()];
    let only_once = std::env::args().any(|a| a == "--once");
    for level in Level::all().filter(|&level| !only_once || level == Level::best()) {
        let engine = Engine::new(graph.clone(), weights.clone(), level);
        for threads in 1..=if only_once { 1 } else { 2 } {
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
