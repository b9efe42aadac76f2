use std::sync::atomic::AtomicBool;

use super::*;
use unband_image::tile::restore_in_place;
use unband_image::{Matrix, Plane, Subsampling, With};

fn params(settings: &[(&str, &str)]) -> F3kdbParams {
    let method = Method::from_texts(&ENTRY, settings.iter().copied()).unwrap();
    F3kdbParams::from_method(&method).unwrap()
}

fn run(image: &Image, settings: &[(&str, &str)], ctx: &Context<'_>) -> Image {
    let filter = F3kdb::new(&params(settings), image, ctx).unwrap();
    let mut out = image.clone();
    restore_in_place(&mut out, &filter, 64, &mut |_, _| {}, ctx).unwrap();
    out
}

fn bands(width: usize, height: usize) -> Vec<u8> {
    (0..width * height).map(|i| (60 + (i % width) / 9 + (i / width) / 7) as u8).collect()
}

const NO_GRAIN: [(&str, &str); 2] = [("grainy", "0"), ("grainc", "0")];

#[test]
fn images_below_16_samples_are_left_alone() {
    let ctx = Context::with(|new| new.output = Some(Depth::SIXTEEN));
    for (width, height) in [(15, 40), (40, 15), (1, 1)] {
        let image = Image::from_gray(width, height, &bands(width, height)).unwrap();
        let filter = F3kdb::new(&F3kdbParams::default(), &image, &ctx).unwrap();
        assert_eq!(filter.rounds_to(), None);
        assert_eq!(run(&image, &[], &ctx), image);
    }
    let image = Image::from_gray(16, 16, &bands(16, 16)).unwrap();
    assert!(run(&image, &[], &ctx) != image);
}

#[test]
fn high_thresholds_need_scale() {
    let image = Image::from_gray(32, 32, &bands(32, 32)).unwrap();
    let new = |settings: &[(&str, &str)]| F3kdb::new(&params(settings), &image, &Context::default());
    assert_eq!(
        new(&[("cb_1", "512")]).err().unwrap().to_string(),
        "f3kdb takes thresholds up to 511, got 512; with `scale=true` they are 16-bit codes up to 65535"
    );
    assert!(new(&[("y", "65535"), ("scale", "true")]).is_ok());
    assert!(new(&[("y", "511")]).is_ok());
}

#[test]
fn presets_come_before_all_other_settings() {
    let p = params(&[("y", "9"), ("preset", "medium/nograin")]);
    assert_eq!((p.y, p.cb, p.cr, p.y_1, p.cr_2, p.grainy, p.grainc), (9, 48, 48, 48, 48, 0, 0));
    let p = params(&[("preset", "luma"), ("scale", "true")]);
    assert_eq!((p.y, p.cb, p.cr, p.y_1, p.grainy, p.grainc), (64, 0, 0, -1, 64, 0));
    let p = params(&[("preset", "chroma/veryhigh"), ("scale", "1")]);
    assert_eq!((p.y, p.cb, p.grainy, p.y_2), (320, 320, 320, 320));
    let p = params(&[("preset", "depth"), ("scale", "1")]);
    assert_eq!((p.y, p.cb_1, p.cr_2, p.grainc), (0, 0, 0, 0));
    assert_eq!(params(&[("preset", "")]), F3kdbParams::default());
    assert!(Method::from_texts(&ENTRY, [("preset", "medium,low")]).is_err());
}

#[test]
fn thresholds_not_given_are_those_of_the_mean() {
    let p = params(&[("y", "30"), ("cb_1", "7"), ("cr_2", "0"), ("scale", "false")]);
    assert_eq!([0, 1, 2].map(|plane| p.limits(plane)), [[120; 3], [256, 28, 256], [256, 256, 0]]);
}

#[test]
fn grain_on_rgb_is_grey() {
    let image = Image::from_rgb8(50, 40, &[128; 6000]).unwrap();
    let out = run(&image, &[("dither_algo", "2"), ("cb", "0"), ("grainc", "0")], &Context::default());
    assert!(out.planes[0] != image.planes[0]);
    assert!(out.planes[0] == out.planes[1] && out.planes[1] == out.planes[2]);
}

#[test]
fn white_stays_white_where_the_depth_changes() {
    let mut codes = vec![255u8; 32 * 32];
    codes[..512].fill(0);
    let image = Image::from_gray(32, 32, &codes).unwrap();
    for depth in [4u8, 8, 10, 16] {
        for dither in ["1", "2", "3"] {
            let settings = [NO_GRAIN[0], NO_GRAIN[1], ("dither_algo", dither)];
            let ctx = Context::with(|new| new.output = Some(Depth::Int(depth)));
            let out = run(&image, &settings, &ctx);
            let (low, high) = (out.planes[0].data[5], out.planes[0].data[1000]);
            assert_eq!((low.to_bits(), high.to_bits()), (0f32.to_bits(), 1f32.to_bits()), "{depth} {dither}");
        }
    }
    // Full-range neutral chroma, too.
    let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Full, subsampling: Subsampling::NONE };
    let image = Image::new(vec![Plane::filled(32, 32, 0.5); 3], model, Depth::EIGHT);
    let ctx = Context::with(|new| new.output = Some(Depth::SIXTEEN));
    let out = run(&image, &NO_GRAIN, &ctx);
    assert!(out.planes[1].data.iter().all(|v| v.to_bits() == 0.5f32.to_bits()));
}

#[test]
fn the_depth_is_that_of_the_settings_or_else_of_the_result() {
    let image = Image::from_gray(32, 32, &bands(32, 32)).unwrap();
    let depth = |settings: &[(&str, &str)], output: Option<Depth>| {
        let ctx = Context::with(|new| new.output = output);
        F3kdb::new(&params(settings), &image, &ctx).unwrap().rounds_to().unwrap().bits()
    };
    assert_eq!(depth(&[], None), 8);
    assert_eq!(depth(&[], Some(Depth::Int(12))), 12);
    assert_eq!(depth(&[], Some(Depth::F32)), 8);
    assert_eq!(depth(&[("output_depth", "16")], Some(Depth::Int(8))), 16);
}

#[test]
fn more_bits_hold_what_lies_between_the_codes() {
    let image = Image::from_gray(90, 60, &bands(90, 60)).unwrap();
    let ctx = Context::with(|new| new.output = Some(Depth::SIXTEEN));
    let out = run(&image, &[NO_GRAIN[0], ("y", "80")], &ctx);
    let between = |v: &f32| (v * 255.0 - (v * 255.0).round()).abs() > 0.1;
    assert!(out.planes[0].data.iter().filter(|v| between(v)).count() > 1000);
    assert!(image.planes[0].data.iter().zip(&out.planes[0].data).all(|(a, b)| (a - b).abs() < 1.3 / 255.0));
}

#[test]
fn numbers_drawn_on_many_threads_are_those_drawn_in_order() {
    for (mode, size, chroma) in
        [("2", (70, 150), (1, 1)), ("1", (33, 17), (1, 0)), ("3", (64, 70), (0, 0)), ("5", (41, 129), (2, 2))]
    {
        let params = params(&[("sample_mode", mode), ("seed", "77"), ("range", "31")]);
        let ctx = Context::with(|new| new.threads = 3);
        let tables = Tables::new(&params, size, chroma, &ctx).unwrap();
        let mut other = tables.clone();
        let (mut one, mut many) = (random::Random(5), random::Random(5));
        other
            .draw_in_order(
                &params,
                &mut one,
                random::Distribution::Uniform,
                random::Distribution::Uniform,
                &ctx,
            )
            .unwrap();
        let mut again = tables.clone();
        again.draw_on_many_threads(&params, &mut many, &ctx).unwrap();
        assert_eq!(one.0, many.0, "mode {mode}");
        assert!(other.same_distances(&again), "mode {mode}");
        assert!(!other.same_distances(&tables), "mode {mode}");
    }
}

#[test]
fn moving_grain_moves_and_comes_back() {
    let image = Image::from_gray(48, 40, &[90u8; 48 * 40]).unwrap();
    for algorithm in ["0", "1", "2"] {
        let frame = |frame, moving| {
            let ctx = Context::with(|new| new.frame = frame);
            let settings = [
                ("dynamic_grain", moving),
                ("frames", "3"),
                ("random_algo_grain", algorithm),
                ("dither_algo", "2"),
            ];
            run(&image, &settings, &ctx)
        };
        assert!(frame(0, "true") != frame(1, "true"), "{algorithm}");
        assert!(frame(1, "true") == frame(4, "true"), "{algorithm}");
        assert!(frame(0, "false") == frame(1, "false"), "{algorithm}");
    }
}

#[test]
fn with_nothing_to_do_even_the_range_is_left_alone() {
    let image = Image::from_gray(20, 20, &[3u8; 400]).unwrap();
    let nothing = [("preset", "depth"), ("keep_tv_range", "true")];
    assert_eq!(run(&image, &nothing, &Context::default()), image);
    let grain = [("preset", "depth"), ("keep_tv_range", "true"), ("grainy", "1")];
    let out = run(&image, &grain, &Context::default());
    assert!(out.planes[0].data.iter().all(|v| v.to_bits() == (16f32 / 255.0).to_bits()));
}

#[test]
fn samples_that_keep_their_code_keep_their_value() {
    let mut image = Image::from_gray::<u16>(40, 20, &[30_000; 800]).unwrap();
    image.depth = Depth::F32;
    image.planes[0].data[7] = 1.75;
    image.planes[0].data[100] += 1e-6;
    let out = run(&image, &[NO_GRAIN[0]], &Context::default());
    for i in [7, 100] {
        assert_eq!(out.planes[0].data[i].to_bits(), image.planes[0].data[i].to_bits());
    }
}

#[test]
fn a_cancelled_job_stops() {
    let image = Image::from_gray(64, 64, &bands(64, 64)).unwrap();
    let filter = F3kdb::new(&F3kdbParams::default(), &image, &Context::default()).unwrap();
    let stop = AtomicBool::new(true);
    let ctx = Context::with(|new| new.cancel = &stop);
    let mut out = image.clone();
    let result = restore_in_place(&mut out, &filter, 64, &mut |_, _| {}, &ctx);
    assert!(matches!(result, Err(RestoreError::Cancelled)));
    for algorithm in ["1", "2"] {
        let params = params(&[("random_algo_grain", algorithm)]);
        assert!(matches!(F3kdb::new(&params, &image, &ctx), Err(RestoreError::Cancelled)));
    }
}

#[test]
fn chroma_of_a_third_is_refused() {
    let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Full, subsampling: Subsampling::NONE };
    let planes = vec![Plane::filled(33, 33, 0.5), Plane::filled(11, 33, 0.5), Plane::filled(11, 33, 0.5)];
    let image = Image::new(planes, model, Depth::EIGHT);
    let error = F3kdb::new(&F3kdbParams::default(), &image, &Context::default()).err().unwrap();
    assert!(error.to_string().starts_with("f3kdb needs chroma planes of full, half or a quarter"), "{error}");
}

#[test]
fn wrong_sizes_and_types_are_errors() {
    let (level, params) = (Level::best(), F3kdbParams::default());
    let tables = Tables::new(&params, (20, 20), (1, 1), &Context::default()).unwrap();
    let rule = Rule::new(&params, 0, (8, 8));
    let plane = |out: usize, size: (usize, usize), rule: &Rule| {
        f3kdb_plane(level, &mut vec![0u8; out], &vec![0u8; 400], size, &tables, rule, 0)
    };
    assert_eq!(plane(400, (20, 20), &rule), Ok(()));
    assert!(matches!(plane(399, (20, 20), &rule), Err(PlaneError::Length { .. })));
    assert!(matches!(plane(400, (20, 21), &rule), Err(PlaneError::Length { .. })));
    assert!(matches!(plane(400, (40, 10), &rule), Err(PlaneError::Table { .. })));
    assert!(matches!(plane(400, (20, 20), &Rule::new(&params, 1, (8, 8))), Err(PlaneError::Table { .. })));
    assert_eq!(plane(400, (20, 20), &Rule::new(&params, 0, (8, 10))), Err(PlaneError::Depth { bits: 10 }));
    assert_eq!(plane(400, (20, 20), &Rule::new(&params, 0, (10, 8))), Err(PlaneError::Depth { bits: 10 }));
    assert_eq!(f3kdb_plane::<u8, u8>(level, &mut [], &[], (0, 0), &empty(&params), &rule, 0), Ok(()));
}

fn empty(params: &F3kdbParams) -> Tables {
    Tables::new(params, (0, 0), (1, 1), &Context::default()).unwrap()
}
