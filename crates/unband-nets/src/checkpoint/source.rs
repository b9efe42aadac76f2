//! Input bytes of checkpoints: a file, or the files of a TensorFlow model.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::CheckpointError;
use super::{Checkpoint, chosen, read, tensor_bundle};

/// Files are read into memory whole.
const LARGEST: u64 = 4 << 30;

/// Content of a path.
#[derive(Clone, PartialEq, Eq)]
pub enum CheckpointFiles {
    /// A file.
    File(Vec<u8>),
    /// The variables of a TensorFlow model.
    TensorBundle {
        /// `variables.index`.
        index: Vec<u8>,
        /// `variables.data-00000-of-0000N` and so on, in order.
        data: Vec<Vec<u8>>,
    },
}

impl std::fmt::Debug for CheckpointFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckpointFiles")
            .field("files", &self.files().count())
            .field("bytes", &self.bytes())
            .finish()
    }
}

impl CheckpointFiles {
    fn files(&self) -> impl Iterator<Item = &[u8]> {
        let (first, rest) = match self {
            Self::File(bytes) => (bytes, &[][..]),
            Self::TensorBundle { index, data } => (index, &data[..]),
        };
        std::iter::once(first).chain(rest).map(Vec::as_slice)
    }

    /// Total bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files().map(|file| file.len() as u64).sum()
    }

    /// SHA-256 in lower-case hexadecimal; for a model, of the concatenated files, index first.
    pub fn sha256(&self) -> String {
        use std::fmt::Write;
        let digest = self.files().fold(Sha256::new(), Sha256::chain_update).finalize();
        digest.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Reads the checkpoint: files as [`read`], models with their kernels permuted to PyTorch's order.
    ///
    /// # Errors
    /// As [`read`]; a model with wrong checksums, or with tensors outside its files.
    pub fn read(&self) -> Result<Checkpoint, CheckpointError> {
        match self {
            Self::File(bytes) => read(bytes),
            Self::TensorBundle { index, data } => chosen(tensor_bundle::read(index, data)?, self.bytes()),
        }
    }
}

/// The bytes of a file, or of the variables of a TensorFlow model. A model is given by its folder, its
/// `saved_model.pb` or its index.
///
/// # Errors
/// A file that cannot be read, a path without a file (a folder without a model, a device), or files of more
/// than 4 GiB.
pub fn load(path: impl AsRef<Path>) -> Result<CheckpointFiles, CheckpointError> {
    let path = path.as_ref();
    let mut room = LARGEST;
    let Some(index_path) = index_of(path) else { return file(path, &mut room).map(CheckpointFiles::File) };
    let index = file(&index_path, &mut room)?;
    let count = tensor_bundle::shards(&index)?;
    let data =
        (0..count).map(|n| file(&shard(&index_path, n, count), &mut room)).collect::<Result<_, _>>()?;
    Ok(CheckpointFiles::TensorBundle { index, data })
}

/// The index of the model that a path refers to.
fn index_of(path: &Path) -> Option<PathBuf> {
    if path.extension().is_some_and(|end| end == "index") {
        return Some(path.to_path_buf());
    }
    let folder = if path.file_name().is_some_and(|name| name == "saved_model.pb") {
        path.parent()?
    } else if path.is_dir() {
        path
    } else {
        return None;
    };
    ["variables/variables.index", "variables.index"]
        .into_iter()
        .map(|name| folder.join(name))
        .find(|index| index.is_file())
}

/// A data file of an index.
fn shard(index: &Path, number: u64, count: u64) -> PathBuf {
    index.with_extension(format!("data-{number:05}-of-{count:05}"))
}

/// The bytes of a file, deducted from the size left for all files.
fn file(path: &Path, room: &mut u64) -> Result<Vec<u8>, CheckpointError> {
    let fault = |source: io::Error| CheckpointError::Io { path: path.to_path_buf(), source };
    let metadata = std::fs::metadata(path).map_err(fault)?;
    if !metadata.is_file() {
        let what = "neither a file nor a folder of a TensorFlow model";
        return Err(fault(io::Error::new(io::ErrorKind::InvalidInput, what)));
    }
    *room = room
        .checked_sub(metadata.len())
        .ok_or(CheckpointError::Limit { what: "bytes in a file", limit: LARGEST })?;
    std::fs::read(path).map_err(fault)
}
