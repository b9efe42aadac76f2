//! Networks by name or by checkpoint.

use std::fmt;
use std::path::Path;

use unband::models;
pub use unband::models::Source;
use unband_image::Hint;
use unband_nets::Graph;
use unband_nets::arch::{self, ARCHITECTURES, Architecture};
use unband_nets::checkpoint::{self, CheckpointError};
use unband_nets::state::{Weights, fill};

use crate::inputs::reason;
use crate::talk::Failure;

/// Reads NAME or FILE; names have priority.
///
/// # Errors
/// A variant that the network does not have.
pub fn source(text: &str) -> Result<Source, String> {
    Source::parse(text).map_err(|error| error.what)
}

/// The allowed NAMEs, for `--help`.
pub fn names() -> String {
    let of = |a: &Architecture| {
        let variants = a.variants.iter().map(|variant| format!(", {}:{}", a.name, variant.name));
        format!("{}{}", a.name, variants.collect::<String>())
    };
    let all: Vec<String> = ARCHITECTURES.iter().map(of).collect();
    format!("A checkpoint, or the name of a network: {}", all.join(", "))
}

/// A network with its weights.
pub struct Chosen {
    /// The network.
    pub architecture: &'static Architecture,
    /// With the variant's name.
    pub name: String,
    /// Its layers.
    pub graph: Graph,
    /// Its weights.
    pub weights: Weights,
    /// Origin of the weights.
    pub from: String,
}

/// The network of NAME or FILE, without weights.
///
/// # Errors
/// Unreadable files and files without a network.
pub fn graph(what: &Source) -> Result<Graph, Failure> {
    match what {
        Source::Network(name) => Ok(named(name)?.1),
        Source::File(file) => Ok(of_checkpoint(file, None)?.graph),
    }
}

/// A network with random weights.
///
/// # Errors
/// Never for names that [`source`] accepts.
pub fn made_up(name: &str) -> Result<Chosen, Failure> {
    let (architecture, graph) = named(name)?;
    let weights = Weights::bind(&graph, &fill::of(&graph)).map_err(|e| of_program(name, &e))?;
    Ok(Chosen { architecture, name: name.to_owned(), graph, weights, from: "random".to_owned() })
}

fn named(name: &str) -> Result<(&'static Architecture, Graph), Failure> {
    let base = name.split_once(':').map_or(name, |(base, _)| base);
    match (arch::find(base), arch::build(name)) {
        (Some(architecture), Some(graph)) => Ok((architecture, graph.map_err(|e| of_program(name, &e))?)),
        _ => Err(of_program(name, &"no such network")),
    }
}

/// Built-in configurations are valid; the tests build all of them.
fn of_program(name: &str, what: &dyn fmt::Display) -> Failure {
    let hint = "this is a bug in unband; please report it";
    Failure::at(name.to_owned(), what.to_string(), Some(hint.to_owned()))
}

/// The weights of a checkpoint, loaded into the requested network.
///
/// # Errors
/// Unreadable files, and weights of another network.
pub fn of_checkpoint(file: &Path, asked: Option<&str>) -> Result<Chosen, Failure> {
    // If it is neither a file nor a model, the error is that of a missing file.
    let file = &models::file_named(file, models::folder().as_deref()).unwrap_or_else(|_| file.to_path_buf());
    let read = checkpoint::open(file).map_err(|e| match unread(file, &e) {
        failure if asked.is_none() && !file.exists() => {
            let names: Vec<&str> = ARCHITECTURES.iter().map(|a| a.name).collect();
            Failure { hint: Some(format!("the networks are {}", names.join(", "))), ..failure }
        }
        failure => failure,
    })?;
    let network = read.network().map_err(|e| failure(file, &e, e.hint()))?;
    let from = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some(name) = asked else {
        let (architecture, graph, weights) = (network.architecture, network.graph, network.weights);
        // With the options that it was trained with.
        let name =
            read.trained_as().filter(|name| name.contains('=')).unwrap_or(architecture.name).to_owned();
        return Ok(Chosen { architecture, name, graph, weights, from });
    };
    let (architecture, graph) = named(name)?;
    if !network.architecture.shares_files_with(architecture) {
        let message = format!("holds the network {}, not {}", network.architecture.name, architecture.name);
        return Err(failure(file, &message, Some("drop the network's name".to_owned())));
    }
    let (graph, weights) = if name == architecture.name {
        (network.graph, network.weights)
    } else {
        let state = architecture.own_tensors(read.state);
        let weights = Weights::bind(&graph, &state).map_err(|e| failure(file, &e, None))?;
        (graph, weights)
    };
    Ok(Chosen { architecture, name: name.to_owned(), graph, weights, from })
}

/// A failure about a file.
pub fn failure(path: &Path, message: &dyn fmt::Display, hint: Option<String>) -> Failure {
    Failure::at(path.display().to_string(), message.to_string(), hint)
}

/// A failure to read a file.
pub fn unread(path: &Path, error: &CheckpointError) -> Failure {
    match error {
        // The error may name one of a folder's files.
        CheckpointError::Io { path, source } => failure(path, &reason(source), None),
        _ => failure(path, error, error.hint()),
    }
}
