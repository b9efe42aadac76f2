//! Execution of a schedule, turn by turn.

use std::ops::Range;
use std::sync::Arc;

use unband_image::Context;
use unband_nets::Shape;

use super::fetch::Fetch;
use super::given::Given;
use super::plan::Core;
use super::ring::Ring;
use super::slots::Memory;
use super::{Engine, Prepared, WHOLE};
use crate::map::Map;
use crate::{Mode, RunError};

/// A run in progress. Its inputs are passed to every step, as rows that were read for the last time may
/// change.
pub struct Run<'e> {
    engine: &'e Engine,
    prepared: Arc<Prepared>,
    mode: Mode,
    memory: Memory,
    rings: Vec<Option<Ring>>,
    /// Number of completed turns.
    taken: usize,
}

/// Rows of an output that are ready.
pub struct Ready {
    /// Index of the output.
    pub output: usize,
    /// Range of rows.
    pub rows: Range<usize>,
    /// First input row that may still be read; all rows above may change.
    pub read_from: usize,
    /// Number of rows generated for the generated inputs.
    pub made: usize,
}

impl<'e> Run<'e> {
    pub(super) fn new(engine: &'e Engine, prepared: Arc<Prepared>, mode: Mode) -> Self {
        let memory = prepared.spare.take().unwrap_or_else(|| prepared.schedule.slots.memory());
        let mut rings = Vec::new();
        rings.resize_with(engine.graph.nodes.len(), || None);
        Self { engine, prepared, mode, memory, rings, taken: 0 }
    }

    /// Shape of a value.
    pub(super) fn shape(&self, value: usize) -> Shape {
        self.prepared.shapes[value]
    }

    /// Continues until rows of an output are ready; `None` at the end.
    ///
    /// # Errors
    /// Cancellation, and failures to generate rows of inputs.
    pub(crate) fn until_ready(
        &mut self,
        inputs: &[Given<'_>],
        ctx: &Context<'_>,
    ) -> Result<Option<Ready>, RunError> {
        let prepared = Arc::clone(&self.prepared);
        while let Some(turn) = prepared.schedule.turns.get(self.taken) {
            ctx.check()?;
            if let Some(before) = self.taken.checked_sub(1) {
                self.drop_rings(&prepared.schedule.turns[before].dropped);
            }
            self.taken += 1;
            ctx.progress.advance(prepared.done[self.taken - 1], WHOLE);
            let step = &prepared.plan.steps[turn.step];
            let rows = turn.rows.clone();
            if let Core::Output(output) = step.kind {
                return Ok(Some(Ready { output, rows, read_from: turn.read_from, made: turn.made }));
            }
            let mut ring = self.rings[step.out].take().unwrap_or_else(|| {
                let memory = std::mem::take(&mut self.memory[prepared.schedule.slots.of[step.out]]);
                Ring::new(prepared.shapes[step.out], prepared.schedule.rings[step.out], memory)
            });
            if let Core::Given(number) = step.kind {
                if let Given::Made(made) = inputs[number] {
                    made.make(rows.clone(), ring.rows_mut(rows), ctx)?;
                }
            } else {
                self.engine.make(step, rows, &self.fetch(inputs), &mut ring, ctx);
            }
            self.rings[step.out] = Some(ring);
        }
        Ok(None)
    }

    /// Copies ready rows into a map whose first row is row `first` of the output.
    pub fn lay(
        &self,
        inputs: &[Given<'_>],
        ready: &Ready,
        to: &mut Map<f32>,
        first: usize,
        ctx: &Context<'_>,
    ) {
        let value = self.engine.graph.outputs[ready.output].1.index();
        output(&self.fetch(inputs), value, ready.rows.clone(), to, first, ctx);
    }

    /// Returns its memory for the next run of that size.
    pub fn end(mut self) {
        let all: Vec<usize> = (0..self.rings.len()).collect();
        self.drop_rings(&all);
        self.prepared.spare.give(self.memory);
    }

    fn fetch<'a>(&'a self, inputs: &'a [Given<'a>]) -> Fetch<'a> {
        let (graph, level) = (&self.engine.graph, self.engine.level);
        Fetch { graph, shapes: &self.prepared.shapes, inputs, rings: &self.rings, level, mode: self.mode }
    }

    fn drop_rings(&mut self, values: &[usize]) {
        for &value in values {
            if let Some(ring) = self.rings[value].take() {
                self.memory[self.prepared.schedule.slots.of[value]] = ring.into_memory();
            }
        }
    }
}

/// Copies rows of an output, channel by channel.
fn output(
    fetch: &Fetch<'_>,
    value: usize,
    rows: Range<usize>,
    to: &mut Map<f32>,
    first: usize,
    ctx: &Context<'_>,
) {
    let Shape { channels, height, width } = to.shape;
    let mut lines: Vec<Vec<&mut [f32]>> = rows.clone().map(|_| Vec::with_capacity(channels)).collect();
    for plane in to.data.chunks_mut((height * width).max(1)) {
        for (line, row) in lines.iter_mut().zip(plane.chunks_mut(width.max(1)).skip(rows.start - first)) {
            line.push(row);
        }
    }
    ctx.map_parts(lines, |i, mut planes: Vec<&mut [f32]>| {
        let mut row = vec![0.0; width * channels];
        fetch.row(value, rows.start + i, &mut row);
        for (c, plane) in planes.iter_mut().enumerate() {
            plane.iter_mut().zip(row.iter().skip(c).step_by(channels)).for_each(|(to, from)| *to = *from);
        }
    });
}
