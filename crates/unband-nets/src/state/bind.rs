//! A state dict put into a graph.

use std::fmt;

use super::{Data, StateDict, Tensor};
use crate::Graph;
use crate::param::{Form, Param, ParamId, Role};

/// A tensor of another shape than the network's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Its name.
    pub name: String,
    /// What the network has.
    pub wanted: Vec<usize>,
    /// What the state dict has.
    pub got: Vec<usize>,
}

/// A state dict that is not that of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BindError {
    /// The network.
    pub net: String,
    /// Tensors that the network has and the state dict has not.
    pub missing: Vec<String>,
    /// Tensors that the state dict has and the network has not.
    pub extra: Vec<String>,
    /// Tensors of another shape.
    pub misshaped: Vec<Mismatch>,
}

impl std::error::Error for BindError {}

/// Names listed before the rest is only counted.
const LISTED: usize = 8;

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the tensors are not those of {}", self.net)?;
        let mut list = |what: &str, names: &[String]| {
            if names.is_empty() {
                return Ok(());
            }
            let shown = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
            let rest = names.len().saturating_sub(LISTED);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            write!(f, "; {what}: {shown}{more}")
        };
        list("missing", &self.missing)?;
        list("extra", &self.extra)?;
        let shapes: Vec<String> = self
            .misshaped
            .iter()
            .map(|m| format!("{} is {:?}, wants {:?}", m.name, m.got, m.wanted))
            .collect();
        list("of another shape", &shapes)
    }
}

/// The numbers of all parameters of a graph, normalised forms folded: what executors read.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    values: Vec<Vec<f32>>,
}

impl Weights {
    /// Puts a state dict into a graph. Tensors that the network does not know are an error, integers it does not read may be
    /// missing.
    ///
    /// # Errors
    /// All tensors that are missing, extra or of another shape, by name.
    pub fn bind(graph: &Graph, state: &StateDict) -> Result<Self, BindError> {
        let mut error = BindError { net: graph.name.clone(), ..BindError::default() };
        let mut known = std::collections::HashSet::new();
        for stored in graph.stored() {
            match state.shape(&stored.name) {
                None if stored.integer => {}
                None => error.missing.push(stored.name.clone()),
                Some(shape) if shape != stored.shape => error.misshaped.push(Mismatch {
                    name: stored.name.clone(),
                    wanted: stored.shape.clone(),
                    got: shape.to_vec(),
                }),
                Some(_) => {}
            }
            known.insert(stored.name);
        }
        error.extra = state.names().filter(|&name| !known.contains(name)).map(str::to_owned).collect();
        if !(error.missing.is_empty() && error.extra.is_empty() && error.misshaped.is_empty()) {
            return Err(error);
        }
        Ok(Self { values: graph.params.iter().map(|param| folded(param, state)).collect() })
    }

    /// The elements of a parameter, row-major.
    pub fn get(&self, id: ParamId) -> &[f32] {
        &self.values[id.index()]
    }
}

/// What operations read of a parameter. All its tensors are there and have their shapes.
fn folded(param: &Param, state: &StateDict) -> Vec<f32> {
    let of = |name: &str| state.get(name).map(Tensor::to_f32).unwrap_or_default();
    match (&param.role, param.form) {
        (Role::Constant(values), _) => values.clone(),
        (Role::Integer, _) => Vec::new(),
        (_, Form::Plain) => of(&param.name),
        (_, Form::WeightNorm) => {
            let (g, mut v) = (of(&format!("{}_g", param.name)), of(&format!("{}_v", param.name)));
            let rest = v.len() / g.len().max(1);
            for (row, g) in v.chunks_mut(rest.max(1)).zip(g) {
                let norm = row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
                let factor = f64::from(g) / norm;
                for x in row {
                    *x = (f64::from(*x) * factor) as f32;
                }
            }
            v
        }
        (_, Form::SpectralNorm) => {
            let mut w = of(&format!("{}_orig", param.name));
            let (u, v) = (of(&format!("{}_u", param.name)), of(&format!("{}_v", param.name)));
            let rows = w.chunks(v.len().max(1)).zip(&u);
            let dot =
                |row: &[f32]| row.iter().zip(&v).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
            let sigma: f64 = rows.map(|(row, &u)| f64::from(u) * dot(row)).sum();
            for x in &mut w {
                *x = (f64::from(*x) / sigma) as f32;
            }
            w
        }
    }
}

impl Data {
    /// Floats, of any width?
    pub fn is_float(&self) -> bool {
        !matches!(self, Self::I64(_))
    }
}
