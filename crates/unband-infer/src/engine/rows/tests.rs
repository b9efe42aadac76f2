use std::ops::Range;

use unband_image::Context;
use unband_nets::layer::activation::Activation;
use unband_nets::layer::banded_deform_conv::BandedDeformSpec;
use unband_nets::layer::conv::ConvSpec;
use unband_nets::layer::pool::{MaxPool, Reduce};
use unband_nets::layer::resample::BilinearLike;
use unband_nets::state::{Weights, fill};
use unband_nets::{Graph, Net, Op, Shape, Value};
use unband_simd::Level;

use crate::engine::layer::Execution;
use crate::engine::layer::attention::window;
use crate::{Engine, Map, Mode};

const WIDTH: usize = 8;

fn needed(op: &Op, input: usize, from: Shape, made: Shape, rows: Range<usize>) -> Range<usize> {
    Execution::new(op, Mode::default()).needed(input, from, made, rows)
}

fn painted(shape: Shape) -> Map<f32> {
    let data = fill::test_image(shape.channels, shape.height, shape.width);
    Map::new(shape, data.into_iter().map(|v| v as f32).collect()).unwrap()
}

/// The same inside the rows, NaN outside.
fn spoilt(map: &Map<f32>, rows: &Range<usize>) -> Map<f32> {
    let Shape { height, width, .. } = map.shape;
    let mut map = map.clone();
    for (i, v) in map.data.iter_mut().enumerate() {
        if !rows.contains(&(i / width % height)) {
            *v = f32::NAN;
        }
    }
    map
}

fn row(map: &Map<f32>, y: usize) -> Vec<u32> {
    let Shape { height, width, .. } = map.shape;
    let rows = map.data.chunks(width).enumerate().filter(|(i, _)| i % height == y);
    rows.flat_map(|(_, row)| row.iter().map(|v| v.to_bits())).collect()
}

/// For a graph whose last node is the operation and whose other nodes are its inputs: tests all ranges of
/// rows, at all levels.
fn holds(graph: &Graph, heights: &[usize]) {
    let weights = Weights::bind(graph, &fill::golden(&graph.stored())).unwrap();
    let node = graph.nodes.last().unwrap();
    let shapes: Vec<Shape> = graph
        .inputs
        .iter()
        .zip(heights)
        .map(|(i, &h)| Shape::new(i.channels, h, if i.point { 1 } else { WIDTH }))
        .collect();
    let made = node.op.shape(&shapes).unwrap();
    let inputs: Vec<Map<f32>> = shapes.iter().map(|&s| painted(s)).collect();
    for level in Level::all() {
        let engine = Engine::new(graph.clone(), weights.clone(), level);
        let run =
            |inputs: &[Map<f32>]| engine.run(inputs, Mode::default(), &Context::default()).unwrap().remove(0);
        let clean = run(&inputs);
        for first in 0..made.height {
            for end in first + 1..=made.height {
                let part = |(i, map): (usize, &Map<f32>)| {
                    spoilt(map, &needed(&node.op, i, map.shape, made, first..end))
                };
                let got = run(&inputs.iter().enumerate().map(part).collect::<Vec<_>>());
                for y in first..end {
                    let same = row(&got, y) == row(&clean, y);
                    assert!(same, "{} {level:?}: row {y} of {first}..{end}", graph.name);
                }
            }
        }
    }
}

fn of_one(name: &str, channels: usize, height: usize, op: impl FnOnce(&mut Net, Value) -> Value) {
    let mut net = Net::new(name);
    let image = net.input("image", channels);
    let out = op(&mut net, image);
    holds(&net.finish(&[("out", out)]).unwrap(), &[height]);
}

#[test]
fn convolutions_read_no_more() {
    for (stride, dilation, padding, kernel) in
        [(1, 1, 1, 3), (2, 1, 2, 5), (1, 3, 3, 3), (3, 2, 0, 2), (1, 1, 4, 2), (2, 1, 5, 4)]
    {
        let spec = ConvSpec::new(kernel).stride(stride).dilation(dilation).padding(padding);
        of_one("conv", 4, 11, |net, x| net.conv("a", x, 3, spec));
        of_one("depthwise", 4, 11, |net, x| net.conv("a", x, 4, spec.groups(4)));
        of_one("groups", 4, 11, |net, x| net.conv("a", x, 6, spec.groups(2)));
    }
    of_one("winograd", 16, 9, |net, x| net.conv3x3("a", x, 16));
    for (kernel, stride, padding) in [(2, 2, 0), (4, 2, 1), (3, 1, 1), (5, 3, 2), (2, 3, 0)] {
        of_one("transposed", 4, 5, |net, x| net.conv_transpose("a", x, 3, (kernel, stride, padding), true));
    }
    of_one("transposed, winograd", 16, 9, |net, x| net.conv_transpose("a", x, 3, (4, 2, 1), true));
}

#[test]
fn deformed_kernels_read_no_more() {
    let spec = BandedDeformSpec { rescale: false, ..BandedDeformSpec::default() };
    of_one("banded", 4, 14, |net, x| net.banded_deform_conv("a", x, 3, spec));
    let wide = BandedDeformSpec { kernel: (3, 1), limits: Some((0.25, 1.5)), ..spec };
    of_one("banded", 4, 9, |net, x| net.banded_deform_conv("a", x, 3, wide));
    of_one("banded", 4, 6, |net, x| net.banded_deform_conv("a", x, 3, BandedDeformSpec::default()));
    of_one("deformable", 4, 6, |net, x| net.deform_conv("a", x, 3, (3, 3)));
}

#[test]
fn windows_read_no_more() {
    for (height, side, shift) in [(12, 4, 0), (12, 4, 2), (8, 8, 3), (16, 8, 4)] {
        let mut net = Net::new("attention");
        let (q, kv) = (net.input("q", 6), net.input("kv", 12));
        let out = net.window_attention("table", q, kv, 2, side, shift);
        holds(&net.finish(&[("out", out)]).unwrap(), &[height, height]);
        of_one("add", 3, height, |net, x| net.window_add("table", x, side, shift));
    }
}

#[test]
fn moved_and_mixed_samples_read_no_more() {
    of_one("unshuffle", 2, 12, |net, x| net.pixel_unshuffle(x, 4));
    of_one("shuffle", 8, 5, |net, x| net.pixel_shuffle(x, 2));
    of_one("nearest", 2, 4, |net, x| net.upsample_nearest(x, 3));
    of_one("slice", 5, 4, |net, x| net.slice(x, 1, 3));
    of_one("norm", 5, 4, |net, x| net.layer_norm("a", x, 1e-5));
    of_one("unit", 5, 4, |net, x| net.unit_channels(x, 1e-10));
    of_one("batch norm", 5, 4, |net, x| net.batch_norm("a", x, 1e-5));
    of_one("tanh", 5, 4, |net, x| net.activation(x, Activation::Tanh));
    of_one("mean", 5, 4, |net, x| net.reduce(x, Reduce::Mean));
    of_one("flatten", 2, 4, |net, x| net.flatten(x, 4, WIDTH));
    for ceil in [false, true] {
        for (kernel, stride) in [(2, 2), (3, 2), (3, 1), (2, 3)] {
            of_one("pool", 2, 9, |net, x| net.max_pool(x, MaxPool { kernel, stride, ceil }));
        }
    }
    let two = |name: &str, heights: [usize; 2], op: &dyn Fn(&mut Net, Value, Value) -> Value| {
        let mut net = Net::new(name);
        let (a, b) = (net.input("a", 3), net.input("b", 3));
        let out = op(&mut net, a, b);
        holds(&net.finish(&[("out", out)]).unwrap(), &heights);
    };
    two("concat", [4, 4], &|net, a, b| net.concat(&[a, b]));
    two("add", [4, 4], &Net::add);
    let mut net = Net::new("point");
    let (a, b) = (net.input("a", 3), net.point_input("b", 3));
    let out = net.mul(b, a);
    holds(&net.finish(&[("out", out)]).unwrap(), &[4, 1]);
}

#[test]
fn ranges_are_as_small_as_that() {
    let shape = |height| Shape::new(16, height, 8);
    let mut net = Net::new("a");
    let image = net.input("image", 16);
    net.conv3x3("fours", image, 16);
    net.conv("plain", image, 16, ConvSpec::new(3).groups(16));
    net.max_pool(image, MaxPool { kernel: 3, stride: 2, ceil: false });
    let graph = net.finish(&[("out", image)]).unwrap();
    let of = |node: usize, rows| needed(&graph.nodes[node].op, 0, shape(20), shape(20), rows);
    assert_eq!([of(1, 5..6), of(1, 0..2), of(1, 18..20)], [3..9, 0..5, 15..20]);
    assert_eq!([of(2, 5..6), of(2, 0..2), of(2, 19..20)], [4..7, 0..3, 18..20]);
    assert_eq!([of(3, 2..4), of(3, 4..4)], [4..9, 0..0]);
    assert_eq!([window(0, 16, 8, 4), window(4, 16, 8, 4), window(13, 16, 8, 4)], [0..4, 4..12, 12..16]);
    let bilinear =
        |from, made, rows| needed(&Op::BilinearLike(BilinearLike), 0, shape(from), shape(made), rows);
    assert_eq!([bilinear(4, 8, 0..1), bilinear(4, 8, 3..5), bilinear(8, 4, 1..2)], [0..2, 1..3, 2..4]);
}

#[test]
fn bilinear_rows_read_no_more() {
    // An image's inputs have one size: the second input, larger or smaller, is derived from the first.
    for (down, up) in [(1, 2), (2, 1), (1, 3), (4, 3)] {
        let height = 8;
        let mut net = Net::new("bilinear");
        let image = net.input("image", 2);
        let like = net.upsample_nearest(image, up);
        let like = if down > 1 {
            net.max_pool(like, MaxPool { kernel: down, stride: down, ceil: false })
        } else {
            like
        };
        let out = net.bilinear_like(image, like);
        let graph = net.finish(&[("out", out)]).unwrap();
        let weights = Weights::bind(&graph, &fill::golden(&graph.stored())).unwrap();
        let engine = Engine::new(graph, weights, Level::best());
        let run = |map: &Map<f32>| {
            engine.run(std::slice::from_ref(map), Mode::default(), &Context::default()).unwrap().remove(0)
        };
        let given = painted(Shape::new(2, height, WIDTH));
        let clean = run(&given);
        for first in 0..clean.shape.height {
            for end in first + 1..=clean.shape.height {
                let rows = needed(&Op::BilinearLike(BilinearLike), 0, given.shape, clean.shape, first..end);
                let got = run(&spoilt(&given, &rows));
                assert!((first..end).all(|y| row(&got, y) == row(&clean, y)), "{up}/{down} {first}..{end}");
            }
        }
    }
}
