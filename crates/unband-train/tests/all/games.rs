//! Adversarial steps: several workers, and the first steps of the discriminator alone.
#![allow(clippy::print_stderr)]

use std::collections::HashMap;

use burn::tensor::Device;
use unband_image::Rng;
use unband_nets::Data;
use unband_train::recipe::Recipe;
use unband_train::{Batch, Batches, Learner, TrainError};

const SIDE: usize = 32;

/// Noise as images.
struct Noise;

impl Batches for Noise {
    fn next(&mut self, number: u64) -> Result<Batch, TrainError> {
        let values = |plane| {
            let random = move |i| Rng::new(number).unit_at(plane, 0, i, 0);
            (0..(4 * 3 * SIDE * SIDE) as u32).map(random).collect()
        };
        Ok(Batch { lq: values(0), gt: values(1), n: 4, height: SIDE, width: SIDE, ..Batch::default() })
    }
}

fn learner(workers: usize, rate: f64, gan: &str) -> Learner {
    let text = format!(
        "network = \"bitnet\"\nsteps = 100\nbatch = 4\npatch = {SIDE}\nworkers = {workers}\n\
         loss = [{{ term = \"l1\" }}, {{ term = \"l2sum\", weight = 1e-4 }}]\n\
         optimizer = {{ kind = \"adam\", rate = {rate:e} }}\ndata = {{ kind = \"pairs\", folder = \"a\" }}\n\
         validation = {{ every = 5, data = {{ kind = \"pairs\", folder = \"b\" }} }}\n[gan]\n{gan}\n"
    );
    // Two devices: the processor twice.
    Learner::new(Recipe::parse(&text, "test").unwrap(), &[Device::flex(), Device::flex()]).unwrap()
}

/// Largest difference of gradients, of the largest of their layer: gradients of biases are sums that nearly
/// cancel, so weight and bias are one vector.
fn apart(one: &HashMap<String, Vec<f32>>, two: &HashMap<String, Vec<f32>>) -> f32 {
    assert!(one.keys().any(|name| name.starts_with("discriminator/")) && one.len() == two.len());
    let mut worst = 0.0f32;
    for (name, own) in one {
        let weight = name.strip_suffix("bias").and_then(|layer| one.get(&format!("{layer}weight")));
        let all = own.iter().chain(weight.into_iter().flatten());
        let largest = all.fold(1e-6f32, |m, v| m.max(v.abs()));
        worst = own.iter().zip(&two[name]).fold(worst, |m, (a, b)| m.max((a - b).abs() / largest));
    }
    worst
}

#[test]
fn two_devices_have_the_gradients_of_one() {
    for rules in ["lsgan", "gan", "ragan", "wgan", "softplusgan"] {
        let gan = format!("discriminator = \"patchgan-sn\"\nrules = \"{rules}\"");
        let gradients = |workers: usize, turned: bool| {
            let mut batch = Noise.next(0).unwrap();
            if turned {
                let half = batch.lq.len() / 2;
                batch.lq.rotate_left(half);
                batch.gt.rotate_left(half);
            }
            learner(workers, 1e-3, &gan).gradients(&batch, 0).unwrap()
        };
        let ((loss, one), (halves, two)) = (gradients(1, false), gradients(2, false));
        // The same images in another order: the rounding of sums.
        let rounding = apart(&one, &gradients(1, true).1);
        let worst = apart(&one, &two);
        eprintln!(
            "{rules}: gradients {worst:.1e} of the largest of their layer apart, {rounding:.1e} by order"
        );
        assert!(worst <= 1e-5f32.max(2.0 * rounding), "{rules}: {worst:.1e}");
        assert!((loss - halves).abs() <= 1e-5 * loss.abs(), "{rules}: {loss} {halves}");
    }
}

#[test]
fn pix2pix_plays_on_two_devices() {
    // Its batch norms see their own parts, so the gradients are not those of one.
    let mut learner = learner(2, 1e-4, "discriminator = \"pix2pix-patchgan\"");
    let losses: Vec<f32> = (0..2).map(|_| learner.step(&mut Noise).unwrap()).collect();
    assert!(losses.iter().all(|loss| loss.is_finite()), "{losses:?}");
}

#[test]
fn first_only_the_discriminator_learns() {
    let gan = "discriminator = \"patchgan-sn\"\nrules = \"gan\"\ninit-steps = 2";
    let mut learner = learner(1, 1e-3, gan);
    let weights = |learner: &Learner| {
        let state = learner.learned().unwrap().state().unwrap();
        state
            .iter()
            .filter(|(_, t)| matches!(t.data, Data::F32(_)))
            .map(|(_, t)| t.to_f32())
            .collect::<Vec<_>>()
    };
    let start = weights(&learner);
    let mut discriminator = Vec::new();
    for step in 1..=3 {
        let (_, gradients) = learner.gradients(&Noise.next(step).unwrap(), step).unwrap();
        discriminator.push(gradients.keys().filter(|name| name.starts_with("discriminator/")).count());
        learner.step(&mut Noise).unwrap();
        assert_eq!(weights(&learner) == start, step <= 2, "step {step}");
    }
    assert!(discriminator.iter().all(|&count| count > 0));
}
