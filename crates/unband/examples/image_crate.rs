//! Debands images of the `image` crate: `cargo run --example image_crate --features image`.
#![allow(clippy::print_stderr)] // a program

use image::{DynamicImage, Rgb, RgbImage};
use unband::Image;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A blue ramp that was stored with five bits.
    let code = |x: u32| ((x as f32 / 511.0 * 31.0).round() * 255.0 / 31.0) as u8;
    let banded = DynamicImage::from(RgbImage::from_fn(512, 128, |x, _| Rgb([40, 60, code(x)])));

    let smooth = unband::deband(&Image::try_from(&banded)?)?;
    let smooth = DynamicImage::try_from(&smooth)?;

    let values = |image: &DynamicImage| {
        let mut seen = [false; 256];
        image.to_rgb8().pixels().for_each(|pixel| seen[usize::from(pixel[2])] = true);
        seen.iter().filter(|&&seen| seen).count()
    };
    eprintln!("{} values of blue before, {} after", values(&banded), values(&smooth));
    Ok(())
}
