//! Fused sample-wise operations, applied to a row right after it was computed.

use unband_nets::{ParamId, Shape};
use unband_simd::{Level, infer::net};

use super::fetch::Fetch;
use super::plan::Step;
use super::{Engine, Execution};
use crate::Mode;

/// Applies the step's chain to its row `y`.
pub(super) fn apply(step: &Step, engine: &Engine, fetch: &Fetch<'_>, y: usize, row: &mut [f32]) {
    for &(node, own) in &step.chain {
        if let Execution::InPlace(op) = Execution::new(&engine.graph.nodes[node].op, fetch.mode) {
            op.apply(&RowPlace { engine, fetch, mode: fetch.mode, node, own, y }, row);
        }
    }
}

/// Place of a row.
pub(super) struct RowPlace<'a> {
    engine: &'a Engine,
    fetch: &'a Fetch<'a>,
    pub mode: Mode,
    /// Index of the operation's node.
    pub node: usize,
    /// Which of the node's inputs the row is.
    pub own: usize,
    /// Index of the row.
    pub y: usize,
}

impl<'a> RowPlace<'a> {
    pub(super) fn level(&self) -> Level {
        self.engine.level
    }

    pub(super) fn param(&self, id: ParamId) -> &'a [f32] {
        self.engine.param(id)
    }

    /// Shape of the result.
    pub(super) fn shape(&self) -> Shape {
        self.fetch.shapes[self.node]
    }

    /// Applies the operation's scale and offset per channel, if it has any.
    pub(super) fn per_channel(&self, row: &mut [f32]) {
        if let Some(each) = self.engine.per_channel.get(&self.node) {
            net::affine_each(self.level(), row, &each.scales, &each.offsets);
        }
    }

    /// Calls a function with the row of the node's other input; a value per channel is repeated.
    pub(super) fn with_other(&self, row: &mut [f32], f: impl Fn(&mut [f32], &[f32])) {
        let (fetch, value) = (self.fetch, self.engine.graph.nodes[self.node].inputs[1 - self.own].index());
        let shape = fetch.shapes[value];
        // In an image of one column, rows are no longer than a value per channel.
        let y = if shape.is_point() { 0 } else { self.y };
        if shape.is_point() && row.len() != shape.channels {
            let mut sample = vec![0.0; shape.channels];
            fetch.row(value, 0, &mut sample);
            let whole = sample.repeat(row.len() / shape.channels.max(1));
            f(row, &whole);
        } else if let Some(kept) = fetch.kept(value, y) {
            f(row, kept);
        } else {
            let mut fetched = vec![0.0; row.len()];
            fetch.row(value, y, &mut fetched);
            f(row, &fetched);
        }
    }
}

/// Scale and offset of an operation per channel.
pub(super) struct PerChannel {
    pub scales: Vec<f32>,
    pub offsets: Vec<f32>,
}
