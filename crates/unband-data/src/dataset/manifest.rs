//! What a folder of pairs says about itself: `manifest.jsonl`, a line about the whole, then one line per source image.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use unband_image::Window;

use super::DatasetError;
use super::plan::shown;
use super::split::Split;
use crate::Record;

/// Name of a manifest that is complete.
pub const COMPLETE: &str = "manifest.jsonl";
/// Name of a manifest while pairs are being made.
pub const UNFINISHED: &str = "manifest.part.jsonl";
/// What the first line of a manifest of this form says.
pub const SCHEMA: &str = "unband-dataset/1";
/// Folders of a part: degraded images, clean ones.
pub const SIDES: [&str; 2] = ["lq", "gt"];
/// Longest line that is read; an image of 10,000 patches has 3 MB.
const LONGEST: u64 = 64 << 20;

/// The first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of what made it.
    pub version: String,
    /// What was asked for, everything that decides what the pairs are.
    pub settings: Map<String, Value>,
    /// Source images, and lines that follow.
    pub pictures: usize,
    /// SHA-256 over names and sizes of the source files.
    pub sources_sha256: String,
    /// Source files without a partner, of which nothing was made.
    pub left_out: Vec<String>,
}

/// A line about a source image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What names of its pairs begin with.
    pub name: String,
    /// Its part.
    pub split: Split,
    /// Its files below the source folder: degraded, clean and boxes, or the clean one alone.
    pub sources: Vec<String>,
    /// Windows of which no pair was made, as they show no banding.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: usize,
    /// The ways in which it was degraded, where that was done here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub harms: Vec<Harm>,
    /// What was made of it.
    pub pairs: Vec<PairEntry>,
    /// Why nothing was made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Failed>,
}

/// A source that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// The file at fault, below the source folder.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A pair of files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairEntry {
    /// Name of both files, at most one folder deep: `SPLIT/lq/FILE` and `SPLIT/gt/FILE`.
    pub file: String,
    /// Left, top, width and height in the source, or in what the cause leaves of it.
    pub window: [usize; 4],
    /// Which of the image's harms, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harm: Option<usize>,
    /// SHA-256 of the degraded image's file, in lower-case hexadecimal.
    pub lq_sha256: String,
    /// SHA-256 of the clean image's file.
    pub gt_sha256: String,
}

/// How an image was degraded: by a cause or as a mix drew it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Harm {
    /// Seed of the generator.
    pub seed: u32,
    /// Name of the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What the mix has drawn; it alone makes the same again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<Record>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks so
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Where a file of a pair lies.
pub(crate) fn path_of(folder: &Path, split: Split, side: &str, file: &str) -> PathBuf {
    folder.join(split.folder()).join(side).join(file)
}

/// Left, top, width and height.
pub(crate) fn place(window: Window) -> [usize; 4] {
    [window.x0, window.y0, window.width(), window.height()]
}

/// A manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Its first line.
    pub header: Header,
    /// The lines after it.
    pub entries: Vec<Entry>,
    /// Bytes of all lines that are whole; a run that was killed may leave part of one more.
    pub whole_bytes: u64,
}

impl Manifest {
    /// Reads a manifest, finished or not. A last line without an end is left out.
    ///
    /// # Errors
    /// When the file cannot be read, a line is not what stands in manifests, or a name would lead out of the folder.
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
        let header = header.ok_or_else(|| wrong(1, "the line about the whole is missing".to_owned()))?;
        if entries.len() > header.pictures {
            return Err(wrong(
                entries.len() + 1,
                format!("the first line promises {} images", header.pictures),
            ));
        }
        Ok(Self { header, entries, whole_bytes })
    }
}

fn header_of(line: &[u8]) -> Result<Header, String> {
    let header: Header = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if header.schema != SCHEMA {
        return Err(format!("the form is `{}`, `{SCHEMA}` is read", header.schema));
    }
    Ok(header)
}

fn entry_of(line: &[u8]) -> Result<Entry, String> {
    let entry: Entry = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    match entry.pairs.iter().find(|pair| !is_file_name(&pair.file)) {
        Some(pair) => Err(format!("`{}` is no name of a file", pair.file)),
        None => Ok(entry),
    }
}

/// Is it a plain name, or one inside one folder, which cannot lead elsewhere?
fn is_file_name(name: &str) -> bool {
    let path = Path::new(name);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    plain && (1..=2).contains(&path.components().count()) && shown(path) == name
}

/// A line of JSON with its end.
pub(crate) fn line(value: &impl Serialize) -> Vec<u8> {
    // Structs of text and numbers have no way to fail.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}
