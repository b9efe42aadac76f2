//! Equivalence of the engine and the reference implementation.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use crate::reference;
use unband_image::{Context, With};
use unband_infer::{Engine, Map, Mode};
use unband_nets::layer::activation::Activation;
use unband_nets::layer::banded_deform_conv::BandedDeformSpec;
use unband_nets::layer::conv::ConvSpec;
use unband_nets::layer::pool::{MaxPool, Reduce};
use unband_nets::state::{Weights, fill};
use unband_nets::{Graph, Net, Shape, arch};
use unband_simd::{Level, Precision};

fn inputs(graph: &Graph, height: usize, width: usize) -> Vec<Map<f32>> {
    let one = |input: &unband_nets::Input| {
        let (h, w) = if input.point { (1, 1) } else { (height, width) };
        let data = fill::test_image(input.channels, h, w).into_iter().map(|v| v as f32).collect();
        Map::new(Shape::new(input.channels, h, w), data).unwrap()
    };
    graph.inputs.iter().map(one).collect()
}

/// Engine and reference on the same image, with 1 and 3 threads; the bits of every level are the same.
fn same(graph: &Graph, height: usize, width: usize, mode: Mode) {
    let weights = Weights::bind(graph, &fill::of(graph)).unwrap();
    let inputs = inputs(graph, height, width);
    let ctx = |threads| Context::with(|new| new.threads = threads);
    let want = reference::run(graph, &weights, &inputs, mode, &ctx(2)).unwrap();
    let name = graph.name.clone();
    let mut scalar: Option<Vec<Map<f32>>> = None;
    for level in Level::all() {
        let engine = Engine::new(graph.clone(), weights.clone(), level);
        let got = engine.run(&inputs, mode, &ctx(1)).unwrap();
        let bits = |maps: &[Map<f32>]| -> Vec<u32> {
            maps.iter().flat_map(|map| map.data.iter().map(|v| v.to_bits())).collect()
        };
        let first = scalar.get_or_insert_with(|| got.clone());
        assert!(bits(first) == bits(&got), "{name} {level:?}: other bits than scalar");
        assert_eq!(got.len(), want.len());
        for ((got, want), (output, _)) in got.iter().zip(&want).zip(&graph.outputs) {
            assert_eq!(got.shape, want.shape, "{name} {output}");
            let largest = want.data.iter().fold(1e-3f32, |m, v| m.max(v.abs()));
            let worst = got.data.iter().zip(&want.data).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
            assert!(worst <= 2e-5 * largest, "{name} {output} {level:?}: {worst} of {largest}");
        }
        assert_eq!(engine.run(&inputs, mode, &ctx(3)).unwrap(), got, "{name} {level:?}: threads");
        // In the memory of the last run.
        assert_eq!(engine.run(&inputs, mode, &ctx(3)).unwrap(), got, "{name} {level:?}: again");
    }
}

#[test]
fn products_of_16_bits_are_near() {
    let half = Precision::Bf16;
    if !half.supported(Level::best()) {
        unband_skips::machine("no AVX-512 BF16");
        return;
    }
    let mut net = Net::new("half");
    let image = net.input("image", 10);
    let x = net.conv3x3("a", image, 32);
    let x = net.relu(x);
    let far = net.conv("far", x, 7, ConvSpec::new(3).padding(2).dilation(2));
    // With 39 channels, an odd number, and with 46.
    let joined = net.concat(&[far, x]);
    let odd = net.conv3x3("odd", joined, 7);
    let joined = net.concat(&[odd, far, x]);
    let out = net.conv("seven", joined, 40, ConvSpec::new(7));
    let graph = net.finish(&[("image", out)]).unwrap();
    let weights = Weights::bind(&graph, &fill::of(&graph)).unwrap();
    let inputs = inputs(&graph, 33, 50);
    let ctx = |threads| Context::with(|new| new.threads = threads);
    let want = reference::run(&graph, &weights, &inputs, Mode::default(), &ctx(2)).unwrap().remove(0);
    let engine = Engine::with_precision(graph, weights, Level::best(), half);
    let got = engine.run(&inputs, Mode::default(), &ctx(1)).unwrap();
    let largest = want.data.iter().fold(1e-3f32, |m, v| m.max(v.abs()));
    let worst = got[0].data.iter().zip(&want.data).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
    // Not so close that nothing was rounded.
    assert!((1e-4..2e-2).contains(&(worst / largest)), "{worst} of {largest}");
    assert_eq!(engine.run(&inputs, Mode::default(), &ctx(3)).unwrap(), got, "threads");
}

#[test]
fn all_kinds_of_operations_agree() {
    let mut net = Net::new("everything");
    let image = net.input("image", 3);
    let time = net.point_input("t", 2);
    let x = net.conv("a", image, 10, ConvSpec::new(5).stride(2));
    let x = net.prelu("p", x, 10);
    let x = net.conv("deep", x, 10, ConvSpec::new(3).groups(10));
    let x = net.batch_norm("bn", x, 1e-5);
    let x = net.activation(x, Activation::Sin);
    let (a, b) = net.halves(x);
    let b2 = net.conv("b", b, 5, ConvSpec::new(3).dilation(2));
    let b2 = net.lrelu(b2, 0.1);
    let shift = net.linear("emb", time, 5);
    let a2 = net.add(shift, a);
    let joined = net.concat(&[a2, b2, b]);
    let x = net.conv("c", joined, 16, ConvSpec::new(1));
    let gate = net.reduce(x, Reduce::Mean);
    let gate = net.activation(gate, Activation::Sigmoid);
    let x = net.mul(x, gate);
    let up = net.upsample_nearest(x, 2);
    let up = net.conv3x3("up", up, 8);
    let up = net.crop_like(up, image);
    let down = net.conv_transpose("t4", x, 8, (4, 2, 1), true);
    let down = net.crop_like(down, image);
    let two = net.conv_transpose("t2", x, 8, (2, 2, 0), false);
    let two = net.crop_like(two, image);
    let y = net.sub(up, down);
    let y = net.add_scaled(y, 0.3, two);
    // With few channels, some positions have nearly equal ones, whose norm magnifies the last bits of any
    // computation.
    let y = net.banded_deform_conv("bend", y, 12, BandedDeformSpec::default());
    let y = net.affine(y, -0.5, 0.25);
    let y = net.layer_norm("ln", y, 1e-5);
    let y = net.activation(y, Activation::Gelu);
    let pooled = net.max_pool(y, MaxPool { kernel: 3, stride: 2, ceil: true });
    let back = net.bilinear_like(pooled, y);
    let y = net.add(y, back);
    let y = net.unit_channels(y, 1e-10);
    let out = net.conv3x3("out", y, 3);
    let out = net.add(out, image);
    let graph = net.finish(&[("image", out), ("pooled", pooled)]).unwrap();
    // Tall ones are made in several waves.
    for (height, width) in [(17, 33), (5, 6), (40, 3), (150, 7)] {
        same(&graph, height, width, Mode::default());
    }
    same(&graph, 16, 16, Mode { image_statistics: true, dropout: None });
}

#[test]
fn samples_moved_about_agree() {
    let mut net = Net::new("moves");
    let image = net.input("image", 3);
    let x = net.pixel_unshuffle(image, 2);
    let x = net.conv3x3("a", x, 16);
    let s = net.slice(x, 3, 4);
    let y = net.pixel_shuffle(s, 2);
    let z = net.pixel_shuffle(x, 2);
    let z = net.slice(z, 1, 2);
    let all = net.concat(&[y, z]);
    let all = net.concat(&[all, image]);
    let u = net.pixel_unshuffle(all, 2);
    let graph = net.finish(&[("u", u), ("all", all), ("x", x), ("image", image)]).unwrap();
    same(&graph, 12, 20, Mode::default());
    same(&graph, 128, 6, Mode::default());
}

#[test]
fn attention_agrees() {
    for (heads, side, shift) in [(2, 4, 0), (3, 4, 2), (1, 8, 3), (2, 2, 1)] {
        let mut net = Net::new("windows");
        let image = net.input("image", 3);
        let x = net.conv3x3("in", image, 18);
        let x = net.layer_norm("norm", x, 1e-5);
        let x = net.window_add("modulator", x, side, shift);
        let q = net.linear("q", x, 18);
        let kv = net.linear("kv", x, 36);
        let y = net.window_attention("table", q, kv, heads, side, shift);
        let out = net.linear("out", y, 3);
        let graph = net.finish(&[("out", out), ("attention", y)]).unwrap();
        for (height, width) in [(8, 8), (16, 24), (40, 8)] {
            same(&graph, height, width, Mode::default());
        }
    }
}

#[test]
fn deformed_and_grouped_kernels_agree() {
    let mut net = Net::new("kernels");
    let image = net.input("image", 3);
    let x = net.conv3x3("in", image, 12);
    let x = net.conv("groups", x, 18, ConvSpec::new(3).groups(3));
    let x = net.conv("few", x, 36, ConvSpec::new(3).groups(18).stride(2));
    let x = net.conv("apart", x, 36, ConvSpec::new(3).groups(36).dilation(2));
    let x = net.deform_conv("free", x, 20, (3, 3));
    let spec = BandedDeformSpec { rescale: false, ..BandedDeformSpec::default() };
    let x = net.banded_deform_conv("near", x, 20, BandedDeformSpec { groups: 2, ..spec });
    let x = net.lrelu(x, 0.2);
    let x = net.banded_deform_conv("stretched", x, 3, BandedDeformSpec { limits: None, ..spec });
    let graph = net.finish(&[("out", x)]).unwrap();
    for (height, width) in [(24, 70), (50, 7)] {
        same(&graph, height, width, Mode::default());
    }
}

/// Enough weights that rows are computed together, because weights take longer to read than to use.
#[test]
fn many_weights_agree() {
    let mut net = Net::new("many");
    let image = net.input("image", 3);
    let x = net.conv("in", image, 96, ConvSpec::new(1));
    let x = net.conv("down", x, 96, ConvSpec::new(4).stride(2).padding(1));
    let x = net.conv("wide", x, 192, ConvSpec::new(1));
    let x = net.conv_transpose("up", x, 192, (4, 2, 1), true);
    let x = net.conv("out", x, 3, ConvSpec::new(1));
    let graph = net.finish(&[("out", x)]).unwrap();
    for (height, width) in [(78, 10), (6, 60)] {
        same(&graph, height, width, Mode::default());
    }
}

/// Rows that are computed but read by no pooling window.
#[test]
fn unread_values_agree() {
    let mut net = Net::new("unread");
    let image = net.input("image", 3);
    let x = net.conv3x3("a", image, 8);
    let x = net.max_pool(x, MaxPool { kernel: 2, stride: 2, ceil: false });
    let x = net.conv3x3("b", x, 8);
    let x = net.max_pool(x, MaxPool { kernel: 2, stride: 2, ceil: false });
    let graph = net.finish(&[("out", x)]).unwrap();
    for (height, width) in [(11, 9), (150, 21)] {
        same(&graph, height, width, Mode::default());
    }
}

#[test]
fn what_looks_at_the_whole_image_agrees() {
    let mut net = Net::new("whole");
    let image = net.input("image", 3);
    let x = net.conv3x3("a", image, 8);
    let x = net.batch_norm("bn", x, 1e-5);
    let x = net.dropout(x, 0.25);
    let x = net.drop_path(x, 0.25);
    let (mean, most) = (net.reduce(x, Reduce::Mean), net.reduce(x, Reduce::Max));
    let both = net.concat(&[mean, most]);
    let gate = net.linear("gate", both, 8);
    let x = net.mul(x, gate);
    let small = net.max_pool(x, MaxPool { kernel: 2, stride: 2, ceil: false });
    let flat = net.flatten(small, 6, 9);
    let graph = net.finish(&[("flat", flat), ("x", x)]).unwrap();
    for (image_statistics, dropout) in [(false, None), (true, None), (false, Some(7)), (true, Some(9))] {
        same(&graph, 12, 18, Mode { image_statistics, dropout });
    }
}

/// Rows of one sample are no longer than a value per channel.
#[test]
fn a_value_per_channel_meets_an_image_of_one_column() {
    let mut net = Net::new("column");
    let image = net.input("image", 3);
    let x = net.conv3x3("a", image, 8);
    let mean = net.reduce(x, Reduce::Mean);
    let gate = net.conv1x1("gate", mean, 8);
    let scaled = net.mul(x, gate);
    let out = net.add(gate, scaled);
    let graph = net.finish(&[("out", out)]).unwrap();
    for (height, width) in [(1, 1), (9, 1), (1, 9), (28, 1), (3, 2)] {
        same(&graph, height, width, Mode::default());
    }
}

#[test]
fn every_network_agrees() {
    for architecture in arch::ARCHITECTURES {
        let graph = architecture.build().unwrap();
        let side = graph.size_multiple().unwrap_or(64).max(32);
        // Larger ones take too long here, and some take one size only.
        if graph.multiply_adds(side, side).is_ok_and(|n| n < 1_500_000_000) {
            same(&graph, side, side, Mode::default());
        }
    }
}
