//! Image files of the cache.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};

use unband_image::{Image, Origin};
use unband_io::{Limits, WriteOptions, read_file, write_file, writer_for};

/// Writes an image in the format of the extension.
pub(crate) fn write(path: &Path, image: &Image) -> Result<(), Box<dyn Error>> {
    write_file(image, path, writer_for(path)?, &WriteOptions::default(), true)?;
    Ok(())
}

/// Reads an image as the program does, with the file's coding information.
pub(crate) fn read(path: &Path) -> Result<Image, Box<dyn Error>> {
    Ok(read_file(path, &Limits::default())?.0)
}

/// Reads a JPEG with libjpeg's decoder, as most programs do: rounded on the way, without the file's coding
/// information.
pub(crate) fn djpeg(path: &Path) -> Result<Image, Box<dyn Error>> {
    let output = Command::new("djpeg").arg(path).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(format!("djpeg: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    pixmap(&output.stdout)
}

/// Reads a pixmap that a decoder wrote; nothing is known about its samples.
pub(crate) fn pixmap(bytes: &[u8]) -> Result<Image, Box<dyn Error>> {
    Ok(Image { origin: Origin::default(), ..unband_io::read(bytes, &Limits::default())? })
}
