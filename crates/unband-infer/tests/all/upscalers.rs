//! Upscaling networks of others with drawn weights (`golden/upscalers`, made by `tools/make_upscalers.py`).
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::PathBuf;

use crate::reference::run;
use unband_image::Context;
use unband_infer::{Engine, Map, Mode};
use unband_nets::Shape;
use unband_nets::checkpoint;
use unband_nets::state::fill;
use unband_simd::Level;

#[test]
fn networks_of_others_give_their_numbers() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/upscalers");
    let load =
        |name: &str| checkpoint::load(folder.join(format!("{name}.safetensors"))).unwrap().read().unwrap();
    let expected = load("expected");
    let (shape, ctx) = (Shape::new(3, 12, 16), Context::default());
    let painted = fill::test_image(3, 12, 16);
    let mut worst = [0.0f64; 2];
    for (name, architecture, scale) in [
        ("compact-x4", "compact", 4),
        ("compact-x1", "compact", 1),
        ("span-x4", "span", 4),
        ("span-x2-no-norm", "span", 2),
        ("realplksr-x4", "realplksr", 4),
        ("realplksr-x2-layer-norm", "realplksr", 2),
        ("swinir-x2", "swinir", 2),
        ("swinir-x3-direct", "swinir", 3),
        ("swinir-x4-nearest", "swinir", 4),
    ] {
        let network = load(name).network().unwrap();
        assert_eq!(network.architecture.name, architecture);
        assert_eq!(network.graph.scale(), Some(scale), "{name}");
        let want = expected.state.get(name).unwrap().to_f32();
        let largest = want.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        let off = |got: &[f64]| {
            let apart = got.iter().zip(&want).map(|(a, &b)| (a - f64::from(b)).abs());
            apart.fold(0.0, f64::max) / f64::from(largest)
        };
        let image = Map::new(shape, painted.clone()).unwrap();
        let exact = run(&network.graph, &network.weights, &[image], Mode::default(), &ctx).unwrap();
        let narrow = Map::new(shape, painted.iter().map(|&v| v as f32).collect()).unwrap();
        let engine = Engine::new(network.graph, network.weights, Level::best());
        let fast = engine.run(&[narrow], Mode::default(), &ctx).unwrap();
        let fast: Vec<f64> = fast[0].data.iter().map(|&v| f64::from(v)).collect();
        let (exact, fast) = (off(&exact[0].data), off(&fast));
        println!("{name}: {exact:.1e} in 64 bits, {fast:.1e} in the engine");
        assert_eq!(want.len(), samples(scale), "{name}");
        worst = [worst[0].max(exact), worst[1].max(fast)];
    }
    assert!(worst[0] < 1e-6 && worst[1] < 1e-5, "{worst:?}");
}

fn samples(scale: usize) -> usize {
    3 * 12 * 16 * scale * scale
}
