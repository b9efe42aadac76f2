//! Verification of a folder of pairs against its manifest.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::DatasetError;
use super::manifest::{COMPLETE, Manifest, SIDES, UNFINISHED, path_of};
use super::plan::shown;
use super::split::Split;
use crate::files::hexadecimal;

/// A folder with its manifest.
#[derive(Debug)]
pub struct Check {
    folder: PathBuf,
    /// The manifest.
    pub manifest: Manifest,
}

/// A difference from the manifest. Paths are relative to the folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Finding {
    /// A file is missing.
    Missing(String),
    /// A file has a different SHA-256.
    Changed(String),
    /// A file could not be read, with the reason.
    Unreadable(String, String),
    /// A file is not in the manifest.
    LeftOver(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(file) => write!(f, "{file}: missing"),
            Self::Changed(file) => write!(f, "{file}: changed"),
            Self::Unreadable(file, reason) => write!(f, "{file}: cannot read: {reason}"),
            Self::LeftOver(file) => write!(f, "{file}: not in the manifest"),
        }
    }
}

impl Check {
    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// When the manifest is missing, damaged or unfinished.
    pub fn open(folder: &Path) -> Result<Self, DatasetError> {
        let (complete, unfinished) = (folder.join(COMPLETE), folder.join(UNFINISHED));
        let folder = folder.to_owned();
        if !complete.exists() {
            if !unfinished.exists() {
                return Err(DatasetError::NoManifest { folder });
            }
            let manifest = Manifest::read(&unfinished)?;
            let (done, images) = (manifest.entries.len(), manifest.header.images);
            return Err(DatasetError::Unfinished { folder, done, images });
        }
        let manifest = Manifest::read(&complete)?;
        let (done, images) = (manifest.entries.len(), manifest.header.images);
        if done < images {
            let message = format!("the header line announces {images} images");
            return Err(DatasetError::Manifest { file: complete, line: done + 2, message });
        }
        Ok(Self { folder, manifest })
    }

    /// Number of source images in the manifest.
    pub fn len(&self) -> usize {
        self.manifest.entries.len()
    }

    /// Whether the manifest has no source images.
    pub fn is_empty(&self) -> bool {
        self.manifest.entries.is_empty()
    }

    /// Verifies all files of a source image.
    pub fn one(&self, index: usize) -> Vec<Finding> {
        let entry = &self.manifest.entries[index];
        let files = entry.pairs.iter().flat_map(|pair| {
            SIDES
                .into_iter()
                .zip([&pair.lq_sha256, &pair.gt_sha256])
                .map(|(side, sum)| (side, &pair.file, sum))
        });
        files
            .filter_map(|(side, file, sum)| {
                let path = path_of(&self.folder, entry.split, side, file);
                let name = self.below(&path);
                match sum_of(&path) {
                    Ok(found) if found == *sum => None,
                    Ok(_) => Some(Finding::Changed(name)),
                    Err(error) if error.kind() == ErrorKind::NotFound => Some(Finding::Missing(name)),
                    Err(error) => Some(Finding::Unreadable(name, error.to_string())),
                }
            })
            .collect()
    }

    /// Files in the folder that are not in the manifest, sorted.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn left_over(&self) -> Result<Vec<Finding>, DatasetError> {
        let mut known: HashSet<PathBuf> = HashSet::new();
        known.insert(self.folder.join(COMPLETE));
        let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
        folders.insert(self.folder.clone());
        for split in Split::ALL {
            let part = self.folder.join(split.folder());
            folders.extend(SIDES.map(|side| part.join(side)));
            folders.insert(part);
        }
        for entry in &self.manifest.entries {
            for (pair, side) in entry.pairs.iter().flat_map(|pair| SIDES.map(|side| (pair, side))) {
                let path = path_of(&self.folder, entry.split, side, &pair.file);
                folders.extend(path.parent().map(Path::to_owned));
                known.insert(path);
            }
        }
        let mut found = Vec::new();
        for folder in &folders {
            for name in names(folder)? {
                let path = folder.join(name);
                if !known.contains(&path) && !folders.contains(&path) {
                    found.push(Finding::LeftOver(self.below(&path)));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn below(&self, path: &Path) -> String {
        shown(path.strip_prefix(&self.folder).unwrap_or(path))
    }
}

/// Names in a folder; none if it does not exist, because its files are reported as missing already.
fn names(folder: &Path) -> Result<Vec<OsString>, DatasetError> {
    let io = |source| DatasetError::Read { file: folder.to_owned(), source };
    match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(io(error)),
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.file_name()).map_err(io)).collect(),
    }
}

/// SHA-256 of a file, read in blocks.
fn sum_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let (mut sum, mut piece) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hexadecimal(&sum.finalize())),
            Ok(read) => sum.update(&piece[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
