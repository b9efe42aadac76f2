use crate::reference::run;
use unband_infer::deepdeband::{Variant, full, weighted};
use unband_infer::{Map, Mode};
use unband_nets::arch;
use unband_nets::arch::deepdeband::{Config, build};

use super::support::{ctx, filled, golden, painted, same, same_within};

/// Between −1 and 1.
fn signed(height: usize, width: usize) -> Map<f64> {
    let mut map = painted(3, height, width);
    map.data.iter_mut().for_each(|v| *v = 2.0 * *v - 1.0);
    map
}

fn narrow(map: &Map<f64>) -> Map<f32> {
    Map::new(map.shape, map.data.iter().map(|&v| v as f32).collect()).unwrap()
}

fn wide(map: &Map<f32>) -> Map<f64> {
    Map::new(map.shape, map.data.iter().map(|&v| f64::from(v)).collect()).unwrap()
}

#[test]
fn the_generator_gives_the_numbers_of_the_original() {
    let graph = arch::deepdeband::FULL.build().unwrap();
    let want = golden("pix2pix");
    assert_eq!(graph.parameter_count() as u64, want["G_params"].as_u64().unwrap());
    assert_eq!(graph.multiply_adds(256, 256).unwrap(), 6_048_186_368);
    assert_eq!(graph.size_multiple(), Some(256));
    let (state, weights) = filled(&graph, "pix2pix_unet256");
    let running = run(&graph, &weights, &[signed(256, 256)], Mode::default(), &ctx()).unwrap();
    same(&running[0], &want["G_eval_256"], "256×256");
    let running = run(&graph, &weights, &[narrow(&signed(512, 256))], Mode::default(), &ctx()).unwrap();
    same_within(&wide(&running[0]), &want["G_eval_512x256"], 1e-4, "512×256");
    let own = Mode { image_statistics: true, dropout: None };
    let own = run(&graph, &weights, &[narrow(&signed(512, 512))], own, &ctx()).unwrap();
    same_within(&wide(&own[0]), &want["G_batchstats_nodropout_512x512"], 1e-4, "statistics of the image");
    assert_eq!(arch::detect(&state).unwrap().0.name, "deepdeband-f");
}

#[test]
fn the_discriminator_gives_the_numbers_of_the_original() {
    let graph = arch::discriminator::PIX2PIX.build().unwrap();
    let want = golden("pix2pix");
    assert_eq!(graph.parameter_count() as u64, want["D_params"].as_u64().unwrap());
    assert_eq!(graph.multiply_adds(256, 256).unwrap(), 3_197_140_992);
    let (state, weights) = filled(&graph, "pix2pix_patchgan");
    let half = signed(256, 256);
    let both = [half.data.clone(), half.data].concat();
    let pair = Map::new(unband_nets::Shape::new(6, 256, 256), both).unwrap();
    let got = run(&graph, &weights, &[pair], Mode::default(), &ctx()).unwrap();
    same(&got[0], &want["D_eval_256"], "256×256");
    assert_eq!(arch::detect(&state).unwrap().0.name, "pix2pix-patchgan");
}

#[test]
fn a_narrow_generator_is_recognised_and_dropout_follows_its_seed() {
    let graph = build(&Config { width: 4, ..Config::default() }).unwrap();
    let state = unband_nets::state::fill::golden(&graph.stored());
    let (found, again) = arch::detect(&state).unwrap();
    assert_eq!((found.name, again.unwrap()), ("deepdeband-f", graph.clone()));
    let weights = unband_nets::state::Weights::bind(&graph, &state).unwrap();
    let painted = signed(256, 256);
    let with = |dropout| {
        let mode = Mode { image_statistics: true, dropout };
        run(&graph, &weights, std::slice::from_ref(&painted), mode, &ctx()).unwrap().remove(0)
    };
    assert_eq!(with(Some(1)), with(Some(1)));
    assert_ne!(with(Some(1)), with(Some(2)));
    assert_ne!(with(Some(1)), with(None));
    assert!(build(&Config { width: 0, ..Config::default() }).is_err());
}

#[test]
fn images_of_any_size_go_through_both_ways_of_feeding_it() {
    let graph = build(&Config { width: 4, ..Config::default() }).unwrap();
    let state = unband_nets::state::fill::golden(&graph.stored());
    let weights = unband_nets::state::Weights::bind(&graph, &state).unwrap();
    let input = narrow(&painted(3, 200, 300));
    let through = |map: Map<f32>, mode: Mode| -> Result<Map<f32>, unband_infer::RunError> {
        Ok(run(&graph, &weights, &[map], mode, &ctx())?.remove(0))
    };
    let whole =
        |variant: Variant, seed| full(&input, variant, |map| through(map, variant.mode(seed))).unwrap();
    let patches = |variant: Variant, seed| {
        weighted(&input, variant, |map, number| through(map, variant.mode(seed + number as u64))).unwrap()
    };
    for map in [whole(Variant::Original, 7), patches(Variant::Original, 7)] {
        assert_eq!(map.shape, input.shape);
        let whole_code = |v: &f32| (v * 255.0 - (v * 255.0).round()).abs() < 1e-3;
        assert!(map.data.iter().all(whole_code));
    }
    assert_eq!(patches(Variant::Original, 7), patches(Variant::Original, 7));
    assert_ne!(patches(Variant::Original, 7), patches(Variant::Original, 8));
    assert_eq!(patches(Variant::Fixed, 7), patches(Variant::Fixed, 8));
    assert_eq!(whole(Variant::Fixed, 7), whole(Variant::Fixed, 8));
    assert_ne!(whole(Variant::Fixed, 7), patches(Variant::Fixed, 7));
}
