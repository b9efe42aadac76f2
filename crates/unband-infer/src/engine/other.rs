//! Operations that the engine has no kernel of its own for: the reference makes them.

use unband_image::Context;
use unband_nets::state::Weights;
use unband_nets::{Node, Shape};

use super::fetch::Fetch;
use crate::map::Map;
use crate::{Mode, reference};

pub fn make(
    node: &Node,
    place: usize,
    shape: Shape,
    fetch: &Fetch<'_>,
    weights: &Weights,
    (mode, ctx): (Mode, &Context<'_>),
) -> Map<f32> {
    let inputs: Vec<Map<f32>> = node.inputs.iter().map(|v| fetch.map(v.index())).collect();
    let given: Vec<&Map<f32>> = inputs.iter().collect();
    reference::apply(node, &given, shape, weights, (mode, place), ctx)
}

/// Row `y`, sample by sample.
pub fn row(map: &Map<f32>, y: usize, out: &mut [f32]) {
    let Shape { channels, width, .. } = map.shape;
    for (c, plane) in map.planes().enumerate() {
        let samples = out.iter_mut().skip(c).step_by(channels);
        samples.zip(&plane[y * width..][..width]).for_each(|(to, from)| *to = *from);
    }
}
