//! Names and formats of results.

use std::path::{Path, PathBuf};

use unband_image::{Cicp, Depth, Image};
use unband_io::FormatEntry;

use super::Output;
use crate::{Error, OutputDepth, Upscaler};

/// Options that change a result's name or format.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Naming {
    /// The requested format.
    pub format: Option<&'static FormatEntry>,
    /// The requested depth.
    pub depth: OutputDepth,
}

/// `<folder>/<name>_unband`: the default result name, without extension.
pub fn output_stem(input: &Path) -> PathBuf {
    let mut name = input.file_stem().unwrap_or_default().to_owned();
    name.push("_unband");
    input.with_file_name(name)
}

/// `<folder>/<name>_x4_unband`, or another size: the default name of an upscaled result, without extension.
pub fn upscaled_stem(input: &Path, upscaler: &Upscaler) -> PathBuf {
    let mut name = input.file_stem().unwrap_or_default().to_owned();
    name.push(format!("_{}_unband", upscaler.label()));
    input.with_file_name(name)
}

/// `<folder>/<name>_unband.<extension>` for a result in that format; the input's own extension where it
/// belongs to the format.
pub fn output_name(input: &Path, format: &'static FormatEntry) -> PathBuf {
    with_extension(&output_stem(input), &extension(Some(input), format))
}

/// Every file that the result may be written to, by names alone: nothing is read. Two inputs that share one
/// must not run together.
pub fn possible_outputs(input: &Path, output: &Output<'_>, naming: Naming) -> Vec<PathBuf> {
    match output {
        Output::Sink(_) => Vec::new(),
        Output::File(path) => vec![path.to_path_buf()],
        Output::Stem(stem) => {
            let own = unband_io::by_extension(input);
            let formats: Vec<_> = if let Some(format) = naming.format {
                vec![format]
            } else {
                // Formats that are read alone may hold floating point.
                let depth = naming.depth.resolve(Depth::EIGHT);
                let floats = own.is_some_and(|own| own.writes.is_none()).then_some(Depth::F32);
                let animated = own.filter(|own| own.reads_animations());
                let animated = animated.and_then(|own| animation_formats(own).next());
                let still = [depth].into_iter().chain(floats).flat_map(fallbacks);
                own.into_iter().chain(still).chain(animated).collect()
            };
            let mut paths: Vec<PathBuf> = Vec::new();
            for format in formats {
                let path = with_extension(stem, &extension(Some(input), format));
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
            paths
        }
    }
}

/// Checks that a name does not promise another format.
///
/// # Errors
/// It does.
pub fn check_agreement(format: &'static FormatEntry, path: &Path) -> Result<(), Error> {
    match unband_io::by_extension(path).filter(|named| *named != format) {
        Some(_) => Err(Error::Disagreement { format: extension(None, format), path: path.to_owned() }),
        None => Ok(()),
    }
}

/// The requested format: by name, or by the extension of the result.
///
/// # Errors
/// An extension of no known format.
pub(super) fn asked_format(
    format: Option<&'static FormatEntry>,
    output: &Output<'_>,
) -> Result<Option<&'static FormatEntry>, Error> {
    match (format, output) {
        (Some(format), Output::File(path)) => check_agreement(format, path).map(|()| Some(format)),
        (Some(format), _) => Ok(Some(format)),
        (None, Output::File(path)) => {
            let format = unband_io::by_extension(path).ok_or_else(|| {
                let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
                unband_io::Error::UnknownExtension { extension }.in_file(path)
            })?;
            Ok(Some(format))
        }
        (None, _) => Ok(None),
    }
}

/// The requested depth. Formats that hold only floating point get rounded samples only if a depth was
/// requested.
pub(super) fn fitting_depth(asked: OutputDepth, format: Option<&'static FormatEntry>) -> OutputDepth {
    let floats = |format: &FormatEntry| format.writes.as_ref().is_some_and(|w| w.depths == [Depth::F32]);
    if asked == OutputDepth::Keep && format.is_some_and(floats) { OutputDepth::Float } else { asked }
}

/// Checks the name of a result, and whether a file is there that must not be replaced.
///
/// # Errors
/// A name that the system cannot store.
pub(super) fn is_taken(path: Option<&Path>, overwrite: bool) -> Result<bool, Error> {
    let Some(path) = path else { return Ok(false) };
    unband_io::check_name(path)?;
    Ok(!overwrite && path.exists())
}

/// The format for linear light.
const LIGHT: &str = "OpenEXR";

/// The input's format where it is lossless and can hold the result, else PNG; for floating point TIFF, or
/// `OpenEXR` where it is linear light.
pub(super) fn default_format(
    image: &Image,
    input: &'static FormatEntry,
    depth: Depth,
) -> &'static FormatEntry {
    let own = (!image.origin.is_lossy()).then_some(input);
    let light = image.color.cicp.is_some_and(Cicp::is_linear);
    let holds = |format: &&'static FormatEntry| {
        format.writes.as_ref().is_some_and(|writes| !writes.lossy.holds(false))
            && unband_io::check_can_hold(depth, image.alpha.is_some(), format).is_ok()
    };
    own.into_iter()
        .chain(fallbacks(depth).filter(|format| light || format.name != LIGHT))
        .find(holds)
        .unwrap_or(input)
}

/// The formats for animations, first the input's own unless that is always lossy, as GIF's palette is.
pub(super) fn animation_formats(input: &'static FormatEntry) -> impl Iterator<Item = &'static FormatEntry> {
    let lossless = |format: &&'static FormatEntry| {
        format.writes_animations() && format.writes.as_ref().is_some_and(|w| !w.lossy.holds(false))
    };
    let others = ["WebP", "PNG"].into_iter().filter_map(unband_io::by_name);
    std::iter::once(input).chain(others).filter(lossless)
}

/// The fallback formats where the input's own does not work; `OpenEXR` is for linear light alone.
fn fallbacks(depth: Depth) -> impl Iterator<Item = &'static FormatEntry> {
    let names: &[&str] = if depth == Depth::F32 { &[LIGHT, "TIFF"] } else { &["PNG"] };
    names.iter().filter_map(|name| unband_io::by_name(name))
}

/// The extension of a result: as the input spells it where that belongs to the format.
pub(super) fn extension(input: Option<&Path>, format: &'static FormatEntry) -> String {
    let own = input.filter(|path| unband_io::by_extension(path) == Some(format)).and_then(Path::extension);
    let preferred = || format.extensions.first().copied().unwrap_or_default().to_owned();
    own.and_then(|own| own.to_str()).map_or_else(preferred, str::to_owned)
}

/// Adds an extension; dots in the name do not matter.
pub(super) fn with_extension(stem: &Path, extension: &str) -> PathBuf {
    let mut name = stem.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(extension);
    stem.with_file_name(name)
}
