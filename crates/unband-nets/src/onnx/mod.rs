//! ONNX export of networks, for other runtimes.
//!
//! Each operation in `layer/` writes its own nodes. `build.rs` collects nodes and constants, `sample.rs`
//! reads at offsets, `ends.rs` has the sizes of inputs and outputs, `proto.rs` the messages of the format.
// The format uses signed integers; dimensions of data that fits into memory are far below their limit.
#![allow(clippy::cast_possible_wrap)]

mod build;
mod ends;
mod proto;
pub(crate) mod sample;

use std::collections::HashMap;
use unband_image::Hint;

use prost::Message;

use crate::Graph;
use crate::shape::ShapeError;
use crate::state::Weights;
pub(crate) use build::Builder;
pub(crate) use proto::Attribute;

/// Operator set of the files: the first with a layer normalisation, and supported by most runtimes.
pub const OPSET: i64 = 17;

/// Format version that came with it.
const IR_VERSION: i64 = 8;

/// Size limit of protocol buffers.
const MOST_BYTES: usize = i32::MAX as usize;

/// A network that cannot be exported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// It accepts few sizes, and no size was requested.
    #[error("{net} accepts few image sizes; the file must be made for one of them")]
    AnySize {
        /// The network.
        net: String,
        /// Side of the smallest accepted square.
        smallest: Option<usize>,
    },
    /// It does not accept the requested size.
    #[error("{height}×{width} rows and columns: {source}")]
    Size {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// The mismatch.
        source: ShapeError,
        /// Sides must be multiples of this.
        multiple: Option<usize>,
    },
    /// More than the format allows in one file.
    #[error("{bytes} bytes; ONNX files with embedded weights hold at most {MOST_BYTES}")]
    Large {
        /// Bytes.
        bytes: usize,
    },
}

impl Hint for OnnxError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::AnySize { smallest, .. } => smallest.map(|n| format!("add `--size {n}x{n}`")),
            Self::Size { multiple: Some(m), .. } if *m > 1 => Some(format!("sides must be multiples of {m}")),
            Self::Size { .. } | Self::Large { .. } => None,
        }
    }
}

/// The bytes of an ONNX file that computes the network with these weights.
///
/// Inputs are 32-bit floats `[batch, channels, height, width]` under the graph's names, point inputs `[batch,
/// channels, 1, 1]`. Outputs have the same form; one with the name of an input gets the suffix `_out`. Batch,
/// height and width are set at run time, or by `size` (rows, columns) with a batch of 1. Constants have the
/// names and shapes of the state dict, with weight and spectral norms folded. Batch normalisation uses
/// running statistics, dropout keeps everything. `facts` are stored as the file's metadata.
///
/// # Errors
/// A size that the network does not accept, or none where it accepts few; a file of more than 2 GiB.
///
/// ```
/// use unband_nets::state::{Weights, fill};
/// let graph = unband_nets::arch::build("adnet").unwrap().unwrap();
/// let weights = Weights::bind(&graph, &fill::of(&graph)).unwrap();
/// let bytes = unband_nets::onnx::write(&graph, &weights, None, &[]).unwrap();
/// assert!(bytes.len() > 4 * graph.parameter_count());
/// ```
pub fn write(
    graph: &Graph,
    weights: &Weights,
    size: Option<(usize, usize)>,
    facts: &[(String, String)],
) -> Result<Vec<u8>, OnnxError> {
    let model = model(graph, weights, size, facts)?;
    let bytes = model.encoded_len();
    if bytes > MOST_BYTES {
        return Err(OnnxError::Large { bytes });
    }
    Ok(model.encode_to_vec())
}

fn model(
    graph: &Graph,
    weights: &Weights,
    size: Option<(usize, usize)>,
    facts: &[(String, String)],
) -> Result<proto::Model, OnnxError> {
    let (input, output) = ends::of(graph, size)?;
    let mut builder = Builder::new(graph, weights);
    let mut values: Vec<String> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        builder.scope.clone_from(&node.scope);
        let x: Vec<&str> = node.inputs.iter().map(|value| values[value.index()].as_str()).collect();
        builder.channels = node.channels;
        values.push(node.op.definition().onnx(&mut builder, &x));
    }
    name_outputs(&mut builder, graph, &values);
    let graph = proto::Graph {
        node: builder.nodes,
        name: Some(graph.name.clone()),
        initializer: builder.constants,
        input,
        output,
    };
    let fact =
        |(key, value): &(String, String)| proto::Entry { key: Some(key.clone()), value: Some(value.clone()) };
    Ok(proto::Model {
        ir_version: Some(IR_VERSION),
        producer_name: Some("unband".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        graph: Some(graph),
        opset_import: vec![proto::OperatorSet { domain: Some(String::new()), version: Some(OPSET) }],
        metadata_props: facts.iter().map(fact).collect(),
    })
}

/// Gives the results the names of the outputs.
fn name_outputs(builder: &mut Builder<'_>, graph: &Graph, values: &[String]) {
    let mut renamed: HashMap<String, String> = HashMap::new();
    for (name, value) in &graph.outputs {
        let (name, value) = (ends::output_name(graph, name), &values[value.index()]);
        let is_input = graph.inputs.iter().any(|input| input.name == *value);
        if is_input || renamed.contains_key(value) {
            let copy = builder.op("Identity", &[value]);
            renamed.insert(copy, name);
        } else {
            renamed.insert(value.clone(), name);
        }
    }
    for node in &mut builder.nodes {
        for value in node.input.iter_mut().chain(&mut node.output) {
            if let Some(name) = renamed.get(value) {
                value.clone_from(name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
