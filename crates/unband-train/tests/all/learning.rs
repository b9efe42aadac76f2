//! A network trained in Burn, then run in the inference engine with its learned weights.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

use crate::nets;
use burn::tensor::{Device, Tensor, TensorData};
use nets::apart;
use unband_infer::{Engine, Map, Mode};
use unband_nets::layer::banded_deform_conv::BandedDeformSpec;
use unband_nets::layer::conv::ConvSpec;
use unband_nets::state::{Weights, fill};
use unband_nets::{Data, Graph, Net, Shape, StateDict};
use unband_simd::Level;
use unband_train::recipe::{Optimizer as Settings, OptimizerKind};
use unband_train::{Model, Optimizer};

const SIDE: usize = 64;
const IMAGES: usize = 4;
/// Receptive radius of the network.
const EDGE: usize = 8;

/// Three convolutions with a skip connection.
fn small() -> Graph {
    let mut net = Net::new("small");
    let image = net.input("image", 1);
    let x = net.conv("first", image, 16, ConvSpec::new(3));
    let x = net.relu(x);
    let x = net.conv("middle", x, 16, ConvSpec::new(3).dilation(3));
    let x = net.relu(x);
    let x = net.conv("last", x, 1, ConvSpec::new(5).dilation(2));
    let out = net.add(x, image);
    net.finish(&[("image", out)]).unwrap()
}

/// Weights of the golden rule, except a last layer of zeroes: at first the output equals the input.
fn start(graph: &Graph) -> StateDict {
    let mut state = fill::golden(&graph.stored());
    for name in ["last.weight", "last.bias"] {
        zero(&mut state, name, 0.0);
    }
    state
}

fn zero(state: &mut StateDict, name: &str, value: f32) {
    let shape = state.shape(name).unwrap().to_vec();
    let data = Data::F32(vec![value; shape.iter().product()]);
    state.insert(name, unband_nets::Tensor { shape, data });
}

/// Ramps with random directions and slopes, around 0; the banded ones have 16 levels between −1 and 1.
fn ramps(seed: usize) -> (Vec<f32>, Vec<f32>) {
    let mut clean = Vec::new();
    for painted in 0..IMAGES {
        let random = |i: usize| fill::mixed(seed, IMAGES * i + painted);
        let (angle, middle) = (random(0) * std::f64::consts::TAU, random(1) - 0.5);
        // From a level every 3 samples to one every 8.
        let slope = 2.0 / 15.0 / (3.0 + 5.0 * random(2));
        let at = |n: usize| n as f64 - SIDE as f64 / 2.0;
        let sample = |i: usize| slope * (at(i % SIDE) * angle.cos() + at(i / SIDE) * angle.sin()) + middle;
        clean.extend((0..SIDE * SIDE).map(|i| sample(i) as f32));
    }
    let banded = clean.iter().map(|v| (v * 7.5).round() / 7.5).collect();
    (clean, banded)
}

/// Without the border, where the network reads the zero padding.
fn inner(x: Tensor<4>) -> Tensor<4> {
    x.narrow(2, EDGE, SIDE - 2 * EDGE).narrow(3, EDGE, SIDE - 2 * EDGE)
}

/// The learning rate is given with each step.
fn adam(model: &Model) -> Optimizer {
    let settings =
        Settings { kind: OptimizerKind::Adam, rate: 0.0, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0 };
    Optimizer::new(&settings, model.learned_len())
}

fn tensor(values: Vec<f32>, device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, [IMAGES, 1, SIDE, SIDE]), device)
}

#[test]
fn a_small_network_learns_to_take_bands_out_and_then_runs_in_the_engine() {
    let device = Device::flex().autodiff();
    let graph = small();
    let mut model = Model::new(graph.clone(), &start(&graph), &device).unwrap();
    let mut adam = adam(&model);
    let mut losses = Vec::new();
    for step in 0..200 {
        let rate = if step < 150 { 1e-3 } else { 3e-4 };
        let (clean, banded) = ramps(step);
        let out = model.run_learning(&[tensor(banded, &device)]).unwrap().remove(0);
        let loss = inner(out - tensor(clean, &device)).square().mean();
        let gradients = loss.backward();
        losses.push(loss.into_scalar::<f32>());
        model.step(&mut adam, rate, &gradients);
    }
    let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
    let last = mean(&losses[190..]);
    eprintln!("loss {:.2e} to {last:.2e}, 1/{:.1}", losses[0], losses[0] / last);
    // At first the output equals the input, so the first loss is the error of the bands themselves.
    let (clean, banded) = ramps(0);
    let banding = inner(tensor(clean, &device) - tensor(banded, &device));
    let banding = banding.square().mean().into_scalar::<f32>();
    assert!((losses[0] / banding - 1.0).abs() < 1e-3, "{} {banding}", losses[0]);
    assert!(last * 5.0 <= losses[0], "{} to {last}", losses[0]);

    // Unseen ramps, with the weights in the engine.
    let learned = model.state().unwrap();
    let engine = Engine::new(graph.clone(), Weights::bind(&graph, &learned).unwrap(), Level::best());
    let (clean, banded) = ramps(1000);
    let outputs = model.run(&[tensor(banded.clone(), &device)]).unwrap().remove(0);
    let outputs = outputs.try_to_vec_as::<f32>().unwrap();
    let area = SIDE * SIDE;
    let (mut before, mut after) = (0.0, 0.0);
    for painted in 0..IMAGES {
        let part = painted * area..(painted + 1) * area;
        let map = Map::new(Shape::new(1, SIDE, SIDE), banded[part.clone()].to_vec()).unwrap();
        let ctx = unband_image::Context::default();
        let restored = &engine.run(&[map], Mode::default(), &ctx).unwrap()[0].data;
        let worst = apart(&outputs[part.clone()], restored);
        eprintln!("image {painted}: Burn and engine {worst:.1e} apart");
        assert!(worst <= 1e-4, "{worst}");
        let inside = |i: usize| (EDGE..SIDE - EDGE).contains(&i);
        let error = |v: &[f32]| -> f32 {
            let all = v.iter().zip(&clean[part.clone()]).enumerate();
            all.filter(|(i, _)| inside(i / SIDE) && inside(i % SIDE)).map(|(_, (a, b))| (a - b).powi(2)).sum()
        };
        before += error(&banded[part.clone()]);
        after += error(restored);
    }
    eprintln!("ramps it has not seen: error 1/{:.1}", before / after);
    assert!(after * 5.0 <= before, "{before} to {after}");
}

/// Largest gradients of the weight and bias of `conv_whole` when its bias starts there.
fn whole_gradients(bias: f32) -> (f32, f32) {
    let mut net = Net::new("bent");
    let image = net.input("image", 3);
    let out = net.banded_deform_conv("bend", image, 3, BandedDeformSpec::default());
    let graph = net.finish(&[("image", out)]).unwrap();
    let mut state = fill::golden(&graph.stored());
    zero(&mut state, "bend.conv_whole.weight", 0.0);
    zero(&mut state, "bend.conv_whole.bias", bias);
    let device = Device::flex().autodiff();
    let model = Model::new(graph.clone(), &state, &device).unwrap();
    let image = nets::tensor(&nets::maps(&graph, 16, 16)[0], &device);
    let loss = model.run(&[image]).unwrap().remove(0).square().mean();
    let gradients = model.gradients(&loss.backward()).unwrap();
    let largest = |name: &str| gradients[name].iter().fold(0.0f32, |m, v| m.max(v.abs()));
    assert!(largest("bend.conv_rotation.weight") > 1e-4);
    assert!(largest("bend.conv_stretch.weight") > 1e-4);
    (largest("bend.conv_whole.weight"), largest("bend.conv_whole.bias"))
}

#[test]
fn growing_of_banded_kernels_learns_only_from_a_bias_above_zero() {
    assert_eq!(whole_gradients(0.0), (0.0, 0.0));
    let (weight, bias) = whole_gradients(1e-3);
    eprintln!("conv_whole: {weight:.1e} weight, {bias:.1e} bias");
    assert!(weight > 1e-4 && bias > 1e-4, "{weight} {bias}");
}

#[test]
fn normalised_weights_and_norms_learn_and_run_in_the_engine() {
    let device = Device::flex().autodiff();
    let graph = nets::convolutions();
    let mut model = Model::new(graph.clone(), &fill::golden(&graph.stored()), &device).unwrap();
    let maps = nets::maps(&graph, 17, 33);
    let inputs: Vec<_> = maps.iter().map(|map| nets::tensor(map, &device)).collect();
    let mut adam = adam(&model);
    let target = inputs[0].clone().mul_scalar(0.5);
    let mut losses = Vec::new();
    for _ in 0..30 {
        let out = model.run_learning(&inputs).unwrap().remove(0);
        let loss = (out - target.clone()).square().mean();
        let gradients = loss.backward();
        losses.push(loss.into_scalar::<f32>());
        model.step(&mut adam, 1e-2, &gradients);
    }
    eprintln!("loss {:.2e} to {:.2e}", losses[0], losses[29]);
    assert!(losses[29] * 2.0 <= losses[0], "{} to {}", losses[0], losses[29]);
    let learned = model.state().unwrap();
    for name in ["c.weight_g", "c.weight_v", "up.weight_orig", "bn.weight", "bn.running_var"] {
        let before = fill::golden(&graph.stored());
        assert_ne!(learned.get(name), before.get(name), "{name} moved");
    }
    let engine = Engine::new(graph.clone(), Weights::bind(&graph, &learned).unwrap(), Level::best());
    let ctx = unband_image::Context::default();
    let want = engine.run(&maps, Mode::default(), &ctx).unwrap();
    for (got, want) in model.run(&inputs).unwrap().iter().zip(&want) {
        let worst = apart(&got.try_to_vec_as::<f32>().unwrap(), &want.data);
        eprintln!("Burn and engine {worst:.1e} apart");
        assert!(worst <= 1e-4, "{worst}");
    }
}
