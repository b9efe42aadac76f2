use serde_json::Value;
use unband_infer::Map;
use unband_infer::lpips::{Backbone, Lpips};
use unband_nets::state::{Weights, fill};
use unband_nets::{Data, Tensor, arch};

use super::second_rule::{about, painted};
use super::support::outputs;

fn upside_down(map: &Map<f64>) -> Map<f64> {
    let area = map.shape.height * map.shape.width;
    let flipped =
        map.data.chunks(area).flat_map(|plane| plane.chunks(map.shape.width).rev().flatten().copied());
    Map::new(map.shape, flipped.collect()).unwrap()
}

/// The network of that name with the rule's weights, and its outputs for an image and for the same image
/// upside down.
fn features(name: &str, (height, width): (usize, usize)) -> [Vec<Map<f64>>; 2] {
    let graph = arch::build(name).unwrap().unwrap();
    let mut state = fill::scaled(&graph.stored(), 2.0);
    // torchvision's files continue after the features.
    state.insert("classifier.6.bias", Tensor { shape: vec![1000], data: Data::F32(vec![0.0; 1000]) });
    let (found, again) = arch::detect(&state).unwrap();
    assert_eq!((found.name, again.unwrap()), (name, graph.clone()));
    let weights = Weights::bind(&graph, &found.own_tensors(state)).unwrap();
    let a = painted(height, width);
    let b = upside_down(&a);
    [outputs(&graph, &weights, &[a]), outputs(&graph, &weights, &[b])]
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
}

fn near(got: f64, want: f64, what: &str) {
    println!("{what}: {:.1e}", (got / want - 1.0).abs());
    assert!((got / want - 1.0).abs() < 1e-5, "{what}: {got} instead of {want}");
}

fn mean_magnitude(map: &Map<f64>) -> f64 {
    map.data.iter().map(|v| v.abs()).sum::<f64>() / map.data.len() as f64
}

#[test]
fn the_perceptual_loss_on_vgg19_is_that_of_the_original() {
    let want = &about()["vgg19"];
    let [a, b] = features("vgg19", (48, 56));
    let mut loss = 0.0;
    for (i, weight) in [0.1, 0.1, 1.0, 1.0, 1.0].into_iter().enumerate() {
        near(mean_magnitude(&a[i]), numbers(&want["feature_abs_mean"])[i], &format!("features {i}"));
        let apart = a[i].data.iter().zip(&b[i].data).map(|(a, b)| (a - b).abs());
        let apart = apart.sum::<f64>() / a[i].data.len() as f64;
        near(apart, numbers(&want["per_layer_l1"])[i], &format!("distance {i}"));
        loss += weight * apart;
    }
    near(loss, want["loss"].as_f64().unwrap(), "loss");
}

#[test]
fn lpips_is_that_of_the_original_on_each_backbone() {
    let all = [(Backbone::Alex, "alex"), (Backbone::Vgg, "vgg"), (Backbone::Squeeze, "squeeze")];
    for (backbone, short) in all {
        let want = &about()["lpips"][short];
        let [a, b] = features(backbone.architecture(), (64, 72));
        let shapes = want["tap_shapes"].as_array().unwrap();
        assert_eq!(a.len(), shapes.len());
        for (i, (map, shape)) in a.iter().zip(shapes).enumerate() {
            let shape: Vec<usize> = numbers(shape).iter().map(|&n| n as usize).collect();
            assert_eq!([map.shape.channels, map.shape.height, map.shape.width], shape[1..], "{short} {i}");
            near(mean_magnitude(map), numbers(&want["tap_abs_mean"])[i], &format!("{short} tap {i}"));
        }
        let lpips = Lpips::new(backbone).unwrap();
        let distance = lpips.distance(&a, &b).unwrap();
        near(distance.total, want["distance"].as_f64().unwrap(), short);
        for (i, (got, want)) in distance.per_tap.iter().zip(numbers(&want["per_layer"])).enumerate() {
            near(*got, want, &format!("{short} share {i}"));
        }
        assert!(lpips.distance(&a, &a).unwrap().total.abs() < f64::MIN_POSITIVE);
        assert!((lpips.distance(&b, &a).unwrap().total - distance.total).abs() < 1e-15);
    }
}

#[test]
fn all_have_as_many_parameters_as_the_originals() {
    let counts =
        [("alexnet", 2_469_696), ("vgg16", 14_714_688), ("vgg19", 20_024_384), ("squeezenet", 722_496)];
    for (name, count) in counts {
        assert_eq!(arch::build(name).unwrap().unwrap().parameter_count(), count, "{name}");
    }
}

#[test]
fn lpips_refuses_features_of_another_network_or_size() {
    let [a, _] = features("alexnet", (64, 72));
    let [smaller, _] = features("alexnet", (64, 64));
    assert!(Lpips::new(Backbone::Squeeze).unwrap().distance(&a, &a).is_err());
    let alex = Lpips::new(Backbone::Alex).unwrap();
    let said = alex.distance(&a, &smaller).unwrap_err().to_string();
    assert!(said.contains("got 64×15×17"), "{said}");
    assert!(alex.distance(&a[1..], &a[1..]).is_err());
}
