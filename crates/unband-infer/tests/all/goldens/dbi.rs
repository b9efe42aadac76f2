use std::path::{Path, PathBuf};

use crate::reference::run;
use serde_json::Value;
use unband_infer::{Map, Mode};
use unband_nets::arch::dbi::PATCH;
use unband_nets::checkpoint::{self, Network};
use unband_nets::state::fill;
use unband_nets::{Shape, arch};

use super::support::{ctx, golden};

/// The published weights may not be copied: they are read from a user's file, or the test is skipped.
fn published() -> Option<(PathBuf, Network)> {
    let Some(path) = std::env::var_os("UNBAND_DBI_WEIGHTS").map(PathBuf::from) else {
        unband_skips::file("UNBAND_DBI_WEIGHTS does not name the published weights of DBI's classifier");
        return None;
    };
    let network = checkpoint::open(&path).unwrap().network().unwrap();
    assert_eq!(network.architecture.name, "dbi");
    Some((path, network))
}

fn probability(network: &Network, patch: Map<f32>) -> f32 {
    run(&network.graph, &network.weights, &[patch], Mode::default(), &ctx()).unwrap()[0].data[0]
}

/// Bytes by channel, row and column.
fn made(byte: impl Fn(usize, usize, usize) -> usize) -> Map<f32> {
    let mut data = Vec::new();
    for c in 0..3 {
        for y in 0..PATCH {
            data.extend((0..PATCH).map(|x| byte(c, y, x) as f32 / 255.0));
        }
    }
    Map::new(Shape::new(3, PATCH, PATCH), data).unwrap()
}

fn noise() -> Map<f32> {
    let mut state = 12345u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as usize
    };
    let bytes: Vec<usize> = (0..PATCH * PATCH * 3).map(|_| next()).collect();
    made(|c, y, x| bytes[(y * PATCH + x) * 3 + c])
}

#[test]
fn the_classifier_has_the_shapes_and_the_size_of_the_original() {
    let graph = arch::dbi::ENTRY.build().unwrap();
    let kept: Vec<_> = graph.stored().into_iter().filter(|s| !s.integer).collect();
    let numbers: usize = kept.iter().map(|s| s.shape.iter().product::<usize>()).sum();
    assert_eq!((kept.len(), numbers, graph.parameter_count()), (30, 6_713, 6_617));
    let shapes = graph.shapes(PATCH, PATCH).unwrap();
    let pools = graph.nodes.iter().zip(&shapes).filter(|(node, _)| node.op.label().starts_with("max pool"));
    assert_eq!(pools.map(|(_, shape)| shape.height).collect::<Vec<_>>(), [115, 55, 26, 8, 2]);
    assert_eq!(arch::detect(&fill::golden(&kept)).unwrap().0.name, "dbi");
}

#[test]
fn patches_get_the_probabilities_of_the_original() {
    let Some((_, network)) = published() else { return };
    let tint = [100, 120, 160];
    let far = |n: usize| n.abs_diff(117).pow(2);
    let patches = [
        ("p0_black", made(|_, _, _| 0)),
        ("p1_white", made(|_, _, _| 255)),
        ("p2_grey128", made(|_, _, _| 128)),
        ("p3_ramp_h", made(|_, _, x| x * 255 / 234)),
        ("p4_ramp_h_q16", made(|_, _, x| x * 255 / 234 / 16 * 16)),
        ("p5_slow_steps", made(|c, y, x| tint[c] + (x + y) / 40 * 4)),
        ("p6_slow_smooth", made(|c, y, x| tint[c] + (x + y) / 10)),
        ("p7_checker", made(|_, y, x| 255 * ((x / 8 + y / 8) % 2))),
        ("p8_radial", made(|c, y, x| ([60, 80, 120][c] + (far(x) + far(y)) / 1500 * 6).min(255))),
        ("p9_lcg_noise", noise()),
    ];
    let want = &golden("dbi")["patches"];
    for (name, painted) in patches {
        let sum: f64 = painted.data.iter().map(|&v| f64::from(v * 255.0).round()).sum();
        assert!((sum - want[name]["byte_sum"].as_f64().unwrap()).abs() < 0.5, "{name}: {sum}");
        let p = f64::from(probability(&network, painted));
        let off = (p - want[name]["nonbanded_probability"].as_f64().unwrap()).abs();
        println!("{name}: {off:.1e}");
        assert!(off < 1e-5, "{name}: {p}");
    }
}

#[test]
fn a_tensorflow_model_gives_what_tensorflow_gives() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/tensorflow");
    let read = checkpoint::open(&folder).unwrap();
    assert_eq!((read.container.as_str(), read.state.len()), ("tensorflow", 30));
    let network = read.network().unwrap();
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let want = &serde_json::from_str::<Value>(&text).unwrap()["probability"];
    let images = [
        ("ramp", made(|c, y, x| [x, y, usize::midpoint(x, y)][c])),
        ("bands", made(|c, y, x| [x / 16 * 16, y / 16 * 16, 128][c])),
        ("checker", made(|_, y, x| 255 * ((x / 8 + y / 8) % 2))),
        ("turned", made(|c, y, x| [y, 255 - x, x * y % 256][c])),
    ];
    for (name, painted) in images {
        let off = f64::from(probability(&network, painted)) - want[name].as_f64().unwrap();
        println!("{name}: {off:.1e}");
        assert!(off.abs() < 1e-6, "{name}: {off}");
    }
}

#[test]
fn patches_of_the_demo_image_get_the_published_probabilities() {
    let Some((weights, network)) = published() else { return };
    let demo = &golden("dbi")["demo"];
    let path = weights.with_file_name(demo["file"].as_str().unwrap());
    if !path.exists() {
        unband_skips::file(format_args!("{} is not next to the weights", path.display()));
        return;
    }
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    assert_eq!((info.height, info.width), (1080, 1920));
    // The index is the share of banded patches.
    let banded = |p: f32| f64::from(1.0 - p) > 0.2;
    let (mut worst, mut count) = (0.0f64, 0);
    for series in demo["series"].as_array().unwrap() {
        let [top, left] = [0, 1].map(|i| series["origin"][i].as_u64().unwrap() as usize);
        for (i, row) in series["nonbanded_probability"].as_array().unwrap().iter().enumerate() {
            for (j, want) in row.as_array().unwrap().iter().enumerate() {
                let corner = ((top + i * PATCH) * 1920 + left + j * PATCH) * 3;
                let patch = made(|c, y, x| bytes[corner + (y * 1920 + x) * 3 + c].into());
                let (p, want) = (probability(&network, patch), want.as_f64().unwrap());
                assert_eq!(banded(p), banded(want as f32), "{top} {left} {i} {j}: {p}");
                worst = worst.max((f64::from(p) - want).abs());
                count += 1;
            }
        }
    }
    println!("probabilities within {worst:.1e}");
    assert!(worst < 1e-4 && count == 128, "{worst} {count}");
}
