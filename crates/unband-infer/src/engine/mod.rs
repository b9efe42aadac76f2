//! The quick engine: a graph cut into steps, each made row by row.
//!
//! Samples lie row by row, in a row sample by sample, in a sample channel by channel. A step is a core (a convolution, or
//! nothing) and what follows it sample by sample; what only moves samples about is done while rows are fetched.

mod conv;
mod epilogue;
mod fetch;
mod other;
mod plan;
mod rows;

use std::collections::HashMap;

use unband_image::Context;
use unband_nets::state::Weights;
use unband_nets::{Graph, Op, ParamId, Shape};
use unband_simd::Level;

use crate::map::Map;
use crate::{Mode, RunError};
use fetch::{Fetch, Spare, Stored};
use plan::{Core, Plan, Step};

/// A network with its weights, laid out for a processor.
pub struct Engine {
    graph: Graph,
    weights: Weights,
    level: Level,
    /// Per node, for convolutions.
    packed: HashMap<usize, conv::Packed>,
    /// Per node, for what multiplies and adds per channel.
    per_channel: HashMap<usize, epilogue::PerChannel>,
}

impl Engine {
    /// Lays the weights out for a processor's instructions.
    pub fn new(graph: Graph, weights: Weights, level: Level) -> Self {
        let nodes = || graph.nodes.iter().enumerate();
        let packed =
            nodes().filter_map(|(i, node)| Some((i, conv::Packed::of(&node.op, &weights, level)?))).collect();
        let per_channel = nodes()
            .filter_map(|(i, node)| Some((i, epilogue::PerChannel::of(&node.op, &weights)?)))
            .collect();
        Self { graph, weights, level, packed, per_channel }
    }

    /// The network.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// How far, in samples of the input, a sample of the picture depends on others to the last bit; further than
    /// [`Graph::receptive_radius`], because several samples are computed together. `None` for all of the picture.
    pub fn exact_radius(&self) -> Option<usize> {
        self.graph.radius_by(|i, op| {
            let reach = op.reach();
            let own = self.packed.get(&i).map_or(0.0, conv::Packed::radius);
            unband_nets::op::Reach { radius: reach.radius.max(own), ..reach }
        })
    }

    /// Runs it: inputs in the graph's order, then its outputs in its order. The result depends neither on the number of
    /// threads nor on how rows are spread over them.
    ///
    /// # Errors
    /// Inputs of other channels, sizes that do not fit, and the wish to stop.
    pub fn run(&self, inputs: &[Map<f32>], mode: Mode, ctx: &Context<'_>) -> Result<Vec<Map<f32>>, RunError> {
        let (height, width) = crate::run::check(&self.graph, inputs)?;
        let shapes = self.graph.shapes(height, width)?;
        let plan = Plan::new(&self.graph, &shapes, mode);
        let mut stored: Vec<Option<Stored>> = vec![None; self.graph.nodes.len()];
        for (i, node) in self.graph.nodes.iter().enumerate() {
            if let Op::Input(n) = node.op {
                stored[i] = Some(Stored::of_map(&inputs[n]));
            }
        }
        let mut spare = Spare::default();
        for (number, step) in plan.steps.iter().enumerate() {
            ctx.check()?;
            let fetch = Fetch { graph: &self.graph, shapes: &shapes, stored: &stored };
            let made = self.make(step, &shapes, &fetch, &mut spare, (mode, ctx));
            stored[step.out] = Some(made);
            for &value in &plan.dropped[number] {
                spare.give(stored[value].take());
            }
        }
        let fetch = Fetch { graph: &self.graph, shapes: &shapes, stored: &stored };
        Ok(self.graph.outputs.iter().map(|&(_, value)| fetch.map(value.index())).collect())
    }

    fn make(
        &self,
        step: &Step,
        shapes: &[Shape],
        fetch: &Fetch<'_>,
        spare: &mut Spare,
        (mode, ctx): (Mode, &Context<'_>),
    ) -> Stored {
        let node = &self.graph.nodes[step.core];
        let shape = shapes[step.core];
        if step.kind == Core::Other {
            let mut made = other::make(node, step.core, shape, fetch, &self.weights, (mode, ctx));
            let row = made.row().max(1);
            for (y, line) in made.data.chunks_mut(row).enumerate() {
                epilogue::apply(step, self, fetch, y, line);
            }
            return made;
        }
        let mut made = spare.take(shape);
        let row = made.row().max(1);
        // Small enough for all threads to have their share, large enough to fetch few rows twice; even, as two rows are made
        // together.
        let rows = shape.height.div_ceil(4 * ctx.threads.max(1)).next_multiple_of(2);
        let strips: Vec<&mut [f32]> = made.data.chunks_mut(row * rows).collect();
        ctx.map_parts(strips, |strip, out: &mut [f32]| {
            let first = strip * rows;
            match (step.kind, self.packed.get(&step.core)) {
                (Core::Conv, Some(packed)) => {
                    let input = node.inputs[0].index();
                    let strip = conv::Strip { fetch, input, shape, first, level: self.level };
                    packed.strip(&strip, out, |y, row| epilogue::apply(step, self, fetch, y, row));
                }
                _ => {
                    for (i, line) in out.chunks_mut(row).enumerate() {
                        let own = step.chain.first().map_or(0, |&(_, own)| own);
                        fetch.row(node.inputs[own].index(), first + i, line);
                        epilogue::apply(step, self, fetch, first + i, line);
                    }
                }
            }
        });
        made
    }

    fn param(&self, id: ParamId) -> &[f32] {
        self.weights.get(id)
    }
}
