//! Checkpoints of networks as named tensors.

use std::path::PathBuf;

use pyo3::prelude::*;
use unband_nets::checkpoint;

use crate::fault::{ErrorKind, Fault};
use crate::wait::{self, Job, Stop};

/// A tensor: name, shape, and its values as `float32` in bytes.
pub(crate) type Values = (String, Vec<usize>, Vec<u8>);

/// Name and settings of a network, and its tensors.
pub(crate) type Read = (String, Vec<(&'static str, String)>, Vec<Values>);

/// The network of a checkpoint in any format: its name, its settings, and its tensors by the authors' names.
#[pyfunction]
pub(crate) fn read_checkpoint(py: Python<'_>, path: PathBuf) -> PyResult<Read> {
    let job = Job { threads: None, progress: None, stop: Stop::AtOnce, quick: false };
    wait::run(py, &job, move |_| read(&path))
}

fn read(path: &PathBuf) -> Result<Read, Fault> {
    let read = checkpoint::open(path).map_err(|error| {
        let kind = if path.is_file() { ErrorKind::Input } else { ErrorKind::File };
        Fault::of(kind, &error).in_file(path).about("file")
    })?;
    let architecture = read
        .network()
        .map_err(|error| Fault::of(ErrorKind::Input, &error).in_file(path).about("file"))?
        .architecture;
    let settings = (architecture.settings)(&read.state);
    let state = architecture.own_tensors(read.state);
    let values = |values: Vec<f32>| values.iter().flat_map(|value| value.to_ne_bytes()).collect();
    let tensors =
        state.iter().map(|(name, tensor)| (name.to_owned(), tensor.shape.clone(), values(tensor.to_f32())));
    Ok((architecture.name.to_owned(), settings, tensors.collect()))
}
