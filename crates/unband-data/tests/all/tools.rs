//! Other programs, with portable pixmaps on their pipes.

use unband_data::DegradeError;
use unband_image::Image;
use unband_io::{Limits, Program, WriteOptions, by_name};

/// Output of a program.
pub(crate) fn pass(
    names: &'static [&'static str],
    args: &[&str],
    input: &[u8],
) -> Result<Vec<u8>, DegradeError> {
    let program = Program { names, purpose: "testing", install: "install it" };
    Ok(program.pass(args, input)?)
}

/// The binary pixmap of an RGB image, 8 bits.
pub(crate) fn ppm(image: &Image) -> Vec<u8> {
    let plain = Image::from_rgb8(image.width(), image.height(), &image.to_rgb8().unwrap()).unwrap();
    let mut file = Vec::new();
    unband_io::write(&plain, by_name("PPM").unwrap(), &WriteOptions::default(), &mut file).unwrap();
    file
}

/// The image of a pixmap.
pub(crate) fn read_ppm(file: &[u8]) -> Image {
    unband_io::read(file, &Limits::default()).unwrap()
}
