//! Image files of pairs.

use std::path::Path;

use sha2::{Digest, Sha256};
use unband_image::{Context, Image, ImageError, Window, With};
use unband_io::{Saving, WriteOptions};

use crate::dataset::Codes;

/// An image in the form that degradations need: plain RGB of 8 or 16 bits. Grey is repeated, transparency
/// dropped.
///
/// # Errors
/// Images that cannot be converted to RGB.
pub fn clean_rgb(image: Image) -> Result<Image, ImageError> {
    let (width, height) = (image.width(), image.height());
    let context = Context::with(|new| new.threads = 1);
    Codes::new(&image.into_rgb(&context)?)?.cut(Window { x0: 0, y0: 0, x1: width, y1: height })
}

/// Writes a PNG of 8 bits if all samples are 8-bit codes, otherwise of 16. Returns the SHA-256 of the file in
/// lower-case hexadecimal. `effort` 0..=9: [`WriteOptions::effort`].
///
/// # Errors
/// A file that exists, unless it may be replaced, and errors of the system.
pub fn write_png(
    image: &Image,
    path: &Path,
    effort: u8,
    saving: Saving<'_>,
) -> Result<String, unband_io::Error> {
    let format = unband_io::writer_for(path)?;
    let mut bytes = Vec::new();
    let options = WriteOptions::with(|new| {
        new.effort = Some(effort);
        new.threads = 1;
    });
    unband_io::write(image, format, &options, &mut bytes).map_err(|error| error.in_file(path))?;
    unband_io::write_bytes(&bytes, path, saving)?;
    Ok(hexadecimal(&Sha256::digest(&bytes)))
}

/// Bytes in lower-case hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from_digit(u32::from(four), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The seed of an image, which depends only on its name, not on other images. `turn` starts at 1 where an
/// image is degraded several times.
pub fn seed_of(seed: u64, name: &str, turn: usize) -> u32 {
    crate::dataset::number(seed, name, turn, "seed")
}
