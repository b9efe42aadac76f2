//! Pictures of the cache.

use std::error::Error;
use std::path::Path;

use unband_image::Image;
use unband_io::{Limits, WriteOptions, by_name, read_file, write_file};

/// Writes a PNG.
pub fn write(path: &Path, image: &Image) -> Result<(), Box<dyn Error>> {
    let png = by_name("png").ok_or("PNG is not among the formats")?;
    write_file(image, path, png, &WriteOptions::default(), true)?;
    Ok(())
}

/// Reads a picture as the program does: with what its file says.
pub fn read(path: &Path) -> Result<Image, Box<dyn Error>> {
    Ok(read_file(path, &Limits::default())?.0)
}
