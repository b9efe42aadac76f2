//! Networks with their weights, from a checkpoint or random.

use std::path::Path;

use unband_nets::Graph;
use unband_nets::arch::{self, ARCHITECTURES, Architecture};
use unband_nets::checkpoint;
use unband_nets::state::{Weights, fill};

use super::ModelsError;

/// A network with its weights.
#[non_exhaustive]
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

/// The names of all networks, with their variants.
pub fn network_names() -> Vec<String> {
    let of = |a: &Architecture| {
        let variants = a.variants.iter().map(|variant| format!(", {}:{}", a.name, variant.name));
        format!("{}{}", a.name, variants.collect::<String>())
    };
    ARCHITECTURES.iter().map(of).collect()
}

impl Chosen {
    /// A network with random weights.
    ///
    /// # Errors
    /// Names of no network.
    pub fn random(name: &str) -> Result<Self, ModelsError> {
        let (architecture, graph) = named(name)?;
        let weights = Weights::bind(&graph, &fill::of(&graph)).map_err(|e| of_program(name, &e))?;
        Ok(Self { architecture, name: name.to_owned(), graph, weights, from: "random".to_owned() })
    }

    /// The weights of a checkpoint, loaded into the requested network, by default into the checkpoint's own;
    /// `folder` holds imported models.
    ///
    /// # Errors
    /// Unreadable files, and weights of another network.
    pub fn open(file: &Path, asked: Option<&str>, folder: Option<&Path>) -> Result<Self, ModelsError> {
        // If it is neither a file nor a model, the error is that of a missing file.
        let path = super::file_named(file, folder).unwrap_or_else(|_| file.to_path_buf());
        let read =
            checkpoint::open(&path).map_err(|error| ModelsError::Read { path: path.clone(), error })?;
        let network = read
            .network()
            .map_err(|error| ModelsError::Network { path: path.clone(), error: Box::new(error) })?;
        let from = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(name) = asked else {
            let (architecture, graph, weights) = (network.architecture, network.graph, network.weights);
            // With the options that it was trained with.
            let name =
                read.trained_as().filter(|name| name.contains('=')).unwrap_or(architecture.name).to_owned();
            return Ok(Self { architecture, name, graph, weights, from });
        };
        let (architecture, graph) = named(name)?;
        if !network.architecture.shares_files_with(architecture) {
            let (holds, asked) = (network.architecture.name, architecture.name);
            return Err(ModelsError::OtherNetwork { path, holds, asked });
        }
        let (graph, weights) = if name == architecture.name {
            (network.graph, network.weights)
        } else {
            let state = architecture.own_tensors(read.state);
            let weights = Weights::bind(&graph, &state)
                .map_err(|error| ModelsError::Weights { path, error: Box::new(error) })?;
            (graph, weights)
        };
        Ok(Self { architecture, name: name.to_owned(), graph, weights, from })
    }
}

fn named(name: &str) -> Result<(&'static Architecture, Graph), ModelsError> {
    match (arch::of(name), arch::build(name)) {
        (Some(architecture), Some(graph)) => Ok((architecture, graph.map_err(|e| of_program(name, &e))?)),
        _ => Err(of_program(name, &"no such network")),
    }
}

/// Built-in configurations are valid; the tests build all of them.
fn of_program(name: &str, what: &dyn std::fmt::Display) -> ModelsError {
    ModelsError::Program { name: name.to_owned(), what: what.to_string() }
}
