//! Training loop: steps, validations, checkpoints, logs. A stopped run, however it stopped, resumes from its
//! folder.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use burn::tensor::Device;
use unband_nets::arch::Sees;
use unband_nets::{Convention, checkpoint};

use crate::accuracy::Accuracy;
use crate::batches::{Ahead, Batches, Patches};
use crate::checkpoint as saved;
use crate::examples::Examples;
use crate::learner::Learner;
use crate::log::{Log, LogEntry};
use crate::recipe::Recipe;
use crate::validation::Validation;
use crate::{DataError, Model, TrainError};

/// Progress of a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Completed steps.
    pub step: u64,
    /// Total steps.
    pub steps: u64,
    /// Loss of the last step.
    pub loss: f32,
    /// PSNR in dB of the last validation, and of its input.
    pub psnr: Option<(f64, f64)>,
    /// Whether this step was validated.
    pub validated: bool,
    /// Patches per second since the start.
    pub images_per_second: f64,
    /// Estimated time to the last step, validations included.
    pub left: Duration,
}

/// Results of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// Weights of the last step.
    pub weights: PathBuf,
    /// Weights of the best validation.
    pub best: PathBuf,
    /// PSNR in dB of the last validation and of its input; NaN for a classifier.
    pub psnr: (f64, f64),
    /// Best PSNR in dB; for a classifier, best accuracy, 0 to 1.
    pub best_psnr: f64,
}

/// Trains from a recipe, on these devices, in a folder of its own. `report` is called after every step and
/// may stop the training by returning `false`; the training can be resumed later.
///
/// A classifier writes `accuracy.csv`, correct answers by family at the last validation, instead of PSNR.
///
/// The folder gets `recipe.toml`, `curve.csv`, `TensorBoard`'s events, `checkpoint.safetensors`,
/// `weights.safetensors`, `best.safetensors`, `samples/`, and `kept/` with `keep-every`. If these weights are
/// averages, it also gets `last.safetensors`: the weights themselves, from which a next stage starts.
///
/// # Errors
/// As [`Learner::step`]; a folder that cannot be written or that another training writes to; a checkpoint of
/// another recipe. The last checkpoint is kept.
pub fn run(
    recipe: &Recipe,
    folder: &Path,
    devices: &[Device],
    report: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Option<Trained>, TrainError> {
    let mut run = TrainingRun::open(recipe, folder, devices)?;
    run.run(report)
}

/// Validation data.
enum Validator {
    Images(Validation),
    Patches(Box<Accuracy>),
}

struct TrainingRun {
    /// Lock, held as long as the training runs.
    _lock: fs::File,
    learner: Learner,
    batches: Box<dyn Batches>,
    validator: Validator,
    log: Log,
    folder: PathBuf,
    /// Last validation.
    psnr: Option<(f64, f64)>,
    /// Last validation accuracy of a classifier.
    accuracy: Option<f64>,
    best: f64,
    /// Step of the checkpoint on disk.
    kept: u64,
}

impl TrainingRun {
    fn open(recipe: &Recipe, folder: &Path, devices: &[Device]) -> Result<Self, TrainError> {
        let samples = folder.join("samples");
        fs::create_dir_all(&samples).map_err(|source| TrainError::File {
            path: samples,
            action: "make",
            source,
        })?;
        let lock = locked(folder)?;
        clear(folder);
        let mut learner = Learner::new(recipe.clone(), devices)?;
        let multiple = learner.main.model.graph().size_multiple().unwrap_or(1);
        let scale = learner.scale();
        let least = multiple * scale;
        if !recipe.patch.is_multiple_of(least) {
            let file = recipe.network.clone();
            let what = format!("must be a multiple of {least} for this network, got {}", recipe.patch);
            return Err(crate::RecipeError::Key { file, key: "patch".into(), what }.into());
        }
        let file = folder.join("checkpoint.safetensors");
        let facts = if file.exists() {
            saved::load(&mut learner, &file)?
        } else {
            recipe.from.as_ref().map(|start| learner.start_from(start)).transpose()?;
            Vec::new()
        };
        let number =
            |name: &str| facts.iter().find(|(k, _)| k == name).and_then(|(_, v)| v.parse::<f64>().ok());
        let (loaders, validator): (Vec<Box<dyn Batches>>, Validator) = if learner.classifies() {
            let patches = Examples::open(recipe, &recipe.data, recipe.seed)?;
            (vec![Box::new(patches)], Validator::Patches(Box::new(Accuracy::open(recipe)?)))
        } else {
            let validation = Validation::open(recipe, learner.sees(), multiple, scale)?;
            let open = |_| -> Result<Box<dyn Batches>, TrainError> {
                Ok(Box::new(Patches::open(recipe, learner.sees(), scale)?))
            };
            ((0..recipe.loaders).map(open).collect::<Result<_, _>>()?, Validator::Images(validation))
        };
        let kept = learner.steps_taken();
        unband_io::write_bytes(recipe.to_toml()?.as_bytes(), &folder.join("recipe.toml"), true)?;
        Ok(Self {
            _lock: lock,
            batches: Box::new(Ahead::new(loaders, kept * recipe.accumulate as u64)),
            validator,
            log: Log::open(folder, kept)?,
            folder: folder.to_owned(),
            psnr: number("psnr").zip(number("input")),
            accuracy: None,
            best: number("best").unwrap_or(f64::NEG_INFINITY),
            kept,
            learner,
        })
    }

    fn run(&mut self, report: &mut dyn FnMut(&Progress) -> bool) -> Result<Option<Trained>, TrainError> {
        let recipe = self.learner.recipe.clone();
        let (began, first) = (Instant::now(), self.learner.steps_taken());
        let mut saved = Instant::now();
        while self.learner.steps_taken() < recipe.steps {
            let rate = recipe.schedule.rate(recipe.optimizer.rate, self.learner.steps_taken(), recipe.steps);
            let loss = self.learner.step(&mut *self.batches).map_err(|e| self.with_kept(e))?;
            let step = self.learner.steps_taken();
            let last = step == recipe.steps;
            let validated = last || step.is_multiple_of(recipe.validation.every);
            if validated {
                self.validate()?;
            }
            let (done, spent) = (step - first, began.elapsed().as_secs_f64());
            let each = spent / done as f64;
            let images_per_second = (recipe.batch * recipe.accumulate) as f64 / each;
            let psnr = if validated { self.psnr } else { None };
            self.log.note(&LogEntry { step, loss, rate, psnr }, images_per_second)?;
            if recipe.keep_every > 0 && step.is_multiple_of(recipe.keep_every) {
                self.keep(step)?;
            }
            if last || saved.elapsed().as_secs_f64() >= 60.0 * recipe.checkpoint_minutes {
                self.save()?;
                saved = Instant::now();
            }
            let left = Duration::from_secs_f64(each * (recipe.steps - step) as f64);
            let progress = Progress {
                step,
                steps: recipe.steps,
                loss,
                psnr: self.psnr,
                validated,
                images_per_second,
                left,
            };
            if !report(&progress) {
                self.save()?;
                return Ok(None);
            }
        }
        let weights = self.folder.join("weights.safetensors");
        self.write_weights(&weights)?;
        if recipe.ema.is_some() {
            self.write(&self.learner.last()?, &self.folder.join("last.safetensors"))?;
        }
        let best = self.folder.join("best.safetensors");
        let psnr = self.psnr.unwrap_or((f64::NAN, f64::NAN));
        Ok(Some(Trained { weights, best, psnr, best_psnr: self.best }))
    }

    fn validate(&mut self) -> Result<(), TrainError> {
        let score = match &mut self.validator {
            Validator::Images(validation) => {
                let result = validation.run(&self.learner, &self.folder.join("samples"))?;
                self.psnr = Some(result);
                result.0
            }
            Validator::Patches(patches) => {
                let accuracy = patches.run(&self.learner, &self.folder)?;
                self.accuracy = Some(accuracy);
                accuracy
            }
        };
        if score > self.best {
            self.best = score;
            self.write_weights(&self.folder.join("best.safetensors"))?;
        }
        Ok(())
    }

    /// Keeps a checkpoint and its weights.
    fn keep(&self, step: u64) -> Result<(), TrainError> {
        let folder = self.folder.join("kept");
        let failed = |source| TrainError::File { path: folder.clone(), action: "make", source };
        fs::create_dir_all(&folder).map_err(failed)?;
        saved::save(&self.learner, &folder.join(format!("{step:08}.checkpoint.safetensors")), &self.facts())?;
        self.write_weights(&folder.join(format!("{step:08}.weights.safetensors")))
    }

    fn save(&mut self) -> Result<(), TrainError> {
        saved::save(&self.learner, &self.folder.join("checkpoint.safetensors"), &self.facts())?;
        self.kept = self.learner.steps_taken();
        Ok(())
    }

    /// Validation results in a checkpoint.
    fn facts(&self) -> Vec<(String, String)> {
        let mut facts = vec![("best".to_owned(), self.best.to_string())];
        if let Some((psnr, input)) = self.psnr {
            facts.extend([("psnr".to_owned(), psnr.to_string()), ("input".to_owned(), input.to_string())]);
        }
        facts
    }

    /// Writes weights for inference: averages if the recipe requests them, with the recipe in the header.
    fn write_weights(&self, path: &Path) -> Result<(), TrainError> {
        self.write(&self.learner.learned()?, path)
    }

    fn write(&self, model: &Model, path: &Path) -> Result<(), TrainError> {
        let recipe = &self.learner.recipe;
        let mut facts = vec![
            ("network".to_owned(), recipe.network.clone()),
            ("step".to_owned(), self.learner.steps_taken().to_string()),
            ("recipe".to_owned(), recipe.to_share()?),
        ];
        // Images are trained on as red, green, blue. Validation measures one pass.
        let steps = self.learner.is_multi_step().then_some(NonZeroU32::MIN);
        facts.extend(Convention { steps, ..Convention::default() }.facts());
        if let Some((psnr, input)) = self.psnr {
            facts.push(("validation_psnr_db".to_owned(), psnr.to_string()));
            facts.push(("validation_input_psnr_db".to_owned(), input.to_string()));
        }
        facts.extend(self.accuracy.map(|a| ("validation_accuracy".to_owned(), a.to_string())));
        let bytes = checkpoint::write_safetensors(&model.state()?, &facts);
        Ok(unband_io::write_bytes(&bytes, path, true)?)
    }

    fn with_kept(&self, error: TrainError) -> TrainError {
        let TrainError::NotFinite { loss, step, .. } = error else { return error };
        let path = self.folder.join("checkpoint.safetensors");
        let kept = if self.kept == 0 {
            "no checkpoint was written".to_owned()
        } else {
            format!("last good checkpoint: {}, step {}", path.display(), self.kept)
        };
        TrainError::NotFinite { loss, step, kept }
    }
}

/// Locks the folder, as two trainings in it would overwrite each other. The system releases the lock when a
/// program ends, however it ends.
fn locked(folder: &Path) -> Result<fs::File, TrainError> {
    let path = folder.join(".lock");
    let failed = |source| TrainError::File { path: path.clone(), action: "lock", source };
    let file = fs::File::create(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(TrainError::Busy { folder: folder.to_owned() }),
        Err(fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Removes incomplete temporary files of a killed run.
fn clear(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(".unband-") && name.ends_with(".tmp") {
            // A leftover file is harmless.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Number of training pairs. Reads a recipe's folders before anything starts.
///
/// # Errors
/// Folders that cannot be listed or are empty, images without partners.
pub fn pairs(recipe: &Recipe) -> Result<usize, DataError> {
    Ok(crate::pairs::PairSource::open(&recipe.data, Sees::Image, 1)?.len())
}
