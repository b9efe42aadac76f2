use unband_nets::arch;
use unband_nets::arch::rrdbnet::{Config, build};
use unband_nets::state::{Weights, fill};

use super::second_rule::{difference, painted, want};
use super::support::outputs;

fn check(
    config: Config,
    (height, width): (usize, usize),
    golden: &str,
    (tensors, parameters): (usize, usize),
) {
    let graph = build(&config).unwrap();
    let stored = graph.stored();
    assert_eq!((stored.len(), graph.parameter_count()), (tensors, parameters));
    // The original's state dict has the same order as unband's.
    let state = fill::scaled(&stored, 1.0);
    let (found, again) = arch::detect(&state).unwrap();
    assert_eq!((found.name, again.unwrap()), ("rrdbnet", graph.clone()));
    let weights = Weights::bind(&graph, &state).unwrap();
    let got = outputs(&graph, &weights, &[painted(height, width)]);
    let off = difference(&got[0], &want(golden));
    println!("{golden}: {off:.1e}");
    assert!(off < 1e-5, "{golden}: {off}");
}

#[test]
fn small_ones_give_the_numbers_of_the_original() {
    let tiny = Config { nf: 8, nb: 2, gc: 4, ..Config::default() };
    check(tiny, (10, 12), "rrdbnet/tiny_sf4", (72, 25_387));
    check(Config { doublings: 1, ..tiny }, (10, 12), "rrdbnet/tiny_sf2", (70, 24_803));
}

#[test]
fn the_published_size_gives_the_numbers_of_the_original() {
    check(Config::default(), (12, 14), "rrdbnet/full_sf4", (702, 16_697_987));
    check(Config { doublings: 1, ..Config::default() }, (12, 14), "rrdbnet/full_sf2", (700, 16_661_059));
}

#[test]
fn a_state_dict_of_another_scale_is_refused_by_name() {
    let four = build(&Config::default()).unwrap();
    let two = build(&Config { doublings: 1, ..Config::default() }).unwrap();
    let state = |graph: &unband_nets::Graph| -> unband_nets::StateDict {
        let zero = |s: unband_nets::param::StoredTensor| {
            let len = s.shape.iter().product();
            (s.name, unband_nets::Tensor { shape: s.shape, data: unband_nets::Data::F32(vec![0.0; len]) })
        };
        graph.stored().into_iter().map(zero).collect()
    };
    let names = ["upconv2.weight", "upconv2.bias"].map(str::to_owned);
    assert_eq!(Weights::bind(&four, &state(&two)).unwrap_err().missing, names);
    assert_eq!(Weights::bind(&two, &state(&four)).unwrap_err().extra, names);
}

#[test]
fn scales_and_the_sizes_that_they_take_are_those_of_the_published_ones() {
    let all = [("", 4, 1), (":x2", 2, 1), (":x2-unshuffle", 2, 2), (":x1-unshuffle", 1, 4)];
    for (variant, scale, multiple) in all {
        let graph = arch::build(&format!("rrdbnet{variant}")).unwrap().unwrap();
        let state = fill::scaled(&graph.stored(), 1.0);
        assert_eq!(Config::from_state(&state).unwrap().scale(), scale, "{variant}");
        assert_eq!(graph.size_multiple(), Some(multiple), "{variant}");
        let (height, width) = (3 * multiple, 5 * multiple);
        let out = graph.shapes(height, width).unwrap()[graph.outputs[0].1.index()];
        assert_eq!((out.height, out.width), (scale * height, scale * width), "{variant}");
    }
}
