//! Inference engine: a graph divided into steps that are computed in strips of rows.
//!
//! Samples are stored row by row, in a row sample by sample, in a sample channel by channel. A step is a core
//! (a convolution, or nothing) and the sample-wise operations fused to it. Operations that only rearrange
//! samples are done while rows are fetched. The steps alternate from the top of the image to its bottom, and
//! store only rows that are still needed (schedule.rs).

mod accelerated;
mod fetch;
mod given;
mod in_place;
mod layer;
mod plan;
mod ring;
mod rows;
mod run;
mod schedule;
mod scratch;
mod slots;
mod staged;
mod strip;
mod tiles;
mod whole;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use unband_image::{Context, SparePool};
use unband_nets::state::Weights;
use unband_nets::{Convention, Graph, ParamId, Shape};
use unband_simd::{Level, Precision};

use crate::map::Map;
use crate::{Mode, RunError};
use fetch::Fetch;
pub(crate) use given::{Given, Lines, MADE_ROWS, Make};
use layer::{Execution, Kernel};
use plan::{Core, Plan, Step};
use ring::Ring;
pub(crate) use run::{Ready, Run};
use schedule::{Kernels, Schedule};
use slots::Memory;
use strip::Strip;

/// A network with its weights, packed for a processor.
pub struct Engine {
    /// Unique in the process, so that an accelerator loads a network once.
    id: u64,
    graph: Graph,
    weights: Weights,
    level: Level,
    convention: Convention,
    /// By node, for nodes with a kernel.
    kernels: HashMap<usize, Box<dyn Kernel>>,
    /// By node, for operations with a scale or offset per channel.
    per_channel: HashMap<usize, in_place::PerChannel>,
    /// Preparation of the last run.
    last: Mutex<Option<(Key, Arc<Prepared>)>>,
    /// Side of the largest windows that fit an accelerator's memory, as far as known.
    window_side: AtomicUsize,
    /// Whether an accelerator refused the network.
    refused: AtomicBool,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

impl Engine {
    /// Packs the weights for a processor's instruction set.
    pub fn new(graph: Graph, weights: Weights, level: Level) -> Self {
        Self::with_precision(graph, weights, level, Precision::F32)
    }

    /// As [`new`](Self::new); the products of Winograd convolutions have that precision if the processor
    /// supports it.
    pub fn with_precision(graph: Graph, weights: Weights, level: Level, precision: Precision) -> Self {
        let (mut kernels, mut per_channel) = (HashMap::new(), HashMap::new());
        for (i, node) in graph.nodes.iter().enumerate() {
            match Execution::new(&node.op, Mode::default()) {
                Execution::Kernel(op) => {
                    kernels.insert(i, op.kernel(node, &weights, level, precision));
                }
                Execution::InPlace(op) => per_channel.extend(op.per_channel(&weights).map(|each| (i, each))),
                Execution::Input | Execution::Fetched(_) | Execution::Whole(_) => {}
            }
        }
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            graph,
            weights,
            level,
            convention: Convention::default(),
            kernels,
            per_channel,
            last: Mutex::default(),
            window_side: AtomicUsize::new(usize::MAX),
            refused: AtomicBool::new(false),
        }
    }

    /// With the convention of its weights, which callers apply: [`run`](Self::run) passes values as they are.
    #[must_use]
    pub fn with_convention(self, convention: Convention) -> Self {
        Self { convention, ..self }
    }

    /// How images are passed to the network.
    pub fn convention(&self) -> Convention {
        self.convention
    }

    /// The network.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Radius, in input samples, on which a sample of the image depends down to the last bit. It exceeds
    /// [`Graph::receptive_radius`], because several samples are computed together. `None` for the whole
    /// image.
    pub(crate) fn exact_radius(&self) -> Option<usize> {
        self.graph.radius_by(|i, op| {
            let reach = op.reach();
            let own = self.kernels.get(&i).map_or(0.0, |kernel| kernel.radius());
            unband_nets::shape::Reach { radius: reach.radius.max(own), ..reach }
        })
    }

    /// Windows begin at multiples of this, in columns and rows, so that samples are computed in the same
    /// tiles as in the whole image: tiles of the coarsest samples.
    pub(crate) fn align(&self) -> usize {
        let tile = self.kernels.values().map(|kernel| kernel.tile()).max().unwrap_or(1);
        let coarsest = self.graph.coarsest_step().max(self.graph.size_multiple().unwrap_or(1));
        tile * coarsest.next_power_of_two()
    }

    /// Peak memory of results in bytes while it runs, including its outputs, excluding inputs and weights.
    ///
    /// # Errors
    /// Sizes that do not fit.
    pub(crate) fn peak_bytes(
        &self,
        height: usize,
        width: usize,
        mode: Mode,
        threads: usize,
    ) -> Result<usize, RunError> {
        let prepared = self.prepared(height, width, mode, threads, &[])?;
        let outputs = self.graph.outputs.iter().map(|(_, value)| prepared.shapes[value.index()].len());
        Ok(prepared.kept_bytes() + 4 * outputs.sum::<usize>())
    }

    /// Memory in bytes that a run of [`begin`](Self::begin) holds: rows of results, and rows of generated
    /// inputs, given by their indices.
    ///
    /// # Errors
    /// Sizes that do not fit.
    pub(crate) fn kept_bytes(
        &self,
        height: usize,
        width: usize,
        mode: Mode,
        threads: usize,
        made: &[usize],
    ) -> Result<usize, RunError> {
        Ok(self.prepared(height, width, mode, threads, made)?.kept_bytes())
    }

    /// Runs the network: takes inputs in the graph's order, returns its outputs in its order. The result does
    /// not depend on the number of threads or on the assignment of rows to them. An accelerator of the
    /// context computes the same up to the order of sums.
    ///
    /// # Errors
    /// Inputs with other channels, sizes that do not fit, and cancellation.
    pub fn run(&self, inputs: &[Map<f32>], mode: Mode, ctx: &Context<'_>) -> Result<Vec<Map<f32>>, RunError> {
        if let Some(outputs) = self.accelerated(inputs, mode, ctx)? {
            return Ok(outputs);
        }
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

    /// Begins a run that returns its outputs in strips of rows.
    ///
    /// # Errors
    /// Inputs with other channels, and sizes that do not fit.
    pub fn begin(&self, inputs: &[Given<'_>], mode: Mode, threads: usize) -> Result<Run<'_>, RunError> {
        let shapes: Vec<Shape> = inputs.iter().map(Given::shape).collect();
        let (height, width) = crate::run::check(&self.graph, &shapes)?;
        let made = (0..inputs.len()).filter(|&i| matches!(inputs[i], Given::Made(_)));
        let prepared = self.prepared(height, width, mode, threads, &made.collect::<Vec<_>>())?;
        Ok(Run::new(self, prepared, mode))
    }

    /// Plan and schedule. The last ones are cached, as windows of an image have one size.
    fn prepared(
        &self,
        height: usize,
        width: usize,
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
        let plan = Plan::new(&self.graph, &shapes, mode, made);
        let kernels = EngineKernels { engine: self, plan: &plan };
        let schedule = self.schedule(&shapes, &plan, &kernels, height, threads);
        let done = self.done(&shapes, &plan, &schedule);
        let prepared = Arc::new(Prepared { shapes, plan, schedule, done, spare: SparePool::default() });
        *last = Some((key, Arc::clone(&prepared)));
        Ok(prepared)
    }

    /// Approximate work of a step: multiply-adds and samples.
    fn work(&self, shapes: &[Shape], step: &Step) -> f64 {
        let node = &self.graph.nodes[step.core];
        let inputs: Vec<Shape> = node.inputs.iter().map(|v| shapes[v.index()]).collect();
        let adds = match step.kind {
            Core::Output(_) | Core::Given(_) => 0.0,
            _ => node.op.multiply_adds(&inputs, shapes[step.core]) as f64,
        };
        adds + 8.0 * shapes[step.out].len() as f64
    }

    /// For each turn, the completed share of [`WHOLE`].
    fn done(&self, shapes: &[Shape], plan: &Plan, schedule: &Schedule) -> Vec<usize> {
        let row = |step: &Step| self.work(shapes, step) / shapes[step.out].height.max(1) as f64;
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

    /// The order of rows. With several threads a turn is long enough that each has rows of nearly every
    /// result, where that takes little more memory.
    fn schedule(
        &self,
        shapes: &[Shape],
        plan: &Plan,
        kernels: &EngineKernels<'_>,
        height: usize,
        threads: usize,
    ) -> Schedule {
        let waves = |rows: usize| height.div_ceil(rows * threads.max(1)).max(1);
        let in_waves = |waves: usize| Schedule::new(&self.graph, shapes, plan, kernels, waves);
        let mut rows = self.rows(shapes, height);
        let mut schedule = in_waves(waves(rows));
        let most = if threads > 1 { self.shared_rows(shapes, plan, height) } else { rows };
        let allowed = schedule.slots.total() as f64 * MORE_MEMORY;
        while rows < most && waves(rows) > 1 {
            rows = most.min(2 * rows);
            let longer = in_waves(waves(rows));
            if longer.slots.total() as f64 > allowed {
                break;
            }
            schedule = longer;
        }
        schedule
    }

    /// Rows of the image per thread and turn. At least one row of the coarsest result, so that none is
    /// computed in vain. A few rows even in a large image, because convolutions fetch some rows twice.
    fn rows(&self, shapes: &[Shape], height: usize) -> usize {
        let widest = shapes.iter().map(|shape| 4 * shape.len() / height.max(1)).max().unwrap_or(1);
        (AT_ONCE / widest.max(1)).clamp(8, 32).max(self.graph.coarsest_step().min(COARSEST))
    }

    /// Rows of the image of which the steps with 98 % of the work compute at least one granule.
    fn shared_rows(&self, shapes: &[Shape], plan: &Plan, height: usize) -> usize {
        let rows = |step: &Step| {
            let granule = self.kernels.get(&step.core).map_or(1, |kernel| kernel.granule().0);
            (granule * height).div_ceil(shapes[step.out].height.max(1))
        };
        let mut steps: Vec<(usize, f64)> =
            plan.steps.iter().map(|step| (rows(step), self.work(shapes, step))).collect();
        steps.sort_by_key(|&(rows, _)| rows);
        let enough = 0.98 * steps.iter().map(|(_, work)| work).sum::<f64>();
        let mut sum = 0.0;
        let mut reached = steps.iter().filter(|(_, work)| {
            sum += work;
            sum >= enough
        });
        reached.next().map_or(0, |&(rows, _)| rows.min(COARSEST))
    }

    /// Computes some rows of a step's result.
    fn make(&self, step: &Step, rows: Range<usize>, fetch: &Fetch<'_>, ring: &mut Ring, ctx: &Context<'_>) {
        let node = &self.graph.nodes[step.core];
        let shape = fetch.shapes[step.core];
        let done = |y: usize, row: &mut [f32]| in_place::apply(step, self, fetch, y, row);
        if let Execution::Whole(op) = Execution::new(&node.op, fetch.mode) {
            let input = whole::Whole { engine: self, fetch, value: node.inputs[0].index(), ctx };
            return op.make(&input, ring.rows_mut(rows), &done);
        }
        // Small enough to give every thread its share, large enough to fetch few rows twice; rows that are
        // computed together stay together.
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
                    kernel.strip(&strip, &mut lines, &done);
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

/// Approximate bytes of a result that a thread computes at a time: few enough to stay in a processor's caches
/// until they are read.
const AT_ONCE: usize = 4 << 20;

/// Maximum rows of the image computed at a time for the sake of a coarse result. Beyond that, memory grows
/// faster than time falls.
const COARSEST: usize = 128;

/// Memory that longer turns may take for the sake of several threads.
const MORE_MEMORY: f64 = 1.25;

/// Resolution of progress reports.
const WHOLE: usize = 1000;

/// Everything that follows from the image's size.
struct Prepared {
    shapes: Vec<Shape>,
    plan: Plan,
    schedule: Schedule,
    done: Vec<usize>,
    /// Memory of earlier runs.
    spare: SparePool<Memory>,
}

impl Prepared {
    fn kept_bytes(&self) -> usize {
        4 * self.schedule.slots.total()
    }
}

/// Cache key of [`Prepared`].
#[derive(PartialEq, Eq)]
struct Key {
    height: usize,
    width: usize,
    mode: Mode,
    threads: usize,
    /// Indices of the generated inputs.
    made: Vec<usize>,
}

/// The schedule's view of the engine's kernels.
struct EngineKernels<'a> {
    engine: &'a Engine,
    plan: &'a Plan,
}

impl EngineKernels<'_> {
    fn kernel(&self, step: usize) -> Option<&dyn Kernel> {
        self.engine.kernels.get(&self.plan.steps[step].core).map(AsRef::as_ref)
    }
}

impl Kernels for EngineKernels<'_> {
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
