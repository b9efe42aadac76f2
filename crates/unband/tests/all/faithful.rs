//! Quantisation intervals hold for random images, findings and options, for every registered method and for
//! the default.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use unband::faithful::Faithful;
use unband::{
    Cause, Choice, Context, Depth, Dither, Findings, Image, Matrix, Model, Options, OutputDepth, Plane,
    Range, Subsampling, With, deband_found, methods, prove,
};
use unband_image::dither::Grid;
use unband_image::findings::{GridRegions, PlaneGrid, Space};
use unband_image::{Method, ParamKind};

/// A method and its settings.
struct Subject {
    name: &'static str,
    choice: Choice,
    ours: bool,
    /// Does it need a weights file?
    network: bool,
}

/// The file in `golden/checkpoints` for a network: few channels and random weights, enough to run all layers.
/// The built-in networks have theirs in the program.
fn checkpoint(network: &str) -> Option<&'static str> {
    Some(match network {
        "unband-lite" | "unband-jpeg" => return None,
        "bitnet" => "bitnet.pth",
        "adnet" => "adnet.pth",
        "brdnet" => "brdnet.pth",
        "uformer-t" => "uformer_t.pth",
        "deepdeband-f" | "deepdeband-w" => "deepdeband_f.pth",
        "indi" => "indi_trainer.pth",
        "ggdbn" => "ggdbn.pth",
        "bdinn" => "bdinn.pth",
        other => panic!("no checkpoint for {other}"),
    })
}

/// Every registered method, and the default one.
fn subjects() -> Vec<Subject> {
    let named = methods().map(|entry| {
        let takes = |kind| entry.params.iter().any(|param| param.kind == kind);
        let network = takes(ParamKind::File);
        let mut settings = Vec::new();
        if let Some(file) = network.then(|| checkpoint(entry.name)).flatten() {
            let path = format!("{}/../../golden/checkpoints/{file}", env!("CARGO_MANIFEST_DIR"));
            settings.push(("weights".to_owned(), path));
        }
        if entry.name == "indi" {
            settings.push(("steps".to_owned(), "2".to_owned()));
        }
        let choice = Choice::Named(Method::from_texts(entry, settings).unwrap());
        Subject { name: entry.name, choice, ours: entry.ours, network }
    });
    let auto = Subject { name: "(by default)", choice: Choice::Auto, ours: true, network: false };
    named.chain([auto]).collect()
}

/// The methods with or without a weights file.
fn which(networks: bool) -> impl Iterator<Item = Subject> {
    subjects().into_iter().filter(move |subject| subject.network == networks)
}

#[test]
fn all_methods_are_subjects() {
    let names: Vec<&str> = subjects().iter().map(|subject| subject.name).collect();
    assert_eq!(names.len(), methods().count() + 1);
    assert!(
        ["smooth", "unband-lite", "bdinn", "(by default)"].iter().all(|name| names.contains(name)),
        "{names:?}"
    );
    assert!(which(true).count() >= 10);
}

/// An image with smooth parts, steps, noise and saturated samples.
fn painted(kind: usize, width: usize, height: usize, depth: Depth, seed: u32) -> Image {
    let rng = unband::Rng::new(u64::from(seed));
    let plane = |model: Model, p: u32, w: usize, h: usize| {
        let (slope, noise) = (rng.unit_at(1, p, 0, 0) * 2.0, rng.unit_at(1, p, 1, 0).powi(3) * 0.3);
        let step = [1.0 / 255.0, 1.0 / 63.0, 1.0 / 31.0][rng.at(1, p, 2, 0) as usize % 3];
        let value = |i: usize| {
            let (x, y) = (i % w, i / w);
            let v = (x as f32 / w as f32 + 0.3 * (y as f32 / h as f32)) * slope - 0.2
                + noise * (rng.unit_at(0, p, x as u32, y as u32) - 0.5);
            let v = ((v / step).round() * step).clamp(0.0, 1.0);
            Grid::new(model, p as usize, depth).map_or(v, |grid| {
                ((v * grid.scale + grid.zero).round().clamp(0.0, grid.max) - grid.zero) / grid.scale
            })
        };
        Plane { width: w, height: h, data: (0..w * h).map(value).collect() }
    };
    let (model, sizes) = match kind {
        0 => (Model::Gray, vec![(width, height)]),
        1 => (Model::Rgb, vec![(width, height); 3]),
        _ => {
            let range = if kind == 2 { Range::Full } else { Range::Limited };
            let chroma = Subsampling::HALF.chroma_size(width, height);
            let model = Model::Yuv { matrix: Matrix::Bt601, range, subsampling: Subsampling::HALF };
            (model, vec![(width, height), chroma, chroma])
        }
    };
    let planes = sizes.iter().enumerate().map(|(p, &(w, h))| plane(model, p as u32, w, h)).collect();
    let mut image = Image::new(planes, model, depth);
    if seed.is_multiple_of(3) {
        image.alpha = Some(plane(Model::Gray, 0, width, height));
    }
    image
}

prop_compose! {
    fn findings(planes: usize, rgb: bool, depth: Depth)(
        cause in 0usize..9,
        yuv in any::<bool>(),
        steps in prop::collection::vec((0.0f32..40.0, -20.0f32..20.0, any::<bool>(), any::<bool>()), planes),
        lossy in any::<bool>(),
        half_chroma in any::<bool>(),
        visible in any::<bool>(),
        holds in prop::option::of(prop::collection::vec(any::<[bool; 3]>(), 4)),
    ) -> Findings {
        let space = if yuv && rgb {
            Space::Yuv { matrix: Matrix::Bt709, range: Range::Limited }
        } else {
            Space::Native
        };
        let codes = if depth == Depth::F32 { 256 } else { depth.max_code() as usize + 1 };
        let grids = steps.iter().map(|&(step_codes, offset_codes, found, by_code)| {
            PlaneGrid::plain(step_codes).but(|new| {
                new.offset_codes = offset_codes;
                new.found = found;
                new.truncated = half_chroma && !lossy;
                new.steps_by_code = by_code.then(|| (0..codes).map(|c| (c % 7) as f32).collect());
            })
        });
        Findings::plain(0, depth.bits()).but(|new| {
            new.cause = Cause::ALL[cause];
            new.space = space;
            new.grids = grids.collect();
            new.lossy = lossy;
            new.half_chroma = half_chroma;
            new.resized = lossy && visible;
            new.stored_yuv = yuv;
            new.banded_share = 0.5;
            new.regions = holds.map(|holds| {
                GridRegions::with(|new| {
                    new.columns = 2;
                    new.rows = 2;
                    new.holds = holds;
                })
            });
            new.visible = visible;
        })
    }
}

fn case() -> impl Strategy<Value = (Image, Findings)> {
    let depth = prop_oneof![
        3 => Just(Depth::EIGHT), 1 => Just(Depth::Int(10)), 1 => Just(Depth::SIXTEEN), 1 => Just(Depth::F32)
    ];
    (0usize..4, 1usize..100, 1usize..80, depth, any::<u32>()).prop_flat_map(
        |(kind, width, height, depth, seed)| {
            let image = painted(kind, width, height, depth, seed);
            let found = findings(image.planes.len(), kind == 1, depth);
            (Just(image), found)
        },
    )
}

fn options() -> impl Strategy<Value = Options> {
    let depth = prop_oneof![
        2 => Just(OutputDepth::Keep),
        2 => Just(OutputDepth::Bits(8)),
        1 => Just(OutputDepth::Bits(12)),
        1 => Just(OutputDepth::Bits(16)),
        1 => Just(OutputDepth::Float),
    ];
    (depth, 0usize..5, any::<bool>(), 0u64..9, 0.0f32..4.0, 16usize..64).prop_map(
        |(depth, dither, locked, seed, strength, tile)| {
            Options::with(|new| {
                new.depth = depth;
                new.dither = Dither::ALL[dither];
                new.locked = locked;
                new.seed = seed;
                new.strength = strength;
                new.tile = tile;
                new.faithful = Some(true);
                new.everywhere = true;
            })
        },
    )
}

/// Every sample is in the interval of its source sample.
fn stays_inside(
    subject: &Subject,
    image: &Image,
    findings: &Findings,
    options: &Options,
) -> Result<(), TestCaseError> {
    if subject.network && image.is_yuv() {
        // Its result is RGB: no planes to compare with.
        return Ok(());
    }
    // The built-in network has no strength above 1.
    let most = if subject.network { 1.0 } else { 4.0 };
    let strength = options.strength.min(most);
    let options = options.clone().but(|new| {
        new.method = subject.choice.clone();
        new.strength = strength;
    });
    let ctx = Context::with(|new| new.threads = 2);
    match deband_found(image.clone(), findings.clone(), &options, &ctx) {
        Ok((written, report)) => {
            let proof = prove(image, &written, findings, Faithful::File);
            prop_assert!(proof.holds(), "{}: {:?}, {:?}", subject.name, proof, report.findings.cause);
            prop_assert_eq!(written.depth, options.depth.resolve(image.depth));
            prop_assert_eq!(written.alpha.is_some(), image.alpha.is_some());
        }
        // Some reimplementations reject depths that the original programs did not support.
        Err(unband::Error::Restore(_)) if !subject.ours => {}
        Err(error) => prop_assert!(false, "{}: {error}", subject.name),
    }
    Ok(())
}

/// The mean colour of an image of one-code steps hardly moves.
fn keeps_the_mean(subject: &Subject, image: &Image) -> Result<(), TestCaseError> {
    let findings = Findings::plain(image.planes.len(), 8);
    let options = Options::with(|new| {
        new.method = subject.choice.clone();
        new.depth = OutputDepth::Float;
        new.faithful = Some(true);
        new.everywhere = true;
    });
    let run = deband_found(image.clone(), findings, &options, &Context::default());
    let shift = run.unwrap().1.mean_shift_codes;
    prop_assert!(shift.abs() <= 0.1, "{}: {shift}", subject.name);
    Ok(())
}

/// The same image for any tile and any number of threads.
fn is_the_same_in_pieces(
    subject: &Subject,
    image: &Image,
    findings: &Findings,
    options: &Options,
) -> Result<(), TestCaseError> {
    let strength = if subject.network { options.strength.min(1.0) } else { options.strength };
    let options = options.clone().but(|new| {
        new.method = subject.choice.clone();
        new.faithful = None;
        new.strength = strength;
    });
    let run = |tile, threads| {
        let options = options.clone().but(|new| new.tile = tile);
        let ctx = Context::with(|new| new.threads = threads);
        deband_found(image.clone(), findings.clone(), &options, &ctx).ok()
    };
    let whole = run(4096, 1);
    prop_assert!(run(options.tile, 3) == whole, "{}", subject.name);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_filter_stays_inside_the_cells((image, findings) in case(), options in options()) {
        for subject in which(false) {
            stays_inside(&subject, &image, &findings, &options)?;
        }
    }

    /// A faithful result rounded to the source grid gives the source codes.
    #[test]
    fn rounding_a_smoothed_image_gives_the_source_codes(seed in any::<u32>(), kind in 0usize..4) {
        let image = painted(kind, 40, 31, Depth::EIGHT, seed);
        let findings = Findings::plain(image.planes.len(), 8);
        let finer = Options::with(|new| new.depth = OutputDepth::Float);
        let smooth = deband_found(image.clone(), findings.clone(), &finer, &Context::default()).unwrap().0;
        let back = Options::with(|new| { new.depth = OutputDepth::Bits(8); new.dither = Dither::None; });
        let findings = findings.but(|new| new.effective_bits = 32);
        let back = deband_found(smooth, findings, &back, &Context::default()).unwrap().0;
        prop_assert!(back.planes == image.planes);
    }

    #[test]
    fn filters_keep_the_mean_of_a_plain_image(seed in any::<u32>(), kind in 0usize..4, side in 24usize..90) {
        let image = painted(kind, side, 60, Depth::EIGHT, seed);
        // Fully transparent samples are missing from unband's mean; that of reimplementations is bounded.
        let opaque = Image { alpha: None, ..image.clone() };
        for subject in which(false) {
            keeps_the_mean(&subject, if subject.ours { &opaque } else { &image })?;
        }
    }

    #[test]
    fn tiles_and_threads_of_filters_never_show((image, findings) in case(), options in options()) {
        for subject in which(false) {
            is_the_same_in_pieces(&subject, &image, &findings, &options)?;
        }
    }
}

// Networks take a hundred times as long.
proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_network_stays_inside_the_cells((image, findings) in case(), options in options()) {
        prop_assume!(image.width() >= 16 && image.height() >= 16);
        for subject in which(true) {
            stays_inside(&subject, &image, &findings, &options)?;
        }
    }

    #[test]
    fn every_network_takes_narrow_images((image, findings) in case(), options in options()) {
        prop_assume!(image.width() < 16 || image.height() < 16);
        for subject in which(true) {
            stays_inside(&subject, &image, &findings, &options)?;
        }
    }

    #[test]
    fn networks_keep_the_mean_of_a_plain_image(seed in any::<u32>(), kind in 0usize..4, side in 24usize..90) {
        let image = painted(kind, side, 60, Depth::EIGHT, seed);
        let opaque = Image { alpha: None, ..image.clone() };
        for subject in which(true) {
            keeps_the_mean(&subject, if subject.ours { &opaque } else { &image })?;
        }
    }

    #[test]
    fn tiles_and_threads_of_networks_never_show((image, findings) in case(), options in options()) {
        prop_assume!(image.width() >= 16 && image.height() >= 16);
        for subject in which(true) {
            is_the_same_in_pieces(&subject, &image, &findings, &options)?;
        }
    }
}

/// An image changed by another program is detected.
#[test]
fn a_sample_outside_its_cell_is_counted() {
    let image = painted(1, 30, 20, Depth::EIGHT, 5);
    let findings = Findings::plain(3, 8);
    assert_eq!(prove(&image, &image, &findings, Faithful::File).outside, 0);
    let mut other = image.clone();
    let was = other.planes[1].data[77];
    other.planes[1].data[77] = if was > 0.5 { was - 2.0 / 255.0 } else { was + 2.0 / 255.0 };
    let proof = prove(&image, &other, &findings, Faithful::File);
    assert_eq!((proof.samples, proof.outside), (1800, 1));
    assert!((proof.worst_codes - 1.501).abs() < 0.001, "{}", proof.worst_codes);
    other.planes.pop();
    assert!(!prove(&image, &other, &findings, Faithful::File).holds());
}

#[test]
fn samples_that_are_no_numbers_stay_and_spoil_nothing_around_them() {
    let mut clean = painted(0, 90, 70, Depth::EIGHT, 5);
    clean.depth = Depth::F32;
    let places = [(0, 31), (17, 40), (33, 2), (89, 69)].map(|(x, y)| y * 90 + x);
    let values = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
    let mut strange = clean.clone();
    for plane in &mut strange.planes {
        places.iter().zip(values).for_each(|(&i, value)| plane.data[i] = value);
    }
    for subject in subjects() {
        let options = Options::with(|new| {
            new.method = subject.choice.clone();
            new.everywhere = true;
        });
        let mut findings = Findings::plain(clean.planes.len(), 8);
        (findings.visible, findings.banded_share) = (true, 1.0);
        let ctx = Context::default();
        let (out, _) = deband_found(strange.clone(), findings, &options, &ctx).unwrap();
        for (out, before) in out.planes.iter().zip(&strange.planes) {
            for (i, (a, b)) in out.data.iter().zip(&before.data).enumerate() {
                let kept = a.to_bits() == b.to_bits();
                assert!(
                    if places.contains(&i) { kept } else { a.is_finite() },
                    "{} {i}: {a} {b}",
                    subject.name
                );
            }
        }
    }
}
