//! Which rows of which result are made when, and how many of them are kept.
//!
//! Results are made a few rows at a time, from the input to the output and over again: what was made last is still in the
//! processor's caches when it is read, and only the rows that somebody still needs are in memory. An operation that looks at
//! the whole of a result makes everything before it whole first.

use std::ops::Range;

use unband_nets::{Graph, Op, Shape};

use super::fetch;
use super::plan::{Core, Plan};
use super::ring::Spec;
use super::rows;
use super::slots::{Life, Slots};

/// Some rows of a step's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Number of the step.
    pub step: usize,
    /// Its rows.
    pub rows: Range<usize>,
    /// Values of which nobody needs anything after it.
    pub dropped: Vec<usize>,
    /// Of an output's: rows of inputs that lie elsewhere from which on something is read after it.
    pub read_from: usize,
    /// Of an output's: rows that were made of inputs whose rows are made.
    pub made: usize,
}

/// What an image's size makes of a plan.
#[derive(Debug)]
pub struct Schedule {
    pub turns: Vec<Turn>,
    /// Per value; no rows where it is not kept.
    pub rings: Vec<Spec>,
    /// Where they lie.
    pub slots: Slots,
}

/// What the engine knows of its kernels.
pub trait Kernels {
    /// Rows of a step's result are made up to a multiple of the first number less the second.
    fn granule(&self, step: usize) -> (usize, usize);
    /// Samples before a row of a step's first input and floats from there on that its kernel reads in place.
    fn margin(&self, step: usize, from: Shape, made: Shape) -> (usize, usize);
    /// Does a step's kernel read the parts of its first input where they lie?
    fn in_parts(&self, step: usize) -> bool;
}

/// A value that a step reads, and the operations on the way to it: nodes, and which of their inputs.
struct Read {
    value: usize,
    way: Vec<(usize, usize)>,
    /// The step makes all at once of all at once.
    whole: bool,
}

struct Draft<'a> {
    graph: &'a Graph,
    shapes: &'a [Shape],
    plan: &'a Plan,
    kernels: &'a dyn Kernels,
    reads: Vec<Vec<Read>>,
    /// Per step, what it reads of inputs that lie elsewhere.
    looks: Vec<Vec<Read>>,
    /// Per value, who makes it.
    maker: Vec<Option<usize>>,
    /// Per value, who reads it: step, and which of its reads.
    readers: Vec<Vec<(usize, usize)>>,
    /// Per step, rows made so far.
    made: Vec<usize>,
    rings: Vec<Spec>,
    turns: Vec<Turn>,
}

impl Schedule {
    /// With the rows of the image in so many parts.
    pub fn new(graph: &Graph, shapes: &[Shape], plan: &Plan, kernels: &dyn Kernels, waves: usize) -> Self {
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
            let mut seen =
                Seen { graph, plan, whole: step.kind == Core::Whole, kept: Vec::new(), given: Vec::new() };
            for (value, first) in step.reads(graph) {
                seen.trace(value, first.into_iter().collect());
            }
            let Seen { kept: all, given, .. } = seen;
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
            rows::needed(&self.graph.nodes[node].op, input, self.shapes[from], self.shapes[node], rows)
        });
        needed.start.min(all.end)..needed.end.min(all.end)
    }

    /// Makes what some step needs whole before its first row, row by row as well.
    fn whole_first(&mut self, outputs: &[usize], waves: usize) {
        let wanted = self.before(outputs);
        for step in (0..self.plan.steps.len()).filter(|&step| wanted[step]) {
            let whole = |read: &&Read| self.needed(read, 0..1).len() == self.shapes[read.value].height;
            let makers = self.reads[step].iter().filter(whole).filter_map(|read| self.maker[read.value]);
            self.make(&makers.collect::<Vec<_>>(), waves);
        }
    }

    /// Per step: is it one of these, or does one of them depend on it?
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

    /// Makes steps to their ends: in every wave each step before them makes its share of rows, or what it can.
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
                    // Nothing holds these back, and their granules are large: no more than the others have come to.
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
            assert!(held || self.turns.len() > turns, "no step can go on");
        }
    }

    /// Does nobody need more of its result? A pool leaves out last rows that do not fill its kernel.
    fn is_read_out(&self, step: usize) -> bool {
        let step = &self.plan.steps[step];
        !matches!(step.kind, Core::Output(_)) && self.lowest(step.out).is_none()
    }

    /// The row up to which a step can be made, no more than `share` rows further and what its granule adds.
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

    /// The first row of an input that lies elsewhere that somebody has yet to read.
    fn read_from(&self) -> usize {
        let open = (0..self.made.len()).filter(|&step| self.made[step] < self.height(step));
        let rows = |step: usize| self.made[step]..self.made[step] + 1;
        open.flat_map(|step| self.looks[step].iter().map(move |read| (step, read)))
            .map(|(step, read)| self.needed(read, rows(step)).start)
            .min()
            .unwrap_or(usize::MAX)
    }

    /// Rows that have been made of all inputs whose rows are made.
    fn given(&self) -> usize {
        let is_given = |&step: &usize| matches!(self.plan.steps[step].kind, Core::Given(_));
        (0..self.made.len()).filter(is_given).map(|step| self.made[step]).min().unwrap_or(usize::MAX)
    }

    /// The first row of a value that somebody has yet to read.
    fn lowest(&self, value: usize) -> Option<usize> {
        let open = self.readers[value].iter().filter(|(step, _)| self.made[*step] < self.height(*step));
        open.map(|&(step, i)| self.needed(&self.reads[step][i], self.made[step]..self.made[step] + 1).start)
            .min()
    }

    /// Zeroes on both sides for those that read rows where they lie.
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

    /// Memory of the rings.
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

/// What a step reads.
struct Seen<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    whole: bool,
    /// Of kept values.
    kept: Vec<Read>,
    /// Of images among the inputs that are not kept.
    given: Vec<Read>,
}

impl Seen<'_> {
    /// The kept values behind one that may only be fetched.
    fn trace(&mut self, value: usize, way: Vec<(usize, usize)>) {
        let node = &self.graph.nodes[value];
        if self.plan.kept[value] {
            return self.kept.push(Read { value, way, whole: self.whole });
        }
        if let Op::Input(number) = node.op {
            if !self.graph.inputs[number].point {
                self.given.push(Read { value, way, whole: self.whole });
            }
            return;
        }
        for (input, from) in node.inputs.iter().enumerate() {
            if rows::lends_size(&node.op, input) {
                continue;
            }
            let mut way = way.clone();
            way.push((value, input));
            self.trace(from.index(), way);
        }
    }
}
