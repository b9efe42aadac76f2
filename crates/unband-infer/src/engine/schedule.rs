//! Row scheduling: the order in which rows of results are computed, and the number of rows stored.
//!
//! Results are computed a few rows at a time, from input to output, repeatedly. A row is still in the
//! processor's caches when it is read, and memory holds only rows that are still needed. An operation that
//! reads the whole of a result first computes everything before it completely.

use std::ops::Range;

use unband_nets::{Graph, Op, Shape};

use super::Execution;
use super::fetch;
use super::plan::{Core, Plan};
use super::ring::Spec;
use super::slots::{Life, Slots};

/// A batch of rows of one step's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// Index of the step.
    pub step: usize,
    /// Its rows.
    pub rows: Range<usize>,
    /// Values that are no longer needed after it.
    pub dropped: Vec<usize>,
    /// For an output: first row of the caller's inputs that is read after it.
    pub read_from: usize,
    /// For an output: number of rows generated for the generated inputs.
    pub made: usize,
}

/// The schedule of a plan for an image's size.
#[derive(Debug)]
pub(super) struct Schedule {
    pub turns: Vec<Turn>,
    /// Size of each value's ring buffer; no rows if it is not stored.
    pub rings: Vec<Spec>,
    /// Memory slots of the ring buffers.
    pub slots: Slots,
}

/// Properties of the engine's kernels.
pub(super) trait Kernels {
    /// Granule of rows: a step's result is computed up to a multiple of the first number, minus the second.
    fn granule(&self, step: usize) -> (usize, usize);
    /// Padding samples before a row of a step's first input, and floats from there on that its kernel reads
    /// in place.
    fn margin(&self, step: usize, from: Shape, made: Shape) -> (usize, usize);
    /// Whether a step's kernel reads the parts of its first input in place.
    fn in_parts(&self, step: usize) -> bool;
}

/// A value that a step reads, and the operations on the path to it: nodes, and which of their inputs.
struct Read {
    value: usize,
    way: Vec<(usize, usize)>,
    /// Whether the step reads all rows to compute all rows at once.
    whole: bool,
}

struct Draft<'a> {
    graph: &'a Graph,
    shapes: &'a [Shape],
    plan: &'a Plan,
    kernels: &'a dyn Kernels,
    reads: Vec<Vec<Read>>,
    /// For each step, its reads of the caller's inputs.
    looks: Vec<Vec<Read>>,
    /// For each value, the step that computes it.
    maker: Vec<Option<usize>>,
    /// For each value, its readers: step, and which of its reads.
    readers: Vec<Vec<(usize, usize)>>,
    /// For each step, number of rows computed so far.
    made: Vec<usize>,
    rings: Vec<Spec>,
    turns: Vec<Turn>,
}

impl Schedule {
    /// Builds a schedule with the rows of the image in `waves` parts.
    pub(super) fn new(
        graph: &Graph,
        shapes: &[Shape],
        plan: &Plan,
        kernels: &dyn Kernels,
        waves: usize,
    ) -> Self {
        let mut draft = Draft::new(graph, shapes, plan, kernels);
        let outputs: Vec<usize> =
            (0..plan.steps.len()).filter(|&s| matches!(plan.steps[s].kind, Core::Output(_))).collect();
        draft.whole_first(&outputs, waves);
        draft.make(&outputs, waves);
        draft.margins();
        let slots = draft.slots();
        Self { turns: draft.turns, rings: draft.rings, slots }
    }
}

impl<'a> Draft<'a> {
    fn new(graph: &'a Graph, shapes: &'a [Shape], plan: &'a Plan, kernels: &'a dyn Kernels) -> Self {
        let values = graph.nodes.len();
        let mut maker = vec![None; values];
        let mut readers = vec![Vec::new(); values];
        let (mut reads, mut looks) = (Vec::new(), Vec::new());
        for (number, step) in plan.steps.iter().enumerate() {
            if !matches!(step.kind, Core::Output(_)) {
                maker[step.out] = Some(number);
            }
            let mut seen = StepReads {
                graph,
                plan,
                whole: step.kind == Core::Whole,
                kept: Vec::new(),
                given: Vec::new(),
            };
            for (value, first) in step.reads(graph) {
                seen.trace(value, first.into_iter().collect());
            }
            let StepReads { kept: all, given, .. } = seen;
            for (i, read) in all.iter().enumerate() {
                readers[read.value].push((number, i));
            }
            reads.push(all);
            looks.push(given);
        }
        let made = vec![0; plan.steps.len()];
        let rings = vec![Spec::default(); values];
        Self { graph, shapes, plan, kernels, reads, looks, maker, readers, made, rings, turns: Vec::new() }
    }

    fn height(&self, step: usize) -> usize {
        self.shapes[self.plan.steps[step].out].height
    }

    /// Rows of a read's value for rows of the step.
    fn needed(&self, read: &Read, rows: Range<usize>) -> Range<usize> {
        let all = 0..self.shapes[read.value].height;
        if read.whole {
            return all;
        }
        let needed = read.way.iter().fold(rows, |rows, &(node, input)| {
            let from = self.graph.nodes[node].inputs[input].index();
            let op = Execution::new(&self.graph.nodes[node].op, self.plan.mode);
            op.needed(input, self.shapes[from], self.shapes[node], rows)
        });
        needed.start.min(all.end)..needed.end.min(all.end)
    }

    /// Computes values that some step needs whole before its first row, row by row as well.
    fn whole_first(&mut self, outputs: &[usize], waves: usize) {
        let wanted = self.before(outputs);
        for step in (0..self.plan.steps.len()).filter(|&step| wanted[step]) {
            let whole = |read: &&Read| self.needed(read, 0..1).len() == self.shapes[read.value].height;
            let makers = self.reads[step].iter().filter(whole).filter_map(|read| self.maker[read.value]);
            self.make(&makers.collect::<Vec<_>>(), waves);
        }
    }

    /// For each step, whether it is one of these, or whether one of them depends on it.
    fn before(&self, steps: &[usize]) -> Vec<bool> {
        let mut before = vec![false; self.plan.steps.len()];
        for &step in steps {
            before[step] = true;
        }
        for step in (0..before.len()).rev() {
            if before[step] {
                for maker in self.reads[step].iter().filter_map(|read| self.maker[read.value]) {
                    before[maker] = true;
                }
            }
        }
        before
    }

    /// Computes steps to their ends: in every wave, each step before them computes its share of rows, or as
    /// many as possible.
    fn make(&mut self, steps: &[usize], waves: usize) {
        let before = self.before(steps);
        let mut wave = 0;
        while steps.iter().any(|&step| self.made[step] < self.height(step)) {
            let (turns, mut held) = (self.turns.len(), false);
            for step in (0..before.len()).filter(|&step| before[step]) {
                if self.is_read_out(step) {
                    self.made[step] = self.height(step);
                    continue;
                }
                let share = self.height(step).div_ceil(waves);
                let share = match self.plan.steps[step].kind {
                    // These have no prerequisites and large granules: they must not get ahead of the others.
                    Core::Given(_) => (share * (wave + 1)).saturating_sub(self.made[step]),
                    _ => share,
                };
                held |= share == 0;
                let until = if share == 0 { 0 } else { self.possible(step, share) };
                if until > self.made[step] {
                    self.turn(step, until);
                }
            }
            wave += 1;
            assert!(held || self.turns.len() > turns, "no step can proceed");
        }
    }

    /// Whether no reader needs more of its result. Pooling skips last rows that do not fill its kernel.
    fn is_read_out(&self, step: usize) -> bool {
        let step = &self.plan.steps[step];
        !matches!(step.kind, Core::Output(_)) && self.lowest(step.out).is_none()
    }

    /// The row up to which a step can be computed: at most `share` rows further, rounded up to its granule.
    fn possible(&self, step: usize, share: usize) -> usize {
        let (made, height) = (self.made[step], self.height(step));
        let (granule, less) = match self.plan.steps[step].kind {
            Core::Whole => (height, 0),
            _ => self.kernels.granule(step),
        };
        let down = |until: usize| ((until + less) / granule * granule).saturating_sub(less);
        let ready = |until: usize| {
            self.reads[step].iter().all(|read| {
                let end = self.needed(read, made..until).end;
                self.maker[read.value].is_none_or(|maker| end <= self.made[maker])
            })
        };
        let most = ((made + share + less).next_multiple_of(granule) - less).min(height);
        if most <= made || ready(most) {
            return most;
        }
        let (mut can, mut cannot) = (made, most);
        while cannot - can > 1 {
            let middle = usize::midpoint(can, cannot);
            if ready(middle) { can = middle } else { cannot = middle }
        }
        down(can).max(made)
    }

    fn turn(&mut self, step: usize, until: usize) {
        let value = self.plan.steps[step].out;
        let is_output = matches!(self.plan.steps[step].kind, Core::Output(_));
        if !is_output {
            let kept = until - self.lowest(value).unwrap_or(until).min(self.made[step]);
            self.rings[value].rows = self.rings[value].rows.max(kept);
        }
        let rows = self.made[step]..until;
        self.made[step] = until;
        let mut read: Vec<usize> = self.reads[step].iter().map(|read| read.value).collect();
        read.sort_unstable();
        read.dedup();
        read.retain(|&value| self.maker[value].is_some() && self.lowest(value).is_none());
        let (read_from, made) = if is_output { (self.read_from(), self.given()) } else { (0, 0) };
        self.turns.push(Turn { step, rows, dropped: read, read_from, made });
    }

    /// The first row of the caller's inputs that is yet to be read.
    fn read_from(&self) -> usize {
        let open = (0..self.made.len()).filter(|&step| self.made[step] < self.height(step));
        let rows = |step: usize| self.made[step]..self.made[step] + 1;
        open.flat_map(|step| self.looks[step].iter().map(move |read| (step, read)))
            .map(|(step, read)| self.needed(read, rows(step)).start)
            .min()
            .unwrap_or(usize::MAX)
    }

    /// Number of rows generated for all generated inputs.
    fn given(&self) -> usize {
        let is_given = |&step: &usize| matches!(self.plan.steps[step].kind, Core::Given(_));
        (0..self.made.len()).filter(is_given).map(|step| self.made[step]).min().unwrap_or(usize::MAX)
    }

    /// The first row of a value that is yet to be read.
    fn lowest(&self, value: usize) -> Option<usize> {
        let open = self.readers[value].iter().filter(|(step, _)| self.made[*step] < self.height(*step));
        open.map(|&(step, i)| self.needed(&self.reads[step][i], self.made[step]..self.made[step] + 1).start)
            .min()
    }

    /// Sets the padding on both sides for kernels that read rows in place.
    fn margins(&mut self) {
        for (number, step) in self.plan.steps.iter().enumerate() {
            let Some(from) = self.graph.nodes[step.core].inputs.first().map(|v| v.index()) else { continue };
            if step.kind != Core::Kernel {
                continue;
            }
            let kept = |value: usize| self.rings[value].rows > 0;
            let parts = if self.kernels.in_parts(number) {
                fetch::parts(self.graph, self.shapes, kept, from).iter().map(|part| part.value).collect()
            } else {
                vec![from]
            };
            for value in parts {
                let shape = self.shapes[value];
                let (left, floats) = self.kernels.margin(number, shape, self.shapes[step.core]);
                let right = floats.div_ceil(shape.channels.max(1)).saturating_sub(left + shape.width);
                let ring = &mut self.rings[value];
                if ring.rows > 0 {
                    (ring.left, ring.right) = (ring.left.max(left), ring.right.max(right));
                }
            }
        }
    }

    /// Memory slots of the ring buffers.
    fn slots(&self) -> Slots {
        let last = self.turns.len();
        let floats = |value: usize| self.rings[value].floats(self.shapes[value]);
        let mut lives: Vec<Life> =
            (0..self.rings.len()).map(|value| Life { floats: floats(value), turns: last..=last }).collect();
        for (number, turn) in self.turns.iter().enumerate() {
            let step = &self.plan.steps[turn.step];
            if turn.rows.start == 0 && !matches!(step.kind, Core::Output(_)) {
                lives[step.out].turns = number..=last;
            }
            for &value in &turn.dropped {
                lives[value].turns = *lives[value].turns.start()..=number;
            }
        }
        Slots::plan(&lives)
    }
}

/// Reads of a step.
struct StepReads<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    whole: bool,
    /// Reads of stored values.
    kept: Vec<Read>,
    /// Reads of the caller's inputs, which are not stored.
    given: Vec<Read>,
}

impl StepReads<'_> {
    /// Finds the stored values from which a value is fetched.
    fn trace(&mut self, value: usize, way: Vec<(usize, usize)>) {
        let node = &self.graph.nodes[value];
        if self.plan.kept[value] {
            return self.kept.push(Read { value, way, whole: self.whole });
        }
        if let Op::Input(index) = node.op {
            if !self.graph.inputs[index.0].point {
                self.given.push(Read { value, way, whole: self.whole });
            }
            return;
        }
        let sizes =
            matches!(Execution::new(&node.op, self.plan.mode), Execution::Fetched(op) if op.lends_size());
        for (input, from) in node.inputs.iter().enumerate().take(if sizes { 1 } else { usize::MAX }) {
            let mut way = way.clone();
            way.push((value, input));
            self.trace(from.index(), way);
        }
    }
}
