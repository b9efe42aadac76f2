//! Networks within a memory limit.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;
use unband_image::Hint;

use unband::{
    Choice, Context, Error, Image, Method, Options, OutputDepth, Precision, Weights, With, deband_with,
};

/// A sky in 6 bits.
fn sky(width: usize, height: usize) -> Image {
    let level = |i: usize| (i % width * 9 + i / width * 31) / 420;
    let codes: Vec<u8> = (0..width * height)
        .flat_map(|i| (0..3).map(move |c| (i, c)))
        .map(|(i, c)| (((level(i) + 8 * c).min(63) * 255 + 31) / 63) as u8)
        .collect();
    Image::from_rgb8(width, height, &codes).unwrap()
}

fn options(network: &str, file: &str, max_memory: Option<u64>) -> Options {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/checkpoints").join(file);
    let mut method = Method::new(unband::method(network).unwrap());
    method.set("weights", &Weights::File(path)).unwrap();
    Options::with(|new| {
        new.method = Choice::Named(method);
        new.max_memory = max_memory;
    })
}

fn run(image: &Image, options: &Options) -> Result<Image, Error> {
    let ctx = Context::with(|new| new.threads = 2);
    deband_with(image.clone(), options, &ctx).map(|(image, _)| image)
}

/// The minimum memory, from the error for a limit of one byte.
fn needed(image: &Image, network: &str, file: &str) -> (u64, bool, String) {
    let error = run(image, &options(network, file, Some(1))).unwrap_err();
    let Error::Memory { needed_mib, whole, .. } = error else { panic!("{error}") };
    (needed_mib, whole, error.hint().unwrap())
}

#[test]
fn windows_shrink_to_the_memory_allowed_and_give_the_same() {
    let image = sky(700, 500);
    let (least, whole, hint) = needed(&image, "adnet", "adnet.pth");
    assert!(!whole && hint.contains(&format!("--max-memory {least}M")), "{hint}");
    let free = run(&image, &options("adnet", "adnet.pth", None)).unwrap();
    let scarce = run(&image, &options("adnet", "adnet.pth", Some(least << 20))).unwrap();
    assert!(scarce.planes == free.planes);
    assert!(free.planes != image.planes);
}

#[test]
fn a_network_that_needs_the_whole_image_says_how_much_memory() {
    let image = sky(320, 240);
    let (small, whole, hint) = needed(&image, "ggdbn", "ggdbn.pth");
    assert!(whole && hint.contains("the whole image at once"), "{hint}");
    assert!(run(&image, &options("ggdbn", "ggdbn.pth", Some(small << 20))).is_ok());
    assert!(needed(&sky(640, 480), "ggdbn", "ggdbn.pth").0 > small);
}

#[test]
fn products_of_16_bits_move_our_network_by_less_than_half_a_code() {
    let image = sky(320, 240);
    let with = |precision| {
        let (depth, faithful) = (OutputDepth::Float, Some(false));
        run(
            &image,
            &Options::with(|new| {
                new.precision = precision;
                new.depth = depth;
                new.faithful = faithful;
            }),
        )
    };
    let half = match with(Precision::Bf16) {
        Ok(half) => half,
        Err(error) => {
            assert!(error.to_string().contains("this processor has no AVX-512 BF16"), "{error}");
            unband_skips::machine(error);
            return;
        }
    };
    let whole = with(Precision::F32).unwrap();
    let pairs = half.planes.iter().zip(&whole.planes).flat_map(|(a, b)| a.data.iter().zip(&b.data));
    let worst = pairs.fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
    assert!(worst > 0.0 && worst < 0.5 / 255.0, "{worst}");
    // The default precision is 32 bits.
    assert!(with(Precision::Auto).unwrap().planes == whole.planes);
}
