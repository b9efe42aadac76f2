use unband_nets::arch;
use unband_nets::arch::discriminator::{PatchGan, patchgan, unet, vgg};
use unband_nets::state::{Weights, fill, step_spectral_norms};
use unband_nets::{Graph, StateDict};

use super::second_rule::{about, difference, ordered, painted, want};
use super::support::outputs;

fn off(graph: &Graph, state: &StateDict, (height, width): (usize, usize), golden: &str) -> f64 {
    let weights = Weights::bind(graph, state).unwrap();
    let got = outputs(graph, &weights, &[painted(height, width)]);
    let off = difference(&got[0], &want(golden));
    println!("{golden}: {off:.1e}");
    off
}

#[test]
fn the_unet_gives_the_numbers_of_the_original_after_steps_of_its_norms() {
    let graph = unet(8).unwrap();
    assert_eq!(graph.parameter_count(), 68_649);
    let mut state = fill::scaled(&ordered(&graph, &about()["unet_keys"]), 1.0);
    let before = state.clone();
    step_spectral_norms(&graph, &mut state).unwrap();
    assert_ne!(state.get("conv1.weight_u"), before.get("conv1.weight_u"));
    assert!(off(&graph, &state, (32, 40), "unet_disc/ndf8_train_1st_forward") < 1e-5);
    for _ in 0..4 {
        step_spectral_norms(&graph, &mut state).unwrap();
    }
    assert!(off(&graph, &state, (32, 40), "unet_disc/ndf8_eval_after_5_train_forwards") < 1e-5);
    assert_eq!(arch::detect(&state).unwrap().0.name, "unet-sn");
}

#[test]
fn the_patchgan_gives_the_numbers_of_the_original() {
    let graph = patchgan(&PatchGan { width: 8, ..PatchGan::default() }).unwrap();
    assert_eq!(graph.parameter_count(), 44_537);
    let mut state = fill::scaled(&ordered(&graph, &about()["patchgan_keys"]), 1.0);
    step_spectral_norms(&graph, &mut state).unwrap();
    assert!(off(&graph, &state, (48, 56), "patchgan/ndf8_train_1st_forward") < 1e-5);
    assert_eq!(arch::detect(&state).unwrap().0.name, "patchgan-sn");
    let missing = step_spectral_norms(&graph, &mut StateDict::new()).unwrap_err().missing;
    assert_eq!(missing.len(), 20);
}

#[test]
fn all_have_as_many_parameters_as_the_originals() {
    let counts = [
        ("pix2pix-patchgan", 2_768_705),
        ("unet-sn", 4_376_897),
        ("patchgan-sn", 2_764_737),
        ("vgg-discriminator", 14_502_281),
        ("vgg-discriminator:96", 14_143_881),
        ("vgg-discriminator:192", 20_700_553),
        ("vgg-discriminator:128-sn", 14_496_521),
    ];
    for (name, count) in counts {
        assert_eq!(arch::build(name).unwrap().unwrap().parameter_count(), count, "{name}");
    }
}

#[test]
fn those_of_one_size_are_distinguished_and_take_no_other() {
    for side in [96, 128, 192] {
        let graph = vgg(side, 8).unwrap();
        let (found, again) = arch::detect(&fill::golden(&graph.stored())).unwrap();
        assert_eq!((found.name, again.unwrap()), ("vgg-discriminator", graph.clone()), "{side}");
        assert!(graph.shapes(side, side).is_ok());
        assert!(graph.shapes(side, side + 64).is_err());
    }
    assert!(vgg(100, 64).is_err());
    assert!(vgg(96, 0).is_err());
    let spectral = arch::build("vgg-discriminator:128-sn").unwrap().unwrap();
    let (found, again) = arch::detect(&fill::golden(&spectral.stored())).unwrap();
    assert_eq!((found.name, again.unwrap()), ("vgg-discriminator", spectral));
}
