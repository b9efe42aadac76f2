//! One training step compared with its definition.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

use burn::tensor::{Device, Tensor, TensorData};
use unband_image::Rng;
use unband_nets::{Data, StateDict};
use unband_train::recipe::Recipe;
use unband_train::{Batch, Batches, Learner, TrainError};

/// Noise as images.
struct Noise(usize, usize);

impl Batches for Noise {
    fn next(&mut self, number: u64) -> Result<Batch, TrainError> {
        let Self(n, side) = *self;
        let values = |plane| {
            (0..n * 3 * side * side).map(move |i| Rng::new(number).unit_at(plane, 0, i as u32, 0)).collect()
        };
        Ok(Batch { lq: values(0), gt: values(1), n, height: side, width: side, ..Batch::default() })
    }
}

fn recipe(network: &str, patch: usize, more: &str) -> Recipe {
    let text = format!(
        "network = \"{network}\"\nsteps = 100\nbatch = 4\npatch = {patch}\n{more}\n\
         optimizer = {{ kind = \"adam\", rate = 1e-3 }}\ndata = {{ kind = \"pairs\", folder = \"a\" }}\n\
         validation = {{ every = 5, data = {{ kind = \"pairs\", folder = \"b\" }} }}\n"
    );
    Recipe::parse(&text, "test").unwrap()
}

fn learner(recipe: Recipe) -> Learner {
    Learner::new(recipe, &[Device::flex()]).unwrap()
}

/// Largest difference of two networks over the largest weight.
fn apart(a: &StateDict, b: &StateDict) -> f32 {
    let (mut worst, mut largest) = (0.0f32, 0.0f32);
    for ((name, a), (other, b)) in a.iter().zip(b.iter()) {
        assert_eq!(name, other);
        if let (Data::F32(a), Data::F32(b)) = (&a.data, &b.data) {
            for (a, b) in a.iter().zip(b) {
                (worst, largest) = (worst.max((a - b).abs()), largest.max(a.abs()));
            }
        }
    }
    worst / largest
}

const LOSS: &str = "loss = [{ term = \"l1\" }, { term = \"fft-l1\", weight = 0.1 }]";

#[test]
fn two_workers_of_half_a_batch_have_the_gradients_of_one() {
    let gradients = |workers: usize| {
        let mut learner = learner(recipe("bitnet", 16, &format!("workers = {workers}\n{LOSS}")));
        learner.gradients(&Noise(4, 16).next(0).unwrap(), 0).unwrap()
    };
    let ((loss, one), (halves, two)) = (gradients(1), gradients(2));
    let mut worst = 0.0f32;
    for (name, one) in &one {
        let largest = one.iter().fold(1e-6f32, |m, v| m.max(v.abs()));
        let two = &two[name];
        worst = one.iter().zip(two).fold(worst, |m, (a, b)| m.max((a - b).abs() / largest));
    }
    eprintln!("gradients {worst:.1e} of the largest of their tensor apart, losses {loss} {halves}");
    assert!(worst <= 1e-5 && (loss - halves).abs() <= 1e-5 * loss);
}

#[test]
fn pieces_that_are_accumulated_make_the_batch() {
    struct Pieces;
    impl Batches for Pieces {
        fn next(&mut self, number: u64) -> Result<Batch, TrainError> {
            let whole = Noise(4, 16).next(number / 2)?;
            let half = whole.lq.len() / 2;
            let part = |v: &[f32]| v[half * (number % 2) as usize..][..half].to_vec();
            Ok(Batch { lq: part(&whole.lq), gt: part(&whole.gt), n: 2, ..whole })
        }
    }
    let mut whole = learner(recipe("bitnet", 16, LOSS));
    let mut pieces =
        learner(recipe("bitnet", 16, &format!("accumulate = 2\n{LOSS}").replace("batch = 4", "batch = 2")));
    let (a, b) = (whole.step(&mut Noise(4, 16)).unwrap(), pieces.step(&mut Pieces).unwrap());
    assert!((a - b).abs() <= 1e-5 * a, "{a} {b}");
    // Adam divides by the root of the square, so tiny gradients decide about whole steps: the tolerance is
    // larger than for gradients.
    let apart =
        apart(&whole.learned().unwrap().state().unwrap(), &pieces.learned().unwrap().state().unwrap());
    eprintln!("weights {apart:.1e} apart");
    assert!(apart <= 2e-3, "{apart}");
}

#[test]
fn averages_follow_the_weights_by_their_decay() {
    let mut learner = learner(recipe("bitnet", 16, &format!("ema = 0.75\n{LOSS}")));
    let before = learner.learned().unwrap().state().unwrap();
    learner.step(&mut Noise(4, 16)).unwrap();
    let mean = learner.learned().unwrap().state().unwrap();
    let mut plain = self::learner(recipe("bitnet", 16, LOSS));
    plain.step(&mut Noise(4, 16)).unwrap();
    let after = plain.learned().unwrap().state().unwrap();
    for ((name, before), ((_, mean), (_, after))) in before.iter().zip(mean.iter().zip(after.iter())) {
        for ((b, m), a) in before.to_f32().iter().zip(mean.to_f32()).zip(after.to_f32()) {
            assert!((0.75 * b + 0.25 * a - m).abs() <= 1e-6, "{name}");
        }
    }
}

#[test]
fn frozen_norms_keep_their_statistics_and_learn_as_the_network_is_used() {
    let more = "freeze-norms = 0.02\nloss = [{ term = \"l1\" }]";
    let mut learner = learner(recipe("adnet", 16, more));
    let batch = Noise(4, 16).next(9).unwrap();
    // Whether the loss is that of the network in inference mode.
    let as_used = |learner: &mut Learner| {
        let (loss, _) = learner.gradients(&batch, 9).unwrap();
        let (network, device) = (learner.learned().unwrap(), Device::flex());
        let values = |v: &[f32]| Tensor::<4>::from_data(TensorData::new(v.to_vec(), [4, 3, 16, 16]), &device);
        let out = network.run(&[values(&batch.lq)]).unwrap().remove(0);
        let used = (out - values(&batch.gt)).abs().mean().into_scalar::<f32>();
        (used - loss).abs() <= 1e-4 * loss
    };
    let mut before = learner.learned().unwrap().state().unwrap();
    for step in 0..4 {
        // The first two of a hundred steps are not frozen.
        let frozen = step >= 2;
        assert_eq!(as_used(&mut learner), frozen, "step {step}");
        before = if frozen { learner.learned().unwrap().state().unwrap() } else { before };
        learner.step(&mut Noise(4, 16)).unwrap();
        let after = learner.learned().unwrap().state().unwrap();
        let (mut statistics, mut weights) = (false, false);
        for ((name, a), (_, b)) in before.iter().zip(after.iter()) {
            let moved = a.to_f32() != b.to_f32();
            if name.contains(".running_") { statistics |= moved } else { weights |= moved }
        }
        assert!(weights && statistics != frozen, "step {step}: {statistics}");
    }
}

#[test]
fn every_trainer_of_the_field_takes_steps_that_lower_its_loss() {
    // INDI: interpolated by t. GGDBN: all its losses. ADNet and BRDNet: batch norms.
    let ggdbn = "init = { kind = \"xavier-normal\", gain = 0.02 }\nloss = [{ term = \"l1\" }, { term = \"ms-ssim\", weight = 0.4 }, \
                 { term = \"fft-l1\", weight = 0.1 }, { term = \"gradient\", weight = 0.5 }]";
    let parts = "loss = [{ term = \"fft-l1-parts\" }]";
    for (network, side, more) in
        [("indi", 16, parts), ("ggdbn", 16, ggdbn), ("adnet", 16, LOSS), ("brdnet", 16, LOSS)]
    {
        struct Same(Batch);
        impl Batches for Same {
            fn next(&mut self, _: u64) -> Result<Batch, TrainError> {
                Ok(self.0.clone())
            }
        }
        let mut learner = learner(recipe(network, side, more));
        let mut same = Same(Noise(2, side).next(0).unwrap());
        let losses: Vec<f32> = (0..6).map(|_| learner.step(&mut same).unwrap()).collect();
        eprintln!("{network}: {losses:?}");
        assert!(losses[5] < losses[0], "{network}: {losses:?}");
    }
}
