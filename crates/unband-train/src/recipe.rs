//! A training in TOML: typed, unknown keys refused, every value with its range.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};
use unband_data::recipe::{self, RecipeError};
pub use unband_nets::state::init::Init;

/// A whole training. Keys are spelled with hyphens in TOML.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recipe {
    /// A network of unband, or one of its variants as `NAME:VARIANT`.
    pub network: String,
    /// All random numbers follow from it.
    #[serde(default)]
    pub seed: u64,
    /// Steps of the optimiser.
    pub steps: u64,
    /// Patches per step, over all workers; of each piece when `accumulate` is above 1.
    pub batch: usize,
    /// Side of a patch, in samples of the clean image.
    pub patch: usize,
    /// Batches whose gradients are averaged for one step.
    #[serde(default = "one")]
    pub accumulate: usize,
    /// Copies of the network that share a batch.
    #[serde(default = "one")]
    pub workers: usize,
    /// Gradients longer than this, all taken as one vector, are shortened to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// Weights are also averaged over steps with this decay; the averages are then validated and saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema: Option<f64>,
    /// From this share of the steps on batch norms take their running statistics, as when the network is used, and nothing is
    /// dropped. The statistics of small batches differ from each other: a network may learn to need those of its batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze_norms: Option<f64>,
    /// How weights start.
    #[serde(default)]
    pub init: Init,
    /// Weights to start from instead, of any file that `unband` takes: what an earlier stage of the training left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
    /// What is made smaller.
    pub loss: Vec<Term>,
    /// A second network to play against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gan: Option<Gan>,
    /// What moves the weights.
    pub optimizer: Optimizer,
    /// How its rate changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// What is done to patches.
    #[serde(default)]
    pub augment: Augment,
    /// Where patches come from.
    pub data: Data,
    /// What the network is tried on.
    pub validation: Validation,
    /// When a checkpoint is written, in minutes.
    #[serde(default = "ten")]
    pub checkpoint_minutes: f64,
}

/// One part of the loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Term {
    /// What it is.
    pub term: TermKind,
    /// How much it counts.
    #[serde(default = "whole")]
    pub weight: f64,
    /// Of `charbonnier` alone: 1e-3 where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eps: Option<f64>,
    /// Of `perceptual` alone: torchvision's weights of VGG-19.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<PathBuf>,
}

impl Term {
    /// Does it count for nothing?
    pub fn is_off(&self) -> bool {
        self.weight.abs() <= 0.0
    }
}

/// The losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TermKind {
    /// Absolute difference.
    L1,
    /// Squared difference.
    L2,
    /// √(difference² + eps²).
    Charbonnier,
    /// Modulus of the difference of spectra.
    FftL1,
    /// Absolute difference of real and imaginary parts of spectra.
    FftL1Parts,
    /// 1 − multi-scale similarity, GGDBN's form.
    MsSsim,
    /// The second output against the gradient of the clean image.
    Gradient,
    /// Absolute difference of each patch as a share of what it was before, so that faint harm counts as much as strong one.
    RelativeL1,
    /// Steps between neighbouring squares of 4×4 samples that the clean image does not have, as a share of what they were before.
    RelativeSteps,
    /// Absolute difference of the features of VGG-19, which the user supplies; nothing is looked at where its weight is 0.
    Perceptual,
    /// Probability of no banding against the label of each patch, for networks that classify.
    CrossEntropy,
}

impl TermKind {
    /// Is it a share of what the degraded image has?
    pub fn is_relative(self) -> bool {
        matches!(self, Self::RelativeL1 | Self::RelativeSteps)
    }
}

/// A game of two networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gan {
    /// Network that tells made images from real ones.
    pub discriminator: String,
    /// What it is given and how both learn.
    #[serde(default)]
    pub rules: Rules,
    /// How much deceiving it counts.
    #[serde(default = "whole")]
    pub weight: f64,
    /// How its weights start.
    #[serde(default)]
    pub init: Init,
}

/// How two networks play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rules {
    /// The discriminator is given the degraded image beside, moves first, and learns by half of its cross-entropy.
    #[default]
    Pix2pix,
    /// It is given one image, moves after the other network, and learns by squared distances from 1 and 0 (Mao et al., ICCV 2017).
    Lsgan,
}

/// What moves the weights; the discriminator too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Optimizer {
    /// Which one.
    pub kind: OptimizerKind,
    /// Its rate before the schedule.
    pub rate: f64,
    /// How slowly the means of gradients and of their squares change.
    #[serde(default = "betas")]
    pub betas: [f64; 2],
    /// Added to the root of the mean square.
    #[serde(default = "eps")]
    pub eps: f64,
    /// Share of the rate by which weights shrink; with Adam it is part of the gradient instead.
    #[serde(default)]
    pub weight_decay: f64,
}

/// The optimisers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Kingma & Ba 2015.
    Adam,
    /// Loshchilov & Hutter 2019: decay apart from the gradient.
    Adamw,
}

/// How the rate changes. Places are shares of the steps, so that a shorter run takes the same course. `updates`: how often in
/// the run the rate changes, as trainings do that change it once per epoch; 0 for every step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "kebab-case")]
pub enum Schedule {
    /// It does not.
    Constant {},
    /// Half a cosine down to `low`, then constant.
    Cosine {
        /// Where `low` is reached.
        #[serde(default = "whole")]
        until: f64,
        /// Last rate.
        #[serde(default)]
        low: f64,
        /// Steps over which the rate first rises from 0, as a share.
        #[serde(default)]
        warmup: f64,
        /// See [`Schedule`].
        #[serde(default)]
        updates: u64,
    },
    /// Times `factor` every so often.
    Step {
        /// Share of the steps.
        every: f64,
        /// Factor each time.
        factor: f64,
    },
    /// Times `factor` at each place.
    Multistep {
        /// Shares of the steps, rising.
        at: Vec<f64>,
        /// Factor each time.
        factor: f64,
    },
    /// Constant, then straight down to `low` at the end.
    Linear {
        /// Where it starts to fall.
        #[serde(default)]
        from: f64,
        /// Last rate.
        #[serde(default)]
        low: f64,
        /// See [`Schedule`].
        #[serde(default)]
        updates: u64,
    },
}

/// What is done to both images of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Augment {
    /// Probability of left to right.
    #[serde(default)]
    pub hflip: f64,
    /// Probability of upside down.
    #[serde(default)]
    pub vflip: f64,
    /// Turned by 0, 1, 2 or 3 quarters.
    #[serde(default)]
    pub turns: bool,
    /// Turned by any angle up to so many degrees, either way; samples are interpolated, which takes them off their grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate: Option<f64>,
    /// Made brighter or darker, with more or less contrast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tones: Option<Tones>,
}

/// Values `v` of 0 to 1 become `v (1 + c) + b`, limited to 0 to 1.
///
/// Source: albumentations, `RandomBrightnessContrast`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tones {
    /// How often.
    pub probability: f64,
    /// The most that `b` is away from 0.
    pub brightness: f64,
    /// The most that `c` is away from 0.
    pub contrast: f64,
}

/// Where pairs come from. `window`: side of the square of an image that is degraded and looked at as a whole (without it: the
/// patch). `reuse`: patches that are cut from it on average; above 1, `pool` windows are kept, of which each patch is cut from one
/// at random. Networks that classify keep `pool` patches instead, an even number, and see each as often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "kebab-case")]
pub enum Data {
    /// A folder with `lq` and `gt`, which hold images of the same names and sizes; for networks that enlarge those of `gt` are as
    /// many times larger.
    Pairs {
        /// The folder.
        folder: PathBuf,
        /// See [`Data`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<usize>,
        /// See [`Data`].
        #[serde(default = "one")]
        reuse: usize,
        /// See [`Data`].
        #[serde(default = "hundred")]
        pool: usize,
    },
    /// A folder of clean images, degraded on the way.
    Clean {
        /// The folder.
        folder: PathBuf,
        /// Causes of banding of `unband-data`, one drawn per window.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        degradations: Vec<String>,
        /// Instead of them a mix of degradations: the name of one that comes with unband, or a TOML file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mix: Option<String>,
        /// Only windows whose degraded side is plainly banded, as the published sets leave pairs without banding out.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        banded: bool,
        /// See [`Data`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<usize>,
        /// See [`Data`].
        #[serde(default = "one")]
        reuse: usize,
        /// See [`Data`].
        #[serde(default = "hundred")]
        pool: usize,
    },
}

/// What the network is tried on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Validation {
    /// Steps between validations.
    pub every: u64,
    /// Images, spread evenly over their names; 0 for all.
    #[serde(default)]
    pub images: usize,
    /// Side of the square from the middle that is looked at; 0 for the whole image as far as the network's multiple goes.
    #[serde(default)]
    pub crop: usize,
    /// How many results are written as images each time.
    #[serde(default)]
    pub samples: usize,
    /// Where they come from.
    pub data: Data,
}

// Variants without fields are written with braces: serde would let unknown keys pass beside others.
impl Default for Schedule {
    fn default() -> Self {
        Self::Constant {}
    }
}

fn hundred() -> usize {
    100
}
fn one() -> usize {
    1
}
fn ten() -> f64 {
    10.0
}
fn whole() -> f64 {
    1.0
}
fn betas() -> [f64; 2] {
    [0.9, 0.999]
}
fn eps() -> f64 {
    1e-8
}

impl Recipe {
    /// Reads a recipe, then what overrides it: other files, and single settings `a.b = value`. Later ones win; tables are
    /// merged key by key, everything else is replaced. What a file says under `for.NETWORK` holds where that network learns, or is the
    /// discriminator.
    ///
    /// # Errors
    /// A file that cannot be read or is no TOML; keys that are unknown or missing, values that are not allowed: with the
    /// files, the key and what is allowed.
    pub fn load(file: &Path, overrides: &[PathBuf], settings: &[String]) -> Result<Self, RecipeError> {
        let mut table = recipe::read(file)?;
        let mut names = vec![file.display().to_string()];
        for file in overrides {
            let mut over = recipe::read(file)?;
            let special = over.remove("for");
            recipe::merge(&mut table, over);
            let other = table.get("gan").and_then(|gan| gan.get("discriminator"));
            let players =
                [table.get("network"), other].map(|name| name.and_then(Value::as_str).map(str::to_owned));
            if let Some(Value::Table(mut special)) = special {
                for name in players.into_iter().flatten() {
                    if let Some(Value::Table(own)) = special.remove(&name) {
                        recipe::merge(&mut table, own);
                    }
                }
            }
            names.push(file.display().to_string());
        }
        for setting in settings {
            let file = format!("--set {setting}");
            recipe::merge(&mut table, recipe::parse(setting, &file)?);
            names.push(file);
        }
        Self::resolve(table, &names.join(" + "))
    }

    /// From text, for checkpoints and tests; `file` names it in errors.
    ///
    /// # Errors
    /// As [`Recipe::load`].
    pub fn parse(text: &str, file: &str) -> Result<Self, RecipeError> {
        Self::resolve(recipe::parse(text, file)?, file)
    }

    fn resolve(table: Table, file: &str) -> Result<Self, RecipeError> {
        let recipe: Self = recipe::typed(table, file)?;
        super::recipe_check::check(&recipe, file)?;
        Ok(recipe)
    }

    /// The recipe with all defaults said, as TOML.
    ///
    /// # Errors
    /// A number that TOML does not hold.
    pub fn to_toml(&self) -> Result<String, RecipeError> {
        toml::to_string(self)
            .map_err(|e| RecipeError::Toml { file: self.network.clone(), what: e.to_string() })
    }

    /// The same for files that go to others: folders and files lose what they lie in.
    ///
    /// # Errors
    /// A number that TOML does not hold.
    pub fn to_share(&self) -> Result<String, RecipeError> {
        let mut shared = self.clone();
        let files = shared.loss.iter_mut().filter_map(|term| term.features.as_mut()).chain(&mut shared.from);
        for file in files {
            *file = last(file);
        }
        for data in [&mut shared.data, &mut shared.validation.data] {
            data.forget_places();
        }
        shared.to_toml()
    }
}

/// A place without what it lies in.
fn last(path: &Path) -> PathBuf {
    path.file_name().map_or_else(|| path.to_owned(), PathBuf::from)
}

impl Data {
    fn forget_places(&mut self) {
        let (Self::Pairs { folder, .. } | Self::Clean { folder, .. }) = self;
        *folder = last(folder);
        if let Self::Clean { mix: Some(mix), .. } = self {
            *mix = last(Path::new(mix)).display().to_string();
        }
    }
}
