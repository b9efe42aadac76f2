//! Gradients of the banded deformable layer are its authors' over all published options.
//!
//! `golden/nets/banded_layer.safetensors`, made by `tools/make_banded_layer.py`.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use unband_nets::layer::banded_deform_conv::BandedDeformSpec;
use unband_nets::state::init::{self, Init};
use unband_nets::{Net, StateDict, checkpoint};
use unband_train::Model;

const KERNELS: [(&str, (usize, usize)); 3] = [("3x3", (3, 3)), ("3x5", (3, 5)), ("5x3", (5, 3))];
const LIMITS: [(&str, Option<(f32, f32)>); 3] =
    [("none", None), ("0.5_3", Some((0.5, 3.0))), ("0.5_2", Some((0.5, 2.0)))];
const DIMS: [usize; 4] = [1, 4, 5, 6];

fn values(file: &StateDict, name: &str) -> Vec<f32> {
    file.get(name).unwrap_or_else(|| panic!("no {name}")).to_f32()
}

fn put(state: &mut StateDict, name: &str, values: Vec<f32>) {
    let shape = state.get(name).unwrap().shape.clone();
    state.insert(name, unband_nets::Tensor::f32(&shape, values).unwrap());
}

/// Largest difference of forward and gradients from the authors', of the largest of each tensor.
fn compare(file: &StateDict, name: &str, kernel: &str, spec: BandedDeformSpec) -> f32 {
    let device = Device::flex().autodiff();
    let mut net = Net::new("layer");
    let image = net.input("image", 4);
    let out = net.banded_deform_conv("bend", image, 4, spec);
    let graph = net.finish(&[("image", out)]).unwrap();
    let mut state = init::state(&graph, &Init::default(), 1);
    put(&mut state, "bend.conv.weight", values(file, kernel));
    for generator in ["rotation", "stretch"] {
        put(
            &mut state,
            &format!("bend.conv_{generator}.weight"),
            values(file, &format!("{generator}.weight")),
        );
    }
    if spec.rescale {
        put(&mut state, "bend.conv_whole.weight", values(file, "whole.weight"));
        put(&mut state, "bend.conv_whole.bias", values(file, "whole.bias"));
    }
    let model = Model::new(graph, &state, &device).unwrap();
    let tensor = |name: &str| Tensor::<4>::from_data(TensorData::new(values(file, name), DIMS), &device);
    let x = tensor("x").require_grad();
    let y = model.run(&[x.clone()]).unwrap().remove(0);
    let forward = y.clone().try_to_vec_as::<f32>().unwrap();
    let backward = (y * tensor("probe")).sum().backward();
    let apart = |got: &[f32], want: &str| {
        let want = values(file, want);
        assert_eq!(got.len(), want.len(), "{name}");
        let largest = want.iter().fold(1e-3f32, |m, v| m.max(v.abs()));
        got.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest
    };
    let mut worst = apart(&forward, &format!("{name}.forward"));
    worst = worst
        .max(apart(&x.grad(&backward).unwrap().try_to_vec_as::<f32>().unwrap(), &format!("{name}.grad.x")));
    let gradients = model.gradients(&backward).unwrap();
    let prefix = format!("{name}.grad.");
    for want in file.names().filter(|n| n.starts_with(&prefix) && !n.ends_with(".x")) {
        let got = &gradients[&format!("bend.{}", want.strip_prefix(&prefix).unwrap())];
        worst = worst.max(apart(got, want));
    }
    worst
}

#[test]
fn gradients_are_the_authors_with_all_options() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/nets/banded_layer.safetensors");
    let file = checkpoint::open(path).unwrap().state;
    let mut compared = 0;
    let mut largest = 0.0f32;
    for (kernel_name, kernel) in KERNELS {
        for (limits_name, limits) in LIMITS {
            for init_angle in [0.0, 17.5, 30.0, 45.0, 90.0, -20.0] {
                for (rescale, groups) in [(true, 1), (true, 2), (false, 1), (false, 2)] {
                    let scale = if rescale { "rescale" } else { "fixed" };
                    let name = format!("{kernel_name}.{limits_name}.{init_angle}.{scale}.g{groups}");
                    let spec =
                        BandedDeformSpec { kernel, groups, limits, rescale, init_angle, init_whole: 0.0 };
                    let worst = compare(&file, &name, &format!("conv.{kernel_name}.g{groups}"), spec);
                    assert!(worst <= 1e-5, "{name}: {worst}");
                    (compared, largest) = (compared + 1, largest.max(worst));
                }
            }
        }
    }
    eprintln!("{compared} combinations, {largest:.1e} of the largest apart");
    assert_eq!(compared, 216);
}
