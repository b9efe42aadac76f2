//! Fusion of nodes into steps, and choice of the values to store.

use unband_nets::{Graph, Op, Shape};

use super::Execution;
use crate::Mode;

/// First part of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Core {
    /// An operation with a kernel.
    Kernel,
    /// The unchanged rows of its node's first input; the node itself is the first in the chain.
    Rows,
    /// An operation that reads all of its input before it computes anything.
    Whole,
    /// Rows of the input of that index, which are generated for it.
    Given(usize),
    /// Its node's rows, assembled as other rows are while they are fetched.
    Fetched,
    /// Nothing: the value becomes the output of that index.
    Output(usize),
}

/// Nodes that are computed together.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Its first node.
    pub core: usize,
    /// Kind of its core.
    pub kind: Core,
    /// Fused sample-wise operations: the node, and which of its inputs is the step's own row.
    pub chain: Vec<(usize, usize)>,
    /// The node whose result is stored.
    pub out: usize,
}

/// Steps in order.
pub(super) struct Plan {
    pub mode: Mode,
    pub steps: Vec<Step>,
    /// For each value, whether it is the result of a step.
    pub kept: Vec<bool>,
}

impl Plan {
    /// `made`: indices of the generated inputs.
    pub(super) fn new(graph: &Graph, shapes: &[Shape], mode: Mode, made: &[usize]) -> Self {
        let given = |i: usize| match graph.nodes[i].op {
            Op::Input(index) if made.contains(&index.0) => Some(index.0),
            _ => None,
        };
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
        for (i, node) in graph.nodes.iter().enumerate() {
            node.inputs.iter().for_each(|v| readers[v.index()].push(i));
        }
        let is_output = |i: usize| graph.outputs.iter().any(|(_, v)| v.index() == i);
        let mut steps: Vec<Step> = Vec::new();
        let mut taken = vec![false; graph.nodes.len()];
        for (i, node) in graph.nodes.iter().enumerate() {
            // A part of a generated input is stored separately: a late reader would keep the whole input
            // alive.
            let part = matches!(node.op, Op::Slice(_)) && given(node.inputs[0].index()).is_some();
            let alone = if part { Some(Core::Fetched) } else { given(i).map(Core::Given) };
            if let Some(kind) = alone {
                steps.push(Step { core: i, kind, chain: Vec::new(), out: i });
                continue;
            }
            let kind = match Execution::new(&node.op, mode) {
                _ if taken[i] => continue,
                Execution::Input | Execution::Fetched(_) => continue,
                Execution::Kernel(_) => Core::Kernel,
                Execution::InPlace(_) => Core::Rows,
                Execution::Whole(_) => Core::Whole,
            };
            let mut chain = Vec::new();
            if kind == Core::Rows {
                // The larger operand is the row, so that a value per channel can be the other one.
                let own = usize::from(node.inputs.len() > 1 && shapes[node.inputs[0].index()] != shapes[i]);
                chain.push((i, own));
            }
            let mut last = i;
            // Computed when this step is: everything before its core.
            while let [next] = readers[last][..] {
                let node = &graph.nodes[next];
                let own = node.inputs.iter().position(|v| v.index() == last).unwrap_or(0);
                let ready = node.inputs.iter().enumerate().all(|(k, v)| k == own || v.index() < i);
                let same = shapes[next] == shapes[last];
                let follows = matches!(Execution::new(&node.op, mode), Execution::InPlace(_));
                if is_output(last) || taken[next] || !follows || !ready || !same {
                    break;
                }
                taken[next] = true;
                chain.push((next, own));
                last = next;
            }
            steps.push(Step { core: i, kind, chain, out: last });
        }
        let mut kept = vec![false; graph.nodes.len()];
        for step in &steps {
            kept[step.out] = true;
        }
        for (number, (_, value)) in graph.outputs.iter().enumerate() {
            let value = value.index();
            steps.push(Step { core: value, kind: Core::Output(number), chain: Vec::new(), out: value });
        }
        Self { mode, steps, kept }
    }
}

impl Step {
    /// External values that it reads: the value, the node that reads it, and as which of that node's inputs.
    /// An output reads itself.
    pub(super) fn reads(&self, graph: &Graph) -> Vec<(usize, Option<(usize, usize)>)> {
        if matches!(self.kind, Core::Output(_)) {
            return vec![(self.out, None)];
        }
        let of = |node: usize| graph.nodes[node].inputs.iter().map(|v| v.index()).enumerate();
        let mut all: Vec<_> = of(self.core).map(|(k, v)| (v, Some((self.core, k)))).collect();
        for &(node, own) in self.chain.iter().filter(|(node, _)| *node != self.core) {
            all.extend(of(node).filter(|&(k, _)| k != own).map(|(k, v)| (v, Some((node, k)))));
        }
        all
    }
}
