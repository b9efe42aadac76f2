//! Private parsers, exposed for the fuzz targets in `fuzz/`. Not part of the library.

use unband_image::{Image, Metadata};

use crate::format::{self, FormatEntry};
use crate::{Error, Limits, exif, exif_tiff, raw_profile, xmp};

/// Reads bytes as a given format, whatever they begin with.
pub fn read_as(format: &'static FormatEntry, bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    format::read(format, bytes, limits)
}

/// All operations on Exif blocks, from files and into them.
pub fn exif(bytes: &[u8]) {
    let Some(block) = exif::block(bytes) else { return };
    for applied in [exif::orientation(block), 6] {
        let mut upright = block.to_vec();
        exif::set_orientation(&mut upright, applied);
        assert_eq!(upright.len(), block.len());
    }
    exif::describes_more_than_density(block);
    if let Some(little) = exif_tiff::little_endian(block) {
        assert_eq!(little.len(), block.len());
    }
    let density = exif::density(block);
    let some = density.unwrap_or(unband_image::Density {
        x: 300.0,
        y: 200.0,
        unit: unband_image::DensityUnit::Inch,
    });
    exif::block(&exif::with_density(Some(block), some));
}

/// The first directory of a TIFF file as an Exif block. The block is never much larger than the file.
pub fn exif_of_tiff(bytes: &[u8]) {
    if let Some(block) = exif_tiff::from_tiff(bytes) {
        exif(&block);
    }
}

/// A short and a long packet, separated by a zero byte.
pub fn xmp(bytes: &[u8]) {
    let cut = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    let (short, long) = bytes.split_at(cut);
    let joined = xmp::join(short, long);
    assert!(joined.len() <= bytes.len());
    let extended = xmp::extend(long, &[]);
    assert_eq!(xmp::join(&extended.packet, long), long);
    let mut settled = short.to_vec();
    xmp::reset_orientation(&mut settled);
    assert_eq!(settled.len(), short.len());
}

/// Photoshop's resource blocks.
pub fn photoshop(bytes: &[u8]) {
    if let Some(records) = format::iptc_records(bytes) {
        assert!(records.len() < bytes.len());
    }
}

/// A PNG text: keyword and text, separated by a newline.
pub fn raw_profile(text: &str) {
    let (keyword, text) = text.split_once('\n').unwrap_or((text, ""));
    let mut metadata = Metadata::default();
    raw_profile::take(keyword, text, &mut metadata);
    let (keyword, text) = raw_profile::iptc(text.as_bytes());
    assert!(raw_profile::take(&keyword, &text, &mut Metadata::default()));
}
