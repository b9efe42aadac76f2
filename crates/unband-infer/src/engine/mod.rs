//! The quick engine: a graph cut into steps, each made some rows at a time.
//!
//! Samples lie row by row, in a row sample by sample, in a sample channel by channel. A step is a core (a convolution, or
//! nothing) and what follows it sample by sample; what only moves samples about is done while rows are fetched. The steps
//! take turns from the top of the image to its bottom, and keep only rows that are still read (schedule.rs).

mod attention;
mod conv;
mod deform;
mod epilogue;
mod fetch;
mod given;
mod kernel;
mod plan;
mod pool;
mod ring;
mod rows;
mod run;
mod schedule;
mod scratch;
mod slots;
mod tiles;
mod transposed;
mod whole;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use unband_image::Context;
use unband_nets::state::Weights;
use unband_nets::{Graph, ParamId, Shape};
use unband_simd::{Level, Precision};

use crate::map::Map;
use crate::{Mode, RunError};
use fetch::Fetch;
pub use given::{Given, Lines, MADE_ROWS, Make};
use kernel::{Kernel, Strip};
use plan::{Core, Plan, Step};
use ring::Ring;
pub use run::{Ready, Run};
use schedule::{Kernels, Schedule};
use slots::Spare;

/// A network with its weights, laid out for a processor.
pub struct Engine {
    graph: Graph,
    weights: Weights,
    level: Level,
    /// Per node, for those that have one.
    kernels: HashMap<usize, Kernel>,
    /// Per node, for what multiplies and adds per channel.
    per_channel: HashMap<usize, epilogue::PerChannel>,
    /// What the last run prepared.
    last: Mutex<Option<(Key, Arc<Prepared>)>>,
}

impl Engine {
    /// Lays the weights out for a processor's instructions.
    pub fn new(graph: Graph, weights: Weights, level: Level) -> Self {
        Self::with_precision(graph, weights, level, Precision::F32)
    }

    /// As [`new`](Self::new); products of convolutions that are filtered by Winograd's tiles are made in that precision where the
    /// processor can.
    pub fn with_precision(graph: Graph, weights: Weights, level: Level, precision: Precision) -> Self {
        let nodes = || graph.nodes.iter().enumerate();
        let kernels = nodes()
            .filter_map(|(i, node)| Some((i, Kernel::of(node, &weights, (level, precision))?)))
            .collect();
        let per_channel = nodes()
            .filter_map(|(i, node)| Some((i, epilogue::PerChannel::of(&node.op, &weights)?)))
            .collect();
        Self { graph, weights, level, kernels, per_channel, last: Mutex::default() }
    }

    /// The network.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// How far, in samples of the input, a sample of the image depends on others to the last bit; further than
    /// [`Graph::receptive_radius`], because several samples are computed together. `None` for all of the image.
    pub fn exact_radius(&self) -> Option<usize> {
        self.graph.radius_by(|i, op| {
            let reach = op.reach();
            let own = self.kernels.get(&i).map_or(0.0, Kernel::radius);
            unband_nets::op::Reach { radius: reach.radius.max(own), ..reach }
        })
    }

    /// Columns and rows whose multiples windows begin at, so that samples are computed together with the same others as in the
    /// whole image: tiles of the coarsest samples.
    pub fn align(&self) -> usize {
        let tile = self.kernels.values().map(Kernel::tile).max().unwrap_or(1);
        let coarsest = self.graph.coarsest_step().max(self.graph.size_multiple().unwrap_or(1));
        tile * coarsest.next_power_of_two()
    }

    /// Bytes of results that are kept at once, at most, while it runs, with its outputs; without inputs and weights.
    ///
    /// # Errors
    /// Sizes that do not fit.
    pub fn peak_bytes(
        &self,
        height: usize,
        width: usize,
        mode: Mode,
        threads: usize,
    ) -> Result<usize, RunError> {
        let prepared = self.prepared((height, width), mode, threads, &[])?;
        let outputs = self.graph.outputs.iter().map(|(_, value)| prepared.shapes[value.index()].len());
        Ok(prepared.kept_bytes() + 4 * outputs.sum::<usize>())
    }

    /// Bytes that [`begin`](Self::begin)'s run keeps: rows of results, and those of the inputs of these numbers, whose rows are
    /// made.
    ///
    /// # Errors
    /// Sizes that do not fit.
    pub fn kept_bytes(
        &self,
        (height, width): (usize, usize),
        mode: Mode,
        threads: usize,
        made: &[usize],
    ) -> Result<usize, RunError> {
        Ok(self.prepared((height, width), mode, threads, made)?.kept_bytes())
    }

    /// Runs it: inputs in the graph's order, then its outputs in its order. The result depends neither on the number of
    /// threads nor on how rows are spread over them.
    ///
    /// # Errors
    /// Inputs of other channels, sizes that do not fit, and the wish to stop.
    pub fn run(&self, inputs: &[Map<f32>], mode: Mode, ctx: &Context<'_>) -> Result<Vec<Map<f32>>, RunError> {
        let inputs: Vec<Given<'_>> = inputs.iter().map(Given::Map).collect();
        let mut run = self.begin(&inputs, mode, ctx.threads)?;
        let shape = |(_, value): &(String, unband_nets::Value)| run.shape(value.index());
        let mut outputs: Vec<Map<f32>> = self.graph.outputs.iter().map(shape).map(Map::zeros).collect();
        ctx.within(|| {
            while let Some(ready) = run.until_ready(&inputs, ctx)? {
                run.lay(&inputs, &ready, &mut outputs[ready.output], 0, ctx);
            }
            run.end();
            Ok(outputs)
        })
    }

    /// Begins a run that gives its outputs some rows at a time.
    ///
    /// # Errors
    /// Inputs of other channels, and sizes that do not fit.
    pub fn begin(&self, inputs: &[Given<'_>], mode: Mode, threads: usize) -> Result<Run<'_>, RunError> {
        let shapes: Vec<Shape> = inputs.iter().map(Given::shape).collect();
        let size = crate::run::check(&self.graph, &shapes)?;
        let made = (0..inputs.len()).filter(|&i| matches!(inputs[i], Given::Made(_)));
        let prepared = self.prepared(size, mode, threads, &made.collect::<Vec<_>>())?;
        Ok(Run::new(self, prepared, mode))
    }

    /// Plan and schedule; the last ones are kept, as windows of an image have one size.
    fn prepared(
        &self,
        (height, width): (usize, usize),
        mode: Mode,
        threads: usize,
        made: &[usize],
    ) -> Result<Arc<Prepared>, RunError> {
        let key = Key { height, width, mode, threads, made: made.to_vec() };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, prepared)) = last.as_ref().filter(|(known, _)| *known == key) {
            return Ok(Arc::clone(prepared));
        }
        let shapes = self.graph.shapes(height, width)?;
        let plan = Plan::new(&self.graph, &shapes, mode, made, |node| self.kernels.contains_key(&node));
        let kernels = Known { engine: self, plan: &plan };
        let waves = height.div_ceil(self.rows(&shapes, height) * threads.max(1)).max(1);
        let schedule = Schedule::new(&self.graph, &shapes, &plan, &kernels, waves);
        let done = self.done(&shapes, &plan, &schedule);
        let prepared = Arc::new(Prepared { shapes, plan, schedule, done, spare: Spare::default() });
        *last = Some((key, Arc::clone(&prepared)));
        Ok(prepared)
    }

    /// After every turn, how much of [`WHOLE`] is done, by multiply-adds and samples.
    fn done(&self, shapes: &[Shape], plan: &Plan, schedule: &Schedule) -> Vec<usize> {
        let row = |step: &Step| {
            let node = &self.graph.nodes[step.core];
            let inputs: Vec<Shape> = node.inputs.iter().map(|v| shapes[v.index()]).collect();
            let adds = match step.kind {
                Core::Output(_) | Core::Given(_) => 0.0,
                _ => node.op.cost(&inputs, shapes[step.core]).multiply_adds as f64,
            };
            (adds + 8.0 * shapes[step.out].len() as f64) / shapes[step.out].height.max(1) as f64
        };
        let rows: Vec<f64> = plan.steps.iter().map(row).collect();
        let mut sum = 0.0;
        let sums: Vec<f64> = schedule
            .turns
            .iter()
            .map(|turn| {
                sum += rows[turn.step] * turn.rows.len() as f64;
                sum
            })
            .collect();
        sums.into_iter().map(|so_far| (so_far / sum * WHOLE as f64) as usize).collect()
    }

    /// Rows of the image that a thread works on at a time: a row of the coarsest result at least, so that none is made in
    /// vain, and a few rows even of a large one, because convolutions fetch some rows twice.
    fn rows(&self, shapes: &[Shape], height: usize) -> usize {
        let widest = shapes.iter().map(|shape| 4 * shape.len() / height.max(1)).max().unwrap_or(1);
        (AT_ONCE / widest.max(1)).clamp(8, 32).max(self.graph.coarsest_step().min(COARSEST))
    }

    /// Makes some rows of a step's result.
    fn make(
        &self,
        step: &Step,
        rows: Range<usize>,
        fetch: &Fetch<'_>,
        ring: &mut Ring,
        (mode, ctx): (Mode, &Context<'_>),
    ) {
        let node = &self.graph.nodes[step.core];
        let shape = fetch.shapes[step.core];
        let done = |y: usize, row: &mut [f32]| epilogue::apply(step, self, (fetch, mode), y, row);
        if step.kind == Core::Whole {
            whole::make(self, step.core, fetch, ring.rows_mut(rows), ctx, done);
            return;
        }
        // Small enough for all threads to have their share, large enough to fetch few rows twice, and no rows that are made
        // together torn apart.
        let granule = self.kernels.get(&step.core).map_or(1, |kernel| kernel.granule().0);
        let each = if ctx.threads > 1 {
            rows.len().div_ceil(2 * ctx.threads).next_multiple_of(granule)
        } else {
            rows.len()
        };
        let mut lines = ring.rows_mut(rows.clone()).into_iter();
        let strips: Vec<Vec<&mut [f32]>> =
            (0..rows.len().div_ceil(each)).map(|_| lines.by_ref().take(each).collect()).collect();
        ctx.map_parts(strips, |strip, mut lines: Vec<&mut [f32]>| {
            let first = rows.start + strip * each;
            match (step.kind, self.kernels.get(&step.core)) {
                (Core::Kernel, Some(kernel)) => {
                    let input = node.inputs[0].index();
                    let strip = Strip { fetch, input, shape, first };
                    kernel.strip(&strip, &mut lines, done);
                }
                (Core::Fetched, _) => {
                    (first..).zip(lines).for_each(|(y, line)| fetch.row(step.core, y, line));
                }
                _ => {
                    for (y, line) in (first..).zip(lines) {
                        let own = step.chain.first().map_or(0, |&(_, own)| own);
                        fetch.row(node.inputs[own].index(), y, line);
                        done(y, line);
                    }
                }
            }
        });
    }

    fn param(&self, id: ParamId) -> &[f32] {
        self.weights.get(id)
    }
}

/// Bytes of a result that a thread makes at a time, about: few enough for a processor's caches to hold them until they are
/// read.
const AT_ONCE: usize = 4 << 20;

/// Rows of the image that are made at a time for the sake of a coarse result, at most: beyond, memory grows faster than
/// time falls.
const COARSEST: usize = 128;

/// Parts that a run is told in.
const WHOLE: usize = 1000;

/// What is known once an image's size is.
struct Prepared {
    shapes: Vec<Shape>,
    plan: Plan,
    schedule: Schedule,
    done: Vec<usize>,
    /// Memory of earlier runs.
    spare: Spare,
}

impl Prepared {
    fn kept_bytes(&self) -> usize {
        4 * self.schedule.slots.total()
    }
}

/// What it depends on.
#[derive(PartialEq, Eq)]
struct Key {
    height: usize,
    width: usize,
    mode: Mode,
    threads: usize,
    /// Numbers of the inputs whose rows are made.
    made: Vec<usize>,
}

/// The engine's kernels as the schedule sees them.
struct Known<'a> {
    engine: &'a Engine,
    plan: &'a Plan,
}

impl Known<'_> {
    fn kernel(&self, step: usize) -> Option<&Kernel> {
        self.engine.kernels.get(&self.plan.steps[step].core)
    }
}

impl Kernels for Known<'_> {
    fn granule(&self, step: usize) -> (usize, usize) {
        match self.plan.steps[step].kind {
            Core::Given(_) => (MADE_ROWS, 0),
            _ => self.kernel(step).map_or((1, 0), Kernel::granule),
        }
    }

    fn margin(&self, step: usize, from: Shape, made: Shape) -> (usize, usize) {
        self.kernel(step).map_or((0, 0), |kernel| kernel.margin(from, made))
    }

    fn in_parts(&self, step: usize) -> bool {
        self.kernel(step).is_some_and(Kernel::in_parts)
    }
}
