//! Shared functions of metrics that run a network.

use std::path::Path;
use std::sync::Arc;

use unband_image::{Context, Image};
use unband_infer::{Engine, Map, Mode, RunError, models};
use unband_nets::{Shape, arch};
use unband_simd::Precision;

use crate::{Fault, MetricError};

/// The engine of a published network, from the folder of models.
pub(crate) fn engine(
    metric: &'static str,
    network: &'static str,
    ctx: &Context<'_>,
) -> Result<Arc<Engine>, MetricError> {
    let missing = || Fault::NoNetwork(network).of(metric);
    let file = ctx.models.map(|folder| models::file(folder, network)).filter(|file| file.is_file());
    let architecture = arch::find(network).ok_or_else(missing)?;
    models::engine(architecture, &file.ok_or_else(missing)?, Precision::F32)
        .map_err(|error| Fault::Network { what: error.to_string(), hint: error.hint }.of(metric))
}

/// Whether the network is in the folder of models.
pub(crate) fn is_there(network: &str, models: Option<&Path>) -> bool {
    models.is_some_and(|folder| models::file(folder, network).is_file())
}

/// RGB as network input, 0 black and 1 white; a grey plane is repeated three times.
pub(crate) fn rgb(image: &Image) -> Map<f32> {
    let planes = (0..3).flat_map(|c| &image.planes[c.min(image.planes.len() - 1)].data);
    Map { shape: Shape::new(3, image.height(), image.width()), data: planes.copied().collect() }
}

/// The outputs of a network for an image.
pub(crate) fn run(
    metric: &'static str,
    engine: &Engine,
    input: Map<f32>,
    ctx: &Context<'_>,
) -> Result<Vec<Map<f32>>, MetricError> {
    engine.run(&[input], Mode::default(), ctx).map_err(|error| match error {
        RunError::Stopped(_) => MetricError::from(Fault::Cancelled),
        other => Fault::Network { what: other.to_string(), hint: None }.of(metric),
    })
}
