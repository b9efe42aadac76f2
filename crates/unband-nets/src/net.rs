//! Graph builder. Its methods for operations are in `layer/`.

use std::collections::HashMap;

use crate::graph::{Graph, Input, Node, Value};
use crate::layer::input::InputIndex;
use crate::op::Op;
use crate::param::{Form, Param, ParamId, Role};

/// An invalid description: the first fault, with its path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{net}: {at}: {what}")]
pub struct BuildError {
    /// The network.
    pub net: String,
    /// Path in the state dict.
    pub at: String,
    /// The fault.
    pub what: String,
}

/// Most operations and parameters; supported networks have a few thousand. Settings of a foreign file may ask
/// for any number of layers.
const MOST_NODES: usize = 1 << 17;

/// A graph under construction. Channels are checked at every step; the first fault is kept and returned by
/// [`Net::finish`].
#[derive(Debug)]
pub struct Net {
    name: String,
    inputs: Vec<Input>,
    nodes: Vec<Node>,
    params: Vec<Param>,
    by_name: HashMap<String, ParamId>,
    scopes: Vec<String>,
    fault: Option<BuildError>,
}

impl Net {
    /// An empty network.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            inputs: Vec::new(),
            nodes: Vec::new(),
            params: Vec::new(),
            by_name: HashMap::new(),
            scopes: Vec::new(),
            fault: None,
        }
    }

    /// An input image.
    pub fn input(&mut self, name: impl Into<String>, channels: usize) -> Value {
        self.add_input(name.into(), channels, false)
    }

    /// An input of one sample per channel.
    pub fn point_input(&mut self, name: impl Into<String>, channels: usize) -> Value {
        self.add_input(name.into(), channels, true)
    }

    fn add_input(&mut self, name: String, channels: usize, point: bool) -> Value {
        let number = self.inputs.len();
        self.inputs.push(Input { name, channels, point });
        self.push(Op::Input(InputIndex(number)), &[], channels)
    }

    /// Runs a function with the name prefix `name.`; an empty name adds no prefix.
    pub fn scope<T>(&mut self, name: impl AsRef<str>, build: impl FnOnce(&mut Self) -> T) -> T {
        let name = name.as_ref();
        if name.is_empty() {
            return build(self);
        }
        self.scopes.push(name.to_owned());
        let made = build(self);
        self.scopes.pop();
        made
    }

    /// Number of channels of a value.
    pub fn channels(&self, value: Value) -> usize {
        self.nodes.get(value.index()).map_or(0, |node| node.channels)
    }

    /// A learned parameter; the same name again is the same parameter.
    pub(crate) fn trainable(&mut self, name: impl AsRef<str>, shape: &[usize]) -> ParamId {
        self.param(name.as_ref(), shape, Role::Trainable, Form::Plain)
    }

    /// A learned weight stored in the given form.
    pub fn weight(&mut self, name: impl AsRef<str>, shape: &[usize], form: Form) -> ParamId {
        self.param(name.as_ref(), shape, Role::Trainable, form)
    }

    /// Running statistics.
    pub fn buffer(&mut self, name: impl AsRef<str>, shape: &[usize]) -> ParamId {
        self.param(name.as_ref(), shape, Role::Buffer, Form::Plain)
    }

    /// Integers of the state dict.
    pub fn integer(&mut self, name: impl AsRef<str>, shape: &[usize]) -> ParamId {
        self.param(name.as_ref(), shape, Role::Integer, Form::Plain)
    }

    /// Constants of the description, which no state dict holds.
    pub fn constant(&mut self, name: impl AsRef<str>, shape: &[usize], values: Vec<f32>) -> ParamId {
        if values.len() != shape.iter().product::<usize>() {
            self.fault(format!("{} constants for {shape:?}", values.len()));
        }
        self.param(name.as_ref(), shape, Role::Constant(values), Form::Plain)
    }

    fn param(&mut self, name: &str, shape: &[usize], role: Role, form: Form) -> ParamId {
        if self.params.len() >= MOST_NODES {
            self.fault(format!("more than {MOST_NODES} parameters"));
            return ParamId(0);
        }
        let name = if self.scopes.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path()) };
        if let Some(&id) = self.by_name.get(&name) {
            let known = &self.params[id.index()];
            if known.shape != shape || known.role != role || known.form != form {
                self.fault(format!("{name} was {:?} before and is {shape:?} now", known.shape));
            }
            return id;
        }
        let id = ParamId(self.params.len() as u32);
        self.by_name.insert(name.clone(), id);
        self.params.push(Param { name, shape: shape.to_vec(), role, form });
        id
    }

    /// Adds an operation; layers call this.
    pub fn push(&mut self, op: Op, inputs: &[Value], channels: usize) -> Value {
        if self.nodes.len() >= MOST_NODES {
            self.fault(format!("more than {MOST_NODES} operations"));
            return Value(0);
        }
        let value = Value(self.nodes.len() as u32);
        let scope = self.path();
        self.nodes.push(Node { op, inputs: inputs.to_vec(), channels, scope });
        value
    }

    /// Keeps the first fault.
    pub fn fault(&mut self, what: String) {
        if self.fault.is_none() {
            self.fault = Some(BuildError { net: self.name.clone(), at: self.path(), what });
        }
    }

    fn path(&self) -> String {
        self.scopes.join(".")
    }

    /// The graph with its outputs, the image first.
    ///
    /// # Errors
    /// The first fault met while building.
    pub fn finish(mut self, outputs: &[(&str, Value)]) -> Result<Graph, BuildError> {
        if outputs.is_empty() {
            self.fault("no output".into());
        }
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(Graph {
                name: self.name,
                inputs: self.inputs,
                nodes: self.nodes,
                params: self.params,
                outputs: outputs.iter().map(|&(name, value)| (name.to_owned(), value)).collect(),
            }),
        }
    }
}
