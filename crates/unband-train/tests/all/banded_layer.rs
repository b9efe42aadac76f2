//! Gradients of the banded deformable layer are its authors' over all published options.
//!
//! `golden/nets/banded_layer.safetensors`, made by `tools/make_banded_layer.py`.
#![allow(clippy::print_stderr)]

use std::path::Path;

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use unband_nets::layer::banded_deform_conv::BandedDeformSpec;
use unband_nets::state::init::{self, Init};
use unband_nets::{Net, StateDict, checkpoint};
use unband_train::recipe::Recipe;
use unband_train::{BandedDeformConvConfig, Model};

use crate::banded_options::{Combination, combinations};

const DIMS: [usize; 4] = [1, 4, 5, 6];

fn values(file: &StateDict, name: &str) -> Vec<f32> {
    file.get(name).unwrap_or_else(|| panic!("no {name}")).to_f32()
}

fn put(state: &mut StateDict, name: &str, values: Vec<f32>) {
    let shape = state.get(name).unwrap().shape.clone();
    state.insert(name, unband_nets::Tensor::f32(&shape, values).unwrap());
}

/// Largest difference of forward and gradients from the authors', of the largest of each tensor; of weight
/// and bias together for a convolution, as the gradient of a bias is a sum that nearly cancels. In 32 bits
/// the authors' own layer then differs by 6e-7 from itself in 64 bits, and by 9e-5 of the bias alone.
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
    let y = model.run(std::slice::from_ref(&x)).unwrap().remove(0);
    let forward = y.clone().try_to_vec_as::<f32>().unwrap();
    let backward = (y * tensor("probe")).sum().backward();
    let apart = |got: &[f32], want: &str| {
        let together = want.replace(".bias", ".weight");
        let want = values(file, want);
        let of_all = [want.clone(), values(file, &together)].concat();
        assert_eq!(got.len(), want.len(), "{name}");
        let largest = of_all.iter().fold(1e-3f32, |m, v| m.max(v.abs()));
        got.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest
    };
    let mut worst = apart(&forward, &format!("{name}.forward"));
    worst = worst
        .max(apart(&x.grad(&backward).unwrap().try_to_vec_as::<f32>().unwrap(), &format!("{name}.grad.x")));
    let gradients = model.gradients(&backward).unwrap();
    let prefix = format!("{name}.grad.");
    for want in file.names().filter(|n| n.starts_with(&prefix) && **n != format!("{prefix}x")) {
        let got = &gradients[&format!("bend.{}", want.strip_prefix(&prefix).unwrap())];
        worst = worst.max(apart(got, want));
    }
    worst
}

#[test]
fn gradients_are_the_authors_with_all_options() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/nets/banded_layer.safetensors");
    let file = checkpoint::open(path).unwrap().state;
    let mut largest = 0.0f32;
    for Combination { name, weights, spec } in combinations() {
        let worst = compare(&file, &name, &weights, spec);
        assert!(worst <= 1e-5, "{name}: {worst}");
        largest = largest.max(worst);
    }
    eprintln!("{largest:.1e} of the largest apart");
}

#[test]
fn the_module_for_burn_starts_and_computes_as_the_authors_layer() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/nets/banded_layer.safetensors");
    let file = checkpoint::open(path).unwrap().state;
    let device = Device::flex().autodiff();
    let shaped = |name: &str, shape: [usize; 4]| {
        Param::from_tensor(Tensor::<4>::from_data(TensorData::new(values(&file, name), shape), &device))
    };
    let apart = |got: Tensor<4>, name: &str| {
        let got = got.try_to_vec_as::<f32>().unwrap();
        got.iter().zip(values(&file, name)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    let some = |c: &Combination| {
        [(0.0, true, 1), (17.5, false, 2), (-20.0, true, 2)].contains(&(
            c.spec.init_angle,
            c.spec.rescale,
            c.spec.groups,
        ))
    };
    for Combination { name, weights, spec } in combinations().into_iter().filter(some) {
        let (rows, columns) = spec.kernel;
        let mut layer = BandedDeformConvConfig::new([4, 4])
            .with_kernel_size([rows, columns])
            .with_limits(spec.limits.map(|(min, max)| [min, max]))
            .with_init_angle(spec.init_angle)
            .with_rescale(spec.rescale)
            .with_groups(spec.groups)
            .init(&device)
            .unwrap();
        layer.conv.weight = shaped(&weights, [4, 4 / spec.groups, rows, columns]);
        let x = Tensor::<4>::from_data(TensorData::new(values(&file, "x"), DIMS), &device);
        let off = apart(layer.forward(x.clone()), &format!("{name}.start"));
        assert!(off <= 1e-6, "{name} start: {off:.1e}");
        layer.conv_rotation.weight = shaped("rotation.weight", [2, 4, 3, 3]);
        layer.conv_stretch.weight = shaped("stretch.weight", [1, 4, 3, 3]);
        if let Some(whole) = &mut layer.conv_whole {
            whole.weight = shaped("whole.weight", [1, 4, 3, 3]);
            let bias = Tensor::from_data(TensorData::new(values(&file, "whole.bias"), [1]), &device);
            whole.bias = Some(Param::from_tensor(bias));
        }
        let off = apart(layer.forward(x), &format!("{name}.forward"));
        assert!(off <= 2e-6, "{name} forward: {off:.1e}");
    }
    let wrong = |config: BandedDeformConvConfig| config.init(&device).unwrap_err().to_string();
    assert!(wrong(BandedDeformConvConfig::new([4, 4]).with_kernel_size([2, 3])).contains("odd"));
    assert!(wrong(BandedDeformConvConfig::new([4, 4]).with_groups(3)).contains("groups"));
}

#[test]
fn options_of_a_recipe_are_trained_stored_and_read_again() {
    let dir = tempfile::tempdir().unwrap();
    for (folder, count) in [("train", 2), ("val", 1)] {
        super::training::photos(&dir.path().join(folder), count);
    }
    let name = "bdinn:kernel=5x3,limits=none,angle=-20,rescale=false,groups=2";
    let clean = |folder: &str| {
        let folder = dir.path().join(folder);
        format!("{{ kind = \"clean\", folder = \"{}\", degradations = [\"rgb-5\"] }}", folder.display())
    };
    let text = format!(
        "network = \"{name}\"\nsteps = 2\nbatch = 1\npatch = 16\nloss = [{{ term = \"l1\" }}]\n\
         init = {{ kind = \"xavier-normal\", gain = 0.1 }}\noptimizer = {{ kind = \"adam\", rate = 1e-3 }}\n\
         data = {}\nvalidation = {{ every = 2, crop = 16, data = {} }}\n",
        clean("train"),
        clean("val")
    );
    let recipe = Recipe::parse(&text, "test").unwrap();
    let out = dir.path().join("run");
    let trained = unband_train::train::run(&recipe, &out, &[Device::flex()], &mut |_| true).unwrap().unwrap();
    let read = checkpoint::open(&trained.weights).unwrap();
    let network = read.network().unwrap();
    let graph = unband_nets::arch::build(name).unwrap().unwrap();
    assert!(network.graph == graph);
    // Every generator learned: without limits, a stretch that starts at 0 would not.
    let start = init::state(&graph, &recipe.init, 0);
    for layer in ["mid.0.phi1.rcam.bd1", "mid.1.psi2.rcam.bd2"] {
        for part in ["conv_rotation.bias", "conv_stretch.bias", "conv.weight"] {
            let name = format!("{layer}.{part}");
            assert_ne!(values(&start, &name), values(&read.state, &name), "{name}");
        }
    }
    let stretch = values(&start, "mid.0.phi1.rcam.bd1.conv_stretch.bias");
    assert!((stretch[0] - 1.0).abs() < 1e-6);
    // The engine computes what the trainer does.
    let image: Vec<f32> = (0..3 * 16 * 24).map(|i| (i * 37 % 256) as f32 / 255.0).collect();
    let device = Device::flex();
    let model = Model::new(graph, &read.state, &device).unwrap();
    let x = Tensor::<4>::from_data(TensorData::new(image.clone(), [1, 3, 16, 24]), &device);
    let want = model.run(&[x]).unwrap().remove(0).try_to_vec_as::<f32>().unwrap();
    let map = unband_infer::Map::new(unband_nets::Shape::new(3, 16, 24), image).unwrap();
    let engine = unband_infer::Engine::new(network.graph, network.weights, unband_simd::Level::best());
    let ctx = unband_image::Context::default();
    let got = engine.run(&[map], unband_infer::Mode::default(), &ctx).unwrap().remove(0);
    let off = got.data.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off <= 1e-4, "{off:.1e}");
}

#[test]
fn a_recipe_with_impossible_options_says_what_is_possible() {
    let parse = |network: &str| {
        let text = format!(
            "network = \"{network}\"\nsteps = 2\nbatch = 1\npatch = 16\nloss = [{{ term = \"l1\" }}]\n\
             optimizer = {{ kind = \"adam\", rate = 1e-3 }}\ndata = {{ kind = \"pairs\", folder = \"a\" }}\n\
             validation = {{ every = 2, data = {{ kind = \"pairs\", folder = \"b\" }} }}\n"
        );
        Recipe::parse(&text, "mine.toml").unwrap_err().to_string()
    };
    assert!(parse("bdinn:limits=3..0.5").contains("0.5..3"), "{}", parse("bdinn:limits=3..0.5"));
    assert!(parse("bdinn:size=3").contains("kernel, limits"), "{}", parse("bdinn:size=3"));
    assert!(parse("adnet:kernel=3").contains("bdinn:kernel="), "{}", parse("adnet:kernel=3"));
}
