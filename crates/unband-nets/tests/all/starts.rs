//! Weight initialisation, checked against the rules of the original frameworks.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

use unband_nets::state::he::He;
use unband_nets::state::init::{self, Init};
use unband_nets::{Graph, StateDict};

fn graph(name: &str) -> Graph {
    unband_nets::arch::build(name).unwrap().unwrap()
}

fn values(state: &StateDict, name: &str) -> Vec<f32> {
    state.get(name).unwrap_or_else(|| panic!("{name}")).to_f32()
}

/// Mean, root mean square, largest magnitude.
fn facts(values: &[f32]) -> [f64; 3] {
    let n = values.len() as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
    let square = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / n;
    [mean, square.sqrt(), values.iter().fold(0.0, |m, v| f64::from(v.abs()).max(m))]
}

#[test]
fn equal_seeds_give_equal_numbers() {
    let bitnet = graph("bitnet");
    assert!(init::state(&bitnet, &Init::default(), 1) == init::state(&bitnet, &Init::default(), 1));
    assert!(init::state(&bitnet, &Init::default(), 1) != init::state(&bitnet, &Init::default(), 2));
}

#[test]
fn pytorchs_rule_is_uniform_within_one_over_the_root_of_fan_in() {
    let state = init::state(&graph("bitnet"), &Init::Pytorch { zero: Vec::new() }, 3);
    let bound = 1.0 / (64.0f64 * 9.0).sqrt();
    for (name, share) in [("enc.1.0.conv.weight", 0.01), ("enc.1.0.conv.bias", 0.25)] {
        let [mean, spread, largest] = facts(&values(&state, name));
        eprintln!("{name}: {mean:.5} {spread:.5} {largest:.5}, within {bound:.5}");
        assert!(mean.abs() < share * bound && largest <= bound);
        assert!((spread - bound / 3.0f64.sqrt()).abs() < share * bound, "{spread}");
    }
    assert!(values(&state, "enc.1.0.act.weight").iter().all(|v| (v - 0.25).abs() < 1e-7));
}

#[test]
fn normal_rules_have_their_spreads() {
    let ggdbn = init::state(&graph("ggdbn"), &Init::XavierNormal { gain: 0.02 }, 3);
    let [mean, spread, _] = facts(&values(&ggdbn, "model.base.top3.conv.weight"));
    let want = 0.02 * (2.0 / (9.0 * 512.0f64)).sqrt();
    assert!(mean.abs() < 0.01 * want && (spread / want - 1.0).abs() < 0.01, "{spread} {want}");
    assert!(values(&ggdbn, "model.base.top3.conv.bias").iter().all(|v| v.to_bits() == 0));

    let pix2pix = init::state(&graph("pix2pix-patchgan"), &Init::Normal { std: 0.02 }, 3);
    let [_, spread, _] = facts(&values(&pix2pix, "model.5.weight"));
    assert!((spread / 0.02 - 1.0).abs() < 0.01, "{spread}");
    let scales = values(&pix2pix, "model.6.weight");
    let [mean, ..] = facts(&scales);
    let spread = facts(&scales.iter().map(|v| v - 1.0).collect::<Vec<_>>())[1];
    assert!((mean - 1.0).abs() < 0.005 && (spread / 0.02 - 1.0).abs() < 0.15, "{mean} {spread}");

    let adnet = init::state(&graph("adnet"), &Init::Adnet {}, 3);
    let want = (2.0 / 576.0f64).sqrt();
    let [_, spread, _] = facts(&values(&adnet, "conv1_3.0.weight"));
    assert!((spread / want - 1.0).abs() < 0.02, "{spread} {want}");
    assert!(values(&adnet, "conv1_3.1.weight").iter().all(|v| v.abs() >= 0.025));
    assert!(values(&adnet, "conv1_3.1.running_var").iter().all(|v| (v - 0.01).abs() < 1e-9));
}

#[test]
fn normalised_weights_start_as_the_plain_ones_would() {
    let state = init::state(&graph("indi"), &Init::Pytorch { zero: Vec::new() }, 3);
    let length = values(&state, "conv.depth.weight_g");
    let direction = values(&state, "conv.depth.weight_v");
    for (length, row) in length.iter().zip(direction.chunks(27)) {
        let own = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        assert!((own - length).abs() < 1e-6, "{own} {length}");
    }
}

#[test]
fn orthogonal_kernels_have_rows_of_one_length_and_nothing_in_common() {
    let [narrow, lite] = ["rrdbnet:small", "unband-sr-lite"]
        .map(|name| init::state(&graph(name), &Init::Orthogonal { gain: 0.2 }, 3));
    // More columns than rows, and the other way round: then columns are orthogonal.
    for (state, name, rows, wide) in [
        (&narrow, "trunk_conv.weight", 16, true),
        (&narrow, "conv_first.weight", 16, true),
        (&narrow, "HRconv.weight", 16, true),
        (&lite, "first.weight", 48, false),
    ] {
        let kernel = values(state, name);
        let columns = kernel.len() / rows;
        assert_eq!(columns >= rows, wide);
        let (count, length) = if wide { (rows, columns) } else { (columns, rows) };
        let at = |i: usize, k: usize| kernel[if wide { i * columns + k } else { k * columns + i }];
        for i in 0..count {
            for j in 0..=i {
                let dot: f32 = (0..length).map(|k| at(i, k) * at(j, k)).sum();
                let want = if i == j { 0.04 } else { 0.0 };
                assert!((dot - want).abs() < 1e-6, "{name} {i} {j}: {dot}");
            }
        }
    }
    assert!(values(&narrow, "trunk_conv.bias").iter().all(|v| v.to_bits() == 0));
}

#[test]
fn kernels_of_he_keep_the_size_of_signals_and_see_differences_alone() {
    let he = He { differences: vec!["head".into()], zero: vec!["tail".into()], ..He::default() };
    let state = init::state(&graph("bitnet"), &Init::He(he), 3);
    let inner = values(&state, "mid.2.conv.weight");
    let spread = (inner.iter().map(|v| v * v).sum::<f32>() / inner.len() as f32).sqrt();
    assert!((spread / (2.0f32 / 576.0).sqrt() - 1.0).abs() < 0.02, "{spread}");
    for window in values(&state, "head.weight").chunks(9) {
        assert!(window.iter().sum::<f32>().abs() < 1e-5 && window.iter().any(|v| v.abs() > 0.05));
    }
    for name in ["tail.weight", "tail.bias", "head.bias", "mid.2.conv.bias"] {
        assert!(values(&state, name).iter().all(|v| v.to_bits() << 1 == 0), "{name}");
    }
}

#[test]
fn pairs_of_opposite_channels_pass_unchanged_and_join_to_the_image() {
    let names = |layers: &[&str]| layers.iter().map(|l| (*l).to_owned()).collect();
    let he = He {
        identity: Some(["conv_first", "conv_last"].map(str::to_owned)),
        gain: Some(0.5),
        linear: names(&["conv_first", "*conv1"]),
        gates: names(&["HRconv"]),
        ..He::default()
    };
    let state = init::state(&graph("rrdbnet:small"), &Init::He(he), 3);
    let opposite = |name: &str, row: usize| {
        let weight = values(&state, name);
        for pair in weight.chunks(2 * row) {
            let (first, second) = pair.split_at(row);
            assert!(first.iter().zip(second).all(|(a, b)| (a + b).abs() < 1e-9), "{name}");
        }
        weight
    };
    // Green to the third and fourth channels; the others are drawn.
    let first = opposite("conv_first.weight", 27);
    let at = |channel: usize, color: usize| first[channel * 27 + color * 9 + 4];
    let codes = [at(2, 0), at(2, 1), at(2, 2), at(3, 1), at(0, 0)].map(|v| v as i8);
    assert_eq!(codes, [0, 1, 0, -1, 1]);
    assert!(first[6 * 27..].iter().all(|v| v.abs() > 0.0));
    // Each pair continues its own.
    let middle = opposite("upconv1.weight", 16 * 9);
    for (i, row) in middle.chunks(9).enumerate() {
        let (output, input) = (i / 16, i % 16);
        let same = if output % 2 == input % 2 { 1.0 } else { -1.0 };
        let centre = if output / 2 == input / 2 { same } else { 0.0 };
        assert!((row.iter().sum::<f32>() - centre).abs() < 1e-9 && (row[4] - centre).abs() < 1e-9);
    }
    let last = values(&state, "conv_last.weight");
    assert_eq!([last[4], last[13], last[22]].map(|v| (2.0 * v) as i8), [1, -1, 0]);
    assert!(values(&state, "HRconv.bias").iter().all(|v| (v - 1.0).abs() < 1e-9));
    assert!(values(&state, "upconv2.bias").iter().all(|v| v.to_bits() << 1 == 0));
}

#[test]
fn a_normalised_weight_of_length_0_has_a_direction() {
    let layer = "encoder.0.conv1.depth";
    let zero = Init::Pytorch { zero: vec![layer.to_owned()] };
    let state = init::state(&graph("indi"), &zero, 3);
    assert!(values(&state, &format!("{layer}.weight_g")).iter().all(|v| v.abs() < 1e-9));
    assert!(values(&state, &format!("{layer}.weight_v")).iter().any(|v| v.abs() > 0.1));
}
