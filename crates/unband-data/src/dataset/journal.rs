//! The manifest while pairs are being made. Lines are added in the order of the images, once all files of an image are written,
//! so that a run that was stopped goes on after the last whole line and ends with the same bytes as one that was not.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::DatasetError;
use super::manifest::{COMPLETE, Entry, Header, Manifest, SIDES, UNFINISHED, line};
use super::split::Split;

/// How things stand in a folder.
#[derive(Debug)]
pub enum Opened {
    /// There is something to do.
    Open(Journal),
    /// An earlier run has done it all; its manifest.
    Complete(Manifest),
}

/// A manifest that grows. While it is open no other run can write to the folder.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    file: File,
    /// What earlier runs have done.
    pub before: Vec<Entry>,
}

impl Journal {
    /// Opens a folder for the pairs that a header speaks of: a new or an empty one, or one in which a run with the same settings
    /// and sources was stopped.
    ///
    /// # Errors
    /// When the folder holds something else, another run writes to it, or the operating system refuses.
    pub fn open(folder: &Path, header: &Header) -> Result<Opened, DatasetError> {
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
        // Its name is the first thing in the folder: a run that is killed before has left nothing that would be in the way.
        fs::create_dir_all(folder).map_err(io)?;
        match unband_io::write_bytes(&line(header), &unfinished, false) {
            Ok(()) => {}
            Err(error) if matches!(error.fault(), unband_io::Error::Exists) => {}
            Err(error) => return Err(DatasetError::Write(error)),
        }
        let mut file = OpenOptions::new().write(true).open(&unfinished).map_err(io)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(DatasetError::Busy { folder: folder.to_owned() }),
            // File systems without locks have none to respect.
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

    /// Adds a line; its files must be there.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn add(&mut self, entry: &Entry) -> Result<(), DatasetError> {
        let io = |source| DatasetError::Folder { folder: self.folder.clone(), source };
        self.file.write_all(&line(entry)).map_err(io)
    }

    /// Gives the manifest the name of a complete one.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn finish(self) -> Result<(), DatasetError> {
        let io = |source| DatasetError::Folder { folder: self.folder.clone(), source };
        self.file.sync_all().map_err(io)?;
        fs::rename(self.folder.join(UNFINISHED), self.folder.join(COMPLETE)).map_err(io)
    }
}

/// An error unless two headers speak of the same pairs.
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
        return Err(differs(format!("version {} began it, this is {}", there.version, wanted.version)));
    }
    Err(differs("files were added to the sources, taken away or changed since".to_owned()))
}

/// Takes away what a killed run may have left half written.
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

/// Is there anything in a folder but what a killed run may have left half written?
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
