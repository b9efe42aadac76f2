//! Trainable model: a graph with its tensors in Burn.

use std::collections::HashMap;

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use unband_nets::param::StoredTensor;
use unband_nets::state::Weights;
use unband_nets::{Data, Form, Graph, Role, StateDict};

use crate::exec::{self, Mode};
use crate::optimizer::Optimizer;
use crate::{Rows, TrainError};

/// Storage of a tensor of the state dict.
#[derive(Clone, Debug)]
enum TensorPlace {
    /// Learned tensors.
    Learned(usize),
    /// Buffers.
    Buffer(usize),
    /// Integers, which no operation reads; `None` where the state dict had none.
    Integer(Option<unband_nets::Tensor>),
}

/// Origin of a parameter as read by operations.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one per parameter
enum ParamSource {
    /// As it is stored.
    Plain(TensorPlace),
    /// g and v.
    WeightNorm(TensorPlace, TensorPlace),
    /// The weight, u and v.
    SpectralNorm(TensorPlace, TensorPlace, TensorPlace),
    /// Part of the description.
    Constant(Tensor<1>),
    /// None: it is stored, but no operation reads it. Burn keeps results computed from tensors with gradients
    /// until a backward pass uses them. For these, none would: each step would add to them, and all are
    /// searched after each backward pass.
    Unread,
}

/// A network in Burn: its graph and the tensors of its state dict.
///
/// On a device with autodiff (`Device::flex().autodiff()`), learned tensors have gradients.
#[derive(Clone, Debug)]
pub struct Model {
    graph: Graph,
    device: Device,
    /// Learned tensors, each in one row, so that tensors of all ranks fit into one list.
    learned: Vec<Tensor<1>>,
    buffers: Vec<Tensor<1>>,
    stored: Vec<(StoredTensor, TensorPlace)>,
    sources: Vec<ParamSource>,
}

impl Model {
    /// Loads a state dict into a graph, on a device.
    ///
    /// # Errors
    /// Tensors that are missing, extra or of another shape.
    pub fn new(graph: Graph, state: &StateDict, device: &Device) -> Result<Self, TrainError> {
        Weights::bind(&graph, state)?;
        let mut model = Self {
            device: device.clone(),
            learned: Vec::new(),
            buffers: Vec::new(),
            stored: Vec::new(),
            sources: Vec::new(),
            graph,
        };
        let unread: Vec<String> = model.graph.unused().iter().map(|param| param.name.clone()).collect();
        for param in model.graph.params.clone() {
            let learned = param.role == Role::Trainable;
            let places: Vec<TensorPlace> = param
                .stored()
                .into_iter()
                .enumerate()
                .map(|(i, stored)| {
                    // The vectors of a spectral norm follow the weight without gradients.
                    let vector = param.form == Form::SpectralNorm && i > 0;
                    model.keep(stored, state, learned && !vector)
                })
                .collect();
            let source = match (&param.role, param.form, places.as_slice()) {
                _ if unread.contains(&param.name) => ParamSource::Unread,
                (_, Form::WeightNorm, [g, v]) => ParamSource::WeightNorm(g.clone(), v.clone()),
                (_, Form::SpectralNorm, [w, u, v]) => {
                    ParamSource::SpectralNorm(w.clone(), u.clone(), v.clone())
                }
                (_, _, [place]) => ParamSource::Plain(place.clone()),
                (Role::Constant(values), ..) => ParamSource::Constant(row(values.clone(), device)),
                // A parameter of another form is stored in a different number of tensors.
                _ => ParamSource::Constant(row(Vec::new(), device)),
            };
            model.sources.push(source);
        }
        Ok(model)
    }

    /// A network with fixed weights: the elements of each parameter as operations read them, in the graph's
    /// order ([`Weights::all`]).
    ///
    /// # Errors
    /// Another number of parameters, or of elements of one.
    pub fn fixed(graph: Graph, rows: Vec<Vec<f32>>, device: &Device) -> Result<Self, TrainError> {
        let fits = |(row, param): (&Vec<f32>, &unband_nets::Param)| {
            row.len() == param.len() || param.role == Role::Integer
        };
        if rows.len() != graph.params.len() || !rows.iter().zip(&graph.params).all(fits) {
            let what = "its parameters have other sizes".to_owned();
            return Err(TrainError::Network { name: graph.name, what });
        }
        let sources = rows.into_iter().map(|values| ParamSource::Constant(row(values, device))).collect();
        let (learned, buffers, stored) = Default::default();
        Ok(Self { graph, device: device.clone(), learned, buffers, stored, sources })
    }

    fn keep(&mut self, stored: StoredTensor, state: &StateDict, learned: bool) -> TensorPlace {
        let tensor = state.get(&stored.name);
        let values = || row(tensor.map(unband_nets::Tensor::to_f32).unwrap_or_default(), &self.device);
        let place = if stored.integer {
            TensorPlace::Integer(tensor.cloned())
        } else if learned {
            self.learned.push(leaf(values(), &self.device));
            TensorPlace::Learned(self.learned.len() - 1)
        } else {
            self.buffers.push(values());
            TensorPlace::Buffer(self.buffers.len() - 1)
        };
        self.stored.push((stored, place.clone()));
        place
    }

    /// The network.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The device of its tensors.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    /// The current tensors under PyTorch's names.
    ///
    /// # Errors
    /// A device that fails to return its tensors.
    pub fn state(&self) -> Result<StateDict, TrainError> {
        let mut state = StateDict::new();
        for (stored, place) in &self.stored {
            let tensor = match place {
                TensorPlace::Integer(None) => continue,
                TensorPlace::Integer(Some(tensor)) => tensor.clone(),
                floats => {
                    let data = Data::F32(read(&stored.name, self.tensor(floats))?);
                    unband_nets::Tensor { shape: stored.shape.clone(), data }
                }
            };
            state.insert(stored.name.clone(), tensor);
        }
        Ok(state)
    }

    /// The same network with frozen weights: gradients pass through it to its inputs, and no further.
    #[must_use]
    pub fn frozen(self) -> Self {
        let still = |row: Tensor<1>| if self.device.is_autodiff() { row.inner().autodiff() } else { row };
        Self { learned: self.learned.into_iter().map(still).collect(), ..self }
    }

    /// Returns the image and the auxiliary outputs, in the graph's order. Uses running statistics and no
    /// dropout.
    ///
    /// Inputs are `[N, C, H, W]`, points `[N, C, 1, 1]`.
    ///
    /// # Errors
    /// Inputs of other shapes, and sizes that do not fit.
    pub fn run(&self, inputs: &[Tensor<4>]) -> Result<Vec<Tensor<4>>, TrainError> {
        let done = exec::run(&self.graph, &self.params(), inputs, Mode::Fixed)?;
        Ok(done.outputs)
    }

    /// The same in training mode, as PyTorch's modules. Batch norms use the statistics of the batch and
    /// update their running ones (by a tenth), spectral norms take a power iteration, dropout uses the
    /// device's random numbers.
    ///
    /// # Errors
    /// As [`Model::run`]; batch norms with a single sample per channel.
    pub fn run_learning(&mut self, inputs: &[Tensor<4>]) -> Result<Vec<Tensor<4>>, TrainError> {
        self.step_spectral_norms();
        let done = exec::run(&self.graph, &self.params(), inputs, Mode::Learning(self.batches_seen()))?;
        for (id, value) in done.running {
            if let ParamSource::Plain(TensorPlace::Buffer(i)) = self.sources[id.index()] {
                self.buffers[i] = value;
            }
        }
        for (stored, place) in &mut self.stored {
            if let TensorPlace::Integer(Some(unband_nets::Tensor { data: Data::I64(counts), .. })) = place
                && stored.name.ends_with("num_batches_tracked")
            {
                for count in counts {
                    *count += 1;
                }
            }
        }
        Ok(done.outputs)
    }

    /// The batch count of its norms.
    fn batches_seen(&self) -> u64 {
        let counter = |(stored, place): &(StoredTensor, TensorPlace)| match place {
            TensorPlace::Integer(Some(unband_nets::Tensor { data: Data::I64(counts), .. }))
                if stored.name.ends_with("num_batches_tracked") =>
            {
                counts.first().copied()
            }
            _ => None,
        };
        self.stored.iter().find_map(counter).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
    }

    /// Moves learned tensors against the gradients of a loss.
    pub fn step(&mut self, optimizer: &mut Optimizer, rate: f64, gradients: &Gradients) {
        self.step_rows(optimizer, rate, self.gradient_rows(gradients));
    }

    /// The same with gradients as returned by [`Model::gradient_rows`]; tensors without a gradient stay
    /// unchanged.
    pub(crate) fn step_rows(&mut self, optimizer: &mut Optimizer, rate: f64, gradients: Rows) {
        for (i, gradient) in gradients.into_iter().enumerate() {
            if let Some(gradient) = gradient {
                let row = self.learned[i].clone().inner();
                self.learned[i] = leaf(optimizer.moved(i, rate, row, gradient), &self.device);
            }
        }
    }

    /// Number of learned tensors.
    pub fn learned_len(&self) -> usize {
        self.learned.len()
    }

    /// Names of the learned tensors, in the order of rows.
    pub(crate) fn learned_names(&self) -> Vec<String> {
        let mut names = vec![String::new(); self.learned.len()];
        for (stored, place) in &self.stored {
            if let TensorPlace::Learned(i) = place {
                names[*i].clone_from(&stored.name);
            }
        }
        names
    }

    /// The learned tensors, without gradients.
    pub(crate) fn rows_now(&self) -> Vec<Tensor<1>> {
        self.learned.iter().map(|row| row.clone().inner()).collect()
    }

    /// The same network with other learned tensors.
    pub(crate) fn with_rows(&self, rows: &[Tensor<1>]) -> Self {
        let learned = rows.iter().map(|row| leaf(row.clone(), &self.device)).collect();
        Self { learned, ..self.clone() }
    }

    /// A copy of the network on a device, for training in parallel.
    pub(crate) fn copied_to(&self, device: &Device) -> Self {
        let plain = device.clone().inner();
        let moved = |row: Tensor<1>| row.to_device(&plain);
        let source = |source: &ParamSource| match source {
            ParamSource::Constant(values) => ParamSource::Constant(moved(values.clone())),
            other => other.clone(),
        };
        Self {
            device: device.clone(),
            learned: self.rows_now().into_iter().map(|row| leaf(moved(row), device)).collect(),
            buffers: self.buffers.iter().map(|row| row.clone().to_device(device)).collect(),
            sources: self.sources.iter().map(source).collect(),
            ..self.clone()
        }
    }

    /// Gradients of a loss, in the order of rows.
    pub(crate) fn gradient_rows(&self, gradients: &Gradients) -> Rows {
        self.learned.iter().map(|row| row.grad(gradients)).collect()
    }

    /// The gradients of the learned tensors by name, row-major; tensors that the loss does not depend on have
    /// none.
    ///
    /// # Errors
    /// A device that fails to return its tensors.
    pub fn gradients(&self, gradients: &Gradients) -> Result<HashMap<String, Vec<f32>>, TrainError> {
        let mut found = HashMap::new();
        for (stored, place) in &self.stored {
            if let TensorPlace::Learned(i) = place
                && let Some(gradient) = self.learned[*i].grad(gradients)
            {
                found.insert(stored.name.clone(), read(&stored.name, gradient)?);
            }
        }
        Ok(found)
    }

    fn tensor(&self, place: &TensorPlace) -> Tensor<1> {
        match place {
            TensorPlace::Learned(i) => self.learned[*i].clone(),
            TensorPlace::Buffer(i) => self.buffers[*i].clone(),
            TensorPlace::Integer(_) => row(Vec::new(), &self.device),
        }
    }

    /// The parameters as read by operations, by index.
    fn params(&self) -> Vec<Tensor<1>> {
        let of = |(source, param): (&ParamSource, &unband_nets::Param)| match source {
            ParamSource::Plain(place) => self.tensor(place),
            ParamSource::Constant(values) => values.clone(),
            ParamSource::Unread => row(Vec::new(), &self.device),
            ParamSource::WeightNorm(g, v) => {
                let (g, v) = (self.tensor(g).reshape([-1, 1]), self.by_first(v, param));
                let length = v.clone().square().sum_dim(1).sqrt();
                (v * (g / length)).reshape([-1])
            }
            ParamSource::SpectralNorm(w, u, v) => {
                let (w, u, v) = (self.by_first(w, param), self.tensor(u), self.tensor(v));
                let sigma = (u.reshape([1, -1]).matmul(w.clone())).matmul(v.reshape([-1, 1]));
                (w / sigma).reshape([-1])
            }
        };
        self.sources.iter().zip(&self.graph.params).map(of).collect()
    }

    /// First index × rest.
    fn by_first(&self, place: &TensorPlace, param: &unband_nets::Param) -> Tensor<2> {
        let first = param.shape.first().copied().unwrap_or(1).max(1);
        self.tensor(place).reshape([first, param.len() / first])
    }

    /// [`unband_nets::state::step_spectral_norms`], on the device.
    fn step_spectral_norms(&mut self) {
        let unit = |x: Tensor<2>| {
            let length = x.clone().square().sum().sqrt().clamp_min(1e-12);
            x / length.reshape([1, 1])
        };
        for (source, param) in self.sources.iter().zip(&self.graph.params) {
            let ParamSource::SpectralNorm(place, TensorPlace::Buffer(u), TensorPlace::Buffer(v)) = source
            else {
                continue;
            };
            let w = self.by_first(place, param).detach();
            let right = unit(self.buffers[*u].clone().reshape([1, -1]).matmul(w.clone()));
            let left = unit(w.matmul(right.clone().reshape([-1, 1])));
            self.buffers[*u] = left.reshape([-1]);
            self.buffers[*v] = right.reshape([-1]);
        }
    }
}

/// Enables gradients, if the device supports them.
fn leaf(row: Tensor<1>, device: &Device) -> Tensor<1> {
    if device.is_autodiff() { row.autodiff().require_grad() } else { row }
}

fn row(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let len = values.len();
    Tensor::from_data(TensorData::new(values, [len]), device)
}

fn read(name: &str, tensor: Tensor<1>) -> Result<Vec<f32>, TrainError> {
    tensor.try_into_vec_as().map_err(|e| TrainError::Read { name: name.into(), why: e.to_string() })
}
