//! Training recipe in TOML: typed, unknown keys refused, every value range-checked.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use unband_data::recipe::RecipeError;

use crate::losses::Loss;
pub use unband_nets::state::init::Init;

/// A complete training recipe. Keys are spelled with hyphens in TOML.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recipe {
    /// A network of unband, or one of its variants as `NAME:VARIANT`.
    pub network: String,
    /// Seed of all random numbers.
    #[serde(default)]
    pub seed: u64,
    /// Number of optimiser steps.
    pub steps: u64,
    /// Batch size: patches per step, over all workers; per accumulated batch if `accumulate` exceeds 1.
    pub batch: usize,
    /// Side of a patch, in samples of the clean image.
    pub patch: usize,
    /// Number of batches whose gradients are averaged for one step.
    #[serde(default = "one")]
    pub accumulate: usize,
    /// Number of network copies that share a batch.
    #[serde(default = "one")]
    pub workers: usize,
    /// Number of threads that read and degrade patches ahead of the steps (KAIR's `dataloader_num_workers`).
    /// The patches do not depend on it.
    #[serde(default = "one", skip_serializing_if = "is_single", alias = "dataloader_num_workers")]
    pub loaders: usize,
    /// Gradient clipping: maximum norm of all gradients as one vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// Decay of an exponential moving average of the weights; the averages are then validated and saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema: Option<f64>,
    /// From this share of the steps on, batch norms use their running statistics, as in inference, and
    /// dropout is off. Statistics of small batches vary, and a network may learn to depend on those of its
    /// batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze_norms: Option<f64>,
    /// Weight initialisation.
    #[serde(default)]
    pub init: Init,
    /// Initial weights from a file instead, in any format that `unband` reads: the result of an earlier
    /// training stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
    /// The loss terms to minimise.
    pub loss: Vec<Term>,
    /// Adversarial training with a discriminator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gan: Option<Gan>,
    /// The optimiser.
    pub optimizer: Optimizer,
    /// Schedule of the learning rate.
    #[serde(default)]
    pub schedule: Schedule,
    /// Augmentation of patches.
    #[serde(default)]
    pub augment: Augment,
    /// Training data.
    pub data: Data,
    /// Validation.
    pub validation: Validation,
    /// Interval of checkpoints, in minutes.
    #[serde(default = "ten")]
    pub checkpoint_minutes: f64,
    /// Steps between checkpoints that are kept, in `kept/`, with their weights; 0 for none (GGDBN's
    /// `save_freq`, in epochs there).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub keep_every: u64,
    /// Bits of the arithmetic; only 32.
    #[serde(default = "bits", skip_serializing_if = "is_bits")]
    pub precision: u32,
}

/// One term of the loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Term {
    /// Type.
    pub term: &'static Loss,
    /// Weight.
    #[serde(default = "whole")]
    pub weight: f64,
    /// For `charbonnier` only; default 1e-3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eps: Option<f64>,
    /// For `perceptual` only: torchvision's weights of VGG-19.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<PathBuf>,
}

impl Term {
    /// Whether its weight is zero.
    pub fn is_off(&self) -> bool {
        self.weight.abs() <= 0.0
    }
}

/// Adversarial training of two networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gan {
    /// Discriminator network.
    pub discriminator: String,
    /// Inputs and training of the discriminator.
    #[serde(default)]
    pub rules: Rules,
    /// Weight of the adversarial loss.
    #[serde(default = "whole")]
    pub weight: f64,
    /// Number of first steps in which only the discriminator learns (KAIR's `D_init_iters`).
    #[serde(default, skip_serializing_if = "is_zero", alias = "D_init_iters")]
    pub init_steps: u64,
    /// The network learns in every n-th step (KAIR's `D_update_ratio`), the discriminator in all.
    #[serde(default = "first", skip_serializing_if = "is_one", alias = "D_update_ratio")]
    pub update_ratio: u64,
    /// Weight initialisation of the discriminator.
    #[serde(default)]
    pub init: Init,
}

impl Gan {
    /// Whether the network learns in a step, the first of which is 1.
    pub fn plays(&self, step: u64) -> bool {
        step > self.init_steps && step.is_multiple_of(self.update_ratio.max(1))
    }
}

/// Rules of adversarial training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rules {
    /// The discriminator also gets the degraded image, steps first, and learns by half of its cross-entropy.
    #[default]
    Pix2pix,
    /// The discriminator gets one image, steps after the other network, and learns by squared distances from
    /// 1 and 0 (Mao et al., ICCV 2017). This and the following are KAIR's.
    Lsgan,
    /// As `lsgan`, but by cross-entropy (Goodfellow et al., `NeurIPS` 2014).
    Gan,
    /// Cross-entropy of the difference from the mean of the other kind of images (Jolicoeur-Martineau, ICLR
    /// 2019).
    Ragan,
    /// Means of the discriminator's values (Arjovsky et al., ICML 2017), without clipping or penalty, as KAIR
    /// has none.
    Wgan,
    /// Softplus of the discriminator's values (Karras et al., CVPR 2020).
    Softplusgan,
}

/// The optimiser; used for the discriminator too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Optimizer {
    /// Type.
    pub kind: OptimizerKind,
    /// Learning rate before the schedule.
    pub rate: f64,
    /// Decay rates of the moving averages of gradients and of their squares.
    #[serde(default = "betas")]
    pub betas: [f64; 2],
    /// Added to the root of the mean square.
    #[serde(default = "eps")]
    pub eps: f64,
    /// Weight decay relative to the learning rate; with Adam it is part of the gradient instead.
    #[serde(default)]
    pub weight_decay: f64,
}

/// Optimisers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Kingma & Ba 2015.
    Adam,
    /// Loshchilov & Hutter 2019: decoupled weight decay.
    Adamw,
}

/// Learning rate schedule. Positions are shares of the steps, so that a shorter run has the same curve.
/// `updates`: number of rate changes in the run, for trainings that change it once per epoch; 0 for every
/// step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "kebab-case")]
pub enum Schedule {
    /// Constant rate.
    Constant {},
    /// Half a cosine down to `low`, then constant.
    Cosine {
        /// Position at which `low` is reached.
        #[serde(default = "whole")]
        until: f64,
        /// Final rate.
        #[serde(default)]
        low: f64,
        /// Warm-up: share of the steps over which the rate first rises from 0.
        #[serde(default)]
        warmup: f64,
        /// See [`Schedule`].
        #[serde(default)]
        updates: u64,
    },
    /// Multiplied by `factor` at regular intervals.
    Step {
        /// Interval, as a share of the steps.
        every: f64,
        /// Factor each time.
        factor: f64,
    },
    /// Multiplied by `factor` at each position.
    Multistep {
        /// Positions as shares of the steps, ascending.
        at: Vec<f64>,
        /// Factor each time.
        factor: f64,
    },
    /// Constant, then linear down to `low` at the end.
    Linear {
        /// Position at which the decrease starts.
        #[serde(default)]
        from: f64,
        /// Final rate.
        #[serde(default)]
        low: f64,
        /// See [`Schedule`].
        #[serde(default)]
        updates: u64,
    },
}

/// Augmentation of both images of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Augment {
    /// Probability of a horizontal flip.
    #[serde(default)]
    pub hflip: f64,
    /// Probability of a vertical flip.
    #[serde(default)]
    pub vflip: f64,
    /// Random rotation by 0, 1, 2 or 3 quarter turns.
    #[serde(default)]
    pub turns: bool,
    /// Random rotation by up to this many degrees, either way; samples are interpolated, which moves them off
    /// their grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate: Option<f64>,
    /// Random brightness and contrast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tones: Option<Tones>,
    /// Random order of red, green and blue, and negatives by half, so that few images give many colours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub colors: bool,
}

/// Values `v` of 0 to 1 become `v (1 + c) + b`, limited to 0 to 1.
///
/// Source: albumentations, `RandomBrightnessContrast`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tones {
    /// Probability.
    pub probability: f64,
    /// Maximum magnitude of `b`.
    pub brightness: f64,
    /// Maximum magnitude of `c`.
    pub contrast: f64,
}

/// Source of pairs. `window`: side of the square of an image that is degraded and analysed as a whole;
/// default: the patch. `reuse`: average number of patches cut from it; above 1, `pool` windows are kept and
/// each patch is cut from a random one. Classifiers keep `pool` patches instead, an even number, and use each
/// equally often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "kebab-case")]
pub enum Data {
    /// A folder with `lq` and `gt`, which hold images of the same names and sizes. For upscaling networks,
    /// those of `gt` are larger by the scale factor.
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
    /// A folder of clean images, degraded on the fly.
    Clean {
        /// The folder.
        folder: PathBuf,
        /// Degradations of `unband-data`, one drawn per window.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        degradations: Vec<String>,
        /// A degradation recipe instead: the name of one that comes with unband, or a TOML file.
        #[serde(default, rename = "recipe", skip_serializing_if = "Option::is_none")]
        mix: Option<String>,
        /// Only windows whose degraded side is clearly banded, as published datasets exclude pairs without
        /// banding.
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

/// Validation settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Validation {
    /// Steps between validations.
    pub every: u64,
    /// Number of images, spread evenly over their names; 0 for all.
    #[serde(default)]
    pub images: usize,
    /// Side of the evaluated centre square; 0 for the whole image, cropped to a multiple that the network
    /// accepts.
    #[serde(default)]
    pub crop: usize,
    /// Number of results that are written as images each time.
    #[serde(default)]
    pub samples: usize,
    /// Number of images of one size that are evaluated at once (GGDBN's `valid_batch_size`). Only time and
    /// memory depend on it.
    #[serde(default = "one", skip_serializing_if = "is_single")]
    pub batch: usize,
    /// Validation data.
    pub data: Data,
}

// Variants without fields are written with braces: otherwise serde would accept unknown keys in them.
impl Default for Schedule {
    fn default() -> Self {
        Self::Constant {}
    }
}

fn hundred() -> usize {
    100
}
fn bits() -> u32 {
    32
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_bits(value: &u32) -> bool {
    *value == bits()
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_single(value: &usize) -> bool {
    *value == one()
}
fn first() -> u64 {
    1
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_one(value: &u64) -> bool {
    *value == 1
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
    /// The recipe with all defaults, as TOML.
    ///
    /// # Errors
    /// A number that TOML cannot represent.
    pub fn to_toml(&self) -> Result<String, RecipeError> {
        toml::to_string(self)
            .map_err(|e| RecipeError::Toml { file: self.network.clone(), what: e.to_string() })
    }

    /// The same for published files: paths are reduced to their last component.
    ///
    /// # Errors
    /// A number that TOML cannot represent.
    pub(crate) fn to_share(&self) -> Result<String, RecipeError> {
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

/// The last component of a path.
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
