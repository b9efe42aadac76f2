//! Image and video files with all their metadata.
//!
//! Samples at full depth, transparency, ICC, Exif, XMP, IPTC, CICP, density and text.
//!
//! One file per format in `format/`, one line in [`FORMATS`]. `docs/guide/formats.md` lists what each format
//! can store.
#![forbid(unsafe_code)]
// Parsers and copies that several formats share.
#![cfg_attr(not(all(feature = "exr", feature = "jxl", feature = "tiff", feature = "webp")), allow(dead_code))]

#[cfg(feature = "files")]
mod access;
mod address_space;
mod animation;
mod declared;
mod disk;
mod error;
mod exif;
mod exif_tiff;
#[cfg(feature = "files")]
mod file;
mod foreign;
mod format;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod isobmff;
#[cfg(feature = "files")]
mod leftovers;
mod limits;
mod orient;
mod orient_jpeg;
#[cfg(feature = "files")]
pub mod process;
#[cfg(not(feature = "files"))]
#[path = "no_programs.rs"]
mod process;
mod raw_profile;
mod samples;
mod sizes;
#[cfg(feature = "files")]
mod source;
#[cfg(feature = "files")]
mod spool;
#[cfg(feature = "files")]
pub mod stale;
mod system_name;
mod video_bytes;
mod xmp;
mod xmp_parts;

use std::io::Write;
use std::path::Path;

use unband_image::{Depth, Image, Model};

#[cfg(feature = "files")]
pub use access::Access;
pub use address_space::address_space;
pub use animation::{Animation, AnimationFrame, AnimationWriter, Delay, begins_animation};
pub use declared::declared_size;
pub use disk::{amount, free_bytes, parse_amount};
pub use error::{Error, reason};
#[cfg(feature = "files")]
pub use file::{Saving, load, load_from, read_file, read_text, write_bytes, write_file, write_from};
pub use foreign::{ForeignType, unknown};
pub use format::y4m::{Y4mHeader, Y4mReader, Y4mWriter, common_divisor};
pub use format::{Dropped, FORMATS, FormatEntry, Item, When, WriteOptions, Writes, is_decoding};
#[cfg(feature = "files")]
pub use leftovers::Leftover;
pub use limits::Limits;
#[cfg(feature = "files")]
pub use process::{Program, Programs, leave_nothing};
pub use sizes::resize_metadata;
#[cfg(feature = "files")]
pub use source::is_named_pipe;
#[cfg(feature = "files")]
pub use spool::Spool;
pub use system_name::check_name;
pub use video_bytes::{begins_video, is_called, promises_video, video_container};

/// The format with this name, ignoring case.
pub fn by_name(name: &str) -> Option<&'static FormatEntry> {
    FORMATS.iter().find(|f| f.name.eq_ignore_ascii_case(name))
}

/// The format with a file name's extension.
pub fn by_extension(path: &Path) -> Option<&'static FormatEntry> {
    let extension = path.extension()?.to_str()?;
    FORMATS.iter().find(|f| f.extensions.iter().any(|e| e.eq_ignore_ascii_case(extension)))
}

/// The format to write to a file, by its extension.
///
/// # Errors
/// [`Error::UnknownExtension`] and [`Error::ReadOnly`], with the path.
pub fn writer_for(path: &Path) -> Result<&'static FormatEntry, Error> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    let format = by_extension(path).ok_or(Error::UnknownExtension { extension });
    let format = format.map_err(|error| error.in_file(path))?;
    match format.writes {
        Some(_) => Ok(format),
        None => Err(Error::ReadOnly { format: format.name }.in_file(path)),
    }
}

/// The format of a file, from its first bytes. Content takes precedence over the extension.
pub fn detect(bytes: &[u8]) -> Option<&'static FormatEntry> {
    FORMATS.iter().find(|f| (f.is)(bytes))
}

/// Reads an image from the bytes of a file. Orientation is applied; the depth is not reduced.
///
/// # Errors
/// Empty, unknown, damaged or truncated files, several frames or pages, images over the limits.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    if bytes.is_empty() {
        return Err(Error::Empty);
    }
    let format = detect(bytes).ok_or_else(|| foreign::unknown(bytes))?;
    format::read(format, bytes, limits)
}

/// As [`read`], but of a truncated JPEG file the part that can be read: its other rows are grey, and
/// [`Metadata::missing_rows`](unband_image::Metadata::missing_rows) is their number.
///
/// # Errors
/// As [`read`], also for other truncated files, and those without a row.
pub fn read_partly(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    if bytes.is_empty() {
        return Err(Error::Empty);
    }
    let format = detect(bytes).ok_or(Error::UnknownContent)?;
    format::read_partly(format, bytes, limits)
}

/// Whether any sample of the image is not opaque. An alpha plane alone is not enough.
pub fn has_transparency(image: &Image) -> bool {
    samples::has_transparency(image)
}

/// Checks whether the format can store an image of that depth, with or without transparency. Integer depths
/// below the format's are widened exactly; `has_alpha` requires transparency to be kept.
///
/// # Errors
/// [`Error::ReadOnly`], [`Error::Depth`] or [`Error::Alpha`].
pub fn check_can_hold(
    image_depth: Depth,
    has_alpha: bool,
    format: &'static FormatEntry,
) -> Result<(), Error> {
    let writes = format.writes.as_ref().ok_or(Error::ReadOnly { format: format.name })?;
    writes.container(image_depth, format.name)?;
    if has_alpha && !writes.alpha {
        return Err(Error::Alpha { format: format.name });
    }
    Ok(())
}

/// Checks whether the format can store an image of that model. Grey always fits; planes of luma and chroma
/// fit only a few formats.
///
/// # Errors
/// [`Error::ReadOnly`] or [`Error::Model`].
pub fn check_model(model: Model, format: &'static FormatEntry) -> Result<(), Error> {
    let writes = format.writes.as_ref().ok_or(Error::ReadOnly { format: format.name })?;
    if writes.holds(model) { Ok(()) } else { Err(Error::Model { format: format.name, model }) }
}

/// Writes an image whose samples are on the grid of `image.depth`. Returns what the format could not store.
///
/// # Errors
/// Depth, model or size that the format cannot store, and errors of `out`. Transparency that cannot be stored
/// is dropped and reported; call [`check_can_hold`] first if that is not acceptable.
pub fn write(
    image: &Image,
    format: &'static FormatEntry,
    options: &WriteOptions,
    out: &mut dyn Write,
) -> Result<Vec<Dropped>, Error> {
    format::write(image, format, options, out)
}
