use super::*;
use unband_image::With;
use unband_nets::arch::{self, rrdbnet};
use unband_nets::state::{Weights, fill};

fn upscaler(doublings: usize, unshuffle: usize) -> TiledUpscaler {
    let config = rrdbnet::Config { nf: 8, nb: 2, gc: 4, doublings, unshuffle };
    drawn("rrdbnet", rrdbnet::build(&config).unwrap())
}

fn drawn(name: &str, graph: Graph) -> TiledUpscaler {
    let weights = Weights::bind(&graph, &fill::golden(&graph.stored())).unwrap();
    let engine = Engine::new(graph, weights, unband_simd::Level::best());
    TiledUpscaler::new(arch::find(name).unwrap(), Arc::new(engine)).unwrap()
}

fn painted(width: usize, height: usize) -> Image {
    let area = width * height;
    let map = fill::test_image(3, height, width);
    let rgb: Vec<u8> = (0..3 * area).map(|i| (map[i % 3 * area + i / 3] * 255.0).round() as u8).collect();
    Image::from_rgb8(width, height, &rgb).unwrap()
}

#[test]
fn windows_give_the_whole_image() {
    // Odd sides: networks with coarse results continue them.
    let image = painted(1601, 71);
    let others = [("compact:small", 4), ("span:small", 4), ("swinir:small", 2), ("unband-sr-lite", 4)];
    let others = others.map(|(name, scale)| {
        let graph = arch::build(name).unwrap().unwrap();
        let name = name.trim_end_matches(":small");
        (drawn(name, graph), scale)
    });
    let ours = [(2, 1, 4), (1, 1, 2), (2, 2, 2)];
    let ours = ours.map(|(doublings, unshuffle, scale)| (upscaler(doublings, unshuffle), scale));
    for (upscaler, scale) in ours.into_iter().chain(others) {
        assert_eq!(upscaler.scale(), scale);
        let size = (image.width(), image.height());
        let ctx = Context::with(|new| new.threads = 2);
        let whole = upscaler.upscaled(&image, u64::MAX, &ctx).unwrap();
        assert_eq!(upscaler.cut(size, u64::MAX, 2).unwrap(), WindowGrid { columns: 1, rows: 1 });
        assert_eq!((whole[0].width, whole[0].height), (1601 * scale, 71 * scale));
        // Less than the whole image needs.
        let less = upscaler.bytes(size, 2) * 2 / 3;
        assert_ne!(upscaler.cut(size, less, 2).unwrap(), WindowGrid { columns: 1, rows: 1 });
        let parts = upscaler.upscaled(&image, less, &ctx).unwrap();
        for (a, b) in whole.iter().zip(&parts) {
            let far = a.data.iter().zip(&b.data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            // Deep networks use their receptive field as halo, and differ by rounding: an eighth of a
            // 16-bit code.
            assert!(far < 2e-6, "{} ×{scale}: {far}", upscaler.name);
        }
    }
}

#[test]
fn statistics_of_windows_differ_little_and_without_seams() {
    let upscaler = drawn("realplksr", arch::build("realplksr:small").unwrap().unwrap());
    let (image, ctx) = (painted(1600, 70), Context::with(|new| new.threads = 2));
    let size = (image.width(), image.height());
    let whole = upscaler.upscaled(&image, u64::MAX, &ctx).unwrap();
    let parts = upscaler.upscaled(&image, upscaler.bytes(size, 2) * 2 / 3, &ctx).unwrap();
    let far = whole.iter().zip(&parts).flat_map(|(a, b)| a.data.iter().zip(&b.data).map(|(a, b)| a - b));
    let far = far.fold(0.0f32, |far, apart| far.max(apart.abs()));
    assert!(upscaler.halo <= NEAR && (1e-7..0.05).contains(&far), "{far}");
}

#[test]
fn any_size_becomes_as_many_times_larger() {
    let unshuffling = upscaler(2, 2);
    for (width, height) in [(1, 1), (17, 5), (2, 33)] {
        let made = unshuffling.upscaled(&painted(width, height), u64::MAX, &Context::default()).unwrap();
        assert_eq!((made[0].width, made[0].height), (2 * width, 2 * height));
        assert!(made.iter().all(|plane| plane.data.iter().all(|v| v.is_finite())));
    }
    let grey = Image::from_gray::<u8>(3, 2, &[0, 60, 120, 180, 240, 255]).unwrap();
    assert_eq!(upscaler(1, 1).upscaled(&grey, u64::MAX, &Context::default()).unwrap().len(), 1);
}

#[test]
fn too_little_memory_is_reported_in_bytes() {
    let ctx = Context::default();
    let Err(UpscaleError::Memory { needed }) = upscaler(2, 1).upscaled(&painted(64, 64), 1000, &ctx) else {
        panic!("upscaled within 1000 bytes");
    };
    assert!(needed > 12 * 64 * 64);
}

#[test]
fn networks_that_keep_the_size_have_scale_one_and_classifiers_none() {
    let made = |name: &str| {
        let architecture = arch::find(name).unwrap();
        let graph = architecture.build().unwrap();
        let weights = Weights::bind(&graph, &fill::golden(&graph.stored())).unwrap();
        TiledUpscaler::new(architecture, Arc::new(Engine::new(graph, weights, unband_simd::Level::best())))
    };
    assert_eq!(made("adnet").unwrap().scale(), 1);
    assert!(made("dbi").is_err());
}
