use std::convert::Infallible;
use std::num::NonZeroU32;

use unband_infer::Map;
use unband_infer::indi::{follow, sample};
use unband_nets::arch::indi::Config;
use unband_nets::state::{Weights, fill};
use unband_nets::{Form, Graph, Shape, Tensor, arch};

use super::support::{filled, golden, outputs, painted, same};

fn at(graph: &Graph, weights: &Weights, image: &Map<f64>, t: f64) -> Map<f64> {
    let t = Map::new(Shape::new(1, 1, 1), vec![t]).unwrap();
    outputs(graph, weights, &[image.clone(), t]).remove(0)
}

fn sampled(graph: &Graph, weights: &Weights, image: &Map<f64>, steps: u32) -> Map<f64> {
    let run = |data: &[f64], t: f64| {
        Ok::<_, Infallible>(at(graph, weights, &Map { shape: image.shape, data: data.to_vec() }, t).data)
    };
    let data = sample(image.data.clone(), NonZeroU32::new(steps).unwrap(), run).unwrap();
    Map { shape: image.shape, data }
}

#[test]
fn gives_the_numbers_of_the_original() {
    let graph = arch::indi::ENTRY.build().unwrap();
    let want = golden("indi");
    assert_eq!(graph.parameter_count() as u64, want["params"].as_u64().unwrap());
    assert_eq!(graph.multiply_adds(256, 256).unwrap(), 5_193_709_080);
    let (_, weights) = filled(&graph, "indi");
    for (height, width) in [(32, 32), (33, 50)] {
        for t in ["1.0", "0.5"] {
            let got = at(&graph, &weights, &painted(3, height, width), t.parse().unwrap());
            let case = format!("{height}x{width}_t{t}");
            same(&got, &want[&case], &case);
        }
    }
}

/// The times of the original: `torch.linspace(1, 0, steps + 1)` in 32 bits, which is computed in blocks of
/// eight as long as sixteen are left.
fn original_times(steps: usize) -> impl Iterator<Item = (f64, f64)> {
    let step = -1.0 / steps as f32;
    let quick = (steps + 1) / 16 * 16;
    let time = move |i: usize| {
        let (start, i) = if i < quick { (i / 8 * 8, i % 8) } else { (i, 0) };
        let base = if start < steps.div_ceil(2) {
            1.0 + step * start as f32
        } else {
            -step * (steps - start) as f32
        };
        f64::from(base + step * i as f32)
    };
    (0..steps).map(time).map(move |t| (t, 1.0 / (steps as f64 * t)))
}

#[test]
fn samples_as_the_original_does() {
    let graph = arch::indi::ENTRY.build().unwrap();
    let want = golden("indi");
    let (_, weights) = filled(&graph, "indi");
    let image = painted(3, 32, 32);
    for steps in [1, 4, 30] {
        let case = format!("sample{steps}_32x32");
        let run = |data: &[f64], t: f64| {
            Ok::<_, Infallible>(
                at(&graph, &weights, &Map { shape: image.shape, data: data.to_vec() }, t).data,
            )
        };
        let data = follow(image.data.clone(), original_times(steps), run).unwrap();
        same(&Map { shape: image.shape, data }, &want[&case], &case);
    }
    assert_eq!(sampled(&graph, &weights, &image, 1), at(&graph, &weights, &image, 1.0));
    same(&sampled(&graph, &weights, &image, 4), &want["sample4_32x32"], "4 exact steps");
}

#[test]
fn ends_at_what_the_network_says_last() {
    let constant = [0.1f32, 0.7, 1.3];
    for steps in [1, 2, 3, 7, 30, 100] {
        let mut times = Vec::new();
        let run = |_: &[f32], t: f32| {
            times.push(t);
            Ok::<_, Infallible>(constant.to_vec())
        };
        let out = sample(vec![0.3, 0.9, 0.2], NonZeroU32::new(steps).unwrap(), run).unwrap();
        assert_eq!(out, constant, "{steps} steps");
        assert_eq!(times.len(), steps as usize);
        assert_eq!(times[0].to_bits(), 1.0f32.to_bits());
        assert!((times[steps as usize - 1] - 1.0 / steps as f32).abs() < 1e-7);
    }
}

#[test]
fn stops_sampling_at_the_first_error() {
    let mut runs = 0;
    let run = |_: &[f32], _: f32| {
        runs += 1;
        if runs < 3 { Ok(vec![0.0]) } else { Err("no more") }
    };
    assert_eq!(sample(vec![1.0], NonZeroU32::new(10).unwrap(), run), Err("no more"));
    assert_eq!(runs, 3);
}

#[test]
fn stores_tensors_that_change_nothing() {
    let graph = arch::indi::ENTRY.build().unwrap();
    let (mut state, weights) = filled(&graph, "indi");
    let unused = graph.unused();
    assert_eq!(unused.iter().map(|p| p.learned()).sum::<usize>(), 49_656);
    assert!(unused.iter().all(|p| p.name.contains(".one.") || p.name == "linearAct.scale"));
    let names: Vec<String> = state.names().map(str::to_owned).collect();
    for name in names.iter().filter(|n| n.contains(".one.") || *n == "linearAct.scale") {
        let shape = state.shape(name).unwrap().to_vec();
        let data = vec![9.0; shape.iter().product()];
        state.insert(name.clone(), Tensor::f32(&shape, data).unwrap());
    }
    let changed = Weights::bind(&graph, &state).unwrap();
    let image = painted(3, 16, 16);
    assert_eq!(at(&graph, &weights, &image, 0.7), at(&graph, &changed, &image, 0.7));
}

#[test]
fn is_known_by_its_tensors_with_and_without_weight_norm() {
    let plain = Config { first_form: Form::Plain, form: Form::Plain, ..Config::default() };
    let half = Config { form: Form::Plain, ..Config::default() };
    let small = Config { channels: 4, factor: 6, blocks: 2, ..Config::default() };
    for config in [Config::default(), plain, half, small] {
        let graph = arch::indi::build(&config).unwrap();
        let (found, again) = arch::detect(&fill::golden(&graph.stored())).unwrap();
        assert_eq!(found.name, "indi");
        assert_eq!(again.unwrap(), graph);
    }
}

#[test]
fn folded_weights_give_the_same_image() {
    let normed = arch::indi::ENTRY.build().unwrap();
    let config = Config { first_form: Form::Plain, form: Form::Plain, ..Config::default() };
    let plain = arch::indi::build(&config).unwrap();
    let (state, weights) = filled(&normed, "indi");
    let folded = normed.params.iter().enumerate().map(|(i, param)| {
        let id = normed.params.iter().position(|p| p.name == param.name).unwrap();
        assert_eq!(id, i);
        let data = match state.get(&param.name) {
            Some(tensor) => tensor.to_f32(),
            None => fold(&state, &param.name),
        };
        (param.name.clone(), Tensor::f32(&param.shape, data).unwrap())
    });
    let folded = Weights::bind(&plain, &folded.collect()).unwrap();
    let image = painted(3, 16, 16);
    let (a, b) = (at(&normed, &weights, &image, 0.7), at(&plain, &folded, &image, 0.7));
    let largest = a.data.iter().zip(&b.data).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(largest < 1e-5 && largest > 0.0, "{largest}");
}

/// g · v / ‖v‖ in 32 bits, as exporting from PyTorch does it.
fn fold(state: &unband_nets::StateDict, name: &str) -> Vec<f32> {
    let (g, v) = (state.get(&format!("{name}_g")).unwrap(), state.get(&format!("{name}_v")).unwrap());
    let v = v.to_f32();
    let rest = v.len() / g.to_f32().len();
    let row = |(row, g): (&[f32], f32)| {
        let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        row.iter().map(|x| g * x / norm).collect::<Vec<f32>>()
    };
    v.chunks(rest).zip(g.to_f32()).flat_map(row).collect()
}
