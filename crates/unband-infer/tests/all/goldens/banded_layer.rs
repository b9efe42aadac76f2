//! The banded deformable layer against its authors' code over all published options.
//!
//! `golden/nets/banded_layer.safetensors`, made by `tools/make_banded_layer.py`.

use std::path::PathBuf;

use unband_infer::{Engine, Map};
use unband_nets::layer::banded_deform_conv::BandedDeformSpec;
use unband_nets::state::Weights;
use unband_nets::state::init::{self, Init};
use unband_nets::{Graph, Net, Shape, StateDict, Tensor, checkpoint};
use unband_simd::Level;

use super::support::{ctx, outputs};
use crate::banded_options::{Combination, combinations};

fn file() -> StateDict {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/nets/banded_layer.safetensors");
    checkpoint::open(path).unwrap().state
}

fn layer(spec: BandedDeformSpec) -> Graph {
    let mut net = Net::new("layer");
    let x = net.input("image", 4);
    let y = net.banded_deform_conv("", x, 4, spec);
    net.finish(&[("image", y)]).unwrap()
}

fn values(file: &StateDict, name: &str) -> Vec<f32> {
    file.get(name).unwrap_or_else(|| panic!("no {name}")).to_f32()
}

fn put(state: &mut StateDict, name: &str, values: Vec<f32>) {
    let shape = state.get(name).unwrap().shape.clone();
    state.insert(name, Tensor::f32(&shape, values).unwrap());
}

fn apart(a: impl IntoIterator<Item = f64, IntoIter: ExactSizeIterator>, b: &[f32]) -> f64 {
    let a = a.into_iter();
    assert_eq!(a.len(), b.len());
    a.zip(b).map(|(a, &b)| (a - f64::from(b)).abs()).fold(0.0, f64::max)
}

#[test]
fn starts_and_forward_are_the_authors_with_all_options() {
    let file = file();
    let shape = Shape::new(4, 5, 6);
    let x = values(&file, "x");
    let wide = Map::new(shape, x.iter().map(|&v| f64::from(v)).collect()).unwrap();
    let narrow = Map::new(shape, x).unwrap();
    let worst = std::cell::Cell::new((0.0f64, 0.0f64));
    for Combination { name, weights, spec } in combinations() {
        let graph = layer(spec);
        let mut state = init::state(&graph, &Init::default(), 1);
        for generator in ["rotation", "stretch"] {
            let got = state.get(&format!("conv_{generator}.bias")).unwrap().to_f32();
            let want = values(&file, &format!("{name}.{generator}"));
            assert!(
                apart(got.iter().map(|&v| f64::from(v)), &want) < 1e-6,
                "{name} {generator}: {got:?} {want:?}"
            );
        }
        put(&mut state, "conv.weight", values(&file, &weights));
        let run = |state: &StateDict| {
            let weights = Weights::bind(&graph, state).unwrap();
            let exact = outputs(&graph, &weights, std::slice::from_ref(&wide)).remove(0);
            let engine = Engine::new(graph.clone(), weights, Level::best());
            let quick = engine
                .run(std::slice::from_ref(&narrow), unband_infer::Mode::default(), &ctx())
                .unwrap()
                .remove(0);
            (exact.data, quick.data)
        };
        let check = |state: &StateDict, part: &str| {
            let want = values(&file, &format!("{name}.{part}"));
            let (exact, quick) = run(state);
            let (exact, quick) = (apart(exact, &want), apart(quick.into_iter().map(f64::from), &want));
            worst.set((worst.get().0.max(exact), worst.get().1.max(quick)));
            assert!(exact < 1e-6, "{name} {part}: {exact}");
            // In 32 bits.
            assert!(quick < 1e-6, "{name} {part}, engine: {quick}");
        };
        check(&state, "start");
        for generator in ["rotation", "stretch"] {
            put(
                &mut state,
                &format!("conv_{generator}.weight"),
                values(&file, &format!("{generator}.weight")),
            );
        }
        if spec.rescale {
            put(&mut state, "conv_whole.weight", values(&file, "whole.weight"));
            put(&mut state, "conv_whole.bias", values(&file, "whole.bias"));
        }
        check(&state, "forward");
    }
    let (exact, quick) = worst.get();
    println!("{exact:.1e} apart, the engine {quick:.1e}");
}

#[test]
fn options_without_a_meaning_are_errors() {
    let build = |spec: BandedDeformSpec| {
        let mut net = Net::new("layer");
        let x = net.input("image", 4);
        let y = net.banded_deform_conv("", x, 4, spec);
        net.finish(&[("image", y)]).map(|_| ()).map_err(|e| e.to_string())
    };
    let spec = BandedDeformSpec::default();
    for (spec, says) in [
        (BandedDeformSpec { limits: Some((3.0, 0.5)), ..spec }, "stretch"),
        (BandedDeformSpec { limits: Some((1.0, 1.0)), ..spec }, "stretch"),
        (BandedDeformSpec { init_angle: f32::NAN, ..spec }, "angle"),
        (BandedDeformSpec { kernel: (2, 3), ..spec }, "odd"),
        (BandedDeformSpec { groups: 3, ..spec }, "groups"),
    ] {
        assert!(build(spec).unwrap_err().contains(says), "{spec:?}");
    }
}
