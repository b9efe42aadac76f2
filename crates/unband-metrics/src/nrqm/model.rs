//! Learned model of NRQM: three forests and a linear regression.

use std::path::Path;
use std::sync::{Arc, Mutex};

use unband_image::process::PerProcess;
use unband_image::{Context, Hint};
use unband_infer::models::{self, RecentlyUsed};
use unband_nets::checkpoint;
use unband_nets::{Data, StateDict, Tensor};

use super::forest::{Forest, numbers};
use super::{Features, GROUPS};
use crate::{Fault, MetricError};

/// Name of the model among imported models.
pub const MODEL: &str = "nrqm";

/// The learned part of NRQM: a regression forest for each group of features, and a linear regression of their
/// predictions.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Offset, then a weight for each forest.
    linear: [f64; 4],
    forests: [Forest; 3],
}

/// A value and its components.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Quality {
    /// NRQM: about 0 (worst) to 10.
    pub value: f64,
    /// Predictions of the forests of local frequencies, global frequencies and spatial discontinuity.
    pub groups: [f64; 3],
}

impl Model {
    /// The learned quality of an image with these features.
    pub fn quality(&self, features: &Features) -> Quality {
        let groups: [&[f64]; 3] = [&features.local, &features.global, &features.spatial];
        let groups = std::array::from_fn(|i| self.forests[i].predict(groups[i]));
        let weighted = groups.iter().zip(&self.linear[1..]).map(|(v, weight)| v * weight);
        Quality { value: self.linear[0] + weighted.sum::<f64>(), groups }
    }

    /// The model in the tensors of a checkpoint: the authors' format or unband's; `None` for other
    /// checkpoints.
    ///
    /// # Errors
    /// A description of the missing or invalid part.
    pub fn recognised(state: &StateDict) -> Option<Result<Self, String>> {
        let has = |name: &str| state.get(name).is_some();
        if has("linear") && has("rf.1.lDau") {
            return Some(Self::from_matlab(state));
        }
        (has("linear") && has("forest.1.roots")).then(|| Self::from_state(state))
    }

    /// Converts the authors' model as read by [`checkpoint::open`] from a MATLAB file. `linear` has 4
    /// numbers; `rf.1` to `rf.3` are models of `regRF_train` for 18, 45 and 75 features. With 2,000 trees in
    /// each, as in their training script, reading takes some 1.4 GB temporarily; 130 MB remain.
    ///
    /// # Errors
    /// A description of the missing or invalid part.
    pub fn from_matlab(state: &StateDict) -> Result<Self, String> {
        let forest = |i: usize| Forest::from_matlab(state, &format!("rf.{}", i + 1), GROUPS[i]);
        Self::new(state, forest)
    }

    /// Reads the tensors written by [`Model::state`].
    ///
    /// # Errors
    /// A description of the missing or invalid part.
    pub fn from_state(state: &StateDict) -> Result<Self, String> {
        Self::new(state, |i| Forest::get(state, &format!("forest.{}", i + 1), GROUPS[i]))
    }

    fn new(state: &StateDict, forest: impl Fn(usize) -> Result<Forest, String>) -> Result<Self, String> {
        let linear: [f64; 4] = numbers(state, "linear")?
            .try_into()
            .map_err(|other: Vec<f64>| format!("`linear` holds {} numbers instead of 4", other.len()))?;
        if linear.iter().any(|v| !v.is_finite()) {
            return Err("`linear` holds numbers that are not finite".to_owned());
        }
        Ok(Self { linear, forests: [forest(0)?, forest(1)?, forest(2)?] })
    }

    /// The model as tensors for a file.
    pub fn state(&self) -> StateDict {
        let mut state = StateDict::new();
        state.insert("linear", Tensor { shape: vec![4], data: Data::F64(self.linear.to_vec()) });
        for (i, forest) in self.forests.iter().enumerate() {
            forest.put(&mut state, &format!("forest.{}", i + 1));
        }
        state
    }

    /// Number of trees of each forest.
    pub fn trees(&self) -> [usize; 3] {
        self.forests.each_ref().map(Forest::trees)
    }

    /// Loads a file written from [`Model::state`].
    ///
    /// # Errors
    /// A file that is not a checkpoint, or a checkpoint of another model.
    pub fn open(file: &Path) -> Result<Self, models::ModelError> {
        let fault = |what, hint| models::ModelError { path: file.to_path_buf(), what, hint };
        let read = checkpoint::open(file).map_err(|error| fault(error.to_string(), error.hint()))?;
        Self::from_state(&read.state).map_err(|what| {
            let hint = "import the authors' `model.mat` again with `unband models import`";
            fault(format!("not a model of NRQM: {what}"), Some(hint.to_owned()))
        })
    }
}

/// The most recently opened model; images of a batch share it.
static OPENED: PerProcess<Mutex<RecentlyUsed<Model>>> = PerProcess::new();

/// The imported model.
pub(crate) fn imported(metric: &'static str, ctx: &Context<'_>) -> Result<Arc<Model>, MetricError> {
    let file = ctx.models.map(|folder| models::file(folder, MODEL)).filter(|file| file.is_file());
    let file = file.ok_or(Fault::NoNetwork(MODEL).of(metric))?;
    let opened = OPENED.get_or(|| Mutex::new(RecentlyUsed::new(1)));
    models::shared(opened, MODEL, &file, || Model::open(&file))
        .map_err(|error| Fault::Network { what: error.to_string(), hint: error.hint }.of(metric))
}
