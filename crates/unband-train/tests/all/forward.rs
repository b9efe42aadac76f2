//! Equivalence of Burn's results with the reference and the inference engine.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr, clippy::float_cmp)]

use crate::nets;
use crate::reference;
use burn::tensor::{Device, Tensor};
use nets::{apart, maps, tensor};
use unband_infer::{Engine, Map, Mode};
use unband_nets::state::{Weights, fill, step_spectral_norms};
use unband_nets::{Data, Graph, StateDict, arch};
use unband_simd::Level;
use unband_train::{Model, TrainError};

/// Tolerance, relative to the largest magnitude.
const TOLERANCE: f32 = 1e-4;

fn compare(name: &str, got: &[Tensor<4>], want: &[Map<f32>]) -> f32 {
    assert_eq!(got.len(), want.len());
    let each = got.iter().zip(want).map(|(got, want)| {
        let shape = want.shape;
        assert_eq!(got.dims(), [1, shape.channels, shape.height, shape.width], "{name}");
        apart(&got.try_to_vec_as::<f32>().unwrap(), &want.data)
    });
    let worst = each.fold(0.0, f32::max);
    assert!(worst <= TOLERANCE, "{name}: {worst}");
    worst
}

/// Burn, reference and engine on the same image.
fn same(graph: &Graph, height: usize, width: usize) {
    let state = fill::golden(&graph.stored());
    let state = if graph.name.starts_with("bdinn") { fill::tenth(&state) } else { state };
    let weights = Weights::bind(graph, &state).unwrap();
    let maps = maps(graph, height, width);
    let device = Device::flex();
    let inputs: Vec<_> = maps.iter().map(|map| tensor(map, &device)).collect();
    let got = Model::new(graph.clone(), &state, &device).unwrap().run(&inputs).unwrap();
    let (mode, ctx) = (Mode::default(), unband_image::Context::default());
    let want = reference::run(graph, &weights, &maps, mode, &ctx).unwrap();
    let name = &graph.name;
    let from_reference = compare(name, &got, &want);
    let engine = Engine::new(graph.clone(), weights, Level::best());
    let from_engine = compare(name, &got, &engine.run(&maps, mode, &ctx).unwrap());
    eprintln!("{name} {height}x{width}: {from_reference:.1e} reference, {from_engine:.1e} engine");
}

#[test]
fn all_operations_agree() {
    for (height, width) in [(17, 33), (6, 5), (40, 3), (32, 32)] {
        same(&nets::convolutions(), height, width);
    }
    for (height, width) in [(16, 8), (32, 48)] {
        same(&nets::windows(), height, width);
    }
}

#[test]
fn every_network_agrees() {
    let mut ran = 0;
    for architecture in arch::ARCHITECTURES {
        let graph = architecture.build().unwrap();
        let side = graph.size_multiple().unwrap_or(64).max(32);
        // Larger ones take too long here, and some take one size only.
        if graph.multiply_adds(side, side).is_ok_and(|n| n < 1_500_000_000) {
            same(&graph, side, side);
            ran += 1;
        }
    }
    assert!(ran >= 12, "{ran}");
}

#[test]
fn images_of_a_batch_do_not_see_each_other() {
    let graph = nets::windows();
    let device = Device::flex();
    let model = Model::new(graph.clone(), &fill::golden(&graph.stored()), &device).unwrap();
    let first = tensor(&maps(&graph, 16, 24)[0], &device);
    let second = first.clone().mul_scalar(-0.5).add_scalar(0.7);
    let both = model.run(&[Tensor::cat(vec![first.clone(), second.clone()], 0)]).unwrap();
    for (place, single) in [first, second].into_iter().enumerate() {
        for (both, alone) in both.iter().zip(model.run(&[single]).unwrap()) {
            let got = both.clone().narrow(0, place, 1).try_to_vec_as::<f32>().unwrap();
            let worst = apart(&got, &alone.try_to_vec_as::<f32>().unwrap());
            assert!(worst <= 1e-6, "{place}: {worst}");
        }
    }
}

fn values(state: &StateDict, name: &str) -> Vec<f32> {
    state.get(name).unwrap().to_f32()
}

#[test]
fn learning_takes_the_statistics_of_the_batch_and_follows_them() {
    let graph = nets::convolutions();
    let before = fill::golden(&graph.stored());
    let device = Device::flex();
    let maps = maps(&graph, 17, 33);
    let inputs: Vec<_> = maps.iter().map(|map| tensor(map, &device)).collect();
    let mut model = Model::new(graph.clone(), &before, &device).unwrap();
    let got = model.run_learning(&inputs).unwrap();
    let after = model.state().unwrap();

    let mut stepped = before.clone();
    step_spectral_norms(&graph, &mut stepped).unwrap();
    for name in ["up.weight_u", "up.weight_v"] {
        assert!(apart(&values(&after, name), &values(&stepped, name)) <= 1e-5, "{name}");
        assert!(apart(&values(&after, name), &values(&before, name)) > 1e-2, "{name} moved");
    }
    let weights = Weights::bind(&graph, &stepped).unwrap();
    let mode = Mode { image_statistics: true, dropout: None };
    let ctx = unband_image::Context::default();
    compare("learning", &got, &reference::run(&graph, &weights, &maps, mode, &ctx).unwrap());

    assert_eq!(after.get("bn.num_batches_tracked").unwrap().data, Data::I64(vec![1]));
    // Input of the norm: the result of the layer before it.
    let mut cut = graph.clone();
    let seen = graph.nodes.iter().find(|node| node.scope == "bn").unwrap().inputs[0];
    cut.outputs = vec![("seen".into(), seen)];
    let seen = &reference::run(&cut, &weights, &maps, mode, &ctx).unwrap()[0];
    let area = seen.shape.height * seen.shape.width;
    for (c, plane) in seen.data.chunks(area).enumerate() {
        let mean = plane.iter().map(|&v| f64::from(v)).sum::<f64>() / area as f64;
        let squares = plane.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>();
        for (name, batch) in [("bn.running_mean", mean), ("bn.running_var", squares / (area - 1) as f64)] {
            let want = 0.9 * f64::from(values(&before, name)[c]) + 0.1 * batch;
            let got = f64::from(values(&after, name)[c]);
            assert!((got - want).abs() <= 1e-6 * want.abs().max(1.0), "{name} {c}: {got} for {want}");
        }
    }
    // The rest stays.
    for (name, tensor) in before.iter() {
        if !name.starts_with("bn.") && !name.ends_with("weight_u") && !name.ends_with("weight_v") {
            assert_eq!(after.get(name), Some(tensor), "{name}");
        }
    }
}

/// Ioffe 2017, equations of algorithm 1, with the limits of keras-contrib.
#[test]
fn batch_renormalisation_corrects_more_the_more_it_has_seen() {
    let mut net = unband_nets::Net::new("renorm");
    let image = net.input("image", 2);
    let out = net.batch_renorm("bn", image, 1e-3);
    let graph = net.finish(&[("image", out)]).unwrap();
    let device = Device::flex();
    let painted: Vec<f64> = (0..2 * 12).map(|i| 3.0 * fill::mixed(1, i) - 0.5).collect();
    let values32: Vec<f32> = painted.iter().map(|v| *v as f32).collect();
    let image = Tensor::<4>::from_data(burn::tensor::TensorData::new(values32, [1, 2, 3, 4]), &device);
    for (seen, scale_limit, shift_limit) in [
        (0, 1.0, 0.0),
        (2001, 3.0 / (1.0 + 2.0 * (-2.0f64).exp()), 5.0 / (1.0 + 4999.0 * (-4.0f64).exp())),
        (100_000, 3.0, 5.0),
    ] {
        let mut before = fill::golden(&graph.stored());
        let counter = unband_nets::Tensor { shape: vec![], data: Data::I64(vec![seen]) };
        before.insert("bn.num_batches_tracked", counter);
        let mut model = Model::new(graph.clone(), &before, &device).unwrap();
        let got =
            model.run_learning(std::slice::from_ref(&image)).unwrap()[0].try_to_vec_as::<f32>().unwrap();
        let after = model.state().unwrap();
        let number = |name: &str, c: usize| f64::from(values(&before, name)[c]);
        for c in 0..2 {
            let plane = &painted[12 * c..12 * (c + 1)];
            let mean = plane.iter().sum::<f64>() / 12.0;
            let variance = plane.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 12.0;
            let (spread, running) = ((variance + 1e-3).sqrt(), (number("bn.running_var", c) + 1e-3).sqrt());
            let r = (spread / running).clamp(1.0 / scale_limit, scale_limit);
            let d = ((mean - number("bn.running_mean", c)) / running).clamp(-shift_limit, shift_limit);
            for (i, v) in plane.iter().enumerate() {
                let want = ((v - mean) / spread * r + d) * number("bn.weight", c) + number("bn.bias", c);
                assert!(
                    (f64::from(got[12 * c + i]) - want).abs() < 1e-5,
                    "{seen}: {} {want}",
                    got[12 * c + i]
                );
            }
            for (name, batch) in [("bn.running_mean", mean), ("bn.running_var", variance)] {
                let want = 0.99 * number(name, c) + 0.01 * batch;
                assert!((f64::from(values(&after, name)[c]) - want).abs() < 1e-6, "{name}");
            }
        }
    }
}

#[test]
fn dropout_zeroes_its_share_and_keeps_the_mean() {
    let mut net = unband_nets::Net::new("dropout");
    let image = net.input("image", 1);
    let out = net.dropout(image, 0.25);
    let graph = net.finish(&[("image", out)]).unwrap();
    let device = Device::flex();
    device.seed(7);
    let mut model = Model::new(graph, &StateDict::new(), &device).unwrap();
    let ones = Tensor::<4>::ones([1, 1, 100, 100], &device);
    let kept = model.run(std::slice::from_ref(&ones)).unwrap()[0].try_to_vec_as::<f32>().unwrap();
    assert!(kept.iter().all(|&v| v == 1.0));
    let got = model.run_learning(&[ones]).unwrap()[0].try_to_vec_as::<f32>().unwrap();
    let zeroes = got.iter().filter(|&&v| v == 0.0).count();
    assert!((2300..2700).contains(&zeroes), "{zeroes}");
    assert!(got.iter().all(|&v| v == 0.0 || (v - 1.0 / 0.75).abs() < 1e-6));
}

#[test]
fn drop_path_drops_whole_images() {
    let mut net = unband_nets::Net::new("drop-path");
    let image = net.input("image", 1);
    let out = net.drop_path(image, 0.25);
    let graph = net.finish(&[("image", out)]).unwrap();
    let device = Device::flex();
    device.seed(7);
    let mut model = Model::new(graph, &StateDict::new(), &device).unwrap();
    let ones = Tensor::<4>::ones([1000, 1, 2, 2], &device);
    let kept = model.run(std::slice::from_ref(&ones)).unwrap()[0].try_to_vec_as::<f32>().unwrap();
    assert!(kept.iter().all(|&v| v == 1.0));
    let got = model.run_learning(&[ones]).unwrap()[0].try_to_vec_as::<f32>().unwrap();
    let whole = |painted: &[f32]| painted.iter().all(|&v| v == painted[0]);
    assert!(got.chunks_exact(4).all(whole));
    let dropped = got.chunks_exact(4).filter(|painted| painted[0] == 0.0).count();
    assert!((200..300).contains(&dropped), "{dropped}");
    assert!(got.iter().all(|&v| v == 0.0 || (v - 1.0 / 0.75).abs() < 1e-6));
}

#[test]
fn what_does_not_fit_is_an_error() {
    let graph = nets::windows();
    let state = fill::golden(&graph.stored());
    let device = Device::flex();
    let model = Model::new(graph.clone(), &state, &device).unwrap();
    let zeros = |dims: [usize; 4]| Tensor::<4>::zeros(dims, &device);
    assert!(matches!(model.run(&[]), Err(TrainError::Inputs { .. })));
    assert!(matches!(model.run(&[zeros([1, 4, 16, 16])]), Err(TrainError::Inputs { .. })));
    assert!(matches!(model.run(&[zeros([1, 3, 12, 16])]), Err(TrainError::Shape(_))));
    assert!(matches!(Model::new(graph, &StateDict::new(), &device), Err(TrainError::Bind(_))));

    let mut net = unband_nets::Net::new("renorm");
    let image = net.input("image", 2);
    let plain = net.batch_norm("bn", image, 1e-5);
    let again = net.batch_renorm("brn", image, 1e-5);
    let one = net.finish(&[("plain", plain), ("again", again)]).unwrap();
    let mut model = Model::new(one.clone(), &fill::golden(&one.stored()), &device).unwrap();
    assert!(model.run(&[zeros([1, 2, 4, 4])]).is_ok());
    assert!(matches!(model.run_learning(&[zeros([1, 2, 1, 1])]), Err(TrainError::OneSample { .. })));
}
