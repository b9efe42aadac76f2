//! Run modes and run errors of networks.

use unband_image::RestoreError;
use unband_nets::{Graph, Shape, ShapeError};

/// Run-time behaviour that the graph leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// Whether batch normalisation uses the statistics of the image instead of the running ones.
    pub image_statistics: bool,
    /// Seed of active dropout.
    pub dropout: Option<u64>,
}

/// Reason why a network could not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The inputs do not match the graph.
    #[error("{net} takes {wanted}, got {got}")]
    Inputs {
        /// The network.
        net: String,
        /// Expected shapes.
        wanted: String,
        /// Actual shapes.
        got: String,
    },
    /// The image's size does not fit.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Cancelled.
    #[error(transparent)]
    Stopped(#[from] RestoreError),
}

/// Size of the image, after the inputs were checked against the graph.
pub(crate) fn check(graph: &Graph, inputs: &[Shape]) -> Result<(usize, usize), RunError> {
    let fits = |(input, shape): (&unband_nets::Input, &Shape)| {
        input.channels == shape.channels && (!input.point || shape.is_point())
    };
    let images: Vec<(usize, usize)> = graph
        .inputs
        .iter()
        .zip(inputs)
        .filter(|(input, _)| !input.point)
        .map(|(_, shape)| (shape.height, shape.width))
        .collect();
    let one_size = images.windows(2).all(|w| w[0] == w[1]);
    if inputs.len() == graph.inputs.len() && graph.inputs.iter().zip(inputs).all(fits) && one_size {
        return Ok(images.first().copied().unwrap_or((1, 1)));
    }
    let name = |input: &unband_nets::Input| format!("{} of {} channels", input.name, input.channels);
    Err(RunError::Inputs {
        net: graph.name.clone(),
        wanted: graph.inputs.iter().map(name).collect::<Vec<_>>().join(", "),
        got: inputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    })
}
