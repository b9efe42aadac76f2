//! Image files of the cache.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};

use unband_data::degrade::pnm::read_ppm;
use unband_image::Image;
use unband_io::{Limits, WriteOptions, by_name, read_file, write_file};

/// Writes a PNG.
pub fn write(path: &Path, image: &Image) -> Result<(), Box<dyn Error>> {
    let png = by_name("png").ok_or("PNG is not among the formats")?;
    write_file(image, path, png, &WriteOptions::default(), true)?;
    Ok(())
}

/// Reads an image as the program does, with the file's coding information.
pub fn read(path: &Path) -> Result<Image, Box<dyn Error>> {
    Ok(read_file(path, &Limits::default())?.0)
}

/// Reads a JPEG with libjpeg's decoder, as most programs do: rounded on the way, without the file's coding
/// information.
pub fn djpeg(path: &Path) -> Result<Image, Box<dyn Error>> {
    let output = Command::new("djpeg").arg(path).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(format!("djpeg: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    read_ppm(&output.stdout).ok_or("djpeg wrote no pixmap".into())
}
