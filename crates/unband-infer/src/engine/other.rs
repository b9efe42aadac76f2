//! Operations that the engine has no kernel of its own for: the reference makes them.

use unband_image::Context;
use unband_nets::state::Weights;
use unband_nets::{Node, Shape};

use super::fetch::{Fetch, Stored};
use crate::map::Map;
use crate::{Mode, reference};

pub fn make(
    node: &Node,
    place: usize,
    shape: Shape,
    fetch: &Fetch<'_>,
    weights: &Weights,
    (mode, ctx): (Mode, &Context<'_>),
) -> Stored {
    let inputs: Vec<Map<f32>> = node.inputs.iter().map(|v| fetch.map(v.index())).collect();
    let given: Vec<&Map<f32>> = inputs.iter().collect();
    Stored::of_map(&reference::apply(node, &given, shape, weights, (mode, place), ctx))
}
