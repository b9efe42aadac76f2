//! `manifest.jsonl`: a header line, then one line per source image.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use unband_image::Window;

use super::DatasetError;
use super::plan::shown;
use super::split::Split;
use crate::DegradationRecord;

/// File name of a complete manifest.
pub(super) const COMPLETE: &str = "manifest.jsonl";
/// File name of an unfinished manifest.
pub(super) const UNFINISHED: &str = "manifest.part.jsonl";
/// Schema name in the header line.
pub const SCHEMA: &str = "unband-dataset/1";
/// Folders of a part: degraded images, clean images.
pub(super) const SIDES: [&str; 2] = ["lq", "gt"];
/// Maximum line length in bytes; an image of 10,000 patches has 3 MB.
const LONGEST: u64 = 64 << 20;

/// The header line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Header {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of unband that made the dataset.
    pub version: String,
    /// All options that determine the pairs.
    pub settings: Map<String, Value>,
    /// Number of source images, and of lines that follow.
    pub images: usize,
    /// SHA-256 over names and sizes of the source files.
    pub sources_sha256: String,
    /// Source files without a counterpart, which were skipped.
    pub unpaired: Vec<String>,
}

/// The line of a source image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// Start of the names of its pairs.
    pub name: String,
    /// Its part.
    pub split: Split,
    /// Its files, relative to the source folder: degraded, clean and boxes, or the clean one alone.
    pub sources: Vec<String>,
    /// Number of windows that were skipped because they show no banding.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: usize,
    /// Its degradations, where they were applied here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub degradations: Vec<ImageDegradation>,
    /// Its pairs.
    pub pairs: Vec<PairEntry>,
    /// The reason if it has no pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Failed>,
}

/// An unusable source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Failed {
    /// The faulty file, relative to the source folder.
    pub file: String,
    /// The fault.
    pub reason: String,
}

/// A pair of files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PairEntry {
    /// Name of both files, at most one folder deep: `SPLIT/lq/FILE` and `SPLIT/gt/FILE`.
    pub file: String,
    /// Left, top, width and height in the source, or in its degraded version if that is cropped.
    pub window: [usize; 4],
    /// Index of the degradation in the image's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degradation: Option<usize>,
    /// SHA-256 of the degraded image's file, in lower-case hexadecimal.
    pub lq_sha256: String,
    /// SHA-256 of the clean image's file.
    pub gt_sha256: String,
}

/// A degradation of an image: with fixed settings, or drawn by a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ImageDegradation {
    /// Random seed.
    pub seed: u32,
    /// Name of the degradation with fixed settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The record of a recipe, which is enough to reproduce the pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<DegradationRecord>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the signature that serde needs
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Path of a file of a pair.
pub(crate) fn path_of(folder: &Path, split: Split, side: &str, file: &str) -> PathBuf {
    folder.join(split.folder()).join(side).join(file)
}

/// Left, top, width and height.
pub(crate) fn place(window: Window) -> [usize; 4] {
    [window.x0, window.y0, window.width(), window.height()]
}

/// A manifest.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// The header line.
    pub header: Header,
    /// The other lines.
    pub entries: Vec<Entry>,
    /// Bytes of all complete lines; a killed run may leave part of another.
    pub whole_bytes: u64,
}

impl Manifest {
    /// Reads a manifest, finished or not. An incomplete last line is skipped.
    ///
    /// # Errors
    /// When the file cannot be read, a line is malformed, or a name would lead out of the folder.
    pub fn read(path: &Path) -> Result<Self, DatasetError> {
        let io = |source| DatasetError::Read { file: path.to_owned(), source };
        let wrong =
            |line: usize, message: String| DatasetError::Manifest { file: path.to_owned(), line, message };
        let mut reader = BufReader::new(File::open(path).map_err(io)?);
        let (mut header, mut entries, mut whole_bytes) = (None, Vec::new(), 0);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = std::io::Read::take(&mut reader, LONGEST).read_until(b'\n', &mut line).map_err(io)?;
            if read as u64 == LONGEST {
                return Err(wrong(number, format!("longer than {LONGEST} bytes")));
            }
            if line.pop() != Some(b'\n') {
                break;
            }
            if header.is_none() {
                header = Some(header_of(&line).map_err(|message| wrong(number, message))?);
            } else {
                entries.push(entry_of(&line).map_err(|message| wrong(number, message))?);
            }
            whole_bytes += read as u64;
        }
        let header = header.ok_or_else(|| wrong(1, "the header line is missing".to_owned()))?;
        if entries.len() > header.images {
            return Err(wrong(
                entries.len() + 1,
                format!("the header line announces {} images", header.images),
            ));
        }
        Ok(Self { header, entries, whole_bytes })
    }
}

fn header_of(line: &[u8]) -> Result<Header, String> {
    let header: Header = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if header.schema != SCHEMA {
        return Err(format!("the schema is `{}`, expected `{SCHEMA}`", header.schema));
    }
    Ok(header)
}

fn entry_of(line: &[u8]) -> Result<Entry, String> {
    let entry: Entry = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    match entry.pairs.iter().find(|pair| !is_file_name(&pair.file)) {
        Some(pair) => Err(format!("`{}` is not a file name", pair.file)),
        None => Ok(entry),
    }
}

/// Whether a name is plain, or inside one folder, so that it cannot lead elsewhere.
fn is_file_name(name: &str) -> bool {
    let path = Path::new(name);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    plain && (1..=2).contains(&path.components().count()) && shown(path) == name
}

/// A line of JSON with its line feed.
pub(crate) fn line(value: &impl Serialize) -> Vec<u8> {
    // Structs of text and numbers cannot fail to serialise.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}
