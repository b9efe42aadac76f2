//! Builder of ONNX nodes and constants.

use std::collections::{HashMap, HashSet};

use super::proto::{Attribute, Node, Tensor};
use crate::state::Weights;
use crate::{Graph, ParamId};

/// Collects nodes and constants. Values are referenced by name.
pub(crate) struct Builder<'a> {
    pub graph: &'a Graph,
    weights: &'a Weights,
    /// Path of the operation being written.
    pub scope: String,
    /// Channels of its result.
    pub channels: usize,
    pub nodes: Vec<Node>,
    pub constants: Vec<Tensor>,
    /// Names of constants already added.
    known: HashSet<String>,
    /// Reshaped parameters, by parameter and shape.
    reshaped: HashMap<(ParamId, Vec<i64>), String>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(graph: &'a Graph, weights: &'a Weights) -> Self {
        Self {
            graph,
            weights,
            scope: String::new(),
            channels: 0,
            nodes: Vec::new(),
            constants: Vec::new(),
            known: HashSet::new(),
            reshaped: HashMap::new(),
        }
    }

    /// Adds an operation with one result. Its name contains a slash, which no parameter and no input does.
    pub(crate) fn with(&mut self, kind: &str, inputs: &[&str], attribute: Vec<Attribute>) -> String {
        let name = format!("{}/{kind}_{}", self.scope, self.nodes.len());
        self.nodes.push(Node {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![name.clone()],
            name: Some(name.clone()),
            op_type: Some(kind.to_owned()),
            attribute,
        });
        name
    }

    /// Adds an operation without attributes.
    pub(crate) fn op(&mut self, kind: &str, inputs: &[&str]) -> String {
        self.with(kind, inputs, Vec::new())
    }

    /// Adds an operation on a value and a scalar.
    pub(crate) fn op_scalar(&mut self, kind: &str, x: &str, number: f32) -> String {
        let number = self.scalar(number);
        self.op(kind, &[x, &number])
    }

    /// A parameter under its name, as the state dict has it.
    pub(crate) fn param(&mut self, id: ParamId) -> String {
        let param = &self.graph.params[id.index()];
        if self.known.insert(param.name.clone()) {
            let dims = param.shape.iter().map(|&d| d as i64).collect();
            self.constants.push(Tensor::floats(param.name.clone(), dims, self.weights.get(id)));
        }
        param.name.clone()
    }

    /// A reshaped parameter; runtimes evaluate this once, when they load the file.
    pub(crate) fn param_as(&mut self, id: ParamId, shape: &[usize]) -> String {
        if self.graph.params[id.index()].shape == shape {
            return self.param(id);
        }
        let shape: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
        if let Some(name) = self.reshaped.get(&(id, shape.clone())) {
            return name.clone();
        }
        let param = self.param(id);
        let name = self.reshape(&param, &shape);
        self.reshaped.insert((id, shape), name.clone());
        name
    }

    /// A vector of one number per channel, for all positions.
    pub(crate) fn per_channel(&mut self, id: ParamId) -> String {
        let channels = self.graph.params[id.index()].len();
        self.param_as(id, &[channels, 1, 1])
    }

    /// A constant; the same name is the same constant.
    pub(crate) fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> String {
        if self.known.insert(name.to_owned()) {
            let dims = dims.iter().map(|&d| d as i64).collect();
            self.constants.push(Tensor::floats(name.to_owned(), dims, values));
        }
        name.to_owned()
    }

    /// A scalar.
    pub(crate) fn scalar(&mut self, value: f32) -> String {
        self.floats(&format!("number/{value}"), &[], &[value])
    }

    /// A vector of integers.
    pub(crate) fn ints(&mut self, values: &[i64]) -> String {
        let text: Vec<String> = values.iter().map(i64::to_string).collect();
        self.int_tensor(&format!("integers/{}", text.join(",")), &[values.len()], values)
    }

    /// Integers; the same name is the same constant.
    pub(crate) fn int_tensor(&mut self, name: &str, dims: &[usize], values: &[i64]) -> String {
        if self.known.insert(name.to_owned()) {
            let dims = dims.iter().map(|&d| d as i64).collect();
            self.constants.push(Tensor::ints(name.to_owned(), dims, values));
        }
        name.to_owned()
    }

    /// An integer without dimensions.
    pub(crate) fn int_scalar(&mut self, value: i64) -> String {
        self.int_tensor(&format!("integer/{value}"), &[], &[value])
    }

    /// Reshapes: 0 keeps a dimension, −1 takes the rest.
    pub(crate) fn reshape(&mut self, x: &str, shape: &[i64]) -> String {
        let shape = self.ints(shape);
        self.op("Reshape", &[x, &shape])
    }

    /// Permutes the dimensions.
    pub(crate) fn transpose(&mut self, x: &str, order: &[usize]) -> String {
        self.with("Transpose", &[x], vec![Attribute::ints("perm", order)])
    }

    /// Elements `from..to` along an axis; negative numbers count from the end.
    pub(crate) fn slice(&mut self, x: &str, axis: i64, from: i64, to: i64) -> String {
        let [from, to, axis] = [from, to, axis].map(|number| self.ints(&[number]));
        self.op("Slice", &[x, &from, &to, &axis])
    }

    /// Concatenates along an axis.
    pub(crate) fn concat(&mut self, values: &[&str], axis: usize) -> String {
        self.with("Concat", values, vec![Attribute::int("axis", axis)])
    }

    /// Inserts a dimension of 1 at that index.
    pub(crate) fn unsqueeze(&mut self, x: &str, axis: i64) -> String {
        let axis = self.ints(&[axis]);
        self.op("Unsqueeze", &[x, &axis])
    }

    /// Dimensions `from..to` of a value, as a vector of integers.
    pub(crate) fn dimensions(&mut self, x: &str, from: usize, to: usize) -> String {
        self.with("Shape", &[x], vec![Attribute::int("start", from), Attribute::int("end", to)])
    }

    /// 0, 1, 2, … up to a dimension of a value, as integers.
    pub(crate) fn places(&mut self, x: &str, dimension: usize) -> String {
        let [zero, one] = [0, 1].map(|number| self.int_scalar(number));
        let count = self.dimensions(x, dimension, dimension + 1);
        let count = self.op("Squeeze", &[&count]);
        self.op("Range", &[&zero, &count, &one])
    }

    /// As 32-bit floats.
    pub(crate) fn as_floats(&mut self, x: &str) -> String {
        self.with("Cast", &[x], vec![Attribute::int("to", super::proto::FLOAT as usize)])
    }
}
