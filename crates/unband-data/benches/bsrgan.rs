//! Time per pair of BSRGAN's models on one thread: 320×320 to patches of 72 (64 for the extended model).
//!
//! `cargo bench -p unband-data --bench bsrgan [-- PAIRS]`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use unband_data::degrade::bsrgan::{bsrgan, bsrgan_plus};
use unband_image::{Image, Rng};

// As in unband-cli and unband-train.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIDE: usize = 320;

fn image() -> Image {
    let rng = Rng::new(1);
    let sample = |i: usize| {
        let (x, y, c) = (i / 3 % SIDE, i / 3 / SIDE, i % 3);
        let noise = rng.at(0, c as u32, x as u32, y as u32) >> 22;
        (9_000 + 70 * x + (110 - 30 * c) * y) as u16 + noise as u16
    };
    Image::from_rgb16(SIDE, SIDE, &(0..SIDE * SIDE * 3).map(sample).collect::<Vec<_>>()).unwrap()
}

fn main() {
    let count: u64 = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(200);
    let image = image();
    for (name, recipe, side) in [
        ("bsrgan x4", bsrgan(4).unwrap(), 72),
        ("bsrgan x2", bsrgan(2).unwrap(), 72),
        ("plus x4", bsrgan_plus(4, 0.5, true).unwrap(), 64),
        ("plus x4, not sharpened", bsrgan_plus(4, 0.5, false).unwrap(), 64),
    ] {
        let start = Instant::now();
        for seed in 0..count {
            std::hint::black_box(recipe.patch(&image, side, Rng::new(seed)).unwrap());
        }
        println!("{name}: {:.2} ms", start.elapsed().as_secs_f64() * 1e3 / count as f64);
    }
}
