//! Network description: a graph of operations, parameters, inputs and outputs.

use serde::{Deserialize, Serialize};

use crate::op::Op;
use crate::param::{Param, Role, StoredTensor};
use crate::shape::{Reach, Shape, ShapeError};

/// The result of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Value(pub(crate) u32);

impl Value {
    /// Index of its node in [`Graph::nodes`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Name.
    pub name: String,
    /// Number of channels.
    pub channels: usize,
    /// One sample per channel instead of an image: a time, a strength.
    pub point: bool,
}

/// One operation with its inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Operation.
    pub op: Op,
    /// Values that it reads.
    pub inputs: Vec<Value>,
    /// Channels of its result.
    pub channels: usize,
    /// Path in the state dict, for display.
    pub scope: String,
}

/// A network: nodes in an order in which they can run, each reading earlier ones.
///
/// Serialised it is complete: other programs can run it from that alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// Name.
    pub name: String,
    /// Inputs.
    pub inputs: Vec<Input>,
    /// Operations.
    pub nodes: Vec<Node>,
    /// Parameters.
    pub params: Vec<Param>,
    /// Outputs by name; the first is the image.
    pub outputs: Vec<(String, Value)>,
}

impl Graph {
    /// Number of learned parameters.
    pub fn parameter_count(&self) -> usize {
        self.params.iter().map(Param::learned).sum()
    }

    /// The tensors of its state dict.
    pub fn stored(&self) -> Vec<StoredTensor> {
        self.params.iter().flat_map(Param::stored).collect()
    }

    /// Shapes of all results for images of that size.
    ///
    /// # Errors
    /// The first operation that does not accept its inputs.
    pub fn shapes(&self, height: usize, width: usize) -> Result<Vec<Shape>, ShapeError> {
        let mut shapes: Vec<Shape> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let at = || format!("{} {} ({})", self.name, node.scope, node.op.label());
            let shape = if let Op::Input(index) = node.op {
                let input = &self.inputs[index.0];
                if input.point {
                    Shape::new(input.channels, 1, 1)
                } else {
                    Shape::new(input.channels, height, width)
                }
            } else {
                let inputs: Vec<Shape> = node.inputs.iter().map(|v| shapes[v.index()]).collect();
                node.op.shape(&inputs).map_err(|what| ShapeError { at: at(), what })?
            };
            if shape.is_empty() {
                return Err(ShapeError {
                    at: at(), what: format!("{height}×{width} gives an empty result")
                });
            }
            shapes.push(shape);
        }
        Ok(shapes)
    }

    /// Multiply-adds of convolutions, linear layers and attention for an image of that size.
    ///
    /// # Errors
    /// As [`Graph::shapes`].
    pub fn multiply_adds(&self, height: usize, width: usize) -> Result<u64, ShapeError> {
        let shapes = self.shapes(height, width)?;
        let each = self.nodes.iter().zip(&shapes).map(|(node, &out)| {
            let inputs: Vec<Shape> = node.inputs.iter().map(|v| shapes[v.index()]).collect();
            node.op.multiply_adds(&inputs, out)
        });
        Ok(each.sum())
    }

    /// Sides of images must be multiples of this; powers of two up to 1024 are tried.
    pub fn size_multiple(&self) -> Option<usize> {
        (0..=10).map(|i| 1usize << i).find(|m| {
            // Large enough for any network, and only multiples of m.
            let large = 256usize.div_ceil(*m);
            [(1, 2), (2, 1), (3, 5)]
                .iter()
                .all(|(a, b)| self.shapes(m * (large + a), m * (large + b)).is_ok())
        })
    }

    /// Scale factor: rows of the output image over those of the input image, 4 for an upscaling network of
    /// ×4. `None` if the factor is not an integer, differs for columns, if the channels differ, or without a
    /// common size.
    pub fn scale(&self) -> Option<usize> {
        let side = 64 * self.size_multiple()?;
        let shapes = self.shapes(side, side).ok()?;
        let out = shapes[self.outputs.first()?.1.index()];
        let scale = out.height / side;
        (scale > 0 && out == Shape::new(self.inputs[0].channels, scale * side, scale * side)).then_some(scale)
    }

    /// Receptive field: the number of input samples to each side that any output depends on; `None` if some
    /// operation reads its whole input.
    pub fn receptive_radius(&self) -> Option<usize> {
        self.radius_by(|_, op| op.reach())
    }

    /// The same for an executor whose operations read further than necessary.
    pub fn radius_by(&self, reach: impl Fn(usize, &Op) -> Reach) -> Option<usize> {
        let reaches = self.reaches(reach);
        let of_outputs = || self.outputs.iter().map(|(_, value)| reaches[value.index()]);
        let radius = of_outputs().map(|reach| reach.radius).fold(0.0, f64::max);
        (!of_outputs().any(|reach| reach.global)).then(|| radius.ceil() as usize)
    }

    /// Whether results depend on the division into windows, as operations use statistics of the window.
    pub fn has_window_statistics(&self) -> bool {
        self.nodes.iter().any(|node| matches!(node.op, Op::GroupNorm(_)))
    }

    /// Input samples per sample of the coarsest value.
    pub fn coarsest_step(&self) -> usize {
        self.reaches(|_, op| op.reach()).iter().fold(1.0, |most: f64, reach| most.max(reach.step)).ceil()
            as usize
    }

    /// For each value, in input samples: receptive radius, and sample size.
    fn reaches(&self, reach: impl Fn(usize, &Op) -> Reach) -> Vec<Reach> {
        let mut known: Vec<Reach> = Vec::with_capacity(self.nodes.len());
        for (i, node) in self.nodes.iter().enumerate() {
            let own = reach(i, &node.op);
            let of = |v: &Value| known[v.index()];
            let inputs: Vec<Reach> = node.inputs.iter().map(of).collect();
            let radius = inputs.iter().fold(0.0f64, |r, x| r.max(x.radius + own.radius * x.step));
            let step = inputs.get(node.op.definition().size_input()).map_or(1.0, |x| x.step) * own.step;
            let global = own.global || inputs.iter().any(|x| x.global);
            known.push(Reach { radius, step, global });
        }
        known
    }

    /// Peak memory of 32-bit results, in bytes, when each is dropped after its last use.
    ///
    /// # Errors
    /// As [`Graph::shapes`].
    pub fn peak_bytes(&self, height: usize, width: usize) -> Result<usize, ShapeError> {
        let shapes = self.shapes(height, width)?;
        let last = self.last_uses();
        let (mut live, mut peak) = (0usize, 0usize);
        for (i, shape) in shapes.iter().enumerate() {
            live += 4 * shape.len();
            peak = peak.max(live);
            for (j, &at) in last.iter().enumerate().take(i + 1) {
                live -= if at == i { 4 * shapes[j].len() } else { 0 };
            }
        }
        Ok(peak)
    }

    /// For each value, the index of the last node that reads it; outputs live to the end.
    pub fn last_uses(&self) -> Vec<usize> {
        let mut last: Vec<usize> = (0..self.nodes.len()).collect();
        for (i, node) in self.nodes.iter().enumerate() {
            for value in &node.inputs {
                last[value.index()] = i;
            }
        }
        for (_, value) in &self.outputs {
            last[value.index()] = usize::MAX;
        }
        last
    }

    /// Parameters that no operation reads.
    pub fn unused(&self) -> Vec<&Param> {
        let mut used = vec![false; self.params.len()];
        for node in &self.nodes {
            for id in node.op.params() {
                used[id.index()] = true;
            }
        }
        let kept = |(p, used): (&'_ Param, bool)| !used && !matches!(p.role, Role::Integer);
        self.params.iter().zip(used).filter(|&(p, used)| kept((p, used))).map(|(p, _)| p).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::pool::MaxPool;
    use crate::{Net, Value};

    fn pooled(net: &mut Net, x: Value, times: usize) -> Value {
        (0..times).fold(x, |x, _| net.max_pool(x, MaxPool { kernel: 2, stride: 2, ceil: false }))
    }

    #[test]
    fn a_network_that_needs_large_images_takes_odd_sides() {
        let mut net = Net::new("mine");
        let image = net.input("image", 3);
        let out = pooled(&mut net, image, 5);
        let graph = net.finish(&[("image", out)]).unwrap();
        assert!(graph.shapes(31, 31).is_err());
        assert_eq!(graph.size_multiple(), Some(1));
    }

    #[test]
    fn the_multiple_is_that_of_the_coarsest_level() {
        let mut net = Net::new("mine");
        let image = net.input("image", 3);
        let small = pooled(&mut net, image, 2);
        let large = net.upsample_nearest(small, 4);
        let out = net.add(large, image);
        let graph = net.finish(&[("image", out)]).unwrap();
        assert_eq!(graph.size_multiple(), Some(4));
    }

    #[test]
    fn the_output_that_looks_furthest_counts() {
        let mut net = Net::new("mine");
        let image = net.input("image", 3);
        let near = net.conv3x3("near", image, 3);
        let far = net.conv3x3("far", near, 3);
        let graph = net.finish(&[("near", near), ("far", far)]).unwrap();
        assert_eq!(graph.receptive_radius(), Some(2));
    }
}
