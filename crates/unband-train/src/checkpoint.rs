//! Training checkpoint in one safetensors file: weights, averages, optimiser state, step and recipe.
//!
//! Random numbers and the learning rate follow from seed and step: they need no stored state.

use std::path::Path;

use burn::optim::AdaptiveMomentumState;
use burn::tensor::{Tensor, TensorData};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use unband_nets::checkpoint::write_safetensors;
use unband_nets::{Data, StateDict};

use crate::learner::{Learner, TrainedNetwork};
use crate::{Model, TrainError};

/// Name prefixes of each part.
const MAIN: &str = "main";
const ADVERSARY: &str = "adversary";
const EMA: &str = "ema";

/// Writes the checkpoint under a temporary name, then renames it: the previous file stays until the new one
/// is complete.
pub(crate) fn save(learner: &Learner, path: &Path, facts: &[(String, String)]) -> Result<(), TrainError> {
    let mut state = StateDict::new();
    put_network(&mut state, MAIN, &learner.main)?;
    if let Some(adversary) = &learner.adversary {
        put_network(&mut state, ADVERSARY, adversary)?;
    }
    for (name, row) in learner.main.model.learned_names().iter().zip(learner.ema.iter().flatten()) {
        put_row(&mut state, &format!("{EMA}/{name}"), row.clone())?;
    }
    let mut facts = facts.to_vec();
    facts.push(("step".into(), learner.step.to_string()));
    facts.push(("recipe".into(), learner.recipe.to_share()?));
    Ok(unband_io::write_bytes(&write_safetensors(&state, &facts), path, true)?)
}

/// Resumes from a checkpoint of the same recipe. Returns the stored validation results, or nothing if
/// validation has changed, as its PSNR would not be comparable.
pub(crate) fn load(learner: &mut Learner, path: &Path) -> Result<Vec<(String, String)>, TrainError> {
    let wrong = |what: String| TrainError::Checkpoint { path: path.to_owned(), what };
    let bytes = std::fs::read(path).map_err(|source| TrainError::File {
        path: path.to_owned(),
        action: "read",
        source,
    })?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| wrong(e.to_string()))?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|e| wrong(e.to_string()))?;
    let facts: Vec<(String, String)> =
        header.metadata().iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
    let fact = |name: &str| facts.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
    let recipe = fact("recipe").ok_or_else(|| wrong("is not a training checkpoint".into()))?;
    let own = learner.recipe.to_share()?;
    same_recipe(recipe, &own).map_err(wrong)?;
    learner.step = fact("step").and_then(|s| s.parse().ok()).ok_or_else(|| wrong("has no step".into()))?;
    let file = File { tensors, path };
    file.take_network(MAIN, &mut learner.main)?;
    if let Some(adversary) = &mut learner.adversary {
        file.take_network(ADVERSARY, adversary)?;
    }
    let names = learner.main.model.learned_names();
    if let Some(means) = &mut learner.ema {
        for (name, mean) in names.iter().zip(means) {
            *mean = file.row(&format!("{EMA}/{name}"), &mean.clone())?;
        }
    }
    let comparable = lines(recipe).1 == lines(&own).1;
    Ok(if comparable { facts } else { Vec::new() })
}

/// Lines of a recipe that affect training, and those about validation. Folders may have moved.
fn lines(recipe: &str) -> (Vec<&str>, Vec<&str>) {
    let mut trial = false;
    let saving = ["checkpoint-minutes", "keep-every", "loaders", "folder = "];
    let place = |line: &&str| !saving.iter().any(|key| line.starts_with(key));
    recipe.lines().filter(place).partition(|line| {
        if line.starts_with('[') {
            trial = line.starts_with("[validation");
        }
        !trial
    })
}

/// The first differing line among those that affect training. Checkpoints of the release before have old
/// keys.
fn same_recipe(there: &str, here: &str) -> Result<(), String> {
    let there = there.replace("\nmix = ", "\nrecipe = ");
    let (mut there, mut here) = (lines(&there).0.into_iter(), lines(here).0.into_iter());
    loop {
        match (there.next(), here.next()) {
            (None, None) => return Ok(()),
            (a, b) if a == b => {}
            (a, b) => {
                let (a, b) = (a.unwrap_or("no more"), b.unwrap_or("no more"));
                return Err(format!("belongs to another recipe: `{a}` there, `{b}` here"));
            }
        }
    }
}

fn put_network(state: &mut StateDict, part: &str, network: &TrainedNetwork) -> Result<(), TrainError> {
    for (name, tensor) in network.model.state()?.iter() {
        state.insert(format!("{part}/{name}"), tensor.clone());
    }
    let mut times = Vec::new();
    for (name, moments) in network.model.learned_names().iter().zip(&network.optimizer.moments) {
        times.push(moments.as_ref().map_or(0, |m| i64::try_from(m.time).unwrap_or(i64::MAX)));
        if let Some(moments) = moments {
            put_row(state, &format!("{part}.first/{name}"), moments.moment_1.clone())?;
            put_row(state, &format!("{part}.second/{name}"), moments.moment_2.clone())?;
        }
    }
    let times = unband_nets::Tensor { shape: vec![times.len()], data: Data::I64(times) };
    state.insert(format!("{part}.times"), times);
    Ok(())
}

fn put_row(state: &mut StateDict, name: &str, row: Tensor<1>) -> Result<(), TrainError> {
    let values = row
        .try_into_vec_as::<f32>()
        .map_err(|e| TrainError::Read { name: name.into(), why: e.to_string() })?;
    let tensor = unband_nets::Tensor { shape: vec![values.len()], data: Data::F32(values) };
    state.insert(name, tensor);
    Ok(())
}

struct File<'a> {
    tensors: SafeTensors<'a>,
    path: &'a Path,
}

impl File<'_> {
    fn take_network(&self, part: &str, network: &mut TrainedNetwork) -> Result<(), TrainError> {
        let mut state = StateDict::new();
        for (name, tensor) in network.model.state()?.iter() {
            let full = format!("{part}/{name}");
            let data = match tensor.data {
                Data::I64(_) => Data::I64(self.integers(&full)?),
                _ => Data::F32(self.floats(&full, tensor.data.len())?),
            };
            state.insert(name, unband_nets::Tensor { shape: tensor.shape.clone(), data });
        }
        let rows = network.model.rows_now();
        network.model = Model::new(network.model.graph().clone(), &state, network.model.device())?;
        let times = self.integers(&format!("{part}.times"))?;
        for (i, (name, row)) in network.model.learned_names().iter().zip(rows).enumerate() {
            let time = times.get(i).copied().unwrap_or(0);
            network.optimizer.moments[i] = None;
            if time > 0 {
                let first = self.row(&format!("{part}.first/{name}"), &row)?;
                let second = self.row(&format!("{part}.second/{name}"), &row)?;
                network.optimizer.moments[i] = Some(AdaptiveMomentumState::new(time as usize, first, second));
            }
        }
        Ok(())
    }

    /// Data of the same length as `like`, on its device.
    fn row(&self, name: &str, like: &Tensor<1>) -> Result<Tensor<1>, TrainError> {
        let len = like.dims()[0];
        Ok(Tensor::from_data(TensorData::new(self.floats(name, len)?, [len]), &like.device()))
    }

    /// 32-bit values, or 16-bit ones (bfloat16) of a file made smaller by `tools/shrink_checkpoint.py`.
    fn floats(&self, name: &str, len: usize) -> Result<Vec<f32>, TrainError> {
        let tensor = self.tensor(name)?;
        let values: Vec<f32> = match tensor.dtype() {
            Dtype::F32 => tensor.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            Dtype::BF16 => {
                let upper = tensor.data().as_chunks().0.iter().map(|b| u16::from_le_bytes(*b));
                upper.map(|bits| f32::from_bits(u32::from(bits) << 16)).collect()
            }
            other => return Err(self.wrong(format!("{name} is {other:?}, expected F32 or BF16"))),
        };
        if values.len() != len {
            return Err(self.wrong(format!("{name} has {} values, expected {len}", values.len())));
        }
        Ok(values)
    }

    fn integers(&self, name: &str) -> Result<Vec<i64>, TrainError> {
        let tensor = self.tensor(name)?;
        if tensor.dtype() != Dtype::I64 {
            return Err(self.wrong(format!("{name} is {:?}, expected I64", tensor.dtype())));
        }
        Ok(tensor.data().as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)).collect())
    }

    fn tensor(&self, name: &str) -> Result<TensorView<'_>, TrainError> {
        self.tensors.tensor(name).map_err(|e| self.wrong(format!("{name}: {e}")))
    }

    fn wrong(&self, what: String) -> TrainError {
        TrainError::Checkpoint { path: self.path.to_owned(), what }
    }
}
