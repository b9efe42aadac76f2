use crate::reference::{Real, run};
use unband_infer::Map;
use unband_infer::Mode;
use unband_nets::arch::bdinn::{
    BdinnLayout, Config, ENTRY, Function, Level, Middle, Offsets, UnetConfig, build, build_inverse,
    build_unet,
};
use unband_nets::layer::banded_deform_conv::BandedDeformSpec;
use unband_nets::layer::conv::ConvSpec;
use unband_nets::state::init::{self, Init};
use unband_nets::state::{Weights, fill};
use unband_nets::{Graph, Net, Shape, StateDict, Tensor, arch};

use super::support::{ctx, filled, golden, outputs, painted, same, same_within};

/// A network of one banded layer whose parameters have no prefix.
fn layer(input: usize, output: usize, spec: BandedDeformSpec) -> Graph {
    let mut net = Net::new("layer");
    let x = net.input("image", input);
    let y = net.banded_deform_conv("", x, output, spec);
    net.finish(&[("image", y)]).unwrap()
}

/// Initial weights of a layer, with a kernel.
fn at_start(graph: &Graph, kernel: impl Fn(usize) -> f32) -> Weights {
    let mut state = init::state(graph, &Init::default(), 1);
    let weight = state.get("conv.weight").unwrap();
    let (shape, len) = (weight.shape.clone(), weight.data.len());
    state.insert("conv.weight", Tensor::f32(&shape, (0..len).map(kernel).collect()).unwrap());
    Weights::bind(graph, &state).unwrap()
}

/// The published layer as its authors start it, turned by an angle.
fn turned(angle: f32) -> BandedDeformSpec {
    BandedDeformSpec { init_angle: angle, init_whole: 0.0, ..BandedDeformSpec::default() }
}

fn impulse(side: usize) -> Map<f64> {
    let mut map = Map::zeros(Shape::new(1, side, side));
    map.data[side * side / 2] = 1.0;
    map
}

#[test]
fn the_banded_layer_gives_the_numbers_of_the_original() {
    let graph = layer(4, 3, BandedDeformSpec::default());
    let (_, weights) = filled(&graph, "bdconv_c4_3_k3x5");
    let got = outputs(&graph, &weights, &[painted(4, 12, 14)]);
    same(&got[0], &golden("bdinn")["bdconv_filled_4to3_k3x5_in12x14"], "4 to 3 channels");
}

#[test]
fn the_banded_layer_turns_its_kernel() {
    for angle in [30u8, 45, 90] {
        let graph = layer(1, 1, turned(angle.into()));
        let weights = at_start(&graph, |_| 1.0);
        let got = outputs(&graph, &weights, &[impulse(9)]).remove(0);
        same_within(&got, &golden("bdinn")[format!("impulse_angle{angle}")], 1e-6, &angle.to_string());
        if angle == 90 {
            for (i, &v) in got.data.iter().enumerate() {
                let (y, x) = (i / 9, i % 9);
                let inside = (2..7).contains(&y) && (3..6).contains(&x);
                assert!((v - f64::from(u8::from(inside))).abs() < 1e-5, "{y} {x} {v}");
            }
        }
    }
}

#[test]
fn the_banded_layer_starts_as_an_ordinary_convolution() {
    let banded = layer(4, 3, turned(0.0));
    let kernel = |i: usize| (fill::uniform(1, i) as f32 - 0.5) / 60f32.sqrt();
    let mut net = Net::new("ordinary");
    let x = net.input("image", 4);
    let y = net.conv("", x, 3, ConvSpec { kernel: (3, 5), ..ConvSpec::new(3).no_bias() });
    let ordinary = net.finish(&[("image", y)]).unwrap();
    let state = std::iter::once((
        "weight".to_owned(),
        Tensor::f32(&[3, 4, 3, 5], (0..180).map(kernel).collect()).unwrap(),
    ));
    let weights = Weights::bind(&ordinary, &state.collect()).unwrap();
    let image = painted(4, 12, 14);
    let a = outputs(&banded, &at_start(&banded, kernel), std::slice::from_ref(&image)).remove(0);
    let b = outputs(&ordinary, &weights, &[image]).remove(0);
    assert!(difference(&a, &b) < 1e-6 && a != b);
}

#[test]
fn free_offsets_do_what_a_turned_kernel_does() {
    let banded = layer(2, 3, turned(30.0));
    let kernel = |i: usize| fill::uniform(2, i) as f32 - 0.5;
    let mut net = Net::new("free");
    let x = net.input("image", 2);
    let y = net.deform_conv("", x, 3, (3, 5));
    let free = net.finish(&[("image", y)]).unwrap();
    let (sine, cosine) = 30f64.to_radians().sin_cos();
    let offsets = (0..15).flat_map(|n| {
        let (u, v) = (f64::from(n / 5 - 1), f64::from(n % 5 - 2));
        [cosine * u + sine * v - u, cosine * v - sine * u - v].map(|x| x as f32)
    });
    let state: StateDict = [
        ("conv.weight", Tensor::f32(&[3, 2, 3, 5], (0..90).map(kernel).collect())),
        ("offset.weight", Tensor::f32(&[30, 2, 3, 3], vec![0.0; 540])),
        ("offset.bias", Tensor::f32(&[30], offsets.collect())),
    ]
    .into_iter()
    .map(|(name, tensor)| (name.to_owned(), tensor.unwrap()))
    .collect();
    let weights = Weights::bind(&free, &state).unwrap();
    let image = painted(2, 9, 11);
    let a = outputs(&banded, &at_start(&banded, kernel), std::slice::from_ref(&image)).remove(0);
    let b = outputs(&free, &weights, &[image]).remove(0);
    assert!(difference(&a, &b) < 1e-5, "{}", difference(&a, &b));
    let unturned = layer(2, 3, turned(0.0));
    let straight = outputs(&unturned, &at_start(&unturned, kernel), &[painted(2, 9, 11)]).remove(0);
    assert!(difference(&a, &straight) > 0.1);
}

#[test]
fn free_offsets_follow_the_image() {
    let mut net = Net::new("follow");
    let x = net.input("image", 3);
    let y = net.deform_conv("", x, 1, (1, 1));
    let graph = net.finish(&[("image", y)]).unwrap();
    // Rows depend on the first channel, columns on the second; the third is read.
    let mut offset = vec![0.0; 2 * 3 * 9];
    offset[4] = 1.0;
    offset[(3 + 1) * 9 + 4] = 1.0;
    let state: StateDict = [
        ("conv.weight", Tensor::f32(&[1, 3, 1, 1], vec![0.0, 0.0, 1.0])),
        ("offset.weight", Tensor::f32(&[2, 3, 3, 3], offset)),
        ("offset.bias", Tensor::f32(&[2], vec![0.25, -0.5])),
    ]
    .into_iter()
    .map(|(name, tensor)| (name.to_owned(), tensor.unwrap()))
    .collect();
    let weights = Weights::bind(&graph, &state).unwrap();
    let (height, width) = (6, 7);
    let mut image = painted(3, height, width);
    let plane = height * width;
    for p in 0..plane {
        image.data[p] = image.data[p] * 4.0 - 2.0;
        image.data[plane + p] = image.data[plane + p] * 4.0 - 2.0;
        image.data[2 * plane + p] = (10 * (p / width) + p % width) as f64 + 100.0;
    }
    let got = outputs(&graph, &weights, std::slice::from_ref(&image)).remove(0);
    let (mut inside, mut outside) = (0, 0);
    for p in 0..plane {
        let row = (p / width) as f64 + image.data[p] + 0.25;
        let column = (p % width) as f64 + image.data[plane + p] - 0.5;
        if (0.0..=5.0).contains(&row) && (0.0..=6.0).contains(&column) {
            // Between its samples a slope is itself.
            assert!((got.data[p] - (100.0 + 10.0 * row + column)).abs() < 1e-9, "{p}");
            inside += 1;
        } else if row <= -1.0 || row >= 6.0 || column <= -1.0 || column >= 7.0 {
            assert!(got.data[p].abs() < f64::MIN_POSITIVE, "{p}");
            outside += 1;
        }
    }
    assert!(inside > 10 && outside > 2, "{inside} {outside}");
}

fn difference<T: Real>(a: &Map<T>, b: &Map<T>) -> f64 {
    assert_eq!(a.shape, b.shape);
    a.data.iter().zip(&b.data).map(|(&a, &b)| (a - b).abs().to_f64().unwrap()).fold(0.0, f64::max)
}

fn joined(maps: &[Map<f64>]) -> Map<f64> {
    let shape = maps[0].shape.with_channels(maps.iter().map(|m| m.shape.channels).sum());
    Map { shape, data: maps.iter().flat_map(|m| m.data.clone()).collect() }
}

#[test]
fn gives_the_numbers_of_the_description_and_back() {
    let want = &golden("bdinn")["bdinn"];
    let graph = ENTRY.build().unwrap();
    assert_eq!(graph.parameter_count() as u64, want["params"].as_u64().unwrap());
    assert_eq!(graph.multiply_adds(256, 256).unwrap(), want["macs256"].as_u64().unwrap());
    assert_eq!(graph.size_multiple(), Some(8));
    assert!(graph.unused().is_empty());
    let state = fill::tenth(&filled(&graph, "bdinn").0);
    let weights = Weights::bind(&graph, &state).unwrap();
    let image = painted(3, 64, 64);
    let out = outputs(&graph, &weights, std::slice::from_ref(&image));
    same(&joined(&out), &want["out_64x64"], "64×64");

    let inverse = build_inverse(&Config::default()).unwrap();
    let back_weights = Weights::bind(&inverse, &state).unwrap();
    for back in outputs(&inverse, &back_weights, &out) {
        assert!(difference(&back, &image) <= 1e-12, "{}", difference(&back, &image));
    }
}

#[test]
fn undoes_itself_in_32_bits() {
    let graph = ENTRY.build().unwrap();
    let inverse = build_inverse(&Config::default()).unwrap();
    let state = fill::tenth(&filled(&graph, "bdinn").0);
    let image = painted(3, 64, 64);
    let image = Map::new(image.shape, image.data.iter().map(|&v| v as f32).collect()).unwrap();
    let pass = |graph: &Graph, inputs: &[Map<f32>]| {
        run(graph, &Weights::bind(graph, &state).unwrap(), inputs, Mode::default(), &ctx()).unwrap()
    };
    let out = pass(&graph, std::slice::from_ref(&image));
    for back in pass(&inverse, &out) {
        assert!(difference(&back, &image) <= 5e-6, "{}", difference(&back, &image));
    }
}

/// A network small enough for frequent runs.
fn small() -> Config {
    Config {
        plan: BdinnLayout::CrossScale(vec![Level { blocks: 1, skip: 1 }, Level { blocks: 2, skip: 0 }]),
        middle: Middle::Attention { blocks: 1, width: 4, inner: 2, offsets: Offsets::Banded, kernel: (3, 5) },
        function: Function::Dense { growth: 4 },
        ..Config::default()
    }
}

#[test]
fn every_plan_has_an_inverse() {
    let free = Middle::Attention { blocks: 2, width: 4, inner: 2, offsets: Offsets::Free, kernel: (3, 5) };
    let configs = [
        small(),
        Config { plan: BdinnLayout::HalfSize { blocks: 3 }, ..small() },
        Config { plan: BdinnLayout::FullSize { blocks: 3 }, ..small() },
        Config { middle: Middle::Dense { blocks: 2 }, ..small() },
        Config { middle: free, ..small() },
        Config { function: Function::Plain { layers: 3, width: 5 }, ..small() },
        Config { clamp: None, ..small() },
        Config { clamp: Some(0.5), ..small() },
    ];
    for config in configs {
        let (graph, inverse) = (build(&config).unwrap(), build_inverse(&config).unwrap());
        assert_eq!(graph.stored(), inverse.stored());
        let state = fill::tenth(&fill::golden(&graph.stored()));
        let image = painted(3, 16, 24);
        let out = outputs(&graph, &Weights::bind(&graph, &state).unwrap(), std::slice::from_ref(&image));
        assert!(difference(&out[0], &image) > 1e-3, "{config:?} does nothing");
        for back in outputs(&inverse, &Weights::bind(&inverse, &state).unwrap(), &out) {
            assert!(difference(&back, &image) <= 1e-12, "{config:?}: {}", difference(&back, &image));
        }
    }
}

#[test]
fn learned_scaling_has_no_inverse() {
    let config = Config { scaling: arch::bdinn::Scaling::Learned, ..small() };
    assert!(build(&config).is_ok());
    assert_eq!(
        build_inverse(&config).unwrap_err().to_string(),
        "bdinn, inverse: down.0: a convolution that changes the size has no inverse"
    );
}

#[test]
fn does_nothing_when_the_last_layers_are_zero() {
    let graph = build(&small()).unwrap();
    let last =
        |name: &str| name.contains(".out.") || (name.contains(".convs.3.") && !name.contains(".dense."));
    let state = fill::golden(&graph.stored());
    let zeroed = state.iter().map(|(name, tensor)| {
        let data = if last(name) { vec![0.0; tensor.data.len()] } else { tensor.to_f32() };
        (name.to_owned(), Tensor::f32(&tensor.shape, data).unwrap())
    });
    let weights = Weights::bind(&graph, &zeroed.collect()).unwrap();
    let image = painted(3, 16, 24);
    for out in outputs(&graph, &weights, std::slice::from_ref(&image)) {
        assert_eq!(out, image);
    }
}

/// Parameters and multiply-adds at 256×256: unband's, then the paper's in millions and thousand millions.
const COUNTS: [(&str, usize, u64, f64, Option<f64>); 14] = [
    ("bdinn", 5_890_088, 37_489_214_464, 5.885, Some(37.401)),
    ("bdinn:inverse", 5_890_088, 37_489_214_464, 5.885, Some(37.401)),
    ("bdinn:unet", 5_971_532, 34_238_103_552, 5.943, Some(34.122)),
    ("bdinn:one-scale", 5_974_560, 97_674_854_400, 5.953, Some(97.533)),
    ("bdinn:dense-only", 5_942_160, 388_257_546_240, 5.942, None),
    ("bdinn:no-bdacb", 5_884_104, 37_484_494_848, 5.887, None),
    ("bdinn:plain-convs", 5_856_312, 41_687_581_696, 5.885, None),
    ("bdinn:learned-scaling", 5_987_066, 37_715_706_880, 5.985, None),
    ("bdinn:deform-3x5", 5_909_544, 37_508_875_136, 5.887, Some(37.402)),
    ("bdinn:deform-5x5", 5_981_544, 37_582_275_456, 6.007, Some(37.525)),
    ("bdinn:banded-3x3", 5_865_512, 37_464_048_640, 5.861, Some(37.376)),
    ("bdinn:banded-3x7", 5_914_664, 37_514_380_288, 5.909, Some(37.425)),
    ("bdinn:banded-3x9", 5_939_240, 37_539_546_112, 5.933, Some(37.450)),
    ("bdinn:banded-5x5", 5_931_048, 37_531_157_504, 5.925, Some(37.442)),
];

#[test]
fn variants_are_within_a_hundredth_of_the_sizes_of_the_paper() {
    for (name, parameters, cost, millions, thousand_millions) in COUNTS {
        let graph = arch::build(name).unwrap().unwrap();
        assert_eq!(graph.parameter_count(), parameters, "{name}");
        assert_eq!(graph.multiply_adds(256, 256).unwrap(), cost, "{name}");
        let within = |ours: f64, paper: f64| (ours / paper - 1.0).abs() < 0.01;
        assert!(within(parameters as f64, millions * 1e6), "{name}");
        assert!(thousand_millions.is_none_or(|paper| within(cost as f64, paper * 1e9)), "{name}");
    }
    let published = ENTRY.variants.iter().filter(|v| !v.name.starts_with("small"));
    assert_eq!(published.count() + 1, COUNTS.len());
}

#[test]
fn is_known_by_its_tensors_in_every_variant() {
    let mut graphs: Vec<Graph> =
        ENTRY.variants.iter().filter(|v| !v.name.ends_with("inverse")).map(|v| v.build().unwrap()).collect();
    graphs.push(ENTRY.build().unwrap());
    graphs.push(build(&small()).unwrap());
    graphs.push(build_unet(&UnetConfig { levels: vec![(8, 1), (12, 2)], middle: 1, growth: 4 }).unwrap());
    for graph in graphs {
        let empty = |s: unband_nets::param::StoredTensor| {
            let len = s.shape.iter().product();
            (s.name, Tensor::f32(&s.shape, vec![0.0; len]).unwrap())
        };
        let state: StateDict = graph.stored().into_iter().map(empty).collect();
        let (found, again) = arch::detect(&state).unwrap();
        assert_eq!(found.name, "bdinn");
        assert_eq!(again.unwrap(), graph);
    }
}

#[test]
fn names_and_shapes_that_make_no_network_are_errors() {
    let graph = build(&small()).unwrap();
    let with = |name: String, shape: &[usize]| {
        let mut state = fill::golden(&graph.stored());
        state.insert(name, Tensor::f32(shape, vec![0.0; shape.iter().product()]).unwrap());
        state
    };
    // A hundred levels would have 2¹⁰² channels.
    let mut deep = with("enc.2.x".into(), &[1]);
    for l in 2..100 {
        deep.insert(format!("enc.{l}.0.x"), Tensor::f32(&[1], vec![0.0]).unwrap());
    }
    assert!(arch::detect(&deep).is_none());
    let wide = with("mid.0.phi1.rcam.bd1.conv.weight".into(), &[1, 1, 1, 1 << 20]);
    assert!(arch::detect(&wide).is_none());
    let even = with("mid.0.phi1.rcam.bd1.conv.weight".into(), &[4, 4, 2, 3]);
    assert!(arch::detect(&even).unwrap().1.unwrap_err().to_string().contains("odd"));
    let short = with("enc.0.0.phi1.convs.0.weight".into(), &[4]);
    assert!(arch::detect(&short).is_none());
}

/// Ablations in the narrow width take as long as the network. Without levels, that is few parameters.
#[test]
fn narrow_variants_have_about_the_same_multiply_adds() {
    let cost = |name: &str| arch::build(name).unwrap().unwrap().multiply_adds(256, 256).unwrap() as f64;
    let all = cost("bdinn:small");
    for variant in ENTRY.variants.iter().filter(|v| v.name.starts_with("small-")) {
        let share = cost(&format!("bdinn:{}", variant.name)) / all;
        assert!((share - 1.0).abs() < 0.15, "{}: {share}", variant.name);
    }
}
