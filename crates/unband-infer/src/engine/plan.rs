//! Which nodes are made together, and which are never made.

use unband_nets::{Graph, Op, Shape};

use super::rows;
use crate::Mode;

/// What a step begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    /// What has a kernel (kernel.rs).
    Kernel,
    /// The rows of its node's first input, as they are; the node itself is the first of what follows.
    Rows,
    /// What looks at all of its input before it makes anything (whole.rs).
    Whole,
    /// Rows of the input of that number, which are made for it.
    Given(usize),
    /// Its node's rows, put together as others are while they are fetched.
    Fetched,
    /// Nothing: the value becomes the output of that number.
    Output(usize),
}

/// Nodes that are made together.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its first node.
    pub core: usize,
    /// What that is.
    pub kind: Core,
    /// Nodes that follow sample by sample: the node, and which of its inputs is the step's own row.
    pub chain: Vec<(usize, usize)>,
    /// The node whose result is kept.
    pub out: usize,
}

/// Steps in order.
pub struct Plan {
    pub steps: Vec<Step>,
    /// Per value: is it the result of a step?
    pub kept: Vec<bool>,
}

impl Plan {
    /// `made`: numbers of the inputs whose rows are made. `has_kernel` of a node's place.
    pub fn new(
        graph: &Graph,
        shapes: &[Shape],
        mode: Mode,
        made: &[usize],
        has_kernel: impl Fn(usize) -> bool,
    ) -> Self {
        let given = |i: usize| match graph.nodes[i].op {
            Op::Input(n) if made.contains(&n) => Some(n),
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
            // A part of what is made is kept by itself: whoever reads it late would keep all of that.
            let part = matches!(node.op, Op::Slice(_)) && given(node.inputs[0].index()).is_some();
            let alone = if part { Some(Core::Fetched) } else { given(i).map(Core::Given) };
            if let Some(kind) = alone {
                steps.push(Step { core: i, kind, chain: Vec::new(), out: i });
                continue;
            }
            if taken[i] || matches!(node.op, Op::Input(_)) || is_fetched(&node.op, mode) {
                continue;
            }
            let kind = if has_kernel(i) {
                Core::Kernel
            } else if follows(&node.op, mode) {
                Core::Rows
            } else {
                Core::Whole
            };
            let mut chain = Vec::new();
            if kind == Core::Rows {
                // The larger operand is the row, so that a value per channel can be the other one.
                let own = usize::from(node.inputs.len() > 1 && shapes[node.inputs[0].index()] != shapes[i]);
                chain.push((i, own));
            }
            let mut last = i;
            // Made when this step is: everything before its core.
            while let [next] = readers[last][..] {
                let node = &graph.nodes[next];
                let own = node.inputs.iter().position(|v| v.index() == last).unwrap_or(0);
                let ready = node.inputs.iter().enumerate().all(|(k, v)| k == own || v.index() < i);
                let same = shapes[next] == shapes[last];
                if is_output(last) || taken[next] || !follows(&node.op, mode) || !ready || !same {
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
        Self { steps, kept }
    }
}

impl Step {
    /// Values that it reads, beside those it makes itself: by which node, as which of its inputs. An output reads itself.
    pub fn reads(&self, graph: &Graph) -> Vec<(usize, Option<(usize, usize)>)> {
        if matches!(self.kind, Core::Output(_)) {
            return vec![(self.out, None)];
        }
        let of = |node: usize| {
            let inputs = graph.nodes[node].inputs.iter().map(|v| v.index()).enumerate();
            inputs.filter(move |&(k, _)| !rows::lends_size(&graph.nodes[node].op, k))
        };
        let mut all: Vec<_> = of(self.core).map(|(k, v)| (v, Some((self.core, k)))).collect();
        for &(node, own) in self.chain.iter().filter(|(node, _)| *node != self.core) {
            all.extend(of(node).filter(|&(k, _)| k != own).map(|(k, v)| (v, Some((node, k)))));
        }
        all
    }
}

/// Is it done while rows are fetched?
pub fn is_fetched(op: &Op, mode: Mode) -> bool {
    match op {
        Op::Concat
        | Op::Slice(_)
        | Op::PixelShuffle(_)
        | Op::PixelUnshuffle(_)
        | Op::UpsampleNearest(_)
        | Op::BilinearLike
        | Op::Crop(_) => true,
        Op::Dropout(_) => mode.dropout.is_none(),
        _ => false,
    }
}

/// Can it be done to a row once that is made?
fn follows(op: &Op, mode: Mode) -> bool {
    match op {
        Op::Add
        | Op::Sub
        | Op::Mul
        | Op::AddScaled(_)
        | Op::Affine(_)
        | Op::Activation(_)
        | Op::LayerNorm(_)
        | Op::UnitChannels(_)
        | Op::WindowAdd(_)
        | Op::DropPath(_) => true,
        Op::BatchNorm(_) => !mode.picture_statistics,
        Op::Dropout(_) => mode.dropout.is_some(),
        _ => false,
    }
}
