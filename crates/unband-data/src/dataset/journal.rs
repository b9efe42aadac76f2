//! Resumable manifest of a dataset that is being made.
//!
//! Lines are added in the order of the images, each after all files of its image are written. A stopped run
//! therefore resumes after the last whole line and ends with the same bytes as an uninterrupted one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use unband_image::With;
use unband_io::{Access, Saving};

use super::DatasetError;
use super::manifest::{COMPLETE, Entry, Header, Manifest, SIDES, UNFINISHED, line};
use super::split::Split;

/// State of an output folder.
#[derive(Debug)]
pub enum Opened {
    /// There is work left.
    Open(Journal),
    /// An earlier run finished it; its manifest.
    Complete(Manifest),
}

/// A manifest that lines are appended to. While it is open no other run can write to the folder.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    file: File,
    /// Entries of earlier runs.
    pub before: Vec<Entry>,
}

impl Journal {
    /// Opens the output folder of a dataset: a new one, an empty one, or one that a stopped run with the same
    /// settings and sources left.
    ///
    /// # Errors
    /// When the folder contains other files, another run writes to it, or the system reports an error.
    pub fn open(folder: &Path, header: &Header) -> Result<Opened, DatasetError> {
        Self::open_within(folder, header, Access::default())
    }

    /// The same; a new manifest has no other permissions than these.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_within(folder: &Path, header: &Header, access: Access) -> Result<Opened, DatasetError> {
        let (complete, unfinished) = (folder.join(COMPLETE), folder.join(UNFINISHED));
        if complete.exists() {
            let manifest = Manifest::read(&complete)?;
            same(folder, &manifest.header, header)?;
            return Ok(Opened::Complete(manifest));
        }
        let io = |source| DatasetError::Folder { folder: folder.to_owned(), source };
        if !unfinished.exists() {
            match occupied(folder) {
                Ok(false) => {}
                Ok(true) => return Err(DatasetError::Occupied { folder: folder.to_owned() }),
                Err(error) => return Err(io(error)),
            }
        }
        // The manifest's name is the first entry in the folder: a run killed before this leaves nothing that
        // blocks the next.
        fs::create_dir_all(folder).map_err(io)?;
        match unband_io::write_bytes(
            &line(header),
            &unfinished,
            Saving::from(false).but(|new| new.access = access),
        ) {
            Ok(()) => {}
            Err(error) if matches!(error.fault(), unband_io::Error::Exists) => {}
            Err(error) => return Err(DatasetError::Write(error)),
        }
        let mut file = OpenOptions::new().write(true).open(&unfinished).map_err(io)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(DatasetError::Busy { folder: folder.to_owned() }),
            // File systems without locks: continue without one.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let manifest = Manifest::read(&unfinished)?;
        same(folder, &manifest.header, header)?;
        file.set_len(manifest.whole_bytes).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        for split in Split::ALL {
            for side in SIDES {
                fs::create_dir_all(folder.join(split.folder()).join(side)).map_err(io)?;
            }
        }
        sweep(folder).map_err(io)?;
        let before = manifest.entries;
        Ok(Opened::Open(Self { folder: folder.to_owned(), file, before }))
    }

    /// Appends an entry whose files are already written.
    ///
    /// # Errors
    /// When the system reports an error.
    pub fn add(&mut self, entry: &Entry) -> Result<(), DatasetError> {
        let io = |source| DatasetError::Folder { folder: self.folder.clone(), source };
        self.file.write_all(&line(entry)).map_err(io)
    }

    /// Renames the manifest to that of a complete dataset.
    ///
    /// # Errors
    /// When the system reports an error.
    pub fn finish(self) -> Result<(), DatasetError> {
        let io = |source| DatasetError::Folder { folder: self.folder.clone(), source };
        self.file.sync_all().map_err(io)?;
        fs::rename(self.folder.join(UNFINISHED), self.folder.join(COMPLETE)).map_err(io)
    }
}

/// An error unless two headers describe the same pairs.
fn same(folder: &Path, there: &Header, wanted: &Header) -> Result<(), DatasetError> {
    if there == wanted {
        return Ok(());
    }
    let differs = |what: String| DatasetError::Other { folder: folder.to_owned(), what };
    for key in there.settings.keys().chain(wanted.settings.keys()) {
        let (old, new) = (there.settings.get(key), wanted.settings.get(key));
        if old != new {
            let shown =
                |value: Option<&serde_json::Value>| value.map_or("nothing".to_owned(), ToString::to_string);
            return Err(differs(format!("`{key}` was {}, now it is {}", shown(old), shown(new))));
        }
    }
    if there.version != wanted.version {
        return Err(differs(format!(
            "it was started by version {}, this is {}",
            there.version, wanted.version
        )));
    }
    Err(differs("source files were added, removed or changed since".to_owned()))
}

/// Removes temporary files of a killed run.
fn sweep(folder: &Path) -> std::io::Result<()> {
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            sweep(&path)?;
        } else if is_half_written(&name) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Whether a folder contains anything but temporary files of a killed run.
fn occupied(folder: &Path) -> std::io::Result<bool> {
    let files = match fs::read_dir(folder) {
        Ok(files) => files,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    for file in files {
        if !is_half_written(&file?.file_name().to_string_lossy()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_half_written(name: &str) -> bool {
    name.starts_with(".unband-") && Path::new(name).extension().is_some_and(|ending| ending == "tmp")
}
