//! File layout of Kapoor's full-HD set.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::DatasetError;

/// Name of the set in messages.
pub(super) const SET: &str = "the full-HD banding set of Kapoor et al. 2021";
/// Hint for a missing set.
pub(super) const LAYOUT: &str = "get it from https://doi.org/10.5281/zenodo.4513740 (1,440 pairs of 1920×1080 PNG with 1,440 XML files, \
CC BY, some gigabytes) and unpack it, so that the folder holds `Original Images/*.png` and `Quantized Images with XML files for \
Banded and Non Banded regions/*.png` with an `.xml` next to each";

/// Start of its folder names, in lower case without spaces.
const CLEAN: &str = "originalimages";
const QUANTIZED: &str = "quantizedimages";
/// Maximum depth of the folders that an archive may put around the set's own.
const DEEPEST: usize = 3;

/// The files of a pair, below the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    /// Name without extension: frame and video, `000001_0091`.
    pub stem: String,
    pub quantized: PathBuf,
    pub clean: PathBuf,
    /// Box file; missing only where it was not required.
    pub boxes: Option<PathBuf>,
}

impl Files {
    /// The part of the name that frames of one video share: the scripts of the set call frames `FRAME_FILM`.
    pub(super) fn clip(&self) -> &str {
        self.stem.rsplit_once('_').map_or(self.stem.as_str(), |(_, clip)| clip)
    }

    /// The files of the set.
    pub(super) fn all(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.quantized, &self.clean].into_iter().chain(&self.boxes)
    }
}

/// All pairs, by name, and the files without a counterpart.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub files: Vec<Files>,
    pub unpaired: Vec<String>,
}

/// Lists the set below a root. A pair needs both images, and boxes if they are required.
///
/// # Errors
/// When a folder is missing or duplicate, no pair is found, or the system reports an error.
pub(crate) fn list(root: &Path, with_boxes: bool) -> Result<Listing, DatasetError> {
    let wrong = |what: String| DatasetError::NotTheSet { root: root.to_owned(), what };
    if !root.is_dir() {
        return Err(wrong("there is no such folder".to_owned()));
    }
    let mut folders = Vec::new();
    walk(root, Path::new(""), 0, &mut folders)?;
    let folder = |wanted: &str, name: &str| {
        let mut found: Vec<&PathBuf> =
            folders.iter().filter(|path| letters(path).starts_with(wanted)).collect();
        // An archive's folder may have the same name as the folder with the files inside it.
        found.retain(|path| {
            !folders
                .iter()
                .any(|other| other.starts_with(path) && other != *path && letters(other).starts_with(wanted))
        });
        match found.as_slice() {
            [] => Err(wrong(format!("no folder `{name}`"))),
            [one] => Ok((*one).clone()),
            [first, second, ..] => {
                Err(wrong(format!("there are both `{}` and `{}`", first.display(), second.display())))
            }
        }
    };
    let clean = folder(CLEAN, "Original Images")?;
    let quantized = folder(QUANTIZED, "Quantized Images with XML files for Banded and Non Banded regions")?;
    let clean = by_stem(root, &clean, "png")?;
    let boxes = if with_boxes { by_stem(root, &quantized, "xml")? } else { BTreeMap::new() };
    let quantized = by_stem(root, &quantized, "png")?;
    let listing = pair(clean, quantized, boxes, with_boxes);
    if listing.files.is_empty() {
        let what = match listing.unpaired.len() {
            0 => "its folders contain no PNG".to_owned(),
            files => format!("none of its {files} files has all counterparts"),
        };
        return Err(wrong(what));
    }
    Ok(listing)
}

fn pair(
    mut clean: BTreeMap<String, PathBuf>,
    mut quantized: BTreeMap<String, PathBuf>,
    mut boxes: BTreeMap<String, PathBuf>,
    with_boxes: bool,
) -> Listing {
    let stems: BTreeSet<String> = clean.keys().chain(quantized.keys()).chain(boxes.keys()).cloned().collect();
    let mut listing = Listing::default();
    for stem in stems {
        match (clean.remove(&stem), quantized.remove(&stem), boxes.remove(&stem)) {
            (Some(clean), Some(quantized), boxes) if boxes.is_some() || !with_boxes => {
                listing.files.push(Files { stem, quantized, clean, boxes });
            }
            (clean, quantized, boxes) => {
                let unpaired = [clean, quantized, boxes].into_iter().flatten();
                listing.unpaired.extend(unpaired.map(|path| super::plan::shown(&path)));
            }
        }
    }
    listing
}

/// Finds folders with the set's names, at any allowed depth.
fn walk(root: &Path, below: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), DatasetError> {
    for name in names(&root.join(below))? {
        let path = below.join(&name);
        if depth < DEEPEST && root.join(&path).is_dir() {
            if [CLEAN, QUANTIZED].iter().any(|wanted| letters(&path).starts_with(wanted)) {
                found.push(path.clone());
            }
            walk(root, &path, depth + 1, found)?;
        }
    }
    Ok(())
}

/// Names in a folder, sorted, without hidden files and `__MACOSX`.
fn names(folder: &Path) -> Result<Vec<String>, DatasetError> {
    let io = |source| DatasetError::Read { file: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let name = entry.map_err(io)?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && name != "__MACOSX" {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The last part of a path, reduced to lower-case letters and digits.
fn letters(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Files of a folder with this extension in any case, keyed by their names without it.
fn by_stem(root: &Path, folder: &Path, ending: &str) -> Result<BTreeMap<String, PathBuf>, DatasetError> {
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    for name in names(&root.join(folder))? {
        let Some((stem, end)) = name.rsplit_once('.') else { continue };
        if !end.eq_ignore_ascii_case(ending) || stem.is_empty() {
            continue;
        }
        if let Some(first) = files.insert(stem.to_owned(), folder.join(&name)) {
            return Err(DatasetError::Twice { first, second: folder.join(&name), name: stem.to_owned() });
        }
    }
    Ok(files)
}
