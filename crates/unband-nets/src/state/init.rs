//! Weight initialisation.

use std::collections::HashMap;
use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};
use unband_image::Rng;

use super::he::{self, He};
use super::{Data, StateDict, Tensor};
use crate::param::StoredTensor;
use crate::{Form, Graph, Param, Role};

/// Initialisation rule. Generators of banded kernels always start as in their authors' code. Slopes of
/// `PReLU` start at 0.25, scales of norms at 1 and their shifts at 0, unless stated otherwise. Layers are
/// named by their paths; `*` at the start matches any path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "kebab-case")]
pub enum Init {
    /// PyTorch's own: uniform within 1/√fan-in, biases too.
    Pytorch {
        /// Layers whose weights and biases start at 0.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        zero: Vec<String>,
    },
    /// Normal of standard deviation gain · √(2 / (fan-in + fan-out)), biases 0.
    XavierNormal {
        /// Factor of the standard deviation.
        gain: f64,
    },
    /// Normal of one standard deviation, biases 0, scales of norms around 1 with the same deviation
    /// (pix2pix).
    Normal {
        /// Standard deviation.
        std: f64,
    },
    /// Normal of standard deviation √(2 / 576) for all convolutions; scales of norms likewise, no nearer to 0
    /// than 0.025 (ADNet).
    Adnet {},
    /// PyTorch's with biases 0, except for one layer that detects differences. Its kernels have mean 0 over
    /// the window of each channel and are `gain` times as large, so that steps of a few codes are not lost
    /// against the brightness.
    Differences {
        /// The layer.
        layer: String,
        /// Factor of its kernels.
        gain: f64,
    },
    /// He et al.'s, with starts of single layers.
    He(He),
    /// Orthogonal kernels: rows of outputs (or columns, where those are fewer) have length `gain` and are
    /// orthogonal to each other; biases 0 (Saxe et al. 2014; cszn/KAIR, `models/select_network.py`,
    /// `init_weights`).
    Orthogonal {
        /// Length of a row.
        gain: f64,
    },
    /// Linear layers and attention tables normal of 0.02, biases of linear layers 0, the rest PyTorch's
    /// (Uformer).
    Uformer {},
}

impl Default for Init {
    fn default() -> Self {
        Self::Pytorch { zero: Vec::new() }
    }
}

/// Initial state dict for training. Equal seeds give equal weights.
pub fn state(graph: &Graph, init: &Init, seed: u64) -> StateDict {
    let kinds = Kinds::from_graph(graph);
    let mut state = StateDict::new();
    for (i, param) in graph.params.iter().enumerate() {
        let draws = RandomDraws { rng: Rng::new(seed), tensor: i as u32 };
        let values = kinds.start(i, param, init, draws);
        for (stored, values) in stored_forms(param, &values, draws) {
            let data = if stored.integer {
                Data::I64(integers(&stored))
            } else {
                Data::F32(values.into_iter().map(|v| v as f32).collect())
            };
            state.insert(stored.name, Tensor { shape: stored.shape, data });
        }
    }
    state
}

/// Counters and index tables, which no operation reads.
fn integers(stored: &StoredTensor) -> Vec<i64> {
    vec![0; stored.shape.iter().product()]
}

/// The tensors that store a parameter: itself, or its length and direction, or with the vectors of a spectral
/// norm.
fn stored_forms(param: &Param, values: &[f64], draws: RandomDraws) -> Vec<(StoredTensor, Vec<f64>)> {
    let rows = param.shape.first().copied().unwrap_or(1).max(1);
    let fill = |(i, stored): (usize, StoredTensor)| {
        let values = match (param.form, i) {
            (Form::WeightNorm, 0) => {
                let length = |row: &[f64]| row.iter().map(|v| v * v).sum::<f64>().sqrt();
                values.chunks((values.len() / rows).max(1)).map(length).collect()
            }
            // A length of 0 needs a direction too.
            (Form::WeightNorm, 1) if values.iter().all(|v| *v == 0.0) => {
                (0..values.len()).map(|k| draws.normal(1, k)).collect()
            }
            (Form::SpectralNorm, 1 | 2) => {
                let len = stored.shape.iter().product();
                let vector: Vec<f64> = (0..len).map(|k| draws.normal(i as u32, k)).collect();
                let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
                vector.into_iter().map(|v| v / length).collect()
            }
            _ => values.to_vec(),
        };
        (stored, values)
    };
    param.stored().into_iter().enumerate().map(fill).collect()
}

/// Random numbers of one tensor.
#[derive(Clone, Copy)]
struct RandomDraws {
    rng: Rng,
    tensor: u32,
}

impl RandomDraws {
    /// Uniform in 0..1.
    fn unit(self, plane: u32, i: usize) -> f64 {
        f64::from(self.rng.unit_at(self.tensor, plane, i as u32, 0))
    }

    /// Normal, by the Box-Muller transform.
    fn normal(self, plane: u32, i: usize) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit(16 + plane, i)).ln()).sqrt();
        radius * (TAU * self.unit(32 + plane, i)).cos()
    }
}

/// Role of a parameter in its operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum InitRole {
    /// Weight of a convolution or linear layer.
    Weight,
    /// Bias of the weight with this index.
    Bias(usize),
    Slope,
    Scale,
    /// Constant start: means, variances and shifts, by their names; generators of banded kernels.
    Fixed(f64),
    /// Sine and cosine of an angle in degrees.
    Angle(f32),
    /// Attention bias between positions in a window.
    Table,
    /// Vectors added to the positions in a window.
    Embedding,
}

struct Kinds {
    of: Vec<Option<InitRole>>,
    /// Fan-in and fan-out.
    fans: Vec<(f64, f64)>,
    /// Whether it is the weight of a linear layer, which has two dimensions.
    linear: Vec<bool>,
}

impl Kinds {
    fn from_graph(graph: &Graph) -> Self {
        let mut kinds = Self {
            of: vec![None; graph.params.len()],
            fans: graph.params.iter().map(|p| fans(&p.shape)).collect(),
            linear: graph.params.iter().map(|p| p.shape.len() == 2).collect(),
        };
        for node in &graph.nodes {
            for (id, kind) in node.op.definition().init() {
                kinds.set(id.index(), kind);
            }
        }
        let places: HashMap<&str, usize> =
            graph.params.iter().enumerate().map(|(i, p)| (p.name.as_str(), i)).collect();
        for (i, param) in graph.params.iter().enumerate() {
            if kinds.of[i].is_some() {
                continue;
            }
            let weight =
                param.name.strip_suffix("bias").and_then(|n| places.get(format!("{n}weight").as_str()));
            let kind = match weight {
                Some(&weight) => InitRole::Bias(weight),
                None if param.shape.len() >= 2 => InitRole::Weight,
                // Scales that nothing reads, such as INDI's.
                None => InitRole::Fixed(1.0),
            };
            kinds.set(i, kind);
        }
        kinds
    }

    fn set(&mut self, i: usize, kind: InitRole) {
        self.of[i] = Some(kind);
    }

    /// Values of a parameter, in its own shape.
    fn start(&self, i: usize, param: &Param, init: &Init, draws: RandomDraws) -> Vec<f64> {
        if let Role::Constant(_) | Role::Integer = param.role {
            return vec![0.0; param.len()];
        }
        let kind = self.of[i].unwrap_or(InitRole::Fixed(0.0));
        let mut values: Vec<f64> =
            (0..param.len()).map(|k| self.value(i, k, &param.name, kind, init, draws)).collect();
        if let (InitRole::Weight, Init::Orthogonal { gain }) = (kind, init) {
            orthogonalise(&mut values, param.shape.first().copied().unwrap_or(1), *gain);
        }
        match (init, param.name.strip_suffix(".weight")) {
            (Init::Differences { layer: named, gain }, Some(layer)) if he::names(named, layer) => {
                he::differences(&mut values, &param.shape, *gain);
            }
            (Init::He(he), Some(layer)) if kind == InitRole::Weight => {
                he.arrange(layer, &mut values, &param.shape);
            }
            _ => {}
        }
        values
    }

    fn value(&self, i: usize, k: usize, name: &str, kind: InitRole, init: &Init, draws: RandomDraws) -> f64 {
        let normal = || draws.normal(0, k);
        let uniform = |bound: f64| (2.0 * draws.unit(0, k) - 1.0) * bound;
        let (fan_in, fan_out) = self.fans[i];
        let linear = |weight: usize| self.linear[weight];
        match (kind, init) {
            (InitRole::Weight | InitRole::Bias(_), Init::Pytorch { zero })
                if name.rsplit_once('.').is_some_and(|(layer, _)| he::is_among(zero, layer)) =>
            {
                0.0
            }
            (InitRole::Bias(_), Init::He(he)) => he.bias(name),
            (InitRole::Fixed(_), Init::Adnet {}) if name.ends_with("running_var") => 0.01,
            (InitRole::Fixed(value), _) => value,
            (InitRole::Angle(degrees), _) => {
                let (sine, cosine) = f64::from(degrees).to_radians().sin_cos();
                [sine, cosine][k.min(1)]
            }
            (InitRole::Slope, _) => 0.25,
            (InitRole::Scale, Init::Normal { std }) => 1.0 + std * normal(),
            (InitRole::Scale, Init::Adnet {}) => away_from_zero(ADNET_STD * normal(), 0.025),
            (InitRole::Scale, _) => 1.0,
            (InitRole::Table, _) => 0.02 * normal(),
            (InitRole::Embedding, _) | (InitRole::Weight, Init::Orthogonal { .. }) => normal(),
            (InitRole::Weight, Init::XavierNormal { gain }) => {
                gain * (2.0 / (fan_in + fan_out)).sqrt() * normal()
            }
            (InitRole::Weight, Init::He(_)) => (2.0 / fan_in).sqrt() * normal(),
            (InitRole::Weight, Init::Normal { std }) => std * normal(),
            (InitRole::Weight, Init::Adnet {}) => ADNET_STD * normal(),
            (InitRole::Weight, Init::Uformer {}) if linear(i) => 0.02 * normal(),
            (InitRole::Weight, _) => uniform(fan_in.sqrt().recip()),
            (InitRole::Bias(weight), Init::Uformer {}) if linear(weight) => 0.0,
            (InitRole::Bias(weight), Init::Pytorch { .. } | Init::Uformer {} | Init::Adnet {}) => {
                uniform(self.fans[weight].0.sqrt().recip())
            }
            (InitRole::Bias(_), _) => 0.0,
        }
    }
}

const ADNET_STD: f64 = 0.058_925_565_098_878_96; // √(2 / (9 · 64))

fn away_from_zero(value: f64, least: f64) -> f64 {
    if value.abs() >= least { value } else { least.copysign(value) }
}

/// Makes a matrix of `rows` rows orthogonal: Gram-Schmidt along the shorter side, each vector twice for
/// accuracy.
fn orthogonalise(values: &mut [f64], rows: usize, gain: f64) {
    let columns = values.len() / rows.max(1);
    let (count, length) = (rows.min(columns), rows.max(columns));
    // Element k of vector i.
    let at = |i: usize, k: usize| if rows <= columns { i * columns + k } else { k * columns + i };
    for i in 0..count {
        for _ in 0..2 {
            for before in 0..i {
                let part: f64 = (0..length).map(|k| values[at(i, k)] * values[at(before, k)]).sum();
                (0..length).for_each(|k| values[at(i, k)] -= part * values[at(before, k)]);
            }
            let norm = (0..length).map(|k| values[at(i, k)].powi(2)).sum::<f64>().sqrt();
            (0..length).for_each(|k| values[at(i, k)] /= norm);
        }
    }
    for value in values {
        *value *= gain;
    }
}

/// As PyTorch counts them: the first dimension is that of outputs, also where a transposed convolution has
/// its inputs there.
fn fans(shape: &[usize]) -> (f64, f64) {
    let field: usize = shape.iter().skip(2).product();
    let at = |i: usize| shape.get(i).copied().unwrap_or(1);
    ((at(1) * field) as f64, (at(0) * field) as f64)
}
