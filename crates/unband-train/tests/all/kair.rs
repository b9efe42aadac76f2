//! Losses of KAIR, compared with its own code.
//!
//! `golden/nets/kair_losses.safetensors`, made by `tools/make_kair_losses.py`.
#![allow(clippy::print_stderr)]

use std::path::Path;

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use unband_nets::{StateDict, checkpoint};
use unband_train::losses::{gan, l2sum, ssim};
use unband_train::recipe::{Recipe, Rules};

const RULES: [(&str, Rules); 5] = [
    ("gan", Rules::Gan),
    ("ragan", Rules::Ragan),
    ("lsgan", Rules::Lsgan),
    ("wgan", Rules::Wgan),
    ("softplusgan", Rules::Softplusgan),
];

fn file() -> StateDict {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/nets/kair_losses.safetensors");
    checkpoint::open(path).unwrap().state
}

fn values(file: &StateDict, name: &str) -> Vec<f32> {
    file.get(name).unwrap_or_else(|| panic!("no {name}")).to_f32()
}

fn tensor(file: &StateDict, name: &str) -> Tensor<4> {
    let shape: [usize; 4] = file.shape(name).unwrap().try_into().unwrap();
    Tensor::from_data(TensorData::new(values(file, name), shape), &Device::flex().autodiff()).require_grad()
}

/// The largest difference, relative to the largest wanted value.
fn apart(got: &[f32], want: &[f32]) -> f32 {
    assert_eq!(got.len(), want.len());
    let largest = want.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest
}

fn gradient(x: &Tensor<4>, gradients: &Gradients) -> Vec<f32> {
    x.grad(gradients).unwrap().try_to_vec_as().unwrap()
}

#[test]
fn the_game_of_each_type_has_the_losses_and_gradients_of_kair() {
    let file = file();
    for (name, rules) in RULES {
        let (made, real) = (tensor(&file, "made"), tensor(&file, "real"));
        let known = (made.clone().detach(), real.clone().detach());
        let known = Some((&known.0, &known.1));
        let loss = gan::generator(rules, made.clone(), known);
        let gradients = loss.backward();
        let near = |got: &[f32], part: &str| {
            let off = apart(got, &values(&file, &format!("{name}.{part}")));
            assert!(off <= 2e-6, "{name} {part}: {off:.1e}");
        };
        near(&[loss.into_scalar::<f32>()], "loss");
        near(&gradient(&made, &gradients), "network");
        let gradients = gan::discriminator(rules, made.clone(), real.clone(), known).backward();
        near(&gradient(&made, &gradients), "made");
        near(&gradient(&real, &gradients), "real");
    }
}

#[test]
fn the_sum_of_squares_and_the_similarity_are_those_of_kair() {
    let file = file();
    let near = |name: &str, loss: Tensor<1>, a: &Tensor<4>, (factor, add): (f32, f32)| {
        let gradients = loss.backward();
        let value = loss.into_scalar::<f32>() * factor + add;
        let got: Vec<f32> = gradient(a, &gradients).iter().map(|v| v * factor).collect();
        let (value, off) =
            (apart(&[value], &values(&file, name)), apart(&got, &values(&file, &format!("{name}.grad"))));
        eprintln!("{name}: value {value:.1e}, gradients {off:.1e} apart");
        assert!(value <= 2e-6 && off <= 1e-5, "{name}: {value:.1e} {off:.1e}");
    };
    let (a, b) = (tensor(&file, "a"), tensor(&file, "b"));
    // KAIR adds the two images up.
    near("l2sum", l2sum::loss(a.clone(), b.clone()), &a, (2.0, 0.0));
    // KAIR's loss is the similarity, unband's 1 minus it.
    near("ssim", ssim::loss(a.clone(), b), &a, (-1.0, 1.0));
}

#[test]
fn the_network_waits_as_in_kair() {
    let file = file();
    for (settings, name) in [
        ("", "steps.0.1"),
        ("init-steps = 3", "steps.3.1"),
        ("D_init_iters = 2\nD_update_ratio = 2", "steps.2.2"),
    ] {
        let text = format!(
            "network = \"bitnet\"\nsteps = 6\nbatch = 2\npatch = 16\nloss = [{{ term = \"l1\" }}]\n\
             optimizer = {{ kind = \"adam\", rate = 1e-3 }}\ndata = {{ kind = \"pairs\", folder = \"a\" }}\n\
             validation = {{ every = 5, data = {{ kind = \"pairs\", folder = \"b\" }} }}\n\
             [gan]\ndiscriminator = \"patchgan-sn\"\nrules = \"lsgan\"\n{settings}\n"
        );
        let recipe = Recipe::parse(&text, "test").unwrap();
        let gan = recipe.gan.clone().unwrap();
        let played: Vec<f32> = (1..=6).map(|step| f32::from(u8::from(gan.plays(step)))).collect();
        assert_eq!(played, values(&file, name), "{settings}");
        assert_eq!(Recipe::parse(&recipe.to_toml().unwrap(), "again").unwrap(), recipe);
    }
}
