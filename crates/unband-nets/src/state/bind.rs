//! Weights of a graph, loaded from a state dict.

use std::fmt;

use super::{Data, StateDict, Tensor};
use crate::Graph;
use crate::param::{Form, Param, ParamId, Role};

/// A tensor whose shape differs from the network's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Its name.
    pub name: String,
    /// Shape in the network.
    pub wanted: Vec<usize>,
    /// Shape in the state dict.
    pub got: Vec<usize>,
}

/// A state dict that does not match its network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BindError {
    /// The network.
    pub net: String,
    /// Tensors missing from the state dict.
    pub missing: Vec<String>,
    /// Tensors unknown to the network.
    pub extra: Vec<String>,
    /// Tensors of another shape.
    pub misshaped: Vec<Mismatch>,
    /// Tensors with NaN or infinite elements.
    pub not_finite: Vec<String>,
}

impl std::error::Error for BindError {}

impl BindError {
    /// Whether the tensors are those of the network, but with NaN or infinite elements.
    pub(crate) fn is_damaged(&self) -> bool {
        !self.not_finite.is_empty()
            && self.missing.is_empty()
            && self.extra.is_empty()
            && self.misshaped.is_empty()
    }
}

/// Maximum number of listed names; the rest is only counted.
const LISTED: usize = 8;

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_damaged() { "damaged weights of" } else { "the tensors are not those of" };
        write!(f, "{what} {}", self.net)?;
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
            .map(|m| format!("{} is {:?}, expected {:?}", m.name, m.got, m.wanted))
            .collect();
        list("of another shape", &shapes)?;
        list("with NaN or infinite elements", &self.not_finite)
    }
}

/// The weights of all parameters of a graph, as read by executors; normalised forms are folded.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    values: Vec<Folded>,
}

/// A parameter, and the rounding error of 32 bits where it was computed.
#[derive(Clone, Debug, PartialEq)]
struct Folded {
    values: Vec<f32>,
    rest: Option<Vec<f32>>,
}

impl Weights {
    /// Loads a state dict into a graph. Tensors unknown to the network are an error; integers that it does
    /// not read may be missing.
    ///
    /// # Errors
    /// All tensors that are missing, extra, of another shape, or not finite, by name.
    pub fn bind(graph: &Graph, state: &StateDict) -> Result<Self, BindError> {
        check(graph, state)?;
        Ok(Self { values: graph.params.iter().map(|param| folded(param, state)).collect() })
    }

    /// The elements of a parameter, row-major.
    pub fn get(&self, id: ParamId) -> &[f32] {
        &self.values[id.index()].values
    }

    /// The elements of all parameters, in the graph's order.
    pub fn all(&self) -> impl Iterator<Item = &[f32]> {
        self.values.iter().map(|folded| &folded.values[..])
    }

    /// Of two files of one graph: `share` times these, plus the rest from the other.
    ///
    /// Source: xinntao/Real-ESRGAN `realesrgan/utils.py`, `dni`; Wang et al., Deep Network Interpolation.
    #[must_use]
    pub fn mixed(&self, other: &Self, share: f32) -> Self {
        let mix = |(a, b): (&f32, &f32)| share * a + (1.0 - share) * b;
        let one = |(a, b): (&Folded, &Folded)| Folded {
            values: a.values.iter().zip(&b.values).map(mix).collect(),
            rest: None,
        };
        Self { values: self.values.iter().zip(&other.values).map(one).collect() }
    }

    /// The correction to add to [`Weights::get`] for 64-bit precision, where a normalised form was folded.
    pub fn rest(&self, id: ParamId) -> Option<&[f32]> {
        self.values[id.index()].rest.as_deref()
    }
}

/// Checks that a state dict holds exactly the tensors of a graph.
fn check(graph: &Graph, state: &StateDict) -> Result<(), BindError> {
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
            Some(_) => {
                let sound = |tensor: &Tensor| tensor.to_f32().iter().all(|v| v.is_finite());
                if !stored.integer && !state.get(&stored.name).is_none_or(sound) {
                    error.not_finite.push(stored.name.clone());
                }
            }
        }
        known.insert(stored.name);
    }
    error.extra = state.names().filter(|&name| !known.contains(name)).map(str::to_owned).collect();
    if error == (BindError { net: graph.name.clone(), ..BindError::default() }) { Ok(()) } else { Err(error) }
}

/// The power iteration of spectral norms before every forward pass in training: v = Wᵀu / ‖Wᵀu‖, then u = Wv
/// / ‖Wv‖, lengths at least 1e-12. Otherwise the stored vectors stay unchanged.
///
/// Source: PyTorch `torch.nn.utils.spectral_norm`, after Miyato et al., ICLR 2018.
///
/// # Errors
/// As [`Weights::bind`].
pub fn step_spectral_norms(graph: &Graph, state: &mut StateDict) -> Result<(), BindError> {
    check(graph, state)?;
    for param in graph.params.iter().filter(|p| p.form == Form::SpectralNorm) {
        let name = |end: &str| format!("{}_{end}", param.name);
        let of = |name: &str| state.get(name).map(Tensor::to_f32).unwrap_or_default();
        let (w, u) = (of(&name("orig")), of(&name("u")));
        let columns = (w.len() / u.len().max(1)).max(1);
        let mut v = vec![0.0; columns];
        for (row, &u) in w.chunks(columns).zip(&u) {
            v.iter_mut().zip(row).for_each(|(v, &w)| *v += f64::from(w) * f64::from(u));
        }
        let v = unit(v);
        let u = unit(w.chunks(columns).map(|row| dot(row, &v)).collect());
        for (end, vector) in [("u", u), ("v", v)] {
            state.insert(name(end), Tensor { shape: vec![vector.len()], data: Data::F32(vector) });
        }
    }
    Ok(())
}

fn unit(vector: Vec<f64>) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-12);
    vector.into_iter().map(|x| (x / length) as f32).collect()
}

/// The values of a parameter as read by operations. All its tensors exist and have their shapes.
fn folded(param: &Param, state: &StateDict) -> Folded {
    let of = |name: &str| state.get(name).map(Tensor::to_f32).unwrap_or_default();
    let plain = |values| Folded { values, rest: None };
    match (&param.role, param.form) {
        (Role::Constant(values), _) => plain(values.clone()),
        (Role::Integer, _) => plain(Vec::new()),
        (_, Form::Plain) => plain(of(&param.name)),
        (_, Form::WeightNorm) => {
            let (g, v) = (of(&format!("{}_g", param.name)), of(&format!("{}_v", param.name)));
            let rows = v.chunks((v.len() / g.len().max(1)).max(1)).zip(g);
            split(rows.flat_map(|(row, g)| {
                let factor = f64::from(g) / dot(row, row).sqrt();
                row.iter().map(move |&x| f64::from(x) * factor)
            }))
        }
        (_, Form::SpectralNorm) => {
            let w = of(&format!("{}_orig", param.name));
            let (u, v) = (of(&format!("{}_u", param.name)), of(&format!("{}_v", param.name)));
            let rows = w.chunks(v.len().max(1)).zip(&u);
            let sigma: f64 = rows.map(|(row, &u)| f64::from(u) * dot(row, &v)).sum();
            split(w.iter().map(|&x| f64::from(x) / sigma))
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

fn split(values: impl Iterator<Item = f64>) -> Folded {
    let (values, rest) = values.map(|x| (x as f32, (x - f64::from(x as f32)) as f32)).unzip();
    Folded { values, rest: Some(rest) }
}
