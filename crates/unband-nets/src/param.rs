//! Parameters and how they are stored in a state dict.

use serde::{Deserialize, Serialize};

/// Index of a parameter in [`crate::Graph::params`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ParamId(pub(crate) u32);

impl ParamId {
    /// Index in [`crate::Graph::params`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Role of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Role {
    /// Learned.
    Trainable,
    /// Kept in the state dict, not learned by gradients: running statistics.
    Buffer,
    /// Integers of the state dict that no operation reads: `num_batches_tracked`, index tables.
    Integer,
    /// Part of the description, not of the state dict: fixed kernels. Row-major.
    Constant(Vec<f32>),
}

/// Stored form of a parameter in a state dict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Form {
    /// Unchanged: `NAME`.
    Plain,
    /// `NAME_g` and `NAME_v`: per first index, g · v / ‖v‖₂ (PyTorch's old weight normalisation, `dim = 0`).
    WeightNorm,
    /// `NAME_orig`, `NAME_u`, `NAME_v`: the weight over uᵀ W v, W reshaped to first index × rest (PyTorch's
    /// old spectral
    /// normalisation).
    SpectralNorm,
}

/// A parameter as read by operations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// PyTorch's path, `RRDB_trunk.0.RDB1.conv1.weight`.
    pub name: String,
    /// PyTorch's shape.
    pub shape: Vec<usize>,
    /// Role.
    pub role: Role,
    /// Stored form.
    pub form: Form,
}

impl Param {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of learned parameters, as counted in papers.
    pub fn learned(&self) -> usize {
        match (&self.role, self.form) {
            (Role::Trainable, Form::WeightNorm) => self.len() + self.shape.first().copied().unwrap_or(1),
            (Role::Trainable, _) => self.len(),
            _ => 0,
        }
    }

    /// The tensors of a state dict that store it: name, shape, and whether they are integers.
    pub fn stored(&self) -> Vec<StoredTensor> {
        let whole =
            |name: &str, integer| StoredTensor { name: name.to_owned(), shape: self.shape.clone(), integer };
        let first = self.shape.first().copied().unwrap_or(1);
        match (&self.role, self.form) {
            (Role::Constant(_), _) => Vec::new(),
            (Role::Integer, _) => vec![whole(&self.name, true)],
            (_, Form::Plain) => vec![whole(&self.name, false)],
            (_, Form::WeightNorm) => {
                let mut shape = vec![1; self.shape.len()];
                shape[0] = first;
                let g = StoredTensor { name: format!("{}_g", self.name), shape, integer: false };
                vec![g, whole(&format!("{}_v", self.name), false)]
            }
            (_, Form::SpectralNorm) => {
                let vector = |end: &str, len| StoredTensor {
                    name: format!("{}_{end}", self.name),
                    shape: vec![len],
                    integer: false,
                };
                let rest = self.len() / first.max(1);
                vec![whole(&format!("{}_orig", self.name), false), vector("u", first), vector("v", rest)]
            }
        }
    }
}

/// A tensor that a state dict must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTensor {
    /// Its key.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Whether it holds integers, which nothing reads.
    pub integer: bool,
}
